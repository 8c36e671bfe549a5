"""The wiring: which operation makes which result table, and what is read how often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame

from customer360.operations.checks import checked
from customer360.operations.cohort_retention import cohort_retention
from customer360.operations.conform import source_rows
from customer360.operations.customer_profiles import (
    customer_profiles,
    in_slicer_cells,
    known_customers,
    with_traits,
)
from customer360.operations.data_quality import DataQuality, data_quality
from customer360.operations.dimensions import activities, bands, calendar_months, countries, loyalty_statuses
from customer360.operations.rejected_rows import rejected_rows
from customer360.operations.segments import customer_segments, engagement_segments
from customer360.operations.survey import Survey, survey
from customer360.operations.top_customers import top_customers
from customer360.spark.keep import kept
from customer360.spark.workers import tasks_at_once
from customer360.tables import CUSTOMERS, REJECTED_ROWS


@dataclass(frozen=True)
class ResultTables:
    """
    The result tables by name, not yet computed, and what was counted on the way.

    `refreshes` and `data_quality` are not among the tables: they tell of the publication, which numbers them.
    """

    tables: Mapping[str, DataFrame]
    data_quality: DataQuality
    survey: Survey


@contextmanager
def results(
    customers: DataFrame,
    *,
    as_of: date,
    table: str = CUSTOMERS.full_name,
    keys_are_unique: bool = False,
    status_order: Sequence[str] | None = None,
) -> Iterator[ResultTables]:
    """
    Every result table of *customers* as of *as_of*; to be written inside the `with`.

    *customers* is read once: its checked rows are `kept` until the `with` ends. *table* is what the rejected rows
    are said to come from. *keys_are_unique* says that a
    unique index guards customer_id; *status_order* gives the loyalty statuses, lowest first, where their mean
    points would not.
    """
    with kept(
        checked(source_rows(customers, CUSTOMERS), CUSTOMERS, as_of=as_of, keys_are_unique=keys_are_unique)
    ) as rows:
        quality = data_quality(rows, CUSTOMERS)
        known = known_customers(rows, as_of=as_of)
        found = survey(known, as_of=as_of, status_order=status_order)
        # Nothing rejected is known by now: looking through every row again would only find that.
        rejected = rejected_rows(rows if quality.rows_rejected else rows.limit(0), CUSTOMERS, table)
        with _tables(with_traits(known, found, as_of=as_of), found, as_of) as tables:
            yield ResultTables({**tables, REJECTED_ROWS.name: rejected}, quality, found)


@contextmanager
def _tables(customers: DataFrame, found: Survey, as_of: date) -> Iterator[dict[str, DataFrame]]:
    """The tables of customers by name; customer_segments is kept, as it tells top_customers whom to rank."""
    spark = customers.sparkSession
    in_parts = _in_few_parts(customers)
    in_cells = in_slicer_cells(in_parts, found)
    with kept(customer_segments(in_cells)) as held:
        yield {
            "customer_profiles": customer_profiles(customers),
            "customer_segments": held,
            "engagement_segments": engagement_segments(in_cells),
            "top_customers": top_customers(in_cells, held),
            "cohort_retention": cohort_retention(in_parts, as_of=as_of),
            "calendar_months": calendar_months(spark, found, as_of=as_of),
            "loyalty_statuses": loyalty_statuses(spark, found),
            "activities": activities(spark, found),
            "countries": countries(spark, found),
            "bands": bands(spark, found),
        }


def _in_few_parts(rows: DataFrame) -> DataFrame:
    """*rows*, not moved, in two parts for each task: what is grouped in a larger part leaves less to shuffle."""
    tasks = tasks_at_once(rows.sparkSession)
    return rows.coalesce(2 * tasks) if tasks else rows
