"""What the doctor checks in a database. It changes nothing and starts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import psycopg

from customer360 import settings
from customer360.commands.context import Context
from customer360.commands.doctor import Finding
from customer360.errors import Customer360Error
from customer360.errors.failures import plain
from customer360.postgres import catalog, people
from customer360.postgres.connection import Database
from customer360.postgres.copy import INTERNAL_SCHEMA
from customer360.postgres.embedded import PREFERRED_PORT, EmbeddedPostgres, free_port
from customer360.postgres.internal_schema import leftovers
from customer360.postgres.obstacle import obstacle
from customer360.postgres.origin import origin
from customer360.postgres.preflight import require_replaceable
from customer360.postgres.programs import installed_programs
from customer360.postgres.reader import READER, missing_grants, opened_to
from customer360.tables import CUSTOMERS, RESULT_SCHEMA, SOURCE_SCHEMA, SOURCES, TABLES

_CONNECT_SECONDS: Final = 3
_PURPOSE: Final = "customer360 doctor"


def postgresql(context: Context) -> Iterator[Finding]:
    try:
        yield from _external(context) if context.is_external else _embedded()
    except Customer360Error as error:
        fix = f"correct --database or {settings.DATABASE_URL}, or start the server they name"
        # An error of the embedded one says what to do.
        yield Finding("PostgreSQL", "failed", str(error), fix if context.is_external else "")


def _external(context: Context) -> Iterator[Finding]:
    yield from _connected(Database(context.database or settings.database_url() or ""), "")


def _embedded() -> Iterator[Finding]:
    installed_programs()
    server = EmbeddedPostgres()
    if server.is_running():
        yield from _connected(server.database(), "embedded, ")
    elif server.is_made():
        server.require_version()
        server.database()  # raises when it belongs to another user
        yield Finding("PostgreSQL", "ok", f"embedded in {server.home}, stopped; a command that needs it starts it")
    else:
        yield Finding(
            "PostgreSQL", "ok", f"embedded, not created yet; the first command creates it in {server.home}"
        )


def _connected(database: Database, kind: str) -> Iterator[Finding]:
    with plain(database.where), database.connect(_PURPOSE, connect_timeout=_CONNECT_SECONDS) as connection:
        version = connection.info.parameter_status("server_version") or ""
        yield Finding("PostgreSQL", "ok", f"{kind}{version.split()[0]} at {database.where}")
        yield encoding(connection.info.parameter_status("server_encoding") or "")
        yield from _rights(connection)


def encoding(name: str) -> Finding:
    """Names are written in every script, and only UTF8 can store all of them."""
    if name == "UTF8":
        return Finding("encoding", "ok", name)
    fix = "use a database that was created with: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
    limit = "text is not checked" if name == "SQL_ASCII" else "text that it cannot store is refused"
    return Finding("encoding", "warning", f"{name}; {limit}", fix)


def _rights(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the server accepts changes, and this user's in particular."""
    query = "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::boolean"
    ((is_standby, is_read_only),) = connection.execute(query).fetchall()
    if is_standby:
        found, fix = "this server is a standby, which accepts no changes", "name the primary in the URL"
        yield Finding("rights", "failed", found, fix)
    elif is_read_only:
        fix = "ALTER ROLE or ALTER DATABASE ... SET default_transaction_read_only = off"
        yield Finding("rights", "failed", "default_transaction_read_only is on: nothing can be changed", fix)
    else:
        yield from _creation(connection)


