"""`forget` and `about` as a person types them: what they ask, print and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from customer360.commands.cli import cli
from customer360.errors import Invalid, Refused
from customer360.own_data.request import Request
from customer360.pipeline.own_data import load_own_data
from customer360.postgres import ddl
from customer360.postgres.connection import Database
from customer360.tables import PEOPLE_ACCESS
from tests.statements import fetch


@pytest.fixture
def shop(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Two customers, loaded, without a run."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "members.csv"
    path.write_text(
        "customer_id,name,email,join_date\nA-1,Ann,ann@example.com,2024-01-02\nA-2,Bob,b@example.com,2024-01-03\n"
    )
    load_own_data(database, Request(path), agree=lambda _: None)
    with database.connect() as connection:
        for statement in ddl.create(PEOPLE_ACCESS):  # as a run does
            connection.execute(statement)
    return database


def typed(database: Database, *arguments: str) -> str:
    done = CliRunner().invoke(cli, [*arguments, "--database", database.url], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def names(database: Database) -> list[str]:
    return [name for (name,) in fetch(database, "SELECT name FROM public.customers ORDER BY 1")]


def test_without_a_terminal_nothing_is_asked_or_deleted(shop: Database) -> None:
    """A script must confirm explicitly."""
    with pytest.raises(Refused, match="'A-1' would be deleted permanently; to confirm that, add --yes"):
        typed(shop, "forget", "A-1")
    assert names(shop) == ["Ann", "Bob"]


def test_forgetting_says_what_was_deleted(shop: Database) -> None:
    """As lines or JSON; the list contains only counts and dates."""
    assert typed(shop, "forget", "--list") == "nobody was forgotten\n"

    found = json.loads(typed(shop, "forget", "A-1", "--yes", "--json"))
    lines = typed(shop, "forget", "A-2", "--yes").splitlines()

    assert found == {"rows_deleted": {"public.customers": 1}, "refresh_id": None, "remains": []}
    assert lines[0] == "forgotten: 1 row deleted"
    assert lines[1].split() == ["public.customers", "1"]
    assert names(shop) == []
    [day] = json.loads(typed(shop, "forget", "--list", "--json"))["forgotten"]
    assert (day["customers"], day["source_kind"]) == (2, "own")
    assert typed(shop, "forget", "--list").endswith("  2 customers\n")


def test_about_is_json_without_a_terminal(shop: Database) -> None:
    """So that it can be redirected to a file."""
    found = json.loads(typed(shop, "about", "A-1"))

    assert found["source_ids"] == ["A-1"]
    assert found["tables"]["public.customers"][0]["email"] == "ann@example.com"
    with pytest.raises(Invalid, match="no customer has the ID 'A-9'"):
        typed(shop, "about", "A-9")


@pytest.mark.parametrize("arguments", [[], ["A-1", "--list"]])
def test_an_id_or_the_list(arguments: list[str]) -> None:
    """Exactly one of the two."""
    done = CliRunner().invoke(cli, ["forget", *arguments])
    assert done.exit_code == 2
    assert "specify either an ID or --list" in done.stderr
