"""
The report as PBIR: one JSON object per file.

Schema versions are those of November 2025 on purpose: newer Desktops upgrade older files, older Desktops refuse
newer ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from customer360.power_bi import charts, layout, model, subtitles, theme, tooltips
from customer360.power_bi import queries as q
from customer360.power_bi.charts import Chart
from customer360.power_bi.layout import Rectangle
from customer360.power_bi.model import ModelField
from customer360.power_bi.queries import Json
from customer360.report.dimensions import JOIN_MONTH, dimension
from customer360.report.measures import AS_OF_DATE
from customer360.report.palette import LIGHT
from customer360.report.visuals import Page, Report, Visual
from customer360.tables import REFRESHES

BASE_THEME: Final = "CY26SU10"
_DEFINITION: Final = "https://developer.microsoft.com/json-schemas/fabric/item/report/definition"
_VERSION_AT_IMPORT: Final = {"visual": "2.4.0", "report": "3.0.0", "page": "2.3.0"}


def files(report: Report) -> dict[str, Json]:
    """Every file of the report's definition folder: path -> content."""
    pages = {identity("page", page.name): page for page in report.pages}
    order = [
        *pages,
        *(_tooltip_name(one) for page in report.pages for one in page.visuals if tooltips.has_page(one)),
    ]
    built: dict[str, Json] = {
        "version.json": _file("versionMetadata/1.0.0", version="2.0.0"),
        "report.json": _report(),
        "pages/pages.json": _file("pagesMetadata/1.0.0", pageOrder=order, activePageName=order[0]),
    }
    for name, page in pages.items():
        built[f"pages/{name}/page.json"] = _page(name, page)
        for folder, (content, phone) in _visuals(report, page).items():
            built[f"pages/{name}/visuals/{folder}/visual.json"] = content
            built[f"pages/{name}/visuals/{folder}/mobile.json"] = phone
        for visual in filter(tooltips.has_page, page.visuals):
            built |= _tooltip_page(_tooltip_name(visual), visual)
    return built


def identity(*path: str) -> str:
    """The name of a page or visual in the files: 20 hex digits, the same for the same path."""
    return hashlib.sha256("/".join(path).encode()).hexdigest()[:20]


def filter_name(path: str) -> str:
    """The name of a filter, unique in the report."""
    return f"Filter{hashlib.sha256(path.encode()).hexdigest()[:24]}"


def _file(schema: str, **content: object) -> Json:
    return {"$schema": f"{_DEFINITION}/{schema}/schema.json", **content}


def _report() -> Json:
    custom = theme.theme()["name"]
    return _file(
        "report/3.0.0",
        themeCollection={
            "baseTheme": _theme(BASE_THEME, "SharedResources"),
            "customTheme": _theme(custom, "RegisteredResources"),
        },
        resourcePackages=[
            _package("SharedResources", BASE_THEME, f"BaseThemes/{BASE_THEME}.json", "BaseTheme"),
            _package("RegisteredResources", custom, custom, "CustomTheme"),
        ],
        objects={"outspacePane": q.properties({"expanded": q.flag(False), "visible": q.flag(True)})},
        settings={
            "useStylableVisualContainerHeader": True,
            "exportDataMode": "AllowSummarized",
            "defaultDrillFilterOtherVisuals": True,
            "defaultFilterActionIsDataFilter": True,
            "allowChangeFilterTypes": True,
            "useEnhancedTooltips": True,
            "useDefaultAggregateDisplayName": True,
        },
    )


def _theme(name: str, package: str) -> Json:
    return {"name": name, "reportVersionAtImport": _VERSION_AT_IMPORT, "type": package}


def _package(name: str, item: str, path: str, kind: str) -> Json:
    return {"name": name, "type": name, "items": [{"name": item, "path": path, "type": kind}]}


def _page(name: str, page: Page) -> Json:
    return _file(
        "page/2.0.0",
        name=name,
        displayName=page.title,
        displayOption="FitToPage",
        height=layout.HEIGHT,
        width=layout.WIDTH,
        **_interactions(page),
    )


def _interactions(page: Page) -> Json:
    """A row of a table is one customer: a click on it does not filter the page by that customer's status."""
    exceptions = [
        {"source": identity(page.name, table.name), "target": identity(page.name, other.name), "type": "NoFilter"}
        for table in page.visuals
        if table.kind == "table"
        for other in page.visuals
        if other is not table
    ]
    return {"visualInteractions": exceptions} if exceptions else {}


