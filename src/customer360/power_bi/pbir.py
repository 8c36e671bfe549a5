"""The report as PBIR: one JSON object per file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from customer360.power_bi import charts, layout, model, people, people_pages, subtitles, theme, tooltips, values
from customer360.power_bi import queries as q
from customer360.power_bi.charts import Chart
from customer360.power_bi.layout import Canvas
from customer360.power_bi.parts import ModelField
from customer360.power_bi.placed import Placed, container, definition_file, filter_name, identity, on_phone
from customer360.power_bi.queries import Json
from customer360.report.customer_measures import AS_OF_DATE
from customer360.report.dimensions import ACTIVITY, JOIN_MONTH, dimension
from customer360.report.measures import measure
from customer360.report.palette import LIGHT
from customer360.report.visuals import Page, Report, Visual
from customer360.tables import ACTIVE_DAYS, REFRESHES

BASE_THEME: Final = "CY26SU10"
_ACTIVITY: Final = f"The stored is_active; without it in the data, whether seen in the last {ACTIVE_DAYS} days."
_VERSION_AT_IMPORT: Final = {"visual": "2.4.0", "report": "3.0.0", "page": "2.3.0"}


def files(report: Report, listed: Sequence[str] = model.LISTED) -> dict[str, Json]:
    """Every file of the definition folder, path -> content; lists of customers show the columns *listed*."""
    pages = {identity("page", page.name): page for page in report.pages}
    lists = people.shown(report)
    order = [
        *pages,
        *map(people_pages.name, lists),
        *(_tooltip_name(one) for page in report.pages for one in page.visuals if tooltips.has_page(one)),
    ]
    built: dict[str, Json] = {
        "version.json": definition_file("versionMetadata/1.0.0", version="2.0.0"),
        "report.json": _report(),
        "pages/pages.json": definition_file("pagesMetadata/1.0.0", pageOrder=order, activePageName=order[0]),
    }
    for name, page in pages.items():
        built[f"pages/{name}/page.json"] = _page(name, page)
        for folder, (content, phone) in _visuals(report, page).items():
            built[f"pages/{name}/visuals/{folder}/visual.json"] = content
            built[f"pages/{name}/visuals/{folder}/mobile.json"] = phone
        for visual in filter(tooltips.has_page, page.visuals):
            built |= _tooltip_page(_tooltip_name(visual), visual)
    for one, fields in lists.items():
        built |= people_pages.files(one, fields, listed)
    return built


def _report() -> Json:
    custom = theme.theme()["name"]
    return definition_file(
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
    return definition_file(
        "page/2.0.0",
        name=name,
        displayName=page.title,
        displayOption="FitToPage",
        height=Canvas(page.rows).height,
        width=Canvas(page.rows).width,
        **_interactions(page),
    )


def _interactions(page: Page) -> Json:
    """A row of a table is one customer: a click on it must not filter the page by that customer's status."""
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
    """A hidden page that appears as a tooltip, filtered by the mark under the pointer."""
    place = layout.tooltip()
    page = definition_file(
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
    content = container(folder, Placed("cards", shown, place, f"Tooltip of {visual.title}", framed=False), 0)
    return {f"pages/{name}/page.json": page, f"pages/{name}/visuals/{folder}/visual.json": content}


# --- visuals ---------------------------------------------------------------------------------------------


def _visuals(report: Report, page: Page) -> dict[str, tuple[Json, Json]]:
    canvas = Canvas(page.rows)
    own = (_placed(visual, canvas) for visual in page.visuals)
    placed = [*_heading(report, page, canvas), *_slicers(report, canvas), *own]
    phones = layout.phone([each.chart.phone_height for each in placed])
    return {
        (name := identity(page.name, each.name)): (container(name, each, order), on_phone(phone, order))
        for order, (each, phone) in enumerate(zip(placed, phones, strict=True))
    }


def _heading(report: Report, page: Page, canvas: Canvas) -> Iterator[Placed]:
    """Title, navigation and the date of the data."""
    run = {
        "value": page.title,
        "textStyle": {"fontFamily": theme.FONT_BOLD, "fontSize": f"{theme.SIZES['page']}pt", "color": LIGHT.ink},
    }
    paragraph = {"textRuns": [run], "horizontalTextAlignment": "left"}
    title = Chart("textbox", {}, {"general": [{"properties": {"paragraphs": [paragraph]}}]}, phone_height=48)
    yield Placed("heading", title, canvas.heading(0, 4), f"{report.name}: {page.title}", framed=False)
    navigator = Chart(
        "pageNavigator",
        {},
        {
            "layout": q.properties({"orientation": q.number(2), "cellPadding": q.whole(6)}),
            "pages": q.properties({"showHiddenPages": q.flag(False), "showTooltipPages": q.flag(False)}),
        },
        phone_height=56,
    )
    yield Placed("navigation", navigator, canvas.heading(4, 6), "Page navigation", framed=False)
    as_of = canvas.heading(10, 2)
    yield Placed("as_of", _as_of(), as_of, "Last day treated as known", help=AS_OF_DATE.description)


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


def _slicers(report: Report, canvas: Canvas) -> Iterator[Placed]:
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
        place = canvas.slicer(number, len(report.slicers))
        text = _ACTIVITY if cut is ACTIVITY else ""
        yield Placed(f"slicer/{name}", chart, place, f"Slicer: {label}", sync=name, help=text)
    yield Placed("clear", _clear_button(), canvas.clear_button(), "Clear all slicers", action="ClearAllSlicers")


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


def _placed(visual: Visual, canvas: Canvas) -> Placed:
    chart = charts.chart(visual, filter_name)
    return Placed(
        visual.name,
        chart,
        canvas.cells(visual.place),
        f"{visual.title}. {subtitles.definition(visual)}.",
        title=visual.title,
        subtitle=_subtitle(visual),
        help=_help(visual),
        tooltip_page=_tooltip_name(visual) if tooltips.has_page(visual) else "",
    )


def _help(visual: Visual) -> str:
    """The meaning of the number, or of each number if there are several."""
    if visual.kind == "matrix":
        shown = (visual.measure, *visual.tooltip_measures)
    elif visual.kind == "flow":
        shown = tuple(map(measure, (*visual.above, *visual.below)))
    elif visual.compared:
        return f"{visual.measure.description} The large number: {values.drawn(visual).definition}."
    else:
        return visual.measure.description
    return " ".join(f"{one.label}: {one.definition}." for one in shown)


def _subtitle(visual: Visual) -> Json:
    """The definition, or a measure if the subtitle contains numbers."""
    if not subtitles.is_moving(visual):
        return q.text(subtitles.definition(visual))
    return {"expr": q.measure(ModelField(model.fact_name(visual.fact), subtitles.name(visual)))}
