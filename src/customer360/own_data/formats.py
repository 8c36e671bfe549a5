"""How the dates and numbers of each column are written, decided by all of its values."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

from customer360.errors import Customer360Error
from customer360.own_data import dates, numbers
from customer360.own_data.dates import DateEvidence
from customer360.own_data.numbers import NumberEvidence

Evidence = DateEvidence | NumberEvidence

_READINGS: Final = {
    DateEvidence: ("date", dates.STYLES, "--dates day-first or --dates month-first"),
    NumberEvidence: ("number", numbers.STYLES, "--decimal point or --decimal comma"),
}


def formats(evidence: Mapping[str, Evidence], whole: Container[str] = ()) -> dict[str, str]:
    """
    The style of each column that *evidence* speaks of: what most of its values can only be.

    A column that can be read either way is written as the others are, when these agree. Raises: Customer360Error
    when nothing decides; but in *whole* numbers either mark can only part thousands.
    """
    decided = {column: style for column, found in evidence.items() if (style := _style(found))}
    parted: dict[str, str] = {}
    for column, found in evidence.items():
        if column not in decided and found.either:
            agreed = {style for other, style in decided.items() if type(evidence[other]) is type(found)}
            if len(agreed) == 1:
                decided[column] = agreed.pop()
            elif column not in whole:
                raise Customer360Error(_undecided(column, found))
            elif "." in (found.example or ""):
                parted[column] = numbers.COMMA
    return {**decided, **parted}


def _style(found: Evidence) -> str | None:
    first, second = _sides(found)
    styles = _READINGS[type(found)][1]
    return None if first == second == 0 else styles[0] if first >= second else styles[1]


def _undecided(column: str, found: Evidence) -> str:
    kind, styles, options = _READINGS[type(found)]
    return (
        f"{column}: every {kind} can be read in two ways, such as {found.example}; say which with {options}, "
        f'or in the mapping: [formats] {column} = "{styles[0]}"'
    )


def _sides(found: Evidence) -> tuple[int, int]:
    if isinstance(found, DateEvidence):
        return found.day_first, found.month_first
    return found.point, found.comma
