"""Shared by the tests: a Spark session, an embedded PostgreSQL, and a fresh database for each test."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360 import settings
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.spark.installed import default_engine
from tests.documentation import ROOT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# The tests start many short-lived JVMs on few rows: Java's optimizing compiler would not pay off in any of them.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")


# How long one input takes says how busy the machine is; no test is meant to fail of that. Inputs are drawn by the
# text of the test, so that a change is not blamed for what luck finds; `EXPLORE=1 pytest` draws others each time.
hypothesis.settings.register_profile("of all tests", deadline=None, derandomize="EXPLORE" not in os.environ)
hypothesis.settings.load_profile("of all tests")

# A shell that starts the tests in the background has SIGINT ignored, and every command of theirs would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """
    Marks tests with the session `spark`, tests with a cluster `java`, and tests with thousands of inputs `slow`.
    Tests that need the other engine are skipped: the two cannot share an environment.
    """
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.spark)
        if item.path.parent.name == "attacks":
            item.add_marker(pytest.mark.slow)
        if item.path.parent.name == "cluster":
            item.add_marker(pytest.mark.java)
    other = "java" if default_engine() == "embedded" else "embedded"
    config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker(other)])
    items[:] = [item for item in items if not item.get_closest_marker(other)]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tests of bad input report how many inputs they tried, in any process of a parallel run."""
    reports = (report for found in terminalreporter.stats.values() for report in found)
    ended = (report for report in reports if getattr(report, "when", None) == "teardown")
    tried = sum(count for report in ended for name, count in report.user_properties if name == "inputs")
    if tried:
        terminalreporter.write_line(f"tests/attacks: {tried:,} bad inputs, each answered or refused in one line")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A PySpark session of the installed engine; Apache Spark retries a failed task."""
    from customer360 import spark

    master = None if default_engine() == "embedded" else "local[2,2]"
    session = spark.session(master=master, app_name="customer360 tests")
    yield session
    spark.stop(session)


def new_home() -> Path:
    """
    A folder for an embedded server; under root the server runs as another user, who must be able to enter it.
    """
    home = Path(tempfile.mkdtemp(prefix="customer360-test-"))
    home.chmod(0o755)
    return home


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder for an embedded server of a single test, which is stopped afterwards."""
    home = new_home()
    yield home
    EmbeddedPostgres(home).stop()
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def server() -> Iterator[Database]:
    """The owner's access to an embedded server that all tests share."""
    home = new_home()
    embedded = EmbeddedPostgres(home)
    database = embedded.start()
    _forgo_durability(database)
    yield database
    embedded.stop()
    shutil.rmtree(home)


def _forgo_durability(server: Database) -> None:
    """No test of this server cuts its power, and syncing to disk takes half the time of a small test."""
    with server.connect() as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def new_database(server: Database) -> Iterator[Database]:
    """An empty database, dropped at the end."""
    name = f"test_{secrets.token_hex(4)}"
    with server.connect() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} STRATEGY FILE_COPY").format(sql.Identifier(name)))
    yield Database(make_conninfo(server.url, dbname=name))
    with server.connect() as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database(server: Database) -> Iterator[Database]:
    """An empty database for one test."""
    with new_database(server) as database:
        yield database


@pytest.fixture(scope="module")
def module_database(server: Database) -> Iterator[Database]:
    """A database that the tests of a module share and only read."""
    with new_database(server) as database:
        yield database


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is published."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [os.environ.get("UV", "uv"), "build", "--wheel", "--out-dir", str(folder), str(ROOT)]
    try:
        built = subprocess.run(command, capture_output=True, text=True, timeout=240)
    except OSError:
        pytest.skip("NOT CHECKED: there is no uv to build a wheel with")
    if built.returncode:
        pytest.skip(f"NOT CHECKED: the wheel cannot be built here: {built.stderr.strip().splitlines()[-1]}")
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(autouse=True)
def _no_settings_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test never uses the database that the user has configured."""
    for name in settings.SETTINGS:
        if name in os.environ:
            monkeypatch.delenv(name)
