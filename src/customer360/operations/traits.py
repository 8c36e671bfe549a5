"""
Traits of a customer, as PySpark expressions.

They require rows as returned by `known_customers`: nothing is after the as-of date, and last_login is a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import reduce
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

from customer360.bands import Bands
from customer360.tables import ACTIVE_DAYS, OTHER, UNKNOWN, folded

ACTIVE: Final = "Active"
INACTIVE: Final = "Inactive"
_BLANKS: Final = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace())
"""The characters that `str.strip` removes."""


def known_at(column: str, as_of: date) -> Column:
    """The day in *column* if it is not after *as_of*, else null: it had not happened yet."""
    return F.when(F.col(column) <= F.lit(as_of), F.col(column))


def days_until(as_of: date, column: str) -> Column:
    """Whole days from *column* to *as_of*: 0 on the same day."""
    return F.date_diff(F.lit(as_of), F.col(column))


def month(day: Column) -> Column:
    """
    The first day of the month of *day*.

    Computed from the number of the day: some engines cannot truncate days of all centuries, and subtracting days
    from a date takes seven times as long.
    """
    return F.date_from_unix_date(F.unix_date(day) - F.dayofmonth(day) + 1)


def years_until(as_of: date, column: str) -> Column:
    """Whole years from the day in *column* to *as_of*; null if the day is after *as_of*."""
    day = F.col(column)
    number = F.year(day) * 10_000 + F.month(day) * 100 + F.dayofmonth(day)
    last = as_of.year * 10_000 + as_of.month * 100 + as_of.day
    return F.when(day <= F.lit(as_of), F.floor((F.lit(last) - number) / 10_000).cast("int"))


def is_active_by_behaviour(as_of: date) -> Column:
    """Whether `last_seen` is in the `ACTIVE_DAYS` days that end with *as_of*; false if null."""
    return F.coalesce(days_until(as_of, "last_seen") < ACTIVE_DAYS, F.lit(False))


def activity(flag: str = "is_active") -> Column:
    """The *flag* as a word, never null."""
    return F.when(F.col(flag), ACTIVE).when(~F.col(flag), INACTIVE).otherwise(UNKNOWN)


def has_purchased() -> Column:
    """The condition of funnel stage 2 alone."""
    return F.col("first_purchase").isNotNull()


def has_logged_in_since() -> Column:
    """The condition of funnel stage 3 alone: the last login is on a later day than the first purchase."""
    return F.coalesce(F.col("last_login") > F.col("first_purchase"), F.lit(False))


def is_active() -> Column:
    """The condition of funnel stage 4 alone: the column activity, which is required, is 'Active'."""
    return F.col("activity") == ACTIVE


def funnel_stage() -> Column:
    """The deepest stage without a gap: 1 joined, 2 first purchase, 3 logged in since, 4 active."""
    return F.when(~has_purchased(), 1).when(~has_logged_in_since(), 2).when(~is_active(), 3).otherwise(4)


def is_out_of_order() -> Column:
    """
    Whether a later funnel stage is reached without an earlier one.

    Only active customers can do so: a login after the first purchase implies a purchase.
    """
    return is_active() & ~has_logged_in_since()


def trimmed(column: str) -> Column:
    """The text of *column* without surrounding blanks, including Unicode blanks."""
    return F.btrim(column, F.lit(_BLANKS))


def or_unknown(column: str, unknown: str = UNKNOWN) -> Column:
    """The text of *column* without surrounding blanks; *unknown* if it is null or blank."""
    text = trimmed(column)
    return F.when(text != "", text).otherwise(unknown)


def one_of(values: tuple[str, ...], column: str, unknown: str = UNKNOWN) -> Column:
    """
    The one of *values* that *column* contains, regardless of letter case and surrounding blanks, else 'Other'.

    *unknown* if it is null or blank. Blanks and letter case are compared only if the text is not already one of
    *values*.
    """
    text = or_unknown(column, unknown)
    members = {folded(value): value for value in (*values, unknown)}
    spelt = reduce(
        lambda found, member: found.when(F.lower(text) == member[0], member[1]),
        members.items(),
        F.when(F.col(column).isin(*members.values()), F.col(column)),
    )
    return spelt.otherwise(OTHER)


def place(values: Sequence[str], text: Column) -> Column:
    """The index of *text* in *values*, from 0; null if it is not one. Numbers group faster than texts."""
    return F.coalesce(*[F.when(text == value, number) for number, value in enumerate(values)])


def at_place(values: Sequence[str], number: Column) -> Column:
    """The one of *values* at the index *number*."""
    return F.coalesce(*[F.when(number == place, value) for place, value in enumerate(values)])


def shown_id() -> Column:
    """The customer's id in the results: never null, and never an e-mail address, which is contact data."""
    is_shown = (trimmed("source_id") != "") & ~F.col("source_id").contains("@")
    return F.when(is_shown, F.col("source_id")).otherwise(F.col("customer_id").cast("string"))


def band_number(column: Column, bands: Bands) -> Column:
    """
    The number of the band of *column*, exactly as in `Bands.number`; null if in no band.

    Found by bisection: six comparisons instead of up to forty. They compare doubles, at a tenth of the cost of
    Spark's decimals; this is exact, because different numbers of at most 15 digits are different doubles.
    """
    value = column.cast("double")
    number = F.when(value.isNull(), bands.number_of_null)
    if bands.of_amounts:
        number = number.when(value < 0, -1).when(value == 0, 0)
    return number.otherwise(_halved(value, [float(edge) for edge in bands.edges], lowest=1))


def _halved(value: Column, edges: list[float], lowest: int) -> Column:
    """The number of the band between *edges* that contains *value*, counted from *lowest*."""
    if not edges:
        return F.lit(lowest)
    middle = len(edges) // 2
    below = _halved(value, edges[:middle], lowest)
    return F.when(value <= edges[middle], below).otherwise(
        _halved(value, edges[middle + 1 :], lowest + middle + 1)
    )
