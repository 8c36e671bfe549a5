"""What happened in each month, counted and summed by slicer."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import conform
from customer360.operations.survey import Survey
from customer360.operations.traits import at_place
from customer360.tables import ACTIVITY_SEGMENTS, CUSTOMER_MONTHS

_SUMMED = tuple(
    column.name for column in ACTIVITY_SEGMENTS.columns if column.name in CUSTOMER_MONTHS.column_names
    and column.is_additive and column.name != "active_days"
)  # fmt: skip


def activity_segments(months: DataFrame, found: Survey, *, as_of: date) -> DataFrame:
    """
    One row per month, join month, loyalty status, activity and country that occurs in `months_of_customers`.

    possible_days count only months in which a customer is active: all days of the month, or in the month of
    *as_of* the days up to it. Slicers have today's values. The row count is bounded by months and at most 21
    countries.
    """
    cells = months.withColumn("activity_month", F.col("month")).groupBy("activity_month", *tables.SLICERS)
    counted = cells.agg(
        F.count_if("is_active").alias("active_customers"),
        F.sum("active_days").alias("active_days"),
        F.count_if("is_new").alias("new_customers"),
        F.count_if("is_retained").alias("retained_customers"),
        F.count_if("is_resurrected").alias("resurrected_customers"),
        F.count_if(F.col("logins") > 0).alias("login_customers"),
        F.count_if(F.col("orders") > 0).alias("buyers"),
        F.count_if("is_repeat_buyer").alias("repeat_buyers"),
        *[F.sum(name).alias(name) for name in _SUMMED],
    )
    possible = F.col("active_customers") * _days_up_to(as_of, F.col("activity_month"))
    members = {name: at_place(texts, F.col(name)) for name, texts in found.members.items()}
    return conform(counted.withColumns({"possible_days": possible, **members}), ACTIVITY_SEGMENTS)


def _days_up_to(as_of: date, month: Column) -> Column:
    return F.date_diff(F.least(F.last_day(month), F.lit(as_of)), month) + 1
