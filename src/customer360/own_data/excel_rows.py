"""The rows of one sheet of an Excel workbook as text, each with its row number."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from customer360.errors import Customer360Error, Invalid, Unavailable, nearest
from customer360.own_data.columns import SOURCE_LINE, Typed, distinct, text_columns
from customer360.own_data.sniff import are_values
from customer360.own_data.title_rows import count, in_words, rows_above

_ROWS_AT_ONCE: Final = 10_000
_EXAMINED_ROWS: Final = 50
_UNCOMPUTED: Final = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
"""A cell with a formula but no value; a text formula, t="str", may be empty."""
_CHUNK: Final = 1 << 20
_LONGEST_CELL: Final = 1 << 16
_Row = tuple[int, Sequence[Any]]


def excel_rows(path: Path, sheet: str | None = None) -> tuple[str, Iterator[pa.RecordBatch]]:
    """
    A description of what is read, and every row that is not empty.

    Reads the sheet called *sheet*, or else the first visible sheet with a table. Raises: Customer360Error when
    there is none, when openpyxl is not installed or cannot read the file, and for a formula without a value.
    """
    with _workbook(path) as book:
        chosen = _chosen(path, book, sheet)
        others = [other for other in book.worksheets if other.title != chosen]
        above = _above(book[chosen])
        titles = in_words([row for _, row in above], "above the column names")
        return f"Excel, sheet '{chosen}'{titles}{_others(others)}", _batches(path, chosen, len(above))


@contextmanager
def _workbook(path: Path, *, formulas: bool = False) -> Iterator[Any]:
    try:
        openpyxl = import_module("openpyxl")
    except ModuleNotFoundError:
        raise Unavailable(
            f"reading {path.name} requires the package openpyxl; install it with: pip install openpyxl, or save "
            "the file as CSV"
        ) from None
    book = None
    opened = ExitStack()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl drops from a workbook is not part of a table
            # Pass the content, not the path: a workbook may be called .csv or .xls.
            book = openpyxl.load_workbook(
                opened.enter_context(path.open("rb")), read_only=True, data_only=not formulas
            )
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # programs write wrong ones, and openpyxl would stop there
        yield book
    except Customer360Error:
        raise
    except Exception as error:  # a damaged part of the file can raise anything
        raise Invalid(f"cannot read {path.name} as Excel ({error}); save it as .xlsx or CSV") from None
    finally:
        if book is not None:
            book.close()
        opened.close()


def _chosen(path: Path, book: Any, name: str | None) -> str:
    titles = [sheet.title for sheet in book.worksheets]
    if not titles:
        raise Invalid(
            f"{path.name} has no readable sheet, as in Strict Open XML workbooks; save it as an ordinary Excel "
            "Workbook (.xlsx) or as CSV"
        )
    if name is not None and name not in titles:
        raise Invalid(f"{path.name} has no sheet '{name}'.{nearest(name, titles)}")
    sheets = [sheet for sheet in book.worksheets if sheet.title == name or (not name and _is_visible(sheet))]
    for sheet in sheets:
        rows = list(islice(_filled(sheet), _EXAMINED_ROWS))
        if name or sum(count(row) > 1 for _, row in rows) > 1:
            _require_header(path, sheet.title, rows)
            return str(sheet.title)
    raise Invalid(
        f"no visible sheet of {path.name} contains a table{_others(book.worksheets)}; put the customers on one, "
        "below a row of column names, or choose a sheet with --sheet"
    )


def _require_header(path: Path, sheet: str, rows: Sequence[_Row]) -> None:
    """Raises: Customer360Error unless the first row below the titles has column names."""
    where = f"{path.name}, sheet '{sheet}'"
    if not rows:
        raise Invalid(f"{where} is empty; put the customers there, below a row of column names")
    first = rows[rows_above([row for _, row in rows])][1]
    if are_values([_text(cell) or "" for cell in first]):
        raise Invalid(f"{where} has no row of column names: it begins with {_shown(first)!r}; add one on top")


def _above(sheet: Any) -> list[_Row]:
    """The rows above the column names that are not empty."""
    rows = list(islice(_filled(sheet), _EXAMINED_ROWS))
    return rows[: rows_above([row for _, row in rows])]


def _is_visible(sheet: Any) -> bool:
    return bool(sheet.sheet_state == "visible")


def _others(sheets: Sequence[Any]) -> str:
    """The names of the sheets that are not read."""
    if not sheets:
        return ""
    names = ", ".join(f"'{sheet.title}'" + ("" if _is_visible(sheet) else ", hidden") for sheet in sheets[:10])
    more = ", ..." if len(sheets) > 10 else ""
    return f" ({len(sheets)} more sheet{'s' * (len(sheets) > 1)}: {names}{more}; --sheet chooses another)"


def _batches(path: Path, sheet: str, above: int) -> Iterator[pa.RecordBatch]:
    with _workbook(path) as book:
        _require_computed(path, book[sheet])
        rows = islice(_filled(book[sheet]), above, None)
        header = [_text(cell) or "" for cell in next(rows)[1]]
        while some := list(islice(rows, _ROWS_AT_ONCE)):
            yield _batch(header, some)


def _filled(sheet: Any) -> Iterator[_Row]:
    """The rows that are not empty, without the empty cells at their ends; formatting adds thousands of them."""
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        width = next((place for place in range(len(row), 0, -1) if row[place - 1] not in (None, "")), 0)
        if width:
            yield number, row[:width]


def _batch(header: Sequence[str], rows: Sequence[_Row]) -> pa.RecordBatch:
    """An unnamed column that is not empty is named by its position."""
    width = max(len(header), *(len(row) for _, row in rows))
    used = {place for _, row in rows for place, cell in enumerate(row) if cell not in (None, "")}
    places = [place for place in range(width) if place in used or (place < len(header) and header[place].strip())]
    names = distinct([*header, *[""] * (width - len(header))])
    cells = [[_text(row[place]) if place < len(row) else None for place in places] for _, row in rows]
    columns = text_columns([names[place] for place in places], cells)
    return pa.record_batch({**columns, SOURCE_LINE: pa.array([number for number, _ in rows], pa.int64())})


def _require_computed(path: Path, sheet: Any) -> None:
    """
    Raises: Customer360Error for a formula without a value, which would be read as an empty cell.

    Programs that write workbooks do not compute formulas.
    """
    before = b""
    with zipfile.ZipFile(path) as parts, parts.open(sheet._worksheet_path) as part:
        while chunk := part.read(_CHUNK):
            text = before + chunk
            for found in _UNCOMPUTED.finditer(text) if b"f" in text else ():
                if b't="str"' not in found[1]:
                    place = re.search(rb'\br="([A-Z]+\d+)"', found[1])
                    cell = place[1].decode() if place else "?"
                    raise Invalid(
                        f"{path.name}, sheet '{sheet.title}', cell {cell} contains a formula that "
                        "was never computed; open and save the file in Excel or LibreOffice, then load it"
                    )
            before = text[-_LONGEST_CELL:]


def _shown(row: Iterable[Any]) -> str:
    return ", ".join(text for cell in row if (text := _text(cell)))[:60]


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, (date, datetime, time)):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else Typed(cell)
    return str(cell)
