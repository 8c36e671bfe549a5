"""The dashboard in a real Chromium, with a real server and a real database."""

from __future__ import annotations

import csv
import io
import random
import re
from contextlib import ExitStack, contextmanager
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe

from customer360.report.dimensions import dimension
from customer360.report.measures import measure
from customer360.report.missing import called
from customer360.report.pages import REPORT
from customer360.tables import REFRESHES, TOP_CUSTOMERS, VALUE_SEGMENTS
from customer360.web import sql
from customer360.web.app import make_app
from customer360.web.server import Address, running
from customer360.web.store import hold
from customer360.web.view import page_of, view
from tests import miniature, row_level
from tests.conftest import new_database
from tests.web.published import WHOLE, miniature_results, publish
from tests.web.reader import Reader, saved

VISUALS = [(page, visual) for page in WHOLE.pages for visual in page.visuals]
QUERY = "?country=Kenya&country=Norway&join_month=2023-01..2026-03&balance_threshold=1000"


@pytest.fixture(scope="module")
def dashboard(module_database, tables):
    publish(module_database, tables)
    with running(make_app(module_database), Address(port=0)) as address:
        yield address.url


@pytest.fixture(scope="module")
def postgresql(dashboard, module_database):
    with module_database.connect(cursor_factory=psycopg.RawCursor) as connection:
        yield connection


@pytest.fixture
def reader(page, dashboard):
    return Reader(page, dashboard)


# --- the page shows the numbers of the database -----------------------------------------------------------------


@pytest.mark.parametrize("query", ["", QUERY], ids=["everyone", "filtered"])
@pytest.mark.parametrize("shown", WHOLE.pages, ids=lambda page: page.name)
def test_every_number_on_the_page_agrees_with_postgresql(reader, postgresql, tables, shown, query):
    """The table view of each visual is compared with queries of the published tables."""
    results, chosen = hold(tables), [(name, value) for name, all_ in parse_qs(query[1:]).items() for value in all_]
    asked = view(page_of(shown.name, results), chosen, results)
    reader.open(f"{shown.name}{query}")
    for visual in shown.visuals:
        on_page = reader.table(visual.name)
        if visual.kind == "table":
            check_top(on_page, visual, asked, postgresql)
        elif visual.by:
            check_marks(on_page, visual, asked, postgresql)
        else:
            check_values(on_page, visual, asked, postgresql)


def ask(postgresql, query):
    return postgresql.execute(query.text, query.parameters).fetchall()


def check_top(on_page, visual, asked, postgresql):
    query = sql.top(visual.fact, visual.measure, visual.columns, visual.top, filters=asked.filters(visual))
    expected = [[str(value) for value in row] for row in ask(postgresql, query)]

    assert expected
    assert [[*row.values()][:-1] for row in on_page] == [row[:-1] for row in expected]
    assert [Decimal([*row.values()][-1]) for row in on_page] == [Decimal(row[-1]) for row in expected]


def check_marks(on_page, visual, asked, postgresql):
    series = map(measure, (*visual.above, *visual.below))
    cuts = [dimension(name) for name in visual.by]
    shown = [*dict.fromkeys((visual.measure, *series, *visual.tooltip_measures))]
    query = sql.aggregate(visual.fact, shown, by=cuts, filters=asked.filters(visual), parameters=asked.parameters)
    expected = {tuple(map(str, row[: len(cuts)])): row[len(cuts) :] for row in ask(postgresql, query)}
    found = {tuple(row[name] for name in visual.by): [row[one.name] for one in shown] for row in on_page}

    assert expected
    assert expected.keys() <= found.keys()
    for key, values in found.items():
        for one, value, wanted in zip(shown, values, expected.get(key, [None] * len(shown)), strict=True):
            assert same(one, value, wanted), (visual.name, key, one.name, value, wanted)


def check_values(on_page, visual, asked, postgresql):
    compared = map(measure, filter(None, (visual.compared, visual.compare)))
    shown = [*dict.fromkeys((visual.measure, *visual.tooltip_measures, *compared))]
    query = sql.aggregate(visual.fact, shown, filters=asked.filters(visual), parameters=asked.parameters)
    [expected] = ask(postgresql, query)
    found = {row["name"]: row[visual.measure.name] for row in on_page}

    for one, wanted in zip(shown, expected, strict=True):
        assert same(one, found[one.name], wanted), (visual.name, one.name, found[one.name], wanted)


def same(one, on_page, wanted):
    if on_page == "":
        return wanted is None and not one.counts_nobody
    return row_level.same(float(on_page), 0 if wanted is None else wanted)


# --- the page answers like the server ---------------------------------------------------------------------------

LIKE_THE_SERVER = """async ([page, queries]) => {
    const source = document.querySelector("script[type=module]").src;
    const local = await import(source.replace("app.js", "local.js"));
    const get = async (address) => (await fetch(address)).json();
    const report = await get("/api/report");
    await local.load(report, page);
    return Promise.all(queries.map(async (query) => [
        local.answer(report, page, new URLSearchParams(query)), await get(`/api/pages/${page}?${query}`),
    ]));
}"""


