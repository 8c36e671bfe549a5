"""From a number to its customers and back, with mouse, keyboard and touch."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from customer360.mock_data.plan import plan_of
from customer360.people.audiences import Audience, save
from customer360.pipeline.fill import fill_mock_data
from customer360.pipeline.run import run_operations
from customer360.postgres.people import people_only
from customer360.tables import EVENTS
from customer360.web import store
from customer360.web.app import make_app
from customer360.web.selections import named
from customer360.web.server import Address, running
from tests.web.reader import Reader

pytestmark = pytest.mark.slow

AS_OF = date(2026, 6, 17)
PAGE = 50
LIST = "customers?page=overview&country=Spain&sort=-spent"


@pytest.fixture(scope="module")
def published(module_database, spark):
    """Mock customers with events, results, and a saved audience."""
    fill_mock_data(module_database, spark, plan_of(1_500, 7, AS_OF, 0.0, 12))
    run_operations(module_database, spark)
    results = store.load(module_database)
    assert results
    with module_database.connect() as connection:
        where = {"loyalty_status": "Gold"}
        save(connection, Audience("gold", where), named(results, where), AS_OF)
    return module_database


@pytest.fixture(scope="module")
def dashboard(published):
    with running(make_app(published, people=people_only(published)), Address(port=0)) as address:
        yield address.url


@pytest.fixture
def reader(page, dashboard):
    return Reader(page, dashboard)


@pytest.fixture
def finger(chromium, complaints, dashboard):
    """A reader on a phone."""
    size = {"width": 390, "height": 844}
    context = chromium.new_context(locale="en-GB", viewport=size, has_touch=True, is_mobile=True)
    context.on("page", complaints.listen_to)
    yield Reader(context.new_page(), dashboard)
    context.close()
    assert complaints == []


def menu(reader):
    return reader.page.get_by_role("menu")


def first_entry(reader):
    return menu(reader).get_by_role("menuitem").first


def number_in(text):
    [number, *_] = re.findall(r"\d[\d,]*", text)
    return int(number.replace(",", ""))


def follow(reader, action):
    """Follows a link to customers; returns the count in the title."""
    reader.after(action)
    return number_in(reader.page.locator("#title").inner_text())


def rows(reader):
    return reader.page.locator("tbody tr[data-customer]")


def ids(reader):
    return rows(reader).evaluate_all("all => all.map(one => one.dataset.customer)")


def address(reader):
    parts = urlsplit(reader.page.url)
    return parts.path, parse_qs(parts.query)


# --- from a mark ------------------------------------------------------------------------------------------------

SLICE = """async (name) => {
    const source = document.querySelector("script[type=module]").src;
    const charts = await import(source.replace("app.js", "vendor/echarts.esm.min.js"));
    const canvas = document.querySelector(`[data-visual=${name}] .canvas`);
    const data = charts.getInstanceByDom(canvas).getModel().getSeriesByIndex(0).getData();
    const { cx, cy, r, r0, startAngle, endAngle } = data.getItemLayout(0);
    const [angle, radius] = [(startAngle + endAngle) / 2, (r + r0) / 2];
    const { left, top } = canvas.getBoundingClientRect();
    return [data.getName(0), left + cx + Math.cos(angle) * radius, top + cy + Math.sin(angle) * radius];
}"""


def test_a_right_click_on_a_slice_leads_to_exactly_its_customers(reader):
    """A plain click still filters the page."""
    reader.open("overview?country=Spain")
    name, x, y = reader.page.evaluate(SLICE, "customers_by_status")

    reader.page.mouse.move(x, y)
    reader.page.mouse.click(x, y, button="right")
    entry = first_entry(reader)
    offered = number_in(entry.inner_text())
    found = follow(reader, entry.click)

    assert found == offered
    path, query = address(reader)
    assert path == "/customers"
    assert query == {
        "visual": ["customers_by_status"], "mark": [name], "measure": ["total_customers"], "country": ["Spain"],
    }  # fmt: skip
    reader.after(reader.page.go_back)
    reader.after(lambda: reader.page.mouse.click(x, y))
    assert reader.query()["pick.customers_by_status"] == [name]


def test_a_month_of_a_line_has_its_menu_anywhere_above_or_below_it(reader):
    """The same area as for picking it."""
    reader.open("overview")
    box = reader.visual("acquisition").locator(".canvas").bounding_box()

    reader.page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.5, button="right")
    offered = number_in(first_entry(reader).inner_text())
    found = follow(reader, lambda: reader.page.keyboard.press("Enter"))

    assert found == offered > 0
    assert re.fullmatch(r"\d{4}-\d\d-01", address(reader)[1]["mark"][0])


@pytest.mark.parametrize("key", ["Shift+F10", "ContextMenu"])
def test_a_cell_of_a_heat_map_has_a_menu_for_the_keyboard(reader, key):
    """The cell, its menu and the title show the same number."""
    reader.open("financial")
    cells = reader.visual("balance_and_points").locator("button[data-mark]:not([aria-disabled])")
    cell = max(cells.all(), key=lambda one: number_in(one.get_attribute("aria-label").rpartition(":")[2]))
    shown = number_in(cell.get_attribute("aria-label").rpartition(":")[2])

    cell.focus()
    reader.page.keyboard.press(key)
    offered = number_in(first_entry(reader).inner_text())
    found = follow(reader, lambda: reader.page.keyboard.press("Enter"))

    assert found == offered == shown
    assert len(address(reader)[1]["mark"][0].split(",")) == 2


def test_a_focused_mark_of_a_chart_has_the_menu_and_escape_restores_the_focus(reader):
    """Arrow keys move between the entries; the filters do not change."""
    reader.open("overview")
    mark = reader.mark("customers_by_status", "Gold")
    mark.focus()
    reader.page.keyboard.press("Shift+F10")
    entries = menu(reader).get_by_role("menuitem")
    assert entries.first.evaluate("one => one === document.activeElement")

    reader.page.keyboard.press("ArrowDown")
    assert entries.nth(1).evaluate("one => one === document.activeElement")

    reader.page.keyboard.press("Escape")
    assert not menu(reader).is_visible()
    assert mark.evaluate("one => one === document.activeElement")
    assert reader.query() == {}


@pytest.mark.parametrize("way", ["click", "tool"])
def test_a_card_leads_to_the_customers_it_counts(reader, way):
    """By a right click anywhere on it, and by its tool, which the keyboard can reach."""
    reader.open("overview")
    shown = number_in(reader.number("active_customers"))
    if way == "click":
        reader.visual("active_customers").locator(".number").click(button="right")
    else:
        reader.visual("active_customers").get_by_role("button", name="see the customers").press("Enter")

    assert follow(reader, first_entry(reader).click) == shown


def test_an_empty_list_is_not_offered(reader):
    """A card that counts nobody has no list and no tool for one."""
    reader.open("overview?join_month=1999-01..1999-02")
    reader.visual("total_customers").locator(".number").click(button="right")

    assert reader.number("total_customers") == "0"
    assert reader.visual("total_customers").get_by_role("button", name="see the customers").count() == 0
    assert not menu(reader).is_visible()


def test_a_long_press_opens_the_menu_and_does_not_filter(finger):
    """On systems without an event for a long press."""
    finger.open("overview")
    number = finger.visual("active_customers").locator(".number")
    shown = number_in(number.inner_text())
    hold(finger, number)
    first_entry(finger).wait_for()
    assert follow(finger, first_entry(finger).tap) == shown

    finger.open("overview")
    finger.visual("customers_by_status").scroll_into_view_if_needed()
    name, x, y = finger.page.evaluate(SLICE, "customers_by_status")
    touch(finger, x, y)
    first_entry(finger).wait_for()
    assert menu(finger).get_attribute("aria-label").endswith(f"· {name}")
    assert finger.query() == {}


def hold(reader, target):
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    touch(reader, box["x"] + 10, box["y"] + box["height"] / 2)


def touch(reader, x, y, milliseconds=700):
    session = reader.page.context.new_cdp_session(reader.page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    reader.page.wait_for_timeout(milliseconds)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_the_page_leads_to_all_customers_under_its_filters_and_clicks(reader):
    """Useful after tapping a mark on a phone; each side of a comparison has its own link."""
    reader.open("overview?pick.customers_by_status=Gold&country=Spain")
    found = follow(reader, reader.page.get_by_role("link", name="See these customers").click)
    statuses = set(rows(reader).locator(".status").all_inner_texts())

    assert found > 0
    assert statuses == {"Gold"}
    back = reader.page.get_by_role("link", name="Back to Customer Overview")
    reader.after(back.click)
    assert reader.query() == {"pick.customers_by_status": ["Gold"], "country": ["Spain"]}

    reader.open("overview?compare=country:Spain,Italy")
    follow(reader, reader.page.get_by_role("link", name="See the customers of Italy").click)
    assert address(reader)[1] == {"page": ["overview"], "country": ["Italy"]}


def test_readers_who_may_not_see_people_see_no_links_to_them(page, published, complaints):
    """Neither links, nor tools, nor menus; a URL sent to them explains why."""
    with running(make_app(published), Address(port=0)) as served:
        reader = Reader(page, served.url)
        reader.open("overview")
        reader.visual("active_customers").locator(".number").click(button="right")

        assert page.get_by_role("link", name=re.compile("customers", re.I)).count() == 0
        assert page.get_by_role("button", name="see the customers").count() == 0
        assert not menu(reader).is_visible()

        reader.open("customers")
        assert page.get_by_role("heading", name="You cannot see customers").is_visible()
        page.close()
    assert [line for line in complaints if "403" not in line] == []
    complaints.clear()


# --- the list ---------------------------------------------------------------------------------------------------


def test_a_list_grows_and_keeps_its_length_on_the_way_back(reader):
    """Each customer appears once; going back from one returns to the same position."""
    reader.open("customers?sort=-spent")
    reader.page.get_by_role("button", name="Show more").click()
    rows(reader).nth(2 * PAGE - 1).wait_for()
    assert len(set(ids(reader))) == 2 * PAGE
    assert reader.page.get_by_text("100 of 1,500 shown").is_visible()
    frame = reader.page.locator(".customers-frame")
    link = rows(reader).nth(80).get_by_role("link")
    link.scroll_into_view_if_needed()
    place = frame.evaluate("one => one.scrollTop")

    reader.after(link.click)
    assert address(reader)[0].startswith("/customers/")
    reader.after(reader.page.go_back)

    assert rows(reader).count() == 2 * PAGE
    assert frame.evaluate("one => one.scrollTop") == pytest.approx(place, abs=2)
    assert place > 0


def test_a_header_sorts_says_so_and_keeps_the_focus(reader):
    """The order is in the URL; the back button undoes it."""
    reader.open("customers")
    head = reader.page.get_by_role("columnheader", name="Spent")
    reader.page.get_by_role("button", name="Spent").focus()

    reader.after(lambda: reader.page.keyboard.press("Enter"))
    assert head.get_attribute("aria-sort") == "descending"
    assert address(reader)[1]["sort"] == ["-spent"]
    spent = [float(text.replace(",", "")) for text in cells(reader, place_of(reader, "Spent"))]
    assert spent == sorted(spent, reverse=True)
    assert reader.page.evaluate("document.activeElement.textContent").startswith("Amount Spent")

    reader.after(lambda: reader.page.keyboard.press("Enter"))
    assert head.get_attribute("aria-sort") == "ascending"
    reader.after(reader.page.go_back)
    assert head.get_attribute("aria-sort") == "descending"
    assert reader.page.get_by_role("button", name="Email").count() == 0


def place_of(reader, label):
    return reader.page.get_by_role("columnheader", name=label).evaluate("one => one.cellIndex")


def cells(reader, place):
    return reader.page.locator(f"tbody tr > :nth-child({place + 1})").all_inner_texts()


def test_slicers_and_audiences_filter_a_list(reader):
    """The list shows its filters; its CSV and its command give the same customers."""
    reader.open("customers?page=overview&country=Spain")
    everybody = number_in(reader.page.locator("#title").inner_text())
    reader.after(lambda: reader.page.get_by_role("checkbox", name="Gold").check())
    gold = number_in(reader.page.locator("#title").inner_text())
    said = reader.page.locator(".said-filters .filter").all_inner_texts()
    reader.after(lambda: reader.page.get_by_role("checkbox", name="Gold").uncheck())
    reader.after(lambda: reader.page.get_by_label("Audience").select_option("gold"))

    assert 0 < gold < everybody
    assert number_in(reader.page.locator("#title").inner_text()) == gold
    assert sorted(said) == ["Country: Spain", "Loyalty Status: Gold"]
    with reader.page.expect_download() as found:
        reader.page.get_by_role("link", name="Download CSV").click()
    lines = found.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + gold
    reader.page.get_by_role("button", name="Command").click()
    assert reader.page.locator(".command").inner_text().startswith("customer360 people --where")


def test_a_search_finds_by_id_name_and_address_and_leaves_no_trace(reader, published):
    """The typed text is never in the URL, and disappears with the search."""
    with published.connect() as connection:
        query = "SELECT customer_id, name, email FROM analytics.customer_contacts ORDER BY customer_id LIMIT 1"
        [(one, name, email)] = connection.execute(query).fetchall()
    asked = []
    reader.page.on("request", lambda request: asked.append(request.url))
    reader.open("customers")
    field = reader.page.get_by_role("searchbox", name="Search customers")
    for text in (str(one), name[:-1], email):
        field.fill(text)
        field.press("Enter")
        reader.page.get_by_text(re.compile(r"found$")).wait_for()
        assert str(one) in ids(reader), text
    assert [url for url in asked if email in url or name.split()[0] in url] == []
    field.fill("nobody@example.invalid")
    field.press("Enter")
    reader.page.get_by_text("No customers found").wait_for()
    assert rows(reader).count() == 0

    field.fill("")
    reader.page.get_by_text("50 of 1,500 shown").wait_for()
    assert rows(reader).count() == PAGE


# --- one customer -----------------------------------------------------------------------------------------------


def test_one_customer_is_shown_with_points_and_events_but_no_name_in_the_title(reader):
    """The best customer, who has everything; a name in the title would enter the browser's history."""
    reader.open(LIST)
    name = cells(reader, place_of(reader, "Name"))[0]
    reader.after(rows(reader).first.get_by_role("link").click)
    page = reader.page

    assert page.locator("#title").inner_text() == name
    assert name not in page.title()
    assert page.get_by_text("Rank", exact=True).is_visible()
    assert page.locator("[data-visual=points_over_time] canvas").is_visible()
    months = reader.table("points_over_time")
    assert len(months) > 1
    events = page.locator(".events tbody tr")
    assert 0 < events.count() <= 200
    assert not page.locator("#slicers").is_visible()

    reader.after(page.get_by_role("link", name="Back to the list").click)
    assert address(reader) == ("/customers", {"page": ["overview"], "country": ["Spain"], "sort": ["-spent"]})
    reader.after(page.get_by_role("link", name="Customer Overview", exact=True).click)
    assert reader.query() == {"country": ["Spain"]}


