"""Customers derived from order lines."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360.own_data.checks import MOST_POINTS, NEGATIVE_POINTS, TOO_LARGE, TOO_MANY_POINTS
from customer360.own_data.columns import SOURCE_LINE
from customer360.own_data.examine import ORIGINAL_ROW, REASONS
from customer360.own_data.mapping import CustomerMapping
from customer360.tables import CUSTOMERS

LINES: Final = "lines"
CANCELLED: Final = "cancelled_lines"
_ABOUT_THE_CUSTOMER: Final = ("name", "email", "country", "city")
_LARGEST_BALANCE: Final = 10**10


def derived_columns(mapping: CustomerMapping) -> tuple[str, ...]:
    """The columns of the customers that lines with this mapping fill, in the order of the table."""
    filled = {"customer_id", "join_date", "first_purchase", "last_login", "account_balance"}
    filled |= {name for name in ("loyalty_points", *_ABOUT_THE_CUSTOMER) if name in mapping.present}
    return tuple(name for name in CUSTOMERS.column_names if name in filled)


def customers_of(lines: DataFrame, mapping: CustomerMapping) -> DataFrame:
    """
    One row per customer of the order *lines*, with the number of lines and of cancelled ones.

    join_date is the day of the first line, first_purchase that of the first line with an amount above zero,
    last_login the moment of the last line, account_balance the sum of the amounts, cancellations taken off.
    """
    lines = lines.withColumn("amount", _amount()).withColumn("cancelled", _is_cancelled())
    about = {
        name: F.max_by(name, F.when(F.col(name).isNotNull(), F.col("order_date"))) for name in _ABOUT_THE_CUSTOMER
    }
    found = lines.groupBy("customer_id").agg(
        F.min("order_date").cast("date").alias("join_date"),
        F.min(F.when(F.col("amount") > 0, F.col("order_date"))).cast("date").alias("first_purchase"),
        F.max("order_date").alias("last_login"),
        F.sum("amount").cast("decimal(38,2)").alias("account_balance"),
        F.sum("loyalty_points").alias("loyalty_points"),
        *(column.alias(name) for name, column in about.items()),
        F.count("*").alias(LINES),
        F.count(F.when(F.col("cancelled"), 1)).alias(CANCELLED),
    )
    return _checked(found, mapping)


def _amount() -> Column:
    """The line's amount, else quantity times price; taken off when the pieces came back."""
    product = F.round(F.col("quantity") * F.col("unit_price"), 2).cast("decimal(22,2)")
    given = F.when(F.col("quantity") < 0, -F.abs("amount")).otherwise(F.col("amount")).cast("decimal(22,2)")
    return F.coalesce(given, product)


def _is_cancelled() -> Column:
    return F.coalesce(F.col("quantity") < 0, F.lit(False)) | (F.col("amount") < 0)


def _checked(customers: DataFrame, mapping: CustomerMapping) -> DataFrame:
    """The sums have ranges too: a customer outside of them is rejected with all of its lines."""
    points = F.col("loyalty_points")
    reasons = F.concat_ws(
        ", ",
        F.when(F.abs("account_balance") >= _LARGEST_BALANCE, TOO_LARGE),
        F.when(points < 0, NEGATIVE_POINTS),
        F.when(points > MOST_POINTS, TOO_MANY_POINTS),
    )
    nowhere = F.lit(None).cast("long").alias(SOURCE_LINE)
    shown = F.to_json(F.struct(nowhere, *derived_columns(mapping), LINES), {"ignoreNullFields": "false"})
    return customers.withColumn(REASONS, reasons).withColumn(ORIGINAL_ROW, F.when(F.col(REASONS) != "", shown))