def some_queries(page, results, seed, count=25):
    """URLs of *page* with any slicers, any clicked marks and any X."""
    rng = random.Random(seed)
    cut = [visual for visual in page.visuals if visual.by]
    for _ in range(count):
        query = [("balance_threshold", str(rng.choice([0, 700, 10_000, 10**9])))] * rng.randrange(2)
        for name in rng.sample(WHOLE.slicers[:3], rng.randrange(3)):
            query += [(name, key) for key in rng.sample(list(results.members[dimension(name)]), 2)]
        query += [
            ("join_month", rng.choice(["2023-01..", "..2025-06", "2024-02..2024-09", "1999-01..1999-02"]))
        ] * (rng.randrange(2))
        for visual in rng.sample(cut, rng.randrange(3)):
            keys = [str(rng.choice(list(results.members[dimension(name)]))) for name in visual.by]
            query.append((f"pick.{visual.name}", ",".join(keys)))
        yield urlencode(query, safe=",")


@pytest.mark.parametrize("name", ["overview", "value"])
def test_the_page_computes_what_the_server_computes(reader, tables, name):
    """Measures rendered to SQL and evaluated in the page give the same numbers for any choices."""
    results = hold(tables)
    queries = ["", *some_queries(page_of(name, results), results, seed=360)]
    reader.open(name)

    answers = reader.page.evaluate(LIKE_THE_SERVER, [name, queries])

    by_page = [own for own, _ in answers if own is not None]
    assert len(by_page) == len(queries)
    for query, (own, served) in zip(queries, answers, strict=True):
        assert alike(own, served), query


