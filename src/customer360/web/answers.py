"""
What a page shows, as numbers: one answer holds every visual of the page.

Visuals that read the same table, cut alike and filtered alike, share one query; the queries run side by side.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from customer360.report.dimensions import JOIN_MONTH, Dimension, Filters, dimension
from customer360.report.expressions import LastMonths, Measure, columns_of, needs
from customer360.report.measures import measure
from customer360.report.visuals import Visual
from customer360.tables import Table
from customer360.web import sql
from customer360.web.store import Results, is_there
from customer360.web.view import View, frozen

Json = dict[str, Any]
Row = Mapping[str, Any]

SPARK_MONTHS: Final = 24
_AT_ONCE: Final = ThreadPoolExecutor(os.cpu_count(), "customer360 query")


def answer(view: View, results: Results) -> Json:
    """
    Every visual of the page as `view` filters it: single values, or columns of equal length by member.

    A visual that needs what the data has not says which columns are missing, and nothing else.
    """
    asks = {visual.name: _asks(visual, view, results) for visual in view.page.visuals}
    asked = _together(ask for several in asks.values() for ask in several)
    rows = _AT_ONCE.map(lambda cut: rows_of(cut, asked[cut], results, view.threshold), asked)
    found = dict(zip(asked, rows, strict=True))
    return {
        "refresh": results.refresh_row["refresh_id"],
        "visuals": {
            visual.name: _shown(visual, asks[visual.name], view, results, found) for visual in view.page.visuals
        },
    }


@dataclass(frozen=True)
class Cut:
    """Rows to ask for: of which table, cut by what, under which filters (in a form that can be compared)."""

    fact: Table
    by: tuple[Dimension, ...]
    kept: tuple[tuple[str, Any], ...]


_Ask = tuple[Cut, tuple[Measure, ...]]


def _asks(visual: Visual, view: View, results: Results) -> list[_Ask]:
    """What has to be known to draw *visual*."""
    if visual.kind == "table" or visual.lacks(results.missing):
        return []
    return [_ask(visual, view, results), *_trend(visual, view, results)]


def _ask(visual: Visual, view: View, results: Results) -> _Ask:
    """The values of *visual*, or what it draws."""
    measures = [one for one in _measures(visual) if not needs(one).intersection(results.missing)]
    return _cut(visual, view, results, visual.by, measures), tuple(measures)


def _trend(visual: Visual, view: View, results: Results) -> list[_Ask]:
    """The sparkline of a flow, what joined in the last months, by month; nothing else has a past in the data."""
    expression = visual.measure.expression
    if visual.by or not isinstance(expression, LastMonths):
        return []
    return [(_cut(visual, view, results, (JOIN_MONTH.name,), (expression.of,)), (expression.of,))]


def _cut(visual: Visual, view: View, results: Results, by: Sequence[str], measures: Sequence[Measure]) -> Cut:
    return cut_of(visual.fact, tuple(map(dimension, by)), view.filters(visual), measures, results)


def cut_of(
    fact: Table, by: tuple[Dimension, ...], filters: Filters, measures: Sequence[Measure], results: Results
) -> Cut:
    """Where to read *measures*: the smallest table that has what they need and what cuts and filters them."""
    columns = {one.column for one in (*by, *map(dimension, filters))}.union(*map(columns_of, measures))
    return Cut(results.smallest(fact, columns.intersection(fact.column_names)), by, frozen(filters))


def _measures(visual: Visual) -> tuple[Measure, ...]:
    shown = [visual.measure, *visual.tooltip_measures]
    return (*shown, measure(visual.compare)) if visual.compare else tuple(shown)


def _together(asks: Iterable[_Ask]) -> dict[Cut, list[Measure]]:
    gathered: dict[Cut, dict[str, Measure]] = {}
    for cut, measures in asks:
        gathered.setdefault(cut, {}).update({one.name: one for one in measures})
    return {cut: list(measures.values()) for cut, measures in gathered.items()}


def rows_of(
    cut: Cut, measures: Sequence[Measure], results: Results, threshold: Decimal | int | None = None
) -> list[Row]:
    """One row, or one per combination of members that occurs, in the order of the members."""
    query = sql.aggregate(
        cut.fact, measures, by=cut.by, filters=dict(cut.kept), threshold=threshold, as_of=results.as_of
    )
    names = [*(one.name for one in cut.by), *(one.name for one in measures)]
    nothing = {one.name: 0 for one in measures if one.counts_nobody}
    rows = [_row(names, row, nothing) for row in results.rows(query)]
    places = [(one.name, {key: place for place, key in enumerate(results.members[one])}) for one in cut.by]
    return sorted(rows, key=lambda row: [place[row[name]] for name, place in places])


def _row(names: Sequence[str], values: Sequence[Any], nothing: Mapping[str, int]) -> Row:
    return {name: nothing.get(name) if value is None else value for name, value in zip(names, values, strict=True)}


def _shown(
    visual: Visual, asks: Sequence[_Ask], view: View, results: Results, found: Mapping[Cut, list[Row]]
) -> Json:
    if missing := visual.lacks(results.missing):
        return {"missing": [column.name for column in missing]}
    if visual.kind == "table":
        return _table(visual, view, results)
    (cut, measures), *trend = asks
    if visual.by:
        return _columns(visual, measures, found[cut], results)
    values = {one.name: found[cut][0][one.name] for one in measures}
    if visual.kind == "parameter":
        return {"values": values, "x": view.threshold}
    return {"values": values, "spark": _spark(visual, values, trend, results, found)}


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


def _spark(
    visual: Visual, values: Row, trend: Sequence[_Ask], results: Results, found: Mapping[Cut, list[Row]]
) -> Json | None:
    """The last full months, where they compare."""
    if not trend or (visual.compare and values[visual.compare] is None):
        return None
    [(cut, [shown])] = trend
    by_month = {row[JOIN_MONTH.name]: row[shown.name] for row in found[cut]}
    end = sql.full_months_end(results.as_of)
    months = [sql.months_before(end, number) for number in range(SPARK_MONTHS, 0, -1)]
    return {"months": months, "values": [by_month.get(month, 0) for month in months]}


def _table(visual: Visual, view: View, results: Results) -> Json:
    shown = [name for name in visual.columns if is_there(visual.fact[name], results.missing)]
    query = sql.top(visual.fact, visual.measure, shown, visual.top, filters=view.filters(visual))
    names = [*shown, visual.measure.name]
    columns = zip(*results.rows(query), strict=True)
    found = dict(zip(names, map(list, columns), strict=False))
    return {"columns": {name: _readable(name, found.get(name, [])) for name in names}}


def _readable(name: str, values: list[Any]) -> list[Any]:
    """Ids as text: JavaScript's numbers are exact up to 2^53 only, and ids may be hashes of 64 bits."""
    if not name.endswith("_id"):
        return values
    return [None if value is None else str(value) for value in values]
