"""
Arrow columns that share NumPy memory.

`pa.array` could do most of this, but imports pandas into every process that makes rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


def column(arrow_type: pa.DataType, values: NDArray[Any], known: Flags | None = None) -> pa.Array:
    """Fixed-width *values*, already of the width of the type; null where not *known*."""
    valid = None if known is None else _packed(known)
    return pa.Array.from_buffers(arrow_type, len(values), [valid, pa.py_buffer(np.ascontiguousarray(values))])


def indices(values: NDArray[np.int16], known: Flags | None = None) -> pa.Array:
    """Indices into another array, for `take`; null where not *known*."""
    return column(pa.int16(), values, known)


def flags(values: Flags) -> pa.Array:
    """True or false, never null."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, _packed(values)])


def decimals(arrow_type: pa.Decimal128Type, hundredths: NDArray[np.int64], known: Flags | None = None) -> pa.Array:
    """decimal128 with two decimals: 16 bytes each, the low half first, the high half all sign bits."""
    valid = None if known is None else _packed(known)
    halves = np.stack([hundredths, hundredths >> 63], axis=1)
    return pa.Array.from_buffers(arrow_type, len(hundredths), [valid, pa.py_buffer(halves)])


def texts(values: Iterable[str]) -> pa.Array:
    """A few strings, such as a list to take from."""
    encoded = [value.encode() for value in values]
    ends = np.array([0, *accumulate(map(len, encoded))], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def _packed(values: Flags) -> pa.Buffer:
    return pa.py_buffer(np.packbits(values, bitorder="little"))
