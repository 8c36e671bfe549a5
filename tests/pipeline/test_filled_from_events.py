"""Only what a file of members lacks is filled from the events that are loaded with it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from customer360.commands.load import LoadOutcome
from customer360.pipeline.own_data import Load, load_own_data, load_own_events
from customer360.pipeline.requested import requested, requested_together
from customer360.pipeline.run import run_operations
from customer360.postgres.connection import Database
from customer360.postgres.origin import origin
from customer360.tables import CUSTOMERS
from tests.statements import fetch

MEMBERS = "customer_id,name,join_date\n1,Ann,2024-01-02\n2,Bob,2024-01-03\n3,Cy,\n4,Di,2024-06-01\n"
EVENTS_OF_THEM = """event_id,customer_id,date,type,amount,points
1,1,2024-02-03 09:00,sale,5,5
2,1,2024-02-01 23:30,sale,20,20
3,1,2024-02-02,refund,-20,-20
4,2,2024-03-01 10:00,visit,,
5,2,2024-03-09 11:30,visit,,
6,3,2024-01-01,sale,7,7
7,4,2024-05-31,sale,1,1
8,4,2024-06-03,sale,1,1
9,4,2024-05-30,visit,,
10,9,2023-01-01,sale,1,1
"""
ORDERS = "order_id,customer_id,order_date,amount,points\nA1,1,2024-02-05,-5,0\nA2,1,2024-02-06,5,1\nA3,4,2024-05-31,5,1\n"
SHOWN = "SELECT customer_id, first_purchase::text, last_login, loyalty_points FROM public.customers ORDER BY 1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # where mappings would be written
    (tmp_path / "members.csv").write_text(MEMBERS)
    (tmp_path / "events.csv").write_text(EVENTS_OF_THEM)
    return tmp_path


def load(database: Database, **options: Any) -> Load:
    customers, events = requested_together("members.csv", None, events="events.csv", max_rejected=0.5, **options)
    return load_own_data(database, customers, events=events)


def columns(database: Database) -> list[str]:
    """The columns recorded as filled; the others are recorded as missing."""
    with database.connect() as connection:
        found = origin(connection, CUSTOMERS.full_name)
    filled, missing = list(found.columns or ()), {*(found.missing_columns or ())}
    assert missing == {*CUSTOMERS.column_names} - {*filled}
    return [name for name in filled if name != "source_id"]


def test_the_first_purchase_and_the_last_login_are_those_of_the_events(folder: Path, database: Database) -> None:
    """Only since the customer joined, because a run rejects earlier ones; points are not a balance."""
    done = load(database)

    assert fetch(database, SHOWN) == [
        (1, "2024-02-01", None, None),
        (2, None, datetime(2024, 3, 9, 11, 30), None),
        (3, "2024-01-01", None, None),
        (4, "2024-06-03", None, None),
    ]
    assert columns(database) == ["customer_id", "name", "join_date", "first_purchase", "last_login"]
    assert done.columns["first_purchase"] == done.columns["last_login"] == "from the events"
    assert done.missing_columns[-3:] == ["loyalty_status", "loyalty_points", "account_balance"]
    with database.connect() as connection:
        assert origin(connection, CUSTOMERS.full_name).last_day == date(2024, 6, 3)


def test_a_column_that_the_file_has_is_never_filled_from_events(folder: Path, database: Database) -> None:
    """A customer without a first purchase in the file has none."""
    (folder / "members.csv").write_text(
        "customer_id,first_purchase,last_login\n1,,2024-05-05\n2,2023-12-24,\n3,2024-01-01,\n4,,\n"
    )
    done = load(database)

    assert fetch(database, SHOWN) == [
        (1, None, datetime(2024, 5, 5), None),
        (2, "2023-12-24", None, None),
        (3, "2024-01-01", None, None),
        (4, None, None, None),
    ]
    assert done.found.from_events == ()
    assert columns(database) == ["customer_id", "first_purchase", "last_login"]


def test_order_lines_give_the_first_purchase_but_no_login(folder: Path, database: Database) -> None:
    """A return is not a purchase."""
    (folder / "events.csv").write_text(ORDERS)

    assert load(database).found.from_events == ("first_purchase",)
    assert [row[:3] for row in fetch(database, SHOWN)] == [
        (1, "2024-02-06", None), (2, None, None), (3, None, None), (4, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["earn", "login"])
def test_what_no_event_contains_stays_missing(folder: Path, database: Database, kind: str) -> None:
    """A column of nulls would mean that nobody had ever bought anything."""
    (folder / "events.csv").write_text(f"event_id,customer_id,date,type,points\n1,4,2024-05-01,{kind},3\n")

    assert load(database).found.from_events == ()
    assert columns(database) == ["customer_id", "name", "join_date"]


def test_events_that_are_loaded_alone_do_not_change_the_customers(folder: Path, database: Database) -> None:
    load_own_data(database, requested("members.csv", None))
    load_own_events(database, requested("events.csv", None, is_of_events=True, max_rejected=0.5))

    assert {row[1:] for row in fetch(database, SHOWN)} == {(None, None, None)}
    assert columns(database) == ["customer_id", "name", "join_date"]


def test_the_end_of_a_load_says_what_came_from_the_events(folder: Path, database: Database) -> None:
    """And how many rows of both files were loaded and rejected, even in a dry run."""
    lines = list(LoadOutcome(load(database, dry_run=True)).lines())

    assert fetch(database, "SELECT to_regclass('public.customers')") == [(None,)]
    assert [line for line in lines if "would be" in line or "events:" in line] == [
        "4 customers would be loaded into public.customers from 4 rows of members.csv",
        "from the events: first_purchase, last_login",
        "9 events would be loaded into public.events from 10 rows of events.csv",
        "1 rows would be rejected (10.0%)",
    ]


@pytest.mark.slow
def test_a_run_rejects_none_of_those_customers_and_fills_the_funnel(
    folder: Path, database: Database, spark: SparkSession
) -> None:
    """Without the events, no customer had a first purchase for the funnel."""
    load(database)

    refresh = run_operations(database, spark)

    assert refresh.rows_rejected == 0
    assert not {"first_purchase", "last_login"} & {*refresh.missing_columns.split(", ")}
    stages = "SELECT customer_id, funnel_stage FROM analytics.customer_profiles ORDER BY 1"
    assert fetch(database, stages) == [(1, 2), (2, 1), (3, 2), (4, 2)]
