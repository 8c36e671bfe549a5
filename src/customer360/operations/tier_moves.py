"""How customers moved between the tiers of the loyalty programme."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations import traits
from customer360.operations.checks import day_of
from customer360.operations.conform import conform
from customer360.operations.earlier import earlier
from customer360.operations.event_months import is_any
from customer360.operations.ledger import Ledger
from customer360.operations.survey import MOST_STATUSES
from customer360.tables import EVENTS, events_of, folded


def customer_moves(events: DataFrame, customers: DataFrame, tiers: tuple[str, ...]) -> DataFrame:
    """
    One row per customer, month, tier before and tier after that occurs, with the number of moves.

    A move is a change of tier, among the used *events* of *customers*, to another tier than the previous change;
    the first change has no tier before. *tiers* are shown by name, any other as 'Other'.
    """
    moves = _moves(events, tiers).join(customers.select("customer_id"), "customer_id")
    counted = moves.groupBy("customer_id", "month", "from_status", "to_status")
    return conform(counted.agg(F.count("*").alias("moves")), tables.CUSTOMER_MOVES)


def tier_moves(moves: DataFrame, customers: DataFrame) -> DataFrame:
    """One row per month, tier before, tier after and country of *customers* that occurs in their *moves*."""
    placed = moves.join(customers.select("customer_id", "country"), "customer_id")
    counted = placed.groupBy("month", "from_status", "to_status", "country").agg(F.sum("moves").alias("moves"))
    return conform(counted, tables.TIER_MOVES)


def _moves(events: DataFrame, tiers: tuple[str, ...]) -> DataFrame:
    changes = tier_changes(events).select(
        "customer_id", "occurred_at", "event_id",
        traits.month(F.col(day_of(EVENTS, "occurred_at"))).alias("month"),
        traits.one_of(tiers, "loyalty_status").alias("to_status"),
    )  # fmt: skip
    moves = changes.withColumn("from_status", earlier("to_status", "occurred_at", "event_id"))
    return moves.where(~F.col("to_status").eqNullSafe(F.col("from_status")))


def named_tiers(ledger: Ledger, statuses: tuple[str, ...]) -> tuple[str, ...]:
    """
    The *statuses* that customers have today, then the tiers that occur only in the *ledger*, most moves first;
    `MOST_STATUSES` in total.
    """
    if events_of("tier_change") in ledger.missing:
        return statuses
    text = traits.trimmed("loyalty_status").alias("tier")
    counted = tier_changes(ledger.used).groupBy(text).count().orderBy(F.desc("count"), "tier")
    tiers = {folded(status): status for status in statuses}
    for row in counted.limit(2 * MOST_STATUSES).collect():
        tiers.setdefault(folded(row["tier"]), row["tier"])
    return tuple(tiers.values())[: max(MOST_STATUSES, len(statuses))]


def tier_changes(events: DataFrame) -> DataFrame:
    """The used *events* that change a tier and name the new one."""
    return events.where(is_any("tier_change") & (traits.trimmed("loyalty_status") != ""))
