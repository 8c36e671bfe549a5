"""The report's JSON: it follows Microsoft's catalogue of visuals, and all its references exist."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.power_bi.rules.tmdl import Read

LITERAL = re.compile(r"'(?:[^']|'')*'|true|false|null|-?\d+(?:\.\d+)?[DLM]|datetime'[0-9T:.-]+'")
_FORMS = {
    "bool": r"true|false",
    "integer": r"-?\d+[DL]",
    "numeric": r"-?\d+(?:\.\d+)?[DL]",
    "text": r"'(?:[^']|'')*'",
}


@cache
def catalogue() -> dict[str, Any]:
    """Roles, formatting objects and values of the visuals we use, from Microsoft's command line."""
    path = Path(__file__).parents[1] / "microsoft" / "catalogue.json"
    return json.loads(path.read_text("utf-8"))


def problems(objects: Mapping[str, Any]) -> Iterator[str]:
    visuals = {path: content for path, content in objects.items() if path.endswith("/visual.json")}
    for path, content in visuals.items():
        for problem in (*_of_visual(content["visual"]), *_filters(content)):
            yield f"{path}: {problem}"
        if content["name"] != path.split("/")[-2]:
            yield f"{path}: is not in the folder of its name"
    names = Counter(content["name"] for content in visuals.values())
    filters = Counter(one["name"] for content in objects.values() for one in _filter_list(content))
    yield from (f"{name} is the name of two" for name, count in (names + filters).items() if count > 1)
    for path, content in objects.items():
        if "/StaticResources/" not in path:
            yield from (f"{path}: {problem}" for problem in _literals(content))
    yield from _pages(objects)


def references(objects: Mapping[str, Any], read: Read) -> Iterator[str]:
    """Every field of the report exists in the model, as a column or measure as stated."""
    measures = {(table, name) for name, (table, _) in read.measures.items()}
    for path, content in objects.items():
        for kind, field in fields(content, {}):
            if field not in (measures if kind == "Measure" else read.columns):
                yield f"{path}: {field} is not a {kind.lower()} of the model"


