"""
The checks of the source table, as data: what makes a row unusable, and what is only counted.

Every row gets one number, `failed_checks`, with a bit for each check it fails: cheaper to hold for millions of
rows than a list of names, and one count per number answers every question about data quality at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add, or_
from typing import Final, Literal

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from customer360.operations.conform import AS_READ
from customer360.operations.traits import days_until, is_active_by_behaviour, known_at, trimmed

FAILED_CHECKS: Final = "failed_checks"
LAST_LOGIN_DAY: Final = "last_login_day"
"""The day of last_login: told once, for Spark takes long to tell the day of a moment."""

_HAS_DECIMALS: Final = "has_decimals"

EARLIEST_DATE: Final = date(1900, 1, 1)
MOST_POINTS: Final = 10**11


@dataclass(frozen=True)
class Check:
    """
    One check: *failed* takes the as-of date and is true for a row that fails; null and false pass.

    A row that fails a 'reject' check is in no result; one that fails a 'warn' check is used and counted.
    """

    name: str
    severity: Literal["reject", "warn"]
    description: str
    failed: Callable[[date], Column]


def _reject(name: str, description: str, failed: Callable[[date], Column]) -> Check:
    return Check(name, "reject", description, failed)


def _warn(name: str, description: str, failed: Callable[[date], Column]) -> Check:
    return Check(name, "warn", description, failed)


def _missing(column: str) -> Callable[[date], Column]:
    return lambda _: F.col(column).isNull()


def _blank(column: str) -> Callable[[date], Column]:
    return lambda _: F.coalesce(trimmed(column) == "", F.lit(True))


def _after(column: str) -> Callable[[date], Column]:
    return lambda as_of: F.col(column) > F.lit(as_of)


def _occurs_again(as_of: date) -> Column:
    rows_with_the_id = F.count(F.when(_has_joined(as_of), 1)).over(Window.partitionBy("customer_id"))
    return F.col("customer_id").isNotNull() & (rows_with_the_id > 1)


def _has_joined(as_of: date) -> Column:
    return F.coalesce(F.col("join_date") <= F.lit(as_of), F.lit(True))


def _flag_contradicts_behaviour(as_of: date) -> Column:
    days = F.when(known_at(LAST_LOGIN_DAY, as_of).isNotNull(), days_until(as_of, LAST_LOGIN_DAY))
    return days.isNotNull() & (F.col("is_active") != is_active_by_behaviour(days))


DUPLICATE: Final = _reject(
    "customer_id_duplicate",
    "The customer_id occurs more than once; all of its rows are left out, as nobody can tell which is right.",
    _occurs_again,
)

CHECKS: Final = (
    _reject("customer_id_missing", "customer_id is null.", _missing("customer_id")),
    DUPLICATE,
    _reject(
        "not_a_whole_number",
        "customer_id or loyalty_points has decimals; whole numbers are neither rounded nor cut.",
        lambda _: F.col(_HAS_DECIMALS),
    ),
    _reject(
        "date_before_1900",
        "join_date, first_purchase or last_login lies before 1900: a placeholder, not a date.",
        lambda _: F.least("join_date", "first_purchase", F.col(LAST_LOGIN_DAY)) < F.lit(EARLIEST_DATE),
    ),
    _reject(
        "first_purchase_before_join",
        "first_purchase lies before join_date.",
        lambda _: F.col("first_purchase") < F.col("join_date"),
    ),
    _reject(
        "last_login_before_join",
        "The day of last_login lies before join_date.",
        lambda _: F.col(LAST_LOGIN_DAY) < F.col("join_date"),
    ),
    _reject("negative_points", "loyalty_points is below zero.", lambda _: F.col("loyalty_points") < 0),
    _reject(
        "too_many_points",
        f"loyalty_points is above {MOST_POINTS}: more than sums can hold for millions of customers.",
        lambda _: F.col("loyalty_points") > MOST_POINTS,
    ),
    _warn("join_date_missing", "join_date is null.", _missing("join_date")),
    _warn("country_missing", "country is null or blank.", _blank("country")),
    _warn("loyalty_status_missing", "loyalty_status is null or blank.", _blank("loyalty_status")),
    _warn("is_active_missing", "is_active is null.", _missing("is_active")),
    _warn("balance_missing", "account_balance is null.", _missing("account_balance")),
    _warn("points_missing", "loyalty_points is null.", _missing("loyalty_points")),
    _warn("last_login_missing", "last_login is null.", _missing("last_login")),
    _warn(
        "last_login_after_as_of",
        "last_login lies after the as-of date; it counts as not known.",
        _after(LAST_LOGIN_DAY),
    ),
    _warn(
        "first_purchase_after_as_of",
        "first_purchase lies after the as-of date; it counts as not known.",
        _after("first_purchase"),
    ),
    _warn(
        "last_login_before_first_purchase",
        "The day of last_login lies before first_purchase.",
        lambda as_of: F.col(LAST_LOGIN_DAY) < known_at("first_purchase", as_of),
    ),
    _warn(
        "active_flag_contradicts_behaviour",
        "is_active says otherwise than the last login, which is known.",
        _flag_contradicts_behaviour,
    ),
)


def bit(check: Check) -> int:
    """The bit of `failed_checks` that stands for *check*."""
    return int(1 << CHECKS.index(check))


REJECTS: Final = tuple(check for check in CHECKS if check.severity == "reject")
REJECT_BITS: Final = sum(bit(check) for check in REJECTS)


def checked(customers: DataFrame, *, as_of: date, ids_are_unique: bool) -> DataFrame:
    """
    *customers*, as `source_rows` gives them, with `last_login_day` and with `failed_checks`, which is null for a
    row that is not yet a customer.

    A row whose join_date lies after *as_of* does not exist yet: no check looks at it, and it makes no duplicate.
    With *ids_are_unique* (the source has a unique index) duplicates are not looked for, which saves a shuffle of
    every row.
    """
    checks = [check for check in CHECKS if not (ids_are_unique and check is DUPLICATE)]
    customers = customers.withColumns(
        {LAST_LOGIN_DAY: F.col("last_login").cast("date"), _HAS_DECIMALS: _has_decimals(customers.columns)}
    )
    failed = F.when(_has_joined(as_of), _failed(checks, as_of))
    return customers.withColumn(FAILED_CHECKS, failed).drop(_HAS_DECIMALS)


def _has_decimals(columns: Iterable[str]) -> Column:
    as_read = [F.col(name) for name in columns if name.startswith(AS_READ)]
    return reduce(or_, [F.coalesce(value != F.floor(value), F.lit(False)) for value in as_read], F.lit(False))


def _failed(checks: Iterable[Check], as_of: date) -> Column:
    return reduce(add, [F.when(check.failed(as_of), bit(check)).otherwise(0) for check in checks])


def fails(bits: int) -> Column:
    """Whether a checked row fails one of the checks that *bits* stand for; null when it is not yet a customer."""
    return F.col(FAILED_CHECKS).bitwiseAND(F.lit(bits)) != 0
