"""Individual customers in the dashboard: no data is sent before the access log has its row."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from customer360.people.access_log import local_user
from customer360.postgres.connection import Database
from customer360.postgres.people import people_only
from tests.statements import execute, fetch
from tests.web.published import serving
from tests.web.published_people import publish_people

COUNT = 60
LOG = "SELECT who, action, customers FROM analytics.people_access ORDER BY accessed_at"


@pytest.fixture(scope="module")
def published(module_database: Database) -> Database:
    publish_people(module_database, COUNT)
    return module_database


@pytest.fixture(scope="module")
def web(published: Database) -> Iterator[httpx.Client]:
    with serving(published, people=people_only(published)) as client:
        client.timeout = httpx.Timeout(30)
        yield client


@pytest.fixture
def log(published: Database) -> Database:
    """The access log, empty before the test."""
    execute(published, "TRUNCATE analytics.people_access")
    return published


def asked(web: httpx.Client, what: str) -> httpx.Response:
    match what:
        case "list":
            return web.get("/api/people")
        case "export":
            return web.get("/api/people.csv")
        case "search":
            return web.post("/api/people/search", json={"text": "ana7@example.com"})
        case _:
            return web.get("/api/people/7")


WAYS = [("list", COUNT), ("export", COUNT), ("search", 1), ("customer", 1)]


@pytest.mark.parametrize(("action", "customers"), WAYS)
def test_every_way_to_see_customers_is_one_row_of_the_log(
    web: httpx.Client, log: Database, action: str, customers: int
) -> None:
    """With the account that runs the dashboard, if nobody signs in."""
    answer = asked(web, action)

    assert answer.status_code == 200, answer.text
    assert "ana7@example.com" in answer.text or action == "list"
    assert fetch(log, LOG) == [(local_user(), action, customers)]


@pytest.mark.parametrize(("action", "customers"), WAYS)
def test_the_log_contains_no_personal_data(web: httpx.Client, log: Database, action: str, customers: int) -> None:
    """It is kept longer than the customers, and the text of a search is often a name."""
    asked(web, action)

    [(row,)] = fetch(log, "SELECT lower(selection) FROM analytics.people_access")
    assert "ana" not in row
    assert "@" not in row


@pytest.mark.parametrize(("action", "customers"), WAYS)
def test_no_byte_leaves_before_the_row_is_committed(
    web: httpx.Client, log: Database, action: str, customers: int
) -> None:
    """While another session locks the log, a reader waits; the answer is sent once its row is committed."""
    with ThreadPoolExecutor(1) as thread:
        with log.connect() as connection, connection.transaction():
            connection.execute("LOCK TABLE analytics.people_access IN EXCLUSIVE MODE")
            answer = thread.submit(asked, web, action)
            wait_for_the_log(log)
            time.sleep(0.2)
            assert not answer.done()
        assert answer.result(timeout=30).status_code == 200
    assert fetch(log, LOG) == [(local_user(), action, customers)]


def wait_for_the_log(database: Database) -> None:
    """Waits until a session waits to insert a row."""
    for _ in range(200):
        if fetch(
            database,
            "SELECT true FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO%people_access%'",
        ):
            return
        time.sleep(0.05)
    raise AssertionError("nobody adds a row to the log")


@pytest.mark.parametrize(("action", "customers"), WAYS)
def test_without_a_log_no_customers_are_shown(
    web: httpx.Client, log: Database, action: str, customers: int
) -> None:
    """One line says why; not even the number of customers is shown."""
    execute(log, "REVOKE INSERT ON analytics.people_access FROM customer360_people")
    try:
        refused = asked(web, action)
    finally:
        execute(log, "GRANT INSERT ON analytics.people_access TO customer360_people")

    error: Any = refused.json()["error"]
    assert refused.status_code == 503
    assert error["message"].startswith("no customers are shown, because the access cannot be logged: ")
    assert "example.com" not in refused.text
    assert fetch(log, LOG) == []


def test_a_dashboard_without_people_shows_none(published: Database, log: Database) -> None:
    """It logs nothing, because nobody saw anything."""
    with serving(published) as web:
        for action, _ in WAYS:
            assert asked(web, action).status_code == 403
        assert web.get("/api/report").json()["people"] is None
    assert fetch(log, LOG) == []
