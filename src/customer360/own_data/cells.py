"""Text cells as values of the source table's types; an invalid value becomes null but is not treated as blank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data import dates, numbers
from customer360.tables import Column

Mask = np.ndarray[Any, np.dtype[np.bool_]]

BIRTH: Final = "birth_date"

NOTHING: Final = (
    "", "null", "none", "nan", "nat", "n/a", "na", "nil", "\\n", "#n/a", "<na>", "(null)", "-", "--", "---",
    "\u2013", "\u2014", "?",
)  # fmt: skip
"""What exports write for a missing value in columns that are not text, in lower case."""
NO_TEXT: Final = ("", "\\N", "NULL", "null", "(null)", "<NA>", "#N/A", "N/A", "n/a", "NaN")
"""The same for text, case-sensitive: a person may be called Null or Na, and a tier None."""
_NOTHING: Final = pa.array(NOTHING)
_NO_TEXT: Final = pa.array(NO_TEXT)
_YES: Final = (
    "yes", "y", "true", "t", "1", "1.0", "on", "x", "active", "enabled", "current", "ja", "oui", "si", "sí", "sim",
)  # fmt: skip
_NO: Final = (
    "no", "n", "false", "f", "0", "0.0", "off", "inactive", "disabled", "former", "cancelled", "canceled",
    "churned", "closed", "nein", "non", "não",
)  # fmt: skip
_WORDS: Final = pa.array([*_YES, *_NO])
ACTIVITY: Final = frozenset(
    {"active", "enabled", "current", "inactive", "disabled", "former", "cancelled", "canceled", "churned"}
    | {"closed"}
)
"""The words among these that can only describe a membership; Y is also a class, and ON a province."""
_EARLY: Final = pa.scalar(datetime(1900, 1, 2), pa.timestamp("us"))  # noqa: DTZ001 - moments have no zone
_WHOLE_DIGITS: Final = {"bigint": 18, "integer": 9, "smallint": 4}
"""The number of digits that always fits."""


@dataclass(frozen=True)
class Cells:
    """One column's values, and the cells that are invalid or out of range for its type."""

    values: pa.Array
    unreadable: Mask
    too_large: Mask


def cells(texts: pa.Array, column: Column, style: str | None = None, *, latest: date | None = None) -> Cells:
    """
    The *texts* as values of *column*'s type.

    *style* is one of `dates.STYLES` or `numbers.STYLES`, if the type needs one. No birth date is after *latest*.
    """
    if column.is_text:
        texts = pc.utf8_trim_whitespace(texts)
        values = pc.if_else(pc.is_in(texts, _NO_TEXT), pa.scalar(None, pa.string()), texts)
        return Cells(values, none(values), none(values))
    texts = filled(texts)
    if column.type == "boolean":
        return _read(texts, _flags(texts))
    if column.type in {"date", "timestamp"}:
        moments = dates.moments(texts, style or dates.DAY_FIRST, latest=latest if column.name == BIRTH else None)
        return _dated(texts, moments, column)
    return _ranged(texts, column, style or numbers.POINT)


def filled(texts: pa.Array) -> pa.Array:
    """The *texts*, trimmed; null for what exports write for a missing value."""
    texts = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.is_in(pc.utf8_lower(texts), _NOTHING), pa.scalar(None, pa.string()), texts)


def none(like: pa.Array) -> Mask:
    return np.zeros(len(like), dtype=bool)


def mask(values: pa.Array) -> Mask:
    """True where *values* are; null is false."""
    found: Mask = pc.fill_null(values, False).to_numpy(zero_copy_only=False)
    return found


def _read(texts: pa.Array, values: pa.Array) -> Cells:
    return Cells(values, mask(pc.and_(pc.is_valid(texts), pc.is_null(values))), none(texts))


def _flags(texts: pa.Array) -> pa.Array:
    return pc.less(pc.index_in(pc.utf8_lower(texts), _WORDS), len(_YES))


def _dated(texts: pa.Array, moments: pa.Array, column: Column) -> Cells:
    """The zero dates that programs write for a missing date become null; some of them are valid dates."""
    is_odd = pc.fill_null(pc.less(moments, _EARLY), True)
    if pc.any(is_odd).as_py():
        is_never = pc.and_(is_odd, pc.fill_null(dates.never(texts), False))
        texts, moments = (pc.if_else(is_never, pa.scalar(None, some.type), some) for some in (texts, moments))
    return _read(texts, moments.cast(pa.date32(), safe=False) if column.type == "date" else moments)


def _ranged(texts: pa.Array, column: Column, style: str) -> Cells:
    is_whole = column.is_whole
    kind = column.arrow_type
    if pc.all(pc.match_substring_regex(texts, _by_machines(column, style))).as_py():
        return Cells(texts.cast(kind), none(texts), none(texts))
    found = _whole(texts, style) if is_whole else _rounded(texts, column, style)
    largest = 2 ** (kind.bit_width - 1) - 1 if is_whole else 10 ** (kind.precision - kind.scale) - 1
    large = mask(pc.greater(pc.abs(found if is_whole else pc.trunc(found)), pa.scalar(largest, numbers.NUMBER)))
    values = pc.if_else(pa.array(large), pa.scalar(None, numbers.NUMBER), found).cast(kind)
    return Cells(values, mask(pc.and_(pc.is_valid(texts), pc.is_null(found))), large)


def _by_machines(column: Column, style: str) -> str:
    """The texts that need no cleaning, rounding or range check for the column's type."""
    if column.is_whole:
        return rf"^-?\d{{1,{_WHOLE_DIGITS[column.type]}}}$"
    precision, scale = column.digits or (0, 0)
    places = rf"(?:\.\d{{1,{scale}}})?" if style == numbers.POINT else ""
    return rf"^-?\d{{1,{precision - scale}}}{places}$"


def _rounded(texts: pa.Array, column: Column, style: str) -> pa.Array:
    return pc.round(numbers.numbers(texts, style), (column.digits or (0, 0))[1], "half_towards_infinity")


def _whole(texts: pa.Array, style: str) -> pa.Array:
    """Whole numbers: 12.0 is read as 12, and 12.5 is invalid."""
    found = numbers.numbers(texts, style, is_money=False)
    return pc.if_else(pc.equal(found, pc.floor(found)), found, pa.scalar(None, numbers.NUMBER))
