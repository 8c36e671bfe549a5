"""
Lists of customers: a selection, page by page, in an order that the reader chooses.

Pages continue after a key, not at an offset: every page costs the same, and a refresh between two pages neither
repeats nor skips customers who stay.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, Protocol

import psycopg

from customer360.errors import Invalid, nearest
from customer360.people.sql import ADDED, added, selected
from customer360.report.people import Selection
from customer360.tables import CUSTOMER_CONTACTS, CUSTOMER_PROFILES, Column

if TYPE_CHECKING:
    import duckdb

ID: Final = CUSTOMER_PROFILES["customer_id"]
CONTACTS: Final = tuple(CUSTOMER_CONTACTS[name] for name in ("source_id", "name", "email"))
COLUMNS: Final = (ID, *CONTACTS, *(one for one in CUSTOMER_PROFILES.columns[1:] if one.name != "source_id"))
"""The columns a list can contain: contact data, and everything in the profile."""
SHOWN: Final = tuple(
    column
    for name in (
        "customer_id", "source_id", "name", "email", "loyalty_status", "country", "activity", "join_date",
        "last_seen", "account_balance", "loyalty_points", "orders", "spent", "last_purchase", "rfm_segment",
        "expected_amount",
    )
    for column in COLUMNS
    if column.name == name
)  # fmt: skip
"""The columns a list shows by default."""


class Queryable(Protocol):
    """Runs a query with values for $1 to $n, on PostgreSQL or on the profiles that a dashboard keeps in memory."""

    def __call__(self, text: str, values: Sequence[object]) -> list[tuple[Any, ...]]: ...


class Bound:
    """Collects the values of a query: each call returns the placeholder of one value, $1 to $n."""

    def __init__(self) -> None:
        self.values: list[object] = []

    def __call__(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


@dataclass(frozen=True)
class Order:
    """Sorts by a column of the profiles, or by what customers add to the number; missing values come last."""

    column: str = ID.name
    descending: bool = False

    @property
    def key(self) -> Column | None:
        """The column; None when sorting by what customers add."""
        return None if self.column == ADDED else CUSTOMER_PROFILES[self.column]

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.column}"


@dataclass(frozen=True)
class Found:
    """A customer of a list: what the customer adds to the number, and the value to sort by."""

    customer_id: int
    added: Any
    key: Any


def order_of(text: str, selection: Selection) -> Order:
    """The order that *text* names; a leading minus means descending. Raises: Invalid with the valid names."""
    name = text.removeprefix("-")
    if selection.total and name == selection.measure.name:
        name = ADDED
    valid = [one.name for one in CUSTOMER_PROFILES.columns if one.name != "source_id"]
    valid += [ADDED, selection.measure.name] if selection.total else []
    if name not in valid:
        raise Invalid(f"a list cannot be sorted by '{name[:40]}'.{nearest(name, valid)}")
    return Order(name, text.startswith("-"))


def counted(ask: Queryable, selection: Selection) -> tuple[int, Any]:
    """The number of customers, and the sum of what they add; the two are equal if the number counts customers."""
    bound = Bound()
    [(customers, total)] = ask(
        f"SELECT count(*), sum({added(selection)}) {selected(selection, bound)}", bound.values
    )
    return customers, total or 0


def found(ask: Queryable, selection: Selection, order: Order, after: Found | None, limit: int) -> list[Found]:
    """The next *limit* customers of *selection* in *order*, *after* the last one of the previous page."""
    bound = Bound()
    key = added(selection) if order.key is None else f"p.{order.column}"
    more = [_comes_after(key, order, after, bound)] if after else []
    text = f"SELECT p.customer_id, {added(selection)} AS {ADDED}, {key} AS sorted "
    text += f"{selected(selection, bound, *more)} ORDER BY {sorted_by(selection, order)} LIMIT {bound(limit)}"
    return [Found(*row) for row in ask(text, bound.values)]


def sorted_by(selection: Selection, order: Order) -> str:
    """The ORDER BY list; ties are sorted by id."""
    ways = "DESC" if order.descending else "ASC"
    if order.column == ID.name:
        return f"p.{ID.name} {ways}"
    key = added(selection) if order.key is None else f"p.{order.column}"
    return f"{key} {ways} NULLS LAST, p.{ID.name}"


def _comes_after(key: str, order: Order, after: Found, bound: Bound) -> str:
    further = "<" if order.descending else ">"
    if order.column == ID.name:
        return f"p.customer_id {further} {bound(after.customer_id)}"
    same = f"p.customer_id > {bound(after.customer_id)}"
    if after.key is None:
        return f"({key} IS NULL AND {same})"
    value = bound(after.key)
    return f"({key} {further} {value} OR ({key} = {value} AND {same}) OR {key} IS NULL)"


def cursor_of(last: Found) -> str:
    """The end of a page as text for a URL."""
    key = None if last.key is None else str(last.key)
    return base64.urlsafe_b64encode(json.dumps([key, str(last.customer_id)]).encode()).decode().rstrip("=")


def after_cursor(text: str, order: Order) -> Found:
    """The position encoded in *text*. Raises: Invalid for text that `cursor_of` did not write for *order*."""
    try:
        key, customer_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return Found(int(customer_id), None, None if key is None else _parsed(str(key), order.key))
    except (ValueError, TypeError, InvalidOperation, binascii.Error):
        raise Invalid("invalid 'after'; start again from the first page without it") from None


def _parsed(text: str, column: Column | None) -> object:
    if column is None or column.digits:
        return Decimal(text)
    if column.is_whole:
        return int(text)
    if column.is_dated:
        return date.fromisoformat(text)
    return text == "True" if column.type == "boolean" else text


def asking(connection: psycopg.Connection[Any]) -> Queryable:
    """Queries PostgreSQL."""

    def ask(text: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        return psycopg.RawCursor(connection).execute(text, values).fetchall()

    return ask


def asking_held(held: duckdb.DuckDBPyConnection) -> Queryable:
    """Queries tables in memory. Thread-safe."""

    def ask(text: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with held.cursor() as cursor:
            return cursor.execute(text, values).fetchall()

    return ask


def values_of(
    connection: psycopg.Connection[Any], ids: Sequence[int], columns: Iterable[Column]
) -> Mapping[int, tuple[Any, ...]]:
    """The values of *columns* for each of *ids*, by id."""
    names = ", ".join(map(expression, columns))
    text = f"SELECT p.customer_id, {names} FROM {CUSTOMER_PROFILES.full_name} AS p{WITH_CONTACTS}"  # noqa: S608
    rows = asking(connection)(f"{text} WHERE p.customer_id = ANY($1)", [list(ids)])
    return {row[0]: row[1:] for row in rows}


WITH_CONTACTS: Final = f" LEFT JOIN {CUSTOMER_CONTACTS.full_name} AS c ON c.customer_id = p.customer_id"
"""Joins contact data, as c, to the profiles p."""


def expression(column: Column) -> str:
    """The SQL of *column*, one of `COLUMNS`, over the profiles p and the contacts c."""
    return f"{'c' if column in CONTACTS else 'p'}.{column.name}"
