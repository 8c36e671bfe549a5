"""The health check: whether there are results, how old they are, and whether the database answers."""

import time

import pytest

from customer360.web.credentials import Credentials
from customer360.web.health import SILENT_SECONDS, health
from customer360.web.replies import Memory
from customer360.web.watch import State
from tests.web.published import publish, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def three_hours_old(module_database, tables):
    publish(module_database, tables)
    with module_database.connect() as connection:
        connection.execute(
            "UPDATE analytics.refreshes SET finished_at = now() AT TIME ZONE 'UTC' - interval '3 h'"
        )
    return module_database


def test_results_and_a_database_are_ok(three_hours_old):
    """The refresh, its as-of date and its age, without customer data."""
    with serving(three_hours_old) as web:
        answer = web.get("/healthz")

    facts = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert facts.pop("age_seconds") == pytest.approx(3 * 3_600, abs=60)
    assert facts == {"status": "ok", "refresh": 1, "as_of": "2026-06-17", "database": "ok"}


def test_results_older_than_the_limit_are_stale(three_hours_old):
    """A monitor sets the maximum age."""
    with serving(three_hours_old) as web:
        assert web.get("/healthz?max_age=4h").status_code == 200
        answer = web.get("/healthz?max_age=2h")
        wrong = web.get("/healthz?max_age=soon")

    assert (answer.status_code, answer.json()["status"]) == (503, "stale")
    assert wrong.status_code == 400
    assert "use a form such as 90s, 15m, 26h or 2d" in wrong.json()["error"]["message"]


def test_results_of_the_future_are_stale(module_database, three_hours_old):
    """A clock that was ahead must not silence a monitor until that day."""
    stamp = "UPDATE analytics.refreshes SET finished_at = finished_at + {}::interval"
    with module_database.connect() as connection:
        connection.execute(stamp.format("'2 d'"))
    try:
        with serving(module_database) as web:
            assert web.get("/healthz").status_code == 200
            answer = web.get("/healthz?max_age=4h")
    finally:
        with module_database.connect() as connection:
            connection.execute(stamp.format("'-2 d'"))

    assert (answer.status_code, answer.json()["status"]) == (503, "stale")


def test_no_credentials_are_needed(three_hours_old):
    """Monitors have none, and the answer contains nothing secret."""
    with serving(three_hours_old, credentials=Credentials(token="a secret of many characters")) as web:
        assert web.get("/api/report").status_code == 401
        assert web.get("/healthz").status_code == 200


def test_without_results_the_check_fails(database):
    """The first run may still be in progress."""
    with serving(database) as web:
        answer = web.get("/healthz")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "no results", "refresh": None, "as_of": None, "age_seconds": None, "database": "ok",
    }  # fmt: skip


def test_a_silent_database_counts_as_unreachable(results):
    """A cut cable does not close the connection: the watch would wait hours for an answer."""
    now = time.monotonic()

    assert health(State(results, Memory()), now).status_code == 200
    silent = health(State(results, Memory()), now - SILENT_SECONDS - 1)
    assert silent.status_code == 503
    assert b'"status":"stale"' in silent.body
    assert b'"database":"gone"' in silent.body
