"""The examined rows in Parquet files, one part per file of the raw table: rows to load, and rejected rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from customer360.own_data.cells import mask
from customer360.own_data.checks import FORGOTTEN
from customer360.own_data.columns import SOURCE_FILE, SOURCE_LINE, by_file
from customer360.own_data.evidence import FileFormats
from customer360.own_data.examine import (
    NEWEST_MOMENT,
    NEWEST_NUMBER,
    ORIGINAL_ROW,
    REASONS,
    examined,
    originals,
)
from customer360.own_data.mapped import meets
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.raw_tables import RawTable, write_parquet
from customer360.own_data.row_kinds import RowKind
from customer360.own_data.threads import THREADS, in_threads
from customer360.own_data.totals import LABELLED
from customer360.tables import CUSTOMERS, EVENTS, Source
from customer360.tables.forgotten import NOBODY, Forgotten

ROW: Final = "row"
"""The number of a row, ascending in the order of the raw table."""
LINES: Final = "lines"
"""How many rows of the raw table a row represents."""
SOURCE: Final = "source"
"""The full name of the table that a rejected row belongs to."""
KEY: Final = "key"
"""The key of a rejected row in that table, as text; null if it has none."""
_OF_REJECTED: Final = (
    SOURCE, KEY, "customer_id", REASONS, ORIGINAL_ROW, LINES, SOURCE_LINE, SOURCE_FILE, ROW, NEWEST_MOMENT,
    NEWEST_NUMBER,
)  # fmt: skip
"""The columns of the rejected rows."""
_LAST_DAYS: Final = {
    CUSTOMERS: ("max(join_date)", "max(first_purchase)", "max(last_login)::DATE"),
    EVENTS: ("max(occurred_at)::DATE",),
}
_LAST_DAY: Final = "SELECT {days} FROM read_parquet($files)"
_LAST_LEFT: Final = "max(left_date) FILTER (left_date <= $left_by)"
_MEMORY: Final = "1GB"
NOTHING: Final = "{}"
"""What is kept of a row of a forgotten customer."""


@dataclass(frozen=True)
class Part:
    """The rows of one *file* of the raw table: those that are *good*, and those that are *rejected*."""

    number: int
    file: Path
    folder: Path

    @property
    def first(self) -> int:
        """The number of its first row."""
        return self.number << 32

    @property
    def good(self) -> Path:
        return self.folder / f"good-{self.number:09}.parquet"

    @property
    def rejected(self) -> Path:
        return self.folder / f"rejected-{self.number:09}.parquet"


@dataclass(frozen=True)
class Examined:
    """The *parts* of a raw table, the number of excluded rows, and whether any row is labelled as a total."""

    parts: list[Part]
    left_out: int
    has_totals: bool


def examine(
    raw: RawTable,
    mapping: ColumnMapping,
    formats: FileFormats,
    as_of: date,
    folder: Path,
    forgotten: Forgotten = NOBODY,
) -> Examined:
    """Examines all rows of *raw*, and writes those that are not excluded to *folder*."""
    parts = [Part(number, file, folder) for number, file in enumerate(raw.files)]
    found = list(in_threads(partial(_examine, raw, mapping, formats, as_of, forgotten), parts))
    return Examined(parts, sum(left_out for left_out, _ in found), any(has_totals for _, has_totals in found))


def _examine(
    raw: RawTable, mapping: ColumnMapping, formats: FileFormats, as_of: date, forgotten: Forgotten, part: Part
) -> tuple[int, bool]:
    batch = raw.read(part.file)
    rows_read = len(batch)
    places = np.arange(part.first, part.first + rows_read)
    if mapping.where:
        kept = meets(batch, mapping)
        batch, places = batch.filter(pa.array(kept)), places[kept]
    seen = [examined(some, mapping, formats.of(file), as_of, forgotten) for file, some in by_file(batch)]
    seen = seen or [examined(batch, mapping, {}, as_of)]
    found = seen[0] if len(seen) == 1 else pa.Table.from_batches(seen).combine_chunks().to_batches()[0]
    if mapping.until:
        kept = ~mask(
            pc.greater(found[mapping.kind.dated_by].cast(pa.date32(), safe=False), pa.scalar(mapping.until))
        )
        batch, found, places = batch.filter(pa.array(kept)), found.filter(pa.array(kept)), places[kept]
    rows = pa.Table.from_batches([found]).append_column(ROW, pa.array(places))
    rows = rows.append_column(LINES, pa.repeat(pa.scalar(1, pa.int64()), len(batch)))
    is_rejected = pc.not_equal(found[REASONS], "")
    rejected = as_rejected(rows.filter(is_rejected), originals(batch.filter(is_rejected)), mapping.kind)
    rejected = _without_forgotten(rejected) if forgotten else rejected
    good = rows.filter(pc.invert(is_rejected)) if len(rejected) else rows
    write_parquet(part.good, good)
    write_parquet(part.rejected, rejected)
    return rows_read - len(batch), bool(pc.any(good[LABELLED]).as_py())


def as_rejected(rows: pa.Table, originals: pa.Array, kind: RowKind) -> pa.Table:
    """*rows* of a *kind* with the columns of rejected rows."""
    keys = rows[kind.key].cast(pa.string()) if kind.key else pa.nulls(len(rows), pa.string())
    rows = rows.append_column(SOURCE, pa.repeat(pa.scalar(kind.table.full_name), len(rows)))
    return rows.append_column(KEY, keys).append_column(ORIGINAL_ROW, originals).select(_OF_REJECTED)


def _without_forgotten(rows: pa.Table) -> pa.Table:
    """Removes everything that identifies forgotten customers from rejected *rows*; only the reason remains."""
    reasons = [next(iter(FORGOTTEN & {*text.split(", ")}), None) for text in rows[REASONS].to_pylist()]
    told = pa.chunked_array([pa.array(reasons, pa.string())])
    is_forgotten = pc.is_valid(told)
    kept = {
        REASONS: pc.coalesce(told, rows[REASONS]),
        KEY: pc.if_else(is_forgotten, None, rows[KEY]),
        "customer_id": pc.if_else(is_forgotten, None, rows["customer_id"]),
        ORIGINAL_ROW: pc.if_else(is_forgotten, NOTHING, rows[ORIGINAL_ROW]),
    }
    for name, values in kept.items():
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), values)
    return rows


def reject(losing: pa.Array, reason: str, parts: Sequence[Part], raw: RawTable, kind: RowKind) -> None:
    """Moves the rows with the numbers *losing* to the rejected rows of their parts, for *reason*."""
    list(in_threads(partial(_reject, losing, reason, raw, kind), parts))


def drop(rows: pa.Array, parts: Sequence[Part]) -> None:
    """Removes the good rows with the numbers *rows*, without a reason, as other rows represent them."""
    list(in_threads(partial(_drop, rows), parts))


def _drop(rows: pa.Array, part: Part) -> None:
    good = pq.ParquetFile(part.good).read()
    write_parquet(part.good, good.filter(pc.invert(pc.is_in(good[ROW], rows))))


def _reject(losing: pa.Array, reason: str, raw: RawTable, kind: RowKind, part: Part) -> None:
    good, rejected = (pq.ParquetFile(file).read() for file in (part.good, part.rejected))
    loses, loses_too = pc.is_in(good[ROW], losing), pc.is_in(rejected[ROW], losing)
    lost = good.filter(loses)
    rows = raw.read(part.file).take(pc.subtract(lost[ROW], part.first).combine_chunks())
    lost = as_rejected(_with_reasons(lost, pa.repeat(pa.scalar(reason), len(lost))), originals(rows), kind)
    twice = pc.binary_join_element_wise(rejected[REASONS], reason, ", ")
    rejected = _with_reasons(rejected, pc.if_else(loses_too, twice, rejected[REASONS]))
    write_parquet(part.good, good.filter(pc.invert(loses)))
    write_parquet(part.rejected, pa.concat_tables([rejected, lost]))


def _with_reasons(rows: pa.Table, reasons: pa.Array) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(REASONS), REASONS, reasons)


def last_day(table: Source, files: Sequence[Path], folder: Path, left_by: date | None = None) -> date | None:
    """
    The last day on which something happened in the rows of *table* in *files*; None if there is no date.

    With *left_by*, the rows have a left_date, and those up to *left_by* count too.
    """
    if not files:
        return None
    given = {"files": list(map(str, files)), **({"left_by": left_by} if left_by else {})}
    wanted = (*_LAST_DAYS[table], *([_LAST_LEFT] if left_by else []))
    with duckdb_in(folder) as duck:
        days = duck.execute(_LAST_DAY.format(days=", ".join(wanted)), given).fetchall()[0]
    return max((day for day in days if day is not None), default=None)


def duckdb_in(folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with limited memory that spills to *folder*."""
    return duckdb.connect(config={"memory_limit": _MEMORY, "threads": THREADS, "temp_directory": str(folder)})
