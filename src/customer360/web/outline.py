"""The report as data for the page: its pages, visuals, slicers and measures."""

from __future__ import annotations

from typing import Any

from customer360.report.behaviour import FLAG, definition_of, description_of
from customer360.report.dimensions import (
    ACCOUNT_AGE_BAND,
    ACTIVITY,
    ACTIVITY_MONTH,
    AGE_BAND,
    AT_JOINING,
    BALANCE_BAND,
    DIMENSIONS,
    FUNNEL_STAGE,
    JOIN_MONTH,
    LAST_LOGIN_MONTH,
    LOYALTY_STATUS,
    MOVE_MONTH,
    ORDERS_BAND,
    POINTS_BAND,
    SPENT_BAND,
    Dimension,
    dimension,
    dimensions_of,
)
from customer360.report.expressions import (
    Above,
    Cumulative,
    Known,
    LastClosedMonth,
    LastMonths,
    Latest,
    Less,
    MeanPerMonth,
    Measure,
    Missing,
    MonthBefore,
    Observed,
    OfStage,
    OfTotal,
    Others,
    Ratio,
    Sum,
    Times,
    Where,
    needs,
    parameter_of,
)
from customer360.report.measures import measure
from customer360.report.missing import called, lacking
from customer360.report.palette import ranks
from customer360.report.parameters import PARAMETERS, Parameter
from customer360.report.visuals import Page, Visual
from customer360.tables import ACTIVE_DAYS
from customer360.web import sql
from customer360.web.answers import missing_table
from customer360.web.cubes import cubes_of
from customer360.web.small_cells import NOT_LISTED
from customer360.web.store import Results

Json = dict[str, Any]

_TYPES = {
    LOYALTY_STATUS: "status",
    JOIN_MONTH: "month",
    LAST_LOGIN_MONTH: "month",
    ACTIVITY_MONTH: "month",
    MOVE_MONTH: "month",
    BALANCE_BAND: "band",
    POINTS_BAND: "band",
    ACCOUNT_AGE_BAND: "band",
    AGE_BAND: "band",
    SPENT_BAND: "band",
    ORDERS_BAND: "band",
    FUNNEL_STAGE: "stage",
}


def outline(results: Results, smallest: int = 0) -> Json:
    """
    Everything the page needs to know about the report before it requests numbers.

    With *smallest*, for a reader from whom numbers about fewer customers are hidden: without tables, and without
    visuals of individual customers.
    """
    report = results.report
    visuals = report.visuals
    facts = dict.fromkeys(visual.fact for visual in visuals)
    cuts = [
        one for one in DIMENSIONS if any(one in dimensions_of(fact) for fact in facts) and one in results.members
    ]
    return {
        "name": report.name,
        "smallest": smallest,
        "refresh": _refresh(results, smallest),
        "slicers": [_slicer(dimension(name), results) for name in report.slicers],
        "statuses": {name: shade + 1 for name, shade in ranks(list(results.members[LOYALTY_STATUS])).items()},
        "parameters": {parameter.name: _parameter(parameter, results) for parameter in PARAMETERS},
        "measures": {name: _measure(name, results) for visual in visuals for name in _measures(visual)},
        "dimensions": {one.name: _dimension(one, results) for one in cuts},
        "facts": {fact.name: [cut.name for cut in dimensions_of(fact)] for fact in facts},
        "pages": [_page(page, results, smallest) for page in report.pages],
    }


_ROWS = ("rows_out", "rows_rejected", "rows_not_yet_joined")


def _refresh(results: Results, smallest: int) -> Json:
    facts = results.refresh_row
    return {
        "id": facts["refresh_id"],
        "as_of": results.as_of,
        "finished_at": f"{facts['finished_at'].isoformat(timespec='seconds')}Z",
        **{name: facts[name] for name in ("source_table", "source_kind")},
        **{name: None if 0 < facts[name] < smallest else facts[name] for name in _ROWS},
    }


def _slicer(cut: Dimension, results: Results) -> Json:
    members = list(results.members[cut])
    is_seen = cut is ACTIVITY and FLAG in results.missing
    label = f"{cut.label} in the last {ACTIVE_DAYS} days" if is_seen else cut.label
    known: Json = {"dimension": cut.name, "label": label}
    if missing := lacking(cut.needs, results.missing):
        return {**known, "missing": [*map(called, missing)]}
    if cut is JOIN_MONTH:
        return {**known, "first": members[0], "last": members[-1]} if members else {**known, "first": None}
    return {**known, "members": [{"key": key, "label": key} for key in members]}


