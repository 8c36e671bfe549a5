"""What the database contains, and how fresh it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from customer360.postgres import catalog, ddl
from customer360.postgres.connection import Database
from customer360.postgres.obstacle import obstacle
from customer360.postgres.origin import Origin, change_since_filled, origin, recorded
from customer360.tables import CUSTOMER_SEGMENTS, DATA_QUALITY, REFRESH_SOURCES, REFRESHES, TABLES, Source, Table

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How much the clocks of two machines may differ without a warning."""

FILL_KEPT_WITH: Final = CUSTOMER_SEGMENTS
"""The table that records which filling of each source a refresh found."""


@dataclass(frozen=True)
class SourceStatus:
    """The state of a source table: who filled it, and how mock data differs from what was filled, if it does."""

    origin: Origin
    change: str | None
    obstacle: str | None = None
    """Why a run does not read an optional source, if a table merely has its name."""


@dataclass(frozen=True)
class Status:
    """
    The state of a database: its *sources* by name, `rows` by table (existing ones only), the last refresh.

    *as_of* and *age_seconds* are those of the last refresh; its age is negative when its clock was ahead. *stale*
    means that a source was filled after it.
    """

    where: str
    server_version: str
    sources: dict[str, SourceStatus]
    rows: dict[str, int]
    last_refresh: dict[str, Any] | None
    as_of: str | None
    age_seconds: int | None
    stale: bool

    def as_json(self) -> dict[str, Any]:
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "sources"}
        for name, source in self.sources.items():
            values[f"{name}_kind"] = source.origin.kind
            values[f"{name}_facts"] = source.origin.comment
            values[f"{name}_change"] = source.change
        return values


def status(database: Database, tables: Sequence[Table] = TABLES) -> Status:
    """The origin of each source among *tables*, the rows of each table, and the last refresh."""
    sources = [table for table in tables if isinstance(table, Source)]
    with database.connect("customer360 status") as connection:
        refresh = last_refresh(connection)
        before = {source: fill_of(connection, source, refresh) for source in sources}
        origins = {source: origin(connection, source.full_name) for source in sources}
        states = {one.name: _source_status(connection, one, found) for one, found in origins.items()}
        return Status(
            database.where,
            catalog.value(connection, "SHOW server_version").split()[0],
            states,
            _rows(
                connection,
                [one for one in tables if one.name not in states or not states[one.name].obstacle],
            ),
            refresh,
            *_freshness(refresh),
            any(is_filled_since(found, before[source], refresh) for source, found in origins.items()),
        )


def _source_status(connection: psycopg.Connection[Any], source: Source, found: Origin) -> SourceStatus:
    is_somebodys = source.is_optional and found.kind == "unknown"
    return SourceStatus(
        found, _change(connection, source, found), obstacle(connection, source) if is_somebodys else None
    )


def _change(connection: psycopg.Connection[Any], source: Table, found: Origin) -> str | None:
    try:
        is_ours = found.kind in ("mock", "absent") and found.fill
        return change_since_filled(connection, source, found) if is_ours else None
    except psycopg.errors.InsufficientPrivilege:
        return None  # not reported to users who may read the source but not the ledger


def _freshness(refresh: dict[str, Any] | None) -> tuple[str | None, int | None]:
    if refresh is None:
        return None, None
    return refresh["as_of_date"], int(age(datetime.fromisoformat(refresh["finished_at"])).total_seconds())


def age(finished_at: datetime) -> timedelta:
    """
    How long ago a refresh was published, by this machine's clock.

    Negative when the clock that stamped it was ahead by more than two machines' clocks usually differ.
    """
    age = datetime.now(timezone.utc).replace(tzinfo=None) - finished_at
    return age if age < -CLOCK_TOLERANCE else max(timedelta(), age)


def _rows(connection: psycopg.Connection[Any], tables: Sequence[Table]) -> dict[str, int]:
    present = [table for table in tables if catalog.exists(connection, table.full_name)]
    count = sql.SQL("SELECT count(*) FROM {}")
    return {table.full_name: catalog.value(connection, count.format(ddl.identifier(table))) for table in present}


def last_refresh(connection: psycopg.Connection[Any]) -> dict[str, Any] | None:
    """The latest row of the table refreshes, ready for JSON, or None when there is none."""
    if not catalog.is_reachable(connection, REFRESHES):
        return None
    query = sql.SQL("SELECT * FROM {} ORDER BY refresh_id DESC LIMIT 1").format(ddl.identifier(REFRESHES))
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query).fetchone()
    return row and {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def read_by(
    connection: psycopg.Connection[Any], refresh: Mapping[str, Any] | None, table: str
) -> dict[str, Any] | None:
    """*refresh* with what it read from *table* instead of the customers; None when that is not known."""
    if refresh is None or not catalog.is_reachable(connection, REFRESH_SOURCES):
        return None
    query = sql.SQL("SELECT source, kind, rows_out FROM {} WHERE refresh_id = %s AND source = %s")
    wanted = (refresh["refresh_id"], table)
    row = connection.execute(query.format(ddl.identifier(REFRESH_SOURCES)), wanted).fetchone()
    return row and {**refresh, **dict(zip(("source_table", "source_kind", "rows_out"), row, strict=True))}


def noted_as_missing(connection: psycopg.Connection[Any], refresh: Mapping[str, Any]) -> list[str]:
    """The missing columns that *refresh* recorded, one text per source; empty for an older version."""
    if not catalog.is_reachable(connection, REFRESH_SOURCES):
        return []
    query = sql.SQL("SELECT missing_columns FROM {} WHERE refresh_id = %s").format(ddl.identifier(REFRESH_SOURCES))
    return [text for (text,) in connection.execute(query, [refresh["refresh_id"]]).fetchall()]


def next_refresh_id(connection: psycopg.Connection[Any]) -> int:
    """One more than the highest in the history; either of its tables may have been renamed or dropped."""
    tables = [
        table
        for table in (REFRESHES, REFRESH_SOURCES, DATA_QUALITY)
        if catalog.exists(connection, table.full_name)
    ]
    query = sql.SQL("SELECT coalesce(max(refresh_id), 0) FROM {}")
    last = [int(catalog.value(connection, query.format(ddl.identifier(table)))) for table in tables]
    return max(last, default=0) + 1


def fills(refresh_id: int, origins: Mapping[Source, Origin]) -> dict[str, Any]:
    """What a refresh records about the fillings of its sources, for `fill_of`."""
    return {"refresh_id": refresh_id, **{f"{source.name}_fill": found.fill for source, found in origins.items()}}


def fill_of(connection: psycopg.Connection[Any], source: Table, refresh: Mapping[str, Any] | None) -> str | None:
    """The filling of *source* at the last *refresh*; None when that is not known."""
    _, record = recorded(connection, FILL_KEPT_WITH.full_name)
    is_of_refresh = refresh and record.get("refresh_id") == refresh["refresh_id"]
    return record.get(f"{source.name}_fill") if is_of_refresh else None


def is_filled_since(found: Origin, fill_before: str | None, refresh: Mapping[str, Any] | None) -> bool:
    """
    Whether `mock` or `load` filled a source after *refresh*, when its filling was *fill_before*.

    If that is not known, as after a refresh of an older version, the clocks decide.
    """
    if found.filled_at is None or refresh is None:
        return found.filled_at is not None
    if fill_before is not None:
        return fill_before != found.fill
    return found.filled_at > datetime.fromisoformat(refresh["started_at"])
