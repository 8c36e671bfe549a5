"""
Small cells: what an answer must not say of few customers, left out of it.

A count of 1 to N - 1 customers is said to be "below" N; whatever else rests on so few is withheld. Wherever the
numbers left, together with a total that may be known, would still tell a count below N exactly, the next smallest
is withheld too. Zero stays zero.
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
"""How a cell is left out: as a count below N, or without a word on its size."""

LEAST: Final = 3
"""Below 2 would say exactly 1."""

NOT_LISTED: Final = "Single customers are listed only for those who may see people"


@dataclass(frozen=True)
class Cells:
    """
    The marks of a visual with what they count: a row of counts each.

    *groups* are places of marks that add up to something which may be known. *rest* are the counts of those who
    are in no mark and yet in a total: their place comes after the last. *shown* are the places of marks that other
    visuals show. Marks that are *nested* hold each the next, as stages of a funnel do. *months* are the counts by
    month, for numbers of several months.
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
    The places of *counts* to leave out, each with its sign: no sum of a group tells a count below *smallest*.

    Withheld on top are the next smallest of a group, none of *shown*. Where there is none left to withhold, the
    group is withheld without a word on the size of its members.
    """
    below = {place for place, count in enumerate(counts) if 0 < count < smallest}
    left_out, fixed = set(below), {*shown}
    groups = [*groups]
    while more := {place for group in groups for place in _next(group, counts, left_out, fixed, smallest)}:
        left_out |= more
    bare = {place for group in groups for place in _told(group, counts, left_out, smallest)}
    return {place: "below" if place in below - bare else "withheld" for place in left_out}


def _next(group: Group, counts: Sequence[int], left_out: set[int], fixed: set[int], smallest: int) -> list[int]:
    """What to withhold next of *group*."""
    if _is_safe([counts[place] for place in group if place in left_out], smallest):
        return []
    others = [place for place in group if place not in left_out | fixed and counts[place] > 0]
    return sorted(others, key=lambda place: (counts[place], place))[:1]


def _told(group: Group, counts: Sequence[int], left_out: set[int], smallest: int) -> list[int]:
    """The members of *group* that its sum would still tell, were they said to be below."""
    members = [place for place in group if place in left_out]
    found = [counts[place] for place in members]
    return [] if sum(found) < smallest or _is_safe(found, smallest) else members


def _is_safe(left_out: Sequence[int], smallest: int) -> bool:
    """Whether nobody who knows the sum of *left_out*, and which of them are below, knows one of these."""
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
    """The places of *counts*, each of which holds the next, to leave out: differences are counts too."""
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
    *data* of a visual without what *cells* say is about fewer than *smallest* customers.

    *measures* are those that it shows, with the counts that each rests on. Left out are nulls; *below* and
    *withheld* name their places by measure.
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
    """*data* of a card without its line of months where one of these has few customers."""
    spark = data.get("spark")
    is_small = spark is not None and any(0 < count < smallest for count in spark["values"])
    return {**data, "spark": None} if is_small else data


def _signs(
    measure: Measure, counts: Counts | None, cells: Cells, column: Sequence[Any], smallest: int
) -> dict[int, Sign]:
    """The places of *column* to leave out, the values of *measure*."""
    told = [place for place, value in enumerate(column) if value is not None]
    if counts is None:
        return dict.fromkeys(told, "withheld")
    uncounted = (place for count in counts for place in _uncounted(count, cells, column))
    signs: dict[int, Sign] = dict.fromkeys(uncounted, "withheld")
    for count in counts:
        for place, sign in _hidden_of(count, cells, smallest).items():
            if not count.is_own or signs.get(place) == "withheld":
                sign = "withheld"
            signs[place] = sign
    if cells.nested and isinstance(measure.expression, OfStage):
        signs |= _of_stages(measure.expression, signs, len(column))
    return {place: sign for place, sign in signs.items() if place in told}


def _of_stages(expression: OfStage, signs: Mapping[int, Sign], number: int) -> dict[int, Sign]:
    """A share of a stage tells that stage."""
    to = [0 if expression.stage == "first" else max(0, place - 1) for place in range(number)]
    return {place: "withheld" for place in range(number) if to[place] in signs}


def _uncounted(count: Count, cells: Cells, column: Sequence[Any]) -> list[int]:
    """The places with a number of nobody who is counted: whom it is about is not known."""
    found = _counts(count.part, cells, count)
    return [] if count.is_own else [place for place, value in enumerate(column) if value and not found[place]]


def _hidden_of(count: Count, cells: Cells, smallest: int) -> dict[int, Sign]:
    """The places of marks whose number tells one of the parts of *count*."""
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
