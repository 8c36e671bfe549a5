"""The rows of the first sheet of an Excel workbook as text, each with its row number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from customer360.errors import Customer360Error
from customer360.own_data.columns import SOURCE_LINE, distinct

_ROWS_AT_ONCE: Final = 10_000
_Row = tuple[int, Sequence[Any]]


def excel_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Every row that holds a value. Raises: Customer360Error when openpyxl is not installed, or cannot read it."""
    try:
        openpyxl = import_module("openpyxl")
    except ModuleNotFoundError:
        raise Customer360Error(
            f"{path.name} takes the package openpyxl; install it with: pip install openpyxl, or save it as CSV"
        ) from None
    try:
        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
            yield from _batches(path, _filled(book.worksheets[0].iter_rows(values_only=True)))
    except Customer360Error:
        raise
    except Exception as error:  # whatever a part of the file that is damaged leads to
        raise Customer360Error(f"cannot read {path.name} as Excel ({error}); save it as .xlsx or CSV") from None


def _batches(path: Path, rows: Iterator[_Row]) -> Iterator[pa.RecordBatch]:
    header = next(rows, None)
    if header is None:
        raise Customer360Error(
            f"the first sheet of {path.name} is empty; put the customers there, under a line of column names"
        )
    names = distinct(_text(cell) or "" for cell in header[1])
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        yield _batch(names, some)


def _filled(rows: Iterable[Sequence[Any]]) -> Iterator[_Row]:
    return (
        (number, row) for number, row in enumerate(rows, start=1) if any(cell not in (None, "") for cell in row)
    )


def _batch(names: Sequence[str], rows: Sequence[_Row]) -> pa.RecordBatch:
    columns = {
        name: pa.array([_text(row[place]) if place < len(row) else None for _, row in rows], pa.string())
        for place, name in enumerate(names)
    }
    return pa.record_batch({**columns, SOURCE_LINE: pa.array([number for number, _ in rows], pa.int64())})


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, (date, datetime, time)):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
