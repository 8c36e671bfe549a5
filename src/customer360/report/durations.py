"""Days and spans of time as a person writes and reads them: 2026-06-30; 90s, 15m, 26h, 2d."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final

from customer360.errors import Invalid

_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(2199, 12, 31)
"""Beyond these, adding days and months to the as-of date would leave the calendar."""

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def parse_day(day: date | str) -> date:
    """The *day*, which may be written as 2026-06-30. Raises: Customer360Error when it is none, or out of range."""
    try:
        found = day if isinstance(day, date) else datetime.strptime(day, "%Y-%m-%d")  # noqa: DTZ007
    except ValueError:
        raise Invalid(f"{day!r} is no day; write it as 2026-06-30") from None
    found = found.date() if isinstance(found, datetime) else found
    if not _FIRST_DAY <= found <= _LAST_DAY:
        raise Invalid(f"'{found}' is out of range; write a day from {_FIRST_DAY} to {_LAST_DAY}")
    return found


def parse_duration(text: str) -> timedelta:
    """The span that *text* says. Raises: Customer360Error when it says none."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*([dhms])", text.strip().lower())
    if match is None:
        raise Invalid(f"'{text}' is no span of time; write it as 90s, 15m, 26h or 2d")
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def written(span: timedelta) -> str:
    """*span* in its largest whole unit: 26 h, 3 d; two days at least before it is in days."""
    seconds = max(0, int(span.total_seconds()))
    for unit, size, least in (("d", 86_400, 2), ("h", 3_600, 2), ("min", 60, 2)):
        if seconds >= size * least:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
