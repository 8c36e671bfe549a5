"""The role of users who may see individual customers: its rights beyond the reader's, and acting as it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from customer360.errors import Unavailable
from customer360.postgres import catalog, ddl, locks, origin, reader
from customer360.postgres.connection import Database
from customer360.tables import CUSTOMER_CONTACTS, EVENTS, PEOPLE_ACCESS, REFRESHES, Table

PEOPLE: Final = "customer360_people"
"""The role that may read customers' identities; a member of customer360_reader."""

RIGHTS: Final = {CUSTOMER_CONTACTS: "SELECT", EVENTS: "SELECT", PEOPLE_ACCESS: "INSERT"}
"""Its rights beyond the reader's. It can neither read nor change the access log."""


def people_only(database: Database) -> Database:
    """
    The same *database* with read-only connections and a statement timeout of two minutes.

    Connections act as customer360_people where the URL's user may. A transaction can opt out of read-only, as the
    one that writes the access log does.
    Raises: Customer360Error when the database cannot be reached.
    """
    return reader.acting_as(PEOPLE, database)


def grants(connection: psycopg.Connection[Any], table: Table) -> Iterator[sql.Composed]:
    """The GRANT statements for the role on *table*, if the role exists and the table is meant for it."""
    if table in RIGHTS and _has_role(connection):
        yield from reader.schema_grants(connection, table, PEOPLE)
        right, role = sql.SQL(RIGHTS[table]), sql.Identifier(PEOPLE)
        yield sql.SQL("GRANT {} ON {} TO {}").format(right, ddl.identifier(table), role)


def lacking(connection: psycopg.Connection[Any], role: str) -> list[Table]:
    """The existing customer360 tables on which *role* lacks its right."""
    query = """
        SELECT NOT (has_schema_privilege(%s, n.oid, 'USAGE') AND has_table_privilege(%s, c.oid, %s))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
    """
    return [
        table
        for table, right in RIGHTS.items()
        if catalog.value(connection, query, role, role, right, table.schema, table.name)
        and _is_ours(connection, table)
    ]


def renew_lost_grants(connection: psycopg.Connection[Any]) -> None:
    """
    Grants the role its rights if it has none, as after a restore, or if it was created after the tables.

    If it has some rights, the others were revoked on purpose. Tables of other owners are ignored.
    """
    if _has_role(connection):
        there = [table for table in RIGHTS if catalog.shape(connection, table) and _is_ours(connection, table)]
        if lacking(connection, PEOPLE) == there:
            for table in filter(lambda table: _owns(connection, table), there):
                for statement in grants(connection, table):
                    connection.execute(statement)


def missing_grants(connection: psycopg.Connection[Any], role: str) -> str:
    """The statements that give *role* the rights of customer360_people; empty when it has them."""
    lacks = lacking(connection, role)
    if not lacks:
        return ""
    quoted = catalog.value(connection, "SELECT quote_ident(%s)", role)
    schemas = ", ".join(sorted({table.schema for table in lacks}))
    rights = [f"GRANT {RIGHTS[table]} ON {table.full_name} TO {quoted};" for table in lacks]
    return " ".join([f"GRANT USAGE ON SCHEMA {schemas} TO {quoted};", *rights])


def require_people(connection: psycopg.Connection[Any]) -> None:
    """Raises: Unavailable, with the GRANT, if the current user may not see individual customers or log access."""
    user = catalog.value(connection, "SELECT current_user")
    missing = " ".join(filter(None, (reader.missing_grants(connection, user), missing_grants(connection, user))))
    if missing:
        raise Unavailable(f"{user} may not see individual customers; the owner of the results can run: {missing}")


def prepare_access_log(database: Database) -> None:
    """
    Creates the access log in a database with results of an older version, and grants the role its rights.

    Does nothing if the user lacks the rights, and `log_access` then reports what is missing. Does nothing either
    if there are no results, because there is nobody to see.
    """
    with database.connect("customer360 people") as connection, connection.transaction():
        locks.serialise_creation(connection)
        try:
            with connection.transaction():
                renew_lost_grants(connection)
                if catalog.exists(connection, REFRESHES.full_name):
                    _make_access_log(connection)
        except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction):
            pass


def _make_access_log(connection: psycopg.Connection[Any]) -> None:
    if not catalog.exists(connection, PEOPLE_ACCESS.full_name):
        for statement in (*ddl.create(PEOPLE_ACCESS), *grants(connection, PEOPLE_ACCESS)):
            connection.execute(statement)


def _has_role(connection: psycopg.Connection[Any]) -> bool:
    return bool(catalog.value(connection, "SELECT true FROM pg_roles WHERE rolname = %s", PEOPLE))


def _is_ours(connection: psycopg.Connection[Any], table: Table) -> bool:
    """Whether this software created *table*: public.events may belong to anyone."""
    return table != EVENTS or origin.origin(connection, table.full_name).kind != "unknown"


def _owns(connection: psycopg.Connection[Any], table: Table) -> bool:
    query = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(%s)"
    return bool(catalog.value(connection, query, catalog.quoted(table.full_name)))
