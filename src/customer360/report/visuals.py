"""
What a report is made of: pages, visuals and places on a grid.

A visual says what it shows (measures of one fact, cut by dimensions), what a reader is told (title, subtitle) and
where it stands. Places are cells of a grid of 12 columns and 10 rows, the same on every page. Everything is
checked when it is built: a name that does not exist, or two visuals in one place, is an error that says where.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final, Literal

from customer360.errors import Invalid
from customer360.report.dimensions import OF_JOINING, dimension, dimensions_of
from customer360.report.expressions import Measure, columns_of, facts_of, needs, sums_of
from customer360.report.measures import measure
from customer360.tables import Column, Table

COLUMNS: Final = 12
ROWS: Final = 10

Kind = Literal[
    "card", "kpi", "donut", "line", "area", "bar", "column", "histogram", "heat_map", "table", "funnel", "treemap",
    "parameter",
]  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Cells of the page's grid: from *column*, *row* (counted from 0) over *width* and *height* cells."""

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
        return (
            min(self.column, self.row) >= 0
            and min(self.width, self.height) >= 1
            and self.column + self.width <= COLUMNS
            and self.row + self.height <= ROWS
        )


@dataclass(frozen=True)
class Visual:
    """
    One visual: the first of *measures* is shown, further ones stand in the tooltip.

    *by* cuts it: the category axis, or the rows and then the columns of a heat map. *compare* is the measure a
    KPI is held against. *columns* and *top* make a table of the *top* highest rows. *only* keeps some members of
    an axis. Without a *subtitle* the definition of the measure stands below the title.
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
    columns: tuple[str, ...] = ()
    top: int = 0
    only: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def measure(self) -> Measure:
        """The measure that is shown."""
        return measure(self.measures[0])

    @property
    def definition(self) -> str:
        """What stands below the title."""
        text = self.subtitle or self.measure.definition
        return text[0].upper() + text[1:]

    @property
    def tooltip_measures(self) -> tuple[Measure, ...]:
        """The further measures, and how many customers the first leaves out."""
        more = [measure(name) for name in self.measures[1:]]
        left_out = self.measure.left_out
        return (*more, left_out) if left_out and left_out not in more else tuple(more)

    @property
    def is_over_joining(self) -> bool:
        """Whether its axis is when customers joined; a filter by what they are today is then said with it."""
        return any(dimension(name) in OF_JOINING for name in self.by)

    @property
    def needs(self) -> frozenset[Column]:
        """The columns of the sources without which the visual has nothing to show."""
        cuts = (column for name in self.by for column in dimension(name).needs)
        return needs(self.measure).union(cuts)

    def lacks(self, missing: Collection[Column]) -> tuple[Column, ...]:
        """Those of the *missing* columns that it needs: with any of them there is nothing to show."""
        return tuple(column for column in missing if column in self.needs)


@dataclass(frozen=True)
class Page:
    """One page: what it is called in navigation, and its visuals in reading order."""

    name: str
    title: str
    visuals: tuple[Visual, ...]


@dataclass(frozen=True)
class Report:
    """The whole: *slicers* are dimensions, stand on every page and keep their choice from page to page."""

    name: str
    slicers: tuple[str, ...]
    pages: tuple[Page, ...]

    def __post_init__(self) -> None:
        names = [visual.name for page in self.pages for visual in page.visuals]
        for name in {name for name in names if names.count(name) > 1}:
            raise Invalid(f"two visuals are called '{name}'; a name is used once in the report")
        for slicer in self.slicers:
            dimension(slicer)
        for page in self.pages:
            _check_places(page)
            for visual in page.visuals:
                _check_fields(page, visual)


def _check_places(page: Page) -> None:
    for visual in page.visuals:
        if not visual.place.on_the_grid:
            raise Invalid(f"{_where(page, visual)} leaves the grid of {COLUMNS} x {ROWS} cells")
    for one, other in combinations(page.visuals, 2):
        if one.place.overlaps(other.place):
            raise Invalid(f"{_where(page, one)} and visual '{other.name}' overlap")


def _check_fields(page: Page, visual: Visual) -> None:
    try:
        shown = [measure(name) for name in (*visual.measures, *filter(None, [visual.compare]))]
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
    """What does not add up over a dimension is cut by it."""
    for column in (visual.fact[name] for name in sorted(sums_of(shown))):
        if not column.is_additive:
            raise Invalid(f"{_where(page, visual)}: {column.full_name} of '{shown.name}' does not add up")
        for name in column.except_over:
            if name not in visual.by:
                raise Invalid(
                    f"{_where(page, visual)}: {column.full_name} of '{shown.name}' does not add up over {name}; "
                    "cut the visual by it"
                )


def _where(page: Page, visual: Visual) -> str:
    return f"visual '{visual.name}' on page '{page.name}'"
