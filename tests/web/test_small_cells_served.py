"""Which readers get answers without small cells: by permission, and by how the dashboard was started."""

from __future__ import annotations

import csv
import io
import json

import pytest
from argon2 import PasswordHasher

from customer360.errors import Invalid
from customer360.postgres.people import people_only
from customer360.tables import TOP_CUSTOMERS
from customer360.web.app import make_app
from customer360.web.credentials import Credentials
from customer360.web.server import Address, running
from tests.web.published import WHOLE, publish, serving
from tests.web.reader import Reader, saved


@pytest.fixture(scope="module")
def published(module_database, tables):
    publish(module_database, tables)
    return module_database


@pytest.fixture(scope="module")
def kept(published):
    with serving(published, smallest_cell=5) as client:
        yield client


PASSWORD, TOKEN = "a few words in a row", "a-token-of-some-length"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def test_readers_get_no_tables(kept, published):
    """Nor their URLs; a request with an old URL is refused in one line."""
    with serving(published) as open_to_all:
        pages = open_to_all.get("/api/report").json()["pages"]
    [name, *_] = [cube["name"] for page in pages if page["name"] == "overview" for cube in page["cubes"]]

    refused = kept.get(f"/api/cubes/overview/{name}?refresh=1")

    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "not_permitted"
    assert "\n" not in refused.json()["error"]["message"]
    assert not any(page["cubes"] for page in kept.get("/api/report").json()["pages"])


def test_no_answer_names_a_customer(kept, tables):
    """Nor contains an e-mail address or id."""
    rows = tables[TOP_CUSTOMERS]
    told = {f'"{value}"' for name in ("name", "source_id") for value in rows.column(name).to_pylist() if value}
    text = kept.get("/api/report").text + "".join(kept.get(f"/api/pages/{page.name}").text for page in WHOLE.pages)

    assert not [one for one in told if one in text and not one[1:-1].isdigit()]
    assert "@" not in text


@pytest.mark.parametrize(("loopback", "smallest"), [(True, 0), (False, 5)])
def test_small_cells_are_hidden_by_default_if_others_are_served(published, loopback, smallest):
    """But not on a local machine."""
    with serving(published, loopback=loopback) as web:
        assert web.get("/api/report").json()["smallest"] == smallest
        assert ("smallest" in web.get("/api/pages/overview").json()) == bool(smallest)


def test_users_who_may_see_people_see_small_cells(published):
    """One dashboard answers both kinds of readers and caches their answers separately; the token sees nobody."""
    credentials = Credentials(TOKEN, dict.fromkeys(("ada", "bob"), HASH), see_people=frozenset({"ada"}))
    signed_in = {name: (name, PASSWORD) for name in ("ada", "bob")} | {"token": ("", TOKEN)}
    with serving(published, credentials=credentials, people=people_only(published), smallest_cell=5) as web:
        for path in ("/api/report", "/api/pages/overview"):
            found = {who: web.get(path, auth=auth).json().get("smallest", 0) for who, auth in signed_in.items()}
            assert found == {"ada": 0, "bob": 5, "token": 5}


def test_without_people_nobody_sees_small_cells(published):
    """The right to see people counts only if the dashboard shows people."""
    credentials = Credentials(users={"ada": HASH}, see_people=frozenset({"ada"}))
    with serving(published, credentials=credentials, smallest_cell=5) as web:
        assert web.get("/api/report", auth=("ada", PASSWORD)).json()["smallest"] == 5


@pytest.mark.parametrize("smallest", [1, 2])
def test_a_smallest_cell_that_hides_nothing_is_refused(published, smallest):
    """A count "below 2" would be exactly 1."""
    with pytest.raises(Invalid, match=f"invalid smallest cell {smallest}; use 3 or more, or 0"):
        make_app(published, smallest_cell=smallest)


def test_comparing_two_members_is_two_answers(kept):
    """Each side without its own small cells."""
    for member in ("Kenya", "Norway"):
        text = kept.get("/api/pages/overview", params={"country": member}).text
        counts = json.loads(text)["visuals"]["acquisition"]["values"]["total_customers"]
        assert not any(count and count < 5 for count in counts)


# --- in a browser -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dashboard(published):
    with running(make_app(published, smallest_cell=5), Address(port=0)) as address:
        yield address.url


def test_a_card_a_table_and_a_file_show_that_a_count_is_below(page, dashboard):
    """The page says once which numbers are not shown."""
    reader = Reader(page, dashboard)
    reader.open("activity?country=Kenya&loyalty_status=Gold")

    assert "Customers with Balance > X: < 5" in reader.visual("balance_above").inner_text()
    assert (
        page.get_by_text(
            "Numbers about fewer than 5 customers, and those that would reveal them, are not shown"
        ).count()
        == 1
    )
    values = {row["name"]: row["share_above_threshold"] for row in reader.table("balance_above")}
    assert values["customers_above_threshold"] == "< 5"
    rows = csv.reader(io.StringIO(saved(reader, "balance_above", "CSV").decode("utf-8-sig")))
    assert "< 5" in {row[1] for row in rows if row[0] == "Customers with Balance > X"}


def test_no_table_view_of_any_page_has_a_small_count(page, dashboard):
    """Files contain the same numbers as the table views."""
    reader = Reader(page, dashboard)
    for shown in WHOLE.pages:
        reader.open(f"{shown.name}?country=Kenya&loyalty_status=Gold")
        for visual in shown.visuals:
            if visual.kind == "table":
                assert "Individual customers are listed only for users" in reader.visual(visual.name).inner_text()
                continue
            cells = [row.get("total_customers", "") for row in reader.table(visual.name)]
            assert not {"1", "2", "3", "4"} & {*cells}
