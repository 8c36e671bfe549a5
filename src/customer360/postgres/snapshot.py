"""
Snapshots that outlive the process that asked for them.

Spark plans a read in a short-lived Python process and runs it later in others; the embedded engine plans and runs
it in its own process, at every use. In between, a small separate process, the keeper, holds the transaction that
exported the snapshot. There is one keeper per driver (Spark's or the embedded engine's) and database, regardless
of the number of reads. It accepts reads while it is young, and ends with the driver, when nobody has read for a
while, or when it is old. A task that starts after that fails; it never reads other rows.

The table itself is locked only while it is read, so that a swap or TRUNCATE does not wait long.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final

import psutil
import psycopg
from psycopg import sql

from customer360 import temporary
from customer360.errors import KINDS, Customer360Error, Unavailable, postgresql
from customer360.postgres import catalog
from customer360.postgres.connection import Database

_YOUNG_SECONDS: Final = 600
_IDLE_SECONDS: Final = 900
_OLD_SECONDS: Final = 3600
_POLL_SECONDS: Final = 0.5
_LOCK_SECONDS: Final = 2.0
"""How long a table stays locked after its last reader: the next task of the read may be about to start."""

_LOCKS: Final = 4
"""How many reads have their tables locked at a time; without a lock, a reader detects a rewritten table."""

_IS_READ: Final = """
    SELECT EXISTS (
      SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE a.application_name = 'customer360 copy' AND l.locktype = 'relation' AND l.relation IN (
        SELECT relation FROM pg_locks
        WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation >= 16384))
"""
_ANY_READER: Final = """
    SELECT EXISTS (
      SELECT FROM pg_stat_activity
      WHERE application_name = 'customer360 copy' AND datname = current_database() AND usename = current_user)
"""


def keep_snapshot(database: Database, relation: sql.Composable) -> str:
    """
    The id of a snapshot in which *relation* can be read, kept as long as the driver runs.

    Raises: Customer360Error when no snapshot can be exported.
    """
    driver = os.getppid() if _plans_for_spark() else os.getpid()
    digest = hashlib.sha256(database.url.encode()).hexdigest()[:12]
    address = temporary.private_root() / f"snapshots.{driver}.{digest}"
    question = json.dumps(relation.as_string(None)) + "\n"
    answer = json.loads(_asked(address, question) or _started(database, driver, address, question) or "{}")
    if "snapshot" not in answer:
        kind = KINDS.get(answer.get("kind"), Unavailable)
        raise kind(answer.get("error", f"no snapshot could be exported from {database.where}"))
    return str(answer["snapshot"])


def _plans_for_spark() -> bool:
    """Whether this is the process that Spark's driver starts to plan a read."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return bool(spec and spec.name.startswith("pyspark."))


def _asked(address: Path, question: str) -> str | None:
    """The answer of the keeper at *address*; None when there is no keeper."""
    if not hasattr(socket, "AF_UNIX"):
        return None
    with suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(address))
        asking.sendall(question.encode())
        return asking.makefile().readline() or None
    return None


