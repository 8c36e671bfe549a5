"""
A snapshot that outlives the process which asked for it.

Spark plans a read in a short-lived Python process and runs it in others, later. The exporting transaction has
to stay open between the two, so a small process of its own holds it, until Spark's driver is gone or an hour
has passed: a task that starts after that fails, and never reads something else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Final

import psutil

from customer360.errors import Customer360Error
from customer360.postgres.connection import Database

_SECONDS: Final = 3600
_POLL_SECONDS: Final = 1.0


def keep_snapshot(database: Database) -> str:
    """The id of a snapshot that lives as long as this process's parent: Spark's driver, on its machine."""
    keeper = subprocess.Popen(  # noqa: S603  this very module
        [sys.executable, "-m", "customer360.postgres.snapshot", str(os.getppid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        start_new_session=True,
        text=True,
    )
    assert keeper.stdin is not None  # noqa: S101  both were asked for
    assert keeper.stdout is not None  # noqa: S101
    keeper.stdin.write(database.url + "\n")  # not an argument: those are visible to every user
    keeper.stdin.close()
    snapshot = keeper.stdout.readline().strip()
    keeper.stdout.close()
    keeper.returncode = 0  # it is meant to outlive us: nothing to warn about
    if not snapshot:
        raise Customer360Error(f"no snapshot could be exported from {database.where}")
    return snapshot


def _hold(database: Database, parent: int) -> None:
    give_up = time.monotonic() + _SECONDS
    with database.snapshot() as snapshot:
        sys.stdout.write(snapshot + "\n")
        sys.stdout.flush()
        sys.stdout.close()
        while psutil.pid_exists(parent) and time.monotonic() < give_up:
            time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    _hold(Database(sys.stdin.readline().strip()), int(sys.argv[1]))
