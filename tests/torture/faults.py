"""What befalls a command from outside: signals, a restarted server, a cut connection, a full disk."""

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
"""About what a command sends to the server."""


# -- signals ----------------------------------------------------------------------------------------------


def _signalled(number: signal.Signals) -> Callable[[Lane, Underway], bool]:
    def strike(_: Lane, running: Underway) -> bool:
        assert isinstance(running, Command)
        if running.is_over():
            return False
        running.signal(number)
        return True

    return strike


# Python that has done its work and ends takes signals as the system does; a shell shows the same exit codes.
SIGINT: Final = Fault("Ctrl-C", _signalled(signal.SIGINT), (0, 130, -signal.SIGINT))
SIGTERM: Final = Fault("SIGTERM", _signalled(signal.SIGTERM), (0, 143, -signal.SIGTERM))


# -- the server -------------------------------------------------------------------------------------------


def _restart(lane: Lane, running: Underway) -> bool:
    """As `pg_ctl restart -m immediate`: no connection is ended properly, and the server recovers from its log."""
    was_running = not running.is_over()
    postmaster = int((lane.place.home / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGQUIT)
    while lane.place.server.is_running():
        time.sleep(0.02)
    time.sleep(lane.chance.uniform(0, _DOWN_SECONDS))
    lane.place.server.start()
    return was_running


RESTART: Final = Fault("PostgreSQL restarted, immediate", _restart)


# -- the way to it ----------------------------------------------------------------------------------------


def _cut(lane: Lane, running: Underway) -> bool:
    """After a random number of bytes, so that most cuts come in the middle of a COPY."""
    way = lane.way
    before = way.cuts
    way.cut_after(lane.chance.randrange(_COPIED_BYTES[running.operation.command]))
    while not running.is_over():
        time.sleep(0.01)
    return way.cuts > before


CUT: Final = Fault("connection cut in the middle of COPY", _cut, aims=True)


# -- the disk ---------------------------------------------------------------------------------------------


class Ballast:
    """A file that takes up the room of a disk, but for a little."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"

    def leave(self, count: int) -> None:
        """So much that *count* bytes are free; measured again where the server has just taken some of them."""
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
    Leaves a random little of the server's disk; when the command has ended, there is room again.

    The server may have stopped for want of room for its log; then the next run starts it.
    """
    ballast = Ballast(lane.place.home)
    ballast.leave(lane.chance.randrange(_LITTLE_BYTES))
    while not running.is_over():
        time.sleep(0.01)
    ballast.drop()
    lane.place.server.start()
    return True


DISK_FULL: Final = Fault("disk of the server full", _fill_disk, aims=True)
