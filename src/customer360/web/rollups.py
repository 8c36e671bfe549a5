"""
Coarser copies of a fact, so that a query reads as few rows as possible.

A visual needs only some of a fact's dimensions, and a reader filters by some of the slicers. Each such set of
dimensions is summed once when the results are loaded, and a query reads the smallest table with all it needs.
Measures are sums of additive columns and ratios of such sums, so every copy gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from customer360.report.dimensions import ACTIVITY_MONTH, COUNTRY, FACTS, JOIN_MONTH, dimension, dimensions_of
from customer360.report.expressions import columns_of
from customer360.report.measures import measure
from customer360.report.pages import REPORT
from customer360.report.visuals import Visual
from customer360.tables import SLICERS, Table


def _sums_up(fact: Table) -> bool:
    """Whether all columns outside the key can be summed, except over months that count the same customers."""
    sums = [column for column in fact.columns if column.name not in fact.key]
    return all(column.is_additive and {*column.except_over} <= {ACTIVITY_MONTH.name} for column in sums)


SEGMENTS: Final = tuple(fact for fact in FACTS if _sums_up(fact) and {*SLICERS} <= {*fact.column_names})
"""The facts with only additive columns that have every slicer."""

_LARGEST: Final = (JOIN_MONTH.name, COUNTRY.name)
"""The slicers with so many members that a copy without one of them is worthwhile."""

ORDER: Final = f"ORDER BY {COUNTRY.name}, {JOIN_MONTH.name}"
"""The order of a fact's rows, so that a filter on countries reads only a part of them."""


def rollups(fact: Table) -> list[Table]:
    """The copies of *fact*: the dimensions of each visual with all slicers, and without one of the largest."""
    needed = {frozenset(_dimensions(fact, columns)) for columns in _needed(fact)}
    needed |= {kept - {slicer} for kept in needed for slicer in _LARGEST}
    needed.discard(frozenset(_dimensions(fact, fact.column_names)))
    return [_without_others(fact, kept) for kept in sorted(needed, key=lambda kept: (len(kept), sorted(kept)))]


def statement(rollup: Table, fact: Table) -> str:
    """The query that sums the rows of *rollup* from *fact*, with the types of *fact*."""
    kept = _dimensions(rollup, rollup.column_names)
    sums = [
        f"CAST(sum({column.name}) AS {column.type}) AS {column.name}"
        for column in rollup.columns
        if column.name not in kept
    ]
    return f"SELECT {', '.join([*kept, *sums])} FROM {fact.full_name} GROUP BY {', '.join(kept)}"  # noqa: S608  our own names


def read_by(visual: Visual) -> set[str]:
    """The columns that *visual* reads before any click: those of its measures and axes, and all slicers."""
    shown = map(measure, visual.all_measures)
    return {dimension(name).column for name in visual.by}.union(SLICERS, *map(columns_of, shown))


def _needed(fact: Table) -> Iterator[Collection[str]]:
    yield SLICERS
    yield from (read_by(visual) for visual in REPORT.visuals if visual.fact is fact)


def _dimensions(fact: Table, columns: Collection[str]) -> list[str]:
    """The *columns* that are dimensions of *fact*, in the order of *fact*."""
    known = {cut.column for cut in dimensions_of(fact)}
    return [name for name in fact.column_names if name in known and name in columns]


def _without_others(fact: Table, kept: Collection[str]) -> Table:
    others = set(_dimensions(fact, fact.column_names)).difference(kept)
    left = (column for column in fact.columns if column.name not in others)
    columns = tuple(column for column in left if others.isdisjoint(column.except_over))
    name = "__".join([fact.name, *(name for name in fact.column_names if name in kept)])
    return replace(fact, name=name, columns=columns)
