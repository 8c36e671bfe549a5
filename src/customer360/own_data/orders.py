"""Orders of several lines: cells that are only on the first line, and amounts that are repeated on each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data.cells import filled
from customer360.own_data.columns import SOURCE_FILE
from customer360.own_data.guess import plain
from customer360.own_data.mapped import column_of
from customer360.own_data.mapping import ColumnMapping, toml_text
from customer360.own_data.notes import used_columns
from customer360.own_data.raw_tables import RawTable, write_parquet
from customer360.own_data.row_kinds import ORDER_LINES

_OF_LINES: Final = ("amount", "quantity", "unit_price", "discount", "order_amount", "refunded", "loyalty_points")
"""Targets that a line does not inherit from the first line of its order."""
_AMOUNTS: Final = ("amount", "quantity", "unit_price", "discount")
"""Targets that are not needed if an order has an amount."""


def with_order_amount(mapping: ColumnMapping, raw: RawTable) -> tuple[ColumnMapping, str]:
    """
    *mapping* with its amount as that of the whole order, if the first lines of *raw* show that it is; and a note.

    They do if orders of several lines have the amount on one line only, or the same amount on each line though the
    prices differ. If it is the same on each line and nothing else decides, the amount is not mapped.
    """
    order, given, amount = (
        column_of(mapping.columns.get(name, ""), raw.columns) for name in ("order_id", "order_amount", "amount")
    )
    if not (order and (given or amount)):
        return mapping, ""
    if given:
        return _of_orders(mapping, order, given)
    price = column_of(mapping.columns.get("unit_price", ""), raw.columns)
    lines = _by_order(raw, order, str(amount), price)
    several = [found for found in lines.values() if len(found) > 1]
    if not several or not all(_is_one([said for said, _ in found]) for found in several):
        return mapping, ""
    is_clear = any(None in dict(found) or len({text for _, text in found}) > 1 for found in several)
    if is_clear or plain(str(amount)).startswith(("order", "grand")):
        return _of_orders(mapping, order, str(amount))
    example = next(name for name, found in lines.items() if len(found) > 1)
    rest = {name: side for name, side in mapping.columns.items() if name != "amount"}
    return replace(mapping, columns=rest), (
        f"{amount} is the same on every line of an order, such as {lines[example][0][0]} in order {example}; "
        f"set in [columns] order_amount = {toml_text(str(amount))} if it is that of the order, or amount = "
        f"{toml_text(str(amount))} if it is that of the line"
    )


def _of_orders(mapping: ColumnMapping, order: str, amount: str) -> tuple[ColumnMapping, str]:
    rest = {name: side for name, side in mapping.columns.items() if name not in _AMOUNTS}
    return replace(mapping, columns={**rest, "order_amount": amount}), (
        f"{amount} is read as the amount of the whole order and counted once per {order}"
    )


def _by_order(
    raw: RawTable, order: str, amount: str, price: str | None
) -> dict[str, list[tuple[str | None, str | None]]]:
    """The amounts and the prices of the first lines, by their order."""
    rows = raw.read(raw.files[0], [order, amount, *([price] if price else [])])
    prices = rows[price].to_pylist() if price else [None] * len(rows)
    found: dict[str, list[tuple[str | None, str | None]]] = {}
    for name, text, its_price in zip(
        rows[order].to_pylist(), filled(rows[amount]).to_pylist(), prices, strict=True
    ):
        if name and name.strip():
            found.setdefault(name, []).append((text, its_price))
    return found


def _is_one(amounts: Sequence[str | None]) -> bool:
    """Whether *amounts* are the same amount, on one line only or on each."""
    said = [text for text in amounts if text]
    return len(set(said)) == 1 and len(said) in {1, len(amounts)}


def inherited(raw: RawTable, mapping: ColumnMapping) -> RawTable:
    """
    *raw* with blank cells filled from the line before, if both lines belong to the same order.

    Only columns that *mapping* uses are filled, except those with a value per line.
    """
    order = column_of(mapping.columns.get("order_id", ""), raw.columns)
    if not order or mapping.kind is not ORDER_LINES:
        return raw
    own = {column_of(mapping.columns[name], raw.columns) for name in _OF_LINES if name in mapping.columns}
    columns = [name for name in used_columns(mapping, raw.columns) if name not in {*own, order}]
    needed = [order, *columns, SOURCE_FILE]
    if not columns or not any(changed for _, _, changed in _filled(raw, order, columns, needed)):
        return raw
    folder = Path(tempfile.mkdtemp(dir=raw.folder.parent))
    for file, rows, _ in _filled(raw, order, columns):
        write_parquet(folder / file.name, pa.Table.from_batches([rows]))
    return replace(raw, folder=folder)


def _filled(
    raw: RawTable, order: str, columns: Sequence[str], needed: Sequence[str] = ()
) -> Iterator[tuple[Path, pa.RecordBatch, bool]]:
    """
    Each file, its rows with the cells that they inherit from the lines before them, and whether there are any.

    The rows have all columns, or those that are *needed*.
    """
    last: pa.RecordBatch | None = None
    for file in raw.files:
        rows = raw.read(file, needed)
        both = rows if last is None else _joined(last, rows)
        is_first = _is_first(both[order]) | _is_first(both[SOURCE_FILE])
        changed = False
        for name in dict.fromkeys(columns):
            place = both.schema.get_field_index(name)
            taken = _taken(both[name], is_first)
            changed = changed or not taken.equals(both[name])
            both = both.set_column(place, both.schema.field(place), taken)
        rows = both if last is None else both.slice(1)
        last = rows.slice(len(rows) - 1)
        yield file, rows, changed


def _joined(last: pa.RecordBatch, rows: pa.RecordBatch) -> pa.RecordBatch:
    return pa.Table.from_batches([last, rows]).combine_chunks().to_batches()[0]


def _is_first(values: pa.Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """The rows with no value, or with another value than the row before."""
    texts = filled(values)
    same = pc.fill_null(pc.equal(texts.slice(1), texts.slice(0, len(texts) - 1)), False)
    return np.concatenate([[True], ~same.to_numpy(zero_copy_only=False)])


def _taken(texts: pa.Array, is_first: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Array:
    is_said = pc.is_valid(filled(texts)).to_numpy(zero_copy_only=False)
    if (is_said | is_first).all():
        return texts
    places = np.maximum.accumulate(np.where(is_said | is_first, np.arange(len(texts)), 0))
    return texts.take(pa.array(places))
