"""Time zones by name, as in Java."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_OFFSET: Final = re.compile(r"(?:UTC|GMT|UT)?([+-])([0-9]{1,2})(?::([0-9])|:?([0-9]{2})(?::?([0-9]{2}))?)?")
_LONGEST: Final = timedelta(hours=18)
_SHORT: Final = {
    "ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires",
    "ART": "Africa/Cairo",
    "AST": "America/Anchorage", "BET": "America/Sao_Paulo", "BST": "Asia/Dhaka", "CAT": "Africa/Harare",
    "CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai", "EAT": "Africa/Addis_Ababa",
    "ECT": "Europe/Paris", "IET": "America/Indiana/Indianapolis", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo",
    "MIT": "Pacific/Apia", "NET": "Asia/Yerevan", "NST": "Pacific/Auckland", "PLT": "Asia/Karachi",
    "PNT": "America/Phoenix", "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles",
    "SST": "Pacific/Guadalcanal",
    "VST": "Asia/Ho_Chi_Minh", "EST": "-05:00", "MST": "-07:00", "HST": "-10:00", "Z": "+00:00", "UTC": "+00:00",
    "GMT": "+00:00", "UT": "+00:00",
}  # fmt: skip


@lru_cache(256)
def zone(name: str) -> tzinfo | None:
    """The zone called *name*, or an offset such as +02:00; None if it is unknown."""
    name = _SHORT.get(name.strip(), name.strip())
    if found := _OFFSET.fullmatch(name):
        hours, minutes, seconds = int(found[2]), int(found[3] or found[4] or 0), int(found[5] or 0)
        offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        is_one = minutes < 60 and seconds < 60 and offset <= _LONGEST
        return timezone(offset if found[1] == "+" else -offset) if is_one else None
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9~/._+-]+", name) is None:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None
