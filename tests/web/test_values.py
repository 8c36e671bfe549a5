"""X is also exact between band edges if the customers' own values can be read."""

from __future__ import annotations

import random
from decimal import Decimal

import pyarrow as pa
import pytest

from customer360.postgres.connection import Database
from customer360.postgres.read import read_together
from customer360.report.parameters import BALANCE_THRESHOLD, SPENDING_THRESHOLD
from customer360.report.visuals import Page
from customer360.tables import CUSTOMER_PROFILES
from customer360.web import values
from customer360.web.answers import answer
from customer360.web.ask import ask
from customer360.web.outline import outline
from customer360.web.store import hold, load
from customer360.web.view import View, view
from tests import miniature, row_level
from tests.web.published import WHOLE, miniature_results, publish, serving

ACTIVITY = next(page for page in WHOLE.pages if page.name == "activity")
BETWEEN = Decimal("6543.21")


@pytest.fixture(scope="module")
def profiles():
    return miniature.profiles(miniature.customers())


@pytest.fixture(scope="module")
def filled(module_database, tables, profiles):
    """A database with the results and their customers."""
    publish(module_database, {**tables, CUSTOMER_PROFILES: in_arrow(profiles)})
    return module_database


def in_arrow(profiles):
    """The profiles with the columns that X needs; the others are minimal."""
    called = {"status_member": "loyalty_status", "country_member": "country"}
    known = {column: [*profiles[called.get(column, column)]] for column in (*COLUMNS, "gender")}
    rows = {**known, "source_id": [*profiles["source_id"]], "customer_id": [*profiles["customer_id"]]}
    types = {column.name: column.arrow_type for column in CUSTOMER_PROFILES.columns}
    columns = {
        column.name: pa.array(rows.get(column.name, [least(column)] * len(profiles)), types[column.name])
        for column in CUSTOMER_PROFILES.columns
    }
    return pa.table(columns)


COLUMNS = (
    "join_month", "activity", "status_member", "country_member", "balance_band", "points_band", "account_balance",
    "spent", "orders", "spent_band", "orders_band", "funnel_stage",
)  # fmt: skip


def least(column):
    """A minimal value for a column that is not tested."""
    if not column.required:
        return None
    if column.allowed:
        return column.allowed[0]
    return False if column.type == "boolean" else "" if column.type == "text" else column.minimum or 0


def loaded(database):
    results = load(database)
    assert results
    return results


def above(profiles, x, filters, column="account_balance"):
    kept = row_level.keep(profiles, filters)
    return sum(row[column] is not None and row[column] > x for row in kept) / len(kept) if kept else None


def told(found, name="balance_above"):
    return answer(view(ACTIVITY, found[0], found[1]), found[1])["visuals"][name]


@pytest.mark.parametrize("seed", range(12))
def test_x_between_edges_counts_the_customers_above_it(filled, profiles, seed):
    """Under any slicers; strictly above, as at an edge."""
    held, rng = loaded(filled), random.Random(seed)
    x = rng.choice([*(one for one in profiles["account_balance"] if one and one > 0)])
    countries = rng.sample(miniature.COUNTRIES, rng.randrange(1, 4))
    activities = rng.sample(miniature.ACTIVITIES, rng.randrange(1, 3))
    query = [*(("country", one) for one in countries), *(("activity", one) for one in activities)]
    held.values.read([BALANCE_THRESHOLD], held)

    found = told([[*query, ("balance_threshold", str(x))], held])

    kept = {"country": countries, "activity": activities}
    inside = {row["customer_id"] for row in row_level.keep(profiles, kept)}
    others = [row for row in row_level.keep(profiles, {}) if row["customer_id"] not in inside]
    assert row_level.same(found["values"]["share_above_threshold"], above(profiles, x, kept))
    assert row_level.same(found["values"]["share_above_threshold_of_others"], above(others, x, {}))
    assert (found["x"], found["used"]) == (x, x)


def test_without_the_values_x_is_the_next_edge_and_says_so(filled, results, profiles):
    """They have not been read yet, cannot be read, or the database is unreachable: the number is never a guess."""
    query = [("balance_threshold", str(BETWEEN))]

    for held in (loaded(filled), results):
        found = told([query, held])
        assert (found["x"], found["used"]) == (BETWEEN, 10_000)
        assert row_level.same(found["values"]["share_above_threshold"], above(profiles, 10_000, {}))
    above_all = told([[("balance_threshold", "1000000")], results])
    assert above_all["used"] == 25_000


