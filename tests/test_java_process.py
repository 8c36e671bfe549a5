"""Stopping a command while Java starts or works: one line, and no Java that nobody ends."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from customer360.postgres.connection import Database
from customer360.settings import DATABASE_URL
from tests.torture.commands import CUSTOMER360, family, java, kill, own_words, workers
from tests.torture.place import MARK

pytestmark = [pytest.mark.slow]

STOPPED = "customer360: stopped; nothing was changed by what had not finished\n"
_WAIT_SECONDS = 30


@pytest.fixture
def mark() -> str:
    """By which all processes of a command are known."""
    return secrets.token_hex(8)


@contextmanager
def starting(
    database: Database, mark: str, *, customers: int = 1_000, **settings: str
) -> Iterator[subprocess.Popen[str]]:
    """A command whose Java has just been started, in a process group of its own as in a terminal."""
    environment = os.environ | {DATABASE_URL: database.url, MARK: mark} | settings
    with subprocess.Popen(
        [CUSTOMER360, "mock", f"--customers={customers}"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        until(lambda: java(mark))
        yield process
        kill([left.pid for left in family(mark)])


def until(condition) -> None:  # type: ignore[no-untyped-def]
    give_up = time.monotonic() + _WAIT_SECONDS
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.0, 0.5, 1.0, 2.0])
def test_a_command_stopped_while_java_starts_says_so_in_one_line_and_leaves_nothing(
    database: Database, mark: str, number: signal.Signals, after: float
) -> None:
    """Before Java has told where it listens, and after that, in the middle of a call to it."""
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
def test_a_command_stopped_while_its_tasks_run_says_so_in_one_line_at_once(
    database: Database, mark: str, number: signal.Signals
) -> None:
    """Java, when it is asked to end, tells of every task that it breaks off."""
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
    """One folder of ours, in which all lies; and Java ends by itself."""
    with starting(database, mark, TMPDIR=str(tmp_path)) as process:
        time.sleep(after)
        process.kill()
        process.wait(timeout=_WAIT_SECONDS)

        until(lambda: not family(mark))

        assert {path.name for path in tmp_path.iterdir()} <= {f"customer360-{os.getuid()}"}
