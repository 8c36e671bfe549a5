"""What customers hold and do, counted and summed by the key of a segment table."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import conform
from customer360.tables import Table


def customer_segments(customers: DataFrame) -> DataFrame:
    """
    One row per slicer cell, balance band and points band that occurs among *customers*.

    Bands and at most 21 countries bound the number of rows, not the customers.
    """
    return _segments(customers, tables.CUSTOMER_SEGMENTS)


def engagement_segments(customers: DataFrame) -> DataFrame:
    """
    One row per slicer cell, account age band, last login month and funnel stage that occurs among *customers*.

    Months and at most 21 countries bound the number of rows, not the customers.
    """
    return _segments(customers, tables.ENGAGEMENT_SEGMENTS)


def _segments(customers: DataFrame, table: Table) -> DataFrame:
    """
    One row per key of *table* that occurs among *customers*, who come as `in_slicer_cells` gives them.

    Every other column is additive: its sum over any rows holds for the customers in them. Where nothing is known
    the sum is 0 and the count beside it says so.
    """
    rows = customers.groupBy(*table.key).agg(
        F.count("*").alias("customers"),
        _sum("account_balance").alias("balance_sum"),
        F.count("account_balance").alias("balance_count"),
        _sum("loyalty_points").alias("points_sum"),
        F.count("loyalty_points").alias("points_count"),
        _sum("days_since_last_login").alias("recency_days_sum"),
        F.count("days_since_last_login").alias("recency_count"),
        F.count_if("is_out_of_order").alias("out_of_order_customers"),
    )
    return conform(rows, table)


def _sum(column: str) -> Column:
    return F.coalesce(F.sum(column), F.lit(0))
