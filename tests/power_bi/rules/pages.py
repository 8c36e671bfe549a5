"""The pages: their order, what surrounds their visuals, and what a click does not filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from customer360.power_bi.placed import identity
from customer360.report.dimensions import JOIN_MONTH, dimension
from customer360.report.visuals import Page, Report
from tests.power_bi.rules.report import field_of
from tests.power_bi.rules.shown import column, literal


def problems(objects: Mapping[str, Any], report: Report) -> Iterator[str]:
    visuals = {path.split("/")[-2]: one for path, one in objects.items() if path.endswith("/visual.json")}
    yield from _book(objects, report)
    for page in report.pages:
        here = f"/pages/{identity('page', page.name)}/visuals/"
        order = _reading_order(page, report)
        there = {path.split("/")[-2] for path in objects if here in path}
        if there != set(order):
            yield f"page {page.name} has {len(there)} visuals instead of {len(order)}"
            continue
        for position, name in enumerate(order):
            if visuals[name]["position"]["tabOrder"] != 1000 * position:
                yield f"visual {position} of page {page.name} is out of reading order"
        yield from (f"{page.name}: {problem}" for problem in _around(page, visuals, report))


def _reading_order(page: Page, report: Report) -> list[str]:
    slicers = [f"slicer/{name}" for name in report.slicers]
    own = [visual.name for visual in page.visuals]
    return [identity(page.name, each) for each in ("heading", "navigation", "as_of", *slicers, "clear", *own)]


def _book(objects: Mapping[str, Any], report: Report) -> Iterator[str]:
    """The pages in order, with their names, followed by tooltip pages."""
    pages = {path.split("/")[-2]: page for path, page in objects.items() if path.endswith("/page.json")}
    [book] = [one for path, one in objects.items() if path.endswith("/pages.json")]
    expected = [identity("page", page.name) for page in report.pages]
    if book["pageOrder"][: len(expected)] != expected or book["activePageName"] != expected[0]:
        yield "the pages are in another order"
    for name, page in zip(expected, report.pages, strict=True):
        if pages[name]["displayName"] != page.title or pages[name]["displayOption"] != "FitToPage":
            yield f"page {page.name} has another title or size"
        sources = {each["source"] for each in pages[name].get("visualInteractions", [])}
        tables = {identity(page.name, visual.name) for visual in page.visuals if visual.kind == "table"}
        targets = {each["target"] for each in pages[name].get("visualInteractions", [])}
        others = {identity(page.name, visual.name) for visual in page.visuals} - tables
        if sources != tables or (tables and targets != others):
            yield f"page {page.name} has the wrong clicks that filter nothing"
        if any(each["type"] != "NoFilter" for each in pages[name].get("visualInteractions", [])):
            yield f"page {page.name} has an interaction of another type"


def _around(page: Page, visuals: Mapping[str, Any], report: Report) -> Iterator[str]:
    """The title, navigation, date and slicers of a page."""
    for name in report.slicers:
        built = visuals[identity(page.name, f"slicer/{name}")]["visual"]
        mode = "'Between'" if name == JOIN_MONTH.name else "'Dropdown'"
        if (built["visualType"], literal(built["objects"], "data.mode")) != ("slicer", mode):
            yield f"the slicer {name} has another type"
        label = "Joined, by first day of month" if name == JOIN_MONTH.name else dimension(name).label
        if literal(built["objects"], "header.text") != f"'{label}'":
            yield f"the slicer {name} has another heading"
        shown = [field_of(one["field"]) for one in built["query"]["queryState"]["Values"]["projections"]]
        if shown != [column(name)]:
            yield f"the slicer {name} filters {shown}"
        sync = built.get("syncGroup")
        if sync != {"groupName": name, "fieldChanges": True, "filterChanges": True}:
            yield f"the slicer {name} does not keep its selection"
    heading = visuals[identity(page.name, "heading")]["visual"]["objects"]["general"][0]["properties"]
    if heading["paragraphs"][0]["textRuns"][0]["value"] != page.title:
        yield "has another heading"
    date = visuals[identity(page.name, "as_of")]["visual"]["query"]["queryState"]["Data"]["projections"]
    if [field_of(one["field"]) for one in date] != [("Measure", ("Refreshes", "Data as of"))]:
        yield "shows another date"
    navigation = visuals[identity(page.name, "navigation")]["visual"]
    hides = [literal(navigation["objects"], f"pages.show{kind}Pages") for kind in ("Hidden", "Tooltip")]
    if navigation["visualType"] != "pageNavigator" or hides != ["false", "false"]:
        yield "has no navigation, or one that leads to hidden pages"
    button = visuals[identity(page.name, "clear")]["visual"]
    if literal(button["visualContainerObjects"], "visualLink.type") != "'ClearAllSlicers'":
        yield "has no button that clears the slicers"
