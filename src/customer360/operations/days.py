"""Days of a month as the bits of a number: bit 0 is the first; `bit_or` over a group counts each day once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

MOST_DAYS: Final = 31
ALL: Final = (1 << MOST_DAYS) - 1


def bit(day: Column, offset: int = 0) -> Column:
    """The number with the bit of *day*, shifted left by *offset*."""
    return F.call_function("shiftleft", F.lit(1).cast("bigint"), F.dayofmonth(day) + (offset - 1))


def lower(days: Column) -> Column:
    """The lower of two sets of day bits in one number."""
    return days.bitwiseAND(F.lit(ALL))


def upper(days: Column) -> Column:
    """The upper of two sets of day bits in one number."""
    return F.shiftright(days, MOST_DAYS)


def first(month: Column, days: Column) -> Column:
    """The first of the *days* of *month*; null when there are none."""
    return _day(month, days, F.bit_count(days.bitwiseXOR(days - 1)) - 1)


def last(month: Column, days: Column) -> Column:
    """The last of the *days* of *month*; null when there are none. Half a bit guards against rounding up."""
    return _day(month, days, F.floor(F.log2(days + 0.5)))


def _day(month: Column, days: Column, place: Column) -> Column:
    """Uses the number of the day: adding days to a date takes twenty times as long."""
    return F.when(days != 0, F.date_from_unix_date(F.unix_date(month) + place.cast("int")))


def count_within(month: Column, days: Column, since: date, until: date) -> Column:
    """How many of the *days* of *month* are from *since* to *until*, inclusive."""
    wanted: dict[date, int] = {}
    for number in range((until - since).days + 1):
        day = since + timedelta(days=number)
        first_day = day.replace(day=1)
        wanted[first_day] = wanted.get(first_day, 0) | 1 << (day.day - 1)
    bits = [F.when(month == F.lit(of), days.bitwiseAND(F.lit(mask))) for of, mask in wanted.items()]
    return F.bit_count(F.coalesce(*bits, F.lit(0).cast("bigint")))
