"""How many of the customers who joined in a month were still seen later."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import conform


def cohort_retention(
    customers: DataFrame, activity: DataFrame, *, as_of: date, first_event: date | None
) -> DataFrame:
    """
    One row per join month of *customers* and number of months since, up to the last complete month.

    Unbounded retention: a customer is retained n months after joining if they were last seen in that month or
    later. Everyone is retained in month 0, by joining; customers who were never seen are retained in no other
    month. Classic retention: the active customers of that month, from *activity*, their activity_segments; null in
    months before that of *first_event*, where it is unknown. A month is complete if its last day is not after
    *as_of*. Shares are rounded half up to six digits.
    """
    cohorts = _unbounded(customers, as_of).join(_classic(activity), ["join_month", "months_since"], "left")
    is_known = F.lit(False)
    if first_event:
        is_known = F.col("months_since") >= _months_since_joining(F.lit(first_event))
    active = F.when(is_known, F.coalesce("active_customers", F.lit(0)))
    with_active = cohorts.withColumn("active_customers", active)
    shares = {"retained_share": _share("retained_customers"), "active_share": _share("active_customers")}
    return conform(with_active.withColumns(shares), tables.COHORT_RETENTION)


def _unbounded(customers: DataFrame, as_of: date) -> DataFrame:
    last_complete = (as_of + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    last_to_report = F.greatest(_months_since_joining(F.lit(last_complete)), F.lit(0))
    seen = (
        customers.where(F.col("join_month").isNotNull())
        .groupBy("join_month", "last_seen_month")
        .agg(F.count("*").alias("customers"))
        .withColumn("months_seen", F.greatest(_months_since_joining(F.col("last_seen_month")), F.lit(0)))
        .withColumn("months_since", F.explode(F.sequence(F.lit(0), last_to_report)))
    )
    is_retained = F.col("months_seen") >= F.col("months_since")
    return seen.groupBy("join_month", "months_since").agg(
        F.sum("customers").alias("cohort_customers"),
        F.sum(F.when(is_retained, F.col("customers")).otherwise(0)).alias("retained_customers"),
    )


def _classic(activity: DataFrame) -> DataFrame:
    """Active customers by join month and months since."""
    since = _months_since_joining(F.col("activity_month"))
    by_month = activity.withColumn("months_since", since).groupBy("join_month", "months_since")
    return by_month.agg(F.sum("active_customers").alias("active_customers"))


def _months_since_joining(day: Column) -> Column:
    return _number(day) - _number(F.col("join_month"))


def _number(day: Column) -> Column:
    return F.year(day) * 12 + F.month(day)


def _share(of: str) -> Column:
    """Computed in millionths: a double would round some halves down, and engines divide decimals differently."""
    millionths = F.expr(f"(2000000 * {of} + cohort_customers) div (2 * cohort_customers)")
    return millionths * F.lit(Decimal("0.000001"))