def _parameter(parameter: Parameter, results: Results) -> Json:
    """The definition of a parameter; for a threshold, also its band edges and whether it is exact between them."""
    edges = results.edges.get(parameter.name)
    return {
        "label": parameter.label,
        "default": parameter.default,
        "most": parameter.most,
        "digits": parameter.digits,
        "edges": None if edges is None else list(edges),
        "bands": None if edges is None else list(edges.values()),
        "exact": edges is None or parameter.name in results.values.readable,
    }


def _measures(visual: Visual) -> list[str]:
    return [*visual.all_measures, *(one.name for one in visual.tooltip_measures)]


def _measure(name: str, results: Results) -> Json:
    one = measure(name)
    kept = ("label", "unit", "format", "good")
    left_out = one.left_out.name if one.left_out else None
    return {
        **{attribute: getattr(one, attribute) for attribute in kept},
        "description": description_of(one, results.missing),
        "left_out": left_out,
        "expression": _expression(one),
    }


def _expression(one: Measure) -> Json:
    """How the page computes a measure from its rows: the name of the case, and its parts."""
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
            cut = sql.banded(parameter)
            parts = {"of": _expression(of), "dimension": cut.name, "parameter": parameter.name}
        case Times(of, parameter):
            parts = {"of": _expression(of), "parameter": parameter.name}
        case Ratio(of, to):
            parts = {"of": _expression(of), "to": _expression(to)}
        case OfTotal(of) | Others(of):
            parts = {"of": _expression(of)}
        case LastMonths(of, months, before):
            parts = {"of": _expression(of), "months": months, "before": before}
        case Observed(of, months):
            parts = {"of": _expression(of), "months": months}
        case Known(of, column):
            parts = {"of": _expression(of), "column": column}
        case Less(of, less):
            parts = {"of": _expression(of), "less": [_expression(one) for one in less]}
        case LastClosedMonth(of, before):
            parts = {"of": _expression(of), "before": before}
        case MonthBefore(of) | Cumulative(of) | MeanPerMonth(of):
            parts = {"of": _expression(of)}
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
        **({"first": results.first_month} if cut is ACTIVITY_MONTH else {}),
        **({"level_of": cut.level_of} if cut.level_of else {}),
        **({"axis": "Days since joining"} if cut is ACCOUNT_AGE_BAND else {}),
        "of_today": cut not in AT_JOINING,
    }


def _page(page: Page, results: Results, smallest: int) -> Json:
    visuals = [_visual(visual, results, smallest) for visual in page.visuals]
    tables = {} if smallest else cubes_of(page, results)
    cubes = [
        {"name": name, "fact": name.partition("__")[0], "columns": table.column_names}
        for name, table in tables.items()
    ]
    return {"name": page.name, "title": page.title, "rows": page.rows, "visuals": visuals, "cubes": cubes}


def _visual(visual: Visual, results: Results, smallest: int) -> Json:
    """The definition of a visual, without the measures and columns that are missing from the data."""
    place, missing = visual.place, results.missing
    parameter = parameter_of(visual.measure)
    return {
        "name": visual.name,
        "kind": visual.kind,
        "title": visual.title,
        "definition": definition_of(visual, missing),
        "place": {"column": place.column, "row": place.row, "width": place.width, "height": place.height},
        "measure": visual.measure.name,
        "more": [one.name for one in visual.tooltip_measures if not lacking(needs(one), missing)],
        "by": list(visual.by),
        "compare": visual.compare or None,
        "compared": visual.compared or None,
        "above": list(visual.above),
        "below": list(visual.below),
        "parameter": parameter.name if parameter else None,
        "columns": [
            {"name": name, "label": visual.fact[name].label}
            for name in visual.columns
            if not lacking(visual.fact[name].derived_from, missing)
        ],
        "missing": [*map(called, visual.lacks(missing))],
        "unavailable": _unavailable(visual, results, smallest),
        "pickable": bool(visual.by),
        "over_joining": visual.is_over_joining,
        "of_months": visual.measure.is_of_months,
        "fact": visual.fact.name,
        "only": {name: list(keys) for name, keys in visual.only.items()},
    }


def _unavailable(visual: Visual, results: Results, smallest: int) -> str | None:
    if visual.kind == "table" and smallest:
        return NOT_LISTED
    return None if visual.fact in results.tables else missing_table(visual.fact)