def alike(one, other):
    """Equal, up to the last digit of a division."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return one == pytest.approx(other, rel=1e-9)
    return one == other


def test_a_click_needs_no_server_once_the_tables_are_loaded(reader):
    """This also works when the server is unreachable."""
    reader.open("overview")
    reader.page.wait_for_timeout(500)
    asked = []
    reader.page.on("request", lambda request: asked.append(request.url))

    reader.after(lambda: reader.page.get_by_role("checkbox", name="Gold").check())

    assert asked == []
    assert reader.number("total_customers") != "700"


def test_single_customers_stay_on_the_server(web_tables):
    """The page receives no table of names; it requests its top ten."""
    assert web_tables["financial"] == []
    assert web_tables["overview"]
    for tables in web_tables.values():
        assert all({"name", "customer_id"}.isdisjoint(columns) for columns in tables)


@pytest.fixture
def web_tables(reader):
    reader.open("overview")
    report = reader.page.evaluate("async () => (await fetch('/api/report')).json()")
    return {page["name"]: [cube["columns"] for cube in page["cubes"]] for page in report["pages"]}


# --- slicers, clicks, the URL -----------------------------------------------------------------------------------


def test_the_root_url_shows_the_first_page(reader):
    """With its title, its navigation and the as-of date."""
    reader.open("")

    assert reader.page.url.endswith("/overview")
    assert reader.page.title() == "Customer Overview · Customer 360"
    assert reader.page.locator("nav a[aria-current=page]").inner_text() == "Customer Overview"
    assert "17 Jun 2026" in reader.page.locator("#freshness").inner_text()
    assert reader.number("total_customers") == "700"


def test_a_slicer_filters_every_visual_and_is_in_the_url(reader):
    """It is also among the active filters, where it can be removed."""
    reader.open("overview")
    reader.after(lambda: reader.page.get_by_role("checkbox", name="Gold").check())

    assert reader.query() == {"loyalty_status": ["Gold"]}
    assert {row["loyalty_status"] for row in reader.table("customers_by_status")} == {"Gold"}
    filtered = reader.number("total_customers")
    assert filtered != "700"

    reader.after(lambda: reader.page.get_by_role("button", name="Remove Loyalty Status: Gold").click())
    assert reader.query() == {}
    assert reader.number("total_customers") == "700"


def test_slicers_carry_across_pages_and_clicked_marks_do_not(reader):
    """A click belongs to its page."""
    reader.open("overview")
    reader.after(lambda: reader.page.get_by_role("checkbox", name="Silver").check())
    reader.click_mark("customers_by_country", "Kenya")
    assert reader.query() == {"loyalty_status": ["Silver"], "pick.customers_by_country": ["Kenya"]}

    reader.after(lambda: reader.page.get_by_role("link", name="Financial Insights").click())

    assert urlsplit(reader.page.url).path == "/financial"
    assert reader.query() == {"loyalty_status": ["Silver"]}
    assert reader.page.get_by_role("checkbox", name="Silver").is_checked()
    assert {row["loyalty_status"] for row in reader.table("top_customers")} == {"Silver"}


def test_countries_are_found_by_typing(reader):
    """A list of many members can be searched."""
    reader.open("overview")
    if reader.page.get_by_role("button", name=re.compile("^Country")).count():
        reader.page.get_by_role("button", name=re.compile("^Country")).click()
        reader.page.get_by_role("searchbox").fill("nor")
    reader.after(lambda: reader.page.get_by_role("checkbox", name="Norway").check())

    assert reader.query() == {"country": ["Norway"]}


def test_a_range_of_months_filters_by_join_date(reader):
    """Both ends are chosen from a list."""
    reader.open("overview")
    reader.after(lambda: reader.page.get_by_label("Join Month from").select_option("2025-01"))
    reader.after(lambda: reader.page.get_by_label("Join Month to").select_option("2025-06"))

    assert reader.query() == {"join_month": ["2025-01..2025-06"]}
    months = [row["join_month"] for row in reader.table("acquisition")]
    assert (months[0], months[-1]) == ("2025-01-01", "2025-06-01")


# --- like is compared with like ---------------------------------------------------------------------------------


def test_new_customers_names_its_months(reader):
    """Customers who joined in the last full months, with a longer sparkline and no comparison."""
    reader.open("overview")
    card = reader.visual("new_customers")

    assert "Joined Jun 2025 – May 2026" in card.inner_text()
    assert card.locator(".spark").is_visible()
    assert not card.locator(".delta").is_visible()


def test_a_month_is_compared_with_the_same_month_a_year_earlier(reader, postgresql):
    """The card names both months; colour also shows better and worse."""
    reader.open("activity")
    said = reader.visual("points_awarded").locator(".delta")

    months = r"May 2026: [\d,]+ points (up|down) [▲▼] [\d.]+% vs May 2025"
    assert re.fullmatch(months, " ".join(said.text_content().split()))
    assert {"good", "bad"} & set(said.get_attribute("class").split())
    reader.open("engagement")
    said = reader.visual("monthly_active").locator(".delta")
    assert re.fullmatch(r"May 2026 \w+ [▲▼] [\d.]+% vs \d+ in May 2025", " ".join(said.text_content().split()))


@pytest.mark.parametrize("chosen", ["loyalty_status=Gold", "activity=Active", "pick.points_by_status=Gold"])
def test_under_a_filter_by_today_months_are_not_compared(reader, chosen):
    """Customers who are Gold today may not have been Gold a year ago; the card says why there is no comparison."""
    reader.open(f"activity?{chosen}")
    said = reader.visual("points_awarded").locator(".delta")

    assert said.inner_text().strip() == "May 2026: no comparison under a filter by status or activity"


@pytest.mark.parametrize("shown", WHOLE.pages, ids=lambda page: page.name)
def test_only_months_of_events_have_an_arrow(reader, shown):
    """Totals that grow with tenure show a large change in every steady programme."""
    of_months = {visual.name for visual in shown.visuals if visual.compare.endswith("_year_before")}
    reader.open(f"{shown.name}?country=Kenya")

    arrows = reader.page.locator("[data-visual]:has(.sign:text-matches('[▲▼]'))")

    assert {*arrows.evaluate_all("all => all.map(one => one.dataset.visual)")} <= of_months


def test_a_selection_is_compared_with_the_others_in_points(reader):
    """Without a selection, there are no others."""
    reader.open("activity")
    said = reader.visual("balance_above").locator(".delta")
    assert not said.is_visible()
    assert reader.number("login_frequency").endswith("days")

    reader.after(lambda: reader.page.get_by_role("checkbox", name="Gold").check())
    assert re.fullmatch(r"\s*[+−][\d.]+ pp\s*vs others [\d.]+%", said.inner_text())


def test_over_months_of_events_a_filter_by_today_has_a_note(reader):
    """It is not known who was Gold in past months."""
    reader.open("loyalty?loyalty_status=Gold")

    for visual in ("points_flow", "member_flow", "outstanding_points"):
        assert reader.visual(visual).locator(".note").all_inner_texts() == ["Only customers who are Gold today"]


def test_over_months_of_joining_a_filter_by_today_has_a_note(reader):
    """Set by a slicer or by a click; a picture includes the note, because it is part of the header."""
    reader.open("overview?activity=Active")
    notes = reader.visual("acquisition").locator(".note")
    assert notes.all_inner_texts() == ["Only customers who are Active today"]

    reader.click_mark("customers_by_status", "Gold")
    assert notes.all_inner_texts() == ["Only customers who are Gold and Active today"]
    assert reader.visual("customers_by_status").locator(".note").count() == 0

    reader.after(lambda: reader.page.get_by_role("button", name="Clear", exact=True).click())
    assert notes.count() == 0


@pytest.mark.parametrize(
    ("address", "visual", "said"),
    [
        ("engagement?loyalty_status=Gold", "cohort_retention", ["Not filtered by Loyalty Status"]),
        ("engagement?activity=Active&country=Kenya", "cohort_retention", ["Not filtered by Activity, Country"]),
        ("engagement?pick.retention_funnel=3", "cohort_retention", ["Not filtered by Funnel Stage"]),
        ("engagement?join_month=2024-01..2024-12", "cohort_retention", []),
        ("engagement?loyalty_status=Gold", "last_login_trend", []),
        ("financial?pick.balance_and_points=3,2", "top_customers", ["Not filtered by Balance Band, Points Band"]),
        ("financial?pick.balance_by_status=Gold", "top_customers", []),
    ],
)
def test_a_visual_says_which_filters_do_not_apply(reader, address, visual, said):
    """Otherwise the chips above the page would suggest that they apply."""
    reader.open(address)

    assert reader.visual(visual).locator(".note").all_inner_texts() == said


@pytest.mark.parametrize(
    ("address", "visual", "first", "last"),
    [
        ("overview?country=Chile&loyalty_status=Platinum", "acquisition", "2021-04-01", "2026-06-01"),
        ("overview?join_month=2025-02..2025-11&country=Chile", "acquisition", "2025-02-01", "2025-11-01"),
        ("overview?join_month=1999-01..2030-12", "acquisition", "2021-04-01", "2026-06-01"),
        ("activity?join_month=2025-03..2025-03", "points_by_join_month", "2025-03-01", "2025-03-01"),
        ("activity?country=Chile&loyalty_status=Platinum", "points_by_month", "2024-03-01", "2026-06-01"),
        ("engagement?join_month=2025-02..2025-04", "last_login_trend", "2024-09-01", "2026-06-01"),
    ],
)
def test_an_axis_of_months_includes_all_requested_months(reader, tables, address, visual, first, last):
    """
    A month without customers is zero, also at both ends: a shorter axis would hide that nobody joins.

    Logins before joining are on the axis of logins too.
    """
    reader.open(address)

    months = [row[next(iter(row))] for row in reader.table(visual)]

    assert (months[0], months[-1]) == (first, last)
    assert (
        len(months)
        == len(set(months))
        == 12 * (int(last[:4]) - int(first[:4])) + int(last[5:7]) - int(first[5:7]) + 1
    )


def test_ids_beyond_the_numbers_of_javascript_are_shown_exactly(page, database, tables):
    """In the table, in the table view and in the file."""
    top = tables[TOP_CUSTOMERS]
    ids = [-3781657594407154599, 4162937420125321133, 9007199254740993]
    rows = sorted(top.to_pylist(), key=lambda row: row["account_balance"], reverse=True)[:3]
    renamed = dict(zip((row["customer_id"] for row in rows), ids, strict=True))
    new = [str(renamed.get(old, old)) for old in top["customer_id"].to_pylist()]
    column = top.schema.get_field_index("source_id")
    publish(database, {**tables, TOP_CUSTOMERS: top.set_column(column, "source_id", pa.array(new))})
    with running(make_app(database), Address(port=0)) as address:
        reader = Reader(page, address.url)
        reader.open("financial")
        shown = reader.visual("top_customers").inner_text()
        rows = reader.table("top_customers")
        file = saved(reader, "top_customers", "CSV").decode()
        page.close()

    assert {row["source_id"] for row in rows} >= {str(one) for one in ids}
    assert all(str(one) in shown and str(one) in file for one in ids)


def test_a_click_on_a_mark_filters_the_others_and_a_second_click_undoes_it(reader):
    """The clicked visual keeps all of its marks."""
    reader.open("overview")
    before = reader.table("customers_by_status")

    reader.click_mark("customers_by_status", "Gold")
    assert reader.query() == {"pick.customers_by_status": ["Gold"]}
    assert reader.table("customers_by_status") == before
    gold = next(row["total_customers"] for row in before if row["loyalty_status"] == "Gold")
    assert reader.number("total_customers") == gold
    assert reader.mark("customers_by_status", "Gold").get_attribute("aria-pressed") == "true"

    reader.click_mark("customers_by_status", "Gold")
    assert reader.query() == {}
    assert reader.number("total_customers") == "700"


def test_a_click_elsewhere_moves_the_choice_and_ctrl_click_adds_to_it(reader):
    """As in Power BI."""
    reader.open("overview")
    reader.click_mark("customers_by_status", "Gold")
    reader.click_mark("customers_by_country", "Kenya")
    assert reader.query() == {"pick.customers_by_country": ["Kenya"]}

    reader.click_mark("customers_by_status", "Gold", ctrlKey=True)
    reader.click_mark("customers_by_status", "Silver", ctrlKey=True)
    assert reader.query() == {
        "pick.customers_by_country": ["Kenya"],
        "pick.customers_by_status": ["Gold", "Silver"],
    }

    reader.after(lambda: reader.page.locator("#filters").get_by_role("button", name="Clear", exact=True).click())
    assert reader.query() == {}


def test_a_filter_that_stays_keeps_its_chip(reader):
    """It keeps the keyboard focus, and needs no new layout."""
    reader.open("overview")
    reader.click_mark("customers_by_status", "Gold")
    reader.page.evaluate("document.querySelector('#filters .remove').focus()")

    reader.click_mark("customers_by_country", "Kenya", ctrlKey=True)
    focused = reader.page.evaluate("document.activeElement.ariaLabel")
    chips = reader.page.locator("#filters .filter").all_inner_texts()

    assert len(chips) == 2
    assert re.fullmatch("Remove .*Gold", focused)
    reader.after(lambda: reader.page.keyboard.press("Enter"))
    assert reader.query() == {"pick.customers_by_country": ["Kenya"]}


def test_a_real_click_on_the_chart_picks_the_mark_under_the_mouse(reader):
    """Not only the buttons for the keyboard."""
    reader.open("overview")
    canvas = reader.visual("customers_by_country").locator("canvas").first
    box = canvas.bounding_box()
    bars = reader.table("customers_by_country")
    x = box["x"] + box["width"] * (0.5 / len(bars)) * 1.4

    reader.after(lambda: reader.page.mouse.click(x, box["y"] + box["height"] * 0.7))

    assert reader.query() == {"pick.customers_by_country": [bars[0]["country"]]}


def test_a_heat_map_takes_one_cell(reader):
    """Also with Ctrl: two cells do not form a range of rows and columns."""
    reader.open("financial")
    cells = [f"{row['balance_band']},{row['points_band']}" for row in reader.table("balance_and_points")]

    reader.click_mark("balance_by_status", "Gold")
    reader.click_mark("balance_and_points", cells[0], ctrlKey=True)
    reader.click_mark("balance_and_points", cells[1], ctrlKey=True)

    assert reader.query() == {"pick.balance_by_status": ["Gold"], "pick.balance_and_points": [cells[1]]}


def test_back_and_forward_undo_and_redo(reader):
    """Filters and pages alike."""
    reader.open("overview")
    reader.after(lambda: reader.page.get_by_role("checkbox", name="Gold").check())
    reader.after(lambda: reader.page.get_by_role("link", name="Customer Engagement").click())

    reader.after(reader.page.go_back)
    assert (urlsplit(reader.page.url).path, reader.query()) == ("/overview", {"loyalty_status": ["Gold"]})
    reader.after(reader.page.go_back)
    assert reader.query() == {}
    assert not reader.page.get_by_role("checkbox", name="Gold").is_checked()
    reader.after(reader.page.go_forward)
    assert reader.page.get_by_role("checkbox", name="Gold").is_checked()


def test_two_clicks_within_one_frame_are_two_steps(reader):
    """The URL is written after the charts; that of the first click must not be lost."""
    reader.open("overview")
    reader.page.wait_for_timeout(500)  # until the tables have been fetched
    both = "['Gold', 'Silver'].forEach((name) => document.querySelector(`[value=${name}]`).click())"

    reader.after(lambda: reader.page.evaluate(both))
    assert reader.query() == {"loyalty_status": ["Gold", "Silver"]}

    reader.after(reader.page.go_back)
    assert reader.query() == {"loyalty_status": ["Gold"]}


def test_a_bookmark_shows_the_same_view(reader, dashboard, chromium):
    """For everyone, on any page."""
    reader.open("overview")
    reader.after(lambda: reader.page.get_by_role("checkbox", name="Bronze").check())
    reader.click_mark("acquisition", reader.table("acquisition")[-2]["join_month"])
    numbers = {name: reader.table(name) for name in ("total_customers", "customers_by_country")}

    with ExitStack() as stack:
        context = chromium.new_context(locale="de-DE")
        stack.callback(context.close)
        other = Reader(context.new_page(), dashboard)
        other.open(reader.page.url.removeprefix(f"{dashboard}/"))
        assert {name: other.table(name) for name in numbers} == numbers


def test_x_is_a_slider_over_the_edges_of_the_bands(reader, tables):
    """It changes the KPI, is in the URL, and stops where the share is exact."""
    reader.open("activity")
    slider = reader.visual("balance_threshold").get_by_role("slider")
    before = reader.number("balance_above")

    reader.after(lambda: slider.press("Home"))

    edges = [row["low"] for row in tables[next(t for t in tables if t.name == "bands")].to_pylist()]
    [x] = reader.query()["balance_threshold"]
    assert Decimal(x) == 0
    assert Decimal(x) in edges
    assert reader.number("balance_above") != before


# --- refreshes, errors, notices ---------------------------------------------------------------------------------


def test_an_open_page_follows_a_refresh_and_keeps_its_filters(page, database, tables):
    """Nobody has to reload."""
    publish(database, tables)
    with running(make_app(database), Address(port=0)) as address:
        reader = Reader(page, address.url)
        reader.open("overview?loyalty_status=Gold")
        before = reader.number("total_customers")

        reader.after(lambda: publish(database, miniature_results(150, seed=3)))

        assert reader.query() == {"loyalty_status": ["Gold"]}
        assert reader.number("total_customers") != before
        assert page.locator("html").get_attribute("data-refresh") == "2"
        assert "refresh 2" in page.locator("#freshness").inner_text()
        page.close()


def test_without_results_the_page_says_what_to_do(page, database, tables, complaints):
    """The page fills automatically once there are results."""
    with running(make_app(database), Address(port=0)) as address:
        page.goto(f"{address.url}/overview")
        page.get_by_text("customer360 run").wait_for()
        publish(database, tables)
        page.wait_for_selector("html[data-painted]", state="attached")
        assert Reader(page, address.url).number("total_customers") == "700"
        page.close()
    complaints[:] = [line for line in complaints if "503" not in line]


def test_a_link_may_be_older_than_the_data(reader, complaints):
    """The valid part is shown; the rest is reported and removed from the URL."""
    reader.open("overview?utm_source=mail&country=Narnia&country=Kenya&join_month=soon&pick.account_age=1")

    notice = reader.page.locator("#notice")
    assert reader.query() == {"country": ["Kenya"]}
    for left in ("parameter “utm_source”", "Country “Narnia”", "Join Month “soon”", "mark “1”"):
        assert left in notice.inner_text()

    notice.get_by_role("button", name="Dismiss").click()
    assert notice.inner_text() == ""
    assert reader.number("total_customers") != "700"
    complaints[:] = [line for line in complaints if "400" not in line]


def test_a_lost_server_leaves_the_last_data_on_screen(page, database, tables, complaints):
    """With a notice."""
    publish(database, tables)
    with running(make_app(database), Address(port=0)) as address:
        reader = Reader(page, address.url)
        reader.open("overview")
    page.get_by_text("The server cannot be reached").wait_for()

    assert reader.number("total_customers") == "700"
    complaints.clear()


def test_without_customers_every_visual_says_so(reader):
    """Neither an empty frame nor a zero that was never counted."""
    reader.open("engagement?join_month=2010-01..2010-02")

    assert reader.number("monthly_active") == "0"
    assert reader.visual("account_age").get_by_text("No customers match").is_visible()


MISSING = ("country", "last_login", "loyalty_points")
ONLY_NAMES = (
    "join_date", "first_purchase", "last_login", "is_active", "loyalty_status", "loyalty_points", "account_balance",
)  # fmt: skip
"""The columns missing from a list of names and countries."""


@contextmanager
def dashboard_without(server, missing):
    """The URL of a dashboard of customers without the *missing* columns."""
    with new_database(server) as database:
        publish(database, miniature_results(missing=missing))
        with running(make_app(database), Address(port=0)) as address:
            yield address.url


@pytest.fixture(scope="module")
def lacking(server):
    """The dashboard of customers without the `MISSING` columns."""
    with dashboard_without(server, MISSING) as url:
        yield url


def test_the_names_of_a_heat_map_fit_regardless_of_other_charts(page, server, dashboard):
    """Their width is measured in their own font, not in that of the last chart, if there was one."""

    def room(url):
        Reader(page, url).open("financial")
        return page.locator(".heat .corner").evaluate("one => one.style.getPropertyValue('--width')")

    with dashboard_without(server, ("loyalty_status",)) as url:
        assert room(url) == room(dashboard)


def test_the_counts_of_the_funnel_fit_at_any_size(page, dashboard):
    """At the width where the shares are close to them."""
    page.set_viewport_size({"width": 1024, "height": 768})
    Reader(page, dashboard).open("engagement")
    drawn, needed = page.locator(".funnel").evaluate(
        """funnel => {
          const count = funnel.querySelector(".count");
          count.textContent = "1,000,000,000";
          funnel.style.setProperty("--digits", "13");
          return [count.clientWidth, count.scrollWidth];
        }"""
    )

    assert needed <= drawn


def test_a_list_of_names_and_countries_is_shown_by_country(page, server):
    """Without any date or amount, most visuals say what is missing, and none fails."""
    with dashboard_without(server, ONLY_NAMES) as url:
        reader = Reader(page, url)
        missing = miniature.of_customers(ONLY_NAMES)
        for definition in REPORT.shown(missing).pages:
            reader.open(definition.name)
            for visual in definition.visuals:
                said = reader.visual(visual.name).get_by_text("Not in your data")
                assert said.count() == bool(visual.lacks(missing)), visual.name
        reader.open("overview")
        assert reader.number("total_customers") == "700"


@pytest.mark.parametrize(
    "definition", REPORT.shown(miniature.of_customers(MISSING)).pages, ids=lambda one: one.name
)
def test_missing_data_is_reported_in_its_place(page, lacking, definition):
    """Neither a zero nor an empty frame; other visuals are drawn, and missing columns cannot be filtered by."""
    reader = Reader(page, lacking)
    reader.open(definition.name)

    for visual in definition.visuals:
        said = reader.visual(visual.name).get_by_text("Not in your data")
        assert said.count() == bool(visual.lacks(miniature.of_customers(MISSING))), visual.name
        for name in map(called, visual.lacks(miniature.of_customers(MISSING))):
            assert reader.visual(visual.name).locator(".not-in-data code", has_text=name).is_visible()
    assert page.locator(".slicer", has_text="Country").get_by_text("Not in your data").is_visible()
    assert Axe().run(page).response["violations"] == []


def test_the_page_computes_what_the_server_computes_from_incomplete_data(page, lacking):
    """The tables in the page are not queried for missing data."""
    reader = Reader(page, lacking)
    reader.open("overview")

    answers = page.evaluate(LIKE_THE_SERVER, ["overview", ["", "loyalty_status=Gold"]])

    assert all(own is not None and alike(own, served) for own, served in answers)


def test_a_missing_table_is_reported_in_its_place(page, server):
    """The results are from an older version: the frame says what to do, and the other visuals are drawn."""
    line = f"the results have no {VALUE_SEGMENTS.full_name} yet; renew them with: customer360 run"
    with new_database(server) as database:
        publish(database, miniature_results())
        with database.connect() as connection:
            connection.execute(f"DROP TABLE {VALUE_SEGMENTS.full_name}")
        with running(make_app(database), Address(port=0)) as address:
            reader = Reader(page, address.url)
            reader.open("value")
            for visual in next(one for one in WHOLE.pages if one.name == "value").visuals:
                said = reader.visual(visual.name).get_by_text(line)
                assert said.count() == (visual.fact == VALUE_SEGMENTS), visual.name
                assert reader.visual(visual.name).get_by_text("Not in your data").count() == 0


def test_a_line_of_shares_ends_at_the_whole(page, dashboard):
    """A share of 100 % once had an axis up to 120 %; the axis of small shares is as long as they need."""
    Reader(page, dashboard).open("overview")

    ends = page.evaluate(ENDS, [[1, 0.5], [0.3, 0.1], [0.97, 1]])

    assert ends == [1, pytest.approx(0.3), 1]


ENDS = """async all => {
  const source = document.querySelector("script[type=module]").src;
  const { init } = await import(source.replace("app.js", "vendor/echarts.esm.min.js"));
  const { timeline, timelineChange } = await import(source.replace("app.js", "timeline.js"));
  const report = {
    measures: { rate: { label: "Rate", unit: "share", format: "percent" } },
    refresh: { as_of: "2026-06-30" },
  };
  const visual = { kind: "line", measure: "rate", by: ["activity_month"] };
  const slot = document.body.appendChild(document.createElement("div"));
  const chart = init(slot, null, { width: 400, height: 200 });
  const view = { visual, report, picks: new Set(), size: { width: 400, height: 200 }, rows: [] };
  chart.setOption(timeline(view));
  const ends = all.map(values => {
    const rows = values.map((value, at) => ({ keys: [`2025-0${at + 1}-01`], value, mark: String(at) }));
    chart.setOption(timelineChange({ ...view, rows }));
    return chart.getModel().getComponent("yAxis").axis.scale.getExtent()[1];
  });
  slot.remove();
  return ends;
}"""


# --- for everyone -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "scheme"), [((1440, 900), "light"), ((390, 844), "dark")], ids=["wide-light", "phone-dark"]
)
@pytest.mark.parametrize("shown", WHOLE.pages, ids=lambda page: page.name)
def test_no_page_breaks_a_rule_of_accessibility(reader, shown, size, scheme):
    """
    WCAG A and AA, checked by axe-core, also with open tables.

    Colours depend on the theme and positions on the width: every page is checked in each of both.
    """
    reader.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    reader.page.set_viewport_size({"width": size[0], "height": size[1]})
    reader.open(shown.name)
    assert violations(reader.page) == []

    for visual in shown.visuals:
        reader.visual(visual.name).get_by_role("button", name="as a table").dispatch_event("click")
    assert violations(reader.page) == []


def violations(page):
    found = Axe().run(page).response["violations"]
    return [(rule["id"], node["target"], node["failureSummary"]) for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("shown", WHOLE.pages, ids=lambda page: page.name)
def test_the_keyboard_reaches_every_visual_with_marks(reader, shown):
    """One tab stop each; the arrow keys move between marks, Enter clicks."""
    reader.open(shown.name)
    reached = set()
    for _ in range(150):
        reader.page.keyboard.press("Tab")
        reached.add(
            reader.page.evaluate("document.activeElement?.closest('[data-visual]')?.dataset.visual ?? 'elsewhere'")
        )
    assert {visual.name for visual in shown.visuals} <= reached


def test_the_keyboard_picks_marks(reader):
    """Arrow keys move, Enter picks, Ctrl-Enter adds."""
    reader.open("overview")
    marks = reader.visual("customers_by_status").locator("button[data-mark]")
    marks.first.focus()
    reader.page.keyboard.press("ArrowRight")
    reader.after(lambda: reader.page.keyboard.press("Enter"))
    reader.page.keyboard.press("ArrowRight")
    reader.after(lambda: reader.page.keyboard.press("Control+Enter"))

    assert reader.query() == {"pick.customers_by_status": ["Silver", "Gold"]}


def test_the_focus_can_be_seen(reader):
    """Around every focused element."""
    reader.open("overview")
    reader.page.keyboard.press("Tab")
    for _ in range(12):
        reader.page.keyboard.press("Tab")
        outline = reader.page.evaluate(
            "() => { const of = node => getComputedStyle(node); const active = document.activeElement;"
            " return [active, active.closest('label, .visual, .chip') ?? active].some("
            " node => parseFloat(of(node).outlineWidth) >= 2 && of(node).outlineStyle !== 'none') }"
        )
        assert outline, reader.page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_dark_is_dark_and_is_remembered(reader):
    """Set by the system or by the reader."""

    def paper():
        color = reader.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper')")
        return sum(bytes.fromhex(color.strip(" #")))

    reader.open("overview")
    assert paper() > 600
    reader.page.emulate_media(color_scheme="dark")
    assert paper() < 200
    reader.page.emulate_media(color_scheme="light")
    theme = reader.page.get_by_role("button", name=re.compile("theme", re.IGNORECASE))
    for _ in range(3):
        theme.click()
        if paper() < 200:
            break
    assert paper() < 200
    reader.open("financial")
    assert paper() < 200


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("shown", WHOLE.pages, ids=lambda page: page.name)
def test_no_page_scrolls_sideways_or_truncates_words(reader, shown, width):
    """On any screen: titles, definitions, and the text next to a funnel's bars."""
    reader.page.set_viewport_size({"width": width, "height": 800})
    reader.open(shown.name)

    assert reader.page.evaluate("document.documentElement.scrollWidth") <= width
    cut_off = reader.page.locator(".visual-head > *, .stage > span").evaluate_all(
        """all => all.filter(one => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 2)
            .map(one => one.textContent)"""
    )
    assert cut_off == []


