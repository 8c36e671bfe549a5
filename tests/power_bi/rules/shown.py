"""What each visual of the report shows: its fields, order, filters and colours match its definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from customer360.power_bi import model, subtitles
from customer360.power_bi.placed import identity
from customer360.report.dimensions import LOYALTY_STATUS, dimension
from customer360.report.expressions import LastClosedMonth, Measure, Sum, parameter_of
from customer360.report.measures import measure
from customer360.report.palette import LIGHT
from customer360.report.parameters import Parameter
from customer360.report.visuals import COLUMNS, Page, Report, Visual
from tests.power_bi.rules.report import field_of, fields, walk

FieldName = tuple[str, tuple[str, str]]


@dataclass(frozen=True)
class Native:
    """A kind of visual in Power BI: its type, the roles of its axes and its value, and its required formatting."""

    type: str
    axes: tuple[str, ...] = ()
    value: str = "Y"
    tooltips: bool = True
    sorted: bool = True
    objects: Mapping[str, str] = field(default_factory=dict)


_CATEGORY = ("Category",)
_BLANK = {"value.showBlankAs": "'—'", "value.labelDisplayUnits": "1D", "label.show": "false"}
_ZERO = {"valueAxis.start": "0D", "categoryAxis.axisType": "'Scalar'"}
_PARTS = {"labels.show": "true"}
_DONUT = {"labels.labelStyle": "'Category, percent of total'", "slices.innerRadiusRatio": "64L"}
NATIVES = {
    "card": Native("cardVisual", value="Data", sorted=False, objects=_BLANK),
    "kpi": Native("kpi", value="Indicator", tooltips=False, sorted=False, objects={"trendline.show": "false"}),
    "donut": Native("donutChart", _CATEGORY, objects=_PARTS | _DONUT),
    "line": Native("lineChart", _CATEGORY, objects=_ZERO),
    "area": Native("areaChart", _CATEGORY, objects=_ZERO),
    "bar": Native("clusteredBarChart", _CATEGORY, objects={**_PARTS, "valueAxis.show": "false"}),
    "column": Native("clusteredColumnChart", _CATEGORY, objects={"categoryAxis.axisType": "'Categorical'"}),
    "histogram": Native("columnChart", _CATEGORY, objects={"categoryAxis.axisType": "'Categorical'"}),
    "heat_map": Native(
        "pivotTable",
        ("Rows", "Columns"),
        "Values",
        tooltips=False,
        objects={"subTotals.rowSubtotals": "false", "subTotals.columnSubtotals": "false"},
    ),
    "table": Native("tableEx", value="Values", tooltips=False, objects={"total.totals": "false"}),
    "funnel": Native(
        "funnel", _CATEGORY, objects={**_PARTS, "labels.funnelLabelStyle": "'Data, percent of first'"}
    ),
    "treemap": Native("treemap", ("Group",), "Values", sorted=False, objects=_PARTS),
    "parameter": Native(
        "slicer",
        value="Values",
        tooltips=False,
        sorted=False,
        objects={"data.mode": "'After'", "header.show": "false"},
    ),
    "flow": Native("columnChart", _CATEGORY, objects={"categoryAxis.axisType": "'Scalar'", "legend.show": "true"}),
    "matrix": Native("tableEx", value="Values", tooltips=False, objects={"total.totals": "false"}),
}
FILLED = ("card", "kpi", "line", "area", "column", "histogram", "heat_map")
EDGE, GUTTER, ROW, TOP = 24, 16, 50, 168


def problems(objects: Mapping[str, Any], report: Report) -> Iterator[str]:
    visuals = {path.split("/")[-2]: one for path, one in objects.items() if path.endswith("/visual.json")}
    for page in report.pages:
        for visual in page.visuals:
            content = visuals[identity(page.name, visual.name)]
            yield from (f"{visual.name}: {problem}" for problem in _of_visual(visual, content, page))


def drawn(visual: Visual) -> Measure:
    """The measure drawn large; for a KPI that compares two months, that of the later month."""
    return measure(visual.compared or visual.measures[0])


def is_filled(visual: Visual) -> bool:
    """Whether no customers are drawn as 0: a count, in a visual with room for it."""
    counts = drawn(visual).format == "count" and not isinstance(drawn(visual).expression, LastClosedMonth)
    return visual.kind in FILLED and counts


def size(page: Page) -> tuple[int, int, int]:
    """Width, height and column width: as high as its rows, and as wide as 16:9, up to a limit."""
    height = TOP + max(10, page.rows) * (ROW + GUTTER)
    cell = round((height * 16 / 9 - 2 * EDGE - (COLUMNS - 1) * GUTTER) / COLUMNS)
    cell = min(max(cell, 104), 176)
    return 2 * EDGE + COLUMNS * cell + (COLUMNS - 1) * GUTTER, height, cell


def set_by(visual: Visual) -> Parameter:
    """The parameter that a slicer sets."""
    found = parameter_of(visual.measure)
    assert found
    return found


# --- one visual --------------------------------------------------------------------------------------------


def _of_visual(visual: Visual, content: Mapping[str, Any], page: Page) -> Iterator[str]:
    native, built = NATIVES[visual.kind], content["visual"]
    if built["visualType"] != native.type:
        yield f"is a {built['visualType']} and not a {native.type}"
    state = built["query"]["queryState"]
    shown = {role: [field_of(one["field"]) for one in part["projections"]] for role, part in state.items()}
    expected = _roles(visual, native)
    if shown != expected and shown != _without_names(visual, expected):
        yield f"shows {shown} and not {expected}"
    yield from _labels(visual, native, state)
    if built["query"].get("sortDefinition", {}).get("isDefaultSort"):
        yield "leaves its order to Power BI"
    if _order(built) != _expected_order(visual, native):
        yield f"is sorted {_order(built)} and not {_expected_order(visual, native)}"
    yield from _formats(visual, native, built)
    yield from _filtered(visual, content)
    yield from _texts(visual, built)
    yield from _placed(visual, content["position"], page)


def _labels(visual: Visual, native: Native, state: Mapping[str, Any]) -> Iterator[str]:
    """The label of a field: that of the measure, regardless of its name in the model."""
    labels = {role: [dimension(name).label] for role, name in zip(native.axes, visual.by, strict=False)}
    if visual.kind == "flow":
        labels["Y"] = [measure(name).label for name in (*visual.above, *visual.below)]
    elif visual.kind == "matrix":
        labels["Values"] = [dimension(visual.by[0]).label, *(measure(name).label for name in visual.measures)]
    elif visual.kind not in ("table", "parameter"):
        labels[native.value] = [drawn(visual).label]
    if visual.compare:
        labels["Goal"] = [measure(visual.compare).label]
    if native.tooltips and _tooltips(visual):
        labels["Tooltips"] = [one.label for one in _tooltips(visual)]
    for role, expected in labels.items():
        shown = state.get(role, {}).get("projections", [])
        if [one.get("displayName", one["nativeQueryRef"]) for one in shown] != expected:
            yield f"does not label {role} {expected}"
        if role in native.axes and not all(one.get("active") for one in shown):
            yield f"has an axis {role} that is not in use"


def _tooltips(visual: Visual) -> tuple[Measure, ...]:
    """The measures of the tooltip; for a flow, including its total."""
    return (visual.measure, *visual.tooltip_measures) if visual.kind == "flow" else visual.tooltip_measures


def _measure(one: Measure, visual: Visual) -> FieldName:
    return "Measure", (model.fact_name(visual.fact), model.measure_name(one, visual.fact))


def column(name: str) -> FieldName:
    shown = model.field(dimension(name))
    return "Column", (shown.table, shown.column)


def _value(visual: Visual) -> FieldName:
    if is_filled(visual):
        return "Measure", (model.fact_name(visual.fact), f"Value of {visual.title}")
    return _measure(drawn(visual), visual)


def _roles(visual: Visual, native: Native) -> dict[str, list[FieldName]]:
    if visual.kind == "parameter":
        return {"Values": [("Column", (set_by(visual).label, set_by(visual).label))]}
    if visual.kind == "matrix":
        return {"Values": [column(visual.by[0]), *(_measure(measure(name), visual) for name in visual.measures)]}
    roles = {role: [column(name)] for role, name in zip(native.axes, visual.by, strict=True)}
    roles[native.value] = [_value(visual)]
    if visual.compare:
        roles["Goal"] = [_measure(measure(visual.compare), visual)]
    if visual.columns:
        shown = [model.fact_field(visual.fact, name) for name in visual.columns]
        first, *others = [("Column", (one.table, one.column)) for one in shown]
        roles["Values"] = [first, *roles["Values"], *others]
    if visual.kind == "flow":
        table = model.fact_name(visual.fact)
        hung = [f"Below in {visual.title}: {measure(name).label}" for name in visual.below]
        above = [_measure(measure(name), visual) for name in visual.above]
        roles["Y"] = [*above, *(("Measure", (table, name)) for name in hung)]
    if native.tooltips and _tooltips(visual):
        roles["Tooltips"] = [_measure(one, visual) for one in _tooltips(visual)]
    return roles


def _without_names(visual: Visual, roles: dict[str, list[FieldName]]) -> dict[str, list[FieldName]]:
    """The roles in a project without names: customer_id first, and neither name nor source_id."""
    if not visual.columns:
        return roles
    table = model.fact_name(visual.fact)
    naming = {(table, visual.fact[name].label) for name in ("name", "source_id")}
    kept = [one for one in roles["Values"] if one[1] not in naming]
    return {**roles, "Values": [("Column", (table, "customer_id")), *kept]}


def _order(built: Mapping[str, Any]) -> list[tuple[FieldName, str]]:
    sort = built["query"].get("sortDefinition", {}).get("sort", [])
    return [(field_of(each["field"]), each["direction"]) for each in sort]


def _expected_order(visual: Visual, native: Native) -> list[tuple[FieldName, str]]:
    """Along the axis; a table by its value, highest first; rows of bands from the highest, as on an axis."""
    if not native.sorted:
        return []
    if visual.kind == "table":
        return [(_measure(visual.measure, visual), "Descending")]
    is_axis_up = visual.kind == "heat_map" and bool(dimension(visual.by[0]).banded_column)
    return [(column(visual.by[0]), "Descending" if is_axis_up else "Ascending")]


# --- formatting --------------------------------------------------------------------------------------------


def literal(objects: Mapping[str, Any], path: str) -> str | None:
    """The literal of a property: 'labels.show' -> true."""
    name, _, each = path.partition(".")
    for part in objects.get(name, []):
        value = part["properties"].get(each, {})
        value = value.get("solid", {}).get("color", value)
        if "Literal" in value.get("expr", {}):
            return value["expr"]["Literal"]["Value"]
    return None


def _formats(visual: Visual, native: Native, built: Mapping[str, Any]) -> Iterator[str]:
    expected = dict(native.objects)
    if visual.kind == "kpi":
        expected |= _goal(visual)
    for path, value in expected.items():
        if literal(built["objects"], path) != value:
            yield f"has {path} {literal(built['objects'], path)} and not {value}"
    if visual.kind in ("bar", "column", "histogram") and literal(built["objects"], "valueAxis.start"):
        yield "has an axis with a wrong start"
    if built["objects"].get("dataPoint", []) and visual.kind != "funnel":
        yield from _status_colors(visual, built)
    elif LOYALTY_STATUS.name in visual.by:
        yield "does not have the colours of the statuses"
    if visual.kind == "heat_map":
        yield from _gradient(visual, built)


def _goal(visual: Visual) -> dict[str, str]:
    is_flow = bool(visual.compare) and isinstance(measure(visual.compare).expression, LastClosedMonth)
    is_low = drawn(visual).good == "down"
    good, bad = (LIGHT.good, LIGHT.bad) if is_flow else (LIGHT.ink, LIGHT.ink)
    return {
        "goals.showGoal": str(bool(visual.compare)).lower(),
        "goals.showDistance": str(bool(visual.compare)).lower(),
        "indicator.indicatorDisplayUnits": "1D" if visual.compare else "0D",
        "goals.direction": "'Low is good'" if is_low else "'High is good'",
        "goals.distanceLabel": "'Value'" if drawn(visual).format == "percent" else "'Percent'",
        "goals.goalText": "'A year earlier'" if is_flow else "'Others'",
        "status.direction": "'Negative'" if is_low else "'Positive'",
        "status.goodColor": f"'{good}'",
        "status.badColor": f"'{bad}'",
        "status.neutralColor": f"'{LIGHT.ink}'",
    }


def _status_colors(visual: Visual, built: Mapping[str, Any]) -> Iterator[str]:
    [part] = built["objects"]["dataPoint"]
    color = part["properties"]["fill"]["solid"]["color"]["expr"]
    if field_of(color) != ("Measure", ("Loyalty Status", "Loyalty Status Colour")):
        yield f"is coloured by {field_of(color)}"
    if part.get("selector") != {"data": [{"dataViewWildcard": {"matchingOption": 1}}]}:
        yield "has colours that do not apply to any part"
    if LOYALTY_STATUS.name not in visual.by:
        yield "is coloured by statuses but not cut by them"


def _gradient(visual: Visual, built: Mapping[str, Any]) -> Iterator[str]:
    table, name = _value(visual)[1]
    parts = [part for part in built["objects"].get("values", []) if "backColor" in part["properties"]]
    rules = [rule["FillRule"] for part in parts for rule in walk(part) if "Input" in rule.get("FillRule", {})]
    if len(rules) != 1:
        yield "does not colour its cells"
        return
    stops = rules[0]["FillRule"].get("linearGradient2", {})
    colors = [stops.get(stop, {}).get("color", {}).get("Literal", {}).get("Value") for stop in ("min", "max")]
    if colors != [f"'{LIGHT.heat_low}'", f"'{LIGHT.heat_high}'"]:
        yield f"colours its cells from {colors[0]} to {colors[1]}"
    if rules[0]["Input"] != {"SelectRef": {"ExpressionName": f"{table}.{name}"}}:
        yield "colours its cells by something else"
    selector = {"data": [{"dataViewWildcard": {"matchingOption": 1}}], "metadata": f"{table}.{name}"}
    if parts[0].get("selector") != selector:
        yield "colours something else than its cells"
    if stops.get("nullColoringStrategy", {}).get("strategy", {}).get("Literal", {}).get("Value") != "'noColor'":
        yield "colours cells without a value"
    if literal(built["visualContainerObjects"], "stylePreset.name") != "'None'":
        yield "has a style that covers its colours"


# --- filters -----------------------------------------------------------------------------------------------


def _filtered(visual: Visual, content: Mapping[str, Any]) -> Iterator[str]:
    found = [_asked(one) for one in content.get("filterConfig", {}).get("filters", [])]
    expected: list[tuple[Any, ...]] = [
        ("known", column(name)[1]) for name in visual.by if dimension(name).nullable
    ]
    expected += [
        ("only", column(name)[1], [f"{member}L" for member in kept]) for name, kept in visual.only.items()
    ]
    if visual.top:
        table = model.fact_name(visual.fact)
        key = (table, "customer_id")
        ranked = visual.measure.expression
        assert isinstance(ranked, Sum)
        expected.append(("top", key, {key}, (table, ranked.column), 0, 2, visual.top))
    if found != expected:
        yield f"is filtered by {found} and not by {expected}"
    if visual.kind == "parameter":
        preset = content["visual"]["objects"]["general"][0]["properties"]["filter"]["filter"]
        compared = preset["Where"][0]["Condition"].get("Comparison", {})
        value = compared.get("Right", {}).get("Literal", {}).get("Value")
        if (compared.get("ComparisonKind"), value) != (2, f"{set_by(visual).default}D"):
            yield f"starts at {compared.get('ComparisonKind')} {value}"


def _asked(one: Mapping[str, Any]) -> tuple[Any, ...]:
    field = field_of(one["field"])[1]
    condition = one["filter"]["Where"][0]["Condition"]
    if one["type"] == "TopN":
        query = one["filter"]["From"][0]["Expression"]["Subquery"]["Query"]
        [order] = query["OrderBy"]
        total = order["Expression"]["Aggregation"]
        alias = {source["Name"]: source["Entity"] for source in query["From"]}
        by = total["Expression"]["Column"]
        table = alias[by["Expression"]["SourceRef"]["Source"]]
        chosen = {each for _, each in fields([query["Select"], condition], alias)}
        return "top", field, chosen, (table, by["Property"]), total["Function"], order["Direction"], query["Top"]
    if one["type"] == "Categorical":
        return "only", field, [value["Literal"]["Value"] for [value] in condition["In"]["Values"]]
    compared = condition["Not"]["Expression"]["Comparison"]
    is_null = (compared["ComparisonKind"], compared["Right"]["Literal"]["Value"]) == (0, "null")
    return "known" if is_null else "otherwise", field


# --- texts and position ------------------------------------------------------------------------------------


def _texts(visual: Visual, built: Mapping[str, Any]) -> Iterator[str]:
    container = built["visualContainerObjects"]
    title = visual.title.replace("'", "''")
    if (literal(container, "title.show"), literal(container, "title.text")) != ("true", f"'{title}'"):
        yield "has another title"
    if not (literal(container, "general.altText") or "").startswith(f"'{title}. "):
        yield "has another alt text"
    explained = literal(container, "visualHeaderTooltip.text") or ""
    several = (*visual.above, *visual.below) if visual.kind == "flow" else visual.measures
    shown = [measure(name) for name in several] if visual.kind in ("flow", "matrix") else [drawn(visual)]
    texts = (
        [one.definition for one in shown] if len(shown) > 1 or visual.compared else [visual.measure.description]
    )
    if any(text.replace("'", "''") not in explained for text in texts):
        yield "has another description"
    if literal(container, "visualHeader.showTooltipButton") != "true":
        yield "hides its description"
    if literal(container, "subTitle.show") != "true":
        yield "has no subtitle"
    says = container["subTitle"][0]["properties"]["text"]["expr"]
    moves = bool(visual.needs or visual.by) or visual.measure.left_out is not None
    moving = ("Measure", (model.fact_name(visual.fact), f"Subtitle of {visual.title}"))
    text = subtitles.definition(visual)
    expected = moving if moves else "'" + text.replace("'", "''") + "'"
    if (says["Literal"]["Value"] if "Literal" in says else field_of(says)) != expected:
        yield "has another subtitle"
    has_page = visual.kind == "heat_map" and bool(visual.tooltip_measures)
    page = f"'{identity('tooltip', visual.name)}'"
    shows = [literal(container, f"visualTooltip.{each}") for each in ("show", "type", "section")]
    if shows != (["true", "'Canvas'", page] if has_page else [None] * 3):
        yield "has another tooltip page"


def _placed(visual: Visual, position: Mapping[str, Any], page: Page) -> Iterator[str]:
    place, (_, _, cell) = visual.place, size(page)
    expected = (
        EDGE + place.column * (cell + GUTTER),
        TOP + place.row * (ROW + GUTTER),
        place.width * (cell + GUTTER) - GUTTER,
        place.height * (ROW + GUTTER) - GUTTER,
    )
    if tuple(position[each] for each in ("x", "y", "width", "height")) != expected:
        yield "has another position"
