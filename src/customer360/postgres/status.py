"""What is in the database, and how fresh."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from customer360.postgres import catalog, ddl
from customer360.postgres.connection import Database
from customer360.postgres.origin import origin
from customer360.tables import CUSTOMERS, REFRESHES, TABLES


@dataclass(frozen=True)
class Status:
    """
    A database as it stands: `rows` by table (only those that exist), who filled the customers, the last refresh.

    *as_of* and *age_seconds* are those of the last refresh; *stale* means that the customers were filled after it.
    """

    where: str
    server_version: str
    customers_kind: str
    customers_facts: dict[str, Any]
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
            _rows(connection),
            refresh,
            *_freshness(refresh),
            _is_stale(found.facts.get("filled_at"), refresh),
        )


def _freshness(refresh: dict[str, Any] | None) -> tuple[str | None, int | None]:
    if refresh is None:
        return None, None
    return refresh["as_of_date"], int(age(datetime.fromisoformat(refresh["finished_at"])).total_seconds())


def age(finished_at: datetime) -> timedelta:
    """How long ago a refresh was published, by this machine's clock; never negative."""
    return max(timedelta(), datetime.now(timezone.utc).replace(tzinfo=None) - finished_at)


def _rows(connection: psycopg.Connection[Any]) -> dict[str, int]:
    present = [table for table in TABLES if catalog.exists(connection, table.full_name)]
    count = sql.SQL("SELECT count(*) FROM {}")
    return {table.full_name: catalog.value(connection, count.format(ddl.identifier(table))) for table in present}


def last_refresh(connection: psycopg.Connection[Any]) -> dict[str, Any] | None:
    """The latest row of the table refreshes, ready for JSON, or None when there is none."""
    if not catalog.exists(connection, REFRESHES.full_name):
        return None
    query = sql.SQL("SELECT * FROM {} ORDER BY refresh_id DESC LIMIT 1").format(ddl.identifier(REFRESHES))
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query).fetchone()
    return row and {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def _is_stale(filled_at: str | None, refresh: dict[str, Any] | None) -> bool:
    if filled_at is None:
        return False
    return refresh is None or datetime.fromisoformat(filled_at) > datetime.fromisoformat(refresh["started_at"])
