"""As of when results are made: the day that was asked for, else the last day in the data, never simply today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import sql

from customer360.errors import Invalid
from customer360.pipeline.staging import now
from customer360.postgres import types
from customer360.postgres.ddl import named
from customer360.postgres.origin import Origin
from customer360.tables import Source, columns_read

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_DATED: Final = ("date", "timestamp", "timestamp with time zone")
LastDay = Callable[[date], date | None]
"""Finds the last day in the data up to a given one."""


@dataclass(frozen=True)
class AsOf:
    """The *day* up to which everything is known; *is_last_day* when it is the last one in the data."""

    day: date
    is_last_day: bool = False


def choose_as_of(asked: date | None, source: Origin, table: str, last_day: LastDay) -> AsOf:
    """
    The day *asked* for, else the one that `mock` or `load` was given, else the last in the data, else today (UTC).

    Raises: Customer360Error when customers derived from order lines are asked for as of a day before the last one,
    because only the sums of all lines are kept.
    """
    if asked is None and source.as_of is not None:
        return AsOf(source.as_of)
    if asked is not None and not source.transactions:
        return AsOf(asked)
    found = _last_day(source, last_day)
    if asked is None:
        return AsOf(found or now().date(), is_last_day=found is not None)
    if found is not None and asked < found:
        raise Invalid(
            f"{table} was derived from order lines up to {found}, so it cannot show {asked}; load the lines up "
            f"to that day, then run again: customer360 load --transactions FILE --as-of {asked} --replace"
        )
    return AsOf(asked)


def _last_day(source: Origin, last_day: LastDay) -> date | None:
    tomorrow = now().date() + timedelta(days=1)  # which it is in some time zones already
    return source.last_day or last_day(tomorrow)


def last_day_of_table(connection: psycopg.Connection[Any], source: Source, table: str) -> LastDay:
    """The last day in the date columns of *table*, which stands for *source*; None without any."""

    def find(until: date) -> date | None:
        dated = [
            field.name
            for field in types.fields(connection, named(table))
            if field.name in _dated(source) and field.postgres_type in _DATED
        ]
        return _greatest(connection, table, dated, until) if dated else None

    return find


def _greatest(connection: psycopg.Connection[Any], table: str, columns: list[str], until: date) -> date | None:
    last = sql.SQL("max({0}::date) FILTER (WHERE {0}::date <= {1} AND isfinite({0}))")
    days = [last.format(sql.Identifier(name), sql.Literal(until)) for name in columns]
    query = sql.SQL("SELECT greatest({}) FROM {}").format(sql.SQL(", ").join(days), named(table))
    ((found,),) = connection.execute(query).fetchall()
    day: date | None = found
    return day


def last_day_of_rows(source: Source, rows: DataFrame) -> LastDay:
    """The last day in the date columns of *rows*, which stand for *source*; reads these columns once."""
    from pyspark.sql import functions as F
    from pyspark.sql import types as t

    def find(until: date) -> date | None:
        dated = [field.name for field in rows.schema if isinstance(field.dataType, t.DatetimeType)]
        # By way of the session's time zone: a file may name another.
        days = [F.col(name).cast("timestamp").cast("date") for name in _dated(source) if name in dated]
        if not days:
            return None
        latest = [F.max(F.when(day <= F.lit(until), day)) for day in days]
        row = rows.agg(*latest).first()
        return max((day for day in row or () if day is not None), default=None)

    return find


def _dated(source: Source) -> list[str]:
    """The columns that say when something happened."""
    return [name for name in columns_read(source) if source[name].is_dated]
