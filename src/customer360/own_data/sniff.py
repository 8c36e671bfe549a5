"""Detects the format of a CSV file: encoding, delimiter, quoting, header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from customer360.errors import Invalid
from customer360.own_data.columns import distinct
from customer360.own_data.encodings import WESTERN, encoding_of
from customer360.own_data.packed import open_bytes
from customer360.own_data.title_rows import in_words, rows_above

DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_CHARACTERS: Final = 1 << 18
_SAMPLE_LINES: Final = 200
_MOSTLY: Final = 0.5
_NAMES_OF_DELIMITERS: Final = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe"}
_VALUE: Final = re.compile(r"[-+]?[\d.,]+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|[^@\s]+@[^@\s]+")


QUOTES: Final = ("double", "backslash", "none")
"""
How quotation marks are read: around cells, with a mark inside a cell doubled or after a backslash; or as plain
characters.
"""
_ESCAPED: Final = re.compile(r'(?m)(?:^|[,;\t|])"[^"\r\n]*\\"[^,;\t|\r\n"]')
BLANKS: Final = " "
"""The delimiter of columns that are separated by any number of blanks."""
_RUNS: Final = {2: re.compile(r"[ \t]{2,}"), 1: re.compile(r"[ \t]+")}


@dataclass(frozen=True)
class CsvShape:
    """
    The format of a CSV file: the lines before the first row, and the column names.

    *quote*: one of `QUOTES` if the user chose it.
    """

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    lines_before_rows: int
    quote: str | None = None
    is_guess: bool = False
    """Whether the encoding is a guess."""
    above: str = ""
    """A description of the skipped rows above the column names."""
    is_escaped: bool = False
    """Whether a backslash escapes a quotation mark."""
    blanks: int = 0
    """The minimum number of blanks that separate columns; 0 if the delimiter is not a blank."""

    def __str__(self) -> str:
        delimiter = _NAMES_OF_DELIMITERS.get(self.delimiter, repr(self.delimiter))
        encoding = self.encoding.replace("-sig", " with BOM")
        note = " (not UTF-8: check the accented letters, or choose with --encoding)" if self.is_guess else ""
        escaped = ', \\" for a quotation mark' if self.is_escaped else ""
        return f"CSV, {encoding}{note}, {'blank' if self.blanks else delimiter}-separated{escaped}{self.above}"

    def rewritten(self, text: str) -> str:
        """Whole lines of the file, with tabs for blanks between columns, and escaped quotation marks doubled."""
        if self.blanks:
            lines = (_RUNS[self.blanks].sub("\t", line.strip(" \t")) for line in text.split("\n"))
            text = "\n".join(lines)
        return re.sub(r'\\(["\\])', _doubled, text) if self.is_escaped else text

    @property
    def is_rewritten(self) -> bool:
        return self.is_escaped or self.blanks > 0


def _doubled(found: re.Match[str]) -> str:
    return '""' if found[1] == '"' else "\\"


def csv_shape(
    path: Path,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    quote: str | None = None,
    skip_lines: int = 0,
) -> CsvShape:
    """
    The format of the CSV file at *path*. Raises: Customer360Error when it is empty or has no header.

    A first line such as `sep=;`, which spreadsheets write, sets the delimiter and is not the header. The first
    *skip_lines* lines are ignored.
    """
    found = encoding or encoding_of(path)
    sample = "\n".join(_sample(path, found).split("\n", skip_lines)[skip_lines:])
    skipped = len(sample) - len(rest := sample.lstrip("\r\n\ufeff"))
    lines_before = skip_lines + sample[:skipped].count("\n")
    if match := re.match(r'"?sep=(.)"?\r?\n', rest, re.IGNORECASE):
        delimiter, rest, lines_before = delimiter or match[1], rest[match.end() :], lines_before + 1
    if not rest.strip():
        raise Invalid(f"{path.name} is empty; export it again with a line of column names")
    is_guess = encoding is None and found == WESTERN
    shape = CsvShape(
        found, delimiter or "", (), lines_before, quote, is_guess, is_escaped=_is_escaped(rest, quote)
    )
    shape = _with_blanks(shape, rest)
    found_in, above, rest, skipped = _without_titles(shape.rewritten(rest), shape.delimiter or None, quote)
    shape = replace(shape, delimiter=found_in, above=above)
    lines_before += skipped
    header, lines = _header(path, rest, shape.delimiter, quote, lines_before + 1)
    _require_header(path, header, shape.delimiter, rest)
    columns = distinct([*header, *[""] * _has_blank_end(header, rest, shape)])
    return replace(shape, columns=columns, lines_before_rows=lines_before + lines)


def _is_escaped(text: str, quote: str | None) -> bool:
    return quote == "backslash" or (quote is None and bool(_ESCAPED.search(text)))


def _with_blanks(shape: CsvShape, text: str) -> CsvShape:
    """*shape* with the number of blanks that separate columns, if no other delimiter does."""
    if shape.delimiter == BLANKS:
        return replace(shape, delimiter="\t", blanks=1)
    blanks = 0 if shape.delimiter else _blanks(text)
    return replace(shape, delimiter="\t", blanks=blanks) if blanks else shape


def _blanks(text: str) -> int:
    """The minimum number of blanks that separate columns; 0 if the file has another delimiter."""
    lines = [line.strip(" \t\r") for line in text[: text.rfind("\n") + 1].split("\n") if line.strip()][
        :_SAMPLE_LINES
    ]
    if len(lines) < 2 or any(sign in line for line in lines for sign in ',;|"\t'):
        return 0
    for least, run in _RUNS.items():
        counts = {len(run.split(line)) for line in lines}
        if len(counts) == 1 and counts.pop() > 1:
            return least
    return 0


def _rows(text: str, delimiter: str, quote: str | None) -> list[tuple[int, list[str]]]:
    """The first rows that are not empty, each with the line that it begins on."""
    # The sample may cut its last line, which is then ignored.
    complete = text[: text.rfind("\n") + 1] or text
    reader = csv.reader(io.StringIO(complete, newline=""), **_dialect(delimiter, quote))
    rows, line = [], 1
    with suppress(csv.Error):  # a cell longer than the module allows: the rows before it are enough
        for row in islice(reader, _SAMPLE_LINES):
            if row:
                rows.append((line, row))
            line = reader.line_num + 1
    return rows


def _ends_blank(header: Sequence[str], rows: Sequence[tuple[int, list[str]]], usual: int) -> bool:
    """Whether every row ends with a delimiter but the *header* does not."""
    return len(header) == usual - 1 and all(not row[-1].strip() for _, row in rows if len(row) == usual)


def _has_blank_end(header: Sequence[str], text: str, shape: CsvShape) -> bool:
    rows = _rows(text, shape.delimiter, shape.quote)[1:]
    longer = [(line, row) for line, row in rows if len(row) == len(header) + 1]
    return len(longer) * 2 > len(rows) and _ends_blank(header, longer, len(header) + 1)


def _without_titles(text: str, delimiter: str | None, quote: str | None) -> tuple[str, str, str, int]:
    """
    The delimiter, a description of the rows above the column names, the text without them, and their line count.

    Titles are searched for if the first line does not have as many fields as most others.
    """
    best = delimiter or delimiter_of(text, quote)
    is_usual = _agreement(text, best, quote)[0] > _MOSTLY and not _titles(text, best, quote)
    if is_usual or (delimiter and delimiter != delimiter_of(text, quote)):
        return best, "", text, 0
    for one in sorted([delimiter] if delimiter else DELIMITERS, key=lambda one: one != best):
        if titles := _titles(text, one, quote):
            lines = titles[-1][1]
            rest = "".join(text.splitlines(keepends=True)[lines:])
            if rest.strip() and _agreement(rest, one, quote)[0] > _MOSTLY:
                return one, in_words([row for row, _ in titles], "above the column names"), rest, lines
    return best, "", text, 0


def _titles(text: str, delimiter: str, quote: str | None) -> list[tuple[list[str], int]]:
    """The rows above the column names, each with the line on which it ends."""
    reader = csv.reader(io.StringIO(text, newline=""), **_dialect(delimiter, quote))
    rows: list[tuple[list[str], int]] = []
    with suppress(csv.Error):
        rows.extend((row, reader.line_num) for row in islice(reader, _SAMPLE_LINES))
    return rows[: rows_above([row for row, _ in rows])]


def _header(path: Path, text: str, delimiter: str, quote: str | None, line: int) -> tuple[list[str], int]:
    """The column names, and their number of lines. Raises: Customer360Error if a quotation mark swallows rows."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, **_dialect(delimiter, quote))
    try:
        header = next(reader)
    except csv.Error:
        header = []
    if not header or (quote is None and contains_rows(header, delimiter, alike=False)):
        raise Invalid(
            f"{path.name}, line {line:,}: unclosed quotation mark in the column names "
            f"{text[:60].splitlines()[0]!r}; correct it, or read quotation marks as plain characters with "
            "--quote none"
        )
    return header, reader.line_num


