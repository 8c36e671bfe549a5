"""
Reads sources (files of several kinds, or rows from a query) into a raw table: text in Parquet files.

Every source is read once, into files that contain every cell as text with its line and file. What is counted,
checked and loaded afterwards is therefore the same, even if the source changes meanwhile.
"""

from __future__ import annotations

import errno
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from customer360 import temporary
from customer360.errors import Invalid, Unavailable
from customer360.own_data.columns import (
    PROVENANCE,
    SOURCE_FILE,
    SOURCE_LINE,
    SOURCE_TYPED,
    distinct,
    typed_columns,
)
from customer360.own_data.csv_rows import csv_batches
from customer360.own_data.encodings import encoding_of
from customer360.own_data.file_kinds import Piece, kind_of, pieces_of
from customer360.own_data.json_rows import json_rows
from customer360.own_data.sniff import csv_shape
from customer360.own_data.threads import in_threads
from customer360.own_data.title_rows import in_words, without_footer

FILE_ROWS: Final = 1 << 16
_SAMPLE_ROWS: Final = 1_000
_EXACT: Final = 2.0**53
"""Floats below it represent every whole number exactly."""
_UUID_BYTES: Final = 16


@dataclass(frozen=True)
class Reading:
    """How to read a file, where detection is not enough."""

    delimiter: str | None = None
    encoding: str | None = None
    quote: str | None = None
    """How to read quotation marks in CSV: one of `QUOTES`."""
    sheet: str | None = None
    skip_lines: int = 0
    """How many lines of CSV are above the column names."""