def test_the_values_are_read_once_and_only_between_edges(filled, monkeypatch):
    """Readers who stay on the edges cause no reading; the second reader off the edges causes no further one."""
    reads = []

    def counted(*asked):
        reads.append(asked)
        return read_together(*asked)

    monkeypatch.setattr(values, "read_together", counted)
    with serving(filled) as web:
        for x, so_far in (("10000", 0), ("6543.21", 1), ("6543.22", 1), ("10000", 1)):
            answered = web.get(f"/api/pages/activity?balance_threshold={x}").json()["visuals"]["balance_threshold"]
            assert (answered["x"], answered["used"], len(reads)) == (float(x), float(x), so_far)


def test_the_first_request_off_the_edges_is_answered_exactly(filled, profiles):
    """An answer from before the values were read is not served from the cache."""
    with serving(filled) as web:
        found = web.get(f"/api/pages/activity?balance_threshold={BETWEEN}").json()["visuals"]["balance_above"]

    assert found["values"]["share_above_threshold"] == pytest.approx(above(profiles, BETWEEN, {}))


def test_spending_is_exact_too(filled, profiles):
    """X for spending has its own bands and values."""
    held = loaded(filled)
    assert ask(held, "share_above_spending", parameters={"spending_threshold": 123.45}).iat[0, 0] == pytest.approx(
        above(profiles, Decimal("123.45"), {}, "spent")
    )
    assert held.values.held == {SPENDING_THRESHOLD.name}


def test_the_report_says_whether_x_can_be_exact(filled, results, monkeypatch):
    """If the profiles are in a lake, or too many for memory, only the band edges are exact."""

    def exact(held):
        return outline(held)["parameters"]["balance_threshold"]["exact"]

    assert exact(loaded(filled))
    assert not exact(results)
    monkeypatch.setattr(values, "MOST_CUSTOMERS", 10)
    assert not exact(loaded(filled))


def test_with_profiles_in_a_lake_only_edges_are_exact(new_results):
    """The table exists but is empty."""
    held = loaded(new_results)

    assert held.values.readable == frozenset()
    assert not outline(held)["parameters"]["balance_threshold"]["exact"]


@pytest.fixture
def new_results(database):
    publish(database, miniature_results(200))
    return database


def test_with_an_unreachable_database_only_edges_are_exact(filled, caplog):
    """It logs one line and retries later."""
    held = loaded(filled)
    held.values.database = Database("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")

    held.values.read([BALANCE_THRESHOLD], held)

    assert told([[("balance_threshold", str(BETWEEN))], held])["used"] == 10_000
    assert not held.values.is_wanted(BALANCE_THRESHOLD)
    assert "X is rounded to band edges" in caplog.text


def test_values_of_a_newer_refresh_are_not_mixed_in(filled, tables, profiles):
    """The newer results arrive in a moment."""
    held = loaded(filled)
    publish(filled, {**tables, CUSTOMER_PROFILES: in_arrow(profiles)})

    held.values.read([BALANCE_THRESHOLD], held)

    assert held.values.held == frozenset()


# --- tables missing from an older version ----------------------------------------------------------------------


OF_VALUE = (
    "value_segments",
    "value_holdout",
    "spending_segments",
    "spending_tenths",
    "top_spenders",
    "rfm_segments",
)


def test_a_visual_of_a_missing_table_says_what_to_do(tables):
    """An older version filled the database; all other visuals are unchanged."""
    older = hold({table: rows for table, rows in tables.items() if table.name not in OF_VALUE})
    whole = hold(tables)

    for page in older.report.pages:
        found = answer(View(page), older)["visuals"]
        complete = answer(View(page), whole)["visuals"]
        for visual in page.visuals:
            if visual.fact.name in OF_VALUE:
                line = f"the results have no {visual.fact.full_name} yet; renew them with: customer360 run"
                assert found[visual.name] == {"unavailable": line}
            else:
                assert found[visual.name] == complete[visual.name]
    assert {page["name"] for page in outline(older)["pages"]} == {page.name for page in WHOLE.pages}


def test_incomplete_tables_of_an_older_version_are_not_loaded(new_results):
    """One is missing, another lacks a column; the dashboard still starts."""
    with new_results.connect() as connection:
        connection.execute("DROP TABLE analytics.value_segments")
        connection.execute("ALTER TABLE analytics.activity_segments DROP COLUMN login_customers")

    held = loaded(new_results)

    names = {table.name for table in held.tables}
    assert {"customer_segments", "spending_segments"} <= names
    assert names.isdisjoint({"value_segments", "activity_segments"})
    assert isinstance(ACTIVITY, Page)
    assert told([[], held], "points_awarded")["unavailable"].startswith("the results have no analytics.activity")