def test_one_customer_without_events_is_shown_with_the_known_facts(page, database, spark):
    """No empty charts."""
    fill_mock_data(database, spark, plan_of(60, 7, AS_OF, 0.0, 0))
    run_operations(database, spark)
    with running(make_app(database, people=people_only(database)), Address(port=0)) as served:
        reader = Reader(page, served.url)
        reader.open("customers")
        reader.after(rows(reader).first.get_by_role("link").click)

        assert page.get_by_role("region", name="About this customer").is_visible()
        assert page.locator("canvas").count() == 0
        assert page.locator(".events").count() == 0
        page.close()


def test_an_unknown_customer_is_reported_as_unknown(reader, complaints):
    """The id may come from last year's e-mail."""
    reader.open("customers/123456789")

    assert reader.page.get_by_role("heading", name="No such customer").is_visible()
    assert all("400" in line for line in complaints)
    complaints.clear()


def test_the_heads_of_a_list_stand_over_what_they_name(reader):
    """Words begin, and numbers end, where their heads do."""
    reader.open(LIST)

    apart = reader.page.evaluate(
        """() => {
            const box = (cell) => {
                const range = document.createRange();
                range.selectNodeContents(cell.querySelector(".sort span, .unsorted, a, .text-cell") ?? cell);
                return range.getBoundingClientRect();
            };
            const heads = [...document.querySelectorAll(".customers-frame thead th")];
            const cells = [...document.querySelectorAll(".customers-frame tbody tr:first-child > *")];
            return heads.map((head, at) => {
                const side = head.classList.contains("amount") ? "right" : "left";
                return Math.round(box(head)[side] - box(cells[at])[side]);
            });
        }"""
    )

    assert {*apart} == {0}


