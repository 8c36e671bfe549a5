"""A summary of each customer's events over all months."""

from __future__ import annotations

from datetime import date
from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from customer360.operations.rfm import recent_sums

_SPENT: Final = "decimal(22,2)"
HISTORY: Final = {
    "orders": ("bigint", 0),
    "spent": (_SPENT, 0),
    "recent_orders": ("bigint", 0),
    "recent_amount": (_SPENT, 0),
    "logins_90_days": ("bigint", 0),
    "refunds": ("bigint", 0),
    "expired": ("bigint", 0),
    "points_in_events": ("bigint", None),
    "first_event": ("date", None),
    "first_order": ("date", None),
    "last_purchase": ("date", None),
    "last_login_event": ("date", None),
    "last_active_day": ("date", None),
    "taken": ("bigint", 0),
}
"""The columns that `with_history` adds: their types, and their values for customers without events."""


def customer_history(months: DataFrame, *, as_of: date) -> DataFrame:
    """One row per customer with `event_months` up to *as_of*, with the columns of `HISTORY`."""
    return months.groupBy("customer_id").agg(
        F.sum("orders").alias("orders"),
        F.sum(F.col("amount") - F.col("refunded")).cast(_SPENT).alias("spent"),
        *recent_sums(as_of),
        F.sum("logins_90_days").alias("logins_90_days"),
        F.sum("refunds").alias("refunds"),
        F.sum("expired").alias("expired"),
        F.sum(F.col("earned") - F.col("redeemed") - F.col("expired")).alias("points_in_events"),
        F.min("first_day").alias("first_event"),
        F.min("first_order_day").alias("first_order"),
        F.max("last_order_day").alias("last_purchase"),
        F.max("last_login_day").alias("last_login_event"),
        F.max("last_active_day").alias("last_active_day"),
        F.sum("taken").alias("taken"),
    )


def with_history(customers: DataFrame, months: DataFrame | None, *, as_of: date) -> DataFrame:
    """*customers* with the columns of `HISTORY`, from *months* up to *as_of* if given: as many rows."""
    if months is None:
        return customers.withColumns({name: F.lit(value).cast(kind) for name, (kind, value) in HISTORY.items()})
    joined = customers.join(customer_history(months, as_of=as_of), "customer_id", "left")
    return joined.withColumns(
        {
            name: F.coalesce(F.col(name), F.lit(value)).cast(kind)
            for name, (kind, value) in HISTORY.items()
            if value is not None
        }
    )


def with_derived(known: DataFrame) -> DataFrame:
    """
    *known* customers derived from events, with their sums recomputed from the events known so far: as many rows.

    Points below zero, which a ledger may have temporarily, become zero.
    """
    held = F.greatest(F.coalesce("points_in_events", F.lit(0)), F.lit(0))
    return known.withColumns(
        {
            "loyalty_points": F.when(F.col("loyalty_points").isNotNull(), held),
            "first_purchase": F.col("first_order"),
        }
    )
