"""Queries of the PostgreSQL system catalogs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from customer360.errors import postgresql
from customer360.postgres import ddl
from customer360.tables import Table


def exists(connection: psycopg.Connection[Any], table: str) -> bool:
    return bool(value(connection, "SELECT to_regclass(%s) IS NOT NULL", quoted(table)))


def quoted(table: str) -> str:
    """*table* in the form that `to_regclass` takes, so that a name is looked up as a query would."""
    return ddl.named(table).as_string(None)


def hold(connection: psycopg.Connection[Any], relations: Iterable[sql.Composable]) -> None:
    """
    Locks *relations* and what they read until the transaction ends.

    Nobody can truncate, rewrite, replace or drop them meanwhile. Raises: Customer360Error for one that is missing
    or that the user may not read.
    """
    try:
        for relation in relations:
            connection.execute(planned(sql.SQL("SELECT FROM {}").format(relation)))
    except psycopg.ProgrammingError as error:
        raise postgresql.kind(error.sqlstate)(f"cannot read the tables: {str(error).splitlines()[0]}") from None


def planned(query: sql.Composable) -> sql.Composed:
    """
    A statement that locks everything *query* reads in ACCESS SHARE mode, without reading it.

    LOCK TABLE rejects materialized views, foreign tables, and roles that may read only some of the columns.
    """
    return sql.SQL("EXPLAIN {}").format(query)


def rewritten(relation: sql.Composable) -> sql.Composed:
    """
    A query for whether *relation*, as locked here, contains other rows than the transaction's snapshot shows.

    Catalog tables show what the snapshot saw; PostgreSQL's functions show the current state. A difference is
    another file (TRUNCATE, VACUUM FULL, ALTER TABLE, REFRESH), a relation other than an index that the snapshot
    does not have, or a detached partition.
    """
    of_partitions = sql.SQL(
        """ OR EXISTS (
          SELECT FROM pg_partition_tree({0}) t JOIN pg_inherits i ON i.inhparent = t.relid
          WHERE NOT i.inhdetachpending AND i.inhrelid NOT IN (SELECT relid FROM pg_partition_tree({0})))"""
    ).format(sql.Literal(relation.as_string(None)))
    return sql.SQL(
        """
        SELECT EXISTS (
          SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
            LEFT JOIN pg_class c ON c.oid = l.relation
          WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND CASE
            WHEN c.oid IS NULL THEN pg_get_indexdef(l.relation) IS NULL
            WHEN c.relkind IN ('r', 'm') AND c.relfilenode <> 0
              THEN c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid) END){}
        """
    ).format(of_partitions if isinstance(relation, sql.Identifier) else sql.SQL(""))


def has_unique_key(connection: psycopg.Connection[Any], table: str, column: str) -> bool:
    """Whether a unique index on *column* alone covers every row: no value occurs twice, except null."""
    query = """
        SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
          AND i.indnkeyatts = 1 AND a.attname = %s
    """
    return bool(value(connection, query, quoted(table), column))


def is_reachable(connection: psycopg.Connection[Any], table: Table) -> bool:
    """Whether *table* exists in a schema that the user may use; otherwise PostgreSQL does not find it."""
    query = """
        SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relname = %s AND has_schema_privilege(n.oid, 'USAGE')
    """
    return bool(value(connection, query, table.schema, table.name))


def shape(connection: psycopg.Connection[Any], table: Table) -> list[tuple[str, ...]]:
    """The kind and the columns of the relation called *table*; empty when there is none."""
    query = """
        SELECT relkind::text, '' FROM pg_class WHERE oid = to_regclass(%(table)s)
        UNION ALL (
        SELECT attname, replace(format_type(atttypid, atttypmod), 'timestamp without time zone', 'timestamp')
        FROM pg_attribute WHERE attrelid = to_regclass(%(table)s) AND attnum > 0 AND NOT attisdropped
        ORDER BY attnum)
    """
    return connection.execute(query, {"table": quoted(table.full_name)}).fetchall()


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
    return connection.execute(query, (quoted(table.full_name),)).fetchall()


def grants(
    connection: psycopg.Connection[Any],
    schema: str,
    name: str,
    *,
    onto: sql.Identifier | None = None,
    but: str = "",
) -> list[sql.Composed]:
    """The grants on a table to all roles *but* one, as statements for that table, or *onto* another one."""
    query = """
        SELECT grantee, privilege_type FROM information_schema.role_table_grants
        WHERE grantee <> grantor AND table_schema = %s AND table_name = %s AND grantee <> %s
    """
    return [
        sql.SQL("GRANT {} ON {} TO {}").format(
            sql.SQL(privilege),  # a keyword from the PostgreSQL catalog
            onto or sql.Identifier(schema, name),
            sql.SQL("PUBLIC") if grantee == "PUBLIC" else sql.Identifier(grantee),
        )
        for grantee, privilege in connection.execute(query, (schema, name, but))
    ]


def value(connection: psycopg.Connection[Any], query: Any, *parameters: Any) -> Any:
    row = connection.execute(query, parameters or None).fetchone()
    return None if row is None else row[0]
