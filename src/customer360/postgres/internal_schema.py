"""
The internal schema: its ledger, staging tables, and what killed runs left there.

Only this software uses it. It contains the partitions with the published rows, the ledger, the record of forgotten
customers, and staging tables.
"""

from __future__ import annotations

import time
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from customer360.postgres import forgotten, locks
from customer360.postgres.catalog import value
from customer360.postgres.copy import INTERNAL_SCHEMA, LEDGER

STANDALONE: Final = "write_"
"""Prefix of the staging tables of plain DataFrame writes, which run outside any publication."""

STAGING: Final = "staging table of customer360; dropped by the next run when no publication or write ends it"
"""The comment of a staging table, removed when it is published. Only such tables are dropped."""

_STANDALONE_HOURS: Final = 24
_COPYING_ON: Final = "2s"
"""How long tasks of a run that has ended may continue to copy."""


def prepare_internal_schema(connection: psycopg.Connection[Any]) -> None:
    """Creates the internal schema and the ledger when they are missing."""
    with connection.transaction():
        # Two processes that create at the same time would make each other fail.
        locks.serialise_creation(connection)
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(INTERNAL_SCHEMA)))
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} (staging text, part bigint, rows bigint NOT NULL, "
                "transaction xid8 DEFAULT pg_current_xact_id(), PRIMARY KEY (staging, part))"
            ).format(LEDGER)
        )
        if not _has_transactions(connection):
            add = sql.SQL("ALTER TABLE {} ADD transaction xid8 DEFAULT pg_current_xact_id()")
            connection.execute(add.format(LEDGER))


def _has_transactions(connection: psycopg.Connection[Any]) -> bool:
    """Whether the ledger is of this version, which records the transaction that copied a part."""
    query = "SELECT true FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'transaction'"
    return bool(value(connection, query, ".".join(LEDGER._obj)))


def create_staging(connection: psycopg.Connection[Any], name: str, definition: sql.Composable) -> None:
    """Creates the staging table *name* and, in the same transaction, the comment that marks it as droppable."""
    with connection.transaction():
        connection.execute(sql.SQL("CREATE TABLE {} {}").format(internal(name), definition))
        comment_on(connection, internal(name), STAGING)


def comment_on(connection: psycopg.Connection[Any], relation: sql.Identifier, comment: str | None) -> None:
    """Sets or, with None, removes the comment of *relation*."""
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(relation, sql.Literal(comment)))


def drop_leftovers(connection: psycopg.Connection[Any]) -> None:
    """Drops staging tables of killed runs, and their rows in the ledger; safe, because this run holds the lock."""
    for name in leftovers(connection)[0]:
        if not _still_written(name):
            drop_leftover(connection, name)
    connection.execute(
        sql.SQL("DELETE FROM {} WHERE to_regclass({} || quote_ident(staging)) IS NULL").format(
            LEDGER, sql.Literal(f"{INTERNAL_SCHEMA}.")
        )
    )


def leftovers(connection: psycopg.Connection[Any]) -> tuple[set[str], set[str]]:
    """
    The unpublished tables of the internal schema: those created for staging, and all others.

    The origin of the others is unknown: a partition that someone detached to keep, someone's own table, or the
    leftovers of a killed run of an older version. They stay.
    """
    found = connection.execute(
        """
        SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), '') = %s
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL(%s)
        """,
        (STAGING, INTERNAL_SCHEMA, [LEDGER._obj[-1], forgotten.NAME]),
    ).fetchall()
    staging = {name for name, is_staging in found if is_staging}
    return staging, {name for name, _ in found} - staging


def _still_written(name: str) -> bool:
    """A plain DataFrame write holds no lock between its tasks: only its age shows that it is dead."""
    if not name.startswith(STANDALONE):
        return False
    return time.time() - int(name.split("_")[1]) < _STANDALONE_HOURS * 3600


def drop_leftover(connection: psycopg.Connection[Any], name: str) -> None:
    """Gives tasks of an ended run that still copy into it a moment to finish, then ends them."""
    if not _is_dropped(connection, name):
        locks.end_own_sessions(connection, internal(name))
        _is_dropped(connection, name)  # if another session holds it, the next run drops it


def _is_dropped(connection: psycopg.Connection[Any], name: str) -> bool:
    try:
        with connection.transaction():
            connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(_COPYING_ON))
            drop_table(connection, name)
    except errors.LockNotAvailable:
        return False
    return True


def drop_table(connection: psycopg.Connection[Any], name: str) -> None:
    """Drops the table *name*, if it exists, with its rows in the ledger."""
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(internal(name)))
    connection.execute(sql.SQL("DELETE FROM {} WHERE staging = %s").format(LEDGER), (name,))


def internal(name: str) -> sql.Identifier:
    """The table *name* of the internal schema."""
    return sql.Identifier(INTERNAL_SCHEMA, name)
