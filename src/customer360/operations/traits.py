"""
What the operations say about a customer, as PySpark expressions.

They hold for rows as `known_customers` leaves them: nothing lies after the as-of date, and last_login is a day.
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
    """The day in *column* when it is not after *as_of*, else null: it had not happened yet."""
    return F.when(F.col(column) <= F.lit(as_of), F.col(column))


def days_until(as_of: date, column: str) -> Column:
    """Whole days from *column* to *as_of*: 0 on that very day."""
    return F.date_diff(F.lit(as_of), F.col(column))


def month(day: Column) -> Column:
    """
    The first day of the month of *day*.

    Counted back by the number of the day: not every engine truncates days of all centuries, and to subtract days
    from a date takes seven times as long.
    """
    return F.date_from_unix_date(F.unix_date(day) - F.dayofmonth(day) + 1)


def years_until(as_of: date, column: str) -> Column:
    """Whole years from the day in *column* to *as_of*; null where that day lies after it."""
    day = F.col(column)
    number = F.year(day) * 10_000 + F.month(day) * 100 + F.dayofmonth(day)
    last = as_of.year * 10_000 + as_of.month * 100 + as_of.day
    return F.when(day <= F.lit(as_of), F.floor((F.lit(last) - number) / 10_000).cast("int"))


def is_active_by_behaviour(as_of: date) -> Column:
    """Whether `last_seen` lies in the `ACTIVE_DAYS` days that end with *as_of*; false without one."""
    return F.coalesce(days_until(as_of, "last_seen") < ACTIVE_DAYS, F.lit(False))


def activity(flag: str = "is_active") -> Column:
    """The *flag* as a word, never null."""
    return F.when(F.col(flag), ACTIVE).when(~F.col(flag), INACTIVE).otherwise(UNKNOWN)


def has_purchased() -> Column:
    """Funnel stage 2 taken alone."""
    return F.col("first_purchase").isNotNull()


def has_logged_in_since() -> Column:
    """Funnel stage 3 taken alone: the last login is of a later day than the first purchase."""
    return F.coalesce(F.col("last_login") > F.col("first_purchase"), F.lit(False))


def is_active() -> Column:
    """Funnel stage 4 taken alone: the activity, which has to be there, is 'Active'."""
    return F.col("activity") == ACTIVE


def funnel_stage() -> Column:
    """Deepest stage without a gap: 1 joined, 2 first purchase, 3 logged in since, 4 active."""
    return F.when(~has_purchased(), 1).when(~has_logged_in_since(), 2).when(~is_active(), 3).otherwise(4)


def is_out_of_order() -> Column:
    """
    Whether a later funnel stage is met without an earlier one.

    Only the active can do so: whoever logged in after the first purchase has purchased.
    """
    return is_active() & ~has_logged_in_since()


def trimmed(column: str) -> Column:
    """The text of *column* without the blanks around it, those of Unicode too."""
    return F.btrim(column, F.lit(_BLANKS))


def or_unknown(column: str, unknown: str = UNKNOWN) -> Column:
    """The text of *column* without the blanks around it; *unknown* when it is null or blank."""
    text = trimmed(column)
    return F.when(text != "", text).otherwise(unknown)


def one_of(values: tuple[str, ...], column: str, unknown: str = UNKNOWN) -> Column:
    """
    The one of *values* that *column* holds, regardless of letter case and surrounding blanks, else 'Other'.

    *unknown* when it is null or blank. Blanks and letter case are looked at only where the text is not one of
    *values* as it stands.
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
    """The place of *text* among *values*, from 0; null when it is none. Numbers group faster than texts."""
    return F.coalesce(*[F.when(text == value, number) for number, value in enumerate(values)])


def at_place(values: Sequence[str], number: Column) -> Column:
    """The one of *values* at the place *number*."""
    return F.coalesce(*[F.when(number == place, value) for place, value in enumerate(values)])


def shown_id() -> Column:
    """What the results call a customer: never null, nor an e-mail address, which is contact data."""
    is_shown = (trimmed("source_id") != "") & ~F.col("source_id").contains("@")
    return F.when(is_shown, F.col("source_id")).otherwise(F.col("customer_id").cast("string"))


def band_number(column: Column, bands: Bands) -> Column:
    """
    The number of the band of *column*, exactly as `Bands.number` gives it; null in no band.

    Found by halving: six comparisons instead of up to forty. They are made as doubles, which cost a tenth of what
    Spark's decimals do and are exact here, for no two numbers of at most 15 digits share a double.
    """
    value = column.cast("double")
    number = F.when(value.isNull(), bands.number_of_null)
    if bands.of_amounts:
        number = number.when(value < 0, -1).when(value == 0, 0)
    return number.otherwise(_halved(value, [float(edge) for edge in bands.edges], lowest=1))


def _halved(value: Column, edges: list[float], lowest: int) -> Column:
    """Which of the bands that *edges* close and open holds *value*, counted from *lowest*."""
    if not edges:
        return F.lit(lowest)
    middle = len(edges) // 2
    below = _halved(value, edges[:middle], lowest)
    return F.when(value <= edges[middle], below).otherwise(
        _halved(value, edges[middle + 1 :], lowest + middle + 1)
    )