def _tooltip_name(visual: Visual) -> str:
    return identity("tooltip", visual.name)


def _tooltip_page(name: str, visual: Visual) -> dict[str, Json]:
    """A page that no reader opens: it appears beside the pointer, filtered by what lies below."""
    place = layout.tooltip()
    page = _file(
        "page/2.0.0",
        name=name,
        displayName=f"Tooltip: {visual.title}",
        displayOption="ActualSize",
        height=place.height,
        width=place.width,
        type="Tooltip",
        visibility="HiddenInViewMode",
    )
    shown = charts.cards(tooltips.fields(visual))
    folder = identity("tooltip", visual.name, "cards")
    content = _visual(folder, _Placed("cards", shown, place, f"Tooltip of {visual.title}", framed=False), 0)
    return {f"pages/{name}/page.json": page, f"pages/{name}/visuals/{folder}/visual.json": content}


# --- visuals ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Placed:
    """One visual of a page: its content, where it stands, and what surrounds it."""

    name: str
    chart: Chart
    place: Rectangle
    alt: str
    title: str = ""
    subtitle: Json | None = None
    help: str = ""
    framed: bool = True
    sync: str = ""
    action: str = ""
    tooltip_page: str = ""


def _visuals(report: Report, page: Page) -> dict[str, tuple[Json, Json]]:
    placed = [*_heading(report, page), *_slicers(report), *(_placed(visual) for visual in page.visuals)]
    phones = layout.phone([each.chart.phone_height for each in placed])
    return {
        (name := identity(page.name, each.name)): (_visual(name, each, order), _phone(phone, order))
        for order, (each, phone) in enumerate(zip(placed, phones, strict=True))
    }


def _heading(report: Report, page: Page) -> Iterator[_Placed]:
    """Title, navigation and the date of the data."""
    run = {
        "value": page.title,
        "textStyle": {"fontFamily": theme.FONT_BOLD, "fontSize": f"{theme.SIZES['page']}pt", "color": LIGHT.ink},
    }
    paragraph = {"textRuns": [run], "horizontalTextAlignment": "left"}
    title = Chart("textbox", {}, {"general": [{"properties": {"paragraphs": [paragraph]}}]}, phone_height=48)
    yield _Placed("heading", title, layout.heading(0, 4), f"{report.name}: {page.title}", framed=False)
    navigator = Chart(
        "pageNavigator",
        {},
        {
            "layout": q.properties({"orientation": q.number(2), "cellPadding": q.whole(6)}),
            "pages": q.properties({"showHiddenPages": q.flag(False), "showTooltipPages": q.flag(False)}),
        },
        phone_height=56,
    )
    yield _Placed("navigation", navigator, layout.heading(4, 6), "Page navigation", framed=False)
    yield _Placed(
        "as_of", _as_of(), layout.heading(10, 2), "The last day the data knows", help=AS_OF_DATE.description
    )


def _as_of() -> Chart:
    default = {"id": "default"}
    shown = ModelField(model.fact_name(REFRESHES), AS_OF_DATE.label)
    objects = {
        "value": q.properties({"fontSize": q.number(theme.SIZES["title"])}, default),
        "label": q.properties(
            {"fontSize": q.number(theme.SIZES["small"]), "position": q.text("aboveValue")}, default
        ),
        "outline": q.properties({"show": q.flag(False)}, default),
        "padding": q.properties({"paddingUniform": q.whole(0)}, default),
    }
    return Chart("cardVisual", {"Data": [q.projection(shown, is_measure=True)]}, objects, phone_height=64)


def _slicers(report: Report) -> Iterator[_Placed]:
    for number, name in enumerate(report.slicers):
        cut = dimension(name)
        label = "Joined, by first day of month" if cut is JOIN_MONTH else cut.label
        objects = {
            "data": q.properties({"mode": q.text("Between" if cut is JOIN_MONTH else "Dropdown")}),
            "header": q.properties({"show": q.flag(True), "text": q.text(label)}),
            **({"slider": q.properties({"show": q.flag(False)})} if cut is JOIN_MONTH else {}),
        }
        values = [q.projection(model.field(cut), is_measure=False, active=True)]
        chart = Chart("slicer", {"Values": values}, objects, phone_height=80)
        place = layout.slicer(number, len(report.slicers))
        yield _Placed(f"slicer/{name}", chart, place, f"Slicer: {label}", sync=name)
    yield _Placed("clear", _clear_button(), layout.clear_button(), "Clear all slicers", action="ClearAllSlicers")


