"""The commands as a person types them: help with an example, one line for a mistake, exit codes for scripts."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from psycopg import sql

from customer360 import settings
from customer360.commands.cli import cli, main
from customer360.postgres.connection import Database
from tests.commands.process import customer360


class Ended(NamedTuple):
    """What a command left behind, like a finished process."""

    returncode: Any
    stdout: str
    stderr: str


@pytest.fixture
def in_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Ended]]:
    """Runs a short command in this process, because starting Python takes longer than the command."""
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
    """Help is the first thing to type when in doubt."""
    found: click.Command = cli
    for name in command:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    text = found.get_help(click.Context(found, info_name=" ".join(command)))

    assert "Example" in text
    assert f"customer360 {' '.join(command)}" in text
    assert all(option.help for option in found.params if isinstance(option, click.Option))


def test_commands_are_listed_in_the_order_of_the_data_flow() -> None:
    """The list is a table of contents."""
    assert list(cli.commands) == [
        "demo",
        "mock",
        "load",
        "run",
        "dashboard",
        "power-bi",
        "people",
        "audience",
        "about",
        "forget",
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
        (["mok"], 2, "unknown command 'mok'. Did you mean 'mock'?"),
        (["mock", "--customers", "lots"], 2, "invalid size 'lots'; write it like"),
        (
            ["mock", "--customers", "0"],
            1,
            "invalid value 0 for customers; use a whole number from 1 to 1,000,000,000",
        ),
        (["mock", "--customers", "5000B"], 1, "use a whole number from 1 to 1,000,000,000"),
        (["mock", "--as-of", "30.06.2026"], 2, "invalid date '30.06.2026'; use YYYY-MM-DD"),
        (["mock", "--as-of", "1999-01-01"], 1, "use a date from 2000-01-01"),
        (["mock", "--dirt", "0.9"], 1, "use a share from 0 to 0.5"),
        (["mock", "--dirt", "nan"], 1, "use a share from 0 to 0.5"),
        (["mock", "--seed", "-1"], 1, "invalid value -1 for seed; use a whole number from 0"),
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
        (["status", "--max-age", "soon"], 2, "invalid duration 'soon'; use a form such as 90s, 15m, 26h or 2d"),
        (["--log-format", "xml", "status"], 2, "Invalid value for '--log-format'"),
        (["db", "stat"], 2, "unknown command 'stat'. Did you mean 'start'?"),
        (["dashboard", "--port", "70000"], 2, "70000 is not in the range 0<=x<=65535"),
        (["dashboard", "--host", "0.0.0.0"], 1, "so it requires credentials; use --token-file FILE"),
        (["dashboard", "--users", "no_such_file"], 1, "cannot read no_such_file (No such file or directory)"),
        (
            ["dashboard", "--database", "postgresql://a:s3cret@127.0.0.1:1/x"],
            1,
            "cannot connect to a@127.0.0.1:1/x",
        ),
        (["password", "ada:lovelace"], 1, "invalid user name 'ada:lovelace'"),
        (["power-bi", "--storage", "live"], 1, "unknown storage 'live'"),
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
    """A script sets it so from another, unset variable; the default would be another database, or no token."""
    command = ["dashboard", "--port", "0"] if name == settings.DASHBOARD_TOKEN else ["status"]
    run = customer360(*command, **{name: ""})

    assert run.returncode == 1
    assert run.stderr == f"customer360: {name} is empty; give it a value, or unset it\n"


FAILURES = {
    "a server that accepts no changes": (
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        "in a read-only transaction; published data is intact. The server accepts no changes here",
    ),
    "a time limit of the server": ("ALTER DATABASE {} SET statement_timeout = '100ms'", ""),
    "a trigger that forbids it": (
        """CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS
             $$BEGIN RAISE 'no new tables' USING HINT = 'ask Grace'; END$$;
           CREATE EVENT TRIGGER forbid ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION forbid()""",
        "no new tables (ask Grace); published data is intact. Correct what the function or trigger complains about.",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("statement", "said"), FAILURES.values(), ids=FAILURES)
def test_what_fails_in_the_server_is_one_line_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, said: str
) -> None:
    """With the traceback on request; time limits are not meant for this work."""
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
    assert f"date '{day}' is out of range; use 1900-01-01 to 2199-12-31" in run.stderr
    assert run.stderr.count("\n") == 1


def test_commands_are_listed_without_what_they_need() -> None:
    """Help and tab completion must not wait for imports."""
    code = "import sys, customer360.commands.cli; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    heavy = {"pyarrow", "psycopg", "pyspark", "duckdb", "numpy", "pandas", "psutil", "rich", "starlette"}
    assert heavy & {*run.stdout.split()} == set()