def _started(database: Database, driver: int, address: Path, question: str) -> str:
    """The answer of a new keeper."""
    keeper = subprocess.Popen(  # noqa: S603  this module
        [sys.executable, "-m", "customer360.postgres.snapshot", str(driver), str(address)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        start_new_session=True,
        text=True,
    )
    assert keeper.stdin is not None  # noqa: S101  both are pipes
    assert keeper.stdout is not None  # noqa: S101
    keeper.stdin.write(f"{database.url}\n{question}")  # not an argument, which every user can see
    keeper.stdin.close()
    answer = keeper.stdout.readline()
    keeper.stdout.close()
    Thread(target=keeper.wait, daemon=True).start()  # it may outlive this process, or end before it
    return answer


class _Keeper:
    """One transaction that exports the snapshots of all reads, and one connection per table being read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._exporting = database.connect("customer360 snapshot")
        _begin(self._exporting)
        self._locks: dict[psycopg.Connection[Any], float] = {}
        self._changing = Lock()
        self._started = self._used = time.monotonic()

    @property
    def is_young(self) -> bool:
        return time.monotonic() < self._started + _YOUNG_SECONDS

    @property
    def is_needed(self) -> bool:
        now = time.monotonic()
        return now < self._started + _OLD_SECONDS and now < self._used + _IDLE_SECONDS

    def answer(self, question: str) -> str:
        """The snapshot for a new read, or why there is none, as one line of JSON."""
        try:
            return json.dumps({"snapshot": self._snapshot(sql.SQL(json.loads(question)))}) + "\n"
        except (Customer360Error, psycopg.Error) as error:
            kind = postgresql.kind(error.sqlstate) if isinstance(error, psycopg.Error) else type(error)
            return json.dumps({"kind": kind.__name__, "error": str(error).splitlines()[0]}) + "\n"

    def _snapshot(self, relation: sql.Composable) -> str:
        with ExitStack() as unless_locked:
            locking = self._database.connect("customer360 snapshot")
            unless_locked.callback(locking.close)
            _begin(locking)
            catalog.hold(locking, [relation])
            unless_locked.pop_all()
        with self._changing:
            self._used = self._locks[locking] = time.monotonic()
            self._unlock(sorted(self._locks, key=self._locks.__getitem__)[:-_LOCKS])
            return str(catalog.value(self._exporting, "SELECT pg_export_snapshot()"))

    def look(self) -> None:
        """Releases the locks that no reader needs any more. Raises: psycopg.Error when the snapshots are lost."""
        with self._changing:
            now = time.monotonic()
            if catalog.value(self._exporting, _ANY_READER):
                self._used = now
            for locking in self._locks:
                with suppress(psycopg.Error):
                    if catalog.value(locking, _IS_READ):
                        self._locks[locking] = now
            self._unlock([locking for locking, last in self._locks.items() if now >= last + _LOCK_SECONDS])

    def _unlock(self, lockings: Iterable[psycopg.Connection[Any]]) -> None:
        for locking in lockings:
            del self._locks[locking]
            locking.close()


def _begin(connection: psycopg.Connection[Any]) -> None:
    """Begins an open-ended transaction whose statements each see what is committed by then."""
    connection.autocommit = False
    connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY")


def _keep(database: Database, driver: int, address: Path, question: str) -> None:
    keeper = _Keeper(database)
    sys.stdout.write(keeper.answer(question))
    sys.stdout.flush()
    sys.stdout.close()
    with ExitStack() as listening:
        with suppress(OSError, AttributeError):  # if unreachable, it keeps this one read
            Thread(target=_listen, args=(keeper, _listener(listening, address)), daemon=True).start()
        while psutil.pid_exists(driver) and keeper.is_needed:
            if not keeper.is_young:
                listening.close()
            time.sleep(_POLL_SECONDS)
            keeper.look()


def _listener(listening: ExitStack, address: Path) -> socket.socket:
    """The socket where other reads ask for a snapshot, in a folder that only this user can enter."""
    address.unlink(missing_ok=True)
    listener = listening.enter_context(socket.socket(socket.AF_UNIX))
    listener.bind(str(address))
    listening.callback(address.unlink, missing_ok=True)
    listener.listen()
    listening.callback(listener.shutdown, socket.SHUT_RDWR)  # wakes the thread that waits in accept()
    return listener


def _listen(keeper: _Keeper, listener: socket.socket) -> None:
    with suppress(OSError):  # closed
        while True:
            asking, _ = listener.accept()
            Thread(target=_reply, args=(keeper, asking), daemon=True).start()


def _reply(keeper: _Keeper, asking: socket.socket) -> None:
    with suppress(OSError), asking, asking.makefile() as questions:
        asking.sendall(keeper.answer(questions.readline()).encode())


if __name__ == "__main__":
    _keep(Database(sys.stdin.readline().strip()), int(sys.argv[1]), Path(sys.argv[2]), sys.stdin.readline())
