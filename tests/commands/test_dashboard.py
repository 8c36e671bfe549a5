"""The dashboard from the command line: one line when it listens, one when it ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import urllib.request

import pytest

from customer360.postgres.connection import Database
from tests import miniature
from tests.web.published import miniature_results, publish


def served(database: Database, number: int) -> tuple[str, subprocess.CompletedProcess[str]]:
    """What the dashboard says first; then, after a look at it and the signal *number*, all that it says and prints."""
    arguments = ["dashboard", "--port", "0", "--database", database.url]
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-c",
        "from customer360.commands.cli import main; main()",
        *arguments,
    ]
    # Nobody reads what is imported until the end, and a pipe holds less than that.
    with tempfile.TemporaryFile("w+") as stderr:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
            assert process.stdout
            first = process.stdout.readline()
            with urllib.request.urlopen(f"{first.split()[1]}/overview") as page:
                assert page.status == 200
            process.send_signal(number)
            stdout, _ = process.communicate(timeout=20)
        stderr.seek(0)
        return first, subprocess.CompletedProcess(command, process.returncode, stdout, stderr.read())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_dashboard_says_where_it_is_and_stops_when_told(database: Database, number: int) -> None:
    """One line when it listens, one when it ends; it needs neither Spark nor results."""
    first, run = served(database, number)

    assert re.sub(r"\d{4,}", "PORT", first) == (
        "serving http://127.0.0.1:PORT without results, make them with: customer360 run; Ctrl-C stops\n"
    )
    assert (run.returncode, run.stdout) == (0, "stopped\n")
    assert "pyspark" not in run.stderr
    assert "pandas" not in run.stderr


@pytest.mark.slow
def test_a_dashboard_with_results_says_of_when_they_are_and_ends_quietly(database: Database) -> None:
    """Also with the results in memory and the database watched."""
    publish(database, miniature_results())

    first, run = served(database, signal.SIGINT)

    assert first.endswith(f" as of {miniature.AS_OF} (refresh 1); Ctrl-C stops\n")
    assert (run.returncode, run.stdout) == (0, "stopped\n")
    assert [line for line in run.stderr.splitlines() if not line.startswith("import time:")] == []
