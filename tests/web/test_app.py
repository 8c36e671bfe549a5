"""The dashboard over HTTP: pages, numbers, errors, and keeping up with the database."""

from __future__ import annotations

import json
import time
from datetime import date
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer360.postgres.embedded import EmbeddedPostgres
from customer360.report.missing import OF_EVENTS
from customer360.web.assets import assets
from tests.web.published import WHOLE, miniature_results, publish, serving

PAGES = [page.name for page in WHOLE.pages]
WAIT_SECONDS = 20


@pytest.fixture(scope="module")
def web(module_database, tables):
    publish(module_database, tables)
    with serving(module_database) as client:
        yield client


def eventually(question, expected):
    """The answer to *question* once it is *expected*; otherwise the last answer."""
    until = time.monotonic() + WAIT_SECONDS
    while (found := question()) != expected and time.monotonic() < until:
        time.sleep(0.05)
    return found


# --- pages and files --------------------------------------------------------------------------------------------


def test_the_root_url_redirects_to_the_first_page(web):
    """Nobody needs to know its name."""
    answer = web.get("/")

    assert (answer.status_code, answer.headers["location"]) == (302, "/overview")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_the_same_html(web, page):
    """It refers to its files by their digest."""
    answer = web.get(f"/{page}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"/static/{assets().digest}/app.js" in answer.text
    assert "{{" not in answer.text


def test_a_page_without_data_is_not_found_and_says_why(database):
    """For a URL from another shop or from earlier data; for readers and for scripts."""
    publish(database, miniature_results(60, no_events=OF_EVENTS))
    line = (
        "page 'loyalty' has nothing to show, because it needs events and points of events: not in your data; "
        "the pages are overview, financial, engagement, activity"
    )
    with serving(database) as web:
        pages = [page["name"] for page in web.get("/api/report").json()["pages"]]
        shell, numbers, other = web.get("/loyalty"), web.get("/api/pages/loyalty"), web.get("/sales")

    assert "loyalty" not in pages
    assert (shell.status_code, shell.text) == (404, line)
    assert numbers.status_code == 400
    assert line in numbers.text
    assert other.status_code == 404
    assert "/loyalty" not in other.text


def test_files_are_cached_forever_and_sent_compressed(web):
    """A changed file has another URL."""
    shipped = assets()
    for name, asset in shipped.files.items():
        answer = web.get(f"/static/{shipped.digest}/{name}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.content == asset.content


@pytest.mark.parametrize(
    "path",
    [
        "/static/{digest}/../app.py",
        "/static/{digest}/%2e%2e/app.py",
        "/static/other/app.js",
        "/static/{digest}/",
        "/x",
    ],
)
def test_nothing_else_is_served(web, path):
    """Files are looked up by name, never opened by path."""
    assert web.get(path.format(digest=assets().digest)).status_code == 404


def test_an_unknown_path_names_the_pages(web):
    """For people and for scripts."""
    assert "the pages are /overview, /financial, /engagement, /activity" in web.get("/sales").text
    assert web.get("/api/sales").json()["error"]["code"] == "not_found"


# --- numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", WHOLE.pages, ids=PAGES)
def test_one_request_answers_every_visual_of_a_page(web, page):
    """In strict JSON."""
    answer = web.get(f"/api/pages/{page.name}", params={"country": "Kenya"})

    assert set(answer.json()["visuals"]) == {visual.name for visual in page.visuals}
    assert answer.json()["refresh"] == 1


def test_the_report_contains_what_the_page_needs(web):
    """Slicers with members, measures with definitions, visuals with positions."""
    report = web.get("/api/report").json()

    assert report["refresh"]["as_of"] == "2026-06-17"
    assert [slicer["dimension"] for slicer in report["slicers"]] == list(WHOLE.slicers)
    assert report["statuses"] == {"Bronze": 1, "Silver": 3, "Gold": 4, "Platinum": 6}
    named = {name for page in report["pages"] for visual in page["visuals"] for name in visual["more"]}
    assert named <= set(report["measures"])
    assert report["measures"]["average_balance"]["left_out"] == "customers_without_balance"
    x, price = (report["parameters"][name] for name in ("balance_threshold", "point_price"))
    assert x["edges"] == sorted(x["edges"])
    assert (price["edges"], price["bands"], price["most"], price["exact"]) == (None, None, 1, True)


def test_an_answer_is_sent_once_until_it_changes(web):
    """A repeated request is answered with 304."""
    first = web.get("/api/pages/overview")
    again = web.get("/api/pages/overview", headers={"If-None-Match": first.headers["etag"]})
    other = web.get("/api/pages/overview?country=Kenya", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


def test_an_answer_is_compressed_if_the_client_accepts_it(web):
    """Other clients get it uncompressed."""
    plain = web.get("/api/pages/overview", headers={"Accept-Encoding": "identity"})
    compressed = web.get("/api/pages/overview", headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert compressed.headers["content-encoding"] == "gzip"
    assert plain.json() == compressed.json()


def test_a_table_of_the_page_is_of_the_refresh_that_the_page_shows(web):
    """Two refreshes never mix in one page."""
    [cube, *_] = next(page for page in web.get("/api/report").json()["pages"] if page["name"] == "overview")[
        "cubes"
    ]

    fresh = web.get(f"/api/cubes/overview/{cube['name']}?refresh=1")
    stale = web.get(f"/api/cubes/overview/{cube['name']}?refresh=2")
    unknown = web.get("/api/cubes/overview/customers?refresh=1")

    assert (fresh.status_code, fresh.headers["content-type"]) == (200, "application/octet-stream")
    assert (stale.status_code, unknown.status_code) == (400, 400)
    assert "this refresh has no such table" in stale.json()["error"]["message"]


# --- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/api/pages/sales", "unknown page 'sales'; the pages are overview"),
        ("/api/pages/overview?country=Narnia", "there is no country 'Narnia' in this data; available:"),
        ("/api/pages/overview?country=%00%ff", "there is no country"),
        ("/api/pages/overview?x=1", "unknown parameter 'x'; this page accepts"),
    ],
)
def test_an_invalid_request_is_a_400_with_the_valid_values(web, path, says):
    """Never an HTML page, never a traceback."""
    answer = web.get(path)

    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


NAMES = st.sampled_from(
    [
        "loyalty_status", "activity", "country", "join_month", "balance_threshold", "pick.customers_by_status",
        "pick.acquisition", "pick.balance_and_points", "pick.retention_funnel", "pick.cohort_retention", "pick.",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        ["Gold", "Kenya", "Active", "2025-01..", "2025-01-01", "3,2", "1", "2025,3", "1000", "..", ","]
    ),
    st.text(max_size=30),
    st.integers().map(str),
    st.dates().map(str),
    st.floats().map(str),
)


@pytest.mark.slow
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*PAGES, "unknown"]), st.lists(st.tuples(NAMES | st.text(max_size=20), VALUES), max_size=5))
def test_any_question_is_answered_or_refused_clearly(web, page, pairs):
    """Any request gets an answer, or a 400 with one line."""
    query = "&".join(f"{quote(name, errors='replace')}={quote(value, errors='replace')}" for name, value in pairs)

    answer = web.get(f"/api/pages/{page}?{query}")

    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert "\n" not in answer.json()["error"]["message"]
    else:
        json.loads(answer.text, parse_constant=pytest.fail)


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8"), max_size=40), st.sampled_from(["GET", "POST", "PUT", "HEAD", "BREW"]))
def test_any_path_and_method_is_answered_or_refused_clearly(web, path, method):
    """No path causes an internal error."""
    answer = web.request(method, f"/{quote(path)}")

    assert answer.status_code < 500


