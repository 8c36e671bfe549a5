"""Arrow columns that share NumPy memory are equal to Arrow's own."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from customer360.mock_data.columns import column, decimals, flags, texts


@given(st.lists(st.integers(-(10**12) + 1, 10**12 - 1)))
def test_hundredths_become_exact_decimals(hundredths: list[int]) -> None:
    """A negative balance has all its high bits set, and no cent may be lost."""
    made = decimals(pa.decimal128(12, 2), np.array(hundredths, dtype=np.int64))

    made.validate(full=True)
    assert made.to_pylist() == [Decimal(value).scaleb(-2) for value in hundredths]


@given(st.lists(st.tuples(st.integers(-(2**31), 2**31 - 1), st.booleans())))
def test_values_that_are_not_known_are_null(pairs: list[tuple[int, bool]]) -> None:
    """Arrow packs eight flags into a byte, lowest bit first, for any length."""
    values = np.array([value for value, _ in pairs], dtype=np.int32)
    known = np.array([is_known for _, is_known in pairs], dtype=bool)

    made = column(pa.int32(), values, known)

    made.validate(full=True)
    assert made.to_pylist() == [value if is_known else None for value, is_known in pairs]


@given(st.lists(st.booleans()))
def test_flags_keep_their_order(values: list[bool]) -> None:
    """Packed eight to a byte, they must be read back unchanged."""
    assert flags(np.array(values, dtype=bool)).to_pylist() == values


@given(st.lists(st.text()))
def test_texts_keep_every_letter(values: list[str]) -> None:
    """Offsets count bytes, not letters: 'ł' is two."""
    made = texts(values)

    made.validate(full=True)
    assert made.to_pylist() == values
