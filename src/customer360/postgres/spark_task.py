"""Copies the rows of one task of an engine into a staging table."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from itertools import chain

import pyarrow as pa

from customer360.postgres.backlog import Backlog
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer


def copy_task(
    database: Database,
    staging: str,
    batches: Iterable[pa.RecordBatch],
    writers: int,
    *,
    shown: str | None = None,
) -> int:
    """
    Copies the *batches* of the current task, whose number is its part; returns the number of rows.

    A task without rows does not connect. *shown* is the table's name in errors. An engine that does not number its
    tasks does not repeat them either: there each part is new.
    """
    first, filled = with_rows(batches)
    if first is None:
        return 0
    number = _number()
    part = secrets.randbits(62) if number is None else number
    return copy_part(database, staging, part, filled, writers, shown=shown)


def with_rows(
    batches: Iterable[pa.RecordBatch],
) -> tuple[pa.RecordBatch | None, Iterator[pa.RecordBatch]]:
    """The first non-empty batch of *batches*, or None, and all non-empty ones including the first."""
    filled = (batch for batch in batches if batch.num_rows)
    first = next(filled, None)
    return first, chain([] if first is None else [first], filled)


def copy_part(
    database: Database,
    staging: str,
    part: int,
    batches: Iterable[pa.RecordBatch],
    writers: int,
    *,
    shown: str | None = None,
) -> int:
    """
    Copies the *batches* of the current task as the part *part* when its turn comes; returns the number of rows.

    If tasks share a process, as in the embedded engine, it takes its rows while it waits.
    """
    if _number() is not None:
        with writer(database, writers) as copier:
            return copier.copy_once(staging, part, batches, shown=shown)
    backlog = Backlog(batches)
    with writer(database, writers, backlog.take) as copier:
        return copier.copy_once(staging, part, backlog, shown=shown)


def _number() -> int | None:
    """Spark's number of the current task; None in an engine that does not number its tasks."""
    from pyspark import TaskContext  # here, so that copying files, which has no tasks, does not import PySpark

    context = TaskContext.get()
    return context.partitionId() if context else None
