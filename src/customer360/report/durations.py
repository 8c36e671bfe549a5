"""Dates and durations as people write them: 2026-06-30; 90s, 15m, 26h, 2d."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final

from customer360.errors import Invalid

_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(2199, 12, 31)
"""Outside this range, adding days or months to the as-of date could leave the calendar."""

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def parse_day(day: date | str) -> date:
    """*day* as a date; text must be YYYY-MM-DD. Raises Invalid if it is not a date or out of range."""
    try:
        found = day if isinstance(day, date) else datetime.strptime(day, "%Y-%m-%d")  # noqa: DTZ007
    except ValueError:
        raise Invalid(f"invalid date {day!r}; use YYYY-MM-DD") from None
    found = found.date() if isinstance(found, datetime) else found
    if not _FIRST_DAY <= found <= _LAST_DAY:
        raise Invalid(f"date '{found}' is out of range; use {_FIRST_DAY} to {_LAST_DAY}")
    return found


def parse_duration(text: str) -> timedelta:
    """The duration written as *text*, such as 15m. Raises Invalid if it is not one."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*([dhms])", text.strip().lower())
    if match is None:
        raise Invalid(f"invalid duration '{text}'; use a form such as 90s, 15m, 26h or 2d")
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def written(span: timedelta) -> str:
    """*span* in the largest unit that gives a number of at least 2: 26 h, 3 d."""
    seconds = max(0, int(span.total_seconds()))
    for unit, size, least in (("d", 86_400, 2), ("h", 3_600, 2), ("min", 60, 2)):
        if seconds >= size * least:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
