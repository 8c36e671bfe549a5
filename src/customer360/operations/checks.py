"""
The checks of a source's rows in PySpark.

Every row gets one number, `failed_checks`, with a bit for each check that it fails. For millions of rows this is
cheaper than a list of names, and the counts by number contain every data quality figure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from functools import reduce
from operator import add, or_
from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from customer360.operations.conform import AS_READ
from customer360.operations.traits import days_until, known_at, place, trimmed
from customer360.tables import RowCheck, Source
from customer360.tables.row_checks import (
    Among,
    ComesBefore,
    Condition,
    Contradicts,
    HasDecimals,
    IsAbove,
    IsBelow,
    IsBlank,
    IsForgotten,
    IsMissing,
    IsNotKnownYet,
    IsOtherThan,
    LedgerCondition,
    LiesBefore,
    Repeats,
)

FAILED_CHECKS: Final = "failed_checks"


def day_of(source: Source, column: str) -> str:
    """The column of checked rows with the day of *column*; computed once for timestamps, which are slow."""
    return f"{column}_day" if source[column].type == "timestamp" else column


def number_of(column: str) -> str:
    """The column of checked rows with the index of *column* among its allowed values, if a check lists these."""
    return f"{column}_number"


def bits(source: Source, checks: Iterable[RowCheck]) -> int:
    """The bits of `failed_checks` for *checks*."""
    return sum(1 << source.checks.index(check) for check in checks)


def checked(
    rows: DataFrame, source: Source, *, as_of: date, keys_are_unique: bool, forgotten: Collection[int] = ()
) -> DataFrame:
    """
    *rows*, as returned by `source_rows`, with the days of their timestamps, the numbers of their kinds, and
    `failed_checks`, which is null for a row that is not known yet. As many rows.

    A row that becomes known after *as_of* does not exist yet: it is not checked, and does not count as a
    duplicate. With *keys_are_unique* (the source has a unique index) duplicates are not searched, which saves a
    shuffle of every row. *forgotten* are forgotten customers who occur again. Checks that need other rows are in
    `ledger_checks`.
    """
    present = rows.columns  # asked once: over Spark Connect each use is a request
    moments = [column.name for column in source.columns if column.type == "timestamp" and column.name in present]
    days = [F.col(name).cast("date").alias(day_of(source, name)) for name in moments]
    numbers = [_number(column, values).alias(number_of(column)) for column, values in _closed(source).items()]
    rows = rows.select("*", *days, *numbers)
    failed = [
        F.when(_fails(condition, source, present, as_of, forgotten), bits(source, [check])).otherwise(0)
        for check in source.checks
        if not isinstance(condition := check.condition, LedgerCondition)
        and not (keys_are_unique and isinstance(condition, Repeats))
        and (forgotten or not isinstance(condition, IsForgotten))
    ]
    return rows.withColumn(FAILED_CHECKS, F.when(_is_known(source, as_of), reduce(add, failed, F.lit(0))))


def fails(source: Source, checks: Iterable[RowCheck]) -> Column:
    """Whether a checked row fails one of *checks*; null when it is not known yet."""
    return F.col(FAILED_CHECKS).bitwiseAND(F.lit(bits(source, checks))) != 0


def _is_known(source: Source, as_of: date) -> Column:
    if not source.known_from:
        return F.lit(True)
    return F.coalesce(F.col(day_of(source, source.known_from)) <= F.lit(as_of), F.lit(True))


def _fails(
    condition: Condition, source: Source, present: Iterable[str], as_of: date, forgotten: Collection[int]
) -> Column:
    def day(column: str) -> Column:
        return F.col(day_of(source, column))

    def known_day(column: str) -> Column:
        return day(column) if column == source.known_from else known_at(day_of(source, column), as_of)

    match condition:
        case IsMissing(column):
            return F.col(column).isNull()
        case IsBlank(column):
            is_blank = F.coalesce(trimmed(column) == "", F.lit(True))
            return F.when(F.col(number_of(column)).isNull(), is_blank) if column in _closed(source) else is_blank
        case Repeats(column):
            return _repeats(column, source, as_of)
        case HasDecimals(columns):
            as_read = [F.col(AS_READ + column) for column in columns if AS_READ + column in present]
            return _any(value != F.floor(value) for value in as_read)
        case IsBelow(column, limit):
            return F.col(column) < limit
        case IsAbove(column, limit):
            return F.col(column) > limit
        case LiesBefore(columns, earliest):
            return _any(day(column) < F.lit(earliest) for column in columns)
        case ComesBefore(column, other):
            return day(column) < known_day(other)
        case IsNotKnownYet(column):
            return day(column) > F.lit(as_of)
        case Contradicts(flag, moment, days):
            is_recent = days_until(as_of, day_of(source, moment)) < days
            return known_day(moment).isNotNull() & (F.col(flag) != is_recent)
        case IsOtherThan(column, _):
            return F.col(column).isNotNull() & F.col(number_of(column)).isNull()
        case IsForgotten(column):
            return F.col(column).isin(*forgotten)
        case Among(column, values, of_these):
            numbers = map(_closed(source)[column].index, values)
            return F.when(
                F.col(number_of(column)).isin(*numbers), _fails(of_these, source, present, as_of, forgotten)
            )


def _closed(source: Source) -> dict[str, tuple[str, ...]]:
    """The columns whose allowed values a check of *source* lists, with these values."""
    conditions = (check.condition for check in source.checks)
    return {one.column: one.values for one in conditions if isinstance(one, IsOtherThan)}


def _number(column: str, values: tuple[str, ...]) -> Column:
    """The index of *column* among *values*, regardless of letter case."""
    return F.coalesce(place(values, F.col(column)), place(values, F.lower(column)))


def _any(conditions: Iterable[Column]) -> Column:
    """Whether one of *conditions* is true; null counts as false."""
    return reduce(or_, [F.coalesce(condition, F.lit(False)) for condition in conditions], F.lit(False))


def _repeats(column: str, source: Source, as_of: date) -> Column:
    rows_with_it = F.count(F.when(_is_known(source, as_of), 1)).over(Window.partitionBy(column))
    return F.col(column).isNotNull() & (rows_with_it > 1)
