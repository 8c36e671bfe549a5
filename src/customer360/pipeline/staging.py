"""What fill, load and run share: waiting times, and copying rows from tasks or files to staging tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from customer360.errors import Refused
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.locks import RUN_SECONDS, SWAP_SECONDS
from customer360.postgres.origin import guard_own_data
from customer360.postgres.publish import Publication
from customer360.postgres.spark_task import copy_part, with_rows
from customer360.tables import Source, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row


@dataclass(frozen=True)
class Waiting:
    """The maximum time to wait for another run to end, and for open transactions of readers, in seconds."""

    run_seconds: float = RUN_SECONDS
    swap_seconds: float = SWAP_SECONDS


WAITING: Final = Waiting()


_SORTED_ROWS: Final = 500_000
_BATCH_ROWS: Final = 10_000
_PART: Final = "copied_part"
_REPORT: Final = pa.schema([(_PART, pa.int32()), ("rows", pa.int64())])


def prepare_source(change: Publication, source: Source, *, replace: bool, instead: str = "") -> None:
    """
    Refuses, now and at the swap, to replace rows of *source* that are not our mock data, unless *replace*.

    *instead* is an alternative that the error names first: "To keep it: --flag".
    """
    if replace:
        change.replace_foreign(source)
    else:
        change.require(lambda: guard_own_data(change.connection, source, instead=instead))
    change.prepare([source], foreign=[source])


def stage(change: Publication, database: Database, table: Table, rows: DataFrame, writers: int) -> None:
    """
    Copies *rows* inside their tasks. The number of a partition identifies its part, so that a task that runs twice
    copies its rows once.

    Raises: Customer360Error when a part is missing, or when two tasks had the same number.
    """
    staging, schema = change.stage(table), table.arrow_schema
    if table.role == "dimension":  # so few rows that a task costs more than copying them here
        with writer(database, writers) as copier:
            copier.copy_once(staging, 0, rows.toArrow().cast(schema).to_batches())
        return

    order = [name for index in table.indexes if index.method == "brin" for name in index.columns]
    copied = copy_rows(database, staging, schema, rows, writers, order=order)
    _require_each_part_once(change, table, copied)


def copy_rows(
    database: Database, staging: str, schema: pa.Schema, rows: DataFrame, writers: int, *,
    shown: str | None = None, order: Sequence[str] = (),
) -> Sequence[Row]:  # fmt: skip
    """
    Copies *rows* inside their tasks into a staging table with the columns of *schema*; returns each part's rows.

    *shown* is the name of the table in errors. Rows are sorted by the columns in *order* within large chunks.
    """

    def copy(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        first, filled = with_rows(batches)
        if first is not None:  # a task without rows does not connect
            part = first.column(_PART)[0].as_py()
            wanted = (batch.select(schema.names).cast(schema) for batch in filled)
            copied = copy_part(database, staging, part, in_order(wanted, order), writers, shown=shown)
            yield pa.RecordBatch.from_pydict({_PART: [part], "rows": [copied]}, _REPORT)

    from pyspark.sql import functions as F  # imported here, because staging files does not need PySpark

    numbered = rows.withColumn(_PART, F.spark_partition_id())
    return numbered.mapInArrow(copy, f"{_PART} int, rows bigint").collect()


def in_order(batches: Iterable[pa.RecordBatch], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """
    The rows of *batches*, sorted by *columns* in chunks of some hundred thousand.

    A BRIN index is useless on unsorted rows, and the engine sorts only what its next step requires.
    """
    if not columns:
        yield from batches
        return
    by, held = [(name, "ascending") for name in columns], list[pa.RecordBatch]()
    for batch in chain(batches, [None]):
        held += [] if batch is None else [batch]
        if held and (batch is None or sum(map(len, held)) >= _SORTED_ROWS):
            yield from pa.Table.from_batches(held).sort_by(by).to_batches(max_chunksize=_BATCH_ROWS)
            held = []


def _require_each_part_once(change: Publication, table: Table, reports: Sequence[Row]) -> None:
    parts = {report[_PART]: report["rows"] for report in reports}
    copied, arrived = sum(parts.values()), change.rows(table)
    if len(parts) < len(reports) or copied != arrived:
        raise Refused(
            f"{len(reports)} tasks copied {len(parts)} parts of {table.full_name} with {copied:,} rows, and "
            f"{arrived:,} arrived; nothing was published"
        )


def stage_files(
    change: Publication,
    database: Database,
    table: Table,
    files: Sequence[Path],
    writers: int,
    rows_of: Callable[[pa.RecordBatch], pa.RecordBatch] | None = None,
) -> str:
    """
    Copies the rows of Parquet *files*, several at the same time; returns the staging table.

    The position of a file identifies its part. The files have the columns of *table*, or *rows_of* converts them.
    """
    staging, schema = change.stage(table), table.arrow_schema
    files = [file for file in files if pq.read_metadata(file).num_rows]
    writers = max(1, min(writers, os.cpu_count() or 1, len(files)))

    def copy(first: int) -> None:
        with writer(database, writers) as copier:
            for part in range(first, len(files), writers):
                copier.copy_once(staging, part, _batches(files[part], schema, rows_of))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(copy, range(writers)))
    return staging


def _batches(
    file: Path, schema: pa.Schema, rows_of: Callable[[pa.RecordBatch], pa.RecordBatch] | None
) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(columns=None if rows_of else schema.names):
            rows = rows_of(batch) if rows_of else batch
            yield rows.select(schema.names).cast(schema)


def now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)
