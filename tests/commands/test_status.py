"""What `status` says, and its exit code for a monitor."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from customer360.postgres.connection import Database
from customer360.spark import installed
from tests.commands.process import customer360
from tests.web.published import miniature_results, publish


def test_status_without_a_database_says_how_to_create_one(home: Path) -> None:
    """It must neither start nor create anything."""
    run = customer360("status", CUSTOMER360_HOME=str(home))

    assert run.returncode == 0
    database, engine = run.stdout.splitlines()
    assert database == "the embedded PostgreSQL is not running; start it with: customer360 db start"
    assert engine == f"engine     {installed.description()}"
    assert list(home.iterdir()) == []


def test_status_of_an_empty_database_says_what_to_do_next(database: Database) -> None:
    """Each line ends with the next command."""
    run = customer360("status", "--database", database.url)

    assert "customers  none; fill them with: customer360 mock" in run.stdout
    assert "results    none; make them with: customer360 run" in run.stdout


@pytest.mark.slow
def test_status_says_how_old_the_results_are_and_refuses_older_ones(database: Database) -> None:
    """A monitor reads the exit code, or the seconds."""
    publish(database, miniature_results())
    with database.connect() as connection:
        connection.execute(
            "UPDATE analytics.refreshes SET finished_at = now() AT TIME ZONE 'UTC' - interval '3 h'"
        )
    older, fresh, facts = (
        customer360("status", "--database", database.url, *arguments)
        for arguments in (["--max-age", "90m"], ["--max-age", "4h"], ["--json"])
    )

    assert (older.returncode, fresh.returncode, facts.returncode) == (1, 0, 0)
    assert older.stderr == (
        "customer360: the results are 3 h old, the limit is 90 min; renew them with: customer360 run\n"
    )
    assert re.search(
        r"results    refresh 1 as of 2026-06-17, finished [\d-]{10} [\d:]{5} UTC, 3 h ago\n", older.stdout
    )
    assert json.loads(facts.stdout)["as_of"] == "2026-06-17"
    assert json.loads(facts.stdout)["age_seconds"] == pytest.approx(3 * 3_600, abs=60)


@pytest.mark.slow
def test_status_without_results_is_older_than_any_age(database: Database, home: Path) -> None:
    """Missing results are not fresh, nor is a server that is not running."""
    empty = customer360("status", "--database", database.url, "--max-age", "99d")
    stopped = customer360("status", "--max-age", "99d", CUSTOMER360_HOME=str(home))

    assert (empty.returncode, stopped.returncode) == (1, 1)
    assert empty.stderr == "customer360: there are no results; make them with: customer360 run\n"
    assert "the embedded PostgreSQL is not running" in stopped.stderr


SOMEBODYS = "none; public.events is another table, which `run` does not read: it lacks "


@pytest.mark.parametrize(("make", "says"), [
    ("CREATE TABLE public.events (event_id uuid, kind text)", f"{SOMEBODYS}customer_id, occurred_at"),
    ("CREATE VIEW public.events AS SELECT 1 AS n", f"{SOMEBODYS}event_id, customer_id, occurred_at, kind"),
    ("CREATE TABLE public.events (event_id int, customer_id int, occurred_at date, kind text)",
     "not made by customer360"),
    ("SELECT", "none"),
])  # fmt: skip
def test_status_says_whether_a_table_called_events_is_one_of_events(
    database: Database, make: str, says: str
) -> None:
    """Many databases have an unrelated one; its rows are not counted as ours."""
    with database.connect() as connection:
        connection.execute(make)

    run = customer360("status", "--database", database.url)

    assert run.returncode == 0
    assert f"events     {says}\n" in run.stdout
    assert ("public.events  " in run.stdout) == (says == "not made by customer360")
