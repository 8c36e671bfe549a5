"""
What a page shows, as numbers: one answer holds every visual of the page.

Visuals that read the same table, cut alike and filtered alike, share one query; the queries run side by side.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from customer360.dimensions import JOIN_MONTH, Dimension, dimension
from customer360.expressions import LastMonths, Measure, columns_of, needs
from customer360.measures import measure, recent
from customer360.tables import Table
from customer360.visuals import Visual
from customer360.web import sql
from customer360.web.store import Results
from customer360.web.view import View, frozen

Json = dict[str, Any]
Row = Mapping[str, Any]

SPARK_MONTHS: Final = 24
_NUMBERS: Final = ("card", "kpi")
_AT_ONCE: Final = ThreadPoolExecutor(os.cpu_count(), "customer360 query")


def answer(view: View, results: Results) -> Json:
    """
    Every visual of the page as `view` filters it: single values, or columns of equal length by member.

    A visual that needs what the data has not says which columns are missing, and nothing else.
    """
    asks = {visual.name: _asks(visual, view, results) for visual in view.page.visuals}
    asked = _together(ask for several in asks.values() for ask in several)
    rows = _AT_ONCE.map(lambda cut: _rows(cut, asked[cut], view, results), asked)
    found = dict(zip(asked, rows, strict=True))
    return {
        "refresh": results.facts["refresh_id"],
        "visuals": {
            visual.name: _shown(visual, asks[visual.name], view, results, found) for visual in view.page.visuals
        },
    }


@dataclass(frozen=True)
class _Cut:
    """Rows to ask for: of which table, cut by what, under which filters (in a form that can be compared)."""

    fact: Table
    by: tuple[Dimension, ...]
    kept: tuple[tuple[str, Any], ...]


_Ask = tuple[_Cut, tuple[Measure, ...]]


def _asks(visual: Visual, view: View, results: Results) -> list[_Ask]:
    """What has to be known to draw *visual*."""
    if visual.kind == "table" or visual.lacks(results.missing):
        return []
    asks = [_ask(visual, view, results)]
    has_trend = visual.kind in _NUMBERS and not set(JOIN_MONTH.needs).intersection(results.missing)
    return [*asks, _trend(visual, view, results)] if has_trend else asks


def _ask(visual: Visual, view: View, results: Results) -> _Ask:
    """The values of *visual*, or what it draws."""
    measures = [one for one in _measures(visual) if not needs(one).intersection(results.missing)]
    return _cut(visual, view, results, visual.by, measures), tuple(measures)


def _trend(visual: Visual, view: View, results: Results) -> _Ask:
    """The sparkline: the measure by join month; where it speaks of some months only, what it speaks of."""
    expression = visual.measure.expression
    shown = expression.of if isinstance(expression, LastMonths) else visual.measure
    return _cut(visual, view, results, (JOIN_MONTH.name,), (shown,)), (shown,)


def _cut(visual: Visual, view: View, results: Results, by: Sequence[str], measures: Sequence[Measure]) -> _Cut:
    """Where to read *measures*: the smallest table that has what they need and what cuts and filters them."""
    filters, cuts = view.filters(visual), tuple(map(dimension, by))
    columns = {one.column for one in (*cuts, *map(dimension, filters))}.union(*map(columns_of, measures))
    fact = results.smallest(visual.fact, columns.intersection(visual.fact.column_names))
    return _Cut(fact, cuts, frozen(filters))


def _measures(visual: Visual) -> tuple[Measure, ...]:
    shown = [visual.measure, *visual.tooltip_measures]
    if visual.compare:
        shown.append(measure(visual.compare))
    elif visual.kind in _NUMBERS:
        shown += [recent(visual.measure), recent(visual.measure, before=12)]
    return tuple(shown)


def _together(asks: Iterable[_Ask]) -> dict[_Cut, list[Measure]]:
    gathered: dict[_Cut, dict[str, Measure]] = {}
    for cut, measures in asks:
        gathered.setdefault(cut, {}).update({one.name: one for one in measures})
    return {cut: list(measures.values()) for cut, measures in gathered.items()}


def _rows(cut: _Cut, measures: Sequence[Measure], view: View, results: Results) -> list[Row]:
    """One row, or one per combination of members that occurs, in the order of the members."""
    query = sql.aggregate(
        cut.fact, measures, by=cut.by, filters=dict(cut.kept), threshold=view.threshold, as_of=results.as_of
    )
    names = [*(one.name for one in cut.by), *(one.name for one in measures)]
    nothing = {one.name: 0 for one in measures if one.format == "count"}  # counting nobody gives 0, not nothing
    rows = [_row(names, row, nothing) for row in results.rows(query)]
    places = [(one.name, {key: place for place, key in enumerate(results.members[one])}) for one in cut.by]
    return sorted(rows, key=lambda row: [place[row[name]] for name, place in places])


def _row(names: Sequence[str], values: Sequence[Any], nothing: Mapping[str, int]) -> Row:
    return {name: nothing.get(name) if value is None else value for name, value in zip(names, values, strict=True)}


def _shown(
    visual: Visual, asks: Sequence[_Ask], view: View, results: Results, found: Mapping[_Cut, list[Row]]
) -> Json:
    if missing := visual.lacks(results.missing):
        return {"missing": missing}
    if visual.kind == "table":
        return _table(visual, view, results)
    (cut, measures), *trend = asks
    if visual.by:
        return _columns(visual, measures, found[cut], results)
    values = {one.name: found[cut][0][one.name] for one in measures}
    if visual.kind not in _NUMBERS:
        return {"values": values, "x": view.threshold}
    if not trend:
        return {"values": values, "change": None, "spark": None}
    [(months, [shown])] = trend
    spark = _spark({row[JOIN_MONTH.name]: row[shown.name] for row in found[months]}, shown, results.as_of)
    return {"values": values, "change": _change(visual, values), "spark": spark}


def _columns(visual: Visual, measures: Sequence[Measure], rows: Sequence[Row], results: Results) -> Json:
    written = {name: _otherwise(results.members[dimension(name)]) for name in visual.by}
    return {
        "keys": {name: [row[name] for row in rows] for name in visual.by},
        "labels": {name: [labels[row[name]] for row in rows] for name, labels in written.items() if labels},
        "values": {one.name: [row[one.name] for row in rows] for one in measures},
    }


def _otherwise(members: Mapping[Any, str]) -> Mapping[Any, str] | None:
    """*members*, when some are not written as their key is."""
    return members if any(key != label for key, label in members.items()) else None


def _change(visual: Visual, values: dict[str, Any]) -> Json | None:
    """The measure for those who joined lately, against those who joined a year earlier."""
    if visual.compare:
        return None
    now, before = (values.pop(recent(visual.measure, before=months).name) for months in (0, 12))
    return {"now": now, "before": before}


def _spark(by_month: Mapping[date, Any], shown: Measure, as_of: date) -> Json:
    nothing = 0 if shown.format == "count" else None
    months = [sql.months_before(as_of, number) for number in range(SPARK_MONTHS, 0, -1)]
    return {"months": months, "values": [by_month.get(month, nothing) for month in months]}


def _table(visual: Visual, view: View, results: Results) -> Json:
    shown = [name for name in visual.columns if name not in results.missing]
    query = sql.top(visual.fact, visual.measure, shown, visual.top, filters=view.filters(visual))
    names = [*shown, visual.measure.name]
    columns = zip(*results.rows(query), strict=True)
    found = dict(zip(names, map(list, columns), strict=False))
    return {"columns": {name: found.get(name, []) for name in names}}
