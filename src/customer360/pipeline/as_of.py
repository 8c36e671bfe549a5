"""The as-of date of results: the requested day, else the last day in the data, but never simply today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

import psycopg
from psycopg import sql

from customer360.errors import Invalid
from customer360.pipeline.staging import now
from customer360.postgres import types
from customer360.postgres.ddl import named
from customer360.postgres.origin import Origin
from customer360.tables import Source, columns_read
from customer360.tables.row_checks import IsNotKnownYet

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_DATED: Final = ("date", "timestamp", "timestamp with time zone")
LastDay = Callable[[date], date | None]
"""Finds the last day in the data up to a given one."""


@dataclass(frozen=True)
class AsOf:
    """The last *day* treated as known; *is_last_day* if it is the last one in the data."""

    day: date
    is_last_day: bool = False


class Dated(Protocol):
    """A source that is read: its origin, its name, and the last day in it."""

    @property
    def origin(self) -> Origin: ...
    @property
    def name(self) -> str: ...
    @property
    def last_day(self) -> LastDay: ...


def choose_as_of(
    asked: date | None, customers: Dated, events: Dated | None = None, *, is_derived: bool = False
) -> AsOf:
    """
    The day *asked* for, else that of `mock` or `load`, else the last day in the data, else today (UTC).

    Raises: Customer360Error when customers derived from order lines are requested as of a day before the last one,
    without the *events* that they are derived from (*is_derived*): then only the sums of all lines are known.
    """
    sources = [customers, *([events] if events else [])]
    given = [one.origin.as_of for one in sources if one.origin.as_of is not None]
    if asked is None and given:
        return AsOf(max(given))
    if asked is None:
        found = max(filter(None, map(_last_day, sources)), default=None)
        return AsOf(found or now().date(), is_last_day=found is not None)
    if customers.origin.transactions and not is_derived:
        _require_no_past(asked, customers)
    return AsOf(asked)


def _require_no_past(asked: date, customers: Dated) -> None:
    found = _last_day(customers)
    if found is not None and asked < found:
        raise Invalid(
            f"{customers.name} was derived from order lines up to {found}, and without their events it has no "
            f"state as of {asked}; load the lines again, which keeps their events: customer360 load "
            "--transactions FILE --replace"
        )


def _last_day(source: Dated) -> date | None:
    tomorrow = now().date() + timedelta(days=1)  # it is already tomorrow in some time zones
    return source.origin.last_day or source.last_day(tomorrow)


def last_day_of_table(connection: psycopg.Connection[Any], source: Source, table: str) -> LastDay:
    """The last day in the date columns of *table*, read as *source*; None without any."""

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
    """The last day in the date columns of *rows*, read as *source*; reads these columns once."""
    from pyspark.sql import functions as F
    from pyspark.sql import types as t

    def find(until: date) -> date | None:
        dated = [field.name for field in rows.schema if isinstance(field.dataType, t.DatetimeType)]
        # Converted to the session's time zone: a file may have another.
        days = [F.col(name).cast("timestamp").cast("date") for name in _dated(source) if name in dated]
        if not days:
            return None
        latest = [F.max(F.when(day <= F.lit(until), day)) for day in days]
        row = rows.agg(*latest).first()
        return max((day for day in row or () if day is not None), default=None)

    return find


def _dated(source: Source) -> list[str]:
    """The columns that say when something happened, which excludes birthdays and the expiry dates of points."""
    happened = {check.condition.column for check in source.checks if isinstance(check.condition, IsNotKnownYet)}
    return [name for name in columns_read(source) if name in happened or name == source.known_from]
