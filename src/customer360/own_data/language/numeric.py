"""The numeric functions whose type depends on their argument."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any, Final

from customer360.own_data.language.casts import DIGITS, fitting, narrowed, saturated, wrapped
from customer360.own_data.language.types import BIGINT, DOUBLE, INT, WHOLE, Type, decimal
from customer360.own_data.language.values import Values, each

Convert = Callable[[Values, Type], Values]
Made = Callable[[Sequence[Values], Convert], Values | None]


def _number(some: Values, convert: Convert) -> Values | None:
    """*some* as a number; text is cast to double."""
    if some.type.name in {"string", "null"}:
        return convert(some, DOUBLE)
    return some if some.type.is_number else None


def _of_one(compute: Callable[[Type], Callable[[Any], Any]]) -> Made:
    def made(parts: Sequence[Values], convert: Convert) -> Values | None:
        found = _number(parts[0], convert) if len(parts) == 1 else None
        return found and each(found.type, compute(found.type), found)

    return made


def _wrapping(compute: Callable[[Any], Any]) -> Callable[[Type], Callable[[Any], Any]]:
    def of(type_: Type) -> Callable[[Any], Any]:
        bits = WHOLE.get(type_.name)
        return (lambda number: wrapped(compute(number), bits)) if bits else compute

    return of


def _absolute(number: Any) -> Any:
    return number.copy_abs() if isinstance(number, Decimal) else abs(number)


def _negative(number: Any) -> Any:
    return -number if isinstance(number, (int, float)) else DIGITS.minus(number)


def _whole(rounding: str, compute: Callable[[float], int]) -> Made:
    """ceil and floor, which return whole numbers."""

    def made(parts: Sequence[Values], convert: Convert) -> Values | None:
        found = _number(parts[0], convert) if len(parts) == 1 else None
        if found is None:
            return None
        if found.type.is_whole:
            return convert(found, BIGINT)
        if found.type.is_binary:
            return each(BIGINT, lambda number: _long(number, compute), convert(found, DOUBLE))
        gives = decimal(found.type.precision - found.type.scale + (found.type.scale > 0), 0)
        return each(gives, lambda number: fitting(number.to_integral_value(rounding), gives), found)

    return made


def _long(number: float, compute: Callable[[float], int]) -> int:
    return saturated(number, bits=64) if not math.isfinite(number) or abs(number) >= 1 << 62 else compute(number)


def _round(rounding: str) -> Made:
    def made(parts: Sequence[Values], convert: Convert) -> Values | None:
        if not 1 <= len(parts) <= 2 or (len(parts) == 2 and not parts[1].is_constant):
            return None
        found = _number(parts[0], convert)
        places = convert(parts[1], INT).constant if len(parts) == 2 else 0
        if found is None or places is None or abs(places) > 400:
            return None
        return _rounded(found, places, rounding)

    return made


def _rounded(found: Values, places: int, rounding: str) -> Values:
    kind = found.type
    if kind.is_binary:
        return each(kind, lambda number: narrowed(_round_binary(number, places, rounding), kind), found)
    if kind.is_whole:
        bits = WHOLE[kind.name]
        return found if places >= 0 else each(
            kind, lambda number: wrapped(int(_quantized(Decimal(number), places, rounding)), bits), found
        )  # fmt: skip
    if places < 0:
        gives = decimal(max(kind.precision - kind.scale + 1, 1 - places), 0)
    else:
        scale = min(kind.scale, places)
        gives = decimal(kind.precision - kind.scale + 1 + scale, scale)
    return each(gives, lambda number: fitting(_quantized(number, min(places, kind.scale), rounding), gives), found)


def _quantized(number: Decimal, places: int, rounding: str) -> Decimal:
    if places < 0 and number.adjusted() < -places - 1:
        return Decimal(0)
    return number.quantize(Decimal(1).scaleb(-places), rounding=rounding, context=DIGITS)


def _round_binary(number: float, places: int, rounding: str) -> float:
    if not math.isfinite(number):
        return number
    exact = Decimal(repr(number))
    if -int(exact.as_tuple().exponent) <= places:
        return number + 0.0
    return float(_quantized(exact, places, rounding)) + 0.0


def _sign(parts: Sequence[Values], convert: Convert) -> Values | None:
    found = _number(parts[0], convert) if len(parts) == 1 else None
    return found and each(
        DOUBLE,
        lambda number: math.copysign(number and 1, number) if number == number else number,
        convert(found, DOUBLE),
    )


def _sqrt(parts: Sequence[Values], convert: Convert) -> Values | None:
    found = _number(parts[0], convert) if len(parts) == 1 else None
    return found and each(
        DOUBLE, lambda number: math.sqrt(number) if number >= 0 else math.nan, convert(found, DOUBLE)
    )


_CEIL, _FLOOR = _whole(ROUND_CEILING, math.ceil), _whole(ROUND_FLOOR, math.floor)
NUMBERS: Final[dict[str, Made]] = {
    "abs": _of_one(_wrapping(_absolute)), "negative": _of_one(_wrapping(_negative)),
    "positive": _of_one(lambda _: lambda number: number), "ceil": _CEIL, "ceiling": _CEIL, "floor": _FLOOR,
    "round": _round(ROUND_HALF_UP), "bround": _round(ROUND_HALF_EVEN),
    "sign": _sign, "signum": _sign, "sqrt": _sqrt,
}  # fmt: skip
