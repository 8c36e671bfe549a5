"""Visuals as Power BI's native visual types: the fields of each role, and the formatting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from customer360.power_bi import model, theme, values
from customer360.power_bi import queries as q
from customer360.power_bi.parts import ModelField
from customer360.power_bi.queries import Json
from customer360.power_bi.tmdl import STATUS_COLOR
from customer360.report.dimensions import LOYALTY_STATUS, Dimension, dimension
from customer360.report.expressions import LastClosedMonth, Measure, Sum, parameter_of
from customer360.report.measures import measure
from customer360.report.palette import LIGHT
from customer360.report.visuals import Kind, Visual

NO_VALUE: Final = "—"
"""Shown for missing data; 0 is a number."""


@dataclass(frozen=True)
class Chart:
    """A visual type with its roles, order, formatting and visual-level filters."""

    type: str
    roles: dict[str, list[Json]]
    objects: dict[str, list[Json]] = field(default_factory=dict)
    sort: Json | None = None
    filters: tuple[Json, ...] = ()
    own_cell_colors: bool = False
    phone_height: int = 240


def chart(visual: Visual, name_filter: Callable[[str], str]) -> Chart:
    """The native chart of *visual*; *name_filter* turns a text into the name of a filter."""
    built = _CHARTS[visual.kind](visual)
    filters = [
        q.not_blank(name_filter(f"{visual.name}/{cut.name}"), model.field(cut))
        for cut in map(dimension, visual.by)
        if cut.nullable
    ]
    filters += [
        q.one_of(name_filter(f"{visual.name}/only/{name}"), model.field(dimension(name)), members)
        for name, members in visual.only.items()
    ]
    if visual.top:
        filters.append(_top(visual, name_filter))
    return Chart(
        built.type,
        built.roles,
        built.objects,
        built.sort,
        tuple(filters),
        built.own_cell_colors,
        built.phone_height,
    )


def measure_field(one: Measure, visual: Visual) -> ModelField:
    """The measure in the visual's fact."""
    return ModelField(model.fact_name(visual.fact), model.measure_name(one, visual.fact))


def _value(visual: Visual) -> list[Json]:
    return [q.projection(values.field(visual), is_measure=True, name=values.drawn(visual).label)]


def _measure(one: Measure, visual: Visual) -> Json:
    return q.projection(measure_field(one, visual), is_measure=True, name=one.label)


def _tooltips(visual: Visual) -> dict[str, list[Json]]:
    more = [_measure(one, visual) for one in visual.tooltip_measures]
    return {"Tooltips": more} if more else {}


def _axis(cut: Dimension) -> list[Json]:
    return [q.projection(model.field(cut), is_measure=False, name=cut.label, active=True)]


def _first_cut(visual: Visual) -> Dimension:
    return dimension(visual.by[0])


def _along(visual: Visual) -> dict[str, list[Json]]:
    return {"Category": _axis(_first_cut(visual)), "Y": _value(visual), **_tooltips(visual)}


def _in_order(visual: Visual) -> Json:
    return q.sort(model.field(_first_cut(visual)))


def _card(visual: Visual) -> Chart:
    default = {"id": "default"}
    value = {
        "fontSize": q.number(theme.SIZES["value"]),
        "fontFamily": q.text(theme.FONT_BOLD),
        "labelDisplayUnits": q.number(1),
        "showBlankAs": q.text(NO_VALUE),
        "horizontalAlignment": q.text("left"),
    }
    objects = {
        "value": q.properties(value, default),
        "label": q.properties({"show": q.flag(False)}, default),
        "outline": q.properties({"show": q.flag(False)}, default),
        "padding": q.properties({"paddingUniform": q.whole(4)}, default),
    }
    return Chart("cardVisual", {"Data": _value(visual), **_tooltips(visual)}, objects, phone_height=120)


def cards(fields: Iterable[tuple[ModelField, str]]) -> Chart:
    """Several numbers in a row, each below its label."""
    default = {"id": "default"}
    value = {
        "fontSize": q.number(theme.SIZES["title"]),
        "fontFamily": q.text(theme.FONT_BOLD),
        "labelDisplayUnits": q.number(1),
        "showBlankAs": q.text(NO_VALUE),
    }
    objects = {
        "value": q.properties(value, default),
        "label": q.properties({"fontSize": q.number(theme.SIZES["small"])}, default),
        "outline": q.properties({"show": q.flag(False)}, default),
    }
    shown = [q.projection(field, is_measure=True, name=label) for field, label in fields]
    return Chart("cardVisual", {"Data": shown}, objects)


def is_over_time(visual: Visual) -> bool:
    """Whether a KPI is compared with an earlier month rather than with other customers."""
    return bool(visual.compare) and isinstance(measure(visual.compare).expression, LastClosedMonth)