def _creation(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the schemas, or tables in existing ones, can be created; then what is in them."""
    query = """
        SELECT name,
            CASE WHEN to_regnamespace(name) IS NULL THEN has_database_privilege(current_database(), 'CREATE')
            ELSE has_schema_privilege(name, 'CREATE') AND has_schema_privilege(name, 'USAGE') END,
            to_regnamespace(name) IS NULL, quote_ident(current_database()), quote_ident(current_user)
        FROM unnest(%s::text[]) AS name
    """
    schemas = [SOURCE_SCHEMA, RESULT_SCHEMA, INTERNAL_SCHEMA]
    rows = connection.execute(query, (schemas,)).fetchall()
    user = rows[0][-1]
    refused = {
        name: f"CREATE ON DATABASE {database}" if is_missing else f"USAGE, CREATE ON SCHEMA {name}"
        for name, is_allowed, is_missing, database, _ in rows
        if not is_allowed
    }
    if refused:
        grants = "; ".join(f"GRANT {right} TO {user}" for right in dict.fromkeys(refused.values()))
        yield Finding("rights", "failed", f"{user} may not create tables in {', '.join(refused)}", f"{grants};")
    else:
        yield Finding("rights", "ok", f"{user} may create tables in {', '.join(schemas)}")
        yield from _tables(connection)
        yield from _reader(connection)
        yield from _people(connection)


def _tables(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the next `mock`, `load` or `run` can replace the existing tables."""
    sources = {source: obstacle(connection, source) for source in SOURCES if source.is_optional}
    others = [source for source in sources if origin(connection, source.full_name).kind == "unknown"]
    try:
        require_replaceable(connection, [one for one in TABLES if one not in others], foreign=[CUSTOMERS])
    except Customer360Error as error:
        found, _, fix = str(error).partition("; ")
        yield Finding("tables", "failed", found, fix)
    else:
        yield Finding("tables", "ok", "the existing ones can be replaced")
    for source in others:
        reads = f"does not read it: {why}" if (why := sources[source]) else "reads it"
        found = f"{source.full_name} was not made by customer360, which keeps it; `run` {reads}"
        yield Finding(source.name, "ok", found)
    if catalog.exists(connection, CUSTOMERS.full_name):
        advice = f"dump the whole database: pg_dump -t {CUSTOMERS.full_name} would contain no rows"
        yield Finding("backup", "ok", f"{advice} (docs/operating.md)")
    _, unknown = leftovers(connection)
    if unknown:
        names = ", ".join(f"{INTERNAL_SCHEMA}.{name}" for name in sorted(unknown))
        fix = f"if nobody needs them: DROP TABLE {names};"
        yield Finding("other tables", "warning", f"not published, and never dropped: {names}", fix)


def _reader(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the role of the dashboard and Power BI can read the results, and nothing else."""
    if not _has_role(connection, READER):
        return
    if missing := missing_grants(connection, READER):
        yield Finding("reader", "failed", f"{READER} may not read all results", missing)
    elif opened := opened_to(connection, READER):
        names = ", ".join(table.full_name for table in opened)
        fix = f"REVOKE ALL ON {names} FROM {READER}, PUBLIC;"
        yield Finding("reader", "warning", f"{READER} has rights on {names}, which contain personal data", fix)
    else:
        yield Finding("reader", "ok", f"{READER} may read the existing results")


def _people(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the role that may see individual customers can read them and write the access log."""
    if not _has_role(connection, people.PEOPLE):
        return
    if missing := people.missing_grants(connection, people.PEOPLE):
        found = f"{people.PEOPLE} may not read individual customers, or not add to the access log"
        yield Finding("people", "failed", found, missing)
    else:
        yield Finding("people", "ok", f"{people.PEOPLE} may read individual customers and add to the access log")


def _has_role(connection: psycopg.Connection[Any], role: str) -> bool:
    return bool(catalog.value(connection, "SELECT true FROM pg_roles WHERE rolname = %s", role))


def database_port(context: Context) -> Iterator[Finding]:
    """A taken port stops nothing, but clients of the embedded server must use another one."""
    if context.is_external:
        return
    server = EmbeddedPostgres()
    try:
        port = int(server.database().parts["port"]) if server.is_made() else PREFERRED_PORT
        is_running = server.is_running()
    except Customer360Error:
        return  # the check of PostgreSQL has reported it
    if is_running:
        yield Finding("database port", "ok", f"{port}, where the embedded PostgreSQL listens")
    elif free_port(port) == port:
        yield Finding("database port", "ok", f"{port} is free")
    else:
        fix = "if Power BI connects to that port, stop the other program"
        found = f"{port} is in use by another program; PostgreSQL will start on another port"
        yield Finding("database port", "warning", found, fix)
