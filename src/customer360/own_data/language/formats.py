"""Patterns such as dd.MM.yyyy, for reading and writing dates and times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Final

from customer360.own_data.language.casts import at_zone

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DEFAULT: Final = "yyyy-MM-dd HH:mm:ss"
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_QUARTERS: Final = ("1st quarter", "2nd quarter", "3rd quarter", "4th quarter")
_TOKEN: Final = re.compile(r"(?P<letters>([a-zA-Z])\2*)|'(?P<quoted>[^']*)'|(?P<sign>[^a-zA-Z'#{}])", re.DOTALL)
Write = Callable[[datetime], str]


def _number(part: Callable[[datetime], int], count: int, most: int = 2) -> Write | None:
    return (lambda moment: f"{part(moment):0{count}}") if count <= most else None


def _word(count: int, short: Write, long: Write) -> Write | None:
    return short if count == 3 else long if count == 4 else None


def _quarter(moment: datetime) -> int:
    return (moment.month + 2) // 3


def _written(letter: str, count: int) -> Write | None:
    """The function that writes the part of a moment for *count* equal letters; None if there is none."""
    numbers: dict[str, Callable[[datetime], int]] = {
        "d": lambda moment: moment.day, "H": lambda moment: moment.hour, "m": lambda moment: moment.minute,
        "s": lambda moment: moment.second, "h": lambda moment: (moment.hour + 11) % 12 + 1,
        "k": lambda moment: (moment.hour + 23) % 24 + 1, "K": lambda moment: moment.hour % 12,
    }  # fmt: skip
    if letter in numbers:
        return _number(numbers[letter], count)
    if letter == "y":
        if count == 2:
            return lambda moment: f"{moment.year % 100:02}"
        return _number(lambda moment: moment.year, count, 6)
    if letter in "ML" and count < 3:
        return _number(lambda moment: moment.month, count)
    if letter in "ML":
        return _word(count, lambda moment: _MONTHS[moment.month - 1][:3], lambda moment: _MONTHS[moment.month - 1])
    if letter == "E":
        return _word(
            max(count, 3), lambda moment: DAYS[moment.weekday()][:3], lambda moment: DAYS[moment.weekday()]
        )
    if letter == "D":
        return _number(lambda moment: moment.timetuple().tm_yday, count, 3)
    if letter in "Qq" and count < 3:
        return _number(_quarter, count)
    if letter in "Qq":
        return _word(count, lambda moment: f"Q{_quarter(moment)}", lambda moment: _QUARTERS[_quarter(moment) - 1])
    if letter == "S" and count <= 9:
        return lambda moment: f"{moment.microsecond:06}000"[:count]
    if letter == "a" and count == 1:
        return lambda moment: "PM" if moment.hour >= 12 else "AM"
    zone = {
        "X": "Z",
        "XX": "Z",
        "XXX": "Z",
        "Z": "+0000",
        "x": "+00",
        "xx": "+0000",
        "xxx": "+00:00",
        "z": "UTC",
        "VV": "UTC",
    }
    return _always(zone[letter * count]) if letter * count in zone else None


@lru_cache(256)
def writer(pattern: str) -> Write | None:
    """The function that writes a moment with *pattern*; None if it has unsupported letters."""
    parts: list[Write] = []
    place = 0
    while place < len(pattern):
        token = _TOKEN.match(pattern, place)
        if token is None or token["sign"] in {"[", "]"}:
            return None
        place = token.end()
        text = token["sign"] if token["quoted"] is None else token["quoted"] or "'"
        part = _written(token[2], len(token["letters"])) if token["letters"] else _always(text)
        if part is None:
            return None
        parts.append(part)
    return lambda moment: "".join(part(moment) for part in parts)


def _always(text: str) -> Write:
    return lambda _: text


_READ: Final = {
    "yyyy": "(?P<y>[0-9]{4})", "yyy": "(?P<y>[0-9]{3,9})", "yy": "(?P<yy>[0-9]{2})", "MM": "(?P<M>[0-9]{2})",
    "LL": "(?P<M>[0-9]{2})", "dd": "(?P<d>[0-9]{2})", "HH": "(?P<H>[0-9]{2})", "hh": "(?P<h>[0-9]{2})",
    "mm": "(?P<m>[0-9]{2})", "ss": "(?P<s>[0-9]{2})", "a": "(?P<a>[AaPp][Mm])",
    "XXX": "(?P<z>[Zz]|[+-][0-9]{2}:[0-9]{2})",
    "Z": "(?P<z>[+-][0-9]{4})", "xxx": "(?P<z>[+-][0-9]{2}:[0-9]{2})",
    "MMM": f"(?P<b>{'|'.join(month[:3] for month in _MONTHS)})", "MMMM": f"(?P<b>{'|'.join(_MONTHS)})",
    **{letter: f"(?P<{letter}>[0-9]{{1,19}})" for letter in "yMdHhms"},
}  # fmt: skip
_READ["LLL"], _READ["LLLL"], _READ["L"] = _READ["MMM"], _READ["MMMM"], _READ["M"]


@lru_cache(256)
def reader(pattern: str) -> Callable[[str], datetime | None] | None:
    """The function that reads a text with *pattern*; None if it has unsupported letters."""
    found, last, place = "", "", 0
    while place < len(pattern):
        token = _TOKEN.match(pattern, place)
        if token is None:
            return None
        place = token.end()
        if letters := token["letters"]:
            part = _part(letters)
            if (
                part is None
                or (last in _VARIABLE and _is_number(letters))
                or (_is_number(last) and letters in _VARIABLE)
            ):
                return None
            found, last = found + part, letters
        elif token["sign"] in {"[", "]"}:
            found, last = found + ("(?:" if token["sign"] == "[" else ")?"), last
        else:
            text = token["sign"] if token["quoted"] is None else token["quoted"] or "'"
            found, last = found + re.escape(text), ""
    try:
        compiled = re.compile(found, re.IGNORECASE | re.ASCII | re.DOTALL)
    except re.error:
        return None
    names = set(compiled.groupindex)
    is_whole = names & {"y", "yy"} and ("h" in names) == ("a" in names) and not {"h", "H"} <= names
    return (lambda text: _read(compiled.fullmatch(text))) if is_whole else None


_VARIABLE: Final = frozenset("yMLdHhms")


def _is_number(letters: str) -> bool:
    return letters[:1] in {*"yMLdHhmsS"} and letters not in {"MMM", "MMMM", "LLL", "LLLL"}


def _part(letters: str) -> str | None:
    if letters[0] == "S" and len(letters) <= 9:
        return f"(?P<S>[0-9]{{1,{len(letters)}}})"
    return _READ.get(letters)


def _read(found: re.Match[str] | None) -> datetime | None:
    if found is None:
        return None
    parts = found.groupdict()
    month = [name[:3].lower() for name in _MONTHS].index(parts["b"][:3].lower()) + 1 if parts.get("b") else None
    year = 2000 + int(parts["yy"]) if parts.get("yy") else int(parts["y"])
    try:
        moment = datetime(  # noqa: DTZ001
            year, month or int(parts.get("M") or 1), int(parts.get("d") or 1), _hour(parts),
            int(parts.get("m") or 0), int(parts.get("s") or 0), int(f"{parts.get('S') or ''}000000"[:6]),
        )  # fmt: skip
    except (ValueError, OverflowError):
        return None
    return at_zone(moment, _colon(parts["z"])) if parts.get("z") else moment


def _colon(zone: str) -> str:
    return zone.upper() if ":" in zone or len(zone) == 1 else f"{zone[:3]}:{zone[3:]}"


def _hour(parts: dict[str, str | None]) -> int:
    if (text := parts.get("h")) is None:
        return int(parts.get("H") or 0)
    if not 1 <= int(text) <= 12:
        raise ValueError(text)
    return int(text) % 12 + (12 if (parts["a"] or "").lower() == "pm" else 0)
