"""The commands with Spark's workers elsewhere: a standalone cluster, local-cluster, Spark Connect."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
import pytest

from customer360.postgres.connection import Database
from customer360.settings import DATABASE_URL
from tests.pipeline.test_pipeline import checksum, value

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(600)]

STORY: Final = ("--customers", "200k", "--events-per-customer", "5", "--as-of", "2026-06-30")
_FEW_ROWS: Final = "--conf spark.sql.shuffle.partitions=4 --conf spark.ui.enabled=false pyspark-shell"
_PROGRESS: Final = re.compile(r"[A-Z][\w ]+: [\d,./a-z ]+ s\n")
_JAVA_OPTIONS: Final = re.compile(r"NOTE: Picked up JDK_JAVA_OPTIONS.*\n")


def started(database: Database, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from customer360.commands.cli import main; main()", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, DATABASE_URL: database.url, "PYSPARK_SUBMIT_ARGS": _FEW_ROWS, **environment},
    )  # fmt: skip


def customer360(database: Database, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, stdout, and stderr without Java's messages about the tests' own options."""
    process = started(database, *arguments, **environment)
    out, err = process.communicate()
    return process.returncode, out, _JAVA_OPTIONS.sub("", err)


@pytest.fixture(scope="module")
def filled(module_database: Database, master: str, worker_python: Path) -> tuple[Database, tuple[object, ...]]:
    """The customers that a fill on the cluster wrote, with their checksum; it printed nothing unexpected."""
    code, _, err = customer360(
        module_database, "mock", *STORY, "--master", master, PYSPARK_PYTHON=str(worker_python)
    )

    assert (code, _PROGRESS.sub("", err)) == (0, "")
    return module_database, checksum(module_database, "public.customers")


def test_mock_and_run_work_on_a_cluster_whose_workers_lack_the_package(
    filled: tuple[Database, tuple[object, ...]], master: str, worker_python: Path
) -> None:
    """It is sent to them; Spark's own bars, warnings and logs are not shown."""
    database, (rows, _) = filled
    code, out, err = customer360(database, "run", "--master", master, PYSPARK_PYTHON=str(worker_python))

    assert (code, _PROGRESS.sub("", err), rows) == (0, "", 200_000)
    assert re.search(
        r"200,000 customers of public.customers and [\d,]+ events of public.events as of 2026-06-30", out
    )
    assert value(database, "SELECT sum(customers)::int FROM analytics.customer_segments") == 200_000


def test_a_fill_that_loses_an_executor_has_every_row_once(
    filled: tuple[Database, tuple[object, ...]], master: str, worker_python: Path
) -> None:
    """Its tasks run again elsewhere; copied rows stay, missing ones are copied then."""
    database, before = filled
    process = started(database, "mock", *STORY, "--master", master, PYSPARK_PYTHON=str(worker_python))
    with database.connect() as connection:
        parts = (
            "SELECT count(*) FROM customer360_internal.copied_parts"
            " WHERE staging NOT IN (SELECT relname FROM pg_class WHERE relispartition)"
        )
        while connection.execute(parts).fetchone() == (0,):
            assert process.poll() is None
            time.sleep(0.02)
        victim = next(executors())
        victim.send_signal(signal.SIGKILL)
        copied = connection.execute(parts).fetchone()
    _, err = process.communicate()

    assert copied is not None
    assert 0 < copied[0] < 4
    assert process.returncode == 0, err
    assert "Lost executor" in err
    assert checksum(database, "public.customers") == before


