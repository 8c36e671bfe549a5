"""Special kinds of visuals: flows, matrices, numbers that a reader sets, and long pages."""

from __future__ import annotations

import re

import pytest

from customer360.web.app import make_app
from customer360.web.server import Address, running
from tests.web.published import WHOLE, publish
from tests.web.reader import Reader

SERIES = """async (name) => {
    const source = document.querySelector("script[type=module]").src;
    const charts = await import(source.replace("app.js", "vendor/echarts.esm.min.js"));
    return charts.getInstanceByDom(document.querySelector(`[data-visual=${name}] .canvas`)).getOption().series
        .map(({ type, data }) => ({ type, data: data.map((one) => one?.value ?? one) }));
}"""


@pytest.fixture(scope="module")
def dashboard(module_database, tables):
    publish(module_database, tables)
    with running(make_app(module_database), Address(port=0)) as address:
        yield address.url


@pytest.fixture
def reader(page, dashboard):
    return Reader(page, dashboard)


# --- flows ------------------------------------------------------------------------------------------------------


def test_stacked_months_add_up_to_the_line(reader):
    """In every month, new, retained and resurrected members add up to the active ones."""
    reader.open("loyalty")

    *stacked, line = reader.page.evaluate(SERIES, "member_flow")

    assert [one["type"] for one in (*stacked, line)] == ["bar", "bar", "bar", "bar", "line"]
    above, below = stacked[:3], stacked[3]
    assert [sum(parts) for parts in zip(*(one["data"] for one in above), strict=True)] == line["data"]
    assert all(value <= 0 for value in below["data"])
    assert any(below["data"])


def test_a_flow_says_what_its_colours_mean_in_the_order_of_the_stack(reader):
    """Its table has a column for each series."""
    reader.open("loyalty")
    legend = reader.visual("points_flow").locator(".legend li").all_inner_texts()
    [row, *_] = reader.table("points_flow")

    assert legend == [
        "Points Earned",
        "Points Redeemed (below zero)",
        "Points Expired (below zero)",
        "Change of Points Held",
    ]
    assert list(row) == ["activity_month", "points_change", "points_earned", "points_redeemed", "points_expired"]


def test_a_mark_of_a_flow_is_described_with_all_its_parts(reader):
    """Screen readers cannot rely on colours; values below zero are not negative numbers."""
    reader.open("loyalty")
    spoken = reader.mark("points_flow", "2026-05-01").get_attribute("aria-label")

    assert re.fullmatch(
        r"May 2026: -?[\d,]+ points, Points Earned [\d,]+ points, "
        r"Points Redeemed [\d,]+ points, Points Expired [\d,]+ points",
        spoken,
    )


def test_a_month_of_a_flow_filters_the_others(reader):
    """As in any chart by month."""
    reader.open("loyalty")
    reader.click_mark("points_flow", "2026-05-01")

    assert reader.query() == {"pick.points_flow": ["2026-05-01"]}
    assert len(reader.table("points_flow")) > 1
    [row] = [row for row in reader.table("points_flow") if row["activity_month"] == "2026-05-01"]
    [earned] = [row for row in reader.table("outstanding_points") if row["name"] == "points_earned"]
    assert earned["outstanding_points"] == row["points_earned"]


def test_a_legend_keeps_its_colours_where_the_system_sets_them(reader):
    """With forced colours a patch would be as invisible as any other background."""
    reader.page.emulate_media(forced_colors="active")
    reader.open("loyalty")

    patches = reader.visual("member_flow").locator(".legend .patch")
    colours = patches.evaluate_all("all => all.map(one => getComputedStyle(one).backgroundColor)")

    assert len(set(colours)) == len(colours) == 5


# --- matrices ---------------------------------------------------------------------------------------------------


def test_a_matrix_has_members_in_rows_and_measures_with_their_units_in_columns(reader):
    """Numbers are right-aligned; a missing value is a dash."""
    reader.open("value")
    matrix = reader.visual("segment_details")
    heads = [re.sub(r"\s+", " ", text) for text in matrix.locator("thead th").all_inner_texts()]

    assert heads[0] == "RFM Segment"
    assert heads[-1].endswith("days")
    cells = matrix.locator("tbody td")
    assert {*cells.evaluate_all("all => all.map(one => getComputedStyle(one).textAlign)")} == {"right"}
    assert all(re.fullmatch(r"-?[\d,.]+%?|—", text) for text in cells.all_inner_texts())


def test_the_only_row_of_a_matrix_is_as_high_as_any_other(reader):
    """It does not grow to fill the frame, with its numbers in the middle."""
    reader.open("value")
    rows = reader.visual("segment_details").locator("tbody tr")
    usual = rows.first.bounding_box()["height"]

    reader.open("value?pick.customers_by_segment=Champions")

    assert rows.count() == 1
    assert rows.first.bounding_box()["height"] <= usual + 1


def test_a_row_of_a_matrix_is_picked_like_a_bar(reader):
    """With the mouse anywhere in the row, and with the keyboard."""
    reader.open("value")
    row = reader.visual("segment_details").locator('tr[data-row="At Risk"]')
    reader.after(lambda: row.locator("td").nth(2).click())
    assert reader.query() == {"pick.segment_details": ["At Risk"]}
    assert row.get_by_role("button").get_attribute("aria-pressed") == "true"
    assert {line["rfm_segment"] for line in reader.table("customers_by_segment")} == {"At Risk"}

    row.get_by_role("button").focus()
    reader.after(lambda: reader.page.keyboard.press("Enter"))
    assert reader.query() == {}


