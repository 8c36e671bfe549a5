"""
The parts of a report: pages, visuals and places on a grid.

A visual defines what it shows (measures of one fact, cut by dimensions), its texts (title, subtitle) and its
place. Places are cells of a grid of 12 columns; a page has as many rows as it needs. A visual may have
alternatives for data that lacks what it needs; `Report.shown` chooses. Everything is checked on construction: an
unknown name or an overlap is an error that says where.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Final, Literal

from customer360.errors import Invalid
from customer360.report.dimensions import OF_JOINING, dimension, dimensions_of
from customer360.report.expressions import Measure, columns_of, facts_of, must_be_cut_by, needs, sums_of
from customer360.report.measures import measure, or_else
from customer360.report.missing import CAN_BE_MISSING, OF_EVENTS, lacking
from customer360.tables import Column, Dependency, Table

COLUMNS: Final = 12

Kind = Literal[
    "card", "kpi", "donut", "line", "area", "bar", "column", "histogram", "heat_map", "table", "funnel", "treemap",
    "parameter", "flow", "matrix",
]  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Cells of the page's grid: *width* × *height* cells from *column*, *row*, which count from 0."""

    column: int
    row: int
    width: int
    height: int

    def overlaps(self, other: Place) -> bool:
        return (
            self.column < other.column + other.width
            and other.column < self.column + self.width
            and self.row < other.row + other.height
            and other.row < self.row + self.height
        )

    @property
    def on_the_grid(self) -> bool:
        fits = self.column + self.width <= COLUMNS
        return min(self.column, self.row) >= 0 and min(self.width, self.height) >= 1 and fits

    @property
    def rows(self) -> range:
        return range(self.row, self.row + self.height)


@dataclass(frozen=True)
class Visual:
    """
    One visual: it shows the first of *measures*; the others are in the tooltip.

    *by* cuts it: the category axis, or the rows and then the columns of a heat map. A KPI compares *compared*, or
    without it the first measure, with *compare*. *columns* and *top* make a table of the *top* highest rows.
    *only* keeps some members of an axis. A flow stacks the measures *above* over zero and those *below* under it,
    month by month; a matrix has the members of *by* in rows and the measures in columns. Without a *subtitle*, the
    definition of the measure is shown below the title.

    If the data lacks what the visual needs, or a column that it *requires* in addition, the first of *otherwise*
    that lacks nothing takes its place; a visual that *is_optional* is omitted instead.
    """

    name: str
    kind: Kind
    title: str
    fact: Table
    place: Place
    measures: tuple[str, ...]
    by: tuple[str, ...] = ()
    subtitle: str = ""
    compare: str = ""
    compared: str = ""
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    top: int = 0
    only: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    requires: tuple[Dependency, ...] = ()
    otherwise: tuple[Visual, ...] = ()
    is_optional: bool = False

    @property
    def measure(self) -> Measure:
        """The measure that is shown."""
        return measure(self.measures[0])

    @property
    def definition(self) -> str:
        """The text below the title."""
        text = self.subtitle or self.measure.definition
        return text[0].upper() + text[1:]

    @property
    def tooltip_measures(self) -> tuple[Measure, ...]:
        """The other measures, and the number of customers that the first omits."""
        more = [measure(name) for name in self.measures[1:]]
        left_out = self.measure.left_out
        return (*more, left_out) if left_out and left_out not in more else tuple(more)

    @property
    def is_over_joining(self) -> bool:
        """Whether its axis shows when customers joined; the subtitle then names filters by today's status."""
        return any(dimension(name) in OF_JOINING for name in self.by)

    @property
    def needs(self) -> frozenset[Dependency]:
        """What the visual needs from the sources."""
        cuts = (column for name in self.by for column in dimension(name).needs)
        return needs(self.measure).union(cuts, self.requires)

    @property
    def all_measures(self) -> tuple[str, ...]:
        """The names of all its measures, each once."""
        named = (*self.measures, *self.above, *self.below, self.compared, self.compare)
        return tuple(dict.fromkeys(filter(None, named)))

    @property
    def alternatives(self) -> tuple[Visual, ...]:
        """The visual itself and those that may take its place."""
        return self, *self.otherwise

    def chosen(self, missing: Collection[Column]) -> Visual | None:
        """
        The first of the alternatives that lacks nothing without the *missing* columns.

        If there is none: None for an optional visual, otherwise the one that needs no events and says what is
        missing.
        """
        for one in self.alternatives:
            if not one.lacks(missing):
                return one
        if self.is_optional:
            return None
        return next((one for one in self.alternatives if not lacking(one.needs, OF_EVENTS)), self)

    def lacks(self, missing: Collection[Column]) -> tuple[Dependency, ...]:
        """What it needs and the *missing* columns take away; if this is not empty, it has nothing to show."""
        return lacking(self.needs, missing)


