"""A load without a terminal: it loads what a program requests, and nothing unconfirmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from customer360.errors import Refused
from customer360.own_data.planning import LoadPlan
from customer360.own_data.request import Request
from customer360.pipeline.own_data import load_own_data
from customer360.postgres import catalog
from customer360.postgres.connection import Database
from customer360.tables import CUSTOMERS


@pytest.fixture
def members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # where the mapping is written
    path = tmp_path / "members.csv"
    path.write_text("customer_id,name,join_date\n1,Ann,2024-01-02\n2,Bob,2024-01-03\nx,Eve,2024-01-04\n")
    return path


def is_loaded(database: Database) -> bool:
    with database.connect() as connection:
        return catalog.exists(connection, CUSTOMERS.full_name)


def test_a_load_gives_back_its_plan_and_what_it_found(members: Path, database: Database) -> None:
    load = load_own_data(database, Request(members, yes=True, max_rejected=0.5))

    assert load.plan.mapping.columns["name"] == "name"
    assert (load.found.tally.customers, load.found.tally.rows_rejected) == (2, 1)
    with database.connect() as connection:
        assert connection.execute("SELECT name FROM customers ORDER BY 1").fetchall() == [("Ann",), ("Bob",)]


def test_an_unconfirmed_guess_is_written_but_not_loaded(members: Path, database: Database) -> None:
    """The written mapping is the one to confirm."""
    with pytest.raises(Refused, match="the mapping needs your confirmation, .*; review members"):
        load_own_data(database, Request(members))

    assert not is_loaded(database)
    load_own_data(database, Request(members, mapping=Path("members.mapping.toml"), max_rejected=0.5))
    assert is_loaded(database)


def test_the_plan_is_shown_before_any_row_is_examined(members: Path, database: Database) -> None:
    seen: list[LoadPlan] = []

    def refuse(plan: LoadPlan) -> None:
        seen.append(plan)
        raise Refused("no")

    with pytest.raises(Refused, match="no"):
        load_own_data(database, Request(members, yes=True), agree=refuse)

    assert [plan.raw.rows for plan in seen] == [3]
    assert not is_loaded(database)


def test_a_dry_run_changes_nothing_in_the_given_database(members: Path, database: Database) -> None:
    load = load_own_data(database, Request(members, dry_run=True))

    assert load.found.tally.customers == 2
    assert not is_loaded(database)
    assert sorted(path.name for path in members.parent.iterdir()) == ["members.csv"]
