"""What every stage does: wait for others with a bound, and copy rows into staging, from Spark's tasks or files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from customer360.postgres import types
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.locks import RUN_SECONDS, SWAP_SECONDS
from customer360.postgres.publish import Publication
from customer360.postgres.spark_task import copy_task
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
        copy_task(database, staging, (batch.cast(schema) for batch in batches), writers)
        yield from ()

    rows.mapInArrow(copy, "nothing int").collect()


def stage_files(
    change: Publication, database: Database, table: Table, files: Sequence[Path], writers: int
) -> None:
    """Copies the rows of Parquet *files*, some files at once; a file's place is its part."""
    staging, schema = change.stage(table), types.arrow_schema(types.fields_of(table))
    files = [file for file in files if pq.read_metadata(file).num_rows]
    writers = max(1, min(writers, os.cpu_count() or 1, len(files)))

    def copy(first: int) -> None:
        with writer(database, writers) as copier:
            for part in range(first, len(files), writers):
                copier.copy_once(staging, part, _batches(files[part], schema))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(copy, range(writers)))


def _batches(file: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(columns=schema.names):
            yield batch.select(schema.names).cast(schema)


def now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)
