"""
Commands and notebooks on the embedded engine, stopped or killed at any moment: one line, intact data, no
leftovers.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from customer360.postgres.connection import Database
from customer360.settings import DATABASE_URL
from tests.spark.notebook import AS_A_KERNEL, WRITE_AND_COUNT
from tests.torture import leftovers
from tests.torture.commands import CUSTOMER360, engine, family, kill, own_words
from tests.torture.place import MARK, small_disk

pytestmark = [pytest.mark.slow, pytest.mark.embedded]

STOPPED = "customer360: stopped; nothing was changed by unfinished work"
KILLED = "customer360: the embedded engine ended unexpectedly, killed or out of memory ("
NOT_STARTED = "customer360: the embedded engine did not start: it was killed, or ran out of memory; run the same"
CUSTOMERS = 300_000
COMMANDS = {"mock": ["mock", "--customers=5M"], "run": ["run"]}
MOMENTS = [0.0, 0.1, 0.3, 0.6, 1.0, 2.0]
"""Seconds after the start of the engine's process: it starts, it is asked, it works."""
_WAIT_SECONDS = 30
_END_SECONDS = 4


@pytest.fixture(scope="module")
def filled(module_database: Database) -> Database:
    """A database with customers and events; no command here publishes any."""
    finished(module_database, "mock", f"--customers={CUSTOMERS}", "--events-per-customer=1")
    return module_database


def finished(database: Database, *arguments: str, **settings: str) -> str:
    """The stderr of a successful command."""
    environment = os.environ | {DATABASE_URL: database.url} | settings
    run = subprocess.run([CUSTOMER360, *arguments], env=environment, capture_output=True, text=True, timeout=200)
    assert run.returncode == 0, run.stderr
    return run.stderr


