"""A password planted in the database URL never appears in arguments, outputs, logs, answers or files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360 import settings
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.report.pages import REPORT
from customer360.spark.installed import default_engine
from tests.attacks.command_line import SECRET
from tests.conftest import new_database

ROOT = Path(__file__).parents[2]
TOKEN = "t0ken-that-is-planted"
PLANTED = (SECRET, TOKEN)
SPARK_LOGS = "spark.eventLog.enabled true\nspark.eventLog.compress false\nspark.eventLog.dir {}\n"
ADDRESSES = ["/healthz", "/api/report", *(f"/api/pages/{page.name}" for page in REPORT.pages), "/overview"]
MAPPING = '[columns]\ncustomer_id = "id"\nname = "concat(first, last)"\njoin_date = "joined"\n'
WITH_PASSWORD = re.compile(r"postgresql://[^\s:/@]+:(?!PASSWORD\b)[^\s@]+@")


@pytest.fixture
def planted(embedded: EmbeddedPostgres) -> Iterator[Database]:
    """An empty database with a role whose password is planted."""
    owner = embedded.database()
    with owner.connect() as connection:
        connection.execute(sql.SQL("CREATE ROLE planted LOGIN SUPERUSER PASSWORD {}").format(sql.Literal(SECRET)))
    with new_database(owner) as database:
        yield Database(make_conninfo(database.url, user="planted", password=SECRET))
    with owner.connect() as connection:
        connection.execute("DROP ROLE planted")


@pytest.fixture
def environment(planted: Database, tmp_path: Path) -> dict[str, str]:
    """The environment of every command here; everything that it writes stays in the test's folder."""
    for name in ("logs", "tmp", "conf"):
        (tmp_path / name).mkdir()
    (tmp_path / "conf" / "spark-defaults.conf").write_text(SPARK_LOGS.format((tmp_path / "logs").as_uri()))
    parts = planted.parts
    url = f"postgresql://{parts['user']}:{SECRET}@{parts['host']}:{parts['port']}/{parts['dbname']}"
    places = {"TMPDIR": str(tmp_path / "tmp"), "SPARK_CONF_DIR": str(tmp_path / "conf")}
    return {**os.environ, settings.DATABASE_URL: url, settings.DASHBOARD_TOKEN: TOKEN, **places}


class Looking:
    """Watches the arguments of every process of this machine while it is open."""

    def __init__(self) -> None:
        self.programs: set[str] = set()
        self.found: list[list[str]] = []
        self._ended = Event()
        self._thread = Thread(target=self._look)

    def __enter__(self) -> Looking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            for process in psutil.process_iter(["name", "cmdline"]):
                arguments = process.info["cmdline"] or []
                self.programs.add(process.info["name"] or "")
                if any(secret in argument for argument in arguments for secret in PLANTED):
                    self.found.append(arguments)


def run(environment: dict[str, str], folder: Path, *arguments: str) -> str:
    """The output of a command on stdout and stderr."""
    command = [sys.executable, "-c", "from customer360.commands.cli import main; main()", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


def answers(environment: dict[str, str], folder: Path) -> str:
    """The dashboard's output, and its answers."""
    command = [
        sys.executable,
        "-c",
        "from customer360.commands.cli import main; main()",
        "dashboard",
        "--port",
        "0",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=folder
    ) as process:
        assert process.stdout
        said = [process.stdout.readline()]
        for address in ADDRESSES:
            request = urllib.request.Request(
                said[0].split()[1] + address, headers={"Authorization": f"Bearer {TOKEN}"}
            )
            with urllib.request.urlopen(request) as answer:
                said += [str(answer.headers), answer.read().decode()]
        process.terminate()
        said.append(process.communicate(timeout=30)[0])
    return "\n".join(said)


@contextmanager
def kept(folder: Path) -> Iterator[dict[Path, bytes]]:
    """Every file that exists in *folder* at any time while the context is open, including deleted ones."""
    found: dict[Path, bytes] = {}
    ended = Event()

    def look() -> None:
        while not ended.wait(1):
            found.update(contents(folder))

    thread = Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()
        found.update(contents(folder))


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for place, _, names in os.walk(folder):
        for path in (Path(place) / name for name in names):
            with suppress(OSError):
                yield path, path.read_bytes()


@pytest.mark.slow
@pytest.mark.both
@pytest.mark.timeout(900)
def test_planted_secrets_are_never_found(environment: dict[str, str], tmp_path: Path) -> None:
    """While everything runs once: mock data, operations, project, dashboard, own data with a mapping, status, logs."""
    (tmp_path / "members.csv").write_text("id,first,last,joined\n1,Ada,L,2024-01-02\n2,Bob,M,2024-02-03\n")
    (tmp_path / "members.mapping.toml").write_text(MAPPING)
    load = ["load", "members.csv", "--mapping", "members.mapping.toml", "--replace", "--json"]

    with Looking() as looking, kept(tmp_path) as files:
        said = [
            run(environment, tmp_path, "--log-format", "json", "demo", "--customers", "1k"),
            answers(environment, tmp_path),
            run(environment, tmp_path, *load),
            run(environment, tmp_path, "status", "--json"),
            run(environment, tmp_path, "status"),
            run(environment, tmp_path, "db", "psql", "--", "-c", "TABLE analytics.refreshes"),
        ]

    assert looking.found == []
    is_spark = default_engine() == "spark"
    assert {"postgres", *["java"] * is_spark} <= looking.programs
    assert [text for text in said for secret in PLANTED if secret in text] == []
    assert [path for path, content in files.items() for secret in PLANTED if secret.encode() in content] == []
    logs = [content for path, content in files.items() if "logs" in path.parts and b"SparkListener" in content]
    assert any(b"SparkListenerSQLExecutionStart" in log for log in logs) == is_spark
    assert any(path.suffix == ".pbip" for path in files)


def test_no_file_of_the_project_contains_a_password() -> None:
    """Neither the outputs of the notebooks nor the Power BI project."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "notebooks", "power_bi", "docs", "examples"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    if tracked.returncode:
        pytest.skip("not a git checkout: cannot tell which files are the project's")
    texts = {
        name: (ROOT / name).read_text(errors="ignore")
        for name in filter(None, tracked.stdout.split("\0"))
        if (ROOT / name).is_file()
    }

    assert [name for name, text in texts.items() if WITH_PASSWORD.search(text)] == []
    notebooks = [json.loads(text) for name, text in texts.items() if name.endswith(".ipynb")]
    assert notebooks
    assert "password=" not in json.dumps(notebooks).lower()
