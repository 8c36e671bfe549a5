"""The types of expressions, and the common type of two types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Final

MOST_DIGITS: Final = 38
_SMALLEST_SCALE: Final = 6


@dataclass(frozen=True)
class Type:
    """A type, with Spark's name; decimals have digits, arrays and maps contain values *of* another type."""

    name: str
    precision: int = 0
    scale: int = 0
    of: Type | None = None
    key: Type | None = None

    def __str__(self) -> str:
        if self.name == "decimal":
            return f"decimal({self.precision},{self.scale})"
        inner = ",".join(str(some) for some in (self.key, self.of) if some)
        return f"{self.name}<{inner}>" if inner else self.name

    @property
    def is_whole(self) -> bool:
        return self.name in WHOLE

    @property
    def is_binary(self) -> bool:
        """Whether it is a floating-point type."""
        return self.name in {"float", "double"}

    @property
    def is_number(self) -> bool:
        return self.is_whole or self.is_binary or self.name == "decimal"

    @property
    def is_moment(self) -> bool:
        return self.name in {"date", "timestamp"}


NULL, BOOLEAN, STRING, DATE, TIMESTAMP = map(Type, ("null", "boolean", "string", "date", "timestamp"))
TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE = map(
    Type, ("tinyint", "smallint", "int", "bigint", "float", "double")
)
INTERVAL: Final = Type("interval")
WHOLE: Final = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
"""The integer types, and their number of bits."""
_RANK: Final = ("tinyint", "smallint", "int", "bigint", "float", "double")
_AS_DECIMAL: Final = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 20}


def decimal(precision: int, scale: int) -> Type:
    return Type("decimal", min(precision, MOST_DIGITS), min(scale, MOST_DIGITS))


def adjusted(precision: int, scale: int) -> Type:
    """The decimal type of a result: if it has too many digits, the scale is reduced, to six at least."""
    if precision <= MOST_DIGITS:
        return decimal(precision, scale)
    kept = min(scale, _SMALLEST_SCALE)
    return decimal(MOST_DIGITS, max(MOST_DIGITS - (precision - scale), kept))


def as_decimal(type_: Type) -> Type:
    """The decimal type that fits an integer type; other types are unchanged."""
    return decimal(_AS_DECIMAL[type_.name], 0) if type_.is_whole else type_


def array_of(type_: Type) -> Type:
    return Type("array", of=type_)


def tightest(one: Type, other: Type) -> Type | None:
    """The common type, without casting numbers or moments to text."""
    if one == other or other == NULL:
        return one
    if one == NULL:
        return other
    if one.is_number and other.is_number:
        return _wider_number(one, other)
    if one.is_moment and other.is_moment:
        return TIMESTAMP
    if one.name == other.name == "array" and one.of and other.of:
        inner = tightest(one.of, other.of)
        return array_of(inner) if inner else None
    return None


def _wider_number(one: Type, other: Type) -> Type:
    if "decimal" in {one.name, other.name}:
        if one.is_binary or other.is_binary:
            return DOUBLE
        one, other = as_decimal(one), as_decimal(other)
        scale = max(one.scale, other.scale)
        return decimal(max(one.precision - one.scale, other.precision - other.scale) + scale, scale)
    return max(one, other, key=lambda some: _RANK.index(some.name))


def wider(one: Type, other: Type) -> Type | None:
    """The common type; numbers and moments are cast to text if the other type is text."""
    if (found := tightest(one, other)) is not None:
        return found
    for text, some in ((one, other), (other, one)):
        if text == STRING and (some.is_number or some.is_moment):
            return STRING
    if one.name == other.name == "array" and one.of and other.of and (inner := wider(one.of, other.of)):
        return array_of(inner)
    return None


def widest(types: Iterable[Type]) -> Type | None:
    """The common type of all *types*; text comes first, so that their order does not matter."""
    ordered = sorted(types, key=lambda some: some != STRING)
    return reduce(lambda one, other: one and wider(one, other), ordered[1:], ordered[0] if ordered else None)


def compared(one: Type, other: Type) -> Type | None:
    """The type in which two values are compared; text is cast to the other type."""
    for text, some in ((one, other), (other, one)):
        if text == STRING and some not in {STRING, NULL}:
            if some.name == "decimal":
                return DOUBLE if some.scale else some
            return some if some.is_number or some.is_moment or some == BOOLEAN else None
    return tightest(one, other)
