"""What customers own, do and spend, counted and summed by the key of a segment table."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import conform
from customer360.tables import Table


def customer_segments(customers: DataFrame) -> DataFrame:
    """
    One row per slicer cell, balance band and points band that occurs among *customers*.

    The row count is bounded by the bands and at most 21 countries, regardless of the number of customers.
    """
    return _segments(customers, tables.CUSTOMER_SEGMENTS)


def engagement_segments(customers: DataFrame) -> DataFrame:
    """
    One row per slicer cell, account age band, last login month and funnel stage that occurs among *customers*.

    The row count is bounded by the months and at most 21 countries, regardless of the number of customers.
    """
    return _segments(customers, tables.ENGAGEMENT_SEGMENTS)


def demographic_segments(customers: DataFrame) -> DataFrame:
    """
    One row per slicer cell, age band and gender that occurs among *customers*.

    The row count is bounded by eight bands, at most 14 genders and at most 21 countries.
    """
    table = tables.DEMOGRAPHIC_SEGMENTS
    return conform(customers.groupBy(*table.key).agg(F.count("*").alias("customers")), table)


def value_segments(customers: DataFrame) -> DataFrame:
    """
    One row per slicer cell and RFM segment that occurs among *customers*, who have scores and expectations.

    The row count is bounded by eleven segments and at most 21 countries.
    """
    table, is_recent = tables.VALUE_SEGMENTS, F.col("recent_orders") > 0
    rows = customers.groupBy(*table.key).agg(
        F.count("*").alias("customers"),
        F.count_if(is_recent).alias("recent_buyers"),
        _sum("recent_orders").alias("recent_orders"),
        F.coalesce(F.sum(F.when(is_recent, F.col("recent_amount"))), F.lit(0)).alias("recent_amount"),
        _sum("order_recency_days").alias("order_recency_days"),
        F.count("expected_orders").alias("scored_customers"),
        _sum("expected_orders").alias("expected_orders"),
        _sum("expected_amount").alias("expected_amount"),
    )
    return conform(rows, table)


def spending_segments(customers: DataFrame) -> DataFrame:
    """
    One row per slicer cell, spending band and orders band that occurs among *customers*.

    The row count is bounded by the bands and at most 21 countries, regardless of the number of customers.
    """
    table = tables.SPENDING_SEGMENTS
    rows = customers.groupBy(*table.key).agg(
        F.count("*").alias("customers"), _sum("spent").alias("spent_sum"), _sum("orders").alias("orders_sum")
    )
    return conform(rows, table)


def _segments(customers: DataFrame, table: Table) -> DataFrame:
    """
    One row per key of *table* that occurs among *customers*, as returned by `in_slicer_cells`.

    Every other column is additive: its sum over any rows is that of the customers in them. If no value is known,
    the sum is 0, and so is the count in the column next to it.
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
