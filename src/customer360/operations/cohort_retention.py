"""How many of those who joined in a month were still seen later."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import conform


def cohort_retention(customers: DataFrame, *, as_of: date) -> DataFrame:
    """
    One row per join month of *customers* and number of months since, up to the last month that is complete.

    Unbounded retention: a customer is retained n months after joining when the last login is of that month or of
    a later one. Everyone is retained in month 0, by joining; who has no known login is retained in no other. A
    month is complete when its last day is not after *as_of*. Shares are rounded half up to six digits.
    """
    last_complete = (as_of + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    last_to_report = F.greatest(_months_since_joining(F.lit(last_complete)), F.lit(0))
    seen = (
        customers.where(F.col("join_month").isNotNull())
        .groupBy("join_month", "last_login_month")
        .agg(F.count("*").alias("customers"))
        .withColumn("months_seen", F.coalesce(_months_since_joining(F.col("last_login_month")), F.lit(0)))
        .withColumn("months_since", F.explode(F.sequence(F.lit(0), last_to_report)))
    )
    is_retained = F.col("months_seen") >= F.col("months_since")
    cohorts = seen.groupBy("join_month", "months_since").agg(
        F.sum("customers").alias("cohort_customers"),
        F.sum(F.when(is_retained, F.col("customers")).otherwise(0)).alias("retained_customers"),
    )
    return conform(cohorts.withColumn("retained_share", _retained_share()), tables.COHORT_RETENTION)


def _months_since_joining(day: Column) -> Column:
    return _number(day) - _number(F.col("join_month"))


def _number(day: Column) -> Column:
    return F.year(day) * 12 + F.month(day)


def _retained_share() -> Column:
    """In whole millionths: a double would round some halves down, and engines divide decimals differently."""
    millionths = F.expr("(2000000 * retained_customers + cohort_customers) div (2 * cohort_customers)")
    return millionths * F.lit(Decimal("0.000001"))
