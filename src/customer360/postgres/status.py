"""What is in the database, and how fresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from customer360.postgres import catalog, ddl
from customer360.postgres.connection import Database
from customer360.postgres.origin import Origin, change_since_filled, origin
from customer360.tables import CUSTOMER_SEGMENTS, CUSTOMERS, DATA_QUALITY, REFRESHES, TABLES

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""By so much the clocks of two machines may differ without a word."""

FILL_KEPT_WITH: Final = CUSTOMER_SEGMENTS
"""The table whose facts hold the filling of the customers that a refresh found."""


@dataclass(frozen=True)
class Status:
    """
    A database as it stands: `rows` by table (only those that exist), who filled the customers, the last refresh.

    *as_of* and *age_seconds* are those of the last refresh; its age is negative when its clock was ahead. *stale*
    means that the customers were filled after it. *customers_change* says how mock data differs from what was
    filled, None when it does not.
    """

    where: str
    server_version: str
    customers_kind: str
    customers_facts: dict[str, Any]
    customers_change: str | None
    rows: dict[str, int]
    last_refresh: dict[str, Any] | None
    as_of: str | None
    age_seconds: int | None
    stale: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def status(database: Database) -> Status:
    with database.connect("customer360 status") as connection:
        found = origin(connection, CUSTOMERS.full_name)
        refresh = last_refresh(connection)
        return Status(
            database.where,
            catalog.value(connection, "SHOW server_version").split()[0],
            found.kind,
            found.facts,
            _change(connection, found),
            _rows(connection),
            refresh,
            *_freshness(refresh),
            is_filled_since(found, fill_of(connection, refresh), refresh),
        )


def _change(connection: psycopg.Connection[Any], found: Origin) -> str | None:
    try:
        return change_since_filled(connection, found) if found.kind == "mock" else None
    except psycopg.errors.InsufficientPrivilege:
        return None  # who may read the customers but not the ledger is not told


def _freshness(refresh: dict[str, Any] | None) -> tuple[str | None, int | None]:
    if refresh is None:
        return None, None
    return refresh["as_of_date"], int(age(datetime.fromisoformat(refresh["finished_at"])).total_seconds())


def age(finished_at: datetime) -> timedelta:
    """
    How long ago a refresh was published, by this machine's clock.

    Negative when the clock that stamped it was ahead, by more than two machines' clocks usually differ.
    """
    age = datetime.now(timezone.utc).replace(tzinfo=None) - finished_at
    return age if age < -CLOCK_TOLERANCE else max(timedelta(), age)


def _rows(connection: psycopg.Connection[Any]) -> dict[str, int]:
    present = [table for table in TABLES if catalog.exists(connection, table.full_name)]
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


def next_refresh_id(connection: psycopg.Connection[Any]) -> int:
    """One more than any in the history: either table of it may have been renamed or dropped."""
    tables = [table for table in (REFRESHES, DATA_QUALITY) if catalog.exists(connection, table.full_name)]
    query = sql.SQL("SELECT coalesce(max(refresh_id), 0) FROM {}")
    last = [int(catalog.value(connection, query.format(ddl.identifier(table)))) for table in tables]
    return max(last, default=0) + 1


def fill_of(connection: psycopg.Connection[Any], refresh: Mapping[str, Any] | None) -> str | None:
    """The filling of `public.customers` that was there at the last *refresh*; None where that is not known."""
    facts = origin(connection, FILL_KEPT_WITH.full_name).facts
    return facts.get("customers_fill") if refresh and facts.get("refresh_id") == refresh["refresh_id"] else None


def is_filled_since(customers: Origin, fill_before: str | None, refresh: Mapping[str, Any] | None) -> bool:
    """
    Whether `mock` or `load` filled the customers after *refresh*, at which they were those of *fill_before*.

    Where that is not known, as after a refresh of an older version, the clocks decide.
    """
    filled_at = customers.facts.get("filled_at")
    if filled_at is None or refresh is None:
        return filled_at is not None
    if fill_before is not None:
        return fill_before != customers.fill
    return datetime.fromisoformat(filled_at) > datetime.fromisoformat(refresh["started_at"])
