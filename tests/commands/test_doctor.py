"""What the doctor finds, and that its advice fixes the problem."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360 import settings
from customer360.commands import doctor_database, doctor_machine
from customer360.commands.context import Context
from customer360.commands.doctor import Finding, diagnose
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.postgres.publish import publication
from customer360.spark import installed, java
from customer360.tables import ACTIVITIES, CUSTOMER_CONTACTS, PEOPLE_ACCESS
from customer360.web.app import make_app
from customer360.web.server import Address, running
from tests.commands.process import customer360
from tests.statements import execute

pytestmark = pytest.mark.slow


@pytest.fixture
def own_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of the commands in this test."""
    monkeypatch.setenv(settings.HOME, str(home))
    return home


def found(check: str, context: Context | None = None) -> Finding:
    (finding,) = [finding for finding in diagnose(context or Context()).findings if finding.check == check]
    return finding


def test_a_machine_without_a_database_passes_and_stays_without_one(home: Path) -> None:
    """The checks create nothing and start nothing."""
    run = customer360("doctor", "--json", CUSTOMER360_HOME=str(home))

    checks = {check["check"]: check for check in json.loads(run.stdout)["checks"]}
    assert run.returncode == 0, run.stdout
    runtime = ["Java"] if installed.default_engine() == "spark" else []
    assert list(checks) == [
        "Python", "engine", *runtime, "PostgreSQL", "disk", "temporary files", "memory", "database port", "dashboard port",
        "permissions",
    ]  # fmt: skip
    assert checks["PostgreSQL"]["found"] == f"embedded, not created yet; the first command creates it in {home}"
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("is_locked", "has_others", "state", "words"),
    [
        (True, True, "ok", "its port is locked to other accounts"),
        (False, False, "ok", "its port cannot be locked here, but there are no other accounts"),
        (False, True, "warning", "its port is open to other accounts of this machine"),
    ],
)
def test_an_engine_that_others_could_use_is_a_warning(
    is_locked: bool, has_others: bool, state: str, words: str
) -> None:
    """Sail authenticates nobody."""
    finding = doctor_machine._embedded_engine(is_locked, has_others)

    assert (finding.state, finding.found.partition("; ")[2]) == (state, words)
    assert bool(finding.fix) == (state != "ok")


def test_every_problem_comes_with_a_fix(own_home: Path) -> None:
    """One line each, with a summary at the end."""
    diagnosis = diagnose(Context(database="postgresql://a:s3cret@127.0.0.1:1/x"))

    assert all(finding.fix for finding in diagnosis.findings if finding.state != "ok")
    assert diagnosis.has_failed
    *_, last = diagnosis.lines()
    assert "1 failed" in last
    assert not any("\n" in line or "s3cret" in line for line in diagnosis.lines())


def test_a_failed_check_exits_with_code_1() -> None:
    """For scripts that set machines up."""
    run = customer360("doctor", "--database", "postgresql://a:s3cret@127.0.0.1:1/x")

    assert run.returncode == 1
    assert "failed   PostgreSQL       cannot connect to a@127.0.0.1:1/x" in run.stdout
    assert run.stderr == ""
    assert "s3cret" not in run.stdout


@pytest.mark.java
def test_java_is_the_one_that_spark_gets(own_home: Path) -> None:
    """The machine's if it is new enough, else the installed one."""
    assert found("Java").state == "ok"
    own = java.machine_java()
    assert (f"{own.version} of this machine" if own else "installed with this package") in found("Java").found


