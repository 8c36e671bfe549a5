"""Rows above the column names and below the data of reports: titles, export dates, notices."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data.columns import PROVENANCE, SOURCE_LINE, SOURCE_TEXT

_MOST: Final = 40
"""The maximum number of rows above the column names."""
_SHOWN: Final = 3

Row = Sequence[Any]


def rows_above(rows: Sequence[Row]) -> int:
    """
    How many of the first *rows* are above the column names.

    These are rows with at most half as many cells as most rows, and rows that a blank row separates from the
    names.
    """
    usual, cells = _usual(map(_end, rows)), _usual(map(count, rows))
    start = next((place for place, row in enumerate(rows) if count(row) * 2 > max(cells, 2)), 0)
    names = next(
        (place for place in range(start, min(len(rows), _MOST)) if _end(rows[place]) >= usual and usual > 2), start
    )
    has_blank = any(not count(row) for row in rows[start:names])
    found = names if has_blank else start
    return found if found <= _MOST else 0


def _usual(sizes: Iterable[int]) -> int:
    """The size that most rows of several cells have."""
    counts = Counter(size for size in sizes if size > 1)
    return max(counts, key=lambda size: (counts[size], size), default=0)


def count(row: Iterable[Any]) -> int:
    """How many cells of *row* are not empty."""
    return sum(cell is not None and str(cell).strip() != "" for cell in row)


def _end(row: Row) -> int:
    """The position after the last cell that is not empty."""
    return max((place for place, cell in enumerate(row, start=1) if cell not in (None, "")), default=0)


def in_words(rows: Sequence[Row], place: str) -> str:
    """A description of the skipped *rows*: their number, and the text of the first ones."""
    said = [" ".join(str(cell) for cell in row if cell not in (None, ""))[:60] for row in rows if count(row)]
    if not said:
        return ""
    shown = "; ".join(repr(text) for text in said[:_SHOWN]) + ("; ..." if len(said) > _SHOWN else "")
    return f", skipping {len(said)} row{'s' * (len(said) > 1)} {place} ({shown})"


def without_footer(rows: pa.Table) -> tuple[pa.Table, list[str]]:
    """
    *rows* without the notices at their end, and the notices.

    A notice is a line of one text where other lines have several cells, or a row with a text only in its first
    cell that blank lines separate from the others. A customer with nothing but a name is kept.
    """
    columns = [name for name in rows.schema.names if name not in PROVENANCE]
    rows = rows.take(pc.sort_indices(rows, sort_keys=[(SOURCE_LINE, "ascending")]))
    last = rows.slice(max(0, len(rows) - _MOST)).to_pylist() if len(columns) > 2 else []
    start = len(last)
    while start and _is_notice(last[start - 1], columns):
        start -= 1
    dropped = last[start:]
    if not start or not dropped:
        return rows, []
    is_parted = dropped[0][SOURCE_LINE] > last[start - 1][SOURCE_LINE] + 1
    if not is_parted and not dropped[0][SOURCE_TEXT]:
        return rows, []
    texts = [(row[SOURCE_TEXT] or row[columns[0]]).strip().strip('"') for row in dropped]
    return rows.slice(0, len(rows) - len(dropped)), texts


def _is_notice(row: Mapping[str, Any], columns: Sequence[str]) -> bool:
    text = (row[SOURCE_TEXT] or row[columns[0]] or "").strip()
    words = re.findall(r"[^\W\d_]{2,}", text)
    if row[SOURCE_TEXT]:
        is_quoted = re.fullmatch(r'"(?:[^"]|"")*"', text) is not None
        is_one = is_quoted or not any(mark in text for mark in ",;\t|")
        return is_one and (len(words) > 1 or re.search(r"\w:? \w", text) is not None) and bool(words)
    return len(words) > 1 and count(row[name] for name in columns) == 1