# --- numbers that a reader sets ---------------------------------------------------------------------------------


def test_a_price_is_typed_and_the_liability_follows(reader):
    """Immediately after Enter, with up to four decimals; the chip and the URL show it."""
    reader.open("loyalty")
    points = int(re.sub(r"\D", "", reader.number("outstanding_points")))
    field = reader.page.get_by_label("Set to")
    assert field.input_value() == "0.01"

    field.fill("0.025")
    reader.after(lambda: field.press("Enter"))

    assert reader.query() == {"point_price": ["0.025"]}
    assert reader.page.locator("#filters .filter").all_inner_texts() == ["Price of a Point: 0.025"]
    liability = float(reader.number("points_liability").replace(",", ""))
    assert liability == pytest.approx(points * 0.025, abs=0.51)


@pytest.mark.parametrize("typed", ["-1", "2", "much", ""])
def test_an_invalid_number_is_refused_in_one_line(reader, typed):
    """The last valid number stays in use."""
    reader.open("loyalty")
    field = reader.page.get_by_label("Set to")
    field.fill(typed)
    field.press("Tab")

    assert reader.visual("point_price").get_by_text("Use a number from 0 to 1", exact=True).is_visible()
    assert field.get_attribute("aria-invalid") == "true"
    assert reader.query() == {}


def test_arrow_keys_move_from_step_to_step(reader):
    """In the field and on the slider."""
    reader.open("loyalty")
    field = reader.page.get_by_label("Set to")
    reader.after(lambda: field.press("ArrowUp"))
    assert (field.input_value(), reader.query()) == ("0.02", {"point_price": ["0.02"]})

    reader.after(lambda: reader.visual("point_price").get_by_role("slider").press("Home"))
    assert (field.input_value(), reader.query()) == ("0.001", {"point_price": ["0.001"]})


def test_a_german_types_a_comma(chromium, dashboard):
    """Numbers are also shown with one."""
    context = chromium.new_context(locale="de-DE")
    german = Reader(context.new_page(), dashboard)
    german.open("loyalty")
    field = german.page.get_by_label("Set to")
    written = field.input_value()
    field.fill("0,025")
    german.after(lambda: field.press("Enter"))
    query = german.query()
    context.close()

    assert written == "0,01"
    assert query == {"point_price": ["0.025"]}


def test_x_between_two_steps_says_which_is_used(reader):
    """If the customers' own values cannot be read, the share is exact only at band edges."""
    reader.open("activity")
    field = reader.page.get_by_label("Set to")
    field.fill("2600")
    reader.after(lambda: field.press("Enter"))

    assert reader.visual("balance_threshold").get_by_text("2,600 is between two steps; 5,000 is used").is_visible()


# --- long pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", WHOLE.pages, ids=lambda page: page.name)
def test_ten_rows_fill_the_screen_and_further_ones_scroll(reader, shown):
    """A page with more content is longer, not denser."""
    reader.open(shown.name)
    for visual in shown.visuals:
        box = reader.visual(visual.name).bounding_box()
        ends = visual.place.row + visual.place.height
        assert (box["y"] + box["height"] <= 900) == (ends <= 10), visual.name
    assert reader.page.evaluate("document.documentElement.scrollHeight > innerHeight") == (shown.rows > 10)


def test_pages_and_slicers_stay_visible_on_a_page_that_scrolls(reader):
    """The focused element is never hidden behind them."""
    reader.open("value")
    scrolled = (
        "new Promise((done) => { document.addEventListener('scroll', done, { once: true }); scrollTo(0, 600) })"
    )
    reader.page.evaluate(scrolled)

    for place in ("#pages", "#slicers"):
        assert reader.page.locator(place).bounding_box()["y"] >= 0
    reader.page.locator("[data-visual=spending_by_tenth] .tool").first.focus()
    reader.page.locator("[data-visual=expected_orders] .tool").first.focus()
    head = reader.page.locator(".head").bounding_box()
    focused = reader.page.locator("[data-visual=expected_orders] .tool").first.bounding_box()
    assert focused["y"] >= head["y"] + head["height"] - 1


# --- narrow screens ---------------------------------------------------------------------------------------------


def test_a_heat_map_of_few_columns_fits_a_phone(reader):
    """Only one with many columns has to be scrolled sideways."""
    reader.page.set_viewport_size({"width": 390, "height": 844})
    reader.open("loyalty")

    hidden = (
        reader.visual("tier_moves").locator(".heat-scroll").evaluate("one => one.scrollWidth - one.clientWidth")
    )

    assert hidden == 0


def test_two_cards_share_the_last_row_of_a_tablet(reader):
    """Three find room in a row; where only two are left, no third of the row stays empty."""
    reader.page.set_viewport_size({"width": 800, "height": 600})
    reader.open("financial")

    one, other = (reader.visual(name).bounding_box() for name in ("last_spent", "last_order_value"))
    table = reader.visual("top_customers").bounding_box()

    assert one["y"] == other["y"]
    assert (one["x"], other["x"] + other["width"]) == (table["x"], table["x"] + table["width"])
