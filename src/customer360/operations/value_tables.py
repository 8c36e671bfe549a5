"""The wiring of customer value: RFM, the customer value model, and spending."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations import rfm, spending_tenths
from customer360.operations.conform import table_of
from customer360.operations.distributions import Distribution, distributions
from customer360.operations.ledger import Ledger
from customer360.operations.rfm_scores import rfm_scores
from customer360.operations.rfm_segments import rfm_segments
from customer360.operations.segments import spending_segments, value_segments
from customer360.operations.top_spenders import top_spenders
from customer360.operations.value_model import CustomerValue, customer_value
from customer360.spark.keep import kept
from customer360.tables.value_results import EXPECTED

_SPENT: Final = "spent"
_EXPECTED: Final = {column.name: column for column in EXPECTED}
_TABLES: Final = (
    tables.VALUE_SEGMENTS,
    tables.VALUE_HOLDOUT,
    tables.VALUE_MODEL,
    tables.SPENDING_SEGMENTS,
    tables.SPENDING_TENTHS,
    tables.TOP_SPENDERS,
    tables.RFM_SCORES,
    tables.RFM_SEGMENTS,
)


@dataclass(frozen=True)
class Valued:
    """
    *customers* with their scores and segment, and intermediate results.

    *spent* is the distribution of their spending, null without events; *value* is null without a model.
    """

    customers: DataFrame
    spent: Distribution | None = None
    value: CustomerValue | None = None


@contextmanager
def valued(customers: DataFrame, ledger: Ledger | None, *, as_of: date) -> Iterator[Valued]:
    """The value of *customers*, from the columns of their history; runs no query without a *ledger*."""
    if not ledger:
        yield Valued(rfm.with_rfm(customers, None, as_of=as_of))
        return
    ranks = {**dict.fromkeys(rfm.SCORES, rfm.ranks), _SPENT: spending_tenths.ranks}
    values = customers.select(*rfm.values(), _SPENT)
    found = distributions(values, ranks)
    scored = rfm.with_rfm(customers, rfm.score_edges(found), as_of=as_of)
    with customer_value(ledger.months, customers, as_of=as_of) as value:
        yield Valued(scored, found[_SPENT], value)


def with_expected(customers: DataFrame, worth: Valued) -> DataFrame:
    """*customers* with the model's expectations for each, null if there is no model: as many rows."""
    if worth.value:
        return customers.join(worth.value.expected, "customer_id", "left")
    unknown = {name: F.lit(None).cast(column.spark_type) for name, column in _EXPECTED.items()}
    return customers.withColumns(unknown)


@contextmanager
def value_tables(in_cells: DataFrame, worth: Valued) -> Iterator[dict[str, DataFrame]]:
    """The tables by name, built from customers *in_cells*; all are empty without events."""
    spark = in_cells.sparkSession
    empty = {table.name: table_of(spark, table, ()) for table in _TABLES}
    if worth.spent is None:
        yield empty
        return
    with kept(spending_segments(in_cells)) as spending:
        yield empty | {
            "value_segments": value_segments(with_expected(in_cells, worth)),
            **(worth.value.tables if worth.value else {}),
            "spending_segments": spending,
            "spending_tenths": spending_tenths.spending_tenths(spark, worth.spent),
            "top_spenders": top_spenders(in_cells, spending),
            "rfm_scores": rfm_scores(in_cells),
            "rfm_segments": rfm_segments(spark),
        }
