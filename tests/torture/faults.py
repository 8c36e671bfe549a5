"""External faults of a command: signals, a restarted server, a cut connection, a full disk."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.torture.commands import Command
from tests.torture.lane import Fault, Lane, Underway

_DOWN_SECONDS: Final = 2.0
_LITTLE_BYTES: Final = 4_000_000
_COPIED_BYTES: Final = {"mock": 900_000, "load": 900_000, "run": 2_500_000}
"""Approximately what a command sends to the server."""


# -- signals ----------------------------------------------------------------------------------------------


def _signalled(number: signal.Signals) -> Callable[[Lane, Underway], bool]:
    def strike(_: Lane, running: Underway) -> bool:
        assert isinstance(running, Command)
        if running.is_over():
            return False
        running.signal(number)
        return True

    return strike


# A Python process that is exiting handles signals like the system; a shell shows the same exit codes.
SIGINT: Final = Fault("Ctrl-C", _signalled(signal.SIGINT), (0, 130, -signal.SIGINT))
SIGTERM: Final = Fault("SIGTERM", _signalled(signal.SIGTERM), (0, 143, -signal.SIGTERM))


# -- the server -------------------------------------------------------------------------------------------


def _restart(lane: Lane, running: Underway) -> bool:
    """Like `pg_ctl restart -m immediate`: no connection is closed properly, and the server recovers from its WAL."""
    was_running = not running.is_over()
    postmaster = int((lane.place.home / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGQUIT)
    while lane.place.server.is_running():
        time.sleep(0.02)
    time.sleep(lane.chance.uniform(0, _DOWN_SECONDS))
    lane.place.server.start()
    return was_running


RESTART: Final = Fault("PostgreSQL restarted, immediate", _restart)


# -- the connection ----------------------------------------------------------------------------------------


def _cut(lane: Lane, running: Underway) -> bool:
    """Cuts after a random number of bytes, so that most cuts are in the middle of a COPY."""
    way = lane.way
    before = way.cuts
    way.cut_after(lane.chance.randrange(_COPIED_BYTES[running.operation.command]))
    while not running.is_over():
        time.sleep(0.01)
    return way.cuts > before


CUT: Final = Fault("connection cut in the middle of COPY", _cut, aims=True)


# -- the disk ---------------------------------------------------------------------------------------------


class Ballast:
    """A file that fills a disk almost completely."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"

    def leave(self, count: int) -> None:
        """Fills the disk except for *count* bytes; measures again in case the server has just used some of them."""
        while True:
            disk = os.statvfs(self._path.parent)
            size = disk.f_bavail * disk.f_frsize - count
            if size <= 0:
                return
            with suppress(OSError), self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
                return

    def drop(self) -> None:
        self._path.unlink(missing_ok=True)


def _fill_disk(lane: Lane, running: Underway) -> bool:
    """
    Leaves a small random part of the server's disk free; when the command has ended, there is space again.

    The server may have stopped because there was no space for its WAL; then the next run starts it.
    """
    ballast = Ballast(lane.place.home)
    ballast.leave(lane.chance.randrange(_LITTLE_BYTES))
    while not running.is_over():
        time.sleep(0.01)
    ballast.drop()
    lane.place.server.start()
    return True


DISK_FULL: Final = Fault("disk of the server full", _fill_disk, aims=True)
