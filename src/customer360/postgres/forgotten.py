"""The record of forgotten customers: hashes of their ids and the day, nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import psycopg
from psycopg import sql

from customer360.errors import Refused
from customer360.postgres.catalog import exists, value
from customer360.postgres.copy import INTERNAL_SCHEMA
from customer360.tables.forgotten import Forgotten, hashed

NAME: Final = "forgotten_customers"
_TABLE: Final = sql.Identifier(INTERNAL_SCHEMA, NAME)
_COMMENT: Final = "Hashes of the ids of customers who were forgotten, so that a load rejects them."
_SALT_BYTES: Final = 32

SourceKind = Literal["mock", "own"]


@dataclass(frozen=True)
class ForgottenDay:
    """How many customers of a kind of source were forgotten on a day."""

    day: date
    source_kind: str
    customers: int


def remember(
    connection: psycopg.Connection[Any], ids: Collection[tuple[str, object]], kind: SourceKind, day: date
) -> None:
    """Stores the hashes of *ids* (column and value) of one customer, in the open transaction."""
    _make(connection)
    salt, person = _salt(connection), _next_person(connection)
    insert = sql.SQL("INSERT INTO {} VALUES (%s, %s, %s, %s, %s)").format(_TABLE)
    for id_hash in {hashed(salt, column, one) for column, one in ids}:
        connection.execute(insert, (person, id_hash, salt, day, kind))


def forgotten(connection: psycopg.Connection[Any], kind: SourceKind = "own") -> Forgotten:
    """The forgotten customers of sources of a *kind*; none when the table is missing."""
    if not _is_there(connection):
        return Forgotten()
    query = sql.SQL("SELECT salt, id_hash FROM {} WHERE source_kind = %s").format(_TABLE)
    rows = connection.execute(query, (kind,)).fetchall()
    return Forgotten(bytes(rows[0][0]), frozenset(bytes(found) for _, found in rows)) if rows else Forgotten()


def require_same(connection: psycopg.Connection[Any], known: Forgotten) -> None:
    """Raises: Refused when a customer was forgotten after *known* was read and compared with the rows."""
    if forgotten(connection) != known:
        raise Refused("a customer was forgotten meanwhile; nothing was changed; load again")


def forget_mock_ids(connection: psycopg.Connection[Any]) -> None:
    """Deletes the record of mock customers, whose ids belong to nobody."""
    if _is_there(connection):
        connection.execute(sql.SQL("DELETE FROM {} WHERE source_kind = 'mock'").format(_TABLE))


def forgotten_days(connection: psycopg.Connection[Any]) -> list[ForgottenDay]:
    """How many customers were forgotten on each day, the latest day first."""
    if not _is_there(connection):
        return []
    query = sql.SQL(
        "SELECT forgotten_on, source_kind, count(DISTINCT person) FROM {} GROUP BY 1, 2 ORDER BY 1 DESC, 2"
    )
    return [ForgottenDay(*row) for row in connection.execute(query.format(_TABLE))]


def _make(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        sql.SQL(
            "CREATE TABLE IF NOT EXISTS {} (person bigint NOT NULL, id_hash bytea NOT NULL, salt bytea NOT NULL, "
            "forgotten_on date NOT NULL, source_kind text NOT NULL)"
        ).format(_TABLE)
    )
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(_TABLE, sql.Literal(_COMMENT)))


def _is_there(connection: psycopg.Connection[Any]) -> bool:
    """Whether the table exists; false for users who may not use the internal schema, who cannot load either."""
    may_enter = "SELECT coalesce(has_schema_privilege(to_regnamespace(%s)::oid, 'USAGE'), false)"
    return bool(value(connection, may_enter, INTERNAL_SCHEMA)) and exists(connection, f"{INTERNAL_SCHEMA}.{NAME}")


def _salt(connection: psycopg.Connection[Any]) -> bytes:
    found = value(connection, sql.SQL("SELECT salt FROM {} LIMIT 1").format(_TABLE))
    return bytes(found) if found else secrets.token_bytes(_SALT_BYTES)


def _next_person(connection: psycopg.Connection[Any]) -> int:
    return int(value(connection, sql.SQL("SELECT coalesce(max(person), 0) + 1 FROM {}").format(_TABLE)))
