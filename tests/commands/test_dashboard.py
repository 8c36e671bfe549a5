"""The dashboard from the command line: one line when it listens, one when it ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import pytest

from customer360.postgres.connection import Database
from tests import miniature
from tests.commands.process import customer360
from tests.statements import execute, fetch
from tests.web.published import miniature_results, publish


def served(
    database: Database, number: int, *options: str, path: str = "/overview"
) -> tuple[str, subprocess.CompletedProcess[str]]:
    """The first line of the dashboard; then, after a request of *path* and the signal *number*, all its output."""
    arguments = ["dashboard", "--port", "0", "--database", database.url, *options]
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-c",
        "from customer360.commands.cli import main; main()",
        *arguments,
    ]
    # The list of imports is read only at the end, and a pipe is too small for it.
    with tempfile.TemporaryFile("w+") as stderr:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
            assert process.stdout
            first = process.stdout.readline()
            with urllib.request.urlopen(f"{first.split()[1]}{path}") as page:
                assert page.status == 200
            process.send_signal(number)
            stdout, _ = process.communicate(timeout=20)
        stderr.seek(0)
        return first, subprocess.CompletedProcess(command, process.returncode, stdout, stderr.read())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_dashboard_prints_its_address_and_stops_on_a_signal(database: Database, number: int) -> None:
    """One line when it listens, one when it ends; it needs neither Spark nor results."""
    first, run = served(database, number)

    assert re.sub(r"\d{4,}", "PORT", first) == (
        "serving http://127.0.0.1:PORT without results (make them with: customer360 run); press Ctrl-C to stop\n"
    )
    assert (run.returncode, run.stdout) == (0, "stopped\n")
    assert "pyspark" not in run.stderr
    assert "pandas" not in run.stderr


@pytest.mark.slow
def test_a_dashboard_with_results_shows_their_date_and_ends_quietly(database: Database) -> None:
    """Even with results in memory and a watched database."""
    publish(database, miniature_results())

    first, run = served(database, signal.SIGINT)

    assert first.endswith(f" as of {miniature.AS_OF} (refresh 1); press Ctrl-C to stop\n")
    assert (run.returncode, run.stdout) == (0, "stopped\n")
    assert [line for line in run.stderr.splitlines() if not line.startswith("import time:")] == []


@pytest.mark.slow
def test_a_dashboard_for_people_creates_a_missing_access_log(database: Database) -> None:
    """Results of an older version come without one."""
    publish(database, miniature_results())
    execute(database, "DROP TABLE analytics.people_access")

    first, run = served(database, signal.SIGINT, "--people")

    assert first.startswith("serving http://127.0.0.1:")
    assert (run.returncode, run.stdout) == (0, "stopped\n")
    assert fetch(database, "SELECT count(*) FROM analytics.people_access") == [(0,)]


def test_a_dashboard_for_people_does_not_start_without_a_user_who_may_see_them(
    database: Database, tmp_path: Path
) -> None:
    """The token is not enough, regardless of the address."""
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text("a-token-of-some-length")

    run = customer360("dashboard", "--people", "--database", database.url, "--token-file", str(token))

    assert run.returncode == 1
    assert "and no user may" in run.stderr
