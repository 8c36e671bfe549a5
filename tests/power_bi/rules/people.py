"""The drillthrough pages: reachable from each number of customers, with a back button, and with the right list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pandas as pd

from customer360.power_bi import people
from customer360.power_bi.people import People
from customer360.power_bi.placed import identity
from customer360.report.dimensions import Between, dimension, dimensions_of
from customer360.report.expressions import facts_of
from customer360.report.looked_up import LookedUp
from customer360.report.people import people_behind
from customer360.report.visuals import Report
from customer360.tables import ACTIVITY_SEGMENTS, COHORT_RETENTION, TIER_MOVES
from tests import miniature, miniature_people
from tests.miniature import AS_OF
from tests.power_bi import dax_evaluator
from tests.power_bi.chosen import chosen
from tests.power_bi.dax_lists import Lists
from tests.power_bi.rules.report import field_of, fields
from tests.power_bi.rules.shown import literal
from tests.power_bi.rules.tmdl import Read

_PROFILES = "Customer Profiles"
_LISTED = {
    "customer_id", "source_id", "status_member", "country_member", "activity", "join_date", "account_balance",
    "loyalty_points", "orders", "spent", "last_seen", "rfm_segment", "expected_amount",
}  # fmt: skip
_PARAMETERS = {"balance_threshold": Decimal(1_000), "spending_threshold": Decimal(250)}
_FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"country": ["Kenya"]},
    {"activity": ["Inactive"]},
    {"loyalty_status": ["Gold"]},
    {"activity_month": [date(2026, 3, 1)]},
    {"months_since": [2], "join_month": Between(date(2023, 1, 1), date(2025, 12, 1))},
    {"funnel_stage": [3]},
    {"balance_band": [4, 5]},
    {"from_status": ["Bronze"]},
)


def problems(objects: Mapping[str, Any], report: Report) -> Iterator[str]:
    pages = {path.split("/")[-2]: page for path, page in objects.items() if path.endswith("/page.json")}
    expected = {identity("people", one.of): one for one in people.shown(report)}
    there = {name for name, page in pages.items() if page.get("type") == "Drillthrough"}
    yield from (f"nothing lists {expected[name].of}" for name in expected.keys() - there)
    yield from (f"page {name} lists what no visual shows" for name in there - expected.keys())
    for name in expected.keys() & there:
        visuals = _visuals(objects, name)
        for problem in (*_page(expected[name], pages[name]), *_content(expected[name], visuals)):
            yield f"the list of {expected[name].of} {problem}"
    yield from _found(objects, {name: page for name, page in pages.items() if name in there}, report)


def _visuals(objects: Mapping[str, Any], page: str) -> list[Mapping[str, Any]]:
    paths = (path for path in objects if f"/pages/{page}/" in path and path.endswith("/visual.json"))
    return [objects[path] for path in paths]


def _page(one: People, page: Mapping[str, Any]) -> Iterator[str]:
    """The page receives all filters, through each of its measures."""
    if page["displayName"] != f"Customers: {one.of}":
        yield f"is called {page['displayName']}"
    binding = page.get("pageBinding", {})
    if (binding.get("type"), binding.get("acceptsFilterContext", "Default")) != ("Drillthrough", "Default"):
        yield "does not receive the filters of a mark"
    filters = {each["name"]: each for each in page.get("filterConfig", {}).get("filters", [])}
    parameters = {each["boundFilter"]: each for each in binding.get("parameters", [])}
    if not filters or filters.keys() != parameters.keys():
        yield "is bound to filters that it does not have"
    for name, each in filters.items():
        if (each.get("howCreated"), each.get("type")) != ("Drillthrough", "Passthrough") or "filter" in each:
            yield "has a filter that no mark sets"
        if name in parameters and field_of(parameters[name]["fieldExpr"]) != field_of(each["field"]):
            yield "is bound to a measure other than that of its filter"


def _content(one: People, visuals: list[Mapping[str, Any]]) -> Iterator[str]:
    kinds = defaultdict(list)
    for each in visuals:
        kinds[each["visual"]["visualType"]].append(each)
    links = [
        literal(each["visual"]["visualContainerObjects"], f"visualLink.{name}")
        for each in kinds["actionButton"]
        for name in ("show", "type")
    ]
    if links != ["true", "'Back'"]:
        yield "has no back button"
    if {kind: len(found) for kind, found in kinds.items()} != {"actionButton": 1, "textbox": 1, "tableEx": 1}:
        yield f"has other visuals: {sorted(kinds)}"
        return
    [table] = kinds["tableEx"]
    shown = [field_of(each["field"]) for each in table["visual"]["query"]["queryState"]["Values"]["projections"]]
    columns = [name for kind, (_, name) in shown if kind == "Column"]
    if (
        columns[0] != "customer_id"
        or not set(columns) <= _LISTED
        or {table for _, (table, _) in shown} != {_PROFILES}
    ):
        yield f"shows {columns}"
    added = [name for kind, (_, name) in shown if kind == "Measure"]
    if added != [f"List of {one.of}"] * one.adds_up:
        yield f"shows {added} for each customer"
    yield from _filtered(one, table)


def _filtered(one: People, table: Mapping[str, Any]) -> Iterator[str]:
    filters = table.get("filterConfig", {}).get("filters", [])
    if [field_of(each["field"]) for each in filters] != [("Measure", (_PROFILES, f"List of {one.of}"))]:
        yield "is not filtered by the conditions of its measure"
        return
    [condition] = filters[0]["filter"]["Where"]
    compared = condition["Condition"].get("Not", {}).get("Expression", {}).get("Comparison", {})
    if (compared.get("ComparisonKind"), compared.get("Right")) != (0, {"Literal": {"Value": "null"}}):
        yield "does not keep exactly the customers with a value"


def _found(objects: Mapping[str, Any], lists: Mapping[str, Any], report: Report) -> Iterator[str]:
    """Each measure that a visual shows leads to its own list and no other."""
    bound: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, page in lists.items():
        for each in page.get("pageBinding", {}).get("parameters", []):
            bound[field_of(each["fieldExpr"])[1]].add(name)
    shown = set()
    for page in report.pages:
        for visual in page.visuals:
            drawn = {(field.table, field.column): one for field, one in people.fields(visual)}
            built = objects[_path(objects, identity(page.name, visual.name))]
            for kind, field in fields(built["visual"].get("query", {}).get("queryState", {}), {}):
                if kind == "Measure" and field in drawn:
                    shown.add(field)
                    found = people.behind(drawn[field], visual.fact)
                    if bound[field] != ({identity("people", found.of)} if found else set()):
                        yield f"{field[1]} in {visual.name} leads to {len(bound[field])} lists"
                elif kind == "Measure":
                    yield f"{visual.name} shows {field[1]}, which is not one of its measures"
    yield from (
        f"{field[1]} leads to a list, but no visual shows it" for field in bound.keys() - shown if bound[field]
    )


def _path(objects: Mapping[str, Any], visual: str) -> str:
    return next(path for path in objects if path.endswith(f"/{visual}/visual.json"))


def roles(read: Read) -> Iterator[str]:
    """A role by country lists only the customers of that country; no relationship restricts them."""
    for role in read.all("role"):
        texts = {node.name: node.text for node in role.all("tablePermission")}
        of_lists = texts.get("Country", "").replace("'Country'[Country]", f"'{_PROFILES}'[country_member]")
        if not of_lists or texts.get(_PROFILES) != of_lists:
            yield f"role {role.name} lists the customers of other countries"


# --- the numbers -------------------------------------------------------------------------------------------

_right: set[tuple[str, ...]] = set()
"""Models without wrong lists."""


def numbers(files: Mapping[str, str], report: Report) -> Iterator[str]:
    """Each list matches its definition under any filter."""
    texts = tuple(
        text.replace("mode: directQuery", "mode: import") for path, text in files.items() if ".tmdl" in path
    )
    if texts in _right:
        return
    semantic_model = dax_evaluator.read(dict(files), _tables())
    found = list(_differences(semantic_model, report))
    yield from found
    if not found:
        _right.add(texts)


def _differences(semantic_model: dax_evaluator.Model, report: Report) -> Iterator[str]:
    for number, filters in enumerate(_FILTERS):
        evaluator = Lists(semantic_model, chosen(semantic_model, filters, _PARAMETERS))
        for one in people.shown(report):
            expected = _expected(one, number)
            if expected is not None and set(evaluator.customers(one.field.column)) != expected:
                yield f"the list of {one.of} has other customers under {filters}"


@cache
def _expected(one: People, number: int) -> frozenset[int] | None:
    """None if a filter reaches a fact other than that of the list, or there is no such mark."""
    filters = _FILTERS[number]
    is_cell = one.fact is COHORT_RETENTION
    if is_cell != ("months_since" in filters) or (
        ("balance_band" in filters or "funnel_stage" in filters) and is_cell
    ):
        return None
    found = people_behind(one.measure, one.fact, filters, _known(), thresholds=_PARAMETERS)
    if found is None or not _is_asked(one, filters):
        return None
    return miniature_people.selected(found, _database())


def _is_asked(one: People, filters: Mapping[str, Any]) -> bool:
    """
    Whether the number comes from the fact: in its home, a measure of segments uses another fact, or none, for filters
    that its fact does not have.

    In Power BI, the months of moves and of activity are the same calendar.
    """
    if one.fact is TIER_MOVES:
        return "activity_month" not in filters
    is_home = one.fact is facts_of(one.measure)[0] and one.fact not in (ACTIVITY_SEGMENTS, COHORT_RETENTION)
    return not is_home or all(dimension(name) in dimensions_of(one.fact) for name in filters)


@cache
def _tables() -> dict[str, pd.DataFrame]:
    return miniature_people.result_tables(miniature.customers(250))


@cache
def _database() -> Any:
    return miniature.database(_tables())


@cache
def _known() -> LookedUp:
    months = tuple(sorted(_tables()["calendar_months"]["month"]))
    return LookedUp(AS_OF, months, min(_tables()["customer_months"]["month"]))
