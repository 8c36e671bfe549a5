"""The rows of one Spark task, copied into a staging table."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from itertools import chain

import pyarrow as pa

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
    Copies the *batches* of the task that this runs in, whose number is its part; returns its rows.

    A task without rows does not connect. *shown* is what a refusal calls the table. An engine that does not number
    its tasks does not repeat them either: there each part is a new one.
    """
    from pyspark import TaskContext  # here: copying files, which has no tasks, does not wait for PySpark

    filled = (batch for batch in batches if batch.num_rows)
    first = next(filled, None)
    if first is None:
        return 0
    context = TaskContext.get()
    with writer(database, writers) as copier:
        part = context.partitionId() if context else secrets.randbits(62)
        return copier.copy_once(staging, part, chain([first], filled), shown=shown)
