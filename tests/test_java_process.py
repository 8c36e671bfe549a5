"""Stopping a command while Java starts: one line, and no Java that nobody ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from customer360.postgres.connection import Database
from customer360.settings import DATABASE_URL

pytestmark = [pytest.mark.slow]

STOPPED = "customer360: stopped; nothing was changed by what had not finished\n"
_WAIT_SECONDS = 30


@contextmanager
def starting(database: Database) -> Iterator[subprocess.Popen[str]]:
    """A command whose Java has just been started, in a process group of its own as in a terminal."""
    command = [str(Path(sys.executable).with_name("customer360")), "mock", "--customers=1000"]
    with subprocess.Popen(
        command, env=os.environ | {DATABASE_URL: database.url}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        until(lambda: "java" in names(process.pid))
        yield process
        for left in members(process.pid):
            left.kill()


def members(group: int) -> list[psutil.Process]:
    """The living processes of a process group."""
    return [process for process in psutil.process_iter() if _group(process) == group]


def _group(process: psutil.Process) -> int | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else os.getpgid(process.pid)
    except (psutil.Error, ProcessLookupError):
        return None


def names(group: int) -> list[str]:
    return [process.name() for process in members(group)]


def until(condition) -> None:  # type: ignore[no-untyped-def]
    give_up = time.monotonic() + _WAIT_SECONDS
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.0, 0.5, 1.0, 2.0])
def test_a_command_stopped_while_java_starts_says_so_in_one_line_and_leaves_nothing(
    database: Database, number: signal.Signals, after: float
) -> None:
    """Before Java has told where it listens, and after that, in the middle of a call to it."""
    with starting(database) as process:
        time.sleep(after)
        os.killpg(process.pid, number)
        process.wait(timeout=_WAIT_SECONDS)

        until(lambda: not members(process.pid))

        assert process.stderr
        said = process.stderr.read()
        assert said.endswith(STOPPED)
        assert "Traceback" not in said
        assert process.returncode in {130, 143}
