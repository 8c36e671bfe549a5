"""One customer: profile and contact data, rank within the tier, months, moves and events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any, Final

import psycopg

from customer360.people.lists import COLUMNS, Queryable, asking, values_of
from customer360.tables import (
    CUSTOMER_MONTHS,
    CUSTOMER_MOVES,
    CUSTOMER_PROFILES,
    EVENTS,
    Column,
)

MOST_EVENTS: Final = 200
"""How many of the latest events are returned."""

RANKED_BY: Final = tuple(CUSTOMER_PROFILES[name] for name in ("spent", "account_balance", "loyalty_points"))
"""The columns that can rank customers within their tier; the first one in the data is used."""

_MONTHS: Final = ("earned", "redeemed", "expired", "orders", "amount", "logins")
_EVENT_COLUMNS: Final = ("occurred_at", "kind", "amount", "points", "loyalty_status")


@dataclass(frozen=True)
class Rank:
    """The rank among the customers of a tier by the values of a column, highest first. Ties share a rank."""

    place: int
    of: int
    among: str
    by: Column


@dataclass(frozen=True)
class Customer:
    """
    Everything a reader sees of one customer.

    *facts* are the values of `lists.COLUMNS`. *months* are columns of equal length: for each month, what the
    customer did and the points at its end. *events* are the latest, newest first; *more_events* is the number of
    earlier ones. All of these are empty in data without events.
    """

    customer_id: int
    facts: Mapping[Column, Any]
    rank: Rank | None
    moves: Sequence[tuple[date, str | None, str]]
    months: Mapping[str, Sequence[Any]]
    events: Sequence[Mapping[str, Any]]
    more_events: int


def customer(
    connection: psycopg.Connection[Any], ask: Queryable, customer_id: int, columns: Iterable[Column] = COLUMNS
) -> Customer | None:
    """The customer, or None if there is none. *ask* computes the rank; *columns* are the columns in the data."""
    known = tuple(columns)
    rows = values_of(connection, [customer_id], known)
    if customer_id not in rows:
        return None
    facts = dict(zip(known, rows[customer_id], strict=True))
    of = asking(connection)
    events, more = _events(of, customer_id)
    return Customer(
        customer_id, facts, _rank(ask, facts), _moves(of, customer_id), _months(of, customer_id), events, more
    )


def _rank(ask: Queryable, facts: Mapping[Column, Any]) -> Rank | None:
    tier = facts.get(CUSTOMER_PROFILES["status_member"])
    by = next((column for column in RANKED_BY if facts.get(column) is not None), None)
    if tier is None or by is None:
        return None
    table = CUSTOMER_PROFILES.full_name
    query = f"SELECT 1 + count(*) FILTER (WHERE p.{by.name} > $1), count(*) FROM {table} AS p"  # noqa: S608
    [(place, of)] = ask(f"{query} WHERE p.status_member = $2 AND p.{by.name} IS NOT NULL", [facts[by], tier])
    return Rank(place, of, tier, by)


def _moves(ask: Queryable, customer_id: int) -> list[tuple[date, str | None, str]]:
    query = f"SELECT month, from_status, to_status FROM {CUSTOMER_MOVES.full_name}"  # noqa: S608
    return [
        (row[0], row[1], row[2])
        for row in ask(f"{query} WHERE customer_id = $1 ORDER BY month, from_status NULLS FIRST", [customer_id])
    ]


def _months(ask: Queryable, customer_id: int) -> dict[str, list[Any]]:
    query = f"SELECT month, {', '.join(_MONTHS)} FROM {CUSTOMER_MONTHS.full_name}"  # noqa: S608
    rows = ask(f"{query} WHERE customer_id = $1 ORDER BY month", [customer_id])
    columns = dict(zip(("month", *_MONTHS), map(list, zip(*rows, strict=True)), strict=False))
    changes = [earned - redeemed - expired for _, earned, redeemed, expired, *_ in rows]
    return {**columns, "points": list(accumulate(changes))} if rows else {}


_IS_READABLE: Final = """
    SELECT has_table_privilege(to_regclass($1), 'SELECT') AND EXISTS (
        SELECT FROM analytics.refresh_sources WHERE source = $1 AND rows_out > 0
        AND refresh_id = (SELECT max(refresh_id) FROM analytics.refreshes)
    )
"""
_EVENTS: Final = f"""
    SELECT {", ".join(_EVENT_COLUMNS)}, count(*) OVER () FROM {EVENTS.full_name}
    WHERE customer_id = $1
      AND occurred_at < 1 + (SELECT as_of_date FROM analytics.refreshes ORDER BY refresh_id DESC LIMIT 1)
    ORDER BY occurred_at DESC, event_id LIMIT {MOST_EVENTS}
"""  # noqa: S608  our own names


def _events(ask: Queryable, customer_id: int) -> tuple[list[dict[str, Any]], int]:
    """The latest events the refresh included, if it read them from our own table and we may read that table."""
    if not ask(_IS_READABLE, [EVENTS.full_name])[0][0]:
        return [], 0
    rows = ask(_EVENTS, [customer_id])
    events = [dict(zip(_EVENT_COLUMNS, row, strict=False)) for row in rows]
    return events, (rows[0][-1] if rows else 0) - len(rows)
