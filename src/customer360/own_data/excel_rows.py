"""The rows of the first sheet of an Excel workbook as text, each with its row number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

from customer360.errors import Customer360Error
from customer360.own_data.columns import SOURCE_LINE, distinct


def excel_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """One batch with every row that holds a value. Raises: Customer360Error when openpyxl is not installed."""
    try:
        openpyxl = import_module("openpyxl")
    except ModuleNotFoundError:
        raise Customer360Error(
            f"{path.name} takes the package openpyxl; install it with: pip install openpyxl, or save it as CSV"
        ) from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        raise Customer360Error(f"cannot read {path.name} as Excel ({error}); save it as .xlsx or CSV") from None
    rows = ((number, row) for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1)
            if any(cell not in (None, "") for cell in row))  # fmt: skip
    header = next(rows, None)
    if header is None:
        raise Customer360Error(f"{path.name} is empty; export it again, with a line of column names")
    names = distinct(_text(cell) or "" for cell in header[1])
    numbered = list(rows)
    columns = {
        name: pa.array([_text(row[place]) if place < len(row) else None for _, row in numbered], pa.string())
        for place, name in enumerate(names)
    }
    yield pa.record_batch({**columns, SOURCE_LINE: pa.array([number for number, _ in numbered], pa.int64())})


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
