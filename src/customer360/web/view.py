"""What a reader has chosen: slicers, clicked marks and the parameter X, from the query of an address."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import itemgetter
from typing import Any, Final
from urllib.parse import unquote

from customer360.errors import Invalid
from customer360.report.dimensions import JOIN_MONTH, Between, Dimension, Filters, dimension
from customer360.report.measures import BALANCE_THRESHOLD
from customer360.report.pages import REPORT
from customer360.report.visuals import Page, Visual
from customer360.web.store import Results

PICK: Final = "pick."
_MOST_SHOWN: Final = 30
_LARGEST: Final = Decimal(10) ** 16

Kept = Sequence[object] | Between


@dataclass(frozen=True)
class View:
    """
    One page as a reader looks at it.

    *picks* are the filters of clicked marks by the visual they were clicked in, which stays as it is.
    """

    page: Page
    slicers: Filters = field(default_factory=dict)
    picks: Mapping[str, Filters] = field(default_factory=dict)
    threshold: Decimal = BALANCE_THRESHOLD.default

    def filters(self, visual: Visual) -> Filters:
        """What *visual* is filtered by: slicers, the marks clicked in other visuals, and its own choice."""
        picked = [filters for name, filters in self.picks.items() if name != visual.name]
        return reduce(_both, [*picked, visual.only], self.slicers)

    @property
    def key(self) -> Hashable:
        """Equal for views that show the same numbers."""
        picks = sorted((name, frozen(filters)) for name, filters in self.picks.items())
        return self.page.name, frozen(self.slicers), tuple(picks), self.threshold


def frozen(filters: Filters) -> tuple[tuple[str, Any], ...]:
    """*filters* in a form that can be compared, whatever order they were given in."""
    kept = {name: keys if isinstance(keys, Between) else tuple(keys) for name, keys in filters.items()}
    return tuple(sorted(kept.items(), key=itemgetter(0)))


def page_of(name: str) -> Page:
    """The page called *name*. Raises: Customer360Error naming the pages there are."""
    pages = {page.name: page for page in REPORT.pages}
    if name not in pages:
        raise Invalid(f"unknown page '{_short(name)}'; the pages are {', '.join(pages)}")
    return pages[name]


def view(page: Page, query: Iterable[tuple[str, str]], results: Results) -> View:
    """What *query*, pairs of name and value, asks of *page*. Raises: Customer360Error naming what is valid."""
    given: dict[str, list[str]] = {}
    for name, value in query:
        given.setdefault(name, []).append(value)
    slicers: dict[str, Kept] = {}
    picks: dict[str, Filters] = {}
    threshold = BALANCE_THRESHOLD.default
    for name, values in given.items():
        if name == BALANCE_THRESHOLD.name:
            threshold = number(values)
        elif name == JOIN_MONTH.name:
            slicers[name] = months(values)
        elif name in REPORT.slicers:
            slicers[name] = [_member(dimension(name), value, results) for value in values]
        elif name.startswith(PICK):
            visual = _visual(page, name.removeprefix(PICK))
            picks[visual.name] = _marks(visual, values, results)
        else:
            raise Invalid(_unknown_parameter(name, page))
    return View(page, slicers, picks, threshold)


def _both(one: Filters, other: Filters) -> Filters:
    """The filters of *one* and *other* together."""
    shared = {name: _shared(one[name], kept) for name, kept in other.items() if name in one}
    return {**one, **other, **shared}


def _shared(one: Kept, other: Kept) -> Kept:
    if isinstance(one, Between) and isinstance(other, Between):
        return Between(max(one.first, other.first), min(one.last, other.last))
    if isinstance(one, Between):
        return _shared(other, one)
    return [key for key in one if _is_in(key, other)]


def _is_in(key: Any, kept: Kept) -> bool:
    return kept.first <= key <= kept.last if isinstance(kept, Between) else key in kept


def number(values: Sequence[str]) -> Decimal:
    """The parameter X in *values*. Raises: Customer360Error unless that is one number in its range."""
    try:
        [text] = values
        number = Decimal(text)
        if not 0 <= number <= _LARGEST:
            raise ValueError
    except (ValueError, InvalidOperation):
        raise Invalid(
            f"invalid {BALANCE_THRESHOLD.name}; use one number from 0 to {_LARGEST:.0e}, such as 5000"
        ) from None
    return number


def months(values: Sequence[str]) -> Between:
    """The months of joining in *values*. Raises: Customer360Error unless that is one range."""
    try:
        [text] = values
        first, last = text.split("..")
        between = Between(_month(first) if first else date.min, _month(last) if last else date.max)
    except ValueError:
        raise Invalid(f"invalid {JOIN_MONTH.name}; use one range of months, such as 2020-01..2021-12") from None
    if between.first > between.last:
        raise Invalid(f"{JOIN_MONTH.name} ends before it starts; write the earlier month first")
    return between


def _month(text: str) -> date:
    year, month = text.split("-")
    if len(year) != 4 or len(month) != 2:
        raise ValueError(text)
    return date(int(year), int(month), 1)


def _marks(visual: Visual, values: Sequence[str], results: Results) -> Filters:
    cuts = [dimension(name) for name in visual.by]
    if len(cuts) > 1 and len(values) > 1:
        raise Invalid(f"{PICK}{visual.name} takes one mark: two cells do not make a rectangle")
    marks = [[unquote(key) for key in value.split(",")] for value in values]
    if any(len(keys) != len(cuts) for keys in marks):
        raise Invalid(f"a mark of {PICK}{visual.name} is {', '.join(visual.by)}, joined by a comma")
    return {
        cut.name: [_member(cut, key, results) for key in column]
        for cut, column in zip(cuts, zip(*marks, strict=True), strict=True)
    }


def _member(cut: Dimension, text: str, results: Results) -> object:
    known = {str(key): key for key in results.members[cut]}
    if text in known:
        return known[text]
    some = ", ".join(list(known)[:_MOST_SHOWN]) + (", ..." if len(known) > _MOST_SHOWN else "")
    label = cut.label.lower()
    raise Invalid(f"there is no {label} '{_short(text)}' in this data; available: {some or 'none'}")


def _visual(page: Page, name: str) -> Visual:
    pickable = {visual.name: visual for visual in page.visuals if visual.by}
    if name not in pickable:
        raise Invalid(
            f"page '{page.name}' has no visual '{_short(name)}' to pick marks in; available: {', '.join(pickable)}"
        )
    return pickable[name]


def _unknown_parameter(name: str, page: Page) -> str:
    valid = [*REPORT.slicers, BALANCE_THRESHOLD.name]
    valid += [f"{PICK}{visual.name}" for visual in page.visuals if visual.by]
    return f"unknown parameter '{_short(name)}'; this page knows {', '.join(valid)}"


def _short(text: str) -> str:
    """*text* as it may stand in a message."""
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return printable if len(printable) <= 60 else f"{printable[:57]}..."