def contains_rows(cells: Iterable[str | None], delimiter: str, *, alike: bool = True) -> bool:
    """
    Whether a row with line breaks in its *cells* is several rows that a quotation mark joined.

    If so, two or more of its lines have as many fields as the row itself and, if *alike*, begin with similar
    fields.
    """
    fields = [cell or "" for cell in cells]
    lines = [line.split(delimiter) for line in delimiter.join(fields).split("\n")]
    starts = Counter(
        _pattern(line[0]) if alike else "" for line in lines if len(line) == len(fields) and line[0].strip()
    )
    return max(starts.values(), default=0) > 1


def _pattern(text: str) -> str:
    """The pattern of *text*: C-0001 and D-17 have the same."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", text.strip()))


def _dialect(delimiter: str, quote: str | None) -> dict[str, Any]:
    return {"delimiter": delimiter, "quoting": csv.QUOTE_NONE if quote == "none" else csv.QUOTE_MINIMAL}


def _sample(path: Path, encoding: str) -> str:
    try:
        with open_bytes(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            return text.read(_SAMPLE_CHARACTERS)
    except (UnicodeError, LookupError) as error:
        raise Invalid(
            f"cannot read {path.name} as {encoding} ({error}); set another encoding with --encoding"
        ) from None


def delimiter_of(text: str, quote: str | None = None) -> str:
    """The delimiter with which most lines have as many fields as the header, and the header has most fields."""
    return max(DELIMITERS, key=lambda delimiter: _agreement(text, delimiter, quote))


def _agreement(text: str, delimiter: str, quote: str | None) -> tuple[float, int]:
    counts = [len(row) for _, row in _rows(text, delimiter, quote)]
    if not counts or counts[0] == 1:
        return 0.0, 1
    return Counter(counts)[counts[0]] / len(counts), counts[0]


def _require_header(path: Path, header: list[str], delimiter: str, text: str) -> None:
    if len(header) == 1:
        other = delimiter_of(text)
        way_out = f"try --delimiter '{other}'" if other != delimiter and other in header[0] else (
            "set the delimiter with --delimiter"
        )  # fmt: skip
        raise Invalid(
            f"{path.name} has only one column when split at {delimiter!r}: {header[0][:60]!r}; {way_out}"
        )
    if are_values(header):
        shown = delimiter.join(header)[:60]
        raise Invalid(f"{path.name} has no line of column names: it begins with {shown!r}; add one on top")


def are_values(header: list[str]) -> bool:
    """Whether most cells of *header* are values, so that it is not a header."""
    filled = [cell.strip() for cell in header if cell.strip()]
    return sum(bool(_VALUE.fullmatch(cell)) for cell in filled) * 2 > len(filled) or not filled