@dataclass(frozen=True)
class Page:
    """One page: its title in the navigation, and its visuals in reading order."""

    name: str
    title: str
    visuals: tuple[Visual, ...]

    @property
    def rows(self) -> int:
        """The number of grid rows that it takes."""
        return max((visual.place.rows.stop for visual in self.visuals), default=0)

    def shown(self, missing: Collection[Column]) -> Page:
        """The page for data without the *missing* columns; empty rows of the grid are removed."""
        chosen = [one for one in (visual.chosen(missing) for visual in self.visuals) if one]
        taken = sorted({row for visual in chosen for row in visual.place.rows})
        return replace(self, visuals=tuple(_moved_up(visual, taken) for visual in chosen))


@dataclass(frozen=True)
class Report:
    """The whole report: *slicers* are dimensions, shown on every page, and keep their selection between pages."""

    name: str
    slicers: tuple[str, ...]
    pages: tuple[Page, ...]

    def __post_init__(self) -> None:
        for slicer in self.slicers:
            dimension(slicer)
        for page in self.pages:
            for visual in page.visuals:
                for one in visual.alternatives:
                    _check_fields(page, one)
        for missing in _EXTREMES:
            _check_names(self._pages(missing))
            for page in self._pages(missing):
                _check_places(page)

    @property
    def visuals(self) -> tuple[Visual, ...]:
        """Every visual with its alternatives, in reading order."""
        return tuple(one for page in self.pages for visual in page.visuals for one in visual.alternatives)

    def shown(self, missing: Collection[Column]) -> Report:
        """The report for data without the *missing* columns; a page with nothing to show is omitted."""
        return replace(self, pages=self._pages(missing))

    def _pages(self, missing: Collection[Column]) -> tuple[Page, ...]:
        return tuple(page for page in (page.shown(missing) for page in self.pages) if page.visuals)


_EXTREMES: Final[tuple[Collection[Column], ...]] = ((), OF_EVENTS, CAN_BE_MISSING)
"""Complete data, data without events, and empty data."""


def _moved_up(visual: Visual, taken: Sequence[int]) -> Visual:
    return replace(visual, place=replace(visual.place, row=taken.index(visual.place.row)), otherwise=())


def _check_names(pages: Sequence[Page]) -> None:
    names = [visual.name for page in pages for visual in page.visuals]
    for name in {name for name in names if names.count(name) > 1}:
        raise Invalid(f"two visuals are called '{name}'; names are unique in a report")


def _check_places(page: Page) -> None:
    for visual in page.visuals:
        if not visual.place.on_the_grid:
            raise Invalid(f"{_where(page, visual)} leaves the grid of {COLUMNS} columns")
    for one, other in combinations(page.visuals, 2):
        if one.place.overlaps(other.place):
            raise Invalid(f"{_where(page, one)} and visual '{other.name}' overlap")


def _check_fields(page: Page, visual: Visual) -> None:
    try:
        shown = [measure(name) for name in visual.all_measures]
        cuts = [dimension(name) for name in (*visual.by, *visual.only)]
    except Invalid as error:
        raise Invalid(f"{_where(page, visual)}: {error}") from None
    for one in shown:
        if visual.fact not in facts_of(one):
            missing = ", ".join(sorted(columns_of(one) - set(visual.fact.column_names)))
            raise Invalid(f"{_where(page, visual)}: {visual.fact.name} has no {missing} for '{one.name}'")
        _check_sums(page, visual, one)
    for cut in cuts:
        if cut not in dimensions_of(visual.fact):
            raise Invalid(f"{_where(page, visual)}: {visual.fact.name} is not cut by '{cut.name}'")


def _check_sums(page: Page, visual: Visual, shown: Measure) -> None:
    """A measure that does not add up over a dimension must be cut by it."""
    for name in sorted(must_be_cut_by(shown) - {*visual.by}):
        columns = [visual.fact[column] for column in sorted(sums_of(shown))]
        counted = next(column for column in columns if name in column.except_over)
        raise Invalid(
            f"{_where(page, visual)}: {counted.full_name} of '{shown.name}' does not add up over {name}; "
            f"cut the visual by it{or_else(shown)}"
        )


def _where(page: Page, visual: Visual) -> str:
    return f"visual '{visual.name}' on page '{page.name}'"
