"""
Answers for readers who may not see people: without small cells.

Counts are queried together with the numbers based on them, with the same cuts and filters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from customer360.report.dimensions import ACTIVITY_MONTH, FUNNEL_STAGE, JOIN_MONTH, Dimension, dimension
from customer360.report.expressions import Measure
from customer360.report.looked_up import full_months_end, months_before, months_left
from customer360.report.visuals import Visual
from customer360.web.answers import Ask, Found, Json, Row, asks_of, cut_of, found_of, shown_of
from customer360.web.counted import Counts, counts_of
from customer360.web.small_cells import NOT_LISTED, Cells, without_small, without_small_months
from customer360.web.store import Results
from customer360.web.view import View

_YEAR = 12


@dataclass(frozen=True)
class _Plan:
    """The queries of a visual: its numbers, with the counts that each is based on, and these counts."""

    visual: Visual
    asks: Sequence[Ask]
    counts: Mapping[Measure, Counts | None]
    counted: Sequence[Ask]
    months: Sequence[Ask]
    rest: Sequence[Ask]

    @property
    def all_asks(self) -> list[Ask]:
        return [*self.asks, *self.counted, *self.months, *self.rest]


def answer_without_small(view: View, results: Results, smallest: int) -> Json:
    """
    The answer to *view* without numbers about 1 to *smallest* - 1 customers.

    Such counts are null and listed under "below". All other numbers that would reveal so few customers are null
    and listed under "withheld". Visuals of individual customers say that they are not shown.
    """
    plans = [_plan(visual, view, results) for visual in view.page.visuals]
    found = found_of((ask for plan in plans for ask in plan.all_asks), view, results)
    visuals = {plan.visual.name: _kept(plan, view, results, found, smallest) for plan in plans}
    return {"refresh": results.refresh_row["refresh_id"], "smallest": smallest, "visuals": visuals}


def _plan(visual: Visual, view: View, results: Results) -> _Plan:
    asks = asks_of(visual, view, results)
    own = [(cut.by, measures) for cut, measures in asks if visual.by or not cut.by]
    counts = {one: counts_of(one, visual.fact, by) for by, measures in own for one in measures}
    parts = [(by, [*_parts(counts, measures, in_one_month=False)]) for by, measures in own]
    months = [*_parts(counts, counts, in_one_month=True)]
    everybody = [one for _, all_parts in parts for one in all_parts] if _leaves_out(visual) else []
    return _Plan(
        visual,
        asks,
        counts,
        [_ask(visual, by, all_parts, view, results) for by, all_parts in parts if all_parts],
        [_ask(visual, (ACTIVITY_MONTH,), months, view, results)] if months else [],
        [_ask(visual, (), everybody, view, results)] if everybody else [],
    )


def _parts(
    counts: Mapping[Measure, Counts | None],
    measures: Sequence[Measure] | Mapping[Measure, Any],
    *,
    in_one_month: bool,
) -> Iterator[Measure]:
    known = [one for measured in measures for one in counts[measured] or () if one.in_one_month is in_one_month]
    yield from dict.fromkeys(part for one in known for part in one.parts)


def _ask(visual: Visual, by: tuple[Dimension, ...], parts: Sequence[Measure], view: View, results: Results) -> Ask:
    return cut_of(visual.fact, by, view.filters(visual), parts, results, view.parameters), tuple(parts)


def _leaves_out(visual: Visual) -> bool:
    """Whether customers without a member of a cut are in no mark of *visual*, but in totals of other visuals."""
    return any(dimension(name).nullable for name in visual.by) and "customers" in visual.fact.column_names


def _kept(plan: _Plan, view: View, results: Results, found: Found, smallest: int) -> Json:
    visual = plan.visual
    if visual.kind == "table":
        return {"unavailable": NOT_LISTED}
    data = shown_of(visual, plan.asks, view, results, found)
    if "values" not in data:
        return data
    cells = _cells(plan, data, view, results, found)
    return without_small(without_small_months(data, smallest), plan.counts, cells, smallest)


def _cells(plan: _Plan, data: Json, view: View, results: Results, found: Found) -> Cells:
    names = plan.visual.by
    keys = [*zip(*(data["keys"][name] for name in names), strict=True)] if names else [()]
    rows: dict[tuple[Any, ...], Row] = {key: {} for key in keys}
    nothing = {part.name: 0 for _, parts in plan.counted for part in parts}
    for cut, _ in plan.counted:
        for row in found[cut]:
            key = tuple(row[name] for name in names)
            if key in rows:
                rows[key] = {**rows[key], **row}
    counted = [{**nothing, **row} for row in rows.values()]
    return Cells(
        counted,
        _groups(plan.visual, keys, results, has_rest=bool(plan.rest)),
        _rest(plan, counted, found),
        _shown_elsewhere(plan.visual, keys, view, results),
        names == (FUNNEL_STAGE.name,),
        [row for cut, _ in plan.months for row in found[cut]],
    )


def _rest(plan: _Plan, counted: Sequence[Row], found: Found) -> Row | None:
    """The counts of all customers, less those of the marks."""
    for cut, parts in plan.rest:
        [everybody] = found[cut]
        sums = {part.name: sum(int(row[part.name] or 0) for row in counted) for part in parts}
        return {name: int(everybody[name] or 0) - number for name, number in sums.items()}
    return None


def _groups(
    visual: Visual, keys: Sequence[tuple[Any, ...]], results: Results, *, has_rest: bool
) -> list[list[int]]:
    """Groups of marks whose total may be known: all marks, rows and columns, and the last twelve full months."""
    everything = [*range(len(keys)), *([len(keys)] if has_rest else [])]
    groups = [everything] if visual.by else []
    if len(visual.by) > 1:
        for at in range(len(visual.by)):
            members = dict.fromkeys(key[at] for key in keys)
            groups += [[place for place, key in enumerate(keys) if key[at] == member] for member in members]
    if visual.by == (JOIN_MONTH.name,):
        window = {place for place, (month,) in enumerate(keys) if _is_in_last_year(month, results)}
        groups += [sorted(window), [place for place in everything if place not in window]]
    return groups


def _is_in_last_year(month: Any, results: Results) -> bool:
    end = full_months_end(results.as_of)
    return bool(months_before(end, _YEAR) <= month < end)


def _shown_elsewhere(
    visual: Visual, keys: Sequence[tuple[Any, ...]], view: View, results: Results
) -> frozenset[int]:
    """The months that cards show: the last full month, and the same month a year earlier."""
    if visual.by != (ACTIVITY_MONTH.name,):
        return frozenset()
    end = full_months_end(results.as_of)
    filters = view.filters(visual)
    last = max((one for one in months_left(results.looked_up, filters) if one < end), default=None)
    shown = {last, months_before(last, _YEAR)} if last else set()
    return frozenset(place for place, (month,) in enumerate(keys) if month in shown)