CLIPPED = """async () => {
    const source = document.querySelector("script[type=module]").src;
    const charts = await import(source.replace("app.js", "vendor/echarts.esm.min.js"));
    const unseen = ".toolbar, .marks, .visually-hidden, .canvas, [hidden]";
    const found = [];
    const overlap = (one, other) =>
        Math.min(one.right, other.right) - Math.max(one.left, other.left) > 2
        && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 4;
    const collide = (texts, where) => texts.forEach((one, at) => texts.slice(at + 1).forEach((other) => {
        if (one.text !== other.text && overlap(one.box, other.box)) found.push(`${where}: '${one.text}' lies on '${other.text}'`);
    }));
    for (const visual of document.querySelectorAll(".visual")) {
        const name = visual.dataset.visual;
        const walker = document.createTreeWalker(visual, NodeFilter.SHOW_TEXT);
        const texts = [];
        while (walker.nextNode()) {
            const { currentNode: node } = walker;
            const parent = node.parentElement;
            if (!node.data.trim() || parent.closest(unseen) || !parent.checkVisibility({ visibilityProperty: true })) continue;
            const range = document.createRange();
            range.selectNodeContents(node);
            const box = range.getBoundingClientRect();
            texts.push(...[...range.getClientRects()].map((line) => ({ text: node.data, box: line })));
            for (let around = parent; around !== visual.parentElement; around = around.parentElement) {
                const { overflowX, overflowY } = getComputedStyle(around);
                if (["auto", "scroll"].includes(overflowX) || ["auto", "scroll"].includes(overflowY)) break;
                const room = around.getBoundingClientRect();
                const isBeyond = box.left < room.left - 1 || box.right > room.right + 1
                    || (around === visual && box.bottom > room.bottom + 1);
                const cuts = around === visual || overflowX !== "visible";
                if (cuts && isBeyond) found.push(`${name}: '${node.data}' leaves its room`);
                if (cuts && around.scrollWidth > around.clientWidth + 1) found.push(`${name}: '${node.data}' is cut off`);
            }
        }
        collide(texts, name);
        for (const canvas of visual.querySelectorAll(".canvas")) {
            const chart = charts.getInstanceByDom(canvas);
            const pieces = chart.getZr().storage.getDisplayList(true).filter((piece) => piece.type === "tspan");
            const written = pieces.filter(({ style, invisible }) => style.text?.trim() && !invisible).map((piece) => {
                const box = piece.getBoundingRect().clone();
                const isTurned = piece.transform && Math.abs(piece.transform[1]) > 0.01;
                if (piece.transform) box.applyTransform(piece.transform);
                return { text: piece.style.text, isTurned, box: {
                    left: box.x, top: box.y, right: box.x + box.width, bottom: box.y + box.height } };
            });
            for (const { text, box } of written) {
                const isIn = box.left >= -2 && box.top >= -2 && box.right <= chart.getWidth() + 2 && box.bottom <= chart.getHeight() + 2;
                if (!isIn) found.push(`${name}: '${text}' leaves the canvas`);
                if (/\\d.*(\\.\\.\\.|…)$/.test(text)) found.push(`${name}: '${text}' is a part of a number`);
            }
            collide(written.filter(({ isTurned }) => !isTurned), name);
        }
    }
    return found;
}"""


