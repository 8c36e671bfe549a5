"""Read-only access: no writes, no endless queries, and the reader's role where it exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360.errors import Unavailable
from customer360.postgres import catalog, ddl
from customer360.postgres.connection import Database
from customer360.tables import RESULT_SCHEMA, RESULT_TABLES, Table

READER: Final = "customer360_reader"
"""The role that may only read the results."""

READABLE: Final = tuple(table for table in RESULT_TABLES if table.is_readable)
"""The tables that it may read: none with source rows, which contain e-mail addresses."""

_HIDDEN: Final = tuple(table for table in RESULT_TABLES if not table.is_readable)

_STATEMENT_SECONDS: Final = 120


def read_only(database: Database) -> Database:
    """
    The same *database* with read-only connections and a statement timeout of two minutes.

    Connections act as customer360_reader where the URL's user may, so that they see only the results.
    Raises: Customer360Error when the database cannot be reached.
    """
    return acting_as(READER, database)


def acting_as(role: str, database: Database) -> Database:
    """*database* with read-only connections that act as *role* where the URL's user may."""
    settings = {"default_transaction_read_only": "on", "statement_timeout": f"{_STATEMENT_SECONDS}s"}
    if _may_act_as(role, database):
        settings["role"] = role
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = database.parts.get("options", "")
    return Database(make_conninfo(database.url, options=f"{given} {options}".strip()))


def _may_act_as(role: str, database: Database) -> bool:
    query = """
        SELECT bool_and(pg_has_role(oid, 'MEMBER') AND has_schema_privilege(oid, 'analytics', 'USAGE'))
        FROM pg_roles WHERE rolname = %s
    """
    with database.connect("customer360 dashboard") as connection:
        schema = catalog.value(connection, "SELECT to_regnamespace('analytics') IS NOT NULL")
        return bool(schema and catalog.value(connection, query, role))


def grants(connection: psycopg.Connection[Any], table: Table) -> Iterator[sql.Composed]:
    """The GRANT statements for the reader on *table*, if the role exists and the table is meant for it."""
    if table in READABLE and catalog.value(connection, "SELECT true FROM pg_roles WHERE rolname = %s", READER):
        yield from schema_grants(connection, table, READER)
        yield sql.SQL("GRANT SELECT ON {} TO {}").format(ddl.identifier(table), sql.Identifier(READER))


def schema_grants(connection: psycopg.Connection[Any], table: Table, role: str) -> Iterator[sql.Composed]:
    """The GRANT of USAGE on the schema of *table* to *role*, if the current user may grant it."""
    if catalog.value(connection, "SELECT has_schema_privilege(%s, 'USAGE WITH GRANT OPTION')", table.schema):
        yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(table.schema), sql.Identifier(role))


def unreadable(connection: psycopg.Connection[Any], role: str) -> list[Table]:
    """The existing result tables that *role* may not read."""
    query = """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relname = ANY(%s)
          AND NOT (has_schema_privilege(%s, n.oid, 'USAGE') AND has_table_privilege(%s, c.oid, 'SELECT'))
    """
    names = [table.name for table in READABLE]
    closed = {name for (name,) in connection.execute(query, (RESULT_SCHEMA, names, role, role))}
    return [table for table in READABLE if table.name in closed]


def opened_to(connection: psycopg.Connection[Any], role: str) -> list[Table]:
    """The result tables that are not meant for readers, but on which *role* has some right."""
    query = """
        SELECT has_table_privilege(%s, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
    """
    return [table for table in _HIDDEN if catalog.value(connection, query, role, table.schema, table.name)]


def renew_lost_grants(connection: psycopg.Connection[Any]) -> None:
    """
    Grants the reader its rights again if it can read nothing, as after a restore without them.

    If it can still read something, the other rights were revoked on purpose.
    """
    there = [table for table in READABLE if catalog.shape(connection, table)]
    has_reader = catalog.value(connection, "SELECT true FROM pg_roles WHERE rolname = %s", READER)
    if has_reader and len(unreadable(connection, READER)) == len(there):
        for table in there:
            for statement in grants(connection, table):
                connection.execute(statement)


def missing_grants(connection: psycopg.Connection[Any], role: str) -> str:
    """The statements that let *role* read all existing results; empty when it can."""
    closed = unreadable(connection, role)
    if not closed:
        return ""
    quoted = catalog.value(connection, "SELECT quote_ident(%s)", role)
    names = ", ".join(table.full_name for table in closed)
    return f"GRANT USAGE ON SCHEMA {RESULT_SCHEMA} TO {quoted}; GRANT SELECT ON {names} TO {quoted};"


def require_readable(connection: psycopg.Connection[Any]) -> None:
    """Raises: Customer360Error, with the missing GRANT, when the current user may not read all results."""
    user = catalog.value(connection, "SELECT current_user")
    if missing := missing_grants(connection, user):
        raise Unavailable(f"{user} may not read the results; ask their owner to run: {missing}")