@contextmanager
def started(database: Database, command: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command whose engine has just started, in its own process group as in a terminal; and its mark."""
    mark = secrets.token_hex(8)
    environment = os.environ | {DATABASE_URL: database.url, MARK: mark, "TMPDIR": str(folder)}
    with subprocess.Popen(
        [CUSTOMER360, *COMMANDS[command]], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            until(lambda: engine(mark))
            yield process, mark
        finally:
            kill([left.pid for left in family(mark)])


def until(condition: Callable[[], object], seconds: float = _WAIT_SECONDS) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def at_work(database: Database, command: str) -> None:
    """Waits until *command* has its transaction, and some more time."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
    with database.connect("test") as connection:
        until(lambda: connection.execute(query, (f"customer360 {command}",)).fetchone() != (0,))
    time.sleep(0.7)


def temporary(folder: Path) -> list[Path]:
    """The content of the temporary folder, except the lock that all commands share."""
    return [path for path in folder.glob("*/*") if path.name != ".lock"]


def require_nothing_changed(database: Database) -> None:
    """Neither the data nor the staging tables of an unfinished command."""
    with database.connect("test") as connection:
        rows = connection.execute("SELECT count(*), max(customer_id) FROM public.customers").fetchone()
        assert rows == (CUSTOMERS, CUSTOMERS)
        recorded = "obj_description(min(tableoid::bigint)::oid, 'pg_class')::json->>'rows'"
        is_whole = f"SELECT count(*) = ({recorded})::bigint FROM public.events"
        assert connection.execute(is_whole).fetchone() == (True,)
        assert connection.execute("SELECT to_regclass('analytics.customer_profiles')").fetchone() == (None,)
        assert leftovers.sessions(connection, _END_SECONDS) == []
        assert leftovers.in_database(connection) == []


# -- stopped ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("command", list(COMMANDS))
@pytest.mark.parametrize("after", MOMENTS)
def test_a_command_that_is_stopped_says_so_in_one_line_and_leaves_nothing(
    filled: Database, tmp_path: Path, command: str, number: signal.Signals, after: float
) -> None:
    """By Ctrl-C in a terminal, or the signal of `timeout`, systemd and Kubernetes."""
    with started(filled, command, tmp_path) as (process, mark):
        time.sleep(after)
        os.killpg(process.pid, number)
        _, said = process.communicate(timeout=_WAIT_SECONDS)

        until(lambda: not family(mark), _END_SECONDS)

    assert own_words(said) == STOPPED
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert temporary(tmp_path) == []
    require_nothing_changed(filled)


# -- killed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", list(COMMANDS))
def test_the_engine_of_a_killed_command_ends_and_the_next_command_removes_what_is_left(
    filled: Database, tmp_path: Path, command: str
) -> None:
    """Including a command that was killed while its engine started."""
    for after in (0.0, 0.3, 1.0):
        with started(filled, command, tmp_path) as (process, mark):
            time.sleep(after)
            process.kill()
            process.wait()
            until(lambda: not family(mark), _END_SECONDS)

    finished(filled, "mock", f"--customers={CUSTOMERS}", "--events-per-customer=1", TMPDIR=str(tmp_path))
    assert temporary(tmp_path) == []
    require_nothing_changed(filled)


@pytest.mark.parametrize("command", list(COMMANDS))
@pytest.mark.parametrize("is_at_work", [False, True], ids=["starting", "at work"])
def test_a_command_whose_engine_is_killed_says_so_in_one_line(
    filled: Database, tmp_path: Path, command: str, is_at_work: bool
) -> None:
    """Linux kills the engine first when memory is short."""
    with started(filled, command, tmp_path) as (process, mark):
        if is_at_work:
            at_work(filled, command)
        kill(engine(mark))
        _, said = process.communicate(timeout=_WAIT_SECONDS)

        until(lambda: not family(mark), _END_SECONDS)

    words = own_words(said)
    assert words.startswith(KILLED if is_at_work else (KILLED, NOT_STARTED))
    assert words.count("\n") == 0
    assert process.returncode == 1
    assert temporary(tmp_path) == []
    require_nothing_changed(filled)


def test_rows_that_a_killed_command_kept_are_removed_by_the_next(filled: Database, tmp_path: Path) -> None:
    """They are files, which do not end with an engine."""
    with started(filled, "run", tmp_path) as (process, mark):
        until(lambda: list(tmp_path.glob("*/rows-*/rows/*")))
        process.kill()
        process.wait()
        until(lambda: not family(mark), _END_SECONDS)
    kept = list(tmp_path.glob("*/rows-*/rows/*"))

    finished(filled, "mock", f"--customers={CUSTOMERS}", "--events-per-customer=1", TMPDIR=str(tmp_path))

    assert kept != []
    assert temporary(tmp_path) == []


def test_a_full_disk_of_temporary_files_is_one_line_and_nothing_stays_on_it(
    filled: Database, tmp_path: Path
) -> None:
    """The kept rows of 300,000 customers take more than ten times as much."""
    with small_disk(tmp_path / "disk", 1) as refusal:
        if refusal:
            pytest.skip(refusal)
        with started(filled, "run", tmp_path / "disk") as (process, mark):
            _, said = process.communicate(timeout=_WAIT_SECONDS)
            until(lambda: not family(mark), _END_SECONDS)
        left = temporary(tmp_path / "disk")

    assert own_words(said) == (
        "customer360: no space is left for the engine's temporary files; free some, or set TMPDIR to a folder that "
        "has more"
    )
    assert process.returncode == 1
    assert left == []
    require_nothing_changed(filled)


# -- notebooks --------------------------------------------------------------------------------------------

NOTEBOOK = f"""{WRITE_AND_COUNT}
import time
import psutil
from customer360.spark import embedded

def interrupted(cell):
    threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        cell()
    except BaseException as error:
        print(type(error).__name__)

def new_session():
    global spark
    spark = sparks.session()
    register(spark)

def is_at_rest():
    engine = psutil.Process(embedded.start().pid)
    before, _ = sum(engine.cpu_times()[:2]), time.sleep(1)
    return sum(engine.cpu_times()[:2]) - before < 0.2

new_session()
{AS_A_KERNEL}"""


def in_a_notebook(database: Database, folder: Path, *cells: str) -> list[str]:
    """The output of the *cells*, run in a separate process like those of a kernel; it leaves no file."""
    command = [sys.executable, "-c", NOTEBOOK + "\n".join(cells), database.url]
    environment = {**os.environ, "TMPDIR": str(folder)}
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert run.returncode == 0, run.stderr
    assert temporary(folder) == []
    return run.stdout.splitlines()


QUERIES = {
    "query": "lambda: spark.range(0, 10**11, 1, 4).selectExpr('sum(sqrt(id))').collect()",
    "Python": "lambda: spark.range(10**10).mapInArrow(lambda rows: rows, 'id bigint').count()",
}


@pytest.mark.parametrize("query", list(QUERIES))
def test_an_interrupted_query_ends_in_the_engine_and_the_session_goes_on(
    database: Database, tmp_path: Path, query: str
) -> None:
    """Reads and writes, in the same thread and in others; no computation continues unused."""
    then = """
write(20, "short")
thread = threading.Thread(target=write, args=(20, "short"))
thread.start(); thread.join()
print(count("short"), sparks.session() is spark, is_at_rest())
"""
    assert in_a_notebook(database, tmp_path, f"interrupted({QUERIES[query]})", then) == [
        "KeyboardInterrupt",
        "40 True True",
    ]


def test_an_interrupted_start_leaves_no_half_made_session_and_does_not_delay_the_exit(
    database: Database, tmp_path: Path
) -> None:
    """In its first call. PySpark retries an engine that is gone for ten minutes, even when Python exits."""
    cells = """
from pyspark.sql.connect.client import SparkConnectClient

def interrupts(*_):
    raise KeyboardInterrupt

sparks.stop(spark)
config, SparkConnectClient.config = SparkConnectClient.config, interrupts
try:
    sparks.session()
except KeyboardInterrupt:
    print("KeyboardInterrupt")
SparkConnectClient.config = config
if len(sys.argv) > 2:
    new_session()
    print(spark.conf.get("spark.sql.session.timeZone"))
"""
    begun = time.monotonic()
    assert in_a_notebook(database, tmp_path, cells) == ["KeyboardInterrupt"]
    assert time.monotonic() - begun < 60
    assert in_a_notebook(database, tmp_path, "sys.argv.append('on')", cells) == ["KeyboardInterrupt", "UTC"]


def test_an_interrupted_write_is_never_published_and_the_next_ones_work(
    database: Database, tmp_path: Path
) -> None:
    """Tasks that are copying cannot be stopped and finish; their rows are then not published."""
    then = """
write(20, "short")
time.sleep(5)
print(count("short"))
"""
    found = in_a_notebook(database, tmp_path, 'interrupted(lambda: write(30_000_000, "long"))', then)

    assert found == ["KeyboardInterrupt", "20"]
    with database.connect() as connection:
        assert connection.execute("SELECT to_regclass('long')").fetchone() == (None,)


def test_a_task_that_cannot_be_interrupted_costs_the_engine_and_the_next_session_works(
    database: Database, tmp_path: Path
) -> None:
    """Python code that waits in one call occupies the engine's threads; a kernel must not wait for it."""
    waits = """
def waits(rows):
    time.sleep(100)
    yield from rows
interrupted(lambda: spark.range(0, 10, 1, 8).mapInArrow(waits, "id bigint").collect())
new_session()
write(20, "short")
print(count("short"))
"""
    assert in_a_notebook(database, tmp_path, waits) == ["KeyboardInterrupt", "20"]


def test_after_the_engine_was_killed_the_next_session_works(database: Database, tmp_path: Path) -> None:
    """A kernel survives when the engine was out of memory."""
    cells = """
threading.Timer(1.5, embedded.start().kill).start()
try:
    with sparks.plain_errors():
        write(80_000_000, "long")
except Exception as error:
    print(error)
new_session()
write(20, "short")
print(count("short"))
"""
    line, rows = in_a_notebook(database, tmp_path, cells)

    assert line.startswith("the embedded engine ended unexpectedly, killed or out of memory (")
    assert rows == "20"


def test_a_session_that_was_stopped_is_followed_by_a_new_one(database: Database, tmp_path: Path) -> None:
    cells = """
first = spark
spark.stop()
new_session()
write(20, "short")
print(count("short"), spark is first)
sparks.stop(spark)
"""
    assert in_a_notebook(database, tmp_path, cells) == ["20 False"]


def test_threads_share_a_session(database: Database, tmp_path: Path) -> None:
    cells = """
threads = [threading.Thread(target=write, args=(1_000, f"t{number}")) for number in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print([count(f"t{number}") for number in range(6)])
"""
    assert in_a_notebook(database, tmp_path, cells) == [str([1_000] * 6)]


def test_a_fork_gets_its_own_engine_immediately(database: Database, tmp_path: Path) -> None:
    """As with multiprocessing; that of the parent continues."""
    cells = """
pid, begun = os.fork(), time.monotonic()
if pid == 0:
    new_session()
    write(20, "short")
    print(count("short"), time.monotonic() - begun < 9, flush=True)
    sparks.stop(spark)
    os._exit(0)
os.waitpid(pid, 0)
print(count("short"), sparks.session() is spark)
"""
    assert in_a_notebook(database, tmp_path, cells) == ["20 True", "20 True"]
