"""
Arrow record batches as the rows of PostgreSQL's binary COPY.

Rows are not built one by one: each column becomes an array of fields, a length and a value in network order, and
Arrow joins the fields of all columns into rows. This takes a third of the CPU time of encoding field by field.

Sources: "Binary Format" in https://www.postgresql.org/docs/current/sql-copy.html; for numeric,
src/backend/utils/adt/numeric.c (numeric_recv), which drops zeros at either end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from customer360.postgres.types import INT64_DIGITS, buffer_of

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"

_BYTES: Final = 2 << 20
"""About how much is encoded at a time: it stays in the CPU cache until it is sent."""

_NULL, _NOTHING = pa.Array.from_buffers(
    pa.binary(), 2, [None, pa.py_buffer(np.array([0, 4, 4], np.int32)), pa.py_buffer(b"\xff\xff\xff\xff")]
)
"""Built from their bytes: pa.scalar() imports pandas, in every Spark worker too."""
_EPOCH_DAYS: Final = (date(2000, 1, 1) - date(1970, 1, 1)).days
_EPOCH: Final = {pa.date32(): _EPOCH_DAYS, pa.timestamp("us"): _EPOCH_DAYS * 86_400_000_000}
_DIGITS: Final = 4
"""Decimal digits in one base-10,000 digit of a numeric."""

_Numbers = npt.NDArray[Any]
_Cells = list[tuple[str, "_Numbers | int"]]
"""Adjacent parts of a field in every row: the NumPy name of the type, and the values."""


def in_quick_order(batch: pa.RecordBatch) -> list[str]:
    """The columns of *batch*, fixed-length ones first: these are encoded together."""
    names: list[str] = batch.schema.names
    return sorted(names, key=lambda name: (_is_text(batch[name].type), batch[name].null_count > 0))


def encoded(batches: Iterable[pa.RecordBatch]) -> Iterator[bytes | memoryview]:
    """
    The input of `COPY ... FROM STDIN (FORMAT binary)`, from header to trailer, a few megabytes at a time.

    Exact, including nulls. Types are those of `types.Field.arrow_type`. Raises: TypeError for any other.
    """
    yield _HEADER
    for batch in batches:
        yield from _pieces(batch)
    yield _TRAILER


def _pieces(batch: pa.RecordBatch) -> Iterator[memoryview]:
    step = max(1, _BYTES * batch.num_rows // (batch.nbytes + 1))
    for first in range(0, batch.num_rows, step):
        yield memoryview(_rows(batch.slice(first, step)))


def _rows(batch: pa.RecordBatch) -> pa.Buffer:
    pieces: list[pa.Array] = []
    side_by_side: _Cells = [(">i2", batch.num_columns)]
    for column in batch.columns:
        if _is_text(column.type):
            side_by_side.append((">i4", _lengths(column)))
            value = pc.fill_null(column.cast(pa.binary()), _NOTHING)
        elif column.null_count:
            value = pc.if_else(column.is_valid(), _packed(len(column), _cells(column)), _NULL)
        else:
            side_by_side += _cells(column)
            continue
        pieces += [_packed(len(column), side_by_side), value] if side_by_side else [value]
        side_by_side = []
    pieces += [_packed(batch.num_rows, side_by_side)] if side_by_side else []
    return pc.binary_join_element_wise(*pieces, _NOTHING).buffers()[2]


def _packed(rows: int, cells: _Cells) -> pa.Array:
    """The *cells* of each row as one byte string."""
    table = np.empty(rows, [(str(place), kind) for place, (kind, _) in enumerate(cells)])
    for place, (_, values) in enumerate(cells):
        table[str(place)] = values
    ends = np.arange(rows + 1, dtype=np.int32) * np.int32(table.itemsize)
    return pa.Array.from_buffers(pa.binary(), rows, [None, pa.py_buffer(ends), pa.py_buffer(table)])


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_binary(kind))


def _lengths(texts: pa.Array) -> _Numbers:
    """Bytes of each text, -1 for a null."""
    lengths = np.diff(buffer_of(texts, np.int32, extra=1))
    if texts.null_count:
        lengths[buffer_of(texts.is_null().cast(pa.uint8()), np.bool_)] = -1
    return lengths


def _cells(column: pa.Array) -> _Cells:
    """Lengths and values of a fixed-length type; the value of a null does not matter."""
    kind = column.type
    if pa.types.is_decimal128(kind):
        return _numeric(column)
    if pa.types.is_boolean(kind):
        return [(">i4", 1), ("u1", buffer_of(column.cast(pa.uint8()), np.uint8))]
    if pa.types.is_timestamp(kind):
        kind = pa.timestamp("us")
        column = column.cast(pa.timestamp("us", column.type.tz)).view(pa.int64())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or kind in _EPOCH):
        raise TypeError(f"cannot write the Arrow type {kind} with binary COPY")
    size = kind.bit_width // 8
    letter = "f" if pa.types.is_floating(kind) else "i"
    values = buffer_of(column, f"{letter}{size}")
    return [(">i4", size), (f">{letter}{size}", values - _EPOCH[kind] if kind in _EPOCH else values)]


def _numeric(decimals: pa.Array) -> _Cells:
    """Always the type's maximum number of digits: the server drops zeros."""
    precision, scale = decimals.type.precision, decimals.type.scale
    padding = -scale % _DIGITS
    digits = -(-(precision + padding) // _DIGITS)
    weight = digits - 1 - (scale + padding) // _DIGITS
    halves = np.frombuffer(decimals.buffers()[1], np.int64).reshape(-1, 2)
    halves = halves[decimals.offset : decimals.offset + len(decimals)]
    is_negative = halves[:, 1] < 0
    limbs = _magnitudes(halves, is_negative, wide=precision + padding > INT64_DIGITS)
    _multiply(limbs, 10**padding)
    found = [_take_digit(limbs) for _ in range(digits)]
    head = [digits, weight, np.where(is_negative, 0x4000, 0), scale]
    return [(">i4", 2 * (len(head) + digits)), *[(">i2", part) for part in [*head, *reversed(found)]]]


def _magnitudes(halves: _Numbers, is_negative: _Numbers, *, wide: bool) -> list[_Numbers]:
    """Absolute values as one 64-bit number where they fit, else as five 32-bit numbers, highest first."""
    if not wide:
        return [np.abs(halves[:, 0]).view(np.uint64)]
    low, high = halves.view(np.uint64).T
    low, high = np.where(is_negative, ~low + 1, low), np.where(is_negative, ~high + (low == 0), high)
    zero = np.zeros_like(low)
    return [zero, high >> 32, high & 0xFFFFFFFF, low >> 32, low & 0xFFFFFFFF]


def _multiply(limbs: list[_Numbers], factor: int) -> None:
    if len(limbs) == 1:
        limbs[0] = limbs[0] * np.uint64(factor)
        return
    carry: _Numbers | np.uint64 = np.uint64(0)
    for place in reversed(range(len(limbs))):
        product = limbs[place] * np.uint64(factor) + carry
        limbs[place], carry = product & np.uint64(0xFFFFFFFF), product >> np.uint64(32)


def _take_digit(limbs: list[_Numbers]) -> _Numbers:
    """Divides by 10,000; returns the remainder."""
    rest: _Numbers | np.uint64 = np.uint64(0)
    for place, limb in enumerate(limbs):
        limbs[place], rest = np.divmod((rest << np.uint64(32)) + limb, np.uint64(10**_DIGITS))
    return np.asarray(rest)
