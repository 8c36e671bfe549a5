"""What the doctor looks at in a database. Looking changes nothing and starts nothing."""

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
from customer360.postgres.obstacle import obstacle
from customer360.postgres.origin import origin
from customer360.postgres.preflight import require_replaceable
from customer360.postgres.programs import installed_programs
from customer360.postgres.publish import leftovers
from customer360.postgres.reader import READER, missing_grants, opened_to
from customer360.tables import CUSTOMERS, RESULT_SCHEMA, SOURCE_SCHEMA, SOURCES, TABLES

_CONNECT_SECONDS: Final = 3
_PURPOSE: Final = "customer360 doctor"


def postgresql(context: Context) -> Iterator[Finding]:
    try:
        yield from _external(context) if context.is_external else _embedded()
    except Customer360Error as error:
        mend = f"correct --database or {settings.DATABASE_URL}, or start the server they name"
        # What keeps the embedded one from starting says itself what to do.
        yield Finding("PostgreSQL", "failed", str(error), mend if context.is_external else "")


def _external(context: Context) -> Iterator[Finding]:
    yield from _connected(Database(context.database or settings.database_url() or ""), "")


def _embedded() -> Iterator[Finding]:
    installed_programs()
    server = EmbeddedPostgres()
    if server.is_running():
        yield from _connected(server.database(), "embedded, ")
    elif server.is_made():
        server.require_version()
        server.database()  # refuses when it is another user's
        yield Finding("PostgreSQL", "ok", f"embedded in {server.home}, stopped; a command that needs it starts it")
    else:
        yield Finding("PostgreSQL", "ok", f"embedded, not made yet; the first command makes it in {server.home}")


def _connected(database: Database, kind: str) -> Iterator[Finding]:
    with plain(database.where), database.connect(_PURPOSE, connect_timeout=_CONNECT_SECONDS) as connection:
        version = connection.info.parameter_status("server_version") or ""
        yield Finding("PostgreSQL", "ok", f"{kind}{version.split()[0]} at {database.where}")
        yield encoding(connection.info.parameter_status("server_encoding") or "")
        yield from _rights(connection)


def encoding(name: str) -> Finding:
    """Names come in every script, and only UTF8 holds all of them."""
    if name == "UTF8":
        return Finding("encoding", "ok", name)
    mend = "use a database that was made with: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
    limit = "text is not checked" if name == "SQL_ASCII" else "text that it cannot hold is refused"
    return Finding("encoding", "warning", f"{name}; {limit}", mend)


def _rights(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the server takes changes at all, and ours in particular."""
    query = "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::boolean"
    ((is_standby, is_read_only),) = connection.execute(query).fetchall()
    if is_standby:
        found, mend = "this server is a standby, which takes no changes", "name the primary in the URL"
        yield Finding("rights", "failed", found, mend)
    elif is_read_only:
        mend = "ALTER ROLE or ALTER DATABASE ... SET default_transaction_read_only = off"
        yield Finding("rights", "failed", "default_transaction_read_only is on: nothing can be changed", mend)
    else:
        yield from _creation(connection)


def _creation(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the schemas can be made, or tables in those that are there; then what is in them."""
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
    """Whether the next `mock`, `load` or `run` can replace what is there."""
    sources = {source: obstacle(connection, source) for source in SOURCES if source.is_optional}
    others = [source for source in sources if origin(connection, source.full_name).kind == "unknown"]
    try:
        require_replaceable(connection, [one for one in TABLES if one not in others], foreign=[CUSTOMERS])
    except Customer360Error as error:
        found, _, mend = str(error).partition("; ")
        yield Finding("tables", "failed", found, mend)
    else:
        yield Finding("tables", "ok", "those that are there can be replaced")
    for source in others:
        reads = f"does not read it: {why}" if (why := sources[source]) else "reads it"
        found = f"{source.full_name} was not made by customer360, which keeps it; `run` {reads}"
        yield Finding(source.name, "ok", found)
    if catalog.exists(connection, CUSTOMERS.full_name):
        told = f"dump the whole database: pg_dump -t {CUSTOMERS.full_name} would hold no rows"
        yield Finding("backup", "ok", f"{told} (docs/operating.md)")
    _, unknown = leftovers(connection)
    if unknown:
        names = ", ".join(f"{INTERNAL_SCHEMA}.{name}" for name in sorted(unknown))
        mend = f"when nobody needs them: DROP TABLE {names};"
        yield Finding("other tables", "warning", f"published nowhere, and never dropped: {names}", mend)


def _reader(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the dashboard's and Power BI's role can read the results, and nothing that is not meant for it."""
    if not _has_role(connection, READER):
        return
    if missing := missing_grants(connection, READER):
        yield Finding("reader", "failed", f"{READER} may not read all results", missing)
    elif opened := opened_to(connection, READER):
        names = ", ".join(table.full_name for table in opened)
        mend = f"REVOKE ALL ON {names} FROM {READER}, PUBLIC;"
        yield Finding("reader", "warning", f"{READER} has rights on {names}, which hold personal data", mend)
    else:
        yield Finding("reader", "ok", f"{READER} may read the results that are there")


def _people(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the role of those who may see single customers can, and can log it."""
    if not _has_role(connection, people.PEOPLE):
        return
    if missing := people.missing_grants(connection, people.PEOPLE):
        found = f"{people.PEOPLE} may not read single customers or not log it"
        yield Finding("people", "failed", found, missing)
    else:
        yield Finding("people", "ok", f"{people.PEOPLE} may read single customers and add to the access log")


def _has_role(connection: psycopg.Connection[Any], role: str) -> bool:
    return bool(catalog.value(connection, "SELECT true FROM pg_roles WHERE rolname = %s", role))


def database_port(context: Context) -> Iterator[Finding]:
    """A taken one stops nothing, but what connects to the embedded server has to be told another."""
    if context.is_external:
        return
    server = EmbeddedPostgres()
    try:
        port = int(server.database().parts["port"]) if server.is_made() else PREFERRED_PORT
        is_running = server.is_running()
    except Customer360Error:
        return  # the check of PostgreSQL has said it
    if is_running:
        yield Finding("database port", "ok", f"{port}, where the embedded PostgreSQL listens")
    elif free_port(port) == port:
        yield Finding("database port", "ok", f"{port} is free")
    else:
        mend = "end that program, if Power BI is to find the database there"
        found = f"{port} is taken by another program; PostgreSQL will start on another port"
        yield Finding("database port", "warning", found, mend)
