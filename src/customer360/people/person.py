"""One customer, found by the source's id or by customer_id, and the rows that contain the customer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from customer360.errors import Invalid
from customer360.postgres import catalog, ddl
from customer360.tables import (
    CUSTOMER_CONTACTS,
    CUSTOMER_MONTHS,
    CUSTOMER_MOVES,
    CUSTOMER_PROFILES,
    CUSTOMERS,
    EVENTS,
    REJECTED_ROWS,
    Table,
)

_KNOWN_BY: Final = ("customer_id", "source_id")
_WITH_ROWS: Final = (
    CUSTOMER_CONTACTS, CUSTOMERS, CUSTOMER_PROFILES, EVENTS, CUSTOMER_MONTHS, CUSTOMER_MOVES,
)  # fmt: skip
_WHO: Final = (CUSTOMERS, CUSTOMER_CONTACTS)
"""The tables with the source's own id and the e-mail address."""
_OF_THE_FILE: Final = ("source_line", "source_file")
"""Cells of a rejected row that give its position in the file."""


@dataclass(frozen=True)
class Person:
    """
    The customer with the id *asked*: the *customer_id*, and the ids and addresses in the sources.

    *customer_id* is None for an id that only rejected rows have.
    """

    asked: str
    customer_id: int | None
    source_ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    @property
    def marks(self) -> frozenset[str]:
        """The values, in lower case, by which a cell of a rejected row identifies this customer."""
        ids = {self.asked, *self.source_ids, *self.emails}
        ids |= {str(self.customer_id)} if self.customer_id is not None else set()
        return frozenset(text for one in ids if (text := one.strip().lower()))

    @property
    def hashed_ids(self) -> set[tuple[str, str]]:
        """
        The ids by which the customer could return, each with its column.

        They include the e-mail address, because events may refer to their customer by it.
        """
        found = {("source_id", one) for one in {*self.source_ids, *self.emails, self.asked}}
        number = self.customer_id
        if number is None and is_whole(self.asked):
            number = int(self.asked)
        return found if number is None else found | {("customer_id", str(number))}


@dataclass(frozen=True)
class RejectedRow:
    """A row of rejected_rows, with its physical place in the table."""

    place: str
    row: Mapping[str, Any]


def find(connection: psycopg.Connection[Any], asked: str) -> Person:
    """
    The customer whose customer_id or source_id is exactly *asked*.

    Raises: Invalid when no customer has that id, or when it is the customer_id of one customer and the source_id
    of another.
    """
    ids = {one for table in _WITH_ROWS for one in _ids(connection, table, asked)}
    if len(ids) > 1:
        raise Invalid(
            f"'{asked}' is the customer_id of one customer and the source_id of another "
            f"({', '.join(map(str, sorted(ids)))}); give an id that only one of them has"
        )
    person = _described(connection, asked, ids.pop() if ids else None)
    if person.customer_id is None and not any(_is_written(one, asked) for one in rejected_of(connection, person)):
        raise Invalid(f"no customer has the ID '{asked}'; use a customer_id or the source's own ID")
    return person


def columns_of(connection: psycopg.Connection[Any], table: Table) -> dict[str, str]:
    """The columns of *table* in the database, with their types; empty if it is missing."""
    found = catalog.shape(connection, table) if catalog.is_reachable(connection, table) else []
    return {one[0]: one[1] for one in found[1:]}


def is_customer(columns: Mapping[str, str], customer_id: int) -> sql.Composed:
    """The condition on the rows of a customer, for any type of the column."""
    is_whole = columns["customer_id"] in {"bigint", "integer", "smallint"}
    column = sql.SQL("customer_id" if is_whole else "customer_id::text")
    return sql.SQL("{} = {}").format(column, sql.Literal(customer_id if is_whole else str(customer_id)))


def rejected_of(connection: psycopg.Connection[Any], person: Person) -> Iterator[RejectedRow]:
    """
    The rejected rows that contain *person*: in their key, or in a cell with an id or the e-mail address.

    Rows that a run rejected have known columns; in rows of a file, any cell may be the id.
    """
    if not columns_of(connection, REJECTED_ROWS) or not person.marks:
        return
    written = sorted({json.dumps(mark, ensure_ascii=False)[1:-1] for mark in person.marks})
    query = sql.SQL(
        "SELECT ctid::text AS place, * FROM {} WHERE key = ANY(%(marks)s) OR EXISTS (SELECT FROM "
        "unnest(%(written)s::text[]) AS mark WHERE strpos(lower(original_row), mark) > 0)"
    ).format(ddl.identifier(REJECTED_ROWS))
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(query, {"marks": [person.asked, *map(str, [person.customer_id])], "written": written})
        for row in cursor:
            if holds(row, person):
                yield RejectedRow(row.pop("place"), row)


def holds(row: Mapping[str, Any], person: Person) -> bool:
    """Whether a rejected *row* is about *person*."""
    cells = json.loads(row["original_row"])
    own = _KNOWN_BY if row["found_by"] == "run" else tuple(name for name in cells if name not in _OF_THE_FILE)
    told = [str(cells[name]).strip().lower() for name in (*own, "email") if cells.get(name) is not None]
    if any(cell in person.marks for cell in told):
        return True
    is_of_customers = row["source"] != EVENTS.full_name and "event_id" not in cells
    if is_of_customers and row["key"] is not None and row["key"] == str(person.customer_id):
        return True
    text = str(cells.get("text") or "").lower() if {*cells} <= {*_OF_THE_FILE, "text"} else ""
    return any(mark in text for mark in person.marks if not mark.isdecimal())


def _is_written(rejected: RejectedRow, asked: str) -> bool:
    """Whether the row contains exactly the id *asked*."""
    cells = json.loads(rejected.row["original_row"])
    return asked == rejected.row["key"] or asked in {*map(str, cells.values())} or asked in str(cells.get("text"))


def _ids(connection: psycopg.Connection[Any], table: Table, asked: str) -> set[int]:
    columns = columns_of(connection, table)
    if "customer_id" not in columns:
        return set()
    tests = [is_customer(columns, int(asked))] if is_whole(asked) else []
    if "source_id" in columns:
        tests.append(sql.SQL("source_id = {}").format(sql.Literal(asked)))
    if not tests:
        return set()
    query = sql.SQL("SELECT DISTINCT customer_id FROM {} WHERE {}")
    found = connection.execute(query.format(ddl.identifier(table), sql.SQL(" OR ").join(tests)))
    return {int(one) for (one,) in found}


def is_whole(text: str) -> bool:
    """Whether *text* is a possible customer_id."""
    return text.isascii() and text.removeprefix("-").isdecimal() and -(2**63) <= int(text) < 2**63


def _described(connection: psycopg.Connection[Any], asked: str, customer_id: int | None) -> Person:
    found: dict[str, set[str]] = {"source_id": set(), "email": set()}
    for table in _WHO if customer_id is not None else ():
        columns = columns_of(connection, table)
        for name in found.keys() & columns.keys() if "customer_id" in columns else ():
            query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
                sql.Identifier(name), ddl.identifier(table), is_customer(columns, customer_id or 0)
            )
            found[name] |= {str(one) for (one,) in connection.execute(query) if one is not None}
    return Person(asked, customer_id, frozenset(found["source_id"]), frozenset(found["email"]))
