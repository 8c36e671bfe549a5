"""
The numbers of a page: one answer contains every visual of the page.

Visuals that read the same table with the same cuts and filters share one query. The queries run in parallel.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from customer360.report.dimensions import JOIN_MONTH, Dimension, Filters, dimension
from customer360.report.expressions import LastMonths, Measure, columns_of, is_carried, needs, parameter_of
from customer360.report.looked_up import full_months_end, months_before
from customer360.report.measures import measure
from customer360.report.missing import called, lacking
from customer360.report.visuals import Visual
from customer360.tables import Table
from customer360.web import sql
from customer360.web.comparison import comparison
from customer360.web.scope import Parameters
from customer360.web.store import Results
from customer360.web.values import edge, table_of, threshold_of
from customer360.web.view import View, frozen

Json = dict[str, Any]
Row = Mapping[str, Any]

SPARK_MONTHS: Final = 24
_AT_ONCE: Final = ThreadPoolExecutor(os.cpu_count(), "customer360 query")


def answer(view: View, results: Results) -> Json:
    """
    Every visual of the page as `view` filters it: single values, or columns of equal length by member.

    A visual that needs missing data says only which columns are missing.
    """
    asks = {visual.name: asks_of(visual, view, results) for visual in view.page.visuals}
    found = found_of((ask for several in asks.values() for ask in several), view, results)
    return {
        "refresh": results.refresh_row["refresh_id"],
        "visuals": {
            visual.name: shown_of(visual, asks[visual.name], view, results, found) for visual in view.page.visuals
        },
    }


@dataclass(frozen=True)
class Cut:
    """
    The rows to query: from which table, cut by what, under which filters (in a hashable form).

    *is_carried* means that a measure is also computed from other months; then every month has a row.
    """

    fact: Table
    by: tuple[Dimension, ...]
    kept: tuple[tuple[str, Any], ...]
    is_carried: bool


Ask = tuple[Cut, tuple[Measure, ...]]
Found = Mapping[Cut, list[Row]]


def found_of(asks: Iterable[Ask], view: View, results: Results) -> Found:
    """The rows of each cut in *asks*; each cut is queried once, all in parallel."""
    asked = _together(asks)
    rows = _AT_ONCE.map(lambda cut: rows_of(cut, asked[cut], results, view.parameters), asked)
    return dict(zip(asked, rows, strict=True))


def asks_of(visual: Visual, view: View, results: Results) -> list[Ask]:
    """The queries that *visual* needs."""
    if visual.kind == "table" or visual.lacks(results.missing) or visual.fact not in results.tables:
        return []
    return [*_values(visual, view, results), *_trend(visual, view, results)]


def _values(visual: Visual, view: View, results: Results) -> list[Ask]:
    """The values of *visual*. Those over a threshold are separate, because they may come from another table."""
    measures = [one for one in _measures(visual) if not lacking(needs(one), results.missing)]
    if visual.by:
        return [(_cut(visual, view, results, visual.by, measures), tuple(measures))]
    return [(_cut(visual, view, results, (), few), tuple(few)) for few in _by_threshold(measures) if few]


def _by_threshold(measures: Sequence[Measure]) -> tuple[list[Measure], list[Measure]]:
    over = [one for one in measures if threshold_of(one)]
    return over, [one for one in measures if one not in over]


def _trend(visual: Visual, view: View, results: Results) -> list[Ask]:
    """The sparkline by month of a flow, such as customers who joined; other measures have no past in the data."""
    expression = visual.measure.expression
    if visual.by or not isinstance(expression, LastMonths):
        return []
    return [(_cut(visual, view, results, (JOIN_MONTH.name,), (expression.of,)), (expression.of,))]


def _cut(visual: Visual, view: View, results: Results, by: Sequence[str], measures: Sequence[Measure]) -> Cut:
    cuts = tuple(map(dimension, by))
    return cut_of(visual.fact, cuts, view.filters(visual), measures, results, view.parameters)


def cut_of(
    fact: Table,
    by: tuple[Dimension, ...],
    filters: Filters,
    measures: Sequence[Measure],
    results: Results,
    parameters: Parameters,
) -> Cut:
    """
    The cut to read *measures* from: the smallest table with the columns of the measures, cuts and filters.

    For a threshold between band edges, that is the table of the customers' own values, if it is in memory.
    """
    columns = {one.column for one in (*by, *map(dimension, filters))}.union(*map(columns_of, measures))
    columns = columns.intersection(fact.column_names)
    own = table_of(measures, parameters, results)
    table = own if own and columns <= {*own.column_names} else results.smallest(fact, columns)
    return Cut(table, by, frozen(filters), any(map(is_carried, measures)))


def _measures(visual: Visual) -> tuple[Measure, ...]:
    return tuple(dict.fromkeys((*map(measure, visual.all_measures), *visual.tooltip_measures)))


def _together(asks: Iterable[Ask]) -> dict[Cut, list[Measure]]:
    gathered: dict[Cut, dict[str, Measure]] = {}
    for cut, measures in asks:
        gathered.setdefault(cut, {}).update({one.name: one for one in measures})
    return {cut: list(measures.values()) for cut, measures in gathered.items()}


def rows_of(
    cut: Cut, measures: Sequence[Measure], results: Results, parameters: Parameters | None = None
) -> list[Row]:
    """One row, or one row per combination of members that occurs, in the order of the members."""
    query = sql.aggregate(
        cut.fact, measures, by=cut.by, filters=dict(cut.kept), parameters=parameters, looked_up=results.looked_up
    )
    names = [*(one.name for one in cut.by), *(one.name for one in measures)]
    nothing = {one.name: 0 for one in measures if one.counts_nobody}
    rows = [_row(names, row, nothing) for row in results.rows(query)]
    places = [(one.name, {key: place for place, key in enumerate(results.members[one])}) for one in cut.by]
    return sorted(rows, key=lambda row: [place[row[name]] for name, place in places])


def _row(names: Sequence[str], values: Sequence[Any], nothing: Mapping[str, int]) -> Row:
    return {name: nothing.get(name) if value is None else value for name, value in zip(names, values, strict=True)}


def shown_of(visual: Visual, asks: Sequence[Ask], view: View, results: Results, found: Found) -> Json:
    if missing := visual.lacks(results.missing):
        return {"missing": [*map(called, missing)]}
    if visual.fact not in results.tables:
        return {"unavailable": missing_table(visual.fact)}
    if visual.kind == "table":
        return _table(visual, view, results)
    if visual.by:
        [(cut, measures)] = asks
        return _columns(visual, measures, found[cut], results)
    trend = [(cut, measures) for cut, measures in asks if cut.by]
    values = {one.name: found[cut][0][one.name] for cut, measures in asks if not cut.by for one in measures}
    more = {**_set(visual, view, results), **comparison(visual, view.filters(visual), results)}
    if visual.kind == "parameter":
        return {"values": values, **more}
    return {"values": values, "spark": _spark(visual, values, trend, results, found), **more}


def missing_table(fact: Table) -> str:
    """The message for a table that an older version did not create."""
    return f"the results have no {fact.full_name} yet; renew them with: customer360 run"


def _set(visual: Visual, view: View, results: Results) -> Json:
    """The parameter of *visual* as set, and the value used: for a threshold, possibly the next edge."""
    parameter = parameter_of(visual.measure)
    if parameter is None:
        return {}
    x = view.parameters.get(parameter.name, parameter.default)
    is_exact = parameter.of is None or parameter.name in results.values.held
    return {"x": x, "used": x if is_exact else edge(x, results.edges[parameter.name])}


def _columns(visual: Visual, measures: Sequence[Measure], rows: Sequence[Row], results: Results) -> Json:
    written = {name: _otherwise(results.members[dimension(name)]) for name in visual.by}
    return {
        "keys": {name: [row[name] for row in rows] for name in visual.by},
        "labels": {name: [labels[row[name]] for row in rows] for name, labels in written.items() if labels},
        "values": {one.name: [row[one.name] for row in rows] for one in measures},
    }


def _otherwise(members: Mapping[Any, str]) -> Mapping[Any, str] | None:
    """*members*, if any label differs from its key."""
    return members if any(key != label for key, label in members.items()) else None


def _spark(visual: Visual, values: Row, trend: Sequence[Ask], results: Results, found: Found) -> Json | None:
    """The last full months, if they can be compared."""
    if not trend or (visual.compare and values[visual.compare] is None):
        return None
    [(cut, [shown])] = trend
    by_month = {row[JOIN_MONTH.name]: row[shown.name] for row in found[cut]}
    end = full_months_end(results.as_of)
    months = [months_before(end, number) for number in range(SPARK_MONTHS, 0, -1)]
    return {"months": months, "values": [by_month.get(month, 0) for month in months]}


def _table(visual: Visual, view: View, results: Results) -> Json:
    shown = [name for name in visual.columns if not lacking(visual.fact[name].derived_from, results.missing)]
    query = sql.top(visual.fact, visual.measure, shown, visual.top, filters=view.filters(visual))
    names = [*shown, visual.measure.name]
    columns = zip(*results.rows(query), strict=True)
    found = dict(zip(names, map(list, columns), strict=False))
    return {"columns": {name: _readable(name, found.get(name, [])) for name in names}}


def _readable(name: str, values: list[Any]) -> list[Any]:
    """Ids as text: ids may be 64-bit hashes, and JavaScript's numbers are exact only up to 2^53."""
    if not name.endswith("_id"):
        return values
    return [None if value is None else str(value) for value in values]
