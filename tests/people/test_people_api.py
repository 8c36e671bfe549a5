"""The API of individual customers: the list of a URL, its pages, its file, and one customer."""

from __future__ import annotations

import csv
import io
import shlex
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from customer360.commands.cli import cli
from customer360.pipeline.people import Chosen, save_audience
from customer360.postgres.connection import Database
from customer360.postgres.people import people_only
from tests.statements import execute, fetch
from tests.web.published import serving

pytestmark = [pytest.mark.spark, pytest.mark.published]

GOLD_IN_SPAIN = "/api/people?visual=customers_by_status&mark=Gold&measure=total_customers&country=Spain"
LISTS = [
    GOLD_IN_SPAIN,
    "/api/people?visual=balance_above&balance_threshold=1234",
    "/api/people?visual=monthly_active",
    "/api/people?visual=points_by_month&mark=2026-04-01",
    "/api/people?visual=member_flow&mark=2026-04-01&measure=monthly_churned_customers",
    "/api/people?visual=tier_moves&mark=Bronze,Silver",
    "/api/people?visual=cohort_retention&mark=2024,3",
    "/api/people?visual=classic_retention&mark=2025,2",
    "/api/people?visual=customers_by_age&mark=3&loyalty_status=Silver",
]


@pytest.fixture(scope="module")
def web(small: Database) -> Iterator[httpx.Client]:
    with serving(small, people=people_only(small)) as client:
        client.timeout = httpx.Timeout(60)
        yield client


@pytest.fixture(scope="module")
def held(web: httpx.Client) -> httpx.Client:
    """The same, with the profiles in memory: then PostgreSQL's sessions show no queries for lists."""
    web.get("/api/people")
    time.sleep(3)
    return web


def answer(web: httpx.Client, path: str) -> dict[str, Any]:
    reply = web.get(path)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


def whole(web: httpx.Client, path: str) -> list[list[Any]]:
    """All rows, page by page."""
    page = answer(web, path)
    rows: list[list[Any]] = page["rows"]
    while page["next"]:
        page = answer(web, f"{path}&after={page['next']}")
        rows += page["rows"]
    return rows


@pytest.mark.parametrize("path", LISTS)
def test_a_list_matches_the_number_on_every_page_and_in_its_file(held: httpx.Client, path: str) -> None:
    first, rows = answer(held, path), whole(held, path)
    file = list(csv.reader(io.StringIO(held.get(first["csv"]).content.decode("utf-8-sig"), newline="")))
    ids = [row[0] for row in rows]

    assert first["count"] == len(rows) == len({*ids}) == len(file) - 1
    assert ids == [row[0] for row in file[1:]]
    if first["number"]["unit"] == "customers":
        assert first["number"]["value"] == first["count"]
    else:
        assert sum(row[-1] for row in rows) == pytest.approx(first["number"]["value"])


@pytest.mark.parametrize("path", LISTS)
def test_the_command_of_a_list_gives_the_same_customers(held: httpx.Client, small: Database, path: str) -> None:
    told = answer(held, f"{path}&sort=-customer_id")
    words = shlex.split(told["command"])[1:]
    done = CliRunner().invoke(
        cli, [*words, "--sort=-customer_id", "--columns=customer_id", "--limit=3", "--database", small.url]
    )

    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.output.splitlines()[1:4]] == [row[0] for row in told["rows"][:3]]


def test_postgresql_answers_the_same_before_the_profiles_are_in_memory(
    small: Database, held: httpx.Client
) -> None:
    with serving(small, people=people_only(small)) as fresh:
        fresh.timeout = httpx.Timeout(60)
        for path in LISTS:
            sort = "&sort=-last_seen"
            assert answer(fresh, path + sort)["rows"] == answer(held, path + sort)["rows"]


def test_filters_that_do_not_apply_are_reported(held: httpx.Client) -> None:
    told = answer(held, "/api/people?visual=cohort_retention&mark=2024,3&country=Spain")

    assert told["ignored"] == ["Country"]
    assert {one["label"] for one in told["said"]} == {"Months since Joining", "Join Year"}


def test_an_audience_filters_a_list_and_is_offered(small: Database, held: httpx.Client) -> None:
    save_audience(small, "silver", Chosen({"loyalty_status": "Silver"}))
    both = answer(held, "/api/people?country=Spain&audience=silver")
    silver = answer(held, "/api/people?country=Spain&loyalty_status=Silver")

    assert "silver" in held.get("/api/report").json()["people"]["audiences"]
    assert both["count"] == silver["count"]
    assert both["rows"] == silver["rows"]
    assert both["command"].endswith("--audience silver")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("visual=nothing", "no such visual"),
        ("visual=holdout_ratio", "has no list of customers"),
        ("visual=customers_by_status&mark=Golt", "available: Bronze"),
        ("visual=customers_by_status&measure=average_balances", "no list for that measure"),
        ("sort=name", "cannot be sorted by 'name'"),
        ("after=zzz", "start again"),
        ("country=Atlantis", "no country 'Atlantis'"),
        ("audience=nobody", "no audience 'nobody'"),
        ("visual=cohort_retention", "one mark"),
    ],
)
def test_unknown_names_are_refused_in_one_line(held: httpx.Client, query: str, said: str) -> None:
    reply = held.get(f"/api/people?{query}")

    assert reply.status_code == 400
    assert said in reply.json()["error"]["message"]


def test_one_customer_is_shown_with_months_and_events(small: Database, held: httpx.Client) -> None:
    [(customer, spent, tier)] = fetch(
        small,
        "SELECT customer_id, spent, status_member FROM analytics.customer_profiles "
        "ORDER BY spent DESC, customer_id LIMIT 1",
    )
    [(events,)] = fetch(small, f"SELECT count(*) FROM public.events WHERE customer_id = {customer}")
    [(held_points,)] = fetch(
        small, f"SELECT loyalty_points FROM analytics.customer_profiles WHERE customer_id = {customer}"
    )
    told = answer(held, f"/api/people/{customer}")

    facts = {fact["name"]: fact["value"] for fact in told["facts"]}
    assert (facts["spent"], told["rank"]["place"], told["rank"]["among"]) == (float(spent), 1, tier)
    assert len(told["events"]) + told["more_events"] == events
    assert told["months"]["points"][-1] == held_points
    assert sum(told["months"]["amount"]) >= facts["spent"]


def test_after_new_results_the_reader_is_asked_to_wait_a_moment(small: Database) -> None:
    """A list and its page must be from the same refresh."""
    copied = (
        "INSERT INTO analytics.refreshes SELECT refresh_id + 1, as_of_date, source_table, source_kind, rows_in, "
    )
    copied += "rows_out, rows_rejected, rows_not_yet_joined, missing_columns, started_at, finished_at, version "
    copied += "FROM analytics.refreshes ORDER BY refresh_id DESC LIMIT 1"
    with serving(small, people=people_only(small)) as web:
        web.timeout = httpx.Timeout(60)
        assert web.get("/api/people").status_code == 200
        execute(small, copied)
        try:
            reply = web.get("/api/people")
        finally:
            execute(
                small,
                "DELETE FROM analytics.refreshes WHERE refresh_id = (SELECT max(refresh_id) FROM analytics.refreshes)",
            )

    assert reply.status_code in (200, 503)
    if reply.status_code == 503:
        assert "try again in a moment" in reply.json()["error"]["message"]
