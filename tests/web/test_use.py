"""Everything around the numbers: links, files, an unreachable server, many members, languages and colours."""

from __future__ import annotations

import csv
import io
import re

import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe

from customer360.tables import COUNTRIES, LOYALTY_STATUSES, TOP_CUSTOMERS
from customer360.web.app import make_app
from customer360.web.server import Address, running
from tests.conftest import new_database
from tests.web.published import WHOLE, miniature_results, publish
from tests.web.reader import Reader, download, saved

FILTERED = "?loyalty_status=Gold&country=Kenya&country=Norway&join_month=2024-01..2025-12"


@pytest.fixture(scope="module")
def dashboard(module_database, tables):
    publish(module_database, tables)
    with running(make_app(module_database), Address(port=0)) as address:
        yield address.url


@pytest.fixture
def reader(page, dashboard):
    return Reader(page, dashboard)


# --- files say what they show -----------------------------------------------------------------------------------


def test_a_file_of_numbers_includes_its_date_and_filters(reader):
    """In separate columns, so that files can be stacked; the file name distinguishes two files."""
    reader.open(f"overview{FILTERED}")
    reader.click_mark("active_share_by_status", "Gold")
    file = download(reader, "acquisition", "CSV")

    lines = list(csv.DictReader(io.StringIO(file.path().read_text("utf-8-sig"))))

    assert lines
    for line in lines:
        assert line["As of"] == "2026-06-17"
        assert line["Filter: Loyalty Status"] == "Gold"
        assert line["Filter: Country"] == "Kenya; Norway"
        assert line["Filter: Join Month"] == "Jan 2024 to Dec 2025"
        assert line["Filter: % Active by Loyalty Status"] == "Gold"
    assert file.suggested_filename == (
        "customer360-overview-acquisition-2026-06-17-gold-kenya-norway-jan-2024-to-dec-2025-gold.csv"
    )


def test_a_file_names_only_the_filters_that_apply(reader):
    """A click filters other visuals; a status does not apply to cohorts; a share above X needs X."""
    reader.open("engagement?loyalty_status=Gold&pick.account_age=3")
    columns = {name: header(reader, name) for name in ("account_age", "cohort_retention", "last_login_trend")}
    reader.open("activity")
    above = header(reader, "balance_above")

    assert columns["account_age"][-2:] == ["As of", "Filter: Loyalty Status"]
    assert columns["cohort_retention"][-1] == "As of"
    assert columns["last_login_trend"][-3:] == ["As of", "Filter: Loyalty Status", "Filter: Account Age"]
    assert above[-1] == "Filter: Balance Threshold (X)"


def header(reader, visual):
    return next(csv.reader(io.StringIO(saved(reader, visual, "CSV").decode("utf-8-sig"))))


def test_a_picture_includes_its_date_and_filters(reader):
    """It is read without its page."""
    reader.open("overview")
    written = [pictured(reader, "acquisition")]
    reader.open(f"overview{FILTERED}")
    written.append(pictured(reader, "acquisition"))

    assert written[0].endswith("Customer 360 · As of 17 Jun 2026 · No filters")
    assert "As of 17 Jun 2026 · Loyalty Status: Gold · Country: Kenya · Country: Norway" in written[1]
    assert "Join Month: Jan 2024 to Dec 2025" in written[1]


def pictured(reader, visual):
    """The texts in the picture of *visual*, in the order of drawing."""
    reader.page.evaluate("""() => {
        window.written = [];
        const { prototype } = CanvasRenderingContext2D;
        const fill = (window.fill ??= prototype.fillText);
        prototype.fillText = function (text, ...place) { window.written.push(text); fill.call(this, text, ...place); };
    }""")
    saved(reader, visual, "image")
    return " ".join(reader.page.evaluate("window.written"))


