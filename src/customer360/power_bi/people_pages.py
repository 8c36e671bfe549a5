"""
Drillthrough pages: the customers behind a number.

Each list has a hidden page, opened by a right-click on a mark that shows one of its measures. With a measure as
its drillthrough field, a page is offered wherever the measure is shown, and receives every filter of the mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from customer360.power_bi import layout, model, theme
from customer360.power_bi import queries as q
from customer360.power_bi.charts import Chart
from customer360.power_bi.layout import Canvas, Rectangle
from customer360.power_bi.parts import ModelField
from customer360.power_bi.people import People
from customer360.power_bi.placed import Placed, container, definition_file, filter_name, identity, on_phone
from customer360.power_bi.queries import Json
from customer360.report.dimensions import DIMENSIONS
from customer360.report.palette import LIGHT
from customer360.tables import CUSTOMER_PROFILES

_CANVAS: Final = Canvas(layout.FEWEST_ROWS)
_HEADINGS: Final = {cut.profile_column: cut.label for cut in DIMENSIONS if cut.profile_column}


def name(people: People) -> str:
    """The name of a list's page in the files."""
    return identity("people", people.of)


def title(people: People) -> str:
    """The title by which the reader chooses it."""
    return f"Customers: {people.of}"


def files(people: People, found_by: Sequence[ModelField], listed: Sequence[str]) -> dict[str, Json]:
    """Path -> content of a page *found_by* these measures, with a table of the columns *listed*."""
    page = name(people)
    placed = [*_heading(people), _table(people, listed)]
    phones = layout.phone([each.chart.phone_height for each in placed])
    built = {f"pages/{page}/page.json": _page(people, found_by)}
    for order, (each, phone) in enumerate(zip(placed, phones, strict=True)):
        folder = identity("people", people.of, each.name)
        built[f"pages/{page}/visuals/{folder}/visual.json"] = container(folder, each, order)
        built[f"pages/{page}/visuals/{folder}/mobile.json"] = on_phone(phone, order)
    return built


def _page(people: People, found_by: Sequence[ModelField]) -> Json:
    filters = [q.handed(filter_name(f"{name(people)}/{field.dax}"), field) for field in found_by]
    parameters = [
        {"name": f"Param_{one['name']}", "boundFilter": one["name"], "fieldExpr": one["field"]} for one in filters
    ]
    binding = {
        "name": identity("binding", people.of),
        "type": "Drillthrough",
        "referenceScope": "Default",
        "acceptsFilterContext": "Default",
        "parameters": parameters,
    }
    return definition_file(
        "page/2.0.0",
        name=name(people),
        displayName=title(people),
        displayOption="FitToPage",
        height=_CANVAS.height,
        width=_CANVAS.width,
        filterConfig={"filters": filters},
        pageBinding=binding,
        type="Drillthrough",
        visibility="HiddenInViewMode",
    )


def _heading(people: People) -> Iterator[Placed]:
    """The back button and the title."""
    objects = {
        "icon": q.properties({"shapeType": q.text("back"), "lineColor": q.color(LIGHT.ink)}, {"id": "default"}),
        "outline": q.properties({"show": q.flag(False)}),
    }
    back = Chart("actionButton", {}, objects, phone_height=48)
    yield Placed("back", back, _CANVAS.heading(0, 1), "Back to the page you came from", action="Back")
    run = {
        "value": title(people),
        "textStyle": {"fontFamily": theme.FONT_BOLD, "fontSize": f"{theme.SIZES['page']}pt", "color": LIGHT.ink},
    }
    paragraph = {"textRuns": [run], "horizontalTextAlignment": "left"}
    heading = Chart("textbox", {}, {"general": [{"properties": {"paragraphs": [paragraph]}}]}, phone_height=64)
    yield Placed("heading", heading, _CANVAS.heading(1, 11), title(people), framed=False)


def _table(people: People, listed: Sequence[str]) -> Placed:
    objects = {
        "columnHeaders": q.properties(
            {"autoSizeColumnWidth": q.flag(True), "columnAdjustment": q.text("growToFit")}
        ),
        "total": q.properties({"totals": q.flag(False)}),
    }
    chart = Chart(
        "tableEx",
        {"Values": [*map(_column, listed), *_added(people)]},
        objects,
        q.sort(_field(listed[0])),
        (q.has_value(filter_name(f"{name(people)}/list"), people.field),),
        phone_height=480,
    )
    text = people.measure.definition
    return Placed(
        "customers",
        chart,
        _below_the_heading(),
        f"{title(people)}. {text}.",
        title=people.measure.label,
        subtitle=q.text(f"{text[0].upper()}{text[1:]}; one row per customer, within the filters of the mark"),
        help=people.measure.description,
    )


def _added(people: People) -> list[Json]:
    """If the number is a sum over what customers did, each customer's part of it."""
    shown = q.projection(people.field, is_measure=True, name=f"{people.measure.label}, in View")
    return [shown] if people.adds_up else []


def _column(source: str) -> Json:
    heading = _HEADINGS.get(source, CUSTOMER_PROFILES[source].label)
    is_key = (source,) == CUSTOMER_PROFILES.key
    return q.projection(_field(source), is_measure=False, name=source if is_key else heading)


def _field(source: str) -> ModelField:
    table = model.table_named(model.fact_name(CUSTOMER_PROFILES))
    return ModelField(table.name, table.column(source).name)


def _below_the_heading() -> Rectangle:
    top = layout.SLICERS_TOP
    return Rectangle(layout.EDGE, top, _CANVAS.width - 2 * layout.EDGE, _CANVAS.height - top - layout.EDGE)