@pytest.mark.java
def test_a_machine_without_java_has_the_installed_one(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """JAVA_HOME may name a folder that does not exist."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    assert found("Java") == Finding("Java", "ok", "21, installed with this package")


def test_a_server_that_is_reached_says_its_version_and_the_rights_there(database: Database) -> None:
    """PostgreSQL and the rights in it are two findings."""
    context = Context(database=database.url)

    assert found("PostgreSQL", context).state == "ok"
    assert found("encoding", context) == Finding("encoding", "ok", "UTF8")
    assert database.where in found("PostgreSQL", context).found
    assert found("rights", context) == Finding(
        "rights", "ok", "customer360 may create tables in public, analytics, customer360_internal"
    )


@pytest.mark.parametrize(
    ("name", "state"), [("UTF8", "ok"), ("LATIN1", "warning"), ("WIN1252", "warning"), ("SQL_ASCII", "warning")]
)
def test_a_database_that_cannot_store_every_name_is_reported(name: str, state: str) -> None:
    """Otherwise, loading such names fails long after the database was created."""
    assert doctor_database.encoding(name).state == state


def test_missing_rights_are_fixed_by_the_statements_shown(database: Database) -> None:
    """The owner of the database can copy them."""
    with database.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS grace")
        connection.execute("CREATE ROLE grace LOGIN PASSWORD 'grace'")
        connection.execute("CREATE SCHEMA analytics")
        context = Context(database=make_conninfo(database.url, user="grace", password="grace"))

        refused = found("rights", context)
        assert refused.state == "failed"
        assert refused.found == "grace may not create tables in public, analytics, customer360_internal"

        connection.execute(refused.fix)
        assert found("rights", context).state == "ok"
        connection.execute("DROP OWNED BY grace")
        connection.execute("DROP ROLE grace")


def test_what_the_next_run_cannot_replace_is_reported_with_the_fix(database: Database) -> None:
    """Including unknown tables in the internal schema, and results that the reader cannot read."""
    context = Context(database=database.url)
    with publication(database, "test") as change:
        change.stage(ACTIVITIES)
        change.publish()
    assert found("tables", context).state == found("reader", context).state == "ok"
    with database.connect() as connection:
        connection.execute("CREATE TABLE notes (activity text REFERENCES analytics.activities)")
        connection.execute("CREATE TABLE customer360_internal.mine ()")
        connection.execute("REVOKE ALL ON analytics.activities FROM customer360_reader")

        assert found("tables", context) == Finding(
            "tables", "failed",
            "notes has a foreign key on analytics.activities, whose rows are replaced as a whole",
            "drop it: ALTER TABLE notes DROP CONSTRAINT notes_activity_fkey",
        )  # fmt: skip
        assert found("other tables", context).fix.endswith("DROP TABLE customer360_internal.mine;")
        connection.execute(found("reader", context).fix)
    assert found("reader", context).state == "ok"


def test_excess_and_missing_rights_are_reported_with_the_statement(database: Database) -> None:
    """A GRANT on all tables of the schema also exposes the contact data."""
    context = Context(database=database.url)
    with publication(database, "test") as change:
        change.stage(ACTIVITIES)
        change.stage(CUSTOMER_CONTACTS)
        change.append(PEOPLE_ACCESS, [])
        change.publish()
    assert found("reader", context).state == found("people", context).state == "ok"
    execute(
        database,
        "GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO customer360_reader",
        "REVOKE INSERT ON analytics.people_access FROM customer360_people",
    )

    opened, people = found("reader", context), found("people", context)
    assert (opened.state, people.state) == ("warning", "failed")
    assert opened.found.startswith(
        "customer360_reader has rights on analytics.customer_contacts, analytics.people_access"
    )
    execute(database, opened.fix, people.fix)

    assert found("reader", context).state == found("people", context).state == "ok"


def test_a_database_that_accepts_no_changes_is_reported(database: Database) -> None:
    """A right to create does not help there; the advice does."""
    with database.connect() as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))

    finding = found("rights", Context(database=database.url))

    assert finding.state == "failed"
    assert finding.found == "default_transaction_read_only is on: nothing can be changed"
    assert "SET default_transaction_read_only = off" in finding.fix


@pytest.mark.slow
def test_the_embedded_server_is_found_running_stopped_and_open_to_others(own_home: Path) -> None:
    """Its passwords are in a file that only its owner may read."""
    server = EmbeddedPostgres(own_home)
    server.start()
    assert found("PostgreSQL").found.startswith("embedded, 1")
    assert "where the embedded PostgreSQL listens" in found("database port").found
    assert found("permissions").state == "ok"

    (own_home / "account.json").chmod(0o644)
    own_home.chmod(0o777)
    opened = found("permissions")
    assert opened.state == "failed"
    subprocess.run(opened.fix, shell=True, check=True)
    assert found("permissions").state == "ok"

    server.stop()
    assert found("PostgreSQL").found.endswith("stopped; a command that needs it starts it")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which a program listens without answering."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_is_free_or_used_by_a_dashboard_or_another_program(taken: int, database: Database) -> None:
    """Only another program's port is worth a warning."""
    with running(make_app(database), Address(port=0)) as address:
        assert next(doctor_machine.dashboard_port(Context(), address.port)).found.endswith(
            "where a dashboard is served"
        )
    assert next(doctor_machine.dashboard_port(Context(), address.port)).found == f"{address.port} is free"
    assert next(doctor_machine.dashboard_port(Context(), taken)).state == "warning"


@pytest.mark.parametrize(("gigabytes", "state"), [(0.5, "failed"), (3, "warning"), (5, "ok")])
def test_disk_space_is_compared_with_the_needs_of_a_run(gigabytes: float, state: str) -> None:
    """Below the first limit a run fails, below the second it may."""
    assert doctor_machine.disk("disk", Path("/data"), int(gigabytes * 1e9), "set it elsewhere").state == state


@pytest.mark.parametrize(("gigabytes", "state"), [(0.9, "failed"), (1.5, "warning"), (2, "ok")])
def test_memory_is_compared_with_the_needs_of_spark(gigabytes: float, state: str) -> None:
    """Free memory counts, not the total."""
    finding = doctor_machine.free_memory(int(gigabytes * 1e9), int(8e9))

    assert (finding.state, finding.found) == (state, f"{gigabytes:.1f} of 8.0 GB free")


@pytest.mark.parametrize(("make", "reads"), [
    ("VIEW public.events AS SELECT 1 AS n", "does not read it: it lacks event_id, customer_id, occurred_at, kind"),
    ("TABLE public.events (event_id int, customer_id int, occurred_at date, kind text)", "reads it"),
])  # fmt: skip
def test_another_table_called_events_is_not_a_problem(database: Database, make: str, reads: str) -> None:
    """It is optional: it is reported only when events are filled."""
    with database.connect() as connection:
        connection.execute(f"CREATE {make}")
    context = Context(database=database.url)

    assert found("tables", context).state == "ok"
    assert found("events", context) == Finding(
        "events", "ok", f"public.events was not made by customer360, which keeps it; `run` {reads}"
    )
