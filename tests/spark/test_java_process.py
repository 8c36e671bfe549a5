"""Stopping a command while Java starts or works: one line, and no orphaned Java."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from customer360.postgres.connection import Database
from customer360.settings import DATABASE_URL
from tests.spark.notebook import AS_A_KERNEL, WRITE_AND_COUNT
from tests.torture.commands import CUSTOMER360, family, java, kill, own_words, workers
from tests.torture.place import MARK

pytestmark = [pytest.mark.slow, pytest.mark.java]

STOPPED = "customer360: stopped; nothing was changed by unfinished work\n"
_WAIT_SECONDS = 30


@pytest.fixture
def mark() -> str:
    """Identifies all processes of a command."""
    return secrets.token_hex(8)


@contextmanager
def starting(
    database: Database, mark: str, *, customers: int = 1_000, **settings: str
) -> Iterator[subprocess.Popen[str]]:
    """A command whose Java has just started, in its own process group as in a terminal."""
    environment = os.environ | {DATABASE_URL: database.url, MARK: mark} | settings
    with subprocess.Popen(
        [CUSTOMER360, "mock", f"--customers={customers}"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        until(lambda: java(mark))
        yield process
        kill([left.pid for left in family(mark)])


def until(condition) -> None:
    give_up = time.monotonic() + _WAIT_SECONDS
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.0, 0.5, 1.0, 2.0])
def test_a_command_stopped_while_java_starts_says_so_in_one_line_and_leaves_nothing(
    database: Database, mark: str, number: signal.Signals, after: float
) -> None:
    """Before Java has reported its port, and after that, during a call to it."""
    with starting(database, mark) as process:
        time.sleep(after)
        os.killpg(process.pid, number)
        process.wait(timeout=_WAIT_SECONDS)

        until(lambda: not family(mark))

        assert process.stderr
        said = process.stderr.read()
        assert said.endswith(STOPPED)
        assert "Traceback" not in said
        assert process.returncode in {130, 143}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_stopped_while_its_tasks_run_says_so_in_one_line_immediately(
    database: Database, mark: str, number: signal.Signals
) -> None:
    """When Java is asked to end, it logs every interrupted task."""
    with starting(database, mark, customers=3_000_000) as process:
        until(lambda: workers(mark))
        time.sleep(1)
        os.killpg(process.pid, number)
        process.wait(timeout=_WAIT_SECONDS)

        until(lambda: not family(mark))

        assert process.stderr
        assert own_words(process.stderr.read()) == STOPPED.strip()
        assert process.returncode in {130, 143}


@pytest.mark.parametrize("after", [0.0, 0.5, 1.0, 2.0])
def test_a_command_killed_while_java_starts_leaves_what_the_next_removes(
    database: Database, mark: str, tmp_path: Path, after: float
) -> None:
    """A single folder, which contains everything; and Java ends by itself."""
    with starting(database, mark, TMPDIR=str(tmp_path)) as process:
        time.sleep(after)
        process.kill()
        process.wait(timeout=_WAIT_SECONDS)

        until(lambda: not family(mark))

        assert {path.name for path in tmp_path.iterdir()} <= {f"customer360-{os.getuid()}"}


NOTEBOOK = f"""{WRITE_AND_COUNT}
from customer360.spark import java_process

spark = sparks.session(master="local[2]")
register(spark)
{AS_A_KERNEL}"""


def in_a_notebook(database: Database, *cells: str) -> list[str]:
    """The output of the *cells*, run in a separate process like those of a kernel."""
    command = [sys.executable, "-c", NOTEBOOK + "".join(cells), database.url]
    run = subprocess.run(command, capture_output=True, text=True, timeout=200)
    return (run.stdout + (run.stderr if run.returncode else "")).splitlines()


@pytest.mark.spark
def test_after_an_interrupted_write_the_next_ones_work(database: Database) -> None:
    """The stop button costs the connection to Java; a new one must get the session and its formats."""
    interrupted = """
threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    write(80_000_000, "long")
except BaseException as error:
    print(type(error).__name__)
"""
    in_this_thread_and_another = """
write(20, "short")
thread = threading.Thread(target=write, args=(20, "short"))
thread.start(); thread.join()
print(count("short"), flush=True)
java_process.kill()  # rather than wait for what the interrupted cell began
os._exit(0)
"""

    assert in_a_notebook(database, interrupted, in_this_thread_and_another) == ["KeyboardInterrupt", "40"]


@pytest.mark.spark
def test_after_java_was_killed_the_next_session_works(database: Database) -> None:
    """A kernel survives when Java was out of memory; PySpark would wait for the dead process forever."""
    killed = """
threading.Timer(2, java_process.kill).start()
try:
    with sparks.plain_errors():
        write(80_000_000, "long")
except Exception as error:
    print(error)
"""
    again = """
spark = sparks.session(master="local[2]")
register(spark)
write(20, "short")
print(count("short"))
spark.stop()
"""

    line, rows = in_a_notebook(database, killed, again)

    assert line.startswith("Spark's Java process ended unexpectedly, killed or out of memory (heap ")
    assert rows == "20"
