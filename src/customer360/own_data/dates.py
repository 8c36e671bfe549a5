"""Dates as people write them, read exactly: a date that does not exist is invalid."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data.date_words import in_digits
from customer360.own_data.styles import Evidence

DAY_FIRST: Final = "day first"
MONTH_FIRST: Final = "month first"
YEAR_FIRST: Final = "year first"
"""With two digits: 24-12-31."""
EXCEL_DAYS: Final = "excel days"
"""45292 is 2024-01-01: days since 1899-12-30, as spreadsheets store dates."""
EPOCH_SECONDS: Final = "epoch seconds"
EPOCH_MILLISECONDS: Final = "epoch milliseconds"
ORDERS: Final = (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)
STYLES: Final = (*ORDERS, EXCEL_DAYS, EPOCH_SECONDS, EPOCH_MILLISECONDS)

_PIVOT: Final = 40
"""Two-digit years below it are in this century."""
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME: Final = (
    r"(?:(?:[T ]|, ?) *(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r" ?(?P<half>[AaPp]\.?[Mm]\.?)? ?(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?"
)
_YEAR: Final = r"(?P<year>\d{4}|\d{2})"
_MONTH_NAME: Final = (
    r"(?P<month>(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?))\.?"
)
_SHAPES: Final = (
    r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _TIME + "$",
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})" + _TIME + "$",
    r"^(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\. ?" + _YEAR + _TIME + "$",
    r"^(?P<day>\d{1,2})(?:st|nd|rd|th)?[-/. ]+" + _MONTH_NAME + r"[-/., ]+" + _YEAR + _TIME + "$",
    r"^" + _MONTH_NAME + r"[-/ ]+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?[-/ ]+" + _YEAR + _TIME + "$",
)
_ORDERED: Final = {
    DAY_FIRST: r"^(?P<day>\d{1,2})[-/](?P<month>\d{1,2})[-/]" + _YEAR + _TIME + "$",
    MONTH_FIRST: r"^(?P<month>\d{1,2})[-/](?P<day>\d{1,2})[-/]" + _YEAR + _TIME + "$",
    YEAR_FIRST: r"^(?P<year>\d{2})[-/.](?P<month>\d{2})[-/.](?P<day>\d{2})" + _TIME + "$",
}
_TRIPLE: Final = (
    r"^(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})[-/.](?P<third>\d{4}|\d{2})(?:[T ,\x{a0}\x{202f}].*)?$"
)
_NEVER: Final = (
    r"^(?:0{1,8}|0000[-/.]00[-/.]00|00[-/.]00[-/.]00(?:00)?|0001-01-01|1899-12-3[01]|1900-0?1-0?0"
    r"|0?0[-/.]0?1[-/.]1900|0?1[-/.]0?0[-/.]1900|(?i:0?0[- ]jan[- ](?:19)?00)|00:00:00)"
    r"(?:[T ]0?0:00(?::00(?:\.0+)?)?Z?)?$"
)
"""The zero dates of MySQL, .NET and spreadsheets, which mean a missing date."""
_BY_MACHINES: Final = ("2024-02-29", "2024-02-29 10:30:00", "2024-02-29 10:30:00.000000")
_LENGTHS: Final = pa.array([*map(len, _BY_MACHINES), None], pa.int32())
"""The lengths of dates and timestamps as programs write them."""
_DAY: Final = 86_400_000_000
_COUNTED: Final = {
    EXCEL_DAYS: (r"^\d{5}(?:\.\d+)?$", -25_569, _DAY, date(1930, 1, 1)),
    EPOCH_SECONDS: (r"^\d{9,10}(?:\.\d+)?$", 0, 1_000_000, date(1973, 3, 4)),
    EPOCH_MILLISECONDS: (r"^\d{12,13}(?:\.0+)?$", 0, 1_000, date(1973, 3, 4)),
}
"""Numbers that count from a day: pattern, offset of 0 from 1970, microseconds in 1, first day."""
_JSON_DATE: Final = r"^\\?/Date\((\d{12,13})(?:[+-]\d{4})?\)\\?/$"
_WORDED: Final = r"[^\d.,+-].*\d|\d.*[^\d.,+-]"
"""What may be a date in words: a digit, and more than a number."""
_REGION: Final = r"(?P<rest>^.*\d) ?\[?(?P<region>[A-Z][A-Za-z]+/[A-Za-z_/]+)\]?$"
_SETS: Final = [frozenset(style for place, style in enumerate(ORDERS) if bits >> place & 1) for bits in range(8)]
_FAR: Final = 1 << 40
_GROUPS: Final = re.compile(r"\?P<(\w+)>")
_MICROSECONDS: Final = np.array([3_600_000_000, 60_000_000, 1_000_000, 1], dtype=np.int64)

_Numbers = Any


def date_evidence(
    texts: pa.Array, lines: pa.Array | None = None, *, latest: date = date.max, is_birth: bool = False
) -> Evidence:
    """
    The styles that the values of *texts*, which are in *lines*, allow.

    05/05/2024 is the same day in either order and proves nothing. A two-digit year is never read as one after
    *latest*; for a birth date it then belongs to the century before.
    """
    if (style := counted(texts, latest)) is not None:
        return Evidence(STYLES, {frozenset({style}): len(texts) - texts.null_count})
    is_worded = pc.fill_null(pc.match_substring_regex(texts, r"^[^\d\s].*\d[-/.]\d"), False)
    if pc.any(is_worded).as_py():
        texts = pc.replace_with_mask(texts, is_worded, in_digits(texts.filter(is_worded)))
    # Parsing is expensive, and most columns have no such date.
    is_triple = pc.fill_null(pc.match_substring_regex(texts, r"^\d\d?[-/.]\d\d?[-/.]\d"), False)
    parts = pc.extract_regex(texts.filter(is_triple), _TRIPLE)
    lines = None if lines is None else lines.filter(is_triple).filter(pc.is_valid(parts))
    texts, parts = texts.filter(is_triple).filter(pc.is_valid(parts)), parts.drop_null()
    if not len(parts):
        return Evidence(STYLES)
    readings = _readings(parts, date.max if is_birth else latest)
    readable = readings > 0
    same = np.max(readings, axis=0) == np.min(np.where(readable, readings, _FAR), axis=0)
    several = (readable.sum(axis=0) > 1) & ~same & ~_is(parts.field("mark"), ".")
    told = several | (readable.sum(axis=0) == 1)
    found = np.bincount(np.array([1, 2, 4]) @ readable[:, told])
    counts = {_SETS[number]: int(count) for number, count in enumerate(found) if count}
    if not several.any():
        return Evidence(STYLES, counts)
    place = int(np.argmax(several))
    return Evidence(STYLES, counts, texts[place].as_py(), None if lines is None else lines[place].as_py())


def _readings(parts: pa.StructArray, latest: date) -> _Numbers:
    """The day of each text in each of `ORDERS`, as 20240229; 0 where the text is not a date."""
    first, second, third = (_integers(parts.field(name)) for name in ("first", "second", "third"))
    year, year_in_front = _years(parts.field("third")), _years(parts.field("first"))
    is_short, is_dotted = _length(parts.field("third")) == 2, _is(parts.field("mark"), ".")
    has_pairs = is_short & (_length(parts.field("first")) == 2) & (_length(parts.field("second")) == 2)
    orders = (
        (year, second, first, is_short | ~is_dotted),
        (year, first, second, ~is_dotted),
        (year_in_front, second, third, has_pairs),
    )
    found = []
    for years, month, day, fits in orders:
        reading = _day_number(years, month, day)
        exists = fits & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
        found.append(
            np.where(
                exists & ~(is_short & (reading > _day_number(latest.year, latest.month, latest.day))), reading, 0
            )
        )
    return np.stack(found)


def _day_number(year: Any, month: Any, day: Any) -> Any:
    """A day as 20240229, which sorts like the day."""
    return year * 10_000 + month * 100 + day


def _length(texts: pa.Array) -> _Numbers:
    return pc.binary_length(texts).to_numpy(zero_copy_only=False)


def counted(texts: pa.Array, latest: date) -> str | None:
    """The style in which all of *texts* are numbers that count from a day, none of them after *latest*."""
    first = next((text for text in texts if text.is_valid), None)
    if first is None or not first.as_py()[:5].isdecimal():
        return None
    for style, (shape, *_) in _COUNTED.items():
        if pc.all(pc.match_substring_regex(texts, shape)).as_py():
            found = _since(texts, style).drop_null()
            until = pa.scalar(np.datetime64(latest, "us") + np.timedelta64(1, "D"), pa.timestamp("us"))
            return (
                style if len(found) == len(texts.drop_null()) and pc.all(pc.less(found, until)).as_py() else None
            )
    return None


def _since(texts: pa.Array, style: str) -> pa.Array:
    """The timestamps that numbers stand for in *style*; null if invalid or before its first day."""
    shape, start, unit, first = _COUNTED[style]
    fits = pc.match_substring_regex(texts, shape)
    numbers = pc.if_else(fits, texts, pa.scalar(None, pa.string())).cast(pa.float64())
    moments = (
        pc.round(pc.multiply(pc.add(numbers, float(start)), float(unit))).cast(pa.int64()).cast(pa.timestamp("us"))
    )
    is_late = pc.greater_equal(moments, pa.scalar(np.datetime64(first, "us"), pa.timestamp("us")))
    return pc.if_else(is_late, moments, pa.scalar(None, pa.timestamp("us")))


def moments(texts: pa.Array, style: str = DAY_FIRST, *, latest: date | None = None) -> pa.Array:
    """
    Timestamps without zone, in UTC where *texts* name a zone; null where they are invalid.

    With *latest*, a two-digit year after it belongs to the century before.
    """
    if (moments := _by_machines(texts)) is not None:
        return moments
    order = style if style in ORDERS else DAY_FIRST
    found = _shaped(texts, order, latest)
    if style in _COUNTED:
        found = pc.coalesce(_since(texts, style), found)
    is_worded = pc.and_(pc.is_null(found), pc.fill_null(pc.match_substring_regex(texts, _WORDED), False))
    if pc.any(is_worded).as_py():
        found = pc.replace_with_mask(found, is_worded, _worded(texts.filter(is_worded), order, latest))
    return found


def _shaped(texts: pa.Array, order: str, latest: date | None) -> pa.Array:
    found = np.full(len(texts), np.datetime64("NaT", "us"))
    waiting = pc.is_valid(texts).to_numpy(zero_copy_only=False)
    for shape in (_SHAPES[0], _ORDERED[order], *_SHAPES[1:]):
        if not waiting.any():
            break
        places = np.flatnonzero(waiting)
        parts = pc.extract_regex(texts.take(pa.array(places)), shape)
        matches = pc.is_valid(parts).to_numpy(zero_copy_only=False)
        found[places[matches]] = _moments(parts.filter(pa.array(matches)), _GROUPS.findall(shape), latest)
        waiting[places[matches]] = False
    return pa.array(found, pa.timestamp("us"), from_pandas=True)


def _worded(texts: pa.Array, order: str, latest: date | None) -> pa.Array:
    """Timestamps in words, with a region such as Europe/Berlin, or as JavaScript's /Date(1672876800000)/."""
    counted = pc.replace_substring_regex(texts, _JSON_DATE, r"\1")
    since = _since(pc.if_else(pc.equal(counted, texts), pa.scalar(None, pa.string()), counted), EPOCH_MILLISECONDS)
    spelt = texts.dictionary_encode()
    texts = in_digits(spelt.dictionary).take(spelt.indices)
    parts = pc.extract_regex(texts, _REGION)
    regions = pc.struct_field(parts, "region")
    found = pc.coalesce(since, _shaped(pc.coalesce(pc.struct_field(parts, "rest"), texts), order, latest))
    for region in pc.unique(regions).drop_null().to_pylist():
        is_there = pc.fill_null(pc.equal(regions, region), False)
        found = pc.replace_with_mask(found, is_there, _in_utc(found.filter(is_there), region))
    return found