def _clear_button() -> Chart:
    label = {
        "show": q.flag(True),
        "text": q.text("Clear all slicers"),
        "fontSize": q.number(theme.SIZES["label"]),
        "fontColor": q.color(LIGHT.ink),
    }
    objects = {
        "icon": q.properties({"show": q.flag(False)}),
        "outline": q.properties({"show": q.flag(False)}),
        "text": q.properties({"show": q.flag(True)}) + q.properties(label, {"id": "default"}),
    }
    return Chart("actionButton", {}, objects, phone_height=48)


def _placed(visual: Visual) -> _Placed:
    chart = charts.chart(visual, filter_name)
    return _Placed(
        visual.name,
        chart,
        layout.cells(visual.place),
        f"{visual.title}. {visual.definition}.",
        title=visual.title,
        subtitle=_subtitle(visual),
        help=visual.measure.description,
        tooltip_page=_tooltip_name(visual) if tooltips.has_page(visual) else "",
    )


def _subtitle(visual: Visual) -> Json:
    """The definition; where numbers belong to it, a measure that says them."""
    if not subtitles.is_moving(visual):
        return q.text(visual.definition)
    return {"expr": q.measure(ModelField(model.fact_name(visual.fact), subtitles.name(visual)))}


def _visual(name: str, placed: _Placed, order: int) -> Json:
    chart = placed.chart
    query = {
        "queryState": {role: {"projections": projections} for role, projections in chart.roles.items()},
        **({"sortDefinition": chart.sort} if chart.sort else {}),
    }
    visual = {
        "visualType": chart.type,
        **({"query": query} if chart.roles else {}),
        **({"objects": chart.objects} if chart.objects else {}),
        "visualContainerObjects": _container(placed),
        **({"syncGroup": _sync(placed.sync)} if placed.sync else {}),
        "drillFilterOtherVisuals": True,
    }
    return {
        **_file("visualContainer/2.4.0", name=name, position=_position(placed.place, order), visual=visual),
        **({"filterConfig": {"filters": list(chart.filters)}} if chart.filters else {}),
        **({"howCreated": "InsertVisualButton"} if chart.type in ("pageNavigator", "actionButton") else {}),
    }


def _phone(place: Rectangle, order: int) -> Json:
    return _file("visualContainerMobileState/2.2.0", position=_position(place, order))


def _position(place: Rectangle, order: int) -> Json:
    step = 1000 * order
    return {
        "x": place.x,
        "y": place.y,
        "z": step,
        "height": place.height,
        "width": place.width,
        "tabOrder": step,
    }


def _sync(group: str) -> Json:
    return {"groupName": group, "fieldChanges": True, "filterChanges": True}


def _container(placed: _Placed) -> dict[str, list[Json]]:
    """Title above definition, the full description behind the question mark, text for those who do not see."""
    objects = {
        "general": q.properties({"altText": q.text(placed.alt)}),
        "title": q.properties({"show": q.flag(bool(placed.title)), "text": q.text(placed.title)}),
        "padding": q.properties({side: q.number(8) for side in ("top", "bottom", "left", "right")}),
    }
    if placed.action:
        objects["visualLink"] = q.properties({"show": q.flag(True), "type": q.text(placed.action)})
    if placed.tooltip_page:
        shown = {"type": q.text("Canvas"), "section": q.text(placed.tooltip_page)}
        objects["visualTooltip"] = q.properties({"show": q.flag(True), **shown})
    if placed.subtitle:
        objects["subTitle"] = q.properties({"show": q.flag(True), "text": placed.subtitle})
    if placed.help:
        objects["visualHeader"] = q.properties({"showTooltipButton": q.flag(True)})
        objects["visualHeaderTooltip"] = q.properties({"text": q.text(placed.help)})
    if not placed.framed:
        objects["background"] = q.properties({"show": q.flag(False)})
        objects["border"] = q.properties({"show": q.flag(False)})
    if placed.chart.own_cell_colors:
        objects["stylePreset"] = q.properties({"name": q.text("None")})
    return objects
