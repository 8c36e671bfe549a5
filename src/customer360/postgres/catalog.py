"""Questions to PostgreSQL's own catalogue."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from customer360.postgres import ddl
from customer360.tables import Table


def exists(connection: psycopg.Connection[Any], table: str) -> bool:
    return bool(value(connection, "SELECT to_regclass(%s) IS NOT NULL", table))


def has_unique_key(connection: psycopg.Connection[Any], table: str, column: str) -> bool:
    """Whether a unique index on *column* alone guards every row, so that no value occurs twice; null may."""
    query = """
        SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
          AND i.indnkeyatts = 1 AND a.attname = %s
    """
    return bool(value(connection, query, table, column))


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


def partitions(connection: psycopg.Connection[Any], table: Table) -> list[tuple[str, str, str]]:
    """(schema, name, bound) of the partitions of *table*; empty when it has none or does not exist."""
    query = """
        SELECT n.nspname, c.relname, coalesce(pg_get_expr(c.relpartbound, c.oid), '') FROM pg_inherits i
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


def value(connection: psycopg.Connection[Any], query: Any, *parameters: Any) -> Any:
    row = connection.execute(query, parameters or None).fetchone()
    return None if row is None else row[0]
