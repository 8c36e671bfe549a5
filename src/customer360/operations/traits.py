"""
What the operations say about a customer, as PySpark expressions.

They hold for rows as `known_customers` leaves them: nothing lies after the as-of date, and last_login is a day.
"""

from __future__ import annotations

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

    Put together: not every engine truncates days of all centuries, and counting back is seven times as slow.
    """
    return F.make_date(F.year(day), F.month(day), F.lit(1))


def is_active_by_behaviour(days_since_last_login: Column) -> Column:
    """Whether the last login lies in the `ACTIVE_DAYS` days that end with the as-of date; false without one."""
    return F.coalesce(days_since_last_login < ACTIVE_DAYS, F.lit(False))


def activity() -> Column:
    """The stored is_active as a word, never null."""
    return F.when(F.col("is_active"), ACTIVE).when(~F.col("is_active"), INACTIVE).otherwise(UNKNOWN)


def has_purchased() -> Column:
    """Funnel stage 2 taken alone."""
    return F.col("first_purchase").isNotNull()


def has_logged_in_since() -> Column:
    """Funnel stage 3 taken alone: the last login is of the day of the first purchase or later."""
    return F.coalesce(F.col("last_login") >= F.col("first_purchase"), F.lit(False))


def is_flagged_active() -> Column:
    """Funnel stage 4 taken alone; an unknown flag is not active."""
    return F.coalesce(F.col("is_active"), F.lit(False))


def funnel_stage() -> Column:
    """Deepest stage without a gap: 1 joined, 2 first purchase, 3 logged in since, 4 active."""
    return F.when(~has_purchased(), 1).when(~has_logged_in_since(), 2).when(~is_flagged_active(), 3).otherwise(4)


def is_out_of_order() -> Column:
    """
    Whether a later funnel stage is met without an earlier one.

    Only an active flag can do so: who logged in since the first purchase has purchased.
    """
    return is_flagged_active() & ~has_logged_in_since()


def trimmed(column: str) -> Column:
    """The text of *column* without the blanks around it, those of Unicode too."""
    return F.btrim(column, F.lit(_BLANKS))


def or_unknown(column: str) -> Column:
    """The text of *column* without the blanks around it; 'Unknown' when it is null or blank."""
    text = trimmed(column)
    return F.when(text != "", text).otherwise(UNKNOWN)


def one_of(values: tuple[str, ...], column: str) -> Column:
    """
    The one of *values* that *column* holds, regardless of letter case and surrounding blanks, else 'Other'.

    'Unknown' when it is null or blank. Letter case is looked at only where the text is not one of *values* as is.
    """
    text = or_unknown(column)
    members = {folded(value): value for value in (*values, UNKNOWN)}
    spelt = reduce(
        lambda found, member: found.when(F.lower(text) == member[0], member[1]),
        members.items(),
        F.when(text.isin(*members.values()), text),
    )
    return spelt.otherwise(OTHER)


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
    number = F.when(value.isNull(), None)
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
