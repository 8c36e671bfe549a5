"""The report's JSON: no overlaps, no broken references, and accessible to everyone."""

import re
from itertools import combinations

import pytest

from customer360.power_bi import layout, pbir, people, people_pages, theme, tmdl
from customer360.power_bi.layout import Canvas
from customer360.power_bi.model import MODEL_TABLES
from customer360.power_bi.placed import identity
from customer360.power_bi.tmdl import ModelSource
from customer360.report.dimensions import FUNNEL_STAGE
from customer360.report.missing import named
from customer360.report.pages import REPORT
from customer360.report.palette import LIGHT
from tests.power_bi.rules.report import walk

WHOLE = REPORT.shown(())
FILES = pbir.files(WHOLE)
VISUALS = {path: content for path, content in FILES.items() if path.endswith("visual.json")}
PHONES = {path: content for path, content in FILES.items() if path.endswith("mobile.json")}
LISTS = people.shown(WHOLE)
CANVASES = {f"pages/{identity('page', page.name)}": Canvas(page.rows) for page in WHOLE.pages} | {
    f"pages/{people_pages.name(one)}": Canvas(layout.FEWEST_ROWS) for one in LISTS
}
PAGES = [
    path.rsplit("/", 1)[0] for path in FILES if path.endswith("page.json") and FILES[path].get("type") != "Tooltip"
]


def positions(files, page):
    return {path: content["position"] for path, content in files.items() if path.startswith(f"{page}/")}


def overlap(one, other):
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("files", [VISUALS, PHONES], ids=["screen", "phone"])
def test_nothing_overlaps_or_leaves_the_page(page, files):
    """A covered visual cannot be read or clicked."""
    placed = positions(files, page)
    width = CANVASES[page].width if files is VISUALS else layout.PHONE_WIDTH

    assert [pair for pair in combinations(placed, 2) if overlap(placed[pair[0]], placed[pair[1]])] == []
    assert all(p["x"] >= 0 and p["y"] >= 0 and p["x"] + p["width"] <= width for p in placed.values())
    if files is VISUALS:
        assert all(p["y"] + p["height"] <= CANVASES[page].height for p in placed.values())


@pytest.mark.parametrize("page", PAGES)
def test_edges_line_up_on_the_grid(page):
    """Twelve columns with equal gutters: every left edge is that of a column."""
    lefts = {position["x"] for position in positions(VISUALS, page).values()}

    assert lefts <= {layout.EDGE + n * (CANVASES[page].cell_width + layout.GUTTER) for n in range(12)}


@pytest.mark.parametrize("rows", range(1, 18))
def test_a_page_has_the_shape_of_a_screen(rows):
    """16:9 at any number of rows, so that fitting it to the screen leaves no wide margins."""
    assert abs(Canvas(rows).width / Canvas(rows).height - 16 / 9) < 0.006


def test_the_width_of_a_page_has_a_limit():
    """With very many rows, its visuals would be wide and flat."""
    assert Canvas(18).width == Canvas(24).width


@pytest.mark.parametrize("rows", [1, 10])
def test_a_page_of_few_rows_is_as_large_as_others(rows):
    """Otherwise its text would be larger."""
    assert (Canvas(rows).width, Canvas(rows).height) == (1472, 828)


def test_every_visual_has_room_for_its_texts():
    """Title, subtitle and a large number need 110 pixels; bars, lines and cells more."""
    least = {"cardVisual": 110, "kpi": 180, "slicer": 76}
    low = [
        path
        for path, content in VISUALS.items()
        if content["visual"]["visualType"] not in ("textbox", "pageNavigator", "actionButton")
        and content["name"] not in {identity(page.name, "as_of") for page in WHOLE.pages}
        and content["position"]["height"] < least.get(content["visual"]["visualType"], 240)
    ]

    assert low == []


@pytest.mark.parametrize("page", PAGES)
def test_tab_goes_through_a_page_in_reading_order(page):
    """Heading, navigation, slicers, then the visuals in order of definition; each exactly once."""
    orders = [position["tabOrder"] for position in positions(VISUALS, page).values()]

    assert orders == sorted(set(orders))


