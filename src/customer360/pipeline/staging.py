"""What every stage does: wait for others with a bound, and copy rows into staging inside Spark's tasks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from customer360.postgres import types
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.locks import RUN_SECONDS, SWAP_SECONDS
from customer360.postgres.publish import Publication
from customer360.tables import (
    ACTIVITIES,
    BANDS,
    CALENDAR_MONTHS,
    COUNTRIES,
    LOYALTY_STATUSES,
    Table,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Waiting:
    """How long to wait: for another run to end, and for readers to let the new data in, in seconds."""

    run_seconds: float = RUN_SECONDS
    swap_seconds: float = SWAP_SECONDS


WAITING: Final = Waiting()


_SMALL: Final = (CALENDAR_MONTHS, LOYALTY_STATUSES, ACTIVITIES, COUNTRIES, BANDS)
"""The dimensions: so few rows that a task costs more than copying them from here."""


def stage(change: Publication, database: Database, table: Table, rows: DataFrame, writers: int) -> None:
    """Copies *rows* inside their tasks; a task's number is its part, so that a retry copies nothing twice."""
    staging, schema = change.stage(table), types.arrow_schema(types.fields_of(table))
    if table in _SMALL:
        with writer(database, writers) as copier:
            copier.copy_once(staging, 0, rows.toArrow().cast(schema).to_batches())
        return

    def copy(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        context = TaskContext.get()
        with writer(database, writers) as copier:
            copier.copy_once(staging, context.partitionId() if context else 0, (b.cast(schema) for b in batches))
        yield from ()

    rows.mapInArrow(copy, "nothing int").collect()


def now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)
