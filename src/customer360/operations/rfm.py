"""Recency, frequency and monetary value over the last months: a score for each, and the resulting segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360.operations import traits
from customer360.operations.distributions import Distribution, distributions
from customer360.operations.rfm_segments import NO_RECENT_ORDER, rfm_segment
from customer360.tables import RFM_MONTHS

BEST: Final = 5
"""The highest score; the lowest is 1."""
_LARGEST_EXACT: Final = 10**13
"""Below it, different amounts are different doubles."""


def is_recent_buyer() -> Column:
    """Whether the customer has an order in the `RFM_MONTHS`."""
    return F.col("recent_orders") > 0


_VALUES: Final[dict[str, str]] = {
    "recency": "unix_date(last_purchase)",
    "frequency": "recent_orders",
    "monetary": "recent_amount",
}
"""What is ranked for each score, ascending: the day of the last order, the number of orders, the net amount."""
SCORES: Final = tuple(_VALUES)


def values() -> list[Column]:
    """What is ranked for each of `SCORES`, by name; null for customers without a recent order."""
    return [_value(score).alias(score) for score in SCORES]


def _value(score: str) -> Column:
    return F.when(is_recent_buyer(), F.expr(_VALUES[score]))


def recent_sums(as_of: date) -> tuple[Column, Column]:
    """The orders in the `RFM_MONTHS` that end with the month of *as_of*, and their net amount."""
    last = as_of.year * 12 + as_of.month - 1
    year, month = divmod(last - RFM_MONTHS + 1, 12)
    is_recent = F.col("month") >= F.lit(date(year, month + 1, 1))
    return (
        F.sum(F.when(is_recent, F.col("orders")).otherwise(0)).alias("recent_orders"),
        F.sum(F.when(is_recent, F.col("amount") - F.col("refunded")).otherwise(0))
        .cast("decimal(22,2)")
        .alias("recent_amount"),
    )


@dataclass(frozen=True)
class ScoreEdges:
    """For each score from 2 up, the value above which it begins; null if everyone has at least that score."""

    edges: Mapping[str, tuple[Decimal | None, ...]]


def ranks(buyers: int) -> tuple[int, ...]:
    """
    The ranks whose values are the edges of scores, among *buyers*, without ranks of 0.

    A score is ⌈5 × rank ÷ buyers⌉, where equal values share the lowest rank. So a value has a score of s or more
    if at least (s - 1) × buyers ÷ 5 values, rounded down, are lower: if it is above the value at that rank.
    """
    return tuple(filter(None, _ranks(buyers)))


def _ranks(buyers: int) -> tuple[int, ...]:
    return tuple(buyers * (score - 1) // BEST for score in range(2, BEST + 1))


def score_edges(found: Mapping[str, Distribution]) -> ScoreEdges:
    """The edges of every score, *found* at the `ranks` of its `values`."""
    return ScoreEdges(
        {
            name: tuple(found[name].at[rank].value if rank else None for rank in _ranks(found[name].count))
            for name in _VALUES
        }
    )


def with_rfm(customers: DataFrame, edges: ScoreEdges | None, *, as_of: date) -> DataFrame:
    """
    *customers* with scores of recency, frequency and monetary value, a segment, and order_recency_days: as many
    rows.

    Customers without a recent order have no scores, and a separate segment; without *edges*, this applies to all.
    """
    if edges is None:
        nulls = {f"{name}_score": F.lit(None).cast("smallint") for name in _VALUES}
        return customers.withColumns(
            {**nulls, "rfm_segment": F.lit(NO_RECENT_ORDER), "order_recency_days": F.lit(None).cast("int")}
        )
    scores = {f"{name}_score": _score(_value(name), edges.edges[name]) for name in _VALUES}
    recency = F.when(is_recent_buyer(), traits.days_until(as_of, "last_purchase"))
    return customers.withColumns({**scores, "order_recency_days": recency}).withColumn(
        "rfm_segment", rfm_segment()
    )


def _score(value: Column, edges: tuple[Decimal | None, ...]) -> Column:
    score = F.when(value.isNull(), None)
    for number, edge in reversed([*enumerate(edges, start=2)]):
        score = score.when(F.lit(True) if edge is None else _is_above(value, edge), number)
    return score.otherwise(1).cast("smallint")


def _is_above(value: Column, edge: Decimal) -> Column:
    """Compares doubles where that is exact, at a tenth of the cost of Spark's decimals."""
    return value.cast("double") > float(edge) if abs(edge) < _LARGEST_EXACT else value > F.lit(edge)


def segments_at(months: DataFrame, customers: DataFrame, day: date) -> DataFrame:
    """The scores and segment, as of the month end *day*, of *customers* with `event_months` up to then."""
    past = months.where(F.col("month") <= F.lit(day)).groupBy("customer_id")
    known = past.agg(*recent_sums(day), F.max("last_order_day").alias("last_purchase"))
    theirs = known.join(customers.select("customer_id"), "customer_id")
    found = distributions(theirs.select(*values()), dict.fromkeys(SCORES, ranks))
    return with_rfm(theirs, score_edges(found), as_of=day)
