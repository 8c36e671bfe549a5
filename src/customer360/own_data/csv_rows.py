"""The rows of a CSV file as text, each with its line number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from customer360.errors import Invalid
from customer360.own_data.columns import SOURCE_LINE, SOURCE_PROBLEM, SOURCE_TEXT, may_contain
from customer360.own_data.encodings import Utf8Blocks
from customer360.own_data.packed import open_bytes
from customer360.own_data.sniff import CsvShape, contains_rows

WRONG_FIELDS: Final = "wrong_number_of_fields"
_BLOCK_BYTES: Final = 2 << 20
"""Larger than any row, unless a quote is never closed. Larger blocks would be slower."""


def csv_batches(path: Path, shape: CsvShape) -> Iterator[pa.RecordBatch]:
    """
    Every row with its physical line, counted from 1; quoted line breaks count.

    A row with too few or too many fields is returned as its text, with its problem. Empty rows are skipped.
    Raises: Customer360Error for a quotation mark that swallows rows, and for bytes that are invalid in the
    encoding.
    """
    lines = _Lines(path, shape)
    last = None
    try:
        for batch in _open(path, shape, lines):
            yield from (_unforced(lines.split(batch)), lines.unsplit())
            last = batch if len(batch) else last
        lines.finish()
        yield lines.unsplit()
    except (pa.ArrowInvalid, UnicodeError) as error:
        if "Could not skip" in str(error):  # the column names end the file
            return
        raise Invalid(_why(path, shape, lines, str(error))) from None
    if lines.is_open or (last is not None and _is_open(path, shape, last)):
        raise Invalid(_never_closed(path, lines.last))


def _open(path: Path, shape: CsvShape, lines: _Lines) -> Iterator[pa.RecordBatch]:
    read = pa.csv.ReadOptions(
        # Rows are numbered only in one thread.
        use_threads=False,
        block_size=_BLOCK_BYTES,
        skip_rows=shape.lines_before_rows,
        column_names=list(shape.columns),
    )
    parse = pa.csv.ParseOptions(
        delimiter=shape.delimiter,
        quote_char=False if shape.quote == "none" else '"',
        newlines_in_values=shape.quote != "none",
        ignore_empty_lines=False,
        invalid_row_handler=lines.keep_unsplit,
    )
    convert = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(shape.columns, pa.string()), strings_can_be_null=False
    )
    with open_bytes(path) as file:
        rewritten = shape.rewritten if shape.is_rewritten else None
        yield from pa.csv.open_csv(Utf8Blocks(file, shape.encoding, rewritten), read, parse, convert)


def _unforced(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The cells without what spreadsheets put around a number to keep it as text: ="0012" and '0012."""
    for place, column in enumerate(batch.columns):
        if pa.types.is_string(column.type) and (may_contain(column, b'="') or may_contain(column, b"'")):
            plain = pc.replace_substring_regex(column, r"""^\s*(?:="([^"]*)"|'(\d[\d.,]*))\s*$""", r"\1\2")
            batch = batch.set_column(place, batch.schema.field(place), plain)
    return batch


