"""The wiring: which operation makes which result table, and how often its inputs are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame

from customer360.operations.activity_segments import activity_segments
from customer360.operations.agreement import count_differences
from customer360.operations.checks import checked
from customer360.operations.cohort_retention import cohort_retention
from customer360.operations.conform import source_rows, table_of
from customer360.operations.customer_history import with_history
from customer360.operations.customer_months import customer_months, months_of_customers
from customer360.operations.customer_profiles import (
    customer_contacts,
    customer_profiles,
    in_slicer_cells,
    known_customers,
    with_traits,
)
from customer360.operations.data_quality import DataQuality, data_quality, quality_of
from customer360.operations.dimensions import activities, bands, calendar_months, countries, loyalty_statuses
from customer360.operations.ledger import ALL_MISSING, EventRows, Ledger, ledger_of, with_owners
from customer360.operations.ledger_checks import count_in_ledger
from customer360.operations.rejected_rows import rejected_rows
from customer360.operations.segments import customer_segments, demographic_segments, engagement_segments
from customer360.operations.survey import Survey, survey
from customer360.operations.tier_moves import customer_moves, named_tiers, tier_moves
from customer360.operations.top_customers import top_customers
from customer360.operations.value_tables import Valued, value_tables, valued, with_expected
from customer360.spark.keep import kept
from customer360.spark.workers import tasks_at_once
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    CUSTOMER_CONTACTS,
    CUSTOMER_MONTHS,
    CUSTOMER_MOVES,
    CUSTOMERS,
    EVENTS,
    REJECTED_ROWS,
    RESULT_TABLES,
    TIER_MOVES,
    Source,
)

__all__ = ["EventRows", "ResultTables", "results"]


@dataclass(frozen=True)
class ResultTables:
    """
    The result tables by name, not yet computed, and the counts made along the way.

    `refreshes` and `data_quality` are not included: they describe the publication, which numbers them.
    *event_quality* is null where no events were read.
    """

    tables: Mapping[str, DataFrame]
    data_quality: DataQuality
    survey: Survey
    event_quality: DataQuality | None = None


@contextmanager
def results(
    customers: DataFrame,
    *,
    as_of: date,
    table: str = CUSTOMERS.full_name,
    keys_are_unique: bool = False,
    status_order: Sequence[str] | None = None,
    events: EventRows | None = None,
    forgotten: Collection[int] = (),
) -> Iterator[ResultTables]:
    """
    Every result table of *customers* and their *events* as of *as_of*, to be written inside the `with`.

    *customers* and *events* are read once: their checked rows are `kept` until the `with` ends. *table* is the
    source recorded with rejected rows. *keys_are_unique* means that customer_id has a unique index; *status_order*
    lists the loyalty statuses, lowest first, if their mean points would give another order. Without *events* the
    tables built from them are empty. *forgotten* customers are rejected.
    """
    with ExitStack() as held:
        ledger = held.enter_context(ledger_of(events, as_of=as_of)) if events else None
        rows = held.enter_context(kept(_checked(customers, ledger, as_of, keys_are_unique, forgotten)))
        if ledger:
            ledger = with_owners(ledger, rows)
        known = known_customers(
            rows if ledger else with_history(rows, None, as_of=as_of),
            as_of=as_of, are_derived=events is not None and events.customers_are_derived,
        )  # fmt: skip
        missing = ledger.missing if ledger else ALL_MISSING
        found = survey(known, as_of=as_of, status_order=status_order, missing_of_events=missing)
        quality, of_events = _qualities(rows, known, ledger, found)
        rejected = _rejected(rows, quality, CUSTOMERS, table)
        if ledger and events and of_events:
            rejected = rejected.unionByName(_rejected(ledger.rows, of_events, EVENTS, events.table))
        worth = held.enter_context(valued(with_traits(known, found, as_of=as_of), ledger, as_of=as_of))
        made = held.enter_context(_tables(worth, ledger, found, as_of))
        made[CUSTOMER_CONTACTS.name] = customer_contacts(known)
        made[REJECTED_ROWS.name] = rejected
        in_order = {one.name: made[one.name] for one in RESULT_TABLES if one.name in made}
        yield ResultTables(in_order, quality, found, of_events)


def _checked(
    customers: DataFrame, ledger: Ledger | None, as_of: date, keys_are_unique: bool, forgotten: Collection[int]
) -> DataFrame:
    """The rows of *customers* with their checks, and with their history if there is a *ledger*."""
    rows = source_rows(customers, CUSTOMERS)
    rows = with_history(rows, ledger.months, as_of=as_of) if ledger else rows
    return checked(rows, CUSTOMERS, as_of=as_of, keys_are_unique=keys_are_unique, forgotten=forgotten)


def _qualities(
    rows: DataFrame, known: DataFrame, ledger: Ledger | None, found: Survey
) -> tuple[DataQuality, DataQuality | None]:
    if not ledger:
        return data_quality(rows, CUSTOMERS), None
    quality = data_quality(rows, CUSTOMERS, count_differences(ledger, known, found))
    return quality, quality_of(ledger.counts, EVENTS, count_in_ledger(ledger, known))


def _rejected(rows: DataFrame, quality: DataQuality, source: Source, table: str) -> DataFrame:
    """The rejected ones of *rows*; if *quality* counts none, the rows are not scanned for them."""
    return rejected_rows(rows if quality.rows_rejected else rows.limit(0), source, table)


@contextmanager
def _tables(worth: Valued, ledger: Ledger | None, found: Survey, as_of: date) -> Iterator[dict[str, DataFrame]]:
    """The tables by name; tables that others are built from are kept."""
    customers, spark = worth.customers, worth.customers.sparkSession
    in_parts = _in_few_parts(customers)
    in_cells = in_slicer_cells(in_parts)
    with (
        kept(customer_segments(in_cells)) as held,
        _event_tables(in_cells, ledger, found, as_of) as of_events,
        value_tables(in_cells, worth) as of_value,
    ):
        activity = of_events[ACTIVITY_SEGMENTS.name]
        yield {
            "customer_profiles": customer_profiles(with_expected(customers, worth)),
            "customer_segments": held,
            "engagement_segments": engagement_segments(in_cells),
            "top_customers": top_customers(in_cells, held),
            "cohort_retention": cohort_retention(in_parts, activity, as_of=as_of, first_event=found.first_event),
            **of_events,
            "demographic_segments": demographic_segments(in_cells),
            **of_value,
            "calendar_months": calendar_months(spark, found, as_of=as_of),
            "loyalty_statuses": loyalty_statuses(spark, found),
            "activities": activities(spark, found),
            "countries": countries(spark, found),
            "bands": bands(spark, found),
        }


@contextmanager
def _event_tables(
    customers: DataFrame, ledger: Ledger | None, found: Survey, as_of: date
) -> Iterator[dict[str, DataFrame]]:
    """The tables built from events, by name; all are empty without a *ledger*."""
    if not ledger:
        tables = (CUSTOMER_MONTHS, ACTIVITY_SEGMENTS, CUSTOMER_MOVES, TIER_MOVES)
        yield {table.name: table_of(customers.sparkSession, table, ()) for table in tables}
        return
    months = months_of_customers(ledger.months, customers, found)
    tiers = named_tiers(ledger, found.loyalty_statuses)
    with (
        kept(activity_segments(months, found, as_of=as_of)) as activity,
        kept(customer_moves(ledger.used, customers, tiers)) as moves,
    ):
        yield {
            CUSTOMER_MONTHS.name: customer_months(months),
            ACTIVITY_SEGMENTS.name: activity,
            CUSTOMER_MOVES.name: moves,
            TIER_MOVES.name: tier_moves(moves, customers),
        }


def _in_few_parts(rows: DataFrame) -> DataFrame:
    """*rows* coalesced to two partitions per task: grouping larger partitions leaves less to shuffle."""
    tasks = tasks_at_once(rows.sparkSession)
    return rows.coalesce(2 * tasks) if tasks else rows
