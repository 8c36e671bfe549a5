"""Two members of a slicer side by side: the same page twice, with one axis for both."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from customer360.web.app import make_app
from customer360.web.server import Address, running
from tests.web.published import WHOLE, publish
from tests.web.reader import Reader

KENYA_AND_NORWAY = "compare=country:Kenya,Norway"


@pytest.fixture(scope="module")
def dashboard(module_database, tables):
    publish(module_database, tables)
    with running(make_app(module_database), Address(port=0)) as address:
        yield address.url


@pytest.fixture
def reader(page, dashboard):
    return Reader(page, dashboard)


def numbers(reader, card="total_customers"):
    return reader.visual(card).locator(".number").all_inner_texts()


def test_a_control_starts_and_stops_a_comparison(reader):
    """The comparison is in the URL; leaving it restores the page and its slicer."""
    reader.open("overview?country=Chile")
    before = numbers(reader)
    reader.page.get_by_role("button", name="Compare").click()
    panel = reader.page.locator(".popover:popover-open")
    panel.get_by_label("Compare").select_option(label="Country")
    panel.get_by_label("Other side").select_option("Norway")
    panel.get_by_label("One side").select_option("Norway")  # the member there moves to the other side
    assert panel.get_by_label("Other side").input_value() == "Chile"
    panel.get_by_label("One side").select_option("Kenya")
    panel.get_by_label("Other side").select_option("Norway")
    reader.after(lambda: panel.get_by_role("button", name="Show side by side").click())

    assert urlsplit(reader.page.url).query == f"country=Chile&{KENYA_AND_NORWAY}"
    assert reader.page.locator(".side h2.side-title").all_inner_texts() == ["Kenya", "Norway"]
    assert reader.page.locator("#filters .filter").all_inner_texts() == ["Compare Country: Kenya | Norway"]
    both = numbers(reader)

    reader.after(lambda: reader.page.get_by_role("button", name="Remove Compare Country").click())
    assert reader.query() == {"country": ["Chile"]}
    assert numbers(reader) == before
    reader.open("overview?country=Kenya")
    assert numbers(reader) == both[:1]


def test_each_side_has_its_own_numbers_and_both_have_the_other_filters(reader):
    """As if the page were open twice."""
    reader.open(f"overview?{KENYA_AND_NORWAY}&loyalty_status=Gold")
    both = numbers(reader)

    for country, number in zip(("Kenya", "Norway"), both, strict=True):
        reader.open(f"overview?country={country}&loyalty_status=Gold")
        assert numbers(reader) == [number]


def test_a_click_on_one_side_filters_both(reader):
    """Picks apply to both sides; the clicked visual keeps its marks on both."""
    reader.open(f"overview?{KENYA_AND_NORWAY}")
    before = numbers(reader)
    mark = reader.visual("customers_by_status").first.locator('button[data-mark="Gold"]')

    reader.after(lambda: mark.dispatch_event("click"))

    assert reader.query()["pick.customers_by_status"] == ["Gold"]
    assert all(int(now) < int(then) for now, then in zip(numbers(reader), before, strict=True))
    pressed = reader.visual("customers_by_status").locator('button[data-mark="Gold"][aria-pressed=true]')
    assert pressed.count() == 2


AXES = """async (name) => {
    const source = document.querySelector("script[type=module]").src;
    const charts = await import(source.replace("app.js", "vendor/echarts.esm.min.js"));
    return [...document.querySelectorAll(`[data-visual=${name}] .canvas`)].map((canvas) => {
        const model = charts.getInstanceByDom(canvas).getModel();
        const axes = ["xAxis", "yAxis"].map((kind) => model.getComponent(kind).axis);
        return axes.find((axis) => axis.type === "value").scale.getExtent();
    });
}"""


@pytest.mark.parametrize(
    ("page_name", "visual"),
    [
        ("overview", "acquisition"),
        ("overview", "customers_by_country"),
        ("overview", "customers_by_gender"),
        ("loyalty", "points_flow"),
        ("loyalty", "member_flow"),
    ],
)
def test_both_sides_share_one_axis(reader, page_name, visual):
    """A bar of twice the length means twice the number, on either side."""
    reader.open(f"{page_name}?{KENYA_AND_NORWAY}")

    one, other = reader.page.evaluate(AXES, visual)

    assert one == other


def test_a_comparison_is_announced_with_both_counts(reader):
    """Screen readers announce the count of each side."""
    reader.open("overview")
    reader.page.evaluate("history.replaceState(null, '', '/overview')")
    reader.page.get_by_role("button", name="Compare").click()
    panel = reader.page.locator(".popover:popover-open")
    panel.get_by_label("Compare").select_option(label="Loyalty Status")
    reader.after(lambda: panel.get_by_role("button", name="Show side by side").click())

    bronze, silver = numbers(reader)
    said = reader.page.locator("#announcement").inner_text()
    assert said.startswith(f"Bronze: {bronze} of 700 customers, Silver: {silver} of 700 customers.")


def test_a_comparison_carries_across_pages(reader):
    """The back button undoes it."""
    reader.open(f"overview?{KENYA_AND_NORWAY}")
    reader.after(lambda: reader.page.get_by_role("link", name="Loyalty Programme").click())

    assert reader.query() == {"compare": ["country:Kenya,Norway"]}
    assert reader.page.locator(".side").count() == 2


@pytest.mark.parametrize(
    "written", ["country:Kenya,Narnia", "country:Kenya,Kenya", "join_month:2024-01..,2025-01..", "soon"]
)
def test_an_invalid_comparison_is_reported_and_ignored(reader, complaints, written):
    """The rest of the URL stays valid."""
    reader.open(f"overview?loyalty_status=Gold&compare={written}")

    reader.page.get_by_text("Ignored: comparison").wait_for()
    assert reader.query() == {"loyalty_status": ["Gold"]}
    assert reader.page.locator(".side").count() == 0
    complaints[:] = [line for line in complaints if "400" not in line]


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("shown", WHOLE.pages, ids=lambda page: page.name)
def test_two_sides_fit_any_screen_and_are_accessible(reader, shown, width):
    """Side by side, or one below the other on a phone."""
    reader.page.set_viewport_size({"width": width, "height": 800})
    reader.open(f"{shown.name}?{KENYA_AND_NORWAY}")

    one, other = (side.bounding_box() for side in reader.page.locator(".side").all())
    assert (other["x"] > one["x"]) == (width > 767)
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(reader.page).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []


def test_two_sides_print_one_after_the_other(reader):
    """Each on its own sheets, below its name."""
    reader.open(f"overview?{KENYA_AND_NORWAY}")

    pdf = reader.page.pdf(prefer_css_page_size=True)

    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 4


def test_a_file_of_one_side_names_its_member(reader):
    """A file is read without its page."""
    reader.open(f"overview?{KENYA_AND_NORWAY}")
    button = reader.visual("acquisition").nth(1).get_by_role("button", name="download as CSV")
    with reader.page.expect_download() as found:
        button.dispatch_event("click")

    assert found.value.suggested_filename.endswith("-norway.csv")