class _Lines:
    """Counts lines across the batches of a file: a row's number plus the line breaks inside earlier rows."""

    def __init__(self, path: Path, shape: CsvShape) -> None:
        self._path, self._shape = path, shape
        self._next = shape.lines_before_rows + 1
        self._breaks = 0
        self._kept: list[tuple[int, str]] = []
        self._unsplit: list[tuple[int, str]] = []
        self.last = shape.lines_before_rows
        self.is_open = False
        """Whether a row that could not be split has an unclosed quote, and so contains all that follows."""

    def keep_unsplit(self, row: Any) -> str:
        has_breaks = "\n" in row.text and self._shape.quote is None
        self.is_open = self.is_open or (has_breaks and row.text.count('"') % 2 == 1)
        self._kept.append((row.number, row.text))
        return "skip"

    def split(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows that are not empty, each with its line."""
        numbers, unsplit = self._numbers(len(batch))
        counts = (pc.count_substring(text, "\n").to_numpy() for text in batch.columns if may_contain(text, b"\n"))
        breaks = sum(counts, np.zeros(1, int))
        order = np.argsort(np.concatenate([numbers, [number for number, _ in unsplit]]), kind="stable")
        every = np.concatenate([np.broadcast_to(breaks, len(batch)), [text.count("\n") for _, text in unsplit]])
        before = np.empty(len(order), dtype=np.int64)
        before[order] = np.cumsum(every[order]) - every[order] + self._breaks
        self._breaks += int(every.sum())
        lines = numbers + before[: len(batch)]
        self._require_no_rows_in_cells(batch, lines, np.flatnonzero(breaks[: len(batch)]))
        if self._shape.quote is None and not self._shape.is_escaped:
            self._require_no_escapes(batch, lines)
        self._unsplit += [
            (number + int(shift), text)
            for (number, text), shift in zip(unsplit, before[len(batch) :], strict=True)
        ]
        self.last = int(lines[-1]) if len(lines) else self.last
        return with_lines(batch, lines)

    def _require_no_rows_in_cells(self, batch: pa.RecordBatch, lines: Any, places: Iterable[int]) -> None:
        """An unclosed quotation mark extends to the next mark, over all rows between them."""
        for place in places if self._shape.quote is None else ():
            if contains_rows((column[int(place)].as_py() for column in batch.columns), self._shape.delimiter):
                raise Invalid(_swallowing(self._path, int(lines[place])))

    def _require_no_escapes(self, batch: pa.RecordBatch, lines: Any) -> None:
        """A reader of doubled quotation marks reads "Ada \\"Ace\\" Lind" as Ada \\Ace\\" Lind"."""
        for column in batch.columns:
            if may_contain(column, b"\\") and may_contain(column, b'"'):
                found = pc.index(pc.match_substring_regex(column, r'^[^"]*\\[^"]*\\".*"$'), True).as_py()
                if found >= 0:
                    raise Invalid(_escaping(self._path, int(lines[found])))

    def _numbers(self, rows: int) -> tuple[np.ndarray[Any, np.dtype[np.int64]], list[tuple[int, str]]]:
        """The numbers of the next *rows* rows that were split, and the unsplit rows among them."""
        skipped, self._kept = self._kept, []
        taken = {number for number, _ in skipped}
        numbers = np.arange(self._next, self._next + rows + len(skipped), dtype=np.int64)
        numbers = numbers[~np.isin(numbers, list(taken))][:rows] if taken else numbers[:rows]
        end = int(numbers[-1]) + 1 if rows else self._next
        mine = [row for row in skipped if row[0] < end]
        self._kept = [row for row in skipped if row[0] >= end]
        self._next = end
        return numbers, mine

    def finish(self) -> None:
        """Assigns lines to the unsplit rows after the last one that could be split."""
        for number, text in self._kept:
            self._unsplit.append((number + self._breaks, text))
            self._breaks += text.count("\n")
        self._kept = []

    def unsplit(self) -> pa.RecordBatch:
        """The rows that could not be split and have a line."""
        found = [(line, text) for line, text in self._unsplit if text.strip()]
        self._unsplit = []
        return problems([line for line, _ in found], WRONG_FIELDS, [text for _, text in found])


def problems(lines: list[int], problem: str, texts: list[str]) -> pa.RecordBatch:
    """Rows that could not be split into columns, all for the same reason."""
    return pa.record_batch(
        {
            SOURCE_LINE: pa.array(lines, pa.int64()),
            SOURCE_PROBLEM: pa.array([problem] * len(lines), pa.string()),
            SOURCE_TEXT: pa.array(texts, pa.string()),
        }
    )


def with_lines(batch: pa.RecordBatch, lines: Any) -> pa.RecordBatch:
    """The rows of *batch* that are not empty, with their *lines*."""
    filled = np.zeros(len(batch), dtype=bool)
    for column in batch.columns:
        if filled.all():
            break
        filled |= pc.not_equal(pc.fill_null(column, ""), "").to_numpy(zero_copy_only=False)
    batch = batch.append_column(SOURCE_LINE, pa.array(lines, pa.int64()))
    return batch if filled.all() else batch.filter(pa.array(filled))


def _is_open(path: Path, shape: CsvShape, last: pa.RecordBatch) -> bool:
    """Whether the last cell of the file extends to its end, across line breaks and without a closing quote."""
    cell = (last.columns[-1][-1].as_py() or "").rstrip("\r\n")
    if "\n" not in (last.columns[-1][-1].as_py() or "") or not cell:
        return False
    with open_bytes(path) as file:
        tail = b""
        while chunk := file.read(1 << 20):
            tail = (tail + chunk)[-4096:]
    text = tail.decode(shape.encoding.replace("-sig", ""), errors="ignore").rstrip("\r\n\0")
    return text.endswith(cell[-200:])


def _why(path: Path, shape: CsvShape, lines: _Lines, reason: str) -> str:
    if "straddling" in reason:
        return _never_closed(path, lines.last)
    if "UTF" in reason or "decode" in reason or "codec" in reason:
        return f"{path.name}: invalid {shape.encoding} after line {lines.last:,}; set the encoding with --encoding"
    return f"cannot read {path.name} after line {lines.last:,}: {reason.splitlines()[0][:120]}; export it again"


def _never_closed(path: Path, line: int) -> str:
    return (
        f"{path.name}: unclosed quotation mark at or after line {line:,}; close or remove it, or read quotation "
        "marks as plain characters with --quote none"
    )


def _escaping(path: Path, line: int) -> str:
    return (
        f"{path.name}, line {line:,}: backslash before a quotation mark; use --quote backslash if it escapes the "
        "mark, or --quote double if it is a plain character"
    )


def _swallowing(path: Path, line: int) -> str:
    return (
        f"{path.name}, line {line:,}: a quotation mark turns several rows into one cell; remove it, or read "
        "quotation marks as plain characters with --quote none (--quote double keeps the cell)"
    )