def _kpi(visual: Visual) -> Chart:
    """Only a change over time is good or bad; a difference between a selection and the others is neither."""
    roles = {"Indicator": _value(visual)}
    if visual.compare:
        roles["Goal"] = [_measure(measure(visual.compare), visual)]
    is_flow, shown = is_over_time(visual), values.drawn(visual)
    good = shown.good != "down"
    kind = "Value" if shown.format == "percent" else "Percent"
    objects = {
        "indicator": q.properties(
            {
                "fontSize": q.number(theme.SIZES["value"]),
                "fontFamily": q.text(theme.FONT_BOLD),
                "indicatorDisplayUnits": q.number(1 if visual.compare else 0),
            }
        ),
        "goals": q.properties(
            {
                "showGoal": q.flag(bool(visual.compare)),
                "goalText": q.text("A year earlier" if is_flow else "Others"),
                "showDistance": q.flag(bool(visual.compare)),
                "distanceLabel": q.text(kind),
                "direction": q.text("High is good" if good else "Low is good"),
            }
        ),
        "status": q.properties(
            {
                "direction": q.text("Positive" if good else "Negative"),
                "goodColor": q.color(LIGHT.good if is_flow else LIGHT.ink),
                "neutralColor": q.color(LIGHT.ink),
                "badColor": q.color(LIGHT.bad if is_flow else LIGHT.ink),
            }
        ),
        "trendline": q.properties({"show": q.flag(False)}),
    }
    return Chart("kpi", roles, objects, phone_height=150)


def _donut(visual: Visual) -> Chart:
    labels = {"show": q.flag(True), "labelStyle": q.text("Category, percent of total")}
    objects = {
        "legend": q.properties({"show": q.flag(False)}),
        "labels": q.properties(labels),
        "slices": q.properties({"innerRadiusRatio": q.whole(64)}),
        **_colors(visual),
    }
    return Chart("donutChart", _along(visual), objects, _in_order(visual))


def _line(visual: Visual) -> Chart:
    objects = {
        "lineStyles": q.properties({"strokeWidth": q.number(2)}),
        "categoryAxis": q.properties({"axisType": q.text("Scalar")}),
        "valueAxis": q.properties({"start": q.number(0)}),
    }
    kind = "areaChart" if visual.kind == "area" else "lineChart"
    return Chart(kind, _along(visual), objects, _in_order(visual))


def _bar(visual: Visual) -> Chart:
    objects = {
        "labels": q.properties({"show": q.flag(True)}),
        "valueAxis": q.properties({"show": q.flag(False)}),
        **_colors(visual),
    }
    return Chart("clusteredBarChart", _along(visual), objects, _in_order(visual))


def _column(visual: Visual) -> Chart:
    objects = {"categoryAxis": q.properties({"axisType": q.text("Categorical")})}
    return Chart("clusteredColumnChart", _along(visual), objects, _in_order(visual))


def _histogram(visual: Visual) -> Chart:
    axis = {"axisType": q.text("Categorical"), "innerPadding": q.whole(4)}
    objects = {
        "categoryAxis": q.properties(axis),
        "legend": q.properties({"show": q.flag(False)}),
    }
    return Chart("columnChart", _along(visual), objects, _in_order(visual))


def _flow(visual: Visual) -> Chart:
    """Stacked month by month, in the order of definition; the total is in the tooltip."""
    above = [_measure(measure(name), visual) for name in visual.above]
    fact = model.fact_name(visual.fact)
    below = [
        q.projection(ModelField(fact, name), is_measure=True, name=one.label)
        for name, (one, _) in values.below(visual).items()
    ]
    whole = [_measure(one, visual) for one in (visual.measure, *visual.tooltip_measures)]
    objects = {
        "categoryAxis": q.properties({"axisType": q.text("Scalar")}),
        "legend": q.properties({"show": q.flag(True), "position": q.text("Top")}),
    }
    roles = {"Category": _axis(_first_cut(visual)), "Y": [*above, *below], "Tooltips": whole}
    return Chart("columnChart", roles, objects, _in_order(visual), phone_height=320)


def _matrix(visual: Visual) -> Chart:
    """A row per member and a column per measure, without a tooltip."""
    shown = [_measure(one, visual) for one in (visual.measure, *visual.tooltip_measures)]
    objects = {
        "columnHeaders": q.properties(
            {"autoSizeColumnWidth": q.flag(True), "columnAdjustment": q.text("growToFit")}
        ),
        "total": q.properties({"totals": q.flag(False)}),
    }
    roles = {"Values": [*_axis(_first_cut(visual)), *shown]}
    return Chart("tableEx", roles, objects, _in_order(visual), phone_height=400)


