"""When each customer bought, and for how much: the data that the customer value model is fitted on."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def order_histories(months: DataFrame, customers: DataFrame, *, until: date) -> DataFrame:
    """
    One row per customer in *customers* with an order, from their `event_months`: days with an order and cents.

    Columns with the prefix `past_` are as of the month end *until*, null for customers who had bought nothing by
    then.
    """
    is_past = F.col("month") <= F.lit(until)
    cents = (F.col("amount") * 100).cast("bigint")
    histories = months.where(F.col("orders") > 0).groupBy("customer_id").agg(
        F.min("first_order_day").alias("first_day"),
        F.max("last_order_day").alias("last_day"),
        F.sum("order_days").alias("order_days"),
        F.sum(cents).alias("cents"),
        F.sum("first_order_cents").alias("first_cents"),
        F.max(F.when(is_past, F.col("last_order_day"))).alias("past_last_day"),
        F.sum(F.when(is_past, F.col("order_days"))).alias("past_order_days"),
        F.sum(F.when(is_past, cents)).alias("past_cents"),
    )  # fmt: skip
    return histories.join(customers.select("customer_id"), "customer_id")


def histories_at(histories: DataFrame, day: date) -> DataFrame:
    """
    The `order_histories` in the model's terms as of *day*, their last day.

    `frequency` is the number of days with an order after the first, `recency` the days from the first to the last,
    `age` those from the first to *day*, and `repeat_cents` the amount spent after the first day.
    """
    return _as_read(histories, "", day)


def past_histories(histories: DataFrame, until: date) -> DataFrame:
    """
    The same as of *until*, the end of the `past_` columns, for customers who had bought by then.

    `later_orders` and `later_cents` are what followed.
    """
    return _as_read(
        histories.where(F.col("past_order_days").isNotNull()), "past_", until,
        (F.col("order_days") - F.col("past_order_days")).alias("later_orders"),
        (F.col("cents") - F.col("past_cents")).alias("later_cents"),
    )  # fmt: skip


def _as_read(histories: DataFrame, prefix: str, day: date, *more: Column) -> DataFrame:
    first = F.col("first_day")
    return histories.select(
        "customer_id",
        (F.col(f"{prefix}order_days") - 1).cast("bigint").alias("frequency"),
        _days(F.col(f"{prefix}last_day"), first).alias("recency"),
        _days(F.lit(day), first).alias("age"),
        (F.col(f"{prefix}cents") - F.col("first_cents")).alias("repeat_cents"),
        *more,
    )


def _days(day: Column, since: Column) -> Column:
    return F.date_diff(day, since).cast("bigint")