def executors() -> Iterator[psutil.Process]:
    """The executors of this test cluster, which are children of its workers."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            if "org.apache.spark.executor.CoarseGrainedExecutorBackend" in process.cmdline():
                yield process


def test_a_missing_package_of_a_worker_is_one_line_with_the_fix(
    database: Database, master: str, worker_python_without_psycopg: Path
) -> None:
    """A traceback from another machine does not say what to install where."""
    python = str(worker_python_without_psycopg)

    code, out, err = customer360(database, "mock", "--json", "--master", master, PYSPARK_PYTHON=python)

    assert (code, out) == (1, "")
    assert err.startswith(
        "customer360: the Python that runs the tasks lacks the module 'psycopg'; install it there, or on every"
    )
    assert err.endswith('numpy psutil "psycopg[binary]" pyarrow (docs/cluster.md has alternatives)\n')


def test_the_embedded_database_serves_the_executors_of_this_machine(database: Database) -> None:
    """`local-cluster` has separate processes, which can reach 127.0.0.1."""
    code, _, err = customer360(
        database, "mock", "--customers", "60k", "--json", "--master", "local-cluster[2,1,1024]"
    )

    assert (code, err) == (0, "")
    assert checksum(database, "public.customers")[0] == 60_000


def test_mock_load_and_run_work_through_spark_connect(database: Database, remote: str, tmp_path: Path) -> None:
    """Our code does not access a JVM, since there is none."""
    members = tmp_path / "members.csv"
    members.write_text("id,first,last,since\n1,Ada,Byron,2024-01-05\n2,Grace,Hopper,2024-02-06\n")
    mapping = tmp_path / "members.mapping.toml"
    mapping.write_text(
        "[columns]\ncustomer_id = 'id'\nname = \"upper(first) || ' ' || last\"\njoin_date = 'since'\n"
    )

    assert (
        customer360(database, "mock", "--customers", "60k", "--as-of", "2026-06-30", "--json", "--remote", remote)[
            0
        ]
        == 0
    )
    assert customer360(database, "run", "--json", "--remote", remote)[::2] == (0, "")
    assert value(database, "SELECT sum(customers)::int FROM analytics.customer_segments") == 60_000
    load = (
        "load",
        str(members),
        "--mapping",
        str(mapping),
        "--replace",
        "--json",
        "--as-of",
        "2026-06-30",
        "--remote",
        remote,
    )
    assert customer360(database, *load)[::2] == (0, "")
    assert value(database, "SELECT array_agg(name ORDER BY name) FROM public.customers") == [
        "ADA Byron",
        "GRACE Hopper",
    ]


def test_an_existing_connect_session_is_used_and_has_the_format(database: Database, remote: str) -> None:
    """As in a platform's notebook. In a separate process: PySpark supports one kind of session per process."""
    code = (
        "import sys\n"
        "from customer360 import spark\n"
        "from customer360.postgres.datasource import register\n"
        "session = spark.session(remote=sys.argv[1])\n"
        "assert spark.session() is session\n"
        "assert spark.cluster(None, None) == 'Spark Connect'\n"
        "register(session)\n"
        "url, rows = sys.argv[2], session.range(1000)\n"
        "rows.write.format('postgres').option('url', url).option('table', 'numbers').mode('append').save()\n"
        "print(session.read.format('postgres').option('url', url).option('table', 'numbers').load().count())\n"
    )

    run = subprocess.run([sys.executable, "-c", code, remote, database.url], capture_output=True, text=True)

    assert (run.stdout, run.returncode) == ("1000\n", 0), run.stderr


@pytest.mark.parametrize(
    ("option", "url"), [("--master", "spark://127.0.0.1:{}"), ("--remote", "sc://127.0.0.1:{}/;token=abc")]
)
def test_an_unreachable_cluster_is_one_line_within_seconds(database: Database, option: str, url: str) -> None:
    """Spark would retry for a minute, Spark Connect for a quarter of an hour; and a token is not shown."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    code, out, err = customer360(database, "mock", "--json", option, url.format(port))

    assert (code, out) == (1, "")
    assert re.fullmatch(r"customer360: no Spark .* answers at .* check that it runs, and its host and port\n", err)
    assert url.format(port).partition("/;")[0] in err
    assert "abc" not in err
