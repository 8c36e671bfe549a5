"""Finds customers by customer_id, the source's id, the start of the name, or the full e-mail address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import psycopg

from customer360.errors import Invalid
from customer360.people.lists import asking
from customer360.tables import CUSTOMER_CONTACTS

MOST_FOUND: Final = 50
_SHORTEST_NAME: Final = 2
_LARGEST: Final = 2**63 - 1


def search(connection: psycopg.Connection[Any], text: str) -> list[int]:
    """
    The ids of up to `MOST_FOUND` customers, matches by id first; each kind of search uses an index.

    Raises: Invalid for an empty text.
    """
    text = text.strip()
    if not text:
        raise Invalid("the search is empty; enter an ID, the start of a name, or a full e-mail address")
    ask, table = asking(connection), CUSTOMER_CONTACTS.full_name
    found: dict[int, None] = {}
    for condition, value in _ways(text):
        query = f"SELECT customer_id FROM {table} WHERE {condition} ORDER BY customer_id LIMIT {MOST_FOUND}"  # noqa: S608
        found.update(dict.fromkeys(row[0] for row in ask(query, [value])))
    return list(found)[:MOST_FOUND]


def _ways(text: str) -> Iterator[tuple[str, object]]:
    if text.isdecimal() and int(text) <= _LARGEST:
        yield "customer_id = $1", int(text)
    yield "source_id = $1", text
    yield "lower(email) = lower($1)", text
    if len(text) >= _SHORTEST_NAME:
        yield "lower(name) LIKE lower($1)", _escaped(text) + "%"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
