"""Spans of time as a person writes and reads them: 90s, 15m, 26h, 2d."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from customer360.errors import Invalid

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


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
