"""XXH64 with seed 42, as in Spark's xxhash64, so that customers keep their numbers."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
from xxhash import xxh64_intdigest

from customer360.own_data.language.casts import DIGITS, micros
from customer360.own_data.language.types import BIGINT, WHOLE, Type
from customer360.own_data.language.values import Values, every

_SEED: Final = 42
_HALF: Final = 1 << 63
_LONG_DIGITS: Final = 18
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()


def hashed_text(text: str) -> int:
    return _signed(xxh64_intdigest(text.encode(), _SEED))


def hashed_texts(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The hashes of *texts*, which must not be null."""
    hashed = [xxh64_intdigest(text, _SEED) for text in texts.cast(pa.binary()).to_pylist()]
    return pa.array(np.array(hashed, np.uint64).view(np.int64))


def _signed(hashed: int) -> int:
    return hashed if hashed < _HALF else hashed - 2 * _HALF


def hashes(parts: Sequence[Values]) -> Values | None:
    """One hash for the values of *parts*; nulls are skipped."""
    as_bytes = [_bytes(part.type) for part in parts]
    if not all(as_bytes):
        return None

    def hashed(*row: Any) -> int:
        found = _SEED
        for value, made in zip(row, as_bytes, strict=True):
            if value is not None and made:
                found = xxh64_intdigest(made(value), found)
        return _signed(found)

    return every(BIGINT, hashed, *parts)


def _bytes(type_: Type) -> Callable[[Any], bytes] | None:
    if type_.name == "decimal":
        return _of_decimal(type_)
    if type_.is_whole:
        return struct.Struct("<q" if WHOLE[type_.name] == 64 else "<i").pack
    kinds: dict[str, Callable[[Any], bytes]] = {
        "string": str.encode, "null": lambda _: b"", "boolean": struct.Struct("<i").pack,
        "float": lambda number: struct.pack("<f", number + 0.0),
        "double": lambda number: struct.pack("<d", number + 0.0),
        "date": lambda day: struct.pack("<i", day.toordinal() - _FIRST_DAY), "timestamp": _of_moment,
    }  # fmt: skip
    return kinds.get(type_.name)


def _of_moment(moment: datetime) -> bytes:
    return struct.pack("<q", micros(moment))


def _of_decimal(type_: Type) -> Callable[[Decimal], bytes]:
    def made(number: Decimal) -> bytes:
        units = int(number.scaleb(type_.scale, DIGITS))
        if type_.precision <= _LONG_DIGITS:
            return struct.pack("<q", units)
        return units.to_bytes((units + (units < 0)).bit_length() // 8 + 1, "big", signed=True)

    return made
