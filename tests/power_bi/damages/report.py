"""Damage to the report: to its references, shape, layout and content."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from customer360.power_bi.placed import identity
from customer360.report.palette import LIGHT
from tests.power_bi.damages.apply import content, visual, without


def state(built: dict[str, Any]) -> Any:
    return built["visual"]["query"]["queryState"]


def set_literal(built: dict[str, Any], path: str, value: str, where: str = "objects") -> None:
    each, _, one = path.partition(".")
    part = next(part for part in built["visual"][where][each] if one in part["properties"])
    part["properties"][one] = {"expr": {"Literal": {"Value": value}}}


def on_literal(of: str, path: str, value: str, where: str = "objects") -> Callable[[dict[str, Any]], object]:
    return lambda built: set_literal(built, path, value, where)


def measure_instead(role: str, table: str, name: str) -> Callable[[dict[str, Any]], object]:
    """Replaces the measure of a role, in all its references."""

    def change(built: dict[str, Any]) -> None:
        shown = state(built)[role]["projections"][0]
        shown["field"]["Measure"]["Expression"]["SourceRef"]["Entity"] = table
        shown["field"]["Measure"]["Property"] = name
        shown |= {"queryRef": f"{table}.{name}", "nativeQueryRef": name}

    return change


def column_instead(built: dict[str, Any], role: str, table: str, name: str) -> None:
    shown = state(built)[role]["projections"][0]
    shown["field"] = {"Column": {"Expression": {"SourceRef": {"Entity": table}}, "Property": name}}
    shown |= {"queryRef": f"{table}.{name}", "nativeQueryRef": name}
    built["visual"]["query"]["sortDefinition"]["sort"][0]["field"] = copy.deepcopy(shown["field"])


DONUT, BAR, LINE = "overview/customers_by_status", "overview/active_share_by_status", "overview/acquisition"
HEAT, TABLE, AVERAGE = "financial/balance_and_points", "financial/top_customers", "financial/balance_by_status"
FUNNEL, RETENTION = "engagement/retention_funnel", "engagement/cohort_retention"
KPI, ABOVE, X = "activity/points_awarded", "activity/balance_above", "activity/balance_threshold"
FREQUENCY, PRICE = "activity/login_frequency", "loyalty/point_price"
FLOW, MATRIX = "loyalty/points_flow", "value/segment_details"
FINANCIAL = f"pages/{identity('page', 'financial')}/page.json"

# --- references ------------------------------------------------------------------------------------

visual("a renamed measure", BAR, measure_instead("Y", "Customer Segments", "% Active"))
visual("a measure of another table", BAR, measure_instead("Y", "Top Customers", "% Active Customers"))
visual(
    "a column referenced as a measure",
    DONUT,
    lambda built: state(built)["Category"]["projections"][0].update(
        field={"Measure": state(built)["Category"]["projections"][0]["field"]["Column"]}
    ),
)
visual(
    "a queryRef that is not the field's",
    DONUT,
    lambda built: state(built)["Y"]["projections"][0].update(queryRef="Customer Segments.Customers"),
)
visual(
    "two fields with the same reference",
    DONUT,
    lambda built: state(built)["Tooltips"]["projections"].append(
        copy.deepcopy(state(built)["Tooltips"]["projections"][0])
    ),
)
visual(
    "cells coloured by a field that is not shown",
    HEAT,
    lambda built: built["visual"]["objects"]["values"][0]["selector"].update(
        metadata="Customer Segments.Total Balance"
    ),
)
visual(
    "a filter without its table",
    HEAT,
    lambda built: built["filterConfig"]["filters"][0]["filter"]["From"][0].update(Name="b"),
)
visual(
    "a filter on another column than it says",
    HEAT,
    lambda built: built["filterConfig"]["filters"][0]["field"]["Column"].update(Property="Points Band"),
)
visual(
    "a sort by a field that is not shown",
    BAR,
    lambda built: built["visual"]["query"]["sortDefinition"]["sort"][0]["field"]["Column"].update(
        Property="Status Order"
    ),
)
visual(
    "a tooltip page that does not exist",
    HEAT,
    on_literal(HEAT, "visualTooltip.section", "'0123456789abcdef0123'", "visualContainerObjects"),
)
content(
    "an interaction with a visual that does not exist",
    FINANCIAL,
    lambda page: page["visualInteractions"][0].update(target="0" * 20),
)

# --- shape -----------------------------------------------------------------------------------------

visual(
    "a schema that was never published",
    DONUT,
    lambda built: built.update({"$schema": built["$schema"].replace("2.4.0", "2.12.0")}),
)
visual(
    "the schema of another file",
    DONUT,
    lambda built: built.update({"$schema": built["$schema"].replace("visualContainer/2.4.0", "page/2.0.0")}),
)
visual(
    "a visual type that does not exist", DONUT, lambda built: built["visual"].update(visualType="doughnutChart")
)
visual("a role that does not exist", BAR, lambda built: state(built).update(Values=state(built).pop("Y")))
visual("a role that is missing", BAR, lambda built: state(built).pop("Y"))
visual(
    "a column where a measure belongs",
    BAR,
    lambda built: state(built)["Y"].update(projections=copy.deepcopy(state(built)["Category"]["projections"])),
)
visual("a mode that slicers do not have", "overview/slicer/country", on_literal("", "data.mode", "'Tiles'"))
visual("a label style that donuts do not have", DONUT, on_literal("", "labels.labelStyle", "'Percent'"))
visual(
    "a property that bars do not have",
    BAR,
    lambda built: built["visual"]["objects"]["labels"][0]["properties"].update(
        visible={"expr": {"Literal": {"Value": "true"}}}
    ),
)
visual(
    "a formatting object that lines do not have",
    LINE,
    lambda built: built["visual"]["objects"].update(
        slices=[{"properties": {}}, {"properties": {"a": {"expr": {"Literal": {"Value": "1D"}}}}}]
    ),
)
visual("a text without quotes", DONUT, on_literal("", "title.text", "Customers", "visualContainerObjects"))
visual("a number without its type", LINE, on_literal("", "valueAxis.start", "0"))
visual("a switch stored as text", BAR, on_literal("", "labels.show", "'true'"))
visual(
    "an order outside the query",
    BAR,
    lambda built: built["visual"].update(sortDefinition=built["visual"]["query"].pop("sortDefinition")),
)
visual(
    "an abbreviated direction",
    BAR,
    lambda built: built["visual"]["query"]["sortDefinition"]["sort"][0].update(direction="Asc"),
)
visual(
    "a heading that is a single text",
    "overview/heading",
    lambda built: built["visual"]["objects"]["general"][0]["properties"].update(paragraphs="Customer Overview"),
)


def _wrap(built: dict[str, Any]) -> None:
    color = built["visual"]["objects"]["values"][0]["properties"]["backColor"]["solid"]["color"]["expr"]
    stop = color["FillRule"]["FillRule"]["linearGradient2"]["min"]
    stop["color"] = {"expr": stop["color"]}


visual("a colour of a gradient as an expression", HEAT, _wrap)
visual(
    "a filter named as another",
    HEAT,
    lambda built: [
        one.update(name=built["filterConfig"]["filters"][0]["name"]) for one in built["filterConfig"]["filters"]
    ],
)
visual(
    "a top ten that is an ordinary filter",
    TABLE,
    lambda built: built["filterConfig"]["filters"][0].update(type="Advanced"),
)
content(
    "the order of pages names a page that does not exist",
    "pages/pages.json",
    lambda pages: pages["pageOrder"].append("0" * 20),
)
content("the order of pages leaves one out", "pages/pages.json", lambda pages: pages["pageOrder"].pop(1))
content(
    "the report opens on a page that does not exist",
    "pages/pages.json",
    lambda pages: pages.update(activePageName="0" * 20),
)
content("two pages of one title", FINANCIAL, lambda page: page.update(displayName="Customer Overview"))
content(
    "the tooltip is a page that readers see",
    f"pages/{identity('tooltip', 'balance_and_points')}/page.json",
    lambda page: page.pop("visibility"),
)
content(
    "a setting that Power BI does not know",
    "report.json",
    lambda report: report["settings"].update(defaultFilterIsDataFilter=True),
)

# --- layout and access -----------------------------------------------------------------------------

visual("two visuals in one place", DONUT, lambda built: built["position"].update(x=built["position"]["x"] + 200))
visual("a visual that leaves the page", LINE, lambda built: built["position"].update(width=2000))
visual("a visual that leaves the phone", LINE, lambda built: built["position"].update(width=400), "mobile.json")
visual("two visuals in one place on the phone", LINE, lambda built: built["position"].update(y=0), "mobile.json")
visual("two visuals with the same tab order", LINE, lambda built: built["position"].update(tabOrder=0))
visual("a visual without alt text", LINE, lambda built: built["visual"]["visualContainerObjects"].pop("general"))
visual("a visual that is not on the phone's page", LINE, lambda built: built.update(name="0" * 20))
without("a visual without a place on the phone", "/mobile.json")
visual(
    "a slicer that forgets its selection on one page",
    "activity/slicer/country",
    lambda built: built["visual"].pop("syncGroup"),
)
visual(
    "a slicer of another group",
    "activity/slicer/country",
    lambda built: built["visual"]["syncGroup"].update(groupName="activity"),
)

# --- meaning ---------------------------------------------------------------------------------------

visual(
    "a table with the lowest first",
    TABLE,
    lambda built: built["visual"]["query"]["sortDefinition"]["sort"][0].update(direction="Ascending"),
)
visual(
    "a bar of the total rather than the average",
    AVERAGE,
    measure_instead("Y", "Customer Segments", "Total Account Balance"),
)


def _swap(built: dict[str, Any]) -> None:
    roles = state(built)
    roles["Indicator"], roles["Goal"] = roles["Goal"], roles["Indicator"]


visual("goal and indicator swapped", ABOVE, _swap)
visual("a KPI for which more days are good", FREQUENCY, on_literal("", "status.direction", "'Positive'"))
visual("a goal that says more days are good", FREQUENCY, on_literal("", "goals.direction", "'High is good'"))
visual("a KPI without its goal", KPI, lambda built: state(built).pop("Goal"))
visual("a KPI of all months", KPI, measure_instead("Indicator", "Activity Segments", "Points Earned"))
visual("a goal of others that is of a year earlier", ABOVE, on_literal("", "goals.goalText", "'A year earlier'"))
visual("a comparison of others in colour", ABOVE, on_literal("", "status.badColor", f"'{LIGHT.bad}'"))
visual("a flow with a missing measure below zero", FLOW, lambda built: state(built)["Y"]["projections"].pop())
visual("a flow out of order", FLOW, lambda built: state(built)["Y"]["projections"].reverse())
visual(
    "a flow of another axis",
    FLOW,
    lambda built: column_instead(built, "Category", "Activity Calendar", "Activity Year"),
)
visual("a flow without a legend", FLOW, on_literal("", "legend.show", "false"))
visual("a flow without its total", FLOW, lambda built: state(built).pop("Tooltips"))
visual("a matrix without a column", MATRIX, lambda built: state(built)["Values"]["projections"].pop())
visual(
    "a matrix upside down",
    MATRIX,
    lambda built: built["visual"]["query"]["sortDefinition"]["sort"][0].update(direction="Descending"),
)
visual("a matrix that adds up averages", MATRIX, on_literal("", "total.totals", "true"))
visual(
    "a slider of another number",
    PRICE,
    lambda built: state(built)["Values"]["projections"][0]["field"]["Column"].update(Property="Balance Threshold"),
)
visual("a month in the colour of text", KPI, on_literal("", "status.goodColor", "'#1F2933'"))


def _preset(**changes: Any) -> Callable[[dict[str, Any]], object]:
    def change(built: dict[str, Any]) -> None:
        preset = built["visual"]["objects"]["general"][0]["properties"]["filter"]["filter"]
        compared = preset["Where"][0]["Condition"]["Comparison"]
        compared["ComparisonKind"] = changes.get("kind", compared["ComparisonKind"])
        compared["Right"]["Literal"]["Value"] = changes.get("value", compared["Right"]["Literal"]["Value"])

    return change


visual("X as a maximum rather than a minimum", X, _preset(kind=4))
visual("X as strictly more", X, _preset(kind=1))
visual("another X", X, _preset(value="1000D"))
visual("a slider of another kind", X, on_literal("", "data.mode", "'Before'"))
visual("cells without a colour", HEAT, lambda built: built["visual"]["objects"].pop("values"))
visual("cells of retention without a colour", RETENTION, lambda built: built["visual"]["objects"].pop("values"))
visual(
    "a heat map upside down",
    HEAT,
    lambda built: built["visual"]["query"]["sortDefinition"]["sort"][0].update(direction="Ascending"),
)
visual(
    "rows and columns swapped",
    HEAT,
    lambda built: state(built).update(Rows=state(built)["Columns"], Columns=state(built)["Rows"]),
)
visual(
    "a funnel of another column", FUNNEL, lambda built: column_instead(built, "Category", "Activity", "Activity")
)
visual(
    "joins by the month of the last login",
    LINE,
    lambda built: column_instead(built, "Category", "Last Login Calendar", "Last Login Month"),
)
visual(
    "a donut without the colours of its statuses", DONUT, lambda built: built["visual"]["objects"].pop("dataPoint")
)


def _top(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    return lambda built: change(
        built["filterConfig"]["filters"][0]["filter"]["From"][0]["Expression"]["Subquery"]["Query"]
    )


visual("a top five", TABLE, _top(lambda query: query.update(Top=5)))
visual("the ten lowest", TABLE, _top(lambda query: query["OrderBy"][0].update(Direction=1)))
visual("a top ten by name", TABLE, _top(lambda query: query["Select"][0]["Column"].update(Property="Name")))
visual(
    "a top ten of averages",
    TABLE,
    _top(lambda query: query["OrderBy"][0]["Expression"]["Aggregation"].update(Function=1)),
)
visual("retention without its months", RETENTION, lambda built: built["filterConfig"]["filters"].pop())
visual("a heat map with a row for unknown values", HEAT, lambda built: built["filterConfig"]["filters"].pop(0))
visual("a title of another visual", LINE, on_literal("", "title.text", "'Last Logins'", "visualContainerObjects"))
visual("a missing tooltip measure", DONUT, lambda built: state(built)["Tooltips"]["projections"].pop())
visual(
    "a subtitle of another visual",
    LINE,
    lambda built: built["visual"]["visualContainerObjects"]["subTitle"][0]["properties"]["text"]["expr"][
        "Measure"
    ].update(Property="Subtitle of New Customers"),
)
visual(
    "a card that shows 0 for what is missing",
    "overview/active_customers",
    on_literal("", "value.showBlankAs", "'0'"),
)
visual(
    "bars that start at 0",
    AVERAGE,
    lambda built: built["visual"]["objects"]["valueAxis"][0]["properties"].update(
        start={"expr": {"Literal": {"Value": "0D"}}}
    ),
)
visual(
    "a button that does something else",
    "overview/clear",
    on_literal("", "visualLink.type", "'Back'", "visualContainerObjects"),
)
visual("a click that filters nothing", LINE, lambda built: built["visual"].update(drillFilterOtherVisuals=False))
content(
    "a click that highlights",
    "report.json",
    lambda report: report["settings"].pop("defaultFilterActionIsDataFilter"),
)
without("a page without one of its visuals", f"{identity('overview', 'total_customers')}/visual.json")
visual("another label", DONUT, lambda built: state(built)["Y"]["projections"][0].update(displayName="Clients"))
visual("a slicer with another heading", "overview/slicer/country", on_literal("", "header.text", "'Land'"))
visual("a navigator to hidden pages", "overview/navigation", on_literal("", "pages.showHiddenPages", "true"))
visual(
    "a tooltip page that is not shown",
    HEAT,
    on_literal("", "visualTooltip.show", "false", "visualContainerObjects"),
)
visual("a KPI in thousands", FREQUENCY, on_literal("", "indicator.indicatorDisplayUnits", "1000D"))
