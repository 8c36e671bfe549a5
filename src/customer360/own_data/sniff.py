"""What a text file is made of, found by looking: compression, encoding, delimiter, header."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Final

import pyarrow as pa

from customer360.errors import Customer360Error
from customer360.own_data.columns import distinct

DELIMITERS: Final = (",", ";", "\t", "|")
_CHUNK: Final = 1 << 20
_SAMPLE_CHARACTERS: Final = 1 << 18
_SAMPLE_LINES: Final = 200
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES_OF_DELIMITERS: Final = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe"}
_VALUE: Final = re.compile(r"[-+]?[\d.,]+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class CsvShape:
    """How a CSV file is written: what to skip before the first row, and the names of its columns."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    lines_before_rows: int

    def __str__(self) -> str:
        delimiter = _NAMES_OF_DELIMITERS.get(self.delimiter, repr(self.delimiter))
        return f"CSV, {self.encoding.replace('-sig', ' with BOM')}, {delimiter}-separated"


def open_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked when it is a gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def encoding_of(path: Path) -> str:
    """
    By its byte order mark; else UTF-8 when all of it is, else UTF-16 by its zero bytes, else Windows-1252.

    The whole file is looked at: one accented name on the last line decides.
    """
    with open_bytes(path) as file:
        start = file.read(4096)
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            return encoding
    if start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1::2].count(0) > start[0::2].count(0) else "utf-16-be"
    if _is_utf_8(path):
        return "utf-8"
    return "cp1252" if all(map(_is_cp1252, _chunks(path))) else "latin-1"


def _is_utf_8(path: Path) -> bool:
    """Arrow's look at the bytes is many times as fast as Python's decoding."""
    rest = b""
    try:
        for chunk in _chunks(path):
            whole = rest + chunk
            cut = next((-place for place in (1, 2, 3) if whole[-place:][:1] >= b"\xc0"), len(whole))
            pa.array([whole[:cut]], pa.binary()).cast(pa.string())
            rest = whole[cut:]
        pa.array([rest], pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def _is_cp1252(chunk: bytes) -> bool:
    try:
        chunk.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return True


def _chunks(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def csv_shape(path: Path, *, delimiter: str | None = None, encoding: str | None = None) -> CsvShape:
    """
    How the CSV file at *path* is written. Raises: Customer360Error when it is empty or has no header.

    A first line such as `sep=;`, which spreadsheets write, names the delimiter and is no header.
    """
    encoding = encoding or encoding_of(path)
    sample = _sample(path, encoding)
    skipped = len(sample) - len(rest := sample.lstrip("\r\n"))
    lines_before = sample[:skipped].count("\n")
    if match := re.match(r"sep=(.)\r?\n", rest):
        delimiter, rest, lines_before = delimiter or match[1], rest[match.end() :], lines_before + 1
    if not rest.strip():
        raise Customer360Error(f"{path.name} is empty; export it again, with a line of column names")
    delimiter = delimiter or delimiter_of(rest)
    reader = csv.reader(io.StringIO(rest, newline=""), delimiter=delimiter)
    header = next(reader)
    _require_header(path, header, delimiter, rest)
    return CsvShape(encoding, delimiter, distinct(header), lines_before + reader.line_num)


def _sample(path: Path, encoding: str) -> str:
    try:
        with open_bytes(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            return text.read(_SAMPLE_CHARACTERS)
    except (UnicodeError, LookupError) as error:
        raise Customer360Error(
            f"{path.name} cannot be read as {encoding} ({error}); name another with --encoding"
        ) from None


def delimiter_of(text: str) -> str:
    """The delimiter with which most lines have as many fields as the header, and the header most."""
    return max(DELIMITERS, key=lambda delimiter: _agreement(text, delimiter))


def _agreement(text: str, delimiter: str) -> tuple[float, int]:
    # A last line that the sample cuts in the middle says nothing.
    complete = text[: text.rfind("\n") + 1] or text
    rows = csv.reader(io.StringIO(complete, newline=""), delimiter=delimiter)
    counts: list[int] = []
    with suppress(csv.Error):  # a cell longer than the module allows: what came before it says enough
        counts.extend(len(row) for row in islice(rows, _SAMPLE_LINES) if row)
    if not counts or counts[0] == 1:
        return 0.0, 1
    return Counter(counts)[counts[0]] / len(counts), counts[0]


def _require_header(path: Path, header: list[str], delimiter: str, text: str) -> None:
    if len(header) == 1:
        other = delimiter_of(text)
        way_out = f"try --delimiter '{other}'" if other != delimiter and other in header[0] else (
            "name what separates its columns with --delimiter"
        )  # fmt: skip
        raise Customer360Error(
            f"{path.name} has one column only when it is split at {delimiter!r}: {header[0][:60]!r}; {way_out}"
        )
    filled = [cell.strip() for cell in header if cell.strip()]
    if sum(bool(_VALUE.fullmatch(cell)) for cell in filled) * 2 > len(filled) or not filled:
        shown = delimiter.join(header)[:60]
        raise Customer360Error(
            f"{path.name} has no line of column names: it begins with {shown!r}; put one in front"
        )