@pytest.mark.parametrize("path", VISUALS)
def test_every_visual_has_alt_text(path):
    """Screen readers need it, and titles that do not rely on colour."""
    [general] = VISUALS[path]["visual"]["visualContainerObjects"]["general"]

    assert len(general["properties"]["altText"]["expr"]["Literal"]["Value"]) > len("''") + 5


def test_every_field_is_in_the_model():
    """A renamed column would leave a visual blank, and only this test would notice."""
    texts = tmdl.files(ModelSource("h", "d", "s", "import"), WHOLE)
    columns = {(table.name, column.name) for table in MODEL_TABLES for column in table.columns}
    measures = {
        (table.name, name.strip("'"))
        for table in MODEL_TABLES
        for name in re.findall(r"^\tmeasure ('[^']+'|\w+) =", texts[f"tables/{table.name}.tmdl"], re.M)
    }

    named = {
        (kind, part[kind]["Expression"]["SourceRef"]["Entity"], part[kind]["Property"])
        for content in VISUALS.values()
        for part in walk(content)
        for kind in ("Column", "Measure")
        if kind in part and "Entity" in part[kind]["Expression"]["SourceRef"]
    }

    assert {name[1:] for name in named if name[0] == "Column"} <= columns
    assert {name[1:] for name in named if name[0] == "Measure"} <= measures
    assert len(named) > 40


def test_names_and_filter_names_are_unique_in_the_report():
    """Power BI Desktop silently ignores the second of two."""
    names = [content["name"] for content in VISUALS.values()]
    filters = [
        each["name"] for content in VISUALS.values() for each in content.get("filterConfig", {}).get("filters", [])
    ]

    assert len(names) == len(set(names))
    assert len(filters) == len(set(filters)) > 5
    assert all(re.fullmatch(r"[0-9a-f]{20}", name) for name in names)


def test_a_visual_is_in_the_folder_of_its_name():
    """PBIR finds visuals by folder."""
    assert all(path.split("/")[-2] == content["name"] for path, content in VISUALS.items())


def test_slicers_keep_their_selection_between_pages():
    """One group per dimension, with a slicer on every page."""
    groups = [
        content["visual"]["syncGroup"]["groupName"]
        for content in VISUALS.values()
        if "syncGroup" in content["visual"]
    ]

    assert {group: groups.count(group) for group in groups} == dict.fromkeys(WHOLE.slicers, len(WHOLE.pages))


def test_a_click_filters_the_other_visuals():
    """It must not highlight a part of a bar: half of an average is meaningless."""
    assert FILES["report.json"]["settings"]["defaultFilterActionIsDataFilter"] is True
    assert all(content["visual"]["drillFilterOtherVisuals"] for content in VISUALS.values())


def test_only_a_click_on_a_customer_filters_nothing():
    """It would filter the page by that customer's status."""
    exceptions = [each for content in FILES.values() for each in content.get("visualInteractions", [])]
    others = [visual for visual in WHOLE.pages[1].visuals if visual.kind != "table"]

    assert {each["source"] for each in exceptions} == {identity("financial", "top_customers")}
    assert [each["target"] for each in exceptions] == [identity("financial", one.name) for one in others]
    assert {each["type"] for each in exceptions} == {"NoFilter"}


def test_a_visual_cut_by_bands_excludes_the_blank_member():
    """Customers without a value are counted in the subtitle, not drawn as a separate bar."""
    [heat_map] = [one for one in VISUALS.values() if one["name"] == identity("financial", "balance_and_points")]
    fields = [each["field"]["Column"]["Property"] for each in heat_map["filterConfig"]["filters"]]

    assert fields == ["Balance Band", "Points Band"]


def test_the_top_ten_is_taken_by_customer_and_not_by_name():
    """Two customers with the same name are two rows."""
    [table] = [one for one in VISUALS.values() if one["name"] == identity("financial", "top_customers")]
    [top] = table["filterConfig"]["filters"]
    query = top["filter"]["From"][0]["Expression"]["Subquery"]["Query"]

    assert (top["type"], query["Top"], query["Select"][0]["Column"]["Property"]) == ("TopN", 10, "customer_id")
    shown = [each["nativeQueryRef"] for each in table["visual"]["query"]["queryState"]["Values"]["projections"]]
    assert shown == ["Name", "Account Balance", "Loyalty Status", "Customer ID"]