@pytest.mark.parametrize("width", [1440, 1280, 1024, 800, 390])
@pytest.mark.parametrize("shown", WHOLE.pages, ids=lambda page: page.name)
def test_no_number_is_truncated_or_covered(reader, shown, width):
    """A truncated number is wrong, such as 2,168 without its last digit. Also in charts and with filters."""
    reader.page.set_viewport_size({"width": width, "height": 800})
    for query in ("", QUERY):
        reader.open(f"{shown.name}{query}")
        assert reader.page.evaluate(CLIPPED) == []
    if shown.name == "overview":
        assert reader.visual("active_customers").locator(".more").get_by_text("% Active Customers").is_visible()


# --- exports ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", WHOLE.pages, ids=lambda page: page.name)
def test_every_visual_saves_its_numbers(reader, shown):
    """As CSV, with the raw numbers of the table view."""
    reader.open(shown.name)
    for visual in shown.visuals:
        content = saved(reader, visual.name, "CSV")
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        rows = reader.table(visual.name)
        assert content.startswith("\N{BYTE ORDER MARK}".encode())
        assert [line[len(rows[0]) - 1] for line in lines[1:]] == [row[list(row)[-1]] for row in rows]


def test_every_visual_saves_its_picture(reader):
    """As PNG, at twice the size on screen, not empty."""
    for shown, visual in VISUALS:
        if urlsplit(reader.page.url).path != f"/{shown.name}":
            reader.open(shown.name)
        content = saved(reader, visual.name, "image")
        box = reader.visual(visual.name).bounding_box()
        assert content.startswith(b"\x89PNG")
        assert int.from_bytes(content[16:20], "big") == pytest.approx(2 * box["width"], abs=4)
        assert len(content) > 2_000