# --- for everybody ----------------------------------------------------------------------------------------------

SCREENS = [(1440, 900, "light"), (390, 844, "dark")]


@pytest.mark.parametrize(("width", "height", "scheme"), SCREENS)
def test_no_page_of_customers_breaks_a_rule_of_accessibility(reader, width, height, scheme):
    """WCAG A and AA, checked by axe-core; touch targets are large enough."""
    page = reader.page
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": height})
    reader.open("overview")
    reader.mark("customers_by_status", "Gold").focus()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.keyboard.press("Shift+F10")  # after the scroll that the focus causes: a scroll closes the menu
    first_entry(reader).wait_for()
    assert violations(page) == []

    reader.open(LIST)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sizes = [box.bounding_box() for box in page.locator(".people a, .people button, .customer-links a").all()[:40]]
    assert all(min(box["width"], box["height"]) >= 24 for box in sizes if box)

    reader.after(rows(reader).first.get_by_role("link").click)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def violations(page):
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    found = Axe().run(page, options=options).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]


# This test is last, because it changes the data of the others.
def test_a_deleted_customer_disappears_from_an_open_list_and_page(reader, published, spark, complaints):
    """At the next refresh, without a click; the list keeps its length."""
    reader.open("customers")
    reader.page.get_by_role("button", name="Show more").click()
    rows(reader).nth(2 * PAGE - 1).wait_for()
    gone, stays = ids(reader)[:2]
    other = Reader(reader.page.context.new_page(), reader.address)
    other.open(f"customers/{gone}")

    with published.connect() as connection:
        connection.execute(f"DELETE FROM {EVENTS.full_name} WHERE customer_id = %s", [gone])
        connection.execute("DELETE FROM public.customers WHERE customer_id = %s", [gone])
    run_operations(published, spark)

    reader.page.locator('html[data-refresh="2"]').wait_for(state="attached")
    other.page.get_by_role("heading", name="No such customer").wait_for()
    reader.page.get_by_text("100 of 1,499 shown").wait_for()
    assert gone not in ids(reader)
    assert stays in ids(reader)
    assert all(re.search("400|503", line) for line in complaints)
    complaints.clear()