def _in_utc(moments: pa.Array, region: str) -> pa.Array:
    """The local *moments* of *region* in UTC; null when the region is unknown."""
    try:
        local = pc.assume_timezone(moments, region, ambiguous="earliest", nonexistent="earliest")
    except pa.ArrowException:
        return pa.nulls(len(moments), pa.timestamp("us"))
    return local.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))


def _by_machines(texts: pa.Array) -> pa.Array | None:
    """The fast path, if all texts have four-digit years and the form that programs write; else None."""
    if (
        pc.all(pc.is_in(pc.binary_length(texts), _LENGTHS)).as_py()
        and not pc.any(pc.starts_with(texts, "0")).as_py()
    ):
        with suppress(pa.ArrowInvalid):
            return texts.cast(pa.timestamp("us"))
    return None


def never(texts: pa.Array) -> pa.Array:
    """Which *texts* are the zero that programs write for a missing date, such as 0000-00-00."""
    return pc.match_substring_regex(texts, _NEVER)


def _moments(parts: pa.StructArray, groups: list[str], latest: date | None) -> _Numbers:
    part = {name: parts.field(place) for place, name in enumerate(groups)}
    month = _month(part["month"])
    years = _years(part["year"])
    if latest and (is_short := _length(part["year"]) == 2).any():
        days_read = _day_number(years, month, _integers(part["day"]))
        is_later = days_read > _day_number(latest.year, latest.month, latest.day)
        years = years - np.where(is_short & is_later, 100, 0)
    first = ((years - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = first.astype("datetime64[D]") + (_integers(part["day"]) - 1)
    exists = (month >= 1) & (month <= 12) & (days.astype("datetime64[M]") == first) & (years >= 1)
    time, is_time = _time(part)
    return np.where(exists & is_time, days.astype("datetime64[us]") + time, np.datetime64("NaT", "us"))


def _month(texts: pa.Array) -> _Numbers:
    if pc.all(pc.utf8_is_digit(texts)).as_py():
        return _integers(texts)
    named = pc.index_in(pc.utf8_slice_codeunits(pc.utf8_lower(texts), 0, 3), pa.array(_MONTHS))
    return pc.fill_null(pc.add(named, 1), 0).to_numpy(zero_copy_only=False).astype(np.int64) + _integers(texts)


def _years(texts: pa.Array) -> _Numbers:
    years = _integers(texts)
    return years + np.where(_length(texts) == 2, np.where(years < _PIVOT, 2000, 1900), 0)


def _time(part: dict[str, pa.Array]) -> tuple[_Numbers, _Numbers]:
    """The time of day in microseconds, in UTC where it has a zone, and whether it is valid."""
    hour = _integers(part["hour"])
    fraction = _microseconds(part["fraction"])
    if _all_empty(part["hour"]):
        return hour, hour == 0
    half = pc.utf8_slice_codeunits(pc.utf8_lower(part["half"]), 0, 1)
    minute, second = (_integers(part[name]) for name in ("minute", "second"))
    after_noon, named = _is(half, "p"), ~_is(half, "")
    # Some programs write AM and PM after 24-hour times: 14:22 PM, 00:22 AM.
    fits = np.where(named, np.where(after_noon, hour >= 1, hour <= 12), True) & (hour < 24)
    valid = (minute < 60) & (second < 60) & fits
    hour = np.where(named & (hour <= 12), hour % 12 + 12 * after_noon, hour)
    time = np.stack([hour, minute, second, fraction], axis=1) @ _MICROSECONDS
    return time - _offset(part["zone"]), valid


def _microseconds(fractions: pa.Array) -> _Numbers:
    if _all_empty(fractions):
        return np.zeros(len(fractions), dtype=np.int64)
    return _integers(pc.utf8_rpad(pc.utf8_slice_codeunits(fractions, 0, 6), 6, "0"))


def _offset(zones: pa.Array) -> _Numbers:
    if _all_empty(zones):
        return 0
    digits = pc.replace_substring_regex(zones, "[^0-9]", "")
    minutes = 60 * _integers(pc.utf8_slice_codeunits(digits, 0, 2)) + _integers(
        pc.utf8_slice_codeunits(digits, 2, 4)
    )
    sign = np.where(_is(pc.utf8_slice_codeunits(zones, 0, 1), "-"), -1, 1)
    return sign * minutes * 60_000_000


def _all_empty(texts: pa.Array) -> bool:
    """Whether no value has the part; skipping a million empty texts saves time."""
    return bool(pc.max(pc.binary_length(texts)).as_py() == 0)


def _is(texts: pa.Array, text: str) -> _Numbers:
    return pc.equal(texts, text).to_numpy(zero_copy_only=False)


def _integers(texts: pa.Array) -> _Numbers:
    """Each text of digits as a number; 0 for other texts."""
    digits = pc.if_else(pc.utf8_is_digit(texts), texts, "0")
    return digits.cast(pa.int64()).to_numpy(zero_copy_only=False)
