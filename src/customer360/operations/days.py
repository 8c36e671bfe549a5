"""Days of a month as the bits of one number: bit 0 is the first; `bit_or` of a group counts each day once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

MOST_DAYS: Final = 31
ALL: Final = (1 << MOST_DAYS) - 1


def bit(day: Column, offset: int = 0) -> Column:
    """The number with the bit of *day*, moved up by *offset*."""
    return F.call_function("shiftleft", F.lit(1).cast("bigint"), F.dayofmonth(day) + (offset - 1))


def lower(days: Column) -> Column:
    """The first of two months' worth of bits that share a number."""
    return days.bitwiseAND(F.lit(ALL))


def upper(days: Column) -> Column:
    """The second of two months' worth of bits that share a number."""
    return F.shiftright(days, MOST_DAYS)


def first(month: Column, days: Column) -> Column:
    """The first of the *days* of *month*; null without any."""
    return _day(month, days, F.bit_count(days.bitwiseXOR(days - 1)) - 1)


def last(month: Column, days: Column) -> Column:
    """The last of the *days* of *month*; null without any. Half a bit keeps a rounded logarithm below the next."""
    return _day(month, days, F.floor(F.log2(days + 0.5)))


def _day(month: Column, days: Column, place: Column) -> Column:
    """By way of the number of the day: to add days to a date takes twenty times as long."""
    return F.when(days != 0, F.date_from_unix_date(F.unix_date(month) + place.cast("int")))


def count_within(month: Column, days: Column, since: date, until: date) -> Column:
    """How many of the *days* of *month* lie between *since* and *until*, both included."""
    wanted: dict[date, int] = {}
    for number in range((until - since).days + 1):
        day = since + timedelta(days=number)
        first_day = day.replace(day=1)
        wanted[first_day] = wanted.get(first_day, 0) | 1 << (day.day - 1)
    bits = [F.when(month == F.lit(of), days.bitwiseAND(F.lit(mask))) for of, mask in wanted.items()]
    return F.bit_count(F.coalesce(*bits, F.lit(0).cast("bigint")))