@dataclass(frozen=True)
class RawTable:
    """
    The rows of a file, a folder or a query, as text in Parquet files of *folder*.

    *typed*: the columns that an expression computed with another type than text; their style is known.
    """

    name: str
    description: str
    folder: Path = field(repr=False)
    columns: tuple[str, ...]
    rows: int
    typed: frozenset[str] = frozenset()

    @property
    def files(self) -> list[Path]:
        """The files, each of a few ten thousand rows, in the order of the rows."""
        return sorted(self.folder.glob("*.parquet"))

    def sample(self) -> dict[str, list[str]]:
        """
        The first values of each column, without nulls and blanks.

        If a column is blank in the first rows, such as one that was added to the source later, later values are
        used.
        """
        found: dict[str, list[str]] = {}
        for file in self.files:
            if not (blank := [name for name in self.columns if not found.get(name)]):
                break
            batch = self.read(file, blank)
            found |= {name: _filled(batch[name], _SAMPLE_ROWS) for name in blank}
        return {name: found[name] for name in self.columns}

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, a file at a time."""
        return map(self.read, self.files)

    def read(self, file: Path, columns: Iterable[str] = ()) -> pa.RecordBatch:
        """The rows of one of the files with their provenance, or only *columns* of them."""
        schema = arrow_schema(self.columns)
        if names := list(dict.fromkeys(columns)):
            schema = pa.schema([schema.field(name) for name in names])
        with pq.ParquetFile(file) as parquet:
            there = set(parquet.schema_arrow.names)
            present = [name for name in schema.names if name in there]
            rows = parquet.read(present, use_threads=False).combine_chunks()
        return _as_schema(rows.to_batches()[0], schema)


def _filled(texts: pa.Array, rows: int) -> list[str]:
    """The values in the first *rows* of *texts*, or else the first values after them."""
    for some in (texts[:rows], texts[rows:]):
        is_filled = pc.not_equal(pc.utf8_trim_whitespace(some), "")
        if pc.any(is_filled).as_py():
            found: list[str] = some.filter(is_filled)[:rows].to_pylist()
            return found
    return []


def arrow_schema(columns: Iterable[str]) -> pa.Schema:
    """Columns of text, with the provenance of each row."""
    kinds = {SOURCE_LINE: pa.int64()}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in (*columns, *PROVENANCE)])


@contextmanager
def spool_file(path: Path, reading: Reading | None = None) -> Iterator[RawTable]:
    """The rows of the file at *path*, or of the files of one kind in that directory; see `pieces_of`."""
    try:
        found = pieces_of(path)
    except OSError as error:
        raise Unavailable(f"cannot open {path} ({error.strerror}); check the path") from None
    with _spool() as spool:
        descriptions = dict.fromkeys(spool.add_file(piece, reading or Reading()) for piece in found.pieces)
        many = f"{len(found.pieces)} files of " if len(found.pieces) > 1 else ""
        yield spool.table(path.resolve().name, many + "; ".join(descriptions) + found.note)


@contextmanager
def spool_batches(name: str, description: str, batches: Iterable[pa.RecordBatch]) -> Iterator[RawTable]:
    """The rows of *batches*, of any types; their line is their position."""
    with _spool() as spool:
        spool.add(name, _numbered(batches))
        yield spool.table(name, description)


@contextmanager
def _spool() -> Iterator[_Spool]:
    """Uses a temporary folder, in which files derived from the rows are stored too."""
    with temporary.folder("load") as folder:
        rows = folder / "rows"
        rows.mkdir()
        yield _Spool(rows)


class _Spool:
    """Writes the Parquet files of a raw table to a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._columns: dict[str, str] = {}
        self._numbers = count()
        self._rows = 0

    def table(self, name: str, description: str) -> RawTable:
        if not self._rows:
            raise Invalid(f"{name} contains no rows; nothing was changed")
        columns = tuple(self._columns.values())
        return RawTable(name, description, self._folder, columns, self._rows)

    def add_file(self, piece: Piece, reading: Reading) -> str:
        """Adds the rows of one file; returns a description of its format."""
        path = piece.file
        try:
            kind = kind_of(path)
            if reading.sheet and kind != "excel":
                raise Invalid(f"{path.name} is not an Excel workbook; omit --sheet")
            if reading.skip_lines and kind != "csv":
                raise Invalid(f"{path.name} is not CSV; omit --skip-lines")
            description, batches = _READERS[kind](path, reading)
            files = self.add(piece.name, (_of_partition(batch, piece.partition) for batch in batches))
            below = self._without_footer(files[-1]) if files else ""
        except (UnicodeError, LookupError) as error:
            raise Invalid(f"cannot read {path} ({error}); set its encoding with --encoding") from None
        except (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException) as error:
            if getattr(error, "errno", None) == errno.ENOSPC:
                raise
            reason = getattr(error, "strerror", None) or str(error).splitlines()[0][:120]
            raise Unavailable(f"cannot read {path} ({reason}); check that it is complete and readable") from None
        return description + below

    def add(self, name: str, batches: Iterable[pa.RecordBatch]) -> list[Path]:
        """Writes the rows of *batches*; returns their files."""
        numbered = zip(self._numbers, _together(map(self._named, batches)), strict=False)
        written = list(in_threads(partial(self._write, name), numbered))
        self._rows += sum(rows for _, rows in written)
        return [path for path, _ in written]

    def _without_footer(self, path: Path) -> str:
        """Drops the notices at the end of the last file of a source; returns a description of them."""
        rows = pq.ParquetFile(path).read()
        kept, notices = without_footer(rows)
        if len(kept) < len(rows):
            self._rows -= len(rows) - len(kept)
            write_parquet(path, kept)
        return in_words([[notice] for notice in notices], "below the data")

    def _named(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """*batch* with the first spelling of each column name: like Spark, names ignore letter case."""
        return batch.rename_columns(
            [
                name if name in PROVENANCE else self._columns.setdefault(name.lower(), name)
                for name in batch.schema.names
            ]
        )

    def _write(self, name: str, numbered: tuple[int, Sequence[pa.RecordBatch]]) -> tuple[Path, int]:
        number, batches = numbered
        columns = dict.fromkeys(column for batch in batches for column in batch.schema.names)
        schema = arrow_schema(column for column in columns if column not in PROVENANCE)
        rows = pa.Table.from_batches([_of_file(batch, schema, name) for batch in batches])
        path = self._folder / f"{number:09}.parquet"
        write_parquet(path, rows)
        return path, len(rows)


def _of_partition(batch: pa.RecordBatch, partition: Mapping[str, str | None]) -> pa.RecordBatch:
    """*batch* with the values of its folder names, for columns that it lacks."""
    there = {name.lower() for name in batch.schema.names}
    for name, value in partition.items():
        if name.lower() not in there:
            batch = batch.append_column(name, pa.repeat(pa.scalar(value, pa.string()), len(batch)))
    return batch


def _together(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Groups the batches to about `FILE_ROWS` rows."""
    some: list[pa.RecordBatch] = []
    for batch in batches:
        some += [batch] if len(batch) else []
        if sum(map(len, some)) >= FILE_ROWS:
            yield some
            some = []
    if some:
        yield some


def write_parquet(path: Path, rows: pa.Table) -> None:
    """Writes *rows* that are read once or twice and then dropped: fast rather than small."""
    pq.write_table(
        rows, path, compression="lz4", use_dictionary=[SOURCE_FILE, SOURCE_TYPED], write_statistics=False
    )


def _of_file(batch: pa.RecordBatch, schema: pa.Schema, name: str) -> pa.RecordBatch:
    return _as_schema(batch.append_column(SOURCE_FILE, pa.repeat(pa.scalar(name), len(batch))), schema)


def _as_schema(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """*batch* with the columns of *schema*; missing ones are null."""
    present = dict(zip(batch.schema.names, batch.columns, strict=True))
    columns = [
        present[field.name] if field.name in present else pa.nulls(len(batch), field.type) for field in schema
    ]
    return pa.record_batch(columns, schema=schema)


def _csv(path: Path, reading: Reading) -> tuple[str, Iterator[pa.RecordBatch]]:
    shape = csv_shape(
        path,
        delimiter=reading.delimiter,
        encoding=reading.encoding,
        quote=reading.quote,
        skip_lines=reading.skip_lines,
    )
    return str(shape), csv_batches(path, shape)


def _json(path: Path, reading: Reading) -> tuple[str, Iterator[pa.RecordBatch]]:
    encoding = reading.encoding or encoding_of(path)
    description, batches = json_rows(path, encoding)
    return f"{description}{'' if encoding == 'utf-8' else f', {encoding}'}", batches


def _parquet(path: Path, _: Reading) -> tuple[str, Iterator[pa.RecordBatch]]:
    return "Parquet", _numbered(pq.ParquetFile(path, coerce_int96_timestamp_unit="us").iter_batches())


def _excel(path: Path, reading: Reading) -> tuple[str, Iterator[pa.RecordBatch]]:
    from customer360.own_data.excel_rows import excel_rows

    return excel_rows(path, reading.sheet)


_READERS: Final[dict[str, Callable[[Path, Reading], tuple[str, Iterator[pa.RecordBatch]]]]] = {
    "csv": _csv, "json": _json, "parquet": _parquet, "excel": _excel,
}  # fmt: skip


def _numbered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Typed rows as text, each with its number from 1."""
    place = 1
    for batch in map(_flat, batches):
        names = distinct(batch.schema.names)
        typed = typed_columns(
            name for name, kind in zip(names, batch.schema.types, strict=True) if _has_fractions(kind)
        )
        yield pa.record_batch(
            {
                **dict(zip(names, map(as_text, batch.columns), strict=True)),
                SOURCE_LINE: pa.array(range(place, place + len(batch)), pa.int64()),
                SOURCE_TYPED: pa.repeat(pa.scalar(typed, pa.string()), len(batch)),
            }
        )
        place += len(batch)


def _flat(batch: pa.RecordBatch) -> pa.RecordBatch:
    """*batch* with the fields of structs as columns, such as address.city."""
    if not any(map(pa.types.is_struct, batch.schema.types)):
        return batch
    rows = pa.Table.from_batches([batch])
    while any(map(pa.types.is_struct, rows.schema.types)):
        rows = rows.flatten()
    return pa.record_batch([column.combine_chunks() for column in rows.columns], schema=rows.schema)


def _has_fractions(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def as_text(values: pa.Array) -> pa.Array:
    """*values* of any type as a person would write them; lists and structs as JSON-like text."""
    if pa.types.is_floating(values.type):
        return _floats_as_text(values)
    if pa.types.is_fixed_size_binary(values.type) and values.type.byte_width == _UUID_BYTES:
        return pa.array(
            [None if value is None else str(UUID(bytes=value)) for value in values.to_pylist()], pa.string()
        )
    try:
        return values.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        pa.nulls(0).to_pandas()  # loads pandas, which Arrow needs for nanoseconds in a list
        return pa.array([_value_as_text(value) for value in values.to_pylist()], pa.string())


def _floats_as_text(values: pa.Array) -> pa.Array:
    """Whole numbers with all their digits; Arrow writes those of 11 or more digits with an exponent."""
    values = values.cast(pa.float64()) if pa.types.is_float16(values.type) else values
    is_whole = pc.and_(pc.equal(values, pc.trunc(values)), pc.less(pc.abs(values), _EXACT))
    whole = pc.if_else(is_whole, values, pa.scalar(None, values.type)).cast(pa.int64()).cast(pa.string())
    return pc.coalesce(whole, values.cast(pa.string()))


def _value_as_text(value: object) -> str | None:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return f"\\x{value.hex()}"
    return None if value is None else str(value)