HOSTILE = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "x;=1+1", 'x;"=1+1', "x,=1+1", "\n=1+1", "＝1+1"]
IDS = ["-3781657594407154599", "0042", "+31", "=1", "-", "-x", "7", "8", "9", "10"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_of_a_file_runs_in_a_spreadsheet_and_ids_are_unchanged(page, database, tables, separator):
    """Regardless of where the spreadsheet splits the line."""
    top = renamed(renamed(tables[TOP_CUSTOMERS], "name", HOSTILE), "source_id", IDS)
    publish(database, {**tables, TOP_CUSTOMERS: top})
    with running(make_app(database), Address(port=0)) as address:
        reader = Reader(page, address.url)
        reader.open("financial")
        file = saved(reader, "top_customers", "CSV").decode("utf-8-sig")
        page.close()

    cells = [cell for line in csv.reader(io.StringIO(file), delimiter=separator) for cell in line]

    assert [cell for cell in cells if re.match(r"[=+\-@\t\r\n＝＋－＠]", cell) and not is_number(cell)] == []
    if separator == ",":
        assert {"-3781657594407154599", "0042", "+31"} <= set(cells)


def is_number(text):
    return re.fullmatch(r"[+-]?\d+(\.\d+)?.*", text, re.DOTALL) and not re.search(
        r"[+\-*/(]", text[1:].split(",")[0]
    )


def renamed(table, column, values):
    place = table.schema.get_field_index(column)
    field = table.schema.field(column)
    array = pa.array([values[at % len(values)] for at in range(len(table))], field.type)
    return table.set_column(place, field, array)


# --- links ------------------------------------------------------------------------------------------------------


def test_a_member_missing_from_a_refresh_disappears_from_the_open_page(page, database, tables, complaints):
    """The page continues with the new data instead of keeping the old."""
    publish(database, tables)
    with running(make_app(database), Address(port=0)) as address:
        reader = Reader(page, address.url)
        reader.open("overview?country=Kenya&loyalty_status=Gold")
        reader.after(lambda: publish(database, many(tables, COUNTRIES, "country", "Kenya", 1)))

        assert page.locator("html").get_attribute("data-refresh") == "2"
        assert reader.query() == {"loyalty_status": ["Gold"]}
        assert "Country “Kenya”" in page.locator("#notice").inner_text()
        page.close()
    complaints[:] = [line for line in complaints if "400" not in line]


def test_x_moves_in_steps_and_page_and_url_agree(reader, tables):
    """A number between two steps becomes the step above, in the field, in the URL and as a filter."""
    reader.open("activity?balance_threshold=750")
    chips = reader.page.locator("#filters .filter")
    field = reader.page.get_by_label("Set to")
    assert reader.query() == {"balance_threshold": ["1000"]}
    assert (field.input_value(), chips.all_inner_texts()) == ("1000", ["Balance Threshold (X): 1,000"])

    field.fill("2600")
    reader.after(lambda: field.press("Enter"))
    assert reader.query() == {"balance_threshold": ["5000"]}
    assert field.input_value() == "5000"

    reader.after(lambda: reader.page.get_by_role("button", name="Clear all").click())
    assert reader.query() == {}
    assert field.input_value() == "10000"


# --- an unreachable or slow server ------------------------------------------------------------------------------


def test_a_page_without_its_numbers_is_empty(page, database, tables, complaints):
    """Numbers of one page below the title of another would be misread as its own."""
    publish(database, tables)
    with running(make_app(database), Address(port=0)) as address:
        reader = Reader(page, address.url)
        reader.open("overview")
    page.get_by_text("The server cannot be reached").wait_for()

    page.get_by_role("link", name="Customer Engagement").click()
    page.locator(".waiting").wait_for()

    [frames] = [{visual.name for visual in one.visuals} for one in WHOLE.pages if one.name == "engagement"]
    assert page.locator("#title").inner_text() == "Customer Engagement"
    assert page.title() == "Customer Engagement · Customer 360"
    assert page.locator("nav a[aria-current=page]").inner_text() == "Customer Engagement"
    assert set(page.locator("[data-visual]").evaluate_all("all => all.map(one => one.dataset.visual)")) == frames
    assert not page.locator(".visual .number").first.is_visible()
    page.close()
    complaints.clear()


def test_numbers_from_before_the_last_change_are_marked(page, database, tables, complaints):
    """The top ten comes from the server; if that is unreachable, the top ten does not reflect the new filter."""
    publish(database, tables)
    with running(make_app(database), Address(port=0)) as address:
        reader = Reader(page, address.url)
        reader.open("financial")
    page.get_by_text("The server cannot be reached").wait_for()

    page.get_by_role("checkbox", name="Gold").check()

    page.get_by_text("the numbers are from before it").wait_for()
    assert page.locator("#filters .filter").count() == 0
    page.close()
    complaints.clear()


def test_before_the_first_answer_the_page_has_its_layout(page, dashboard):
    """On a slow connection, the page is not blank."""
    page.route("**/api/**", lambda route: None)
    page.goto(f"{dashboard}/overview", wait_until="domcontentloaded")

    assert page.locator(".skeleton").first.is_visible()
    page.close()


# --- charts -----------------------------------------------------------------------------------------------------

CHART = """async (name) => {
    const source = document.querySelector("script[type=module]").src;
    const charts = await import(source.replace("app.js", "vendor/echarts.esm.min.js"));
    return charts.getInstanceByDom(document.querySelector(`[data-visual=${name}] .canvas`));
}"""


def series(reader, visual):
    return reader.page.evaluate(f"async () => (await ({CHART})('{visual}')).getOption().series")


def labels(reader, visual):
    """Every text on the canvas of *visual*."""
    texts = "zr.storage.getDisplayList(true).filter(({ type }) => type === 'tspan').map(({ style }) => style.text)"
    return reader.page.evaluate(
        f"async () => {{ const zr = (await ({CHART})('{visual}')).getZr(); return {texts}; }}"
    )


@pytest.mark.parametrize(
    ("address", "visual"),
    [
        ("overview?join_month=2025-03..2025-03", "acquisition"),
        ("overview?join_month=2026-06..2026-06", "acquisition"),
        ("activity?join_month=2025-03..2025-03", "points_by_join_month"),
    ],
)
def test_a_month_without_neighbours_is_a_dot(reader, address, visual):
    """One point does not make a line."""
    reader.open(address)

    points = [one for line in series(reader, visual) for one in line["data"] if one is not None]

    assert [point["symbol"] for point in points] == ["circle"]


def test_customers_are_counted_in_whole_numbers(reader):
    """An axis never shows 0.5 customers."""
    reader.open("overview?join_month=2025-03..2025-04&loyalty_status=Gold&country=Kenya")

    numbers = [text for text in labels(reader, "acquisition") if re.match(r"[\d.,]+$", text)]

    assert numbers
    assert all(text.isdigit() for text in numbers)


def test_months_and_ticks_are_in_the_language_of_the_reader(chromium, dashboard):
    """Also those for which the server sends labels."""
    context = chromium.new_context(locale="de-DE")
    german = Reader(context.new_page(), dashboard)
    german.open("overview")
    marks = german.visual("acquisition").locator(".marks button").all_inner_texts()
    german.open("activity?country=Kenya")
    ticks = " ".join(labels(german, "points_by_month"))
    context.close()

    names = {mark.split(":")[0].split()[0].rstrip(".") for mark in marks}
    assert names == {"Jan", "Feb", "März", "Apr", "Mai", "Juni", "Juli", "Aug", "Sept", "Okt", "Nov", "Dez"}
    assert not re.search(r"\d\.\d(?!\d\d)", ticks)


def test_bars_keep_their_scale_and_their_ghosts_when_a_mark_is_clicked(reader):
    """Filtered customers stay visible as pale bars; the numbers are those of the click."""
    reader.open("engagement")
    before = {row["account_age_band"]: int(row["total_customers"]) for row in reader.table("account_age")}

    reader.click_mark("retention_funnel", "4")
    bars, ghosts = series(reader, "account_age")
    after = {row["account_age_band"]: int(row["total_customers"]) for row in reader.table("account_age")}

    assert ghosts["data"] == list(before.values())
    assert [bar["value"] for bar in bars["data"]] == [after.get(key, 0) for key in before]
    assert sum(after.values()) < sum(before.values())


def test_high_balances_are_at_the_top(reader):
    """As on any ascending axis."""
    reader.open("financial")
    rows = reader.visual("balance_and_points").locator("tbody th").all_inner_texts()
    bands = [row for row in rows if re.match(r"over|\d", row)]

    assert rows[-1] == "below 0"
    assert bands[0].startswith("over")
    assert bands[-1] == "0"


# --- many members -----------------------------------------------------------------------------------------------


def many(tables, members, column, member, count):
    """*tables* with *member* of *column* split into *count* others; the first has a very long name."""
    names = [f"{member} {'long ' * 20}", *(f"{member} {number}" for number in range(1, count))]
    split = {}
    for table, rows in tables.items():
        if table is members:
            split[table] = with_members(rows, column, member, names)
        elif column in rows.column_names:
            split[table] = with_others(rows, column, member, names)
        else:
            split[table] = rows
    return split


def with_members(rows, column, member, names):
    kept = [row for row in rows.to_pylist() if row[column] != member]
    [order] = [name for name in rows.column_names if name.endswith("_order")]
    first = max(row[order] for row in kept) + 1
    added = [{column: name, order: first + at} for at, name in enumerate(names)]
    return pa.Table.from_pylist(kept + added, rows.schema)


def with_others(rows, column, member, names):
    field = rows.schema.field(column)
    values = [names[at % len(names)] if one == member else one for at, one in enumerate(rows[column].to_pylist())]
    return rows.set_column(rows.schema.get_field_index(column), field, pa.array(values, field.type))


@pytest.fixture(scope="module")
def crowded(server):
    """A dashboard of 44 loyalty statuses and 24 countries."""
    with new_database(server) as database:
        tables = many(miniature_results(), LOYALTY_STATUSES, "loyalty_status", "Gold", 40)
        publish(database, many(tables, COUNTRIES, "country", "Kenya", 20))
        with running(make_app(database), Address(port=0)) as address:
            yield address.url


def test_a_country_is_found_by_typing(page, crowded):
    """Enter picks the only match; the typed text is cleared."""
    reader = Reader(page, crowded)
    reader.open("overview")
    button = page.get_by_role("button", name=re.compile("^Country"))
    search = page.get_by_role("searchbox", name="Search country")
    button.click()
    search.fill("atlantis")
    assert page.locator(".popover:popover-open").get_by_text("No match").is_visible()
    search.fill("norw")
    reader.after(lambda: search.press("Enter"))
    assert reader.query() == {"country": ["Norway"]}

    page.keyboard.press("Escape")
    button.click()
    assert search.input_value() == ""
    assert page.get_by_role("checkbox", name="Chile").is_visible()


@pytest.mark.parametrize("visual", ["balance_by_status"])
def test_many_bars_scroll_and_a_long_name_leaves_room_for_them(page, crowded, visual):
    """Labels do not overlap, and no name takes most of the width."""
    reader = Reader(page, crowded)
    reader.open("financial")
    figure = reader.visual(visual).locator("figure")
    high, seen = figure.evaluate("one => [one.scrollHeight, one.clientHeight]")
    written = labels(reader, visual)
    rows = reader.table(visual)

    assert high > 1.5 * seen
    assert high >= 20 * len(rows)
    assert any(text.startswith("Gold long") and text.endswith("…") for text in written)


# --- for everyone -----------------------------------------------------------------------------------------------


def test_a_change_is_announced(reader):
    """Screen readers announce the number of customers and the filters."""
    reader.open("overview")
    said = reader.page.locator("#announcement")
    assert said.inner_text() == ""

    reader.after(lambda: reader.page.get_by_role("checkbox", name="Gold").check())
    count = reader.number("total_customers")
    assert said.inner_text() == f"{count} of 700 customers. Loyalty Status: Gold"

    reader.after(lambda: reader.page.get_by_role("link", name="Financial Insights").click())
    assert said.inner_text() == f"Financial Insights. {count} of 700 customers. Loyalty Status: Gold"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("shown", WHOLE.pages, ids=lambda page: page.name)
def test_an_open_panel_is_accessible(reader, shown, scheme):
    """The accessible names match the visible text, for voice control."""
    reader.page.emulate_media(color_scheme=scheme)
    reader.open(f"{shown.name}?country=Kenya")
    reader.page.get_by_role("button", name=re.compile("^About")).first.dispatch_event("click")
    reader.page.locator(".popover:popover-open").wait_for()
    spoken = {"rules": {"label-content-name-mismatch": {"enabled": True}}}

    found = Axe().run(reader.page, options=spoken).response["violations"]

    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []


def test_the_tools_of_a_visual_are_one_tab_stop(reader):
    """Arrow keys move between tools, so a page has few tab stops."""
    reader.open("overview")
    stops = reader.page.locator(".tool").evaluate_all("all => all.filter(({ tabIndex }) => tabIndex === 0).length")
    assert stops == len(WHOLE.pages[0].visuals)

    tools = reader.visual("acquisition").locator(".tool")
    tools.first.focus()
    reader.page.keyboard.press("ArrowRight")
    assert reader.page.evaluate("document.activeElement.ariaLabel") == "Customer Acquisition: show as a table"


def test_a_box_that_is_not_ticked_is_empty(reader):
    """The colour of a status is next to its box: a filled box would look selected."""
    reader.open("overview")
    box = reader.page.get_by_role("checkbox", name="Gold")
    colour = "one => getComputedStyle(one).backgroundColor"
    empty = box.evaluate(colour)
    swatch = reader.page.locator(".chip", has_text="Gold").locator("i").evaluate(colour)

    reader.after(box.check)
    assert empty == reader.page.locator(".visual").first.evaluate(colour)
    assert len({empty, swatch, box.evaluate(colour)}) == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_of_the_system_take_precedence_over_the_theme(chromium, dashboard, scheme):
    """Dark text in charts is unreadable on a black background."""
    context = chromium.new_context(forced_colors="active", color_scheme=scheme)
    context.add_init_script(f"localStorage.setItem('theme', '{'light' if scheme == 'dark' else 'dark'}')")
    reader = Reader(context.new_page(), dashboard)
    reader.open("overview")
    ink, paper = reader.page.evaluate("""async () => {
        const source = document.querySelector("script[type=module]").src;
        const { colours } = await import(source.replace("app.js", "theme.js"));
        return [colours().ink, colours().paper];
    }""")
    context.close()

    light, dark = ("#ffffff", "#000000")
    assert (ink, paper) == ((light, dark) if scheme == "dark" else (dark, light))


def test_an_unknown_theme_means_that_of_the_system(chromium, dashboard):
    """The stored theme may be from another version."""
    context = chromium.new_context()
    context.add_init_script("localStorage.setItem('theme', 'sepia')")
    reader = Reader(context.new_page(), dashboard)
    reader.open("overview")
    told = reader.page.get_by_role("button", name="Theme").inner_text()
    context.close()

    assert told == "Theme: auto"


@pytest.mark.parametrize("width", [1440, 1024, 800, 390])
def test_every_page_is_reachable_on_any_screen(reader, width):
    """None is cut off or needs scrolling."""
    reader.page.set_viewport_size({"width": width, "height": 800})
    reader.open("overview")

    links = reader.page.locator("#pages a")
    assert links.count() == len(WHOLE.pages)
    for link in links.all():
        box = link.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert reader.page.locator("#pages").evaluate("one => one.scrollWidth <= one.clientWidth")
