"""
Copying Arrow batches into a staging table, exactly once.

A task may run twice: retried after a failure, or speculatively in parallel. Each attempt copies its rows and then
signs a ledger in the same transaction; the first to sign commits, and any other finds the signature and rolls
back. So a part's rows are in the staging table once or not at all, even if attempts are killed.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import Any, Final

import psycopg
import pyarrow as pa
from psycopg import errors, sql

from customer360.errors import Refused, ServerFull, Unavailable, failures
from customer360.postgres import binary_copy, catalog
from customer360.postgres.connection import Database

INTERNAL_SCHEMA: Final = "customer360_internal"
"""Contains staging tables, and the partitions with the published rows; users need nothing from it."""

LEDGER: Final = sql.Identifier(INTERNAL_SCHEMA, "copied_parts")
"""Which parts were copied into which staging table, and by which transaction; kept as long as the rows."""

PUBLISHED_PART: Final = -1
"""The part, without rows, that the publishing transaction signs."""

KEPT_PART: Final = -2
"""The part with the published rows that are kept."""

WRITERS: Final = 8
"""How many tasks of a cluster copy at the same time by default."""

_WRITER_LOCKS: Final = 360_001
_SLOT_SECONDS: Final = 600


class Writer:
    """One of the few connections that copy at the same time; created by `writer`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def copy_once(
        self, staging: str, part: int, batches: Iterable[pa.RecordBatch], *, shown: str | None = None
    ) -> int:
        """
        Copies *batches* into the staging table as its part *part*; returns the part's rows.

        *shown* is the table's name in errors. A part that was copied before is not copied again; its recorded row
        count is returned. Raises: Customer360Error for a value that the table does not accept.
        """
        copied = _signed_rows(self._connection, staging, part)
        if copied is not None:
            return copied
        with self._connection.transaction():
            # Parts need not be flushed one by one: the commit that publishes them waits for all earlier ones.
            self._connection.execute("SET LOCAL synchronous_commit = off")
            rows = _copy(self._connection, staging, batches, shown or staging.rpartition("_")[0])
            is_first = _sign(self._connection, staging, part, rows)
            if not is_first:
                raise psycopg.Rollback
        return rows if is_first else _signed_rows(self._connection, staging, part) or 0


def _rest() -> None:
    time.sleep(random.uniform(0.05, 0.2))  # noqa: S311  spreads the waiting tasks


@contextmanager
def writer(database: Database, writers: int = WRITERS, meanwhile: Callable[[], None] = _rest) -> Iterator[Writer]:
    """
    A writer, as soon as fewer than *writers* are active; until then the task waits without a connection.

    It calls *meanwhile* between attempts. The server counts writers by advisory locks, which it releases whenever
    and however their connection closes.
    """
    connection = _wait_for_slot(database, writers, meanwhile)
    try:
        with failures.plain(database.where):
            yield Writer(connection)
    finally:
        connection.close()


def _copy(connection: psycopg.Connection[Any], staging: str, batches: Iterable[pa.RecordBatch], shown: str) -> int:
    batches = iter(batches)
    first = next(batches, None)
    if first is None:
        return 0
    names = binary_copy.in_quick_order(first)
    query = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT binary)").format(
        sql.Identifier(INTERNAL_SCHEMA, staging), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with _plain_refusals(shown), connection.cursor() as cursor:
        with cursor.copy(query) as copy:
            for piece in binary_copy.encoded(batch.select(names) for batch in chain([first], batches)):
                copy.write(piece)
        return cursor.rowcount


@contextmanager
def _plain_refusals(table: str) -> Iterator[None]:
    """Replaces PostgreSQL's messages, which show the whole row."""
    try:
        yield
    except errors.NotNullViolation as error:
        column = error.diag.column_name
        raise Refused(f"{table}: {column} is null in a row, but is required; nothing was published") from None
    except psycopg.DataError as error:
        place = re.search(r"column (.+?)(?:: |$)", error.diag.context or "")
        column = f" in the column '{place[1]}'" if place else ""
        raise Refused(f"{table}: {error.diag.message_primary}{column}; nothing was published") from None


def _signed_rows(connection: psycopg.Connection[Any], staging: str, part: int) -> int | None:
    query = sql.SQL("SELECT rows FROM {} WHERE staging = %s AND part = %s").format(LEDGER)
    rows = connection.execute(query, (staging, part)).fetchone()
    return rows[0] if rows else None


def _sign(connection: psycopg.Connection[Any], staging: str, part: int, rows: int) -> bool:
    """Waits for another attempt that has signed but not committed; False when that one was first."""
    query = sql.SQL("INSERT INTO {} VALUES (%s, %s, %s) ON CONFLICT DO NOTHING").format(LEDGER)
    return connection.execute(query, (staging, part, rows)).rowcount == 1


def _wait_for_slot(database: Database, writers: int, meanwhile: Callable[[], None]) -> psycopg.Connection[Any]:
    give_up = time.monotonic() + _SLOT_SECONDS
    while (connection := _try_slot(database, writers)) is None:
        if time.monotonic() > give_up:
            raise Unavailable(f"no writer slot became free within {_SLOT_SECONDS} s on {database.where}")
        meanwhile()
    return connection


def _try_slot(database: Database, writers: int) -> psycopg.Connection[Any] | None:
    try:
        connection = database.connect("customer360 copy")
    except ServerFull:
        return None  # wait, as for any other writer
    with ExitStack() as unless_taken:
        unless_taken.callback(connection.close)
        for slot in random.sample(range(writers), writers):
            if catalog.value(connection, "SELECT pg_try_advisory_lock(%s, %s)", _WRITER_LOCKS, slot):
                unless_taken.pop_all()
                return connection
    return None