# --- keeping up with the database -------------------------------------------------------------------------------


def state(web):
    return web.get("/healthz").json()


def test_before_the_first_run_the_page_says_what_to_do(database, tables):
    """The results then appear automatically."""
    with serving(database) as web:
        assert web.get("/overview").status_code == 200
        answer = web.get("/api/report")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_results")
        assert "customer360 run" in answer.json()["error"]["message"]
        assert web.get("/healthz").status_code == 503

        publish(database, tables)

        assert eventually(lambda: web.get("/api/report").status_code, 200) == 200


@pytest.mark.slow
def test_a_new_refresh_replaces_the_old_while_pages_are_open(database, tables):
    """Both the numbers and their labels."""
    publish(database, tables)
    with serving(database) as web:
        before = web.get("/api/pages/overview")

        publish(database, miniature_results(100, seed=5))

        assert eventually(lambda: state(web)["refresh"], 2) == 2
        after = web.get("/api/pages/overview", headers={"If-None-Match": before.headers["etag"]}).json()
        assert after["refresh"] == 2
        assert after["visuals"]["total_customers"]["values"]["total_customers"] == 100


@pytest.mark.slow
def test_open_pages_are_notified_of_a_refresh(database, tables):
    """Immediately, by an event; the first event is the current state."""
    publish(database, tables)
    with serving(database) as web, web.stream("GET", "/api/events", timeout=WAIT_SECONDS) as stream:
        told = (
            json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line.startswith("data: ")
        )
        assert next(told) == {"refresh": 1, "database": "ok"}

        publish(database, tables)

        assert next(told) == {"refresh": 2, "database": "ok"}


@pytest.mark.slow
def test_a_lost_database_leaves_the_last_data_on_screen_and_recovers(home, tables):
    """The server continues from memory and says since when."""
    server = EmbeddedPostgres(home)
    database = server.start()
    publish(database, tables)
    with serving(server.reader_database()) as web:
        server.stop()

        assert eventually(lambda: state(web)["database"], "gone") == "gone"
        assert state(web)["since"].startswith(str(date.today().year))
        assert web.get("/api/pages/overview?country=Kenya").json()["refresh"] == 1

        server.start()
        assert eventually(lambda: state(web)["database"], "ok") == "ok"
        publish(server.database(), tables)
        assert eventually(lambda: state(web)["refresh"], 2) == 2


def test_no_answer_contains_hidden_names(database, tables):
    """Customers are named by customer_id."""
    publish(database, tables)
    with serving(database, hide_names=True) as web:
        table = web.get("/api/pages/financial").json()["visuals"]["top_customers"]["columns"]

    assert table["name"] == [f"Customer {number}" for number in table["source_id"]]
    assert all(number.isdigit() for number in table["source_id"])
