"""The report as data for the page: its pages, visuals and slicers, and what its measures mean."""

from __future__ import annotations

from typing import Any

from customer360.report.dimensions import (
    ACCOUNT_AGE_BAND,
    AT_JOINING,
    BALANCE_BAND,
    DIMENSIONS,
    FACTS,
    FUNNEL_STAGE,
    JOIN_MONTH,
    LAST_LOGIN_MONTH,
    LOYALTY_STATUS,
    POINTS_BAND,
    Dimension,
    dimension,
    dimensions_of,
)
from customer360.report.expressions import (
    Above,
    Comparable,
    LastMonths,
    Latest,
    Measure,
    Missing,
    Observed,
    OfStage,
    OfTotal,
    Others,
    Ratio,
    Sum,
    Where,
    needs,
)
from customer360.report.measures import BALANCE_THRESHOLD, measure
from customer360.report.pages import REPORT
from customer360.report.palette import ranks
from customer360.report.visuals import Page, Visual
from customer360.web import sql
from customer360.web.cubes import cubes_of
from customer360.web.store import Results, is_there

Json = dict[str, Any]

_TYPES = {
    LOYALTY_STATUS: "status",
    JOIN_MONTH: "month",
    LAST_LOGIN_MONTH: "month",
    BALANCE_BAND: "band",
    POINTS_BAND: "band",
    ACCOUNT_AGE_BAND: "band",
    FUNNEL_STAGE: "stage",
}


def outline(results: Results) -> Json:
    """All that the page needs to know of the report before it asks for numbers."""
    visuals = [visual for page in REPORT.pages for visual in page.visuals]
    return {
        "name": REPORT.name,
        "refresh": _refresh(results),
        "slicers": [_slicer(dimension(name), results) for name in REPORT.slicers],
        "statuses": {name: shade + 1 for name, shade in ranks(list(results.members[LOYALTY_STATUS])).items()},
        "parameter": _parameter(results),
        "measures": {name: _measure(name) for visual in visuals for name in _measures(visual)},
        "dimensions": {one.name: _dimension(one, results) for one in DIMENSIONS},
        "facts": {fact.name: [cut.name for cut in dimensions_of(fact)] for fact in FACTS},
        "pages": [_page(page, results) for page in REPORT.pages],
    }


def _refresh(results: Results) -> Json:
    facts = results.refresh_row
    kept = ("source_table", "source_kind", "rows_out", "rows_rejected", "rows_not_yet_joined")
    return {
        "id": facts["refresh_id"],
        "as_of": results.as_of,
        "finished_at": f"{facts['finished_at'].isoformat(timespec='seconds')}Z",
        **{name: facts[name] for name in kept},
    }


def _slicer(cut: Dimension, results: Results) -> Json:
    members = list(results.members[cut])
    known: Json = {"dimension": cut.name, "label": cut.label}
    if missing := [column.name for column in results.missing if column in cut.needs]:
        return {**known, "missing": missing}
    if cut is JOIN_MONTH:
        return {**known, "first": members[0], "last": members[-1]} if members else {**known, "first": None}
    return {**known, "members": [{"key": key, "label": key} for key in members]}


def _parameter(results: Results) -> Json:
    parameter = BALANCE_THRESHOLD
    rows = results.rows(sql.edges(parameter))
    return {
        "name": parameter.name,
        "label": parameter.label,
        "edges": [edge for edge, _ in rows],
        "bands": [band for _, band in rows],
        "default": parameter.default,
    }


def _measures(visual: Visual) -> list[str]:
    return [*visual.measures, *(one.name for one in visual.tooltip_measures), *filter(None, [visual.compare])]


def _measure(name: str) -> Json:
    one = measure(name)
    kept = ("label", "description", "unit", "format", "good")
    left_out = one.left_out.name if one.left_out else None
    return {
        **{attribute: getattr(one, attribute) for attribute in kept},
        "left_out": left_out,
        "expression": _expression(one),
    }


def _expression(one: Measure) -> Json:
    """How the page computes it from the rows it has: the case by its name, and its parts."""
    match one.expression:
        case Sum(column):
            parts: Json = {"column": column}
        case Latest(column, total):
            parts = {"column": column, "total": total}
        case Missing(count):
            parts = {"count": count}
        case Where(of, cut, member):
            parts = {"of": _expression(of), "dimension": cut.name, "member": member}
        case Above(of, parameter):
            parts = {"of": _expression(of), "dimension": parameter.of.name}
        case Ratio(of, to):
            parts = {"of": _expression(of), "to": _expression(to)}
        case OfTotal(of) | Others(of):
            parts = {"of": _expression(of)}
        case LastMonths(of, months, before):
            parts = {"of": _expression(of), "months": months, "before": before}
        case Comparable(of, months) | Observed(of, months):
            parts = {"of": _expression(of), "months": months}
        case OfStage(of, stage):
            parts = {"of": _expression(of), "stage": stage}
    return {"case": type(one.expression).__name__, "zero": one.counts_nobody, **parts}


def _dimension(cut: Dimension, results: Results) -> Json:
    other = "year" if cut.level_of else "text" if cut.members else "number"
    keys, labels = list(results.members[cut]), list(results.members[cut].values())
    return {
        "label": cut.label,
        "type": _TYPES.get(cut, other),
        "keys": keys,
        **({"labels": labels} if labels != keys else {}),
        **({"level_of": cut.level_of} if cut.level_of else {}),
        **({"axis": "Days since joining"} if cut is ACCOUNT_AGE_BAND else {}),
        "of_today": cut not in AT_JOINING,
    }


def _page(page: Page, results: Results) -> Json:
    visuals = [_visual(visual, results) for visual in page.visuals]
    cubes = [
        {"name": name, "fact": name.partition("__")[0], "columns": table.column_names}
        for name, table in cubes_of(page, results).items()
    ]
    return {"name": page.name, "title": page.title, "visuals": visuals, "cubes": cubes}


def _visual(visual: Visual, results: Results) -> Json:
    """As it is defined; without the measures and columns that the data has nothing for."""
    place, missing = visual.place, results.missing
    return {
        "name": visual.name,
        "kind": visual.kind,
        "title": visual.title,
        "definition": visual.definition,
        "place": {"column": place.column, "row": place.row, "width": place.width, "height": place.height},
        "measure": visual.measure.name,
        "more": [one.name for one in visual.tooltip_measures if not needs(one).intersection(missing)],
        "by": list(visual.by),
        "compare": visual.compare or None,
        "columns": [
            {"name": name, "label": visual.fact[name].label}
            for name in visual.columns
            if is_there(visual.fact[name], missing)
        ],
        "missing": [column.name for column in visual.lacks(missing)],
        "pickable": bool(visual.by),
        "over_joining": visual.is_over_joining,
        "fact": visual.fact.name,
        "only": {name: list(keys) for name, keys in visual.only.items()},
    }
