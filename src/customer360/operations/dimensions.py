"""The members of the dimensions: small tables, built from the survey."""

from __future__ import annotations

from datetime import date
from typing import Final

from pyspark.sql import DataFrame, SparkSession

from customer360 import tables
from customer360.operations.conform import table_of
from customer360.operations.survey import Survey

_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def loyalty_statuses(spark: SparkSession, survey: Survey) -> DataFrame:
    """One row per loyalty status that occurs, numbered from the lowest tier; 'Unknown' comes last."""
    rows = ((status, order) for order, status in enumerate(survey.loyalty_statuses, start=1))
    return table_of(spark, tables.LOYALTY_STATUSES, rows)


def activities(spark: SparkSession, survey: Survey) -> DataFrame:
    """One row per activity that occurs: 'Active', 'Inactive', 'Unknown'."""
    rows = ((activity, order) for order, activity in enumerate(survey.activities, start=1))
    return table_of(spark, tables.ACTIVITIES, rows)


def countries(spark: SparkSession, survey: Survey) -> DataFrame:
    """One row per country that a segment can have: most customers first, then 'Other', then 'Unknown'."""
    rows = ((country, order) for order, country in enumerate(survey.countries, start=1))
    return table_of(spark, tables.COUNTRIES, rows)


def bands(spark: SparkSession, survey: Survey) -> DataFrame:
    """One row per banded column and band, in ascending order, including bands without customers."""
    rows = [
        (banded.banded_column, band.number, band.low, band.high, band.label)
        for banded in survey.bands
        for band in banded.all()
    ]
    return table_of(spark, tables.BANDS, rows)


def calendar_months(spark: SparkSession, survey: Survey, *, as_of: date) -> DataFrame:
    """One row per month from the first join_date or event to *as_of*; no rows without either."""
    first = min(filter(None, (survey.first_join_date, survey.first_event)), default=None)
    numbers = range(_number(first), _number(as_of) + 1) if first else ()
    return table_of(spark, tables.CALENDAR_MONTHS, [_row(*divmod(number, 12)) for number in numbers])


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _row(year: int, months: int) -> tuple[date, int, str, str]:
    return date(year, months + 1, 1), year, f"{year} Q{months // 3 + 1}", f"{_NAMES[months]} {year}"
