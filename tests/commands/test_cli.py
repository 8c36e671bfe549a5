"""The commands as a person types them: help with an example, one line for a mistake, exit codes for scripts."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from psycopg import sql

from customer360 import settings
from customer360.commands.cli import cli, main
from customer360.postgres.connection import Database
from customer360.spark import installed
from customer360.web.credentials import configured
from tests import miniature
from tests.web.published import miniature_results, publish


def customer360(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "from customer360.commands.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env={**os.environ, **environment}
    )


class Ended(NamedTuple):
    """What a command left behind, as of a process."""

    returncode: Any
    stdout: str
    stderr: str


@pytest.fixture
def in_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Ended]]:
    """Runs a command that ends soon in this process, as starting Python takes longer than the command."""
    at_sigterm = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["customer360", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(ended.value.code, *capsys.readouterr())

    yield run
    signal.signal(signal.SIGTERM, at_sigterm)


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_helps_with_an_example(command: tuple[str, ...]) -> None:
    """The first thing to type in doubt."""
    found: click.Command = cli
    for name in command:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    text = found.get_help(click.Context(found, info_name=" ".join(command)))

    assert "Example" in text
    assert f"customer360 {' '.join(command)}" in text
    assert all(option.help for option in found.params if isinstance(option, click.Option))


def test_commands_stand_in_the_order_the_data_travels() -> None:
    """The list is a table of contents."""
    assert list(cli.commands) == [
        "demo",
        "mock",
        "load",
        "run",
        "dashboard",
        "power-bi",
        "status",
        "doctor",
        "init",
        "notebook",
        "password",
        "db",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["mok"], 2, "there is no command 'mok'. Did you mean 'mock'?"),
        (["mock", "--customers", "lots"], 2, "size 'lots' is not a number of rows"),
        (["mock", "--customers", "0"], 1, "customers is 0, but must be a whole number from 1 to 1,000,000,000"),
        (["mock", "--customers", "5000B"], 1, "must be a whole number from 1 to 1,000,000,000"),
        (["mock", "--as-of", "30.06.2026"], 2, "'30.06.2026' is no day; write it as 2026-06-30"),
        (["mock", "--as-of", "1999-01-01"], 1, "must be a day from 2000-01-01"),
        (["mock", "--dirt", "0.9"], 1, "must be a share from 0 to 0.5"),
        (["mock", "--dirt", "nan"], 1, "must be a share from 0 to 0.5"),
        (["mock", "--seed", "-1"], 1, "seed is -1, but must be a whole number from 0"),
        (["mock", "--sed", "1"], 2, "No such option"),
        (["run", "--wait", "-1"], 2, "-1.0 is not in the range"),
        (["status", "--database", "postgresql://a:s3cret@127.0.0.1:1/x"], 1, "cannot connect to a@127.0.0.1:1/x"),
        (["run", "--database", "postgresql://a:s3cret@127.0.0.1:1/x"], 1, "cannot connect to a@127.0.0.1:1/x"),
        (["run", "--database", "nonsense s3cret"], 1, "write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE"),
        (["run", "--master", "spark://far:7077"], 1, "so the workers of spark://far:7077 cannot reach it"),
        (["status", "--database", ""], 2, "the value of --database is empty"),
        (["mock", "--database=", "--replace"], 2, "the value of --database is empty"),
        (["db", "psql", "--database", " "], 2, "the value of --database is empty"),
        (["load", "--from-database", "", "--table", "x"], 2, "the value of --from-database is empty"),
        (["load", ""], 2, "an argument is empty"),
        (["dashboard", "--users", ""], 2, "the value of --users is empty"),
        (["status", "--max-age", "soon"], 2, "'soon' is no span of time; write it as 90s, 15m, 26h or 2d"),
        (["--log-format", "xml", "status"], 2, "Invalid value for '--log-format'"),
        (["db", "stat"], 2, "there is no command 'stat'. Did you mean 'start'?"),
        (["dashboard", "--port", "70000"], 2, "70000 is not in the range 0<=x<=65535"),
        (["dashboard", "--host", "0.0.0.0"], 1, "so it needs credentials: give --token-file FILE"),
        (["dashboard", "--users", "no_such_file"], 1, "cannot read no_such_file (No such file or directory)"),
        (
            ["dashboard", "--database", "postgresql://a:s3cret@127.0.0.1:1/x"],
            1,
            "cannot connect to a@127.0.0.1:1/x",
        ),
        (["password", "ada:lovelace"], 1, "'ada:lovelace' cannot be a user's name"),
        (["power-bi", "--storage", "live"], 1, "storage 'live' is not known"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_one_line_and_an_exit_code(
    in_process: Callable[..., Ended], arguments: list[str], code: int, said: str
) -> None:
    """No traceback, no password, nothing on stdout that a script would take for a result."""
    run = in_process(*arguments)

    assert run.returncode == code, run.stderr
    assert said in run.stderr
    assert run.stderr.startswith("customer360: ")
    assert run.stderr.count("\n") == 1
    assert run.stdout == ""
    assert "s3cret" not in run.stderr


@pytest.mark.parametrize("name", [settings.DATABASE_URL, settings.HOME, settings.DASHBOARD_TOKEN])
def test_a_variable_that_is_set_to_nothing_is_not_the_default(name: str) -> None:
    """It is what a script makes of another variable that is not set: the default is another database, or no token."""
    command = ["dashboard", "--port", "0"] if name == settings.DASHBOARD_TOKEN else ["status"]
    run = customer360(*command, **{name: ""})

    assert run.returncode == 1
    assert run.stderr == f"customer360: {name} is empty; give it a value, or unset it\n"


def test_status_of_a_machine_without_a_database_says_how_to_make_one(home: Path) -> None:
    """Looking must not start or make anything."""
    run = customer360("status", CUSTOMER360_HOME=str(home))

    assert run.returncode == 0
    database, engine = run.stdout.splitlines()
    assert database == "the embedded PostgreSQL is not running; start it with: customer360 db start"
    assert engine == f"engine     {installed.description()}"
    assert list(home.iterdir()) == []


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

    url = customer360("db", "url", "--reader", CUSTOMER360_HOME=str(home)).stdout.strip()
    with Database(url).connect() as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("customer360_reader",)

    assert customer360("db", "stop", CUSTOMER360_HOME=str(home)).stdout == "stopped\n"
    assert customer360("db", "stop", CUSTOMER360_HOME=str(home)).stdout == "it was not running\n"


def test_psql_hands_its_exit_code_on(database: Database) -> None:
    """Scripts rely on it."""
    run = customer360("db", "psql", "--database", database.url, "--", "-c", "SELEC 1")

    assert run.returncode == 1
    assert "syntax error" in run.stderr


def test_status_of_an_empty_database_says_what_to_do_next(database: Database) -> None:
    """Each line ends with the command that comes next."""
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
        "customer360: the results are 3 h old, and 90 min are allowed; renew them with: customer360 run\n"
    )
    assert re.search(
        r"results    refresh 1 as of 2026-06-17, made [\d-]{10} [\d:]{5} UTC, 3 h ago\n", older.stdout
    )
    assert json.loads(facts.stdout)["as_of"] == "2026-06-17"
    assert json.loads(facts.stdout)["age_seconds"] == pytest.approx(3 * 3_600, abs=60)


@pytest.mark.slow
def test_status_without_results_is_older_than_any_age(database: Database, home: Path) -> None:
    """No results are not fresh, nor is a server that does not run."""
    empty = customer360("status", "--database", database.url, "--max-age", "99d")
    stopped = customer360("status", "--max-age", "99d", CUSTOMER360_HOME=str(home))

    assert (empty.returncode, stopped.returncode) == (1, 1)
    assert empty.stderr == "customer360: there are no results; make them with: customer360 run\n"
    assert "the embedded PostgreSQL is not running" in stopped.stderr


FAILURES = {
    "a server that takes no changes": (
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        "in a read-only transaction; published data is whole. The server takes no changes here",
    ),
    "a time limit of the server": ("ALTER DATABASE {} SET statement_timeout = '100ms'", ""),
    "a trigger that forbids it": (
        """CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS
             $$BEGIN RAISE 'no new tables' USING HINT = 'ask Grace'; END$$;
           CREATE EVENT TRIGGER forbid ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION forbid()""",
        "no new tables (ask Grace); published data is whole. Correct what the function or trigger complains about.",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("statement", "said"), FAILURES.values(), ids=FAILURES)
def test_what_fails_in_the_server_is_one_line_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, said: str
) -> None:
    """With the traceback for whoever asks for it; time limits are not meant for this work."""
    with database.connect() as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL(statement).format(name))
    monkeypatch.chdir(tmp_path)  # where the mapping is written
    members = tmp_path / "members.csv"
    members.write_text("customer_id,name,join_date,account_balance\n1,Ada,2024-05-01,10.50\n")
    arguments = ["load", str(members), "--yes", "--json", "--database", database.url]

    run = customer360(*arguments)

    if not said:
        assert run.returncode == 0, run.stderr
        return
    assert (run.returncode, run.stdout) == (1, "")
    assert said in run.stderr
    assert run.stderr.count("\n") == 1
    shown = customer360("--traceback", *arguments).stderr
    assert "psycopg.errors." in shown
    assert shown.endswith(run.stderr)
    entry = json.loads(customer360("--log-format", "json", *arguments).stderr.splitlines()[-1])
    assert said in entry["message"]
    assert "psycopg.errors." in entry["traceback"]
    password = database.parts["password"]
    assert password not in shown + json.dumps(entry)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_at_the_edge_of_the_calendar_is_refused(day: str) -> None:
    """Nothing can be counted from it: the day after does not exist, or no customer has joined yet."""
    run = customer360("load", "members.csv", "--as-of", day)

    assert run.returncode == 2
    assert f"'{day}' is out of range; write a day from 1900-01-01 to 2199-12-31" in run.stderr
    assert run.stderr.count("\n") == 1


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


def test_a_password_becomes_the_users_line(tmp_path: Path) -> None:
    """Asked twice, on stderr, so that stdout can go to the file."""
    code = "from customer360.commands.cli import main; main()"

    def password(typed: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", "-c", code, "password", "ada"]
        # Without a terminal of its own the command reads the password from stdin.
        return subprocess.run(command, input=typed, capture_output=True, text=True, start_new_session=True)

    made = password("correct horse battery\n" * 2)
    short = password("hunter2\n" * 2)

    users = tmp_path / "users.txt"
    users.touch(mode=0o600)
    users.write_text(made.stdout)
    credentials = configured(None, users)
    assert credentials
    assert credentials.accept(b"Basic " + base64.b64encode(b"ada:correct horse battery"))
    assert (short.returncode, short.stdout) == (1, "")
    assert "the password has 7 characters, but needs 12 or more" in short.stderr


@pytest.mark.spark
@pytest.mark.slow
def test_the_demo_fills_runs_renders_and_says_how_to_connect(home: Path, tmp_path: Path) -> None:
    """The one command of a newcomer, on an empty home; then status, and a second demo."""
    arguments = ["demo", "--customers", "2k", "--as-of", "2026-06-30"]
    code = "from customer360.commands.cli import main; main()"
    environment = {**os.environ, "CUSTOMER360_HOME": str(home)}

    def demo(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments, *more]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)

    first = demo()
    assert first.returncode == 0, first.stderr
    assert "2,000 mock customers in public.customers as of 2026-06-30 (seed 7)" in first.stdout
    assert "refresh 1: 2,000 customers of public.customers" in first.stdout
    assert "user      customer360_reader" in first.stdout
    assert first.stdout.endswith("see it with: customer360 dashboard\n")
    assert (tmp_path / "power_bi" / "Customer 360.pbip").exists()
    assert "Traceback" not in first.stderr

    account = json.loads((home / "account.json").read_text())
    assert not [secret for secret in (account["owner_password"], account["reader_password"])
                if secret in first.stdout + first.stderr]  # fmt: skip

    again = json.loads(demo("--json", "--seed", "8").stdout)
    assert again["run"]["refresh_id"] == 2
    assert again["mock"]["seed"] == 8
    assert again["dashboard"] == {"checked": True}

    status = json.loads(customer360("status", "--json", CUSTOMER360_HOME=str(home)).stdout)
    assert status["rows"]["public.customers"] == 2_000
    assert status["rows"]["analytics.customer_profiles"] == 2_000
    assert status["last_refresh"]["refresh_id"] == 2
    assert status["stale"] is False
