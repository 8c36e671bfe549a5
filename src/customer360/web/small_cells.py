"""
Small cells: removes numbers about too few customers from an answer.

A count of 1 to N - 1 customers is shown as "below" N; all other numbers based on so few customers are withheld.
If the remaining numbers, together with a total that may be known, would still reveal a count below N exactly, the
next smallest count is withheld too. Zero stays zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from customer360.report.expressions import Measure, OfStage
from customer360.web.counted import Count, Counts

Json = dict[str, Any]
Row = Mapping[str, Any]
Group = Sequence[int]
Sign = Literal["below", "withheld"]
"""How a cell is suppressed: as a count below N, or without any indication of its size."""

LEAST: Final = 3
"""The lowest limit allowed: "below 2" would mean exactly 1."""

NOT_LISTED: Final = "Individual customers are listed only for users who may see people"


@dataclass(frozen=True)
class Cells:
    """
    The marks of a visual, each with a row of counts.

    *groups* are indexes of marks whose total may be known. *rest* are the counts of customers in a total but in no
    mark; their index follows the last mark. *shown* are the indexes of marks that other visuals show. *nested*
    marks each contain the next one, like the stages of a funnel. *months* are the counts by month, for numbers
    that cover several months.
    """

    rows: Sequence[Row]
    groups: Sequence[Group] = ()
    rest: Row | None = None
    shown: frozenset[int] = frozenset()
    nested: bool = False
    months: Sequence[Row] = ()


def hidden(
    counts: Sequence[int], groups: Iterable[Group], smallest: int, shown: Iterable[int] = ()
) -> dict[int, Sign]:
    """
    The indexes of *counts* to suppress, each with its sign, so that no total of a group reveals a count below
    *smallest*.

    The next smallest counts of a group are withheld too, but none of *shown*. If none is left to withhold, the
    members of the group are withheld without any indication of their size.
    """
    below = {place for place, count in enumerate(counts) if 0 < count < smallest}
    left_out, fixed = set(below), {*shown}
    groups = [*groups]
    while more := {place for group in groups for place in _next(group, counts, left_out, fixed, smallest)}:
        left_out |= more
    bare = {place for group in groups for place in _revealed(group, counts, left_out, smallest)}
    return {place: "below" if place in below - bare else "withheld" for place in left_out}


def _next(group: Group, counts: Sequence[int], left_out: set[int], fixed: set[int], smallest: int) -> list[int]:
    """The index in *group* to withhold next, if any."""
    if _is_safe([counts[place] for place in group if place in left_out], smallest):
        return []
    others = [place for place in group if place not in left_out | fixed and counts[place] > 0]
    return sorted(others, key=lambda place: (counts[place], place))[:1]


def _revealed(group: Group, counts: Sequence[int], left_out: set[int], smallest: int) -> list[int]:
    """The members of *group* whose counts its total would still reveal if they were shown as below."""
    members = [place for place in group if place in left_out]
    found = [counts[place] for place in members]
    return [] if sum(found) < smallest or _is_safe(found, smallest) else members


def _is_safe(left_out: Sequence[int], smallest: int) -> bool:
    """Whether the sum of *left_out*, together with which of them are below, reveals none of them exactly."""
    below = [count for count in left_out if count < smallest]
    others, total = len(left_out) - len(below), sum(left_out)
    if not left_out:
        return True
    if len(left_out) == 1 or total < smallest:
        return False
    if others:
        return total > len(below) + others * smallest
    return len(below) < total < len(below) * (smallest - 1)


def stages(counts: Sequence[int], smallest: int) -> dict[int, Sign]:
    """The indexes to suppress in nested *counts*, where differences are counts too."""
    found: dict[int, Sign] = {}
    last: int | None = None
    for place, count in enumerate(counts):
        if 0 < count < smallest:
            found[place] = "below"
        elif last is not None and 0 < last - count < smallest:
            found[place] = "withheld"
        else:
            last = count
    return found


def without_small(data: Json, measures: Mapping[Measure, Counts | None], cells: Cells, smallest: int) -> Json:
    """
    *data* of a visual without the numbers that, according to *cells*, are about fewer than *smallest* customers.

    *measures* are the measures it shows, with the counts that each is based on. Suppressed numbers are null;
    *below* and *withheld* list their indexes by measure.
    """
    values = dict(data["values"])
    left_out: dict[Sign, dict[str, list[int]]] = {"below": {}, "withheld": {}}
    for measure, counts in measures.items():
        column = values[measure.name] if "keys" in data else [values[measure.name]]
        signs = _signs(measure, counts, cells, column, smallest)
        kept = [None if place in signs else value for place, value in enumerate(column)]
        values[measure.name] = kept if "keys" in data else kept[0]
        for place, sign in sorted(signs.items()):
            left_out[sign].setdefault(measure.name, []).append(place)
    return {**data, "values": values, **{sign: found for sign, found in left_out.items() if found}}


def without_small_months(data: Json, smallest: int) -> Json:
    """*data* of a card, without its sparkline if one of the months has too few customers."""
    spark = data.get("spark")
    is_small = spark is not None and any(0 < count < smallest for count in spark["values"])
    return {**data, "spark": None} if is_small else data


def _signs(
    measure: Measure, counts: Counts | None, cells: Cells, column: Sequence[Any], smallest: int
) -> dict[int, Sign]:
    """The indexes to suppress in *column*, the values of *measure*."""
    shown = [place for place, value in enumerate(column) if value is not None]
    if counts is None:
        return dict.fromkeys(shown, "withheld")
    uncounted = (place for count in counts for place in _uncounted(count, cells, column))
    signs: dict[int, Sign] = dict.fromkeys(uncounted, "withheld")
    for count in counts:
        for place, sign in _hidden_of(count, cells, smallest).items():
            if not count.is_own or signs.get(place) == "withheld":
                sign = "withheld"
            signs[place] = sign
    if cells.nested and isinstance(measure.expression, OfStage):
        signs |= _of_stages(measure.expression, signs, len(column))
    return {place: sign for place, sign in signs.items() if place in shown}


def _of_stages(expression: OfStage, signs: Mapping[int, Sign], number: int) -> dict[int, Sign]:
    """Withholds shares of a suppressed stage, because a share reveals its stage."""
    to = [0 if expression.stage == "first" else max(0, place - 1) for place in range(number)]
    return {place: "withheld" for place in range(number) if to[place] in signs}


def _uncounted(count: Count, cells: Cells, column: Sequence[Any]) -> list[int]:
    """The indexes with a number but a count of zero: it is unknown whom these numbers are about."""
    found = _counts(count.part, cells, count)
    return [] if count.is_own else [place for place, value in enumerate(column) if value and not found[place]]


def _hidden_of(count: Count, cells: Cells, smallest: int) -> dict[int, Sign]:
    """The indexes of marks whose number would reveal one of the parts of *count*."""
    if cells.nested:
        return stages(_counts(count.part, cells, count), smallest)
    if not cells.rows:
        return {}
    number = len(cells.rows)
    size = number + (cells.rest is not None)
    table = [one for part in count.parts for one in _counts(part, cells, count, with_rest=True)]
    starts = range(0, len(table), size)
    rest = [number] if cells.rest is not None else []
    groups = [[start + place for place in group] for start in starts for group in cells.groups]
    if len(count.parts) > 1:
        groups += [[start + place for start in starts] for place in range(size)]
    shown = {start + place for start in starts for place in (*cells.shown, *rest)}
    found = hidden(table, groups, smallest, shown)
    first = count.at * size
    return {place: found[first + place] for place in range(number) if first + place in found}


def _counts(part: Measure, cells: Cells, count: Count, *, with_rest: bool = False) -> list[int]:
    if count.in_one_month:
        return [max((int(row[part.name] or 0) for row in cells.months), default=0)]
    rows = [*cells.rows, cells.rest] if with_rest and cells.rest is not None else cells.rows
    return [int(row[part.name] or 0) for row in rows if row is not None]
