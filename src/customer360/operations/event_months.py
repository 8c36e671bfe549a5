"""Events, read once and summed by customer and month: the basis of every monthly figure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360.operations import days
from customer360.operations.checks import day_of, fails, number_of
from customer360.operations.earlier import earlier
from customer360.operations.traits import month
from customer360.tables import ACTIVE_DAYS, EARNING_KINDS, EVENT_KINDS, EVENTS

KIND_NUMBER: Final = number_of("kind")
_DAY: Final = day_of(EVENTS, "occurred_at")
_KINDS: Final = tuple(EVENT_KINDS)
POINT_KINDS: Final = (*EARNING_KINDS, "redeem", "expire")
"""The kinds whose points count."""
_CENTS: Final = 40
"""Bits that fit the cents of any numeric(12,2) amount."""


def is_any(*kinds: str) -> Column:
    """Whether the event is of one of *kinds*."""
    return F.col(KIND_NUMBER).isin(*map(_KINDS.index, kinds))


def used_events(checked: DataFrame) -> DataFrame:
    """The *checked* events that are used: known at the as-of date, and failing no 'reject' check."""
    return checked.where(~fails(EVENTS, EVENTS.rejects))


def event_months(events: DataFrame, *, as_of: date) -> DataFrame:
    """
    One row per customer id and month with any of the used *events*, even if there is no such customer.

    Contains the counts and sums of customer_months, and what they need from earlier months: gaps that end in this
    month start at the last such day of an earlier one. `is_first` marks the first active month. `taken` is the sum
    of points taken in the month, negative. `first_order_cents` is what the customer spent on their first day with
    an order, in the month of that day; null in other months.
    """
    months = _with_days_before(_with_last_days(_summed(events)))
    return months.select(
        "customer_id", "month", *_marks(), *_gaps("login"), *_gaps("order"),
        F.bit_count(_logins()).alias("logins"), _logins_until(as_of).alias("logins_90_days"),
        "orders", "amount", "refunds", "refunded", "earned", "redeemed", "expired", "taken",
        days.first(F.col("month"), days.upper(F.col("redemptions_and_any"))).alias("first_day"),
        F.bit_count(_orders()).alias("order_days"), _first_order_cents(),
        days.first(F.col("month"), _orders()).alias("first_order_day"),
        "last_login_day", "last_order_day", "last_active_day",
    )  # fmt: skip


def _summed(events: DataFrame) -> DataFrame:
    day = F.col(_DAY)
    nothing = F.lit(0).cast("bigint")
    two_kinds = F.when(is_any("login"), days.bit(day)).when(is_any("purchase"), days.bit(day, days.MOST_DAYS))
    redeemed_too = F.when(is_any("redeem"), days.bit(day)).otherwise(nothing)
    return events.groupBy("customer_id", month(day).alias("month")).agg(
        F.coalesce(F.bit_or(two_kinds), nothing).alias("logins_and_orders"),
        F.bit_or(days.bit(day, days.MOST_DAYS).bitwiseOR(redeemed_too)).alias("redemptions_and_any"),
        F.count_if(is_any("purchase")).alias("orders"),
        _sum("amount", is_any("purchase")).alias("amount"),
        F.min(F.when(is_any("purchase"), _day_and_cents())).alias("first_day_and_cents"),
        F.count_if(is_any("refund")).alias("refunds"),
        (-_sum("amount", is_any("refund"))).alias("refunded"),
        _sum("points", is_any(*EARNING_KINDS)).alias("earned"),
        (-_sum("points", is_any("redeem"))).alias("redeemed"),
        (-_sum("points", is_any("expire"))).alias("expired"),
        _sum("points", is_any(*POINT_KINDS) & (F.col("points") < 0)).alias("taken"),
    )


def _day_and_cents() -> Column:
    """The day of the month in the bits above the cents, so that the minimum is an order of the first day."""
    cents = F.coalesce((F.col("amount") * 100).cast("bigint"), F.lit(0).cast("bigint"))
    return F.call_function("shiftleft", F.dayofmonth(_DAY).cast("bigint"), F.lit(_CENTS)).bitwiseOR(cents)


def _first_order_cents() -> Column:
    """
    The whole amount of a month with orders on one day only; else the smallest order of the first day.

    The time of day would show which order was first, but takes an engine longer than everything else for a month.
    """
    of_month = (F.col("amount") * 100).cast("bigint")
    least = F.col("first_day_and_cents").bitwiseAND(F.lit((1 << _CENTS) - 1))
    of_day = F.when(F.bit_count(_orders()) == 1, of_month).otherwise(least)
    return F.when((F.col("orders") > 0) & F.col("order_before").isNull(), of_day).alias("first_order_cents")


def _sum(column: str, condition: Column) -> Column:
    return F.coalesce(F.sum(F.when(condition, F.col(column))), F.lit(0).cast(EVENTS[column].spark_type))


def _logins() -> Column:
    return days.lower(F.col("logins_and_orders"))


def _orders() -> Column:
    return days.upper(F.col("logins_and_orders"))


def _active() -> Column:
    return _logins().bitwiseOR(_orders()).bitwiseOR(days.lower(F.col("redemptions_and_any")))


_DAYS: Final = {"login": _logins, "order": _orders, "active": _active}
"""The bits of the days with activity, by kind of activity."""


def _with_last_days(months: DataFrame) -> DataFrame:
    """*months* with the last day of each kind."""
    return months.withColumns({f"last_{kind}_day": days.last(F.col("month"), of()) for kind, of in _DAYS.items()})


def _with_days_before(months: DataFrame) -> DataFrame:
    """*months* with the last day of each kind in the customer's earlier months; null when there is none."""
    return months.withColumns({f"{kind}_before": earlier(f"last_{kind}_day", "month") for kind in _DAYS})


def _marks() -> list[Column]:
    active_days, before = F.bit_count(_active()), F.col("active_before")
    is_active, orders = F.col("last_active_day").isNotNull(), F.col("orders")
    is_retained = F.coalesce(_number(before) + 1 == _number(F.col("month")), F.lit(False))
    return [
        is_active.alias("is_active"),
        active_days.alias("active_days"),
        (is_active & before.isNull()).alias("is_first"),
        (is_active & is_retained).alias("is_retained"),
        ((orders > 1) | ((orders > 0) & F.col("order_before").isNotNull())).alias("is_repeat_buyer"),
    ]


def _number(month: Column) -> Column:
    return F.year(month) * 12 + F.month(month)


def _gaps(kind: str) -> list[Column]:
    """How many gaps between days of a *kind* end in the month, and their total length in days."""
    bits = _DAYS[kind]()
    before, on_days = F.col(f"{kind}_before"), F.bit_count(bits)
    gaps = F.when(on_days == 0, 0).when(before.isNull(), on_days - 1).otherwise(on_days)
    since = F.coalesce(before, days.first(F.col("month"), bits))
    return [
        gaps.alias(f"{kind}_gaps"),
        F.coalesce(F.date_diff(F.col(f"last_{kind}_day"), since), F.lit(0)).alias(f"{kind}_gap_days"),
    ]


def _logins_until(as_of: date) -> Column:
    since = as_of - timedelta(days=ACTIVE_DAYS - 1)
    return days.count_within(F.col("month"), _logins(), since, as_of)