def test_without_balances_the_top_ten_are_those_who_spent_most():
    """The same rules apply to the table of spenders."""
    files = pbir.files(REPORT.shown(named(["account_balance"])))
    [table] = [
        one
        for path, one in files.items()
        if path.endswith("visual.json") and one["name"] == identity("financial", "top_spenders")
    ]
    [top] = table["filterConfig"]["filters"]
    query = top["filter"]["From"][0]["Expression"]["Subquery"]["Query"]
    shown = [each["nativeQueryRef"] for each in table["visual"]["query"]["queryState"]["Values"]["projections"]]

    assert query["OrderBy"][0]["Expression"]["Aggregation"]["Expression"]["Column"]["Property"] == "spent"
    assert shown == ["Name", "Spending", "Loyalty Status", "Customer ID"]


def test_a_flow_is_called_by_its_measures_above_and_below_zero():
    """Below zero, it draws a hidden negative under the measure's own label."""
    [flow] = [one for one in VISUALS.values() if one["name"] == identity("loyalty", "member_flow")]
    series = flow["visual"]["query"]["queryState"]["Y"]["projections"]

    assert flow["visual"]["visualType"] == "columnChart"
    assert [one.get("displayName", one["nativeQueryRef"]) for one in series] == [
        "Retained Active Customers",
        "New Active Customers",
        "Resurrected Customers",
        "Churned Customers",
    ]


def test_a_matrix_has_its_members_in_display_order():
    """Champions come first, not About to Sleep."""
    [matrix] = [one for one in VISUALS.values() if one["name"] == identity("value", "segment_details")]
    shown = [one["nativeQueryRef"] for one in matrix["visual"]["query"]["queryState"]["Values"]["projections"]]
    [order] = matrix["visual"]["query"]["sortDefinition"]["sort"]

    assert shown[0] == "RFM Segment"
    assert len(shown) == 5
    assert (order["field"]["Column"]["Property"], order["direction"]) == ("RFM Segment", "Ascending")


def test_the_funnel_shows_percentages():
    """Each bar has its share of the first stage; the share of the previous stage is in the tooltip."""
    [funnel] = [content for content in VISUALS.values() if content["visual"]["visualType"] == "funnel"]
    roles = funnel["visual"]["query"]["queryState"]

    assert roles["Category"]["projections"][0]["queryRef"] == f"{FUNNEL_STAGE.label}.{FUNNEL_STAGE.label}"
    assert "% of Previous Stage" in [each["nativeQueryRef"] for each in roles["Tooltips"]["projections"]]


def test_the_theme_is_named_after_its_content():
    """Power BI Desktop caches themes by name: a changed theme under its old name would be ignored."""
    name = theme.theme()["name"]
    report = FILES["report.json"]

    assert re.fullmatch(r"Customer360-[0-9a-f]{8}\.json", name)
    assert report["themeCollection"]["customTheme"]["name"] == name
    assert {part["item"] if "item" in part else part.get("path") for part in walk(report["resourcePackages"])} >= {
        name
    }


def luminance(color):
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("color", "least"),
    [
        *((shade, 3.0) for shade in (*LIGHT.statuses, LIGHT.unknown, LIGHT.main)),
        *((ink, 4.5) for ink in (LIGHT.ink, LIGHT.muted, LIGHT.good, LIGHT.bad)),
    ],
)
def test_marks_and_text_stand_out_from_the_paper(color, least):
    """WCAG AA: 3:1 for marks, 4.5:1 for text."""
    assert contrast(color, LIGHT.paper) >= least


def test_statuses_grow_darker_as_they_rise():
    """Shades of one hue are read as an order, also by the colour-blind and in greyscale."""
    shades = [luminance(shade) for shade in LIGHT.statuses]

    assert shades == sorted(shades, reverse=True)
