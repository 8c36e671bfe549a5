"""
Where customers come from: files of several kinds, or rows that someone else reads; kept as text in a folder.

Whatever the source, it is read once, into Parquet files that hold every cell as text with its line and file: what
is counted, checked and loaded afterwards is then the same, even when the source changes meanwhile.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from customer360.errors import Customer360Error
from customer360.own_data.columns import PROVENANCE, SOURCE_FILE, SOURCE_LINE, distinct
from customer360.own_data.csv_rows import csv_batches
from customer360.own_data.json_rows import json_batches
from customer360.own_data.sniff import csv_shape

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SAMPLE_ROWS: Final = 1_000
_KINDS: Final = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "json", ".ndjson": "json", ".json": "json", ".xlsx": "excel",
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """What a person says about a text file, where looking at it is not enough."""

    delimiter: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Source:
    """The rows of a source, as text in Parquet files of *folder*."""

    name: str
    description: str
    folder: Path = field(repr=False)
    columns: tuple[str, ...]
    rows: int

    def frame(self, spark: SparkSession, *, is_shared: bool = True) -> DataFrame:
        """
        The rows as text columns with their provenance.

        With *is_shared* Spark's tasks read the folder; without, as on a cluster, the rows are sent to them.
        """
        if is_shared:
            return spark.read.schema(self._schema).parquet(self.folder.as_uri())
        return spark.createDataFrame(self._dataset.to_table())

    def sample(self) -> dict[str, list[str]]:
        """Some values of each column, without nulls and blanks."""
        table = self._dataset.head(_SAMPLE_ROWS, batch_size=_SAMPLE_ROWS, batch_readahead=0, fragment_readahead=0)
        return {name: [text for text in table[name].to_pylist() if text and text.strip()] for name in self.columns}

    def batches(self, columns: Iterable[str]) -> Iterator[pa.RecordBatch]:
        """All values of *columns*, a part at a time."""
        names = list(dict.fromkeys(columns))
        return iter(self._dataset.to_batches(columns=names)) if names else iter(())

    @property
    def _schema(self) -> Any:
        from pyspark.sql import types as t

        kinds = {SOURCE_LINE: t.LongType()}
        return t.StructType([t.StructField(f.name, kinds.get(f.name, t.StringType())) for f in self._arrow_schema])

    @property
    def _arrow_schema(self) -> pa.Schema:
        return _schema(self.columns)

    @property
    def _dataset(self) -> ds.Dataset:
        return ds.dataset(self.folder, schema=self._arrow_schema, format="parquet")


def _schema(columns: Iterable[str]) -> pa.Schema:
    kinds = {SOURCE_LINE: pa.int64()}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in (*columns, *PROVENANCE)])


@contextmanager
def file_source(path: Path, reading: Reading | None = None) -> Iterator[Source]:
    """The rows of the file, or of the files of one kind in the directory, at *path*."""
    files = _files(path)
    with tempfile.TemporaryDirectory(prefix="customer360-load-") as folder:
        spool = _Spool(Path(folder))
        descriptions = dict.fromkeys(spool.add_file(file, reading or Reading()) for file in files)
        many = f"{len(files)} files of " if len(files) > 1 else ""
        yield spool.source(path.name, many + "; ".join(descriptions))


@contextmanager
def batch_source(name: str, description: str, batches: Iterable[pa.RecordBatch]) -> Iterator[Source]:
    """The rows that *batches* hold, with whatever types; their line is their place."""
    with tempfile.TemporaryDirectory(prefix="customer360-load-") as folder:
        spool = _Spool(Path(folder))
        spool.add(name, _numbered(batches))
        yield spool.source(name, description)


class _Spool:
    """Parquet files in a folder, one per file of the source."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._columns: dict[str, None] = {}
        self._rows = 0

    def source(self, name: str, description: str) -> Source:
        if not self._rows:
            raise Customer360Error(f"{name} holds no rows; nothing was changed")
        return Source(name, description, self._folder, tuple(self._columns), self._rows)

    def add_file(self, path: Path, reading: Reading) -> str:
        """Adds the rows of one file; returns how it is written."""
        try:
            description, batches = _READERS[_kind(path)](path, reading)
            self.add(path.name, batches)
        except (UnicodeError, LookupError) as error:
            raise Customer360Error(f"cannot read {path} ({error}); name its encoding with --encoding") from None
        except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
            reason = getattr(error, "strerror", None) or str(error).splitlines()[0][:120]
            raise Customer360Error(f"cannot read {path} ({reason}); is it complete, and yours to read?") from None
        return description

    def add(self, name: str, batches: Iterable[pa.RecordBatch]) -> None:
        number = len(list(self._folder.iterdir()))
        for part, (schema, rows) in enumerate(_runs(batches)):
            self._columns.update((column, None) for column in schema.names if column not in PROVENANCE)
            with pq.ParquetWriter(self._folder / f"{number:05d}-{part:05d}.parquet", schema) as writer:
                for batch in rows:
                    self._rows += len(batch)
                    writer.write_batch(_of_file(batch, schema, name))


