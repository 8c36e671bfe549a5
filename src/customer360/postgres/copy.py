"""
Copying Arrow batches into a staging table, exactly once.

A Spark task may run twice: retried after a failure, or speculatively beside itself. Each copies its rows and
then signs a ledger in the same transaction; the first to sign commits, any other finds the signature and rolls
back. So a part's rows are in the staging table once or not at all, whoever was killed when.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Final

import pyarrow as pa
from psycopg import sql

from customer360.errors import Customer360Error
from customer360.postgres.connection import Database

if TYPE_CHECKING:
    from customer360.postgres.arrow import ArrowConnection

INTERNAL_SCHEMA: Final = "customer360_internal"
"""Staging tables, and the partitions that hold what is published: nobody needs to look in here."""

LEDGER: Final = sql.Identifier(INTERNAL_SCHEMA, "copied_parts")
WRITERS: Final = 8
"""How many tasks of one cluster may copy at the same time, unless said otherwise."""

_WRITER_LOCKS: Final = 360_001
_SLOT_SECONDS: Final = 600


class Writer:
    """One of the few connections that copy at the same time; made by `writer`."""

    def __init__(self, connection: ArrowConnection) -> None:
        self._connection = connection

    def copy_once(self, staging: str, part: int, batches: Iterable[pa.RecordBatch]) -> int:
        """
        Copies *batches* into the staging table as its part *part*; returns the part's rows.

        A part that was copied before is not copied again: its rows are returned as they were counted.
        """
        copied = _signed_rows(self._connection, staging, part)
        if copied is not None:
            return copied
        rows = _ingest(self._connection, staging, batches)
        if _sign(self._connection, staging, part, rows):
            self._connection.commit()
            return rows
        self._connection.rollback()
        return _signed_rows(self._connection, staging, part) or 0


@contextmanager
def writer(database: Database, writers: int = WRITERS) -> Iterator[Writer]:
    """
    A writer, when fewer than *writers* are at work; until then this task waits without a connection.

    The server counts the writers, by locks that it frees when their connection closes, however it closes.
    """
    connection = _wait_for_slot(database, writers)
    try:
        yield Writer(connection)
    finally:
        connection.close()


def _ingest(connection: ArrowConnection, staging: str, batches: Iterable[pa.RecordBatch]) -> int:
    batches = iter(batches)
    first = next(batches, None)
    if first is None:
        return 0
    reader = pa.RecordBatchReader.from_batches(first.schema, chain([first], batches))
    return connection.ingest(INTERNAL_SCHEMA, staging, reader)


def _signed_rows(connection: ArrowConnection, staging: str, part: int) -> int | None:
    query = sql.SQL("SELECT rows FROM {} WHERE staging = {} AND part = {}").format(
        LEDGER, sql.Literal(staging), sql.Literal(part)
    )
    rows: int | None = connection.value(query)
    return rows


def _sign(connection: ArrowConnection, staging: str, part: int, rows: int) -> bool:
    """Waits for a twin that signed but has not committed yet; False when the twin was first."""
    query = sql.SQL("INSERT INTO {} VALUES ({}, {}, {}) ON CONFLICT DO NOTHING RETURNING rows").format(
        LEDGER, sql.Literal(staging), sql.Literal(part), sql.Literal(rows)
    )
    return connection.value(query) is not None


def _wait_for_slot(database: Database, writers: int) -> ArrowConnection:
    give_up = time.monotonic() + _SLOT_SECONDS
    while (connection := _try_slot(database, writers)) is None:
        if time.monotonic() > give_up:
            raise Customer360Error(f"no writer's turn came in {_SLOT_SECONDS} s on {database.where}")
        time.sleep(random.uniform(0.05, 0.2))  # noqa: S311  spreads the waiting tasks
    return connection


def _try_slot(database: Database, writers: int) -> ArrowConnection | None:
    try:
        connection = database.connect_arrow()
    except Exception as error:
        if "too many clients" in str(error) or "connection slots" in str(error):
            return None  # the server is full: wait for a turn, as behind any other writer
        raise
    # Parts need not be on disk one by one: the commit that publishes them waits for all that came before it.
    connection.execute(sql.SQL("SET synchronous_commit = off"))
    for slot in random.sample(range(writers), writers):
        if connection.value(sql.SQL("SELECT pg_try_advisory_lock({}, {})").format(_WRITER_LOCKS, slot)):
            connection.commit()
            return connection
    connection.close()
    return None