def walk(content: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary inside, however deep."""
    if isinstance(content, dict):
        yield content
        for value in content.values():
            yield from walk(value)
    elif isinstance(content, list):
        for value in content:
            yield from walk(value)


def fields(content: Any, alias: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every column and measure inside: its kind, and (table, name); *alias* maps a query's names of tables."""
    if isinstance(content, list):
        for value in content:
            yield from fields(value, alias)
    if not isinstance(content, dict):
        return
    alias = {**alias, **{one["Name"]: one["Entity"] for one in content.get("From", ()) if "Entity" in one}}
    for kind in ("Column", "Measure"):
        if isinstance(content.get(kind), dict) and "Expression" in content[kind]:
            source = content[kind]["Expression"]["SourceRef"]
            table = source.get("Entity") or alias.get(source["Source"], f"no table called {source['Source']}")
            yield kind, (table, content[kind]["Property"])
    for value in content.values():
        yield from fields(value, alias)


def field_of(content: Any) -> tuple[str, tuple[str, str]]:
    """The single field of a projection, a sort or a filter."""
    [found] = fields(content, {})
    return found


# --- one visual ----------------------------------------------------------------------------------------------


def _of_visual(visual: dict[str, Any]) -> Iterator[str]:
    known = catalogue()["visuals"].get(visual["visualType"])
    if known is None:
        yield f"{visual['visualType']} is not a known visual"
        return
    state = visual.get("query", {}).get("queryState", {})
    yield from _roles(state, known)
    yield from _projections(visual, state)
    yield from _formatting(visual.get("objects", {}), known["objects"], "objects")
    yield from _formatting(visual["visualContainerObjects"], catalogue()["container"], "visualContainerObjects")
    if visual.get("drillFilterOtherVisuals") is not True:
        yield "a click on it filters nothing"
    [general] = visual["visualContainerObjects"].get("general", [{"properties": {}}])
    alt = general["properties"].get("altText", {}).get("expr", {}).get("Literal", {}).get("Value", "")
    if len(alt) < 8:
        yield "it has no alt text"
    if visual["visualType"] == "textbox":
        paragraphs = visual["objects"]["general"][0]["properties"]["paragraphs"]
        if not isinstance(paragraphs, list) or not all(
            run["value"].strip() for one in paragraphs for run in one["textRuns"]
        ):
            yield "its text is not a list of paragraphs"


def _roles(state: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    for role, content in state.items():
        kind = known["roles"].get(role)
        if kind is None:
            yield f"has no role {role}"
        if not content["projections"] or len(content["projections"]) > known["most"].get(role, 99):
            yield f"has {len(content['projections'])} fields in {role}"
        for one in content["projections"]:
            if (kind, next(iter(one["field"]))) in {("Measure", "Column"), ("Grouping", "Measure")}:
                yield f"{one['queryRef']} is of the wrong kind for {role}"
    yield from (f"lacks {role}" for role in known["required"] if role not in state)


def _projections(visual: dict[str, Any], state: Mapping[str, Any]) -> Iterator[str]:
    shown = [one for content in state.values() for one in content["projections"]]
    references = [one["queryRef"] for one in shown]
    for one in shown:
        table, name = field_of(one["field"])[1]
        if (one["queryRef"], one.get("nativeQueryRef")) != (f"{table}.{name}", name):
            yield f"{one['queryRef']} is not the reference of {table}.{name}"
    yield from (f"{name} occurs twice" for name, count in Counter(references).items() if count > 1)
    natives = Counter(one.get("nativeQueryRef") for one in shown)
    yield from (f"two fields are called {name}" for name, count in natives.items() if count > 1)
    for each in visual.get("query", {}).get("sortDefinition", {}).get("sort", []):
        if each["direction"] not in ("Ascending", "Descending"):
            yield f"sorts {each['direction']}"
        if field_of(each["field"]) not in [field_of(one["field"]) for one in shown]:
            yield "sorts by what it does not show"
    for part in walk(visual.get("objects", {})):
        metadata = part.get("selector", {}).get("metadata") if isinstance(part.get("selector"), dict) else None
        named = part["SelectRef"]["ExpressionName"] if "SelectRef" in part else metadata
        if named is not None and named not in references:
            yield f"formats {named}, which it does not show"


def _formatting(objects: Mapping[str, Any], known: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, parts in objects.items():
        for part in parts:
            for each, value in part["properties"].items():
                form = known.get(name, {}).get(each)
                if form is None:
                    yield f"{where} has no {name}.{each}"
                else:
                    yield from (f"{name}.{each}: {problem}" for problem in _value(value, form))


def _value(value: Any, form: str | list[str]) -> Iterator[str]:
    """A literal in the form that the property takes; other expressions are checked as fields."""
    if not isinstance(value, dict):
        return
    if form == "fill" and "solid" not in value:
        yield "is not a colour"
    literal = value.get("expr", {}).get("Literal", {}).get("Value") if "expr" in value else None
    if literal is None:
        return
    if isinstance(form, list):
        if literal.strip("'").rstrip("DL" if literal[0] != "'" else "") not in form:
            yield f"{literal} is not one of {form}"
    elif form in _FORMS and not re.fullmatch(_FORMS[form], literal):
        yield f"{literal} is not of the form {form}"


def _literals(content: Any) -> Iterator[str]:
    for part in walk(content):
        literal = part.get("Literal")
        if isinstance(literal, dict) and not (
            isinstance(literal.get("Value"), str) and LITERAL.fullmatch(literal["Value"])
        ):
            yield f"{literal.get('Value')!r} is not a literal"
        for stop in ("min", "mid", "max"):
            for gradient in ("linearGradient2", "linearGradient3"):
                color = part.get(gradient, {}).get(stop, {}).get("color") if gradient in part else None
                if color is not None and not re.fullmatch(
                    r"'#[0-9A-Fa-f]{6}'", str(color.get("Literal", {}).get("Value"))
                ):
                    yield f"the {stop} of a gradient is not a plain colour"


# --- filters ---------------------------------------------------------------------------------------------


def _filter_list(content: Any) -> list[dict[str, Any]]:
    """The filters of a visual or a page."""
    return content.get("filterConfig", {}).get("filters", [])


def _filters(content: dict[str, Any]) -> Iterator[str]:
    presets = [
        part["properties"]["filter"]["filter"]
        for part in content["visual"].get("objects", {}).get("general", [])
        if "filter" in part["properties"]
    ]
    for one in _filter_list(content):
        if not re.fullmatch(r"Filter[0-9a-f]{24}", one["name"]):
            yield f"{one['name']} is not a name of a filter"
        yield from _body(one["filter"])
        _, field = field_of(one["field"])
        if field not in [each for _, each in fields(one["filter"], {})]:
            yield f"a filter on {field} has a condition on something else"
        subqueries = [source for source in one["filter"]["From"] if "Expression" in source]
        if (one["type"] == "TopN") != bool(subqueries):
            yield "a filter is not of its type"
        conditions = {next(iter(each["Condition"])) for each in one["filter"]["Where"]}
        if conditions != {{"TopN": "In", "Categorical": "In", "Advanced": "Not"}[one["type"]]}:
            yield f"a filter of type {one['type']} has the conditions {conditions}"
    for preset in presets:
        yield from _body(preset)


def _body(body: dict[str, Any]) -> Iterator[str]:
    """A filter declares every source that it names."""
    declared = {source["Name"] for part in walk(body) for source in part.get("From", [])}
    used = {part["Source"] for part in walk(body) if isinstance(part.get("Source"), str)}
    if used - declared:
        yield f"a filter uses {used - declared} without declaring it"
    if body["Version"] != 2 or not body["Where"]:
        yield "a filter has no condition"


# --- pages -----------------------------------------------------------------------------------------------


def _pages(objects: Mapping[str, Any]) -> Iterator[str]:
    pages = {path.split("/")[-2]: content for path, content in objects.items() if path.endswith("/page.json")}
    [order] = [content for path, content in objects.items() if path.endswith("/pages.json")]
    if sorted(order["pageOrder"]) != sorted(pages):
        yield "the order of pages does not name each page once"
    if order["activePageName"] not in pages or pages[order["activePageName"]].get("type"):
        yield "the report opens on a page that does not exist"
    titles = Counter(page["displayName"] for page in pages.values())
    yield from (f"two pages are called {title}" for title, count in titles.items() if count > 1)
    for name, page in pages.items():
        if page["name"] != name:
            yield f"page {page['name']} is in the folder {name}"
        if (page.get("type") in ("Tooltip", "Drillthrough")) != (page.get("visibility") == "HiddenInViewMode"):
            yield f"page {name} is wrongly hidden or wrongly shown"
        there = {path.split("/")[-2] for path in objects if f"/pages/{name}/visuals/" in path}
        for each in page.get("visualInteractions", []):
            if not {each["source"], each["target"]} <= there:
                yield f"page {name} has an interaction of a visual that does not exist"
    yield from _tooltips(objects, pages)


def _tooltips(objects: Mapping[str, Any], pages: Mapping[str, Any]) -> Iterator[str]:
    used = set()
    for path, content in objects.items():
        if not path.endswith("/visual.json"):
            continue
        for part in content["visual"]["visualContainerObjects"].get("visualTooltip", []):
            name = part["properties"]["section"]["expr"]["Literal"]["Value"].strip("'")
            used.add(name)
            if pages.get(name, {}).get("type") != "Tooltip":
                yield f"{path}: its tooltip is not a tooltip page"
    yield from (
        f"nothing shows the tooltip {name}"
        for name, page in pages.items()
        if page.get("type") == "Tooltip" and name not in used
    )