def _runs(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """The batches that hold rows, cut where one brings a column that those before did not have."""
    rest = (batch for batch in batches if len(batch))
    waiting = [first] if (first := next(rest, None)) is not None else []

    def run(known: set[str]) -> Iterator[pa.RecordBatch]:
        while waiting:
            yield waiting.pop()
            following = next(rest, None)
            if following is None:
                return
            waiting.append(following)
            if not set(following.schema.names) <= known | set(PROVENANCE):
                return

    while waiting:
        columns = [name for name in waiting[0].schema.names if name not in PROVENANCE]
        yield _schema(columns), run(set(columns))


def _of_file(batch: pa.RecordBatch, schema: pa.Schema, name: str) -> pa.RecordBatch:
    present = dict(zip(batch.schema.names, batch.columns, strict=True))
    present[SOURCE_FILE] = pa.repeat(pa.scalar(name), len(batch))
    absent = {field.name: pa.nulls(len(batch), field.type) for field in schema if field.name not in present}
    return pa.record_batch([{**absent, **present}[field.name] for field in schema], schema=schema)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise Customer360Error(f"there is no file {path}; give the path of the file that holds your customers")
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith((".", "_")))
    kinds = sorted({_kind(file) for file in files})
    if len(kinds) != 1:
        held = f"files of several kinds ({', '.join(kinds)})" if kinds else "no file"
        raise Customer360Error(f"{path} holds {held}; give a directory with files of one kind, or one file")
    return files


def _kind(path: Path) -> str:
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if suffix == ".xls":
        raise Customer360Error(f"{path.name} is of an old kind of Excel; save it as .xlsx or CSV")
    return _KINDS.get(suffix, "csv")


def _csv(path: Path, reading: Reading) -> tuple[str, Iterator[pa.RecordBatch]]:
    shape = csv_shape(path, delimiter=reading.delimiter, encoding=reading.encoding)
    return str(shape), csv_batches(path, shape)


def _json(path: Path, reading: Reading) -> tuple[str, Iterator[pa.RecordBatch]]:
    return "JSON lines", json_batches(path, reading.encoding)


def _parquet(path: Path, _: Reading) -> tuple[str, Iterator[pa.RecordBatch]]:
    return "Parquet", _numbered(pq.ParquetFile(path).iter_batches())


def _excel(path: Path, _: Reading) -> tuple[str, Iterator[pa.RecordBatch]]:
    from customer360.own_data.excel_rows import excel_batches

    return "Excel, first sheet", excel_batches(path)


_READERS: Final[dict[str, Callable[[Path, Reading], tuple[str, Iterator[pa.RecordBatch]]]]] = {
    "csv": _csv, "json": _json, "parquet": _parquet, "excel": _excel,
}  # fmt: skip


def _numbered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Typed rows as text, each with its number from 1."""
    place = 1
    for batch in batches:
        names = distinct(batch.schema.names)
        columns = {name: as_text(column) for name, column in zip(names, batch.columns, strict=True)}
        lines = pa.array(range(place, place + len(batch)), pa.int64())
        yield pa.record_batch({**columns, SOURCE_LINE: lines})
        place += len(batch)


def as_text(values: pa.Array) -> pa.Array:
    """Any values as a person would write them; lists and structs as JSON-like text."""
    try:
        return values.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
