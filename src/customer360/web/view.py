"""What a reader has chosen: slicers, clicked marks and parameters, from the query of a URL."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import itemgetter
from typing import Any, Final
from urllib.parse import unquote

from customer360.errors import Invalid, printable
from customer360.report.dimensions import JOIN_MONTH, Between, Dimension, Filters, dimension
from customer360.report.looked_up import is_in
from customer360.report.missing import called
from customer360.report.pages import REPORT
from customer360.report.parameters import PARAMETERS, Parameter
from customer360.report.visuals import Page, Visual
from customer360.web.store import Results

PICK: Final = "pick."
_MOST_SHOWN: Final = 30
_LONGEST_SHOWN: Final = 60
"""Of a text from the request."""
_PARAMETERS: Final = {parameter.name: parameter for parameter in PARAMETERS}
_SMALL: Final = Decimal(10) ** 6

Kept = Sequence[object] | Between


@dataclass(frozen=True)
class View:
    """
    One page with a reader's choices.

    *picks* are the filters of clicked marks, by the visual in which they were clicked; they do not filter that
    visual. *parameters* are those the reader has set, by name.
    """

    page: Page
    slicers: Filters = field(default_factory=dict)
    picks: Mapping[str, Filters] = field(default_factory=dict)
    parameters: Mapping[str, Decimal] = field(default_factory=dict)

    def filters(self, visual: Visual) -> Filters:
        """The filters of *visual*: slicers, marks clicked in other visuals, and its own fixed filter."""
        picked = [filters for name, filters in self.picks.items() if name != visual.name]
        return reduce(both, [*picked, visual.only], self.slicers)

    @property
    def key(self) -> Hashable:
        """Equal for views that show the same numbers."""
        picks = sorted((name, frozen(filters)) for name, filters in self.picks.items())
        return self.page.name, frozen(self.slicers), tuple(picks), tuple(sorted(self.parameters.items()))


def frozen(filters: Filters) -> tuple[tuple[str, Any], ...]:
    """*filters* in a hashable form, regardless of their order."""
    kept = {name: keys if isinstance(keys, Between) else tuple(keys) for name, keys in filters.items()}
    return tuple(sorted(kept.items(), key=itemgetter(0)))


def page_of(name: str, results: Results) -> Page:
    """The page called *name* for *results*. Raises: Customer360Error with the valid names."""
    pages = {page.name: page for page in results.report.pages}
    if name in pages:
        return pages[name]
    left_out = next((page for page in REPORT.pages if page.name == name), None)
    said = _why(left_out, results) if left_out else f"unknown page '{_short(name)}'"
    raise Invalid(f"{said}; the pages are {', '.join(pages)}")


def _why(page: Page, results: Results) -> str:
    """What *page* needs that is missing from the data, according to its first visual."""
    lacks = " and ".join(map(called, page.visuals[0].lacks(results.missing)))
    return f"page '{page.name}' has nothing to show, because it needs {lacks}: not in your data"


def view(page: Page, query: Iterable[tuple[str, str]], results: Results) -> View:
    """The view that *query*, pairs of name and value, requests. Raises: Customer360Error with the valid names."""
    given: dict[str, list[str]] = {}
    for name, value in query:
        given.setdefault(name, []).append(value)
    slicers: dict[str, Kept] = {}
    picks: dict[str, Filters] = {}
    parameters: dict[str, Decimal] = {}
    for name, values in given.items():
        if name in _PARAMETERS:
            parameters[name] = number(_PARAMETERS[name], values)
        elif name == JOIN_MONTH.name:
            slicers[name] = months(values)
        elif name in REPORT.slicers:
            slicers[name] = [_member(dimension(name), value, results) for value in values]
        elif name.startswith(PICK):
            visual = _visual(page, name.removeprefix(PICK))
            picks[visual.name] = marks_of(visual, values, results)
        else:
            raise Invalid(_unknown_parameter(name, page))
    return View(page, slicers, picks, parameters)


def both(one: Filters, other: Filters) -> Filters:
    """The filters of both *one* and *other*."""
    shared = {name: _shared(one[name], kept) for name, kept in other.items() if name in one}
    return {**one, **other, **shared}


def _shared(one: Kept, other: Kept) -> Kept:
    if isinstance(one, Between) and isinstance(other, Between):
        return Between(max(one.first, other.first), min(one.last, other.last))
    if isinstance(one, Between):
        return _shared(other, one)
    return [key for key in one if is_in(key, other)]


def number(parameter: Parameter, values: Sequence[str]) -> Decimal:
    """The value of *parameter*. Raises: Customer360Error unless *values* is one number in its range."""
    try:
        [text] = values
        number = Decimal(text)
        if not 0 <= number <= parameter.most:
            raise ValueError
    except (ValueError, InvalidOperation):
        most = f"{parameter.most:.0e}" if parameter.most > _SMALL else f"{parameter.most}"
        raise Invalid(
            f"invalid {parameter.name}; use one number from 0 to {most}, such as {parameter.default}"
        ) from None
    return number


def months(values: Sequence[str]) -> Between:
    """The months of joining in *values*. Raises: Customer360Error unless *values* is one range."""
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


def marks_of(visual: Visual, values: Sequence[str], results: Results) -> Filters:
    cuts = [dimension(name) for name in visual.by]
    if len(cuts) > 1 and len(values) > 1:
        raise Invalid(f"{PICK}{visual.name} takes only one mark")
    marks = [[unquote(key) for key in value.split(",")] for value in values]
    if any(len(keys) != len(cuts) for keys in marks):
        names = ", ".join(visual.by)
        raise Invalid(
            f"invalid mark of {PICK}{visual.name}; give one value of each dimension ({names}), separated by commas"
        )
    return {
        cut.name: [_member(cut, key, results) for key in column]
        for cut, column in zip(cuts, zip(*marks, strict=True), strict=True)
    }


def _member(cut: Dimension, text: str, results: Results) -> object:
    known = {str(key): key for key in results.members.get(cut, ())}
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
    valid = [*REPORT.slicers, *_PARAMETERS]
    valid += [f"{PICK}{visual.name}" for visual in page.visuals if visual.by]
    return f"unknown parameter '{_short(name)}'; this page accepts {', '.join(valid)}"


def _short(text: str) -> str:
    """*text*, shortened and printable, for a message."""
    whole = printable(text)
    return whole if len(whole) <= _LONGEST_SHOWN else f"{whole[: _LONGEST_SHOWN - 3]}..."
