"""The access log: who saw which customers, committed before any of them is shown."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Any, Final, Literal

import psycopg
from psycopg import errors, sql

from customer360.errors import Customer360Error, Unavailable
from customer360.errors.failures import plain
from customer360.postgres import ddl
from customer360.postgres.connection import Database
from customer360.tables import PEOPLE_ACCESS

Action = Literal["list", "export", "search", "customer", "about"]

_INSERT: Final = sql.SQL(
    "INSERT INTO {} (accessed_at, who, action, selection, customers) "
    "VALUES (clock_timestamp() AT TIME ZONE 'UTC', %s, %s, %s, %s)"
).format(ddl.identifier(PEOPLE_ACCESS))
_WAIT: Final = "10s"


def log_access(database: Database, who: str, action: Action, selection: str, customers: int) -> None:
    """
    Adds a row to the access log and returns when it is on disk; do not show anything before that.

    *database* connects as customer360_people (`people_only`) or another user who may insert rows. *selection* says
    which customers were chosen, in the words of the report, as in "Loyalty Status: Gold", or by customer_id. It
    never contains a name, an e-mail address or the text of a search, because the log outlives the customers.
    Raises: Unavailable when the row cannot be written; then nothing may be shown.
    """
    try:
        with plain(database.where), database.connect("customer360 access log") as connection:
            _insert(connection, (who, action, selection, customers))
    except Customer360Error as error:
        raise Unavailable(f"no customers are shown, because the access cannot be logged: {error}") from None


def local_user() -> str:
    """The operating system's name of the user, regardless of the environment; the user id if there is no name."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _insert(connection: psycopg.Connection[Any], row: tuple[str, str, str, int]) -> None:
    """Inserts in a read-write transaction, regardless of the session's default, and waits until it is on disk."""
    try:
        with connection.transaction():
            connection.execute("SET TRANSACTION READ WRITE")
            connection.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(_WAIT))
            connection.execute("SET LOCAL synchronous_commit = on")
            connection.execute(_INSERT, row)
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        raise Unavailable(f"{PEOPLE_ACCESS.full_name} is missing; create it with: customer360 run") from None
