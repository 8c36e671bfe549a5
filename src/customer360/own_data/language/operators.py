"""Arithmetic and comparisons."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, Context, Decimal
from typing import Any, Final

from customer360.own_data.language.casts import DIGITS, fitting, wrapped
from customer360.own_data.language.types import BIGINT, DOUBLE, STRING, WHOLE, Type, adjusted, as_decimal, tightest
from customer360.own_data.language.values import Values, each, every

_DOWN: Final = Context(prec=200, rounding=ROUND_DOWN)
Convert = Callable[[Values, Type], Values]


def arithmetic(
    sign: str, one: Values, other: Values, convert: Convert, *, is_tried: bool = False
) -> Values | None:
    """*one* and *other* with *sign* between them; None if they are not numbers. Texts are cast to numbers."""
    one, other = (convert(some, DOUBLE) if some.type == STRING else some for some in (one, other))
    types = [some.type for some in (one, other) if some.type.name != "null"]
    if not all(type_.is_number for type_ in types):
        return None
    one, other = (
        convert(some, types[0] if types else DOUBLE) if some.type.name == "null" else some for some in (one, other)
    )
    if "decimal" in {one.type.name, other.type.name} and not (one.type.is_binary or other.type.is_binary):
        return _of_decimals(sign, one, other, convert)
    if sign == "/":
        return each(DOUBLE, _divided, convert(one, DOUBLE), convert(other, DOUBLE))
    common = tightest(one.type, other.type) or DOUBLE
    one, other = convert(one, common), convert(other, common)
    if common.is_binary:
        return None if sign == "div" else _of_binary(sign, common, one, other, convert)
    return _of_whole(sign, BIGINT if sign == "div" else common, one, other, is_tried=is_tried)


def _divided(one: float, other: float) -> float | None:
    return one / other if other else None


def _float_remainder(one: float, other: float) -> float | None:
    if not other:
        return None
    return math.nan if math.isinf(one) else math.fmod(one, other)


def _of_binary(sign: str, common: Type, one: Values, other: Values, convert: Convert) -> Values:
    compute = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "%": _float_remainder,
               "pmod": _float_positive}[sign]  # fmt: skip
    found = each(DOUBLE, compute, one, other)
    return convert(found, common)


def _float_positive(one: float, other: float) -> float | None:
    found = _float_remainder(one, other)
    return found if found is None or not found < 0 else _float_remainder(found + other, other)


def _quotient(one: int, other: int) -> int | None:
    if not other:
        return None
    found = abs(one) // abs(other)
    return found if (one < 0) == (other < 0) else -found


def _remainder(one: int, other: int) -> int | None:
    return None if not other else one - (_quotient(one, other) or 0) * other


def _positive(one: int, other: int) -> int | None:
    found = _remainder(one, other)
    return found if found is None or found >= 0 else _remainder(found + other, other)


_WHOLE: Final[dict[str, Callable[[int, int], int | None]]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "div": _quotient, "%": _remainder,
    "pmod": _positive,
}  # fmt: skip


def _of_whole(sign: str, type_: Type, one: Values, other: Values, *, is_tried: bool) -> Values:
    compute, bits = _WHOLE[sign], WHOLE[type_.name]

    def bounded(a: int, b: int) -> int | None:
        found = compute(a, b)
        if found is None or -(1 << (bits - 1)) <= found < 1 << (bits - 1):
            return found
        return None if is_tried else wrapped(found, bits)

    return each(type_, bounded, one, other)


def _of_decimals(sign: str, one: Values, other: Values, convert: Convert) -> Values:
    """Decimal arithmetic; the result has the digits of the SQL standard."""
    one, other = (_as_decimal(some, convert) for some in (one, other))
    (p, s), (q, t) = ((some.type.precision, some.type.scale) for some in (one, other))
    if sign == "div":
        return each(BIGINT, _decimal_quotient, one, other)
    if sign in "+-":
        gives = adjusted(max(p - s, q - t) + max(s, t) + 1, max(s, t))
    elif sign == "*":
        gives = adjusted(p + q + 1, s + t)
    elif sign == "/":
        scale = max(6, s + q + 1)
        gives = adjusted(p - s + t + scale, scale)
    else:
        gives = adjusted(min(p - s, q - t) + max(s, t), max(s, t))
    compute = _DECIMAL[sign]

    def fitted(a: Decimal, b: Decimal) -> Decimal | None:
        found = compute(a, b)
        return None if found is None else fitting(found, gives)

    return each(gives, fitted, one, other)


def _as_decimal(some: Values, convert: Convert) -> Values:
    if not some.type.is_whole:
        return some
    if some.is_constant and some.constant is not None:  # only the digits that it has
        return convert(some, Type("decimal", len(str(abs(some.constant))), 0))
    return convert(some, as_decimal(some.type))


def _decimal_quotient(one: Decimal, other: Decimal) -> int | None:
    return wrapped(int(_DOWN.divide_int(one, other)), 64) if other else None


def _decimal_positive(one: Decimal, other: Decimal) -> Decimal | None:
    if not other:
        return None
    found = _DOWN.remainder(one, other)
    return found if found >= 0 else _DOWN.remainder(_DOWN.add(found, other), other)


_DECIMAL: Final[dict[str, Callable[[Decimal, Decimal], Decimal | None]]] = {
    "+": DIGITS.add, "-": DIGITS.subtract, "*": DIGITS.multiply,
    "/": lambda a, b: DIGITS.divide(a, b) if b else None,
    "%": lambda a, b: _DOWN.remainder(a, b) if b else None, "pmod": _decimal_positive,
}  # fmt: skip


def ordered(values: Values) -> Values:
    """*values* in a form that Python compares like Spark: NaN equals NaN and is larger than every number."""
    return (
        each(values.type, lambda number: (number != number, 0.0 if number != number else number), values)
        if (values.type.is_binary)
        else values
    )


_COMPARED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


def comparison(sign: str, one: Values, other: Values) -> Values:
    """The comparison of two values of the same type; `<=>` is never null."""
    one, other = ordered(one), ordered(other)
    boolean = Type("boolean")
    if sign == "<=>":
        return every(boolean, lambda a, b: (a is None) == (b is None) and a == b, one, other)
    return each(boolean, _COMPARED[sign], one, other)


def all_of(*flags: bool | None) -> bool | None:
    return False if False in flags else None if None in flags else True


def any_of(*flags: bool | None) -> bool | None:
    return True if True in flags else None if None in flags else False


def one_of(value: Any, *others: Any) -> bool | None:
    if value is None:
        return None
    return (
        True if any(value == other for other in others if other is not None) else None if None in others else False
    )


def extreme(parts: Sequence[Values], *, is_largest: bool) -> Callable[..., Any]:
    """The largest or smallest value that is not null."""
    choose = max if is_largest else min
    if parts[0].type.is_binary:
        return lambda *row: choose((a for a in row if a is not None), key=lambda a: (a != a, a), default=None)
    return lambda *row: choose((a for a in row if a is not None), default=None)
