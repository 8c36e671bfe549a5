"""What a text file is made of, found by looking: compression, encoding, delimiter, header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from customer360.errors import Customer360Error
from customer360.own_data.columns import distinct
from customer360.own_data.encodings import WESTERN, encoding_of
from customer360.own_data.packed import open_bytes

DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_CHARACTERS: Final = 1 << 18
_SAMPLE_LINES: Final = 200
_NAMES_OF_DELIMITERS: Final = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe"}
_VALUE: Final = re.compile(r"[-+]?[\d.,]+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|[^@\s]+@[^@\s]+")


QUOTES: Final = ("double", "none")
"""What a quotation mark may be: around a cell, and twice for itself; or a character like any other."""


@dataclass(frozen=True)
class CsvShape:
    """
    How a CSV file is written: what to skip before the first row, and the names of its columns.

    *quote*: one of `QUOTES`, when a person says what quotation marks are.
    """

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    lines_before_rows: int
    quote: str | None = None
    is_guess: bool = False
    """Whether the encoding is only likely."""

    def __str__(self) -> str:
        delimiter = _NAMES_OF_DELIMITERS.get(self.delimiter, repr(self.delimiter))
        encoding = self.encoding.replace("-sig", " with BOM")
        note = (
            " (it is not UTF-8: look at the accented letters; --encoding names another)" if self.is_guess else ""
        )
        return f"CSV, {encoding}{note}, {delimiter}-separated"


def csv_shape(
    path: Path, *, delimiter: str | None = None, encoding: str | None = None, quote: str | None = None
) -> CsvShape:
    """
    How the CSV file at *path* is written. Raises: Customer360Error when it is empty or has no header.

    A first line such as `sep=;`, which spreadsheets write, names the delimiter and is no header.
    """
    found = encoding or encoding_of(path)
    sample = _sample(path, found)
    skipped = len(sample) - len(rest := sample.lstrip("\r\n"))
    lines_before = sample[:skipped].count("\n")
    if match := re.match(r'"?sep=(.)"?\r?\n', rest, re.IGNORECASE):
        delimiter, rest, lines_before = delimiter or match[1], rest[match.end() :], lines_before + 1
    if not rest.strip():
        raise Customer360Error(f"{path.name} is empty; export it again, with a line of column names")
    delimiter = delimiter or delimiter_of(rest, quote)
    header, lines = _header(path, rest, delimiter, quote, lines_before + 1)
    _require_header(path, header, delimiter, rest)
    return CsvShape(
        found, delimiter, distinct(header), lines_before + lines, quote, encoding is None and found == WESTERN
    )


def _header(path: Path, text: str, delimiter: str, quote: str | None, line: int) -> tuple[list[str], int]:
    """The names of the columns, and how many lines they take. No quotation mark in them swallows rows."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, **_dialect(delimiter, quote))
    try:
        header = next(reader)
    except csv.Error:
        header = []
    if not header or (quote is None and holds_rows(header, delimiter, alike=False)):
        raise Customer360Error(
            f"{path.name}, line {line:,}: a quotation mark in the column names, {text[:60].splitlines()[0]!r}, is "
            "not closed where a name ends; correct it, or read such marks as plain characters with --quote none"
        )
    return header, reader.line_num


def holds_rows(cells: Iterable[str | None], delimiter: str, *, alike: bool = True) -> bool:
    """
    Whether a row with line breaks in its *cells* is several rows that a quotation mark put together.

    Then two or more of its lines have as many fields as the row itself, and, when *alike*, similar ones at their
    start.
    """
    fields = [cell or "" for cell in cells]
    lines = [line.split(delimiter) for line in delimiter.join(fields).split("\n")]
    starts = Counter(
        _pattern(line[0]) if alike else "" for line in lines if len(line) == len(fields) and line[0].strip()
    )
    return max(starts.values(), default=0) > 1


def _pattern(text: str) -> str:
    """What *text* looks like: C-0001 and D-17 are alike."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", text.strip()))


def _dialect(delimiter: str, quote: str | None) -> dict[str, Any]:
    return {"delimiter": delimiter, "quoting": csv.QUOTE_NONE if quote == "none" else csv.QUOTE_MINIMAL}


def _sample(path: Path, encoding: str) -> str:
    try:
        with open_bytes(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            return text.read(_SAMPLE_CHARACTERS)
    except (UnicodeError, LookupError) as error:
        raise Customer360Error(
            f"{path.name} cannot be read as {encoding} ({error}); name another with --encoding"
        ) from None


def delimiter_of(text: str, quote: str | None = None) -> str:
    """The delimiter with which most lines have as many fields as the header, and the header most."""
    return max(DELIMITERS, key=lambda delimiter: _agreement(text, delimiter, quote))


def _agreement(text: str, delimiter: str, quote: str | None) -> tuple[float, int]:
    # A last line that the sample cuts in the middle says nothing.
    complete = text[: text.rfind("\n") + 1] or text
    rows = csv.reader(io.StringIO(complete, newline=""), **_dialect(delimiter, quote))
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
    if are_values(header):
        shown = delimiter.join(header)[:60]
        raise Customer360Error(
            f"{path.name} has no line of column names: it begins with {shown!r}; put one in front"
        )


def are_values(header: list[str]) -> bool:
    """Whether most of the names in *header* are values, so that it is none."""
    filled = [cell.strip() for cell in header if cell.strip()]
    return sum(bool(_VALUE.fullmatch(cell)) for cell in filled) * 2 > len(filled) or not filled
