"""
A placed visual: its content, position and frame, as one JSON object.

Schema versions are deliberately those of November 2025: newer versions of Power BI Desktop upgrade older files,
older ones reject newer files.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from customer360.power_bi import queries as q
from customer360.power_bi.charts import Chart
from customer360.power_bi.layout import Rectangle
from customer360.power_bi.queries import Json

_DEFINITION: Final = "https://developer.microsoft.com/json-schemas/fabric/item/report/definition"


def identity(*path: str) -> str:
    """The name of a page or visual in the files: 20 hex digits, derived from *path*."""
    return hashlib.sha256("/".join(path).encode()).hexdigest()[:20]


def filter_name(path: str) -> str:
    """The name of a filter, unique in the report."""
    return f"Filter{hashlib.sha256(path.encode()).hexdigest()[:24]}"


def definition_file(schema: str, **content: object) -> Json:
    """A file of the definition folder, with the version of *schema*."""
    return {"$schema": f"{_DEFINITION}/{schema}/schema.json", **content}


@dataclass(frozen=True)
class Placed:
    """One visual of a page: its content, position and frame."""

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


def container(name: str, placed: Placed, order: int) -> Json:
    """The file of a visual, the *order*-th in the tab order."""
    chart = placed.chart
    query = {
        "queryState": {role: {"projections": projections} for role, projections in chart.roles.items()},
        **({"sortDefinition": chart.sort} if chart.sort else {}),
    }
    visual = {
        "visualType": chart.type,
        **({"query": query} if chart.roles else {}),
        **({"objects": chart.objects} if chart.objects else {}),
        "visualContainerObjects": _around(placed),
        **({"syncGroup": _sync(placed.sync)} if placed.sync else {}),
        "drillFilterOtherVisuals": True,
    }
    return {
        **definition_file(
            "visualContainer/2.4.0", name=name, position=_position(placed.place, order), visual=visual
        ),
        **({"filterConfig": {"filters": list(chart.filters)}} if chart.filters else {}),
        **({"howCreated": "InsertVisualButton"} if chart.type in ("pageNavigator", "actionButton") else {}),
    }


def on_phone(place: Rectangle, order: int) -> Json:
    """The visual's position on a phone."""
    return definition_file("visualContainerMobileState/2.2.0", position=_position(place, order))


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


def _around(placed: Placed) -> dict[str, list[Json]]:
    """Title above definition, the full description behind the question mark, and alt text."""
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