@pytest.mark.parametrize("shown", WHOLE.pages, ids=lambda page: page.name)
def test_a_page_prints_on_few_sheets_with_its_filters_and_date(reader, shown):
    """About ten rows per sheet, in light colours, without the controls."""
    reader.page.emulate_media(color_scheme="dark")
    reader.open(f"{shown.name}?loyalty_status=Gold")

    pdf = reader.page.pdf(prefer_css_page_size=True)
    reader.page.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1 + (shown.rows > 12)
    assert reader.page.get_by_text("Loyalty Status: Gold").is_visible()
    assert "17 Jun 2026" in reader.page.locator("#freshness").inner_text()
    assert not reader.page.locator("#slicers").is_visible()
    assert (
        reader.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper')") == "#FFFFFF"
    )


def test_the_first_page_is_small(reader):
    """At most 1.2 MB over the network, all of it from this server (checked by the page fixture)."""
    sizes = []
    reader.page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    reader.open("overview")

    assert 100_000 < sum(sizes) < 1_200_000


def test_numbers_follow_the_locale_of_the_reader(chromium, dashboard, postgresql):
    """A German reader sees 1.234,5."""
    context = chromium.new_context(locale="de-DE")
    german = Reader(context.new_page(), dashboard)
    german.open("financial")
    text = german.visual("top_customers").inner_text()
    context.close()

    assert re.search(r"\d\.\d{3}(?!\d)", text)
    assert postgresql.execute(f"SELECT max(as_of_date) FROM {REFRESHES.full_name}").fetchone() == (
        date(2026, 6, 17),
    )