def _heat_map(visual: Visual) -> Chart:
    """A matrix whose cells are coloured by value; high bands are at the top, as on an axis."""
    rows, columns = map(dimension, visual.by)
    shown = values.field(visual)
    reference = f"{shown.table}.{shown.column}"
    objects = {
        "values": q.properties(
            {"backColor": _gradient(reference)},
            {"data": [{"dataViewWildcard": {"matchingOption": 1}}], "metadata": reference},
        ),
        "subTotals": q.properties({"rowSubtotals": q.flag(False), "columnSubtotals": q.flag(False)}),
        "columnHeaders": q.properties(
            {"autoSizeColumnWidth": q.flag(True), "columnAdjustment": q.text("growToFit")}
        ),
        "grid": q.properties({"rowPadding": q.number(3)}),
    }
    roles = {"Rows": _axis(rows), "Columns": _axis(columns), "Values": _value(visual)}
    order = q.sort(model.field(rows), descending=bool(rows.banded_column))
    return Chart("pivotTable", roles, objects, order, own_cell_colors=True, phone_height=400)


def _gradient(reference: str) -> Json:
    stops = {
        "min": {"color": {"Literal": {"Value": f"'{LIGHT.heat_low}'"}}},
        "max": {"color": {"Literal": {"Value": f"'{LIGHT.heat_high}'"}}},
        "nullColoringStrategy": {"strategy": {"Literal": {"Value": "'noColor'"}}},
    }
    rule = {"Input": {"SelectRef": {"ExpressionName": reference}}, "FillRule": {"linearGradient2": stops}}
    return {"solid": {"color": {"expr": {"FillRule": rule}}}}


def _table(visual: Visual) -> Chart:
    """Name, value, then the rest; the id separates customers of the same name."""
    first, *others = [
        q.projection(model.fact_field(visual.fact, name), is_measure=False, name=visual.fact[name].label)
        for name in visual.columns
    ]
    objects = {
        "columnHeaders": q.properties(
            {"autoSizeColumnWidth": q.flag(True), "columnAdjustment": q.text("growToFit")}
        ),
        "total": q.properties({"totals": q.flag(False)}),
    }
    roles = {"Values": [first, *_value(visual), *others]}
    order = q.sort(measure_field(visual.measure, visual), is_measure=True, descending=True)
    return Chart("tableEx", roles, objects, order, phone_height=360)


def _top(visual: Visual, name_filter: Callable[[str], str]) -> Json:
    key = model.fact_field(visual.fact, "customer_id")
    summed = visual.measure.expression
    assert isinstance(summed, Sum)  # noqa: S101 - a table of the highest rows ranks by a column
    by = model.fact_field(visual.fact, summed.column)
    return q.top(name_filter(f"{visual.name}/top"), key, by, visual.top)


def _funnel(visual: Visual) -> Chart:
    labels = {"show": q.flag(True), "funnelLabelStyle": q.text("Data, percent of first")}
    objects = {
        "labels": q.properties(labels),
        "percentBarLabel": q.properties({"show": q.flag(True)}),
        "dataPoint": q.properties({"defaultColor": q.color(LIGHT.main)}),
    }
    return Chart("funnel", _along(visual), objects, _in_order(visual))


def _treemap(visual: Visual) -> Chart:
    objects = {
        "legend": q.properties({"show": q.flag(False)}),
        "labels": q.properties({"show": q.flag(True)}),
        "categoryLabels": q.properties({"show": q.flag(True)}),
        **_colors(visual),
    }
    roles = {"Group": _axis(_first_cut(visual)), "Values": _value(visual), **_tooltips(visual)}
    return Chart("treemap", roles, objects)


def _parameter(visual: Visual) -> Chart:
    """A slider with an input box: it keeps the values from the chosen one up, and the measure takes the lowest."""
    parameter = parameter_of(visual.measure)
    assert parameter is not None  # noqa: S101 - the visual of a parameter shows a measure that uses it
    chosen = ModelField(parameter.label, parameter.label)
    preset = {"filter": q.at_least(chosen, parameter.default)}
    objects = {
        "data": q.properties({"mode": q.text("After")}),
        "header": q.properties({"show": q.flag(False)}),
        "general": [{"properties": {"filter": preset}}],
    }
    return Chart(
        "slicer", {"Values": [q.projection(chosen, is_measure=False, active=True)]}, objects, phone_height=150
    )


def _colors(visual: Visual) -> dict[str, list[Json]]:
    """Statuses in their shades; everything else in the theme's first colour."""
    if LOYALTY_STATUS.name not in visual.by:
        return {}
    shade = q.measure(ModelField(model.field(LOYALTY_STATUS).table, STATUS_COLOR))
    fill = {"fill": {"solid": {"color": {"expr": shade}}}}
    return {"dataPoint": q.properties(fill, {"data": [{"dataViewWildcard": {"matchingOption": 1}}]})}


_CHARTS: Final[dict[Kind, Callable[[Visual], Chart]]] = {
    "card": _card,
    "kpi": _kpi,
    "donut": _donut,
    "line": _line,
    "area": _line,
    "bar": _bar,
    "column": _column,
    "histogram": _histogram,
    "heat_map": _heat_map,
    "table": _table,
    "funnel": _funnel,
    "treemap": _treemap,
    "parameter": _parameter,
    "flow": _flow,
    "matrix": _matrix,
}
