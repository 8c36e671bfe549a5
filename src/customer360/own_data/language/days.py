"""The date and timestamp functions. All timestamps are UTC."""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

from customer360.own_data.language.calls import Function
from customer360.own_data.language.casts import EPOCH, LENGTHS, at_zone, micros, moment_of
from customer360.own_data.language.formats import DAYS, DEFAULT, writer
from customer360.own_data.language.types import BIGINT, DATE, DOUBLE, INT, STRING, TIMESTAMP, decimal
from customer360.own_data.language.zones import zone

_FIRST_DAY: Final = date(1970, 1, 1)
_WRITE: Final = writer(DEFAULT)


def months_later(day: date, months: int) -> date | None:
    """The same day of another month, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


def later(moment: Any, count: int, unit: str) -> Any:
    """*moment*, or a day, plus *count* units; None if the result is out of range."""
    length = LENGTHS[unit]
    try:
        return months_later(moment, count * length) if isinstance(length, int) else moment + count * length
    except OverflowError:
        return None


def _added(unit: str, count: int, moment: datetime) -> datetime | None:
    return later(moment, count, unit)  # type: ignore[no-any-return]


def _days_later(day: date, days: int) -> date | None:
    return later(day, days, "day")  # type: ignore[no-any-return]


def _truncated(unit: str, moment: datetime) -> datetime | None:
    unit = unit.lower()
    if unit in _CLOCK:
        length = _CLOCK[unit]
        return moment - (moment - EPOCH) % length
    day = _first_day(moment.date(), unit)
    return datetime(day.year, day.month, day.day) if day else None  # noqa: DTZ001


_CLOCK: Final = {
    "day": timedelta(1), "dd": timedelta(1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1), "millisecond": timedelta(milliseconds=1),
    "microsecond": timedelta(microseconds=1),
}  # fmt: skip


def _first_day(day: date, unit: str) -> date | None:
    """The first day of the year, quarter, month or week; None for another unit."""
    match unit.lower():
        case "year" | "yyyy" | "yy":
            return day.replace(month=1, day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "month" | "mon" | "mm":
            return day.replace(day=1)
        case "week":
            return later(day, -day.weekday(), "day")  # type: ignore[no-any-return]
    return None


def _last_day(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


_WEEKDAYS: Final = {
    name: place for place, day in enumerate(DAYS) for name in (day.upper(), day[:3].upper(), day[:2].upper())
}


def _next_day(day: date, name: str) -> date | None:
    place = _WEEKDAYS.get(name.strip().upper())
    return None if place is None else _days_later(day, (place - day.weekday() - 1) % 7 + 1)


def _make_timestamp(year: int, month: int, day: int, hour: int, minute: int, seconds: Decimal) -> datetime | None:
    whole = int(seconds)
    fraction = int(seconds * 10**6) - whole * 10**6
    if not 0 <= whole <= 60 or (whole == 60 and fraction):
        return None
    start = datetime(year, month, day, hour, minute)  # noqa: DTZ001
    return start + timedelta(seconds=whole, microseconds=fraction)


def _months_between(one: datetime, other: datetime, is_rounded: bool = True) -> float:
    months = (one.year - other.year) * 12 + one.month - other.month
    if one.day == other.day or all(some.date() == _last_day(some.date()) for some in (one, other)):
        return float(months)
    seconds = (one.day - other.day) * 86_400 + _second_of_day(one) - _second_of_day(other)
    found = months + seconds / (31 * 86_400)
    return math.floor(found * 1e8 + 0.5) / 1e8 if is_rounded else found


def _second_of_day(moment: datetime) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _from_utc(moment: datetime, name: str) -> datetime | None:
    found = zone(name)
    return moment.replace(tzinfo=timezone.utc).astimezone(found).replace(tzinfo=None) if found else None


def _seconds(number: Any) -> datetime | None:
    return moment_of(int(number * 10**6)) if math.isfinite(number) else None


def _whole_seconds(moment: datetime) -> int:
    """Seconds since 1970, truncated towards zero, as in Spark."""
    since = micros(moment)
    return since // 10**6 if since >= 0 else -(-since // 10**6)


def _difference(unit: str, one: datetime, other: datetime) -> int | None:
    length = LENGTHS.get(unit)
    if length is None:
        return None
    if isinstance(length, timedelta):
        found = abs(other - one) // length
        return found if other >= one else -found
    months = (other.year - one.year) * 12 + other.month - one.month
    rest = (other.day, other.time()) < (one.day, one.time()), (other.day, other.time()) > (one.day, one.time())
    months += (months < 0 and rest[1]) - (months > 0 and rest[0])
    return int(math.copysign(abs(months) // length, months)) if months else 0


def _written(seconds: int, write: Callable[[datetime], str] | None = _WRITE) -> str | None:
    moment = moment_of(seconds * 10**6)
    return write(moment) if moment and write else None


def _of(part: Callable[[Any], int], takes: str = "date") -> Function:
    return Function(takes, INT, part)


_DAY = _of(lambda day: day.day)
_UNITS: Final[dict[str, Function]] = {
    "year": _of(lambda day: day.year), "quarter": _of(lambda day: (day.month + 2) // 3),
    "month": _of(lambda day: day.month), "week": _of(lambda day: day.isocalendar()[1]), "day": _DAY,
    "dayofweek": _of(lambda day: day.isoweekday() % 7 + 1), "doy": _of(lambda day: day.timetuple().tm_yday),
    "hour": _of(lambda moment: moment.hour, "timestamp"), "minute": _of(lambda moment: moment.minute, "timestamp"),
    "second": Function(
        "timestamp", decimal(8, 6), lambda moment: Decimal(moment.second * 10**6 + moment.microsecond).scaleb(-6)
    ),
}  # fmt: skip
PARTS: Final = {
    **_UNITS, **{f"{unit}s": _UNITS[unit] for unit in _UNITS.keys() - {"quarter", "dayofweek", "doy"}},
    "dow": _UNITS["dayofweek"], "dayofyear": _UNITS["doy"],
}  # fmt: skip
"""The parts that extract() returns, by unit."""
_ADD, _DIFF = (
    Function("date int", DATE, _days_later), Function("date date", INT, lambda end, start: (end - start).days),
)  # fmt: skip
_UNIX = Function("timestamp", BIGINT, _whole_seconds)
DATES: Final[dict[str, Function]] = {
    "add_months": Function("date int", DATE, months_later),
    "date_add": _ADD, "dateadd": _ADD, "date_diff": _DIFF, "datediff": _DIFF,
    "date_sub": Function("date int", DATE, lambda day, days: _days_later(day, -days)),
    "date_format": Function("timestamp format", STRING, lambda moment, write: write(moment)),
    "date_from_unix_date": Function("int", DATE, lambda days: _days_later(_FIRST_DAY, days)),
    "date_trunc": Function("text timestamp", TIMESTAMP, _truncated),
    "day": _DAY, "dayofmonth": _DAY, "dayofweek": PARTS["dayofweek"], "dayofyear": PARTS["doy"],
    "from_unixtime": Function("bigint format?", STRING, _written),
    "from_utc_timestamp": Function("timestamp text", TIMESTAMP, _from_utc),
    "hour": PARTS["hour"], "minute": PARTS["minute"], "month": PARTS["month"], "quarter": PARTS["quarter"],
    "last_day": Function("date", DATE, _last_day),
    "make_date": Function("int int int", DATE, date),
    "make_timestamp": Function("int int int int int seconds", TIMESTAMP, _make_timestamp),
    "months_between": Function("timestamp timestamp boolean?", DOUBLE, _months_between),
    "next_day": Function("date text", DATE, _next_day),
    "second": Function("timestamp", INT, lambda moment: moment.second),
    "timestamp_micros": Function("bigint", TIMESTAMP, moment_of),
    "timestamp_millis": Function("bigint", TIMESTAMP, lambda number: moment_of(number * 1000)),
    "timestamp_seconds": Function("number", TIMESTAMP, _seconds),
    "timestampadd": Function("unit int timestamp", TIMESTAMP, _added),
    "timestampdiff": Function("unit timestamp timestamp", BIGINT, _difference),
    "to_date": Function("timestamp", DATE, datetime.date),
    "to_timestamp": Function("timestamp", TIMESTAMP, lambda moment: moment),
    "try_to_timestamp": Function("timestamp", TIMESTAMP, lambda moment: moment),
    "to_unix_timestamp": _UNIX, "unix_timestamp": _UNIX,
    "to_utc_timestamp": Function("timestamp text", TIMESTAMP, at_zone),
    "trunc": Function("date text", DATE, _first_day),
    "unix_date": Function("date", INT, lambda day: (day - _FIRST_DAY).days),
    "weekday": _of(date.weekday), "weekofyear": PARTS["week"], "year": PARTS["year"],
}  # fmt: skip
