"""Locks: one run at a time, and a swap that does not block readers while it waits."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from customer360.errors import Unavailable
from customer360.postgres.catalog import exists, quoted, value
from customer360.postgres.ddl import named

RUN_SECONDS: Final = 600.0
"""How long a run waits for another one to end, by default."""

SWAP_SECONDS: Final = 60.0
"""How long a swap waits for readers with an open transaction, by default."""

_RUN_LOCK: Final = 360_000
_CREATION_LOCK: Final = 360_002
_TARGET_LOCKS: Final = 360_003
_LOCK_TIMEOUT: Final = "100ms"


def take_run_lock(connection: psycopg.Connection[Any], wait_seconds: float) -> None:
    """
    Makes this connection the only run on its database, until it closes.

    Raises: Customer360Error with the run that has the lock, after *wait_seconds*.
    """
    give_up = time.monotonic() + wait_seconds
    while not value(connection, "SELECT pg_try_advisory_lock(%s)", _RUN_LOCK):
        if time.monotonic() >= give_up:
            raise Unavailable(
                f"another run is using the database: {_holder(connection)}; "
                f"gave up after {wait_seconds:g} s; nothing was changed"
            )
        time.sleep(0.2)


def serialise_creation(connection: psycopg.Connection[Any]) -> None:
    """Until the transaction ends, prevents others from creating the same objects."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_CREATION_LOCK,))


def serialise_writes(connection: psycopg.Connection[Any], table: str) -> None:
    """Until the transaction ends, prevents other DataFrame writes from filling or creating *table*."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_TARGET_LOCKS, table))


def end_own_sessions(connection: psycopg.Connection[Any], relation: sql.Identifier) -> None:
    """Ends this role's sessions of customer360 that have a lock on *relation*."""
    query = """
        SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
        WHERE l.relation = to_regclass(%s) AND l.granted AND a.datname = current_database()
          AND a.application_name LIKE 'customer360 %%' AND a.usename = current_user AND a.pid <> pg_backend_pid()
    """
    connection.execute(query, (relation.as_string(connection),))


def exclusively(
    connection: psycopg.Connection[Any],
    tables: Sequence[str],
    seconds: float,
    change: Callable[[], None],
    check: Callable[[], None],
) -> float:
    """
    Runs *change* in a transaction with exclusive locks on those *tables* that exist, taken in the order given.

    *check* runs first in the same transaction: others can read meanwhile, but nobody can write from then on. New
    readers queue behind a waiting exclusive lock, so it waits only 100 ms at a time and lets the queue pass in
    between. Returns the seconds for which readers were blocked.
    Raises: Customer360Error with the sessions that still use the tables after *seconds*.
    """
    give_up = time.monotonic() + seconds
    while True:
        try:
            with connection.transaction():
                _lock(connection, tables, "SHARE ROW EXCLUSIVE")
                check()
                started = time.monotonic()
                _lock(connection, tables, "ACCESS EXCLUSIVE")
                change()
            return time.monotonic() - started
        except errors.LockNotAvailable:
            if time.monotonic() >= give_up:
                raise Unavailable(
                    f"the new data is complete but could not be swapped in within {seconds:g} s: the tables are "
                    f"in use by {_in_the_way(connection, tables)}; nothing was changed; end that session and run "
                    "again"
                ) from None
        time.sleep(random.uniform(0.15, 0.35))  # noqa: S311  keeps two waiting runs out of step


def _lock(connection: psycopg.Connection[Any], tables: Sequence[str], mode: str) -> None:
    connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(_LOCK_TIMEOUT)))
    if existing := [named(table) for table in tables if exists(connection, table)]:
        lock = sql.SQL("LOCK TABLE {} IN {} MODE")
        connection.execute(lock.format(sql.SQL(", ").join(existing), sql.SQL(mode)))


def _holder(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute(
        """
        SELECT a.application_name, a.pid, a.usename, date_trunc('second', now() - a.backend_start)::text
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = %s
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """,
        (_RUN_LOCK,),
    ).fetchone()
    return "{} (pid {}, user {}, for {})".format(*row) if row else "one that has just ended"


def _in_the_way(connection: psycopg.Connection[Any], tables: Sequence[str]) -> str:
    rows = connection.execute(
        """
        SELECT DISTINCT a.pid, a.usename, coalesce(nullif(a.application_name, ''), a.backend_type), a.state,
               date_trunc('second', now() - a.xact_start)::text
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.granted AND a.pid <> pg_backend_pid() AND l.relation IN (
          SELECT coalesce(p.relid, to_regclass(t))
          FROM unnest(%s::text[]) t LEFT JOIN LATERAL pg_partition_tree(to_regclass(t)) p ON true)
        """,
        (list(map(quoted, tables)),),
    ).fetchall()
    sessions = ["session {} (user {}, {}, {}, for {})".format(*row) for row in rows]
    return ", ".join(sessions) or "a session that has just ended"
