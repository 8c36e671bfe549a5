"""The numbers: each measure says what SQL says over the same few customers, whatever is filtered and cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import Any, cast

import pandas as pd

from customer360.power_bi import model
from customer360.report.dimensions import FACTS, Between, dimension
from customer360.report.expressions import Measure, facts_of, needs
from customer360.report.measures import BALANCE_THRESHOLD, MEASURES
from customer360.report.pages import REPORT
from customer360.tables import COHORT_RETENTION, CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS, Table
from customer360.web import sql
from tests import miniature, row_level
from tests.power_bi import dax_evaluator
from tests.power_bi.dax_evaluator import Evaluator
from tests.power_bi.rules.shown import is_filled

_KEYS = {"balance_band": "Balance Band", "points_band": "Points Band", "account_age_band": "Account Age Band"}
_FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"country": ["Kenya"]},
    {"activity": ["Inactive"], "loyalty_status": ["Gold", "Silver"]},
    {"join_month": Between(date(2022, 3, 1), date(2025, 2, 1))},
)
_THRESHOLDS = (BALANCE_THRESHOLD.default, Decimal(0), *[Decimal(1_000)] * 4)
_MISSING = ("last_login", "is_active", "loyalty_points")  # in the order of the source
_OF_BANDS = {CUSTOMER_SEGMENTS: {"balance_band": [0, 3]}, ENGAGEMENT_SEGMENTS: {"funnel_stage": [3]}}
_CUTS: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (CUSTOMER_SEGMENTS, ("loyalty_status",)),
    (CUSTOMER_SEGMENTS, ("balance_band",)),
    (ENGAGEMENT_SEGMENTS, ("funnel_stage",)),
    (COHORT_RETENTION, ("join_year", "months_since")),
)


_right: set[tuple[tuple[str, str], ...]] = set()
"""Models in which nothing was wrong: a report is looked at without counting again."""


def problems(files: Mapping[str, str]) -> Iterator[str]:
    definition = ((path, text) for path, text in files.items() if path.endswith(".tmdl"))
    models = tuple((path, text.replace("mode: directQuery", "mode: import")) for path, text in definition)
    if models in _right:
        return
    semantic_model = dax_evaluator.read(dict(models), _tables())
    is_right = True
    lacking = dax_evaluator.read(dict(models), _lacking())
    for problem in chain(
        _filled(semantic_model),
        _blank(lacking),
        _beyond(semantic_model),
        _shares(semantic_model),
        _differences(semantic_model),
    ):
        is_right = False
        yield problem
    if is_right:
        _right.add(models)


def _differences(semantic_model: dax_evaluator.Model) -> Iterator[str]:
    for fact, cuts, number, name, expected in _expectations():
        filters = (*_FILTERS, *_OF_BANDS.values())[number]
        threshold = _THRESHOLDS[number]
        evaluator = Evaluator(semantic_model, chosen(semantic_model, {**_known(cuts), **filters}, threshold))
        found = evaluator.measure(name, {column_of(cut): [{member}] for cut, member in cuts})
        is_same = found == expected if isinstance(expected, date) else row_level.same(found, expected)
        if not is_same or (found is None and expected == 0 and name.startswith("%")):
            yield f"{name} is {found} and not {expected} under {filters} for {cuts} of {fact.name}"


def _known(cuts: tuple[tuple[str, object], ...]) -> dict[str, Any]:
    """A visual leaves out what has no place on its axis."""
    return {cut: None for cut, _ in cuts if dimension(cut).nullable}


def _filled(semantic_model: dax_evaluator.Model) -> Iterator[str]:
    """What a visual draws is its measure, and 0 for nobody."""
    for page in REPORT.pages:
        for visual in filter(is_filled, page.visuals):
            own = model.measure_name(visual.measure, visual.fact)
            for status in ("Gold", "no such status"):
                evaluator = Evaluator(semantic_model, {("Loyalty Status", "Loyalty Status"): [{status}]})
                drawn, value = evaluator.measure(f"Value of {visual.title}"), evaluator.measure(own)
                if drawn != (value or 0):
                    yield f"{visual.title} draws {drawn} and not {value}"


def _blank(lacking: dax_evaluator.Model) -> Iterator[str]:
    """What the data lacks is blank, and the visual says it."""
    evaluator = Evaluator(lacking)
    for fact in FACTS:
        for one in model.measures_of(fact):
            if (
                needs(one).intersection(miniature.of_customers(_MISSING))
                and evaluator.measure(_name(one, fact)) is not None
            ):
                yield f"{one.label} has a value without its column"
    for page in REPORT.pages:
        for visual in page.visuals:
            for column in visual.lacks(miniature.of_customers(_MISSING))[:1]:
                if evaluator.measure(f"Subtitle of {visual.title}") != f"Not in your data: {column.name}":
                    yield f"{visual.title} does not say that {column.name} is missing"
                if is_filled(visual) and evaluator.measure(f"Value of {visual.title}") is not None:
                    yield f"{visual.title} draws what is missing"


def _beyond(semantic_model: dax_evaluator.Model) -> Iterator[str]:
    """A measure by what its facts do not have is blank, and does not repeat its total."""
    visible = [one for one in MEASURES if not one.hidden and one.format != "date"]
    labels = (("Account Age Band", "Account Age Band"), ("Balance Band", "Balance Band"))
    both = {column: [set(semantic_model.rows[column[0]][column[1]])] for column in labels}
    for one in visible:
        if Evaluator(semantic_model).measure(one.label, both) is not None:
            yield f"{one.label} has a value where no table knows both axes"
    for one in (one for one in visible if facts_of(one) == (CUSTOMER_SEGMENTS,)):
        if (
            Evaluator(semantic_model).measure(one.label, {("Funnel Stage", "Funnel Stage"): [{"Joined"}]})
            is not None
        ):
            yield f"{one.label} repeats its total by stage"


def _shares(semantic_model: dax_evaluator.Model) -> Iterator[str]:
    """The share beside the pointer is that of the whole map."""
    heat_map = next(one for page in REPORT.pages for one in page.visuals if one.name == "balance_and_points")
    segments = _tables()["customer_segments"]
    cells = segments.groupby(["balance_band", "points_band"])["customers"].sum()
    balance, points = cast(tuple[int, int], cells.idxmax())
    cell = {("Balance Band", "Band"): [{balance}], ("Points Band", "Band"): [{points}]}
    share = Evaluator(semantic_model, cell).measure(f"Tooltip of {heat_map.title}: % of Customers")
    if not row_level.same(share, cells.max() / segments["customers"].sum()):
        yield f"the share beside the pointer is {share}"


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
    """What SQL says: fact, members, number of the filters, name of the measure, value."""
    found: list[Expectation] = []
    with miniature.database(_tables()) as database:
        for fact in FACTS:
            asked = list(model.measures_of(fact))
            for number, filters in enumerate(_FILTERS):
                query = sql.aggregate(fact, asked, filters=filters, threshold=_THRESHOLDS[number])
                [row] = database.execute(query.text, query.parameters).fetchall()
                found += [
                    (fact, (), number, _name(one, fact), value) for one, value in zip(asked, row, strict=True)
                ]
        for number, (fact, filters) in enumerate(_OF_BANDS.items(), len(_FILTERS)):
            asked = list(model.measures_of(fact))
            query = sql.aggregate(fact, asked, filters=filters, threshold=Decimal(1_000))
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
    """A comparison asks about filters, and a member of an axis is none to SQL."""
    return not one.name.endswith(("_before", "_of_others"))


def _name(one: Measure, fact: Table) -> str:
    assert fact in facts_of(one)
    return model.measure_name(one, fact)


def column_of(name: str) -> tuple[str, str]:
    if name in _KEYS:
        return _KEYS[name], "Band"
    shown = model.field(dimension(name))
    return ("Funnel Stage", "Stage") if name == "funnel_stage" else (shown.table, shown.column)


def chosen(
    semantic_model: dax_evaluator.Model, filters: Mapping[str, Any], threshold: Decimal | None
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
    if threshold is not None:
        edges = semantic_model.rows[BALANCE_THRESHOLD.label][BALANCE_THRESHOLD.label]
        context[BALANCE_THRESHOLD.label, BALANCE_THRESHOLD.label] = [{edge for edge in edges if edge >= threshold}]
    return context
