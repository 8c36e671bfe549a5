"""The embedded PostgreSQL from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from customer360.postgres.connection import Database
from customer360.spark import installed
from tests.commands.process import customer360


@pytest.mark.slow
def test_start_status_psql_url_and_stop_go_together(home: Path) -> None:
    """A day with the embedded database."""
    started = customer360("db", "start", CUSTOMER360_HOME=str(home))
    assert started.stdout.startswith("running at customer360@127.0.0.1:"), started.stderr

    status = json.loads(customer360("status", "--json", CUSTOMER360_HOME=str(home)).stdout)
    assert status["running"] is True
    assert status["engine"] == installed.description()
    assert status["customers_kind"] == "absent"
    assert status["rows"] == {}

    psql = customer360("db", "psql", "--", "-Atc", "SELECT 6 * 7", CUSTOMER360_HOME=str(home))
    assert psql.stdout == "42\n", psql.stderr

    for option, role in (("--reader", "customer360_reader"), ("--people", "customer360_people")):
        url = customer360("db", "url", option, CUSTOMER360_HOME=str(home)).stdout.strip()
        with Database(url).connect() as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role,)

    assert customer360("db", "stop", CUSTOMER360_HOME=str(home)).stdout == "stopped\n"
    assert customer360("db", "stop", CUSTOMER360_HOME=str(home)).stdout == "it was not running\n"


def test_the_exit_code_of_psql_is_passed_on(database: Database) -> None:
    """Scripts rely on it."""
    run = customer360("db", "psql", "--database", database.url, "--", "-c", "SELEC 1")

    assert run.returncode == 1
    assert "syntax error" in run.stderr
