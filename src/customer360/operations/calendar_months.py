"""Every month of the report, so that a month without customers is still on the axis."""

from __future__ import annotations

from datetime import date
from typing import Final

from pyspark.sql import DataFrame, SparkSession

from customer360 import tables
from customer360.operations.conform import table_of
from customer360.operations.survey import Survey

_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def calendar_months(spark: SparkSession, survey: Survey, *, as_of: date) -> DataFrame:
    """One row per month from that of the first join_date to that of *as_of*; none when no join_date is known."""
    first = survey.first_join_date
    numbers = range(_number(first), _number(as_of) + 1) if first else ()
    return table_of(spark, tables.CALENDAR_MONTHS, [_row(*divmod(number, 12)) for number in numbers])


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _row(year: int, months: int) -> tuple[date, int, str, str]:
    return date(year, months + 1, 1), year, f"{year} Q{months // 3 + 1}", f"{_NAMES[months]} {year}"
