"""The access log: entries that name a forgotten customer stay, without the id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from customer360.people.person import Person
from customer360.postgres import catalog, ddl
from customer360.tables import PEOPLE_ACCESS

_TABLE: Final = ddl.identifier(PEOPLE_ACCESS)
_OF_ONE: Final = ("customer", "about")
"""The actions that select one customer."""
_INSTEAD: Final = "(forgotten)"


def entries_of(connection: psycopg.Connection[Any], person: Person) -> list[Mapping[str, Any]]:
    """The entries that name *person*, latest first."""
    if not _is_there(connection):
        return []
    query = sql.SQL("SELECT * FROM {} WHERE action = ANY(%s) ORDER BY accessed_at DESC").format(_TABLE)
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(query, ([*_OF_ONE],))
        return [row for row in cursor if _named(person).search(row["selection"] or "")]


def forget_in_log(connection: psycopg.Connection[Any], person: Person) -> None:
    """Replaces the id of *person* in the entries; the entries stay."""
    for entry in entries_of(connection, person):
        without = _named(person).sub(_INSTEAD, entry["selection"])
        update = sql.SQL("UPDATE {} SET selection = %s WHERE selection = %s AND action = %s").format(_TABLE)
        connection.execute(update, (without, entry["selection"], entry["action"]))


def _is_there(connection: psycopg.Connection[Any]) -> bool:
    return catalog.exists(connection, PEOPLE_ACCESS.full_name)


def _named(person: Person) -> re.Pattern[str]:
    marks = sorted(person.marks, key=len, reverse=True)
    return re.compile(rf"(?<![\w@.-])(?:{'|'.join(map(re.escape, marks))})(?![\w@-])", re.IGNORECASE)
