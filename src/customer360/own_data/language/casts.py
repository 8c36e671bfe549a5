"""Casts between types; None if a value cannot be cast."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import partial
from typing import Any, Final

import numpy as np

from customer360.own_data.language.types import DATE, STRING, TIMESTAMP, WHOLE, Type
from customer360.own_data.language.zones import zone

Cast = Callable[[Any], Any]

BLANK: Final = "".join(map(chr, range(0x21))) + "\x7f"
"""The characters that are trimmed from both ends of a text before it is cast."""
LENGTHS: Final[dict[str, timedelta | int]] = {
    "microsecond": timedelta(microseconds=1), "millisecond": timedelta(milliseconds=1),
    "second": timedelta(seconds=1), "seconds": timedelta(seconds=1), "minute": timedelta(minutes=1),
    "minutes": timedelta(minutes=1), "hour": timedelta(hours=1), "hours": timedelta(hours=1),
    "day": timedelta(1), "days": timedelta(1),
    "week": timedelta(7), "weeks": timedelta(7), "month": 1, "months": 1, "quarter": 3, "year": 12, "years": 12,
}  # fmt: skip
"""The length of a unit; in months if the length varies."""
SHORT: Final = frozenset(
    length for length in LENGTHS.values() if isinstance(length, timedelta) and not length.days
)
"""The lengths shorter than a day."""
EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - moments have no zone: they are UTC
DIGITS: Final = Context(prec=78, rounding=ROUND_HALF_UP)
"""Enough digits for the result of two decimals, before it is rounded once."""
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = re.compile(r"([+-]?[0-9]{4,7})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[ T](?P<time>.*))?)?)?", re.DOTALL)
_TIME: Final = re.compile(
    r"([0-9]{1,2})(?::([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]*))?(?P<zone>[^0-9.].*)?)?)?", re.DOTALL
)
_WHOLE: Final = re.compile(r"([+-]?)([0-9]*)(\.[0-9]*)?")
_BINARY: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?=[fFdD]?$)")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_NAMED: Final = {
    "inf": math.inf, "+inf": math.inf, "infinity": math.inf, "+infinity": math.inf, "-inf": -math.inf,
    "-infinity": -math.inf, "nan": math.nan,
}  # fmt: skip
_TRUE: Final = frozenset({"t", "true", "y", "yes", "1"})
_FALSE: Final = frozenset({"f", "false", "n", "no", "0"})


def cast(source: Type, target: Type, *, is_strict: bool = False) -> Cast | None:
    """
    The function that casts *source* to *target*, for values that are not null; None if there is no such cast.

    With *is_strict*, a number out of range and a text with decimals for a whole number are null.
    """
    if source == target:
        return _same
    if target == STRING:
        return _to_text(source, is_plain=is_strict)
    if source == STRING:
        return _of_text(target, is_strict=is_strict)
    if source.name == "boolean" and target.is_number:
        return cast(Type("int"), target)
    if source.is_number and target.name == "boolean":
        return bool
    if source.is_number and target.is_number:
        return _number(source, target, is_strict=is_strict)
    return _moment_cast(source, target, is_strict=is_strict)


def _same(value: Any) -> Any:
    return value


def _moment_cast(source: Type, target: Type, *, is_strict: bool) -> Cast | None:
    if (source, target) == (DATE, TIMESTAMP):
        return lambda day: datetime(day.year, day.month, day.day)  # noqa: DTZ001
    if (source, target) == (TIMESTAMP, DATE):
        return datetime.date
    if source == TIMESTAMP and target.is_whole:
        fitted = _fitted if is_strict else wrapped
        return lambda moment: fitted(micros(moment) // 10**6, WHOLE[target.name])
    if source == TIMESTAMP and target.is_binary:
        return lambda moment: narrowed(micros(moment) / 1e6, target)
    if source.is_whole and target == TIMESTAMP:
        return lambda number: moment_of(number * 10**6)
    if source.is_number and target == TIMESTAMP:
        return _moment_of_seconds
    return None


def _moment_of_seconds(number: Any) -> datetime | None:
    if isinstance(number, Decimal):
        return moment_of(int(number.scaleb(6, DIGITS)))
    return moment_of(int(number * 10**6)) if math.isfinite(number) else None


def micros(moment: datetime) -> int:
    """The microseconds since 1970."""
    return (moment - EPOCH) // _MICROSECOND


def moment_of(micros: int) -> datetime | None:
    """The moment *micros* microseconds after the start of 1970; None outside the years 1 to 9999."""
    try:
        return EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return None


def day(text: str) -> date | None:
    """The day in *text*, as year, month and day; a missing month or day is the first."""
    found = _DAY.fullmatch(text.strip(BLANK))
    return _date(int(found[1]), int(found[2] or 1), int(found[3] or 1)) if found else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def moment(text: str) -> datetime | None:
    """The moment in UTC in *text*: a day, and optionally a time and a zone."""
    found = _DAY.fullmatch(text.strip(BLANK))
    start = _date(int(found[1]), int(found[2] or 1), int(found[3] or 1)) if found else None
    if found is None or start is None:
        return None
    if not found["time"]:
        return datetime(start.year, start.month, start.day)  # noqa: DTZ001
    return _timed(start, found["time"])


def _timed(start: date, text: str) -> datetime | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hour, minute, second = (int(found[place] or 0) for place in (1, 2, 3))
    if hour > 23 or minute > 59 or second > 59:
        return None
    local = datetime(start.year, start.month, start.day, hour, minute, second, int(f"{found[4] or ''}000000"[:6]))  # noqa: DTZ001
    return at_zone(local, found["zone"]) if found["zone"] else local


def at_zone(local: datetime, name: str) -> datetime | None:
    """The moment at which clocks in the zone *name* show *local*; None if the zone is unknown."""
    found = zone(name)
    if found is None:
        return None
    try:
        ours = local.replace(tzinfo=found)
        if ours.astimezone(timezone.utc).astimezone(found).replace(tzinfo=None) != local:  # clocks skip it
            ours = ours.replace(fold=1)
            before = local.replace(tzinfo=found, fold=0).utcoffset()
            return local - (before or timedelta())
        return ours.astimezone(timezone.utc).replace(tzinfo=None)
    except (OverflowError, ValueError):
        return None


def _of_text(target: Type, *, is_strict: bool) -> Cast | None:
    if target.is_whole:
        return partial(whole, bits=WHOLE[target.name], is_strict=is_strict)
    if target.is_binary:
        return lambda text: None if (number := binary(text)) is None else narrowed(number, target)
    if target.name == "decimal":
        return lambda text: _decimal_of_text(text, target)
    return {"boolean": _flag, "date": day, "timestamp": moment}.get(target.name)


def whole(text: str, *, bits: int, is_strict: bool) -> int | None:
    """The whole number in *text*; decimals are dropped, or invalid with *is_strict*."""
    found = _WHOLE.fullmatch(text.strip(BLANK))
    if found is None or not (found[2] or found[3]) or (is_strict and found[3] is not None):
        return None
    return (
        _fitted(int(found[1] + (found[2] or "0")), bits) if len(found[2]) < 40 or not found[2].strip("0") else None
    )


def binary(text: str) -> float | None:
    """The number in *text*, with or without a point and an exponent."""
    text = text.strip(BLANK[:-1])
    found = _BINARY.match(text)
    return float(found[0]) if found else _NAMED.get(text.lower())


def _decimal_of_text(text: str, target: Type) -> Decimal | None:
    text = text.strip(BLANK)
    return fitting(Decimal(text), target) if _DECIMAL.fullmatch(text) else None


def _flag(text: str) -> bool | None:
    text = text.strip(BLANK).lower()
    return True if text in _TRUE else False if text in _FALSE else None


def fitting(number: Decimal, target: Type) -> Decimal | None:
    """*number* with the digits of *target*, rounded half away from zero; None if it is too large."""
    if number.is_finite() and number.adjusted() <= target.precision - target.scale:
        found = number.quantize(Decimal(1).scaleb(-target.scale), context=DIGITS)
        if not found or found.adjusted() < target.precision - target.scale:
            return found if found else found.copy_abs()
    return None


def wrapped(number: int, bits: int) -> int:
    """A whole number wrapped around to *bits* bits."""
    half = 1 << (bits - 1)
    return (number + half) % (2 * half) - half


def _fitted(number: int, bits: int) -> int | None:
    return number if -(1 << (bits - 1)) <= number < 1 << (bits - 1) else None


def narrowed(number: float, target: Type) -> float:
    if target.name != "float":
        return number
    with np.errstate(over="ignore"):
        return float(np.float32(number))


def _number(source: Type, target: Type, *, is_strict: bool) -> Cast:
    if target.name == "decimal":
        if source.is_binary:
            return lambda number: fitting(Decimal(repr(number)), target) if math.isfinite(number) else None
        return lambda number: fitting(Decimal(number), target)
    if target.is_binary:
        return lambda number: narrowed(float(number), target)
    bits = WHOLE[target.name]
    if is_strict:
        return lambda number: _fitted(int(number), bits) if math.isfinite(number) else None
    if source.is_binary:
        return partial(saturated, bits=bits)
    return lambda number: wrapped(int(number), bits)


def saturated(number: float, *, bits: int) -> int:
    """*number* truncated to a whole number; the largest or smallest one if it is out of range, as in Java."""
    if math.isnan(number):
        return 0
    half = 1 << (max(bits, 32) - 1)
    return wrapped(half - 1 if number >= half else -half if number <= -half else int(number), bits)


def _to_text(source: Type, *, is_plain: bool) -> Cast | None:
    if source.name == "decimal":
        return (lambda number: f"{number:f}") if is_plain else str
    if source.name == "float":
        return lambda number: java_text(float(np.float32(number)), np.format_float_scientific(np.float32(number)))
    kinds: dict[str, Cast] = {
        "double": java_text, "boolean": lambda flag: "true" if flag else "false", "date": date.isoformat,
        "timestamp": moment_text, "null": str, **dict.fromkeys(WHOLE, str),
    }  # fmt: skip
    return kinds.get(source.name)


def java_text(number: float, shortest: str | None = None) -> str:
    """A floating-point number as Java writes it: with an exponent from ten million on, and below a thousandth."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "-0.0" if math.copysign(1, number) < 0 else "0.0"
    sign, digits, exponent = Decimal(shortest or repr(number)).normalize().as_tuple()
    figures = "".join(map(str, digits))
    power = len(figures) + int(exponent) - 1
    if -3 <= power < 7:
        figures = "0" * -power + figures if power < 0 else figures.ljust(power + 1, "0")
        before = max(power, 0) + 1
        return f"{'-' * sign}{figures[:before]}.{figures[before:] or '0'}"
    return f"{'-' * sign}{figures[0]}.{figures[1:] or '0'}E{power}"


def moment_text(moment: datetime) -> str:
    """The text of *moment*, with as many decimals of a second as needed."""
    text = moment.isoformat(" ")
    return text.rstrip("0") if moment.microsecond else text
