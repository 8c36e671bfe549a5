"""Everything the database contains about one customer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from customer360.people.access_log import local_user, log_access
from customer360.people.audiences import saved
from customer360.people.forgotten_access import entries_of
from customer360.people.person import Person, columns_of, find, is_customer, rejected_of
from customer360.people.sql import AUDIENCES
from customer360.postgres import ddl
from customer360.postgres.connection import Database
from customer360.tables import (
    CUSTOMER_CONTACTS,
    CUSTOMER_MONTHS,
    CUSTOMER_MOVES,
    CUSTOMER_PROFILES,
    CUSTOMERS,
    EVENTS,
    TOP_CUSTOMERS,
    TOP_SPENDERS,
    Table,
)

TABLES: Final = (
    CUSTOMERS, EVENTS, CUSTOMER_CONTACTS, CUSTOMER_PROFILES, CUSTOMER_MONTHS, CUSTOMER_MOVES, TOP_CUSTOMERS,
    TOP_SPENDERS,
)  # fmt: skip
"""The tables with rows of individual customers."""
_ORDER: Final = ("occurred_at", "month", "event_id")


def about(database: Database, asked: str) -> dict[str, Any]:
    """
    Everything about the customer whose customer_id or source_id is *asked*: rows by table, ready for JSON.

    Includes the rejected rows that contain the customer, the audiences that include it, and the entries of the
    access log that name it. This access is logged before anything is returned.
    Raises: Invalid when no customer has the id; Unavailable when the access cannot be logged.
    """
    with database.connect("customer360 about") as connection:
        person = find(connection, asked)
        found = _known(connection, person)
    log_access(database, local_user(), "about", _selection(person), 1)
    return found


def _selection(person: Person) -> str:
    """The text for the log: an id that only rejected rows have may be an e-mail address."""
    return "rejected rows" if person.customer_id is None else f"customer_id={person.customer_id}"


def _known(connection: psycopg.Connection[Any], person: Person) -> dict[str, Any]:
    rows = {table.full_name: _rows(connection, table, person.customer_id) for table in TABLES}
    rejected = [dict(one.row) for one in rejected_of(connection, person)]
    for row in rejected:
        row["original_row"] = json.loads(row["original_row"])
    return {
        "customer_id": person.customer_id,
        "source_ids": sorted(person.source_ids),
        "tables": {name: found for name, found in rows.items() if found},
        "rejected_rows": rejected,
        "audiences": list(_audiences(connection, person.customer_id)),
        "access_log": [_plain(row) for row in entries_of(connection, person)],
    }


def _rows(connection: psycopg.Connection[Any], table: Table, customer_id: int | None) -> list[dict[str, Any]]:
    columns = columns_of(connection, table)
    if customer_id is None or "customer_id" not in columns:
        return []
    order = [sql.Identifier(name) for name in _ORDER if name in columns]
    query = sql.SQL("SELECT * FROM {} WHERE {}").format(ddl.identifier(table), is_customer(columns, customer_id))
    if order:
        query += sql.SQL(" ORDER BY {}").format(sql.SQL(", ").join(order))
    with connection.cursor(row_factory=dict_row) as cursor:
        return [_plain(row) for row in cursor.execute(query)]


def _audiences(connection: psycopg.Connection[Any], customer_id: int | None) -> Iterator[str]:
    """The saved audiences that contain the customer."""
    for audience in saved(connection) if customer_id is not None else ():
        contains = sql.SQL("SELECT true FROM {} WHERE customer_id = %s LIMIT 1")
        view = sql.Identifier(AUDIENCES, audience.name)
        if connection.execute(contains.format(view), (customer_id,)).fetchone():
            yield audience.name


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value
