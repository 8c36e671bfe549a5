"""Whose table is this? What may be replaced, and what must not be touched."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.errors import Customer360Error
from customer360.postgres import ddl
from customer360.postgres.copy import INTERNAL_SCHEMA
from customer360.tables import CUSTOMERS, Table

REPLACE_FLAG: Final = "--replace"


@dataclass(frozen=True)
class Origin:
    """Who filled a table: 'absent', 'mock', 'own' (loaded by this software) or 'unknown', and with what."""

    kind: str
    facts: dict[str, Any] = field(default_factory=dict)


def origin(connection: psycopg.Connection[Any], table: str) -> Origin:
    """
    Who filled *table*, by the facts kept with the rows themselves.

    The facts are a comment on the partition that holds the rows, so they go when the rows go; a table made by
    hand, or dropped and made again, has none and is 'unknown'.
    """
    if not _value(connection, "SELECT to_regclass(%s) IS NOT NULL", table):
        return Origin("absent")
    comment = _value(
        connection,
        """
        SELECT obj_description(inhrelid, 'pg_class') FROM pg_inherits
        WHERE inhparent = to_regclass(%s)::oid AND inhrelid::regclass::text LIKE %s
        """,
        table,
        f"{INTERNAL_SCHEMA}.%",
    )
    facts = json.loads(comment) if comment and comment.startswith("{") else {}
    return Origin(facts.get("kind", "unknown"), facts)


def guard_own_data(connection: psycopg.Connection[Any]) -> None:
    """
    Refuses to go on when `public.customers` holds anything but the mock data that this software wrote.

    Raises: Customer360Error naming the flag that overrides it.
    """
    found = origin(connection, CUSTOMERS.full_name)
    if found.kind == "absent":
        return
    if found.kind != "mock":
        who = "was loaded from your own data" if found.kind == "own" else "was not made by customer360"
        raise Customer360Error(
            f"{CUSTOMERS.full_name} {who}; nothing was deleted. To delete it all the same: {REPLACE_FLAG}"
        )
    rows = _value(connection, sql.SQL("SELECT count(*) FROM {}").format(ddl.identifier(CUSTOMERS)))
    if rows != found.facts["rows"]:
        raise Customer360Error(
            f"{CUSTOMERS.full_name} was filled with {found.facts['rows']:,} customers and now has {rows:,}: "
            f"someone changed it; nothing was deleted. To delete it all the same: {REPLACE_FLAG}"
        )


def shape(connection: psycopg.Connection[Any], table: Table) -> list[tuple[str, ...]]:
    """What stands under the name of *table*: its kind and its columns; empty when nothing does."""
    query = """
        SELECT relkind::text, '' FROM pg_class WHERE oid = to_regclass(%(table)s)
        UNION ALL (
        SELECT attname, replace(format_type(atttypid, atttypmod), 'timestamp without time zone', 'timestamp')
        FROM pg_attribute WHERE attrelid = to_regclass(%(table)s) AND attnum > 0 AND NOT attisdropped
        ORDER BY attnum)
    """
    return connection.execute(query, {"table": table.full_name}).fetchall()


def wanted_shape(table: Table) -> list[tuple[str, ...]]:
    kind = "r" if table.keeps_history else "p"
    return [(kind, ""), *((column.name, column.type) for column in table.columns)]


def may_be_remade(connection: psycopg.Connection[Any], table: Table) -> bool:
    """Whether it is an older shape of one of ours, whose rows a refresh replaces anyway."""
    children = partitions(connection, table)
    return bool(children) and all(schema == INTERNAL_SCHEMA for schema, _ in children)


def partitions(connection: psycopg.Connection[Any], table: Table) -> list[tuple[str, str]]:
    """(schema, name) of the partitions of *table*; empty when it has none or does not exist."""
    query = """
        SELECT n.nspname, c.relname FROM pg_inherits i
        JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE i.inhparent = to_regclass(%s)
    """
    return connection.execute(query, (table.full_name,)).fetchall()


def grants(connection: psycopg.Connection[Any], table: Table) -> list[sql.Composed]:
    """The grants on *table*, as statements that give them again."""
    query = """
        SELECT grantee, privilege_type FROM information_schema.role_table_grants
        WHERE grantee <> grantor AND table_schema = %s AND table_name = %s
    """
    return [
        sql.SQL("GRANT {} ON {} TO {}").format(
            sql.SQL(privilege),  # a word of PostgreSQL's own catalogue
            ddl.identifier(table),
            sql.SQL("PUBLIC") if grantee == "PUBLIC" else sql.Identifier(grantee),
        )
        for grantee, privilege in connection.execute(query, (table.schema, table.name))
    ]


def _value(connection: psycopg.Connection[Any], query: Any, *parameters: Any) -> Any:
    row = connection.execute(query, parameters or None).fetchone()
    return None if row is None else row[0]
