"""Decides the style of the dates and numbers of each column from all of its values."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

from customer360.errors import Invalid
from customer360.own_data import dates, numbers
from customer360.own_data.styles import Evidence

_KINDS: Final = {dates.STYLES: "--dates", numbers.STYLES: "--decimal"}
OPTIONS: Final = {
    dates.DAY_FIRST: "day-first", dates.MONTH_FIRST: "month-first", dates.YEAR_FIRST: "year-first",
    dates.EXCEL_DAYS: "excel-days", dates.EPOCH_SECONDS: "epoch-seconds",
    dates.EPOCH_MILLISECONDS: "epoch-milliseconds", numbers.POINT: "point", numbers.COMMA: "comma",
}  # fmt: skip
"""The values of --dates and --decimal."""


def formats(evidence: Mapping[str, Evidence], whole: Container[str] = (), *, file: str = "") -> dict[str, str]:
    """
    The style of each column in the *evidence* of one *file*: the only one that its values allow.

    If the values of a column allow several styles, the other columns of the file decide if they agree, and for
    *whole* numbers the marks of thousands. Raises: Customer360Error when the style remains ambiguous.
    """
    decided = {column: found.possible[0] for column, found in evidence.items() if len(found.possible) == 1}
    likely = {}
    for column, found in evidence.items():
        if column not in decided and found.counts:
            styles = {style for other, style in decided.items() if evidence[other].styles == found.styles}
            parting = numbers.parting(found.hints) if column in whole else None
            styles = (styles | {parting} if parting else styles) & {*found.possible}
            if len(styles) != 1:
                raise Invalid(_undecided(column, found, file))
            likely[column] = styles.pop()
    return {**decided, **likely}


def _undecided(column: str, found: Evidence, file: str) -> str:
    place = f"{file}, line {found.line:,}: " if found.line else f"{file}: " if file else ""
    clear = [f"{count:,} {style}" for style in found.possible if (count := found.proving(style))]
    value = f"{column} {found.example} can be read as {' or '.join(found.possible)}"
    value = value if found.example else f"{column} mixes styles"
    others = f" (unambiguous values: {', '.join(clear)})" if clear else ""
    ways = " or ".join(f"{_KINDS[found.styles]} {OPTIONS[style]}" for style in found.possible)
    return f"{place}{value}{others}; choose with {ways}"
