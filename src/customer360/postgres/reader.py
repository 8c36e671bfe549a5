"""Reading as those who may only read: no writes, no endless queries, and the reader's role where there is one."""

from __future__ import annotations

from typing import Final

from psycopg.conninfo import make_conninfo

from customer360.postgres import catalog
from customer360.postgres.connection import Database

READER: Final = "customer360_reader"
"""The role that may read the results, and nothing else."""

_STATEMENT_SECONDS: Final = 120


def read_only(database: Database) -> Database:
    """
    The same *database*, on which every connection reads only and gives up a statement after two minutes.

    Where the user of the URL may act as customer360_reader, connections do, so that they see the results alone.
    Raises: Customer360Error when the database cannot be reached.
    """
    settings = {"default_transaction_read_only": "on", "statement_timeout": f"{_STATEMENT_SECONDS}s"}
    if _may_be_reader(database):
        settings["role"] = READER
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = database.parts.get("options", "")
    return Database(make_conninfo(database.url, options=f"{given} {options}".strip()))


def _may_be_reader(database: Database) -> bool:
    query = """
        SELECT bool_and(pg_has_role(oid, 'MEMBER') AND has_schema_privilege(oid, 'analytics', 'USAGE'))
        FROM pg_roles WHERE rolname = %s
    """
    with database.connect("customer360 dashboard") as connection:
        schema = catalog.value(connection, "SELECT to_regnamespace('analytics') IS NOT NULL")
        return bool(schema and catalog.value(connection, query, READER))
