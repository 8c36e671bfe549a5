"""The examined rows in Parquet files, a part per file of the source: those to load, and those rejected."""

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

from customer360.own_data.columns import SOURCE_FILE, SOURCE_LINE
from customer360.own_data.examine import NEWEST_MOMENT, NEWEST_NUMBER, ORIGINAL_ROW, REASONS, examined, originals
from customer360.own_data.mapping import CustomerMapping
from customer360.own_data.sources import Source, write_parquet
from customer360.own_data.threads import THREADS, in_threads

ROW: Final = "row"
"""The number of a row, rising in the order of the source."""
LINES: Final = "lines"
"""How many rows of the source a row stands for."""
OF_REJECTED: Final = (
    "customer_id", REASONS, ORIGINAL_ROW, LINES, SOURCE_LINE, SOURCE_FILE, ROW, NEWEST_MOMENT, NEWEST_NUMBER,
)  # fmt: skip
"""The columns of the rejected rows."""
_MEMORY: Final = "1GB"


@dataclass(frozen=True)
class Part:
    """The rows of one *file* of the source, by their place in it: those that are *good*, and those *rejected*."""

    number: int
    file: Path
    folder: Path

    @property
    def first(self) -> int:
        """What its rows are numbered from."""
        return self.number << 32

    @property
    def good(self) -> Path:
        return self.folder / f"good-{self.number:09}.parquet"

    @property
    def rejected(self) -> Path:
        return self.folder / f"rejected-{self.number:09}.parquet"


def examine(source: Source, mapping: CustomerMapping, as_of: date, folder: Path) -> list[Part]:
    """Examines all rows of *source*, and writes them to *folder*."""
    parts = [Part(number, file, folder) for number, file in enumerate(source.files)]
    list(in_threads(partial(_examine, source, mapping, as_of), parts))
    return parts


def _examine(source: Source, mapping: CustomerMapping, as_of: date, part: Part) -> None:
    batch = source.read(part.file)
    rows = pa.Table.from_batches([examined(batch, mapping, as_of)])
    rows = rows.append_column(ROW, pa.array(np.arange(part.first, part.first + len(batch))))
    rows = rows.append_column(LINES, pa.repeat(pa.scalar(1, pa.int64()), len(batch)))
    is_rejected = pc.not_equal(rows[REASONS], "")
    rejected = rows.filter(is_rejected).append_column(ORIGINAL_ROW, originals(batch.filter(is_rejected)))
    write_parquet(part.good, rows.filter(pc.invert(is_rejected)) if len(rejected) else rows)
    write_parquet(part.rejected, rejected.select(OF_REJECTED))


def last_day(customers: Sequence[Path], folder: Path) -> date | None:
    """The last day on which something happened to one of the *customers* in these files; None without any date."""
    latest = "SELECT max(join_date), max(first_purchase), max(last_login)::DATE FROM read_parquet(?)"
    with duckdb_in(folder) as duck:
        days = duck.execute(latest, [list(map(str, customers))]).fetchall()[0]
    return max((day for day in days if day is not None), default=None)


def duckdb_in(folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB that keeps to its share of the memory; what does not fit goes to *folder*."""
    return duckdb.connect(config={"memory_limit": _MEMORY, "threads": THREADS, "temp_directory": str(folder)})
