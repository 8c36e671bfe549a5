"""The numbers: each measure equals SQL over the same few customers, under any filter and cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import Any, cast

import pandas as pd

from customer360.power_bi import model
from customer360.report import missing
from customer360.report.dimensions import DIMENSIONS, FACTS, Between, dimension
from customer360.report.expressions import Measure, facts_of, must_be_cut_by, needs
from customer360.report.measures import MEASURES, measure
from customer360.report.missing import called
from customer360.report.parameters import PARAMETERS
from customer360.report.visuals import Report, Visual
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    COHORT_RETENTION,
    CUSTOMER_SEGMENTS,
    DEMOGRAPHIC_SEGMENTS,
    ENGAGEMENT_SEGMENTS,
    SPENDING_SEGMENTS,
    SPENDING_TENTHS,
    VALUE_SEGMENTS,
    Table,
)
from customer360.web import sql
from tests import miniature, row_level
from tests.power_bi import dax_evaluator
from tests.power_bi.dax_evaluator import Evaluator
from tests.power_bi.rules.shown import drawn, is_filled

_KEYS = {one.name: one.label for one in DIMENSIONS if one.banded_column}
_FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"country": ["Kenya"]},
    {"activity": ["Inactive"], "loyalty_status": ["Gold", "Silver"]},
    {"join_month": Between(date(2022, 3, 1), date(2025, 2, 1))},
    {"loyalty_status": ["Gold"]},
)
_PARAMETERS: tuple[dict[str, Decimal], ...] = (
    {one.name: one.default for one in PARAMETERS},
    {one.name: Decimal(0) for one in PARAMETERS},
    *[{"balance_threshold": Decimal(1_000), "spending_threshold": Decimal(250), "point_price": Decimal("0.5")}]
    * 7,
)
_MISSING = ("last_login", "is_active", "loyalty_points")  # in the order of the source
_OF_BANDS: dict[Table, dict[str, Any]] = {
    CUSTOMER_SEGMENTS: {"balance_band": [0, 3]},
    ENGAGEMENT_SEGMENTS: {"funnel_stage": [3]},
    SPENDING_SEGMENTS: {"spent_band": [2, 5, 6]},
    ACTIVITY_SEGMENTS: {"activity_month": Between(date(2024, 6, 1), date(2025, 6, 1))},
}
_CUTS: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (CUSTOMER_SEGMENTS, ("loyalty_status",)),
    (CUSTOMER_SEGMENTS, ("balance_band",)),
    (ENGAGEMENT_SEGMENTS, ("funnel_stage",)),
    (COHORT_RETENTION, ("join_year", "months_since")),
    (ACTIVITY_SEGMENTS, ("activity_month",)),
    (DEMOGRAPHIC_SEGMENTS, ("age_band",)),
    (VALUE_SEGMENTS, ("rfm_segment",)),
    (SPENDING_SEGMENTS, ("spent_band",)),
    (SPENDING_TENTHS, ("spending_tenth",)),
)


_right: set[tuple[tuple[str, str], ...]] = set()
"""Models without problems, so that further reports over them need no new calculation."""


def problems(files: Mapping[str, str], report: Report) -> Iterator[str]:
    definition = ((path, text) for path, text in files.items() if path.endswith(".tmdl"))
    models = tuple((path, text.replace("mode: directQuery", "mode: import")) for path, text in definition)
    if models in _right:
        return
    semantic_model = dax_evaluator.read(dict(models), _tables())
    is_right = True
    lacking = dax_evaluator.read(dict(models), _lacking())
    for problem in chain(
        _filled(semantic_model, report),
        _blank(lacking, report),
        _beyond(semantic_model),
        _shares(semantic_model, report),
        _differences(semantic_model),
    ):
        is_right = False
        yield problem
    if is_right:
        _right.add(models)


def _differences(semantic_model: dax_evaluator.Model) -> Iterator[str]:
    asked, evaluator = None, Evaluator(semantic_model)
    for fact, cuts, number, name, expected in _expectations():
        filters = (*_FILTERS, *_OF_BANDS.values())[number]
        if asked != (cuts, number):
            context = chosen(semantic_model, {**_known(cuts), **filters}, _PARAMETERS[number])
            asked, evaluator = (cuts, number), Evaluator(semantic_model, context)
        found = evaluator.measure(name, {column_of(cut): [{member}] for cut, member in cuts})
        is_same = found == expected if isinstance(expected, date) else row_level.same(found, expected)
        if not is_same or (found is None and expected == 0 and name.startswith("%")):
            yield f"{name} is {found} and not {expected} under {filters} for {cuts} of {fact.name}"


def _known(cuts: tuple[tuple[str, object], ...]) -> dict[str, Any]:
    """A visual omits rows without a member on its axis."""
    return {cut: None for cut, _ in cuts if dimension(cut).nullable}


def _filled(semantic_model: dax_evaluator.Model, report: Report) -> Iterator[str]:
    """A visual draws its measure, or 0 without customers."""
    for page in report.pages:
        for visual in filter(is_filled, page.visuals):
            own = model.measure_name(drawn(visual), visual.fact)
            for status in ("Gold", "no such status"):
                evaluator = Evaluator(semantic_model, {("Loyalty Status", "Loyalty Status"): [{status}]})
                shown, value = evaluator.measure(f"Value of {visual.title}"), evaluator.measure(own)
                if shown != (value or 0):
                    yield f"{visual.title} draws {shown} and not {value}"
    for page in report.pages:
        for visual in page.visuals:
            yield from _hung(semantic_model, visual)
            if is_filled(visual) and "activity_month" in visual.by and _before_events(semantic_model, visual):
                yield f"{visual.title} draws 0 before the events begin"


def _hung(semantic_model: dax_evaluator.Model, visual: Visual) -> Iterator[str]:
    """Below zero, a flow draws the negatives, from the first month of events."""
    for month, begun in ((date(2024, 2, 1), False), (date(2026, 4, 1), True)):
        evaluator = Evaluator(semantic_model)
        for one in map(measure, visual.below):
            axis = {("Activity Calendar", "Activity Month"): [{month}]}
            hung = evaluator.measure(f"Below in {visual.title}: {one.label}", axis)
            if hung != (-evaluator.measure(one.label, axis) if begun else None):
                yield f"{visual.title} draws {hung} below zero for {one.label}"


def _before_events(semantic_model: dax_evaluator.Model, visual: Visual) -> bool:
    """Whether a visual draws something in the last month before the events."""
    axis = {("Activity Calendar", "Activity Month"): [{date(2024, 2, 1)}]}
    return Evaluator(semantic_model).measure(f"Value of {visual.title}", axis) is not None


def _blank(lacking: dax_evaluator.Model, report: Report) -> Iterator[str]:
    """Missing data is blank, and the visual says so."""
    evaluator = Evaluator(lacking)
    for fact in FACTS:
        for one in model.measures_of(fact):
            if (
                missing.lacking(needs(one), miniature.of_customers(_MISSING))
                and evaluator.measure(_name(one, fact)) is not None
            ):
                yield f"{one.label} has a value without its column"
    for page in report.pages:
        for visual in page.visuals:
            for needed in visual.lacks(miniature.of_customers(_MISSING))[:1]:
                if evaluator.measure(f"Subtitle of {visual.title}") != f"Not in your data: {called(needed)}":
                    yield f"{visual.title} does not say that {called(needed)} is missing"
                if is_filled(visual) and evaluator.measure(f"Value of {visual.title}") is not None:
                    yield f"{visual.title} draws what is missing"


def _beyond(semantic_model: dax_evaluator.Model) -> Iterator[str]:
    """A measure cut by a dimension missing from its facts is blank and does not repeat its total."""
    visible = [one for one in MEASURES if not one.hidden and one.format != "date"]
    labels = (("Account Age Band", "Account Age Band"), ("Balance Band", "Balance Band"))
    both = {column: [set(semantic_model.rows[column[0]][column[1]])] for column in labels}
    for one in visible:
        if Evaluator(semantic_model).measure(one.label, both) is not None:
            yield f"{one.label} has a value where no table has both axes"
    for one in (one for one in visible if facts_of(one) == (CUSTOMER_SEGMENTS,)):
        if (
            Evaluator(semantic_model).measure(one.label, {("Funnel Stage", "Funnel Stage"): [{"Joined"}]})
            is not None
        ):
            yield f"{one.label} repeats its total by stage"


def _shares(semantic_model: dax_evaluator.Model, report: Report) -> Iterator[str]:
    """The share in the tooltip is a share of the whole heat map."""
    maps = [one for page in report.pages for one in page.visuals if one.name == "balance_and_points"]
    if not maps:
        return
    [heat_map] = maps
    segments = _tables()["customer_segments"]
    cells = segments.groupby(["balance_band", "points_band"])["customers"].sum()
    balance, points = cast(tuple[int, int], cells.idxmax())
    cell = {("Balance Band", "Band"): [{balance}], ("Points Band", "Band"): [{points}]}
    share = Evaluator(semantic_model, cell).measure(f"Tooltip of {heat_map.title}: % of Customers")
    if not row_level.same(share, cells.max() / segments["customers"].sum()):
        yield f"the share in the tooltip is {share}"


Expectation = tuple[Table, tuple[tuple[str, object], ...], int, str, object]


@cache
def _tables() -> dict[str, pd.DataFrame]:
    tables = miniature.result_tables(miniature.profiles(miniature.customers(300)))
    return {**tables, "data_quality": tables["data_quality"].assign(rows_failed=[9, 4, 3])}


@cache
def _lacking() -> dict[str, pd.DataFrame]:
    return miniature.result_tables(miniature.profiles(miniature.customers(100, missing=_MISSING)), _MISSING)


@cache
def _expectations() -> list[Expectation]:
    """The values according to SQL: fact, members, index of the filters, name of the measure, value."""
    found: list[Expectation] = []
    with miniature.database(_tables()) as database:
        for fact in FACTS:
            asked = [one for one in model.measures_of(fact) if not must_be_cut_by(one)]
            for number, filters in enumerate(_FILTERS if asked else ()):
                query = sql.aggregate(fact, asked, filters=filters, parameters=_PARAMETERS[number])
                [row] = database.execute(query.text, query.parameters).fetchall()
                found += [
                    (fact, (), number, _name(one, fact), value) for one, value in zip(asked, row, strict=True)
                ]
        for number, (fact, filters) in enumerate(_OF_BANDS.items(), len(_FILTERS)):
            asked = [one for one in model.measures_of(fact) if not must_be_cut_by(one)]
            query = sql.aggregate(fact, asked, filters=filters, parameters=_PARAMETERS[number])
            [row] = database.execute(query.text, query.parameters).fetchall()
            found += [(fact, (), number, _name(one, fact), value) for one, value in zip(asked, row, strict=True)]
        for fact, cuts in _CUTS:
            asked = [one for one in model.measures_of(fact) if _follows(one)]
            query = sql.aggregate(fact, asked, by=[dimension(cut) for cut in cuts])
            for row in database.execute(query.text, query.parameters).fetchall():
                cell = tuple(zip(cuts, row, strict=False))
                values = zip(asked, row[len(row) - len(asked) :], strict=True)
                found += [(fact, cell, 0, _name(one, fact), value) for one, value in values]
    return found


def _follows(one: Measure) -> bool:
    """The customers outside the filters depend on them; to SQL, a member of an axis is not a filter."""
    return not one.name.endswith("_of_others")


def _name(one: Measure, fact: Table) -> str:
    assert fact in facts_of(one)
    return model.measure_name(one, fact)


def column_of(name: str) -> tuple[str, str]:
    if name in _KEYS:
        return _KEYS[name], "Band"
    shown = model.field(dimension(name))
    return ("Funnel Stage", "Stage") if name == "funnel_stage" else (shown.table, shown.column)


def chosen(
    semantic_model: dax_evaluator.Model, filters: Mapping[str, Any], parameters: Mapping[str, Decimal]
) -> dict[tuple[str, str], list[set[Any]]]:
    context: dict[tuple[str, str], list[set[Any]]] = {}
    for name, kept in filters.items():
        column = column_of(name)
        members = {member for member in semantic_model.rows[column[0]][column[1]] if member is not None}
        if kept is None:
            kept = members
        if isinstance(kept, Between):
            kept = {member for member in members if member and kept.first <= member <= kept.last}
        context[column] = [set(kept)]
    for parameter in PARAMETERS:
        values = semantic_model.rows[parameter.label][parameter.label]
        kept = {value for value in values if value >= parameters[parameter.name]}
        context[parameter.label, parameter.label] = [kept]
    return context
