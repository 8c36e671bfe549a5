"""
Watches the database: a thread that loads every new publication and reports when the database is unreachable.

PostgreSQL sends a notification after each publication. Where notifications do not arrive, for example through a
connection pooler, the thread checks every few seconds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from threading import Event, Thread
from typing import Any, Final

import psycopg

from customer360.postgres.connection import Database
from customer360.postgres.publish import CHANNEL
from customer360.postgres.reader import read_only
from customer360.web.replies import Memory
from customer360.web.store import Results, load, published

_LOG: Final = logging.getLogger(__name__)
_LOOK_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 2.0
_MOST_SECONDS_TO_END: Final = 0.25


@dataclass(frozen=True)
class State:
    """What is served now: *results*, a cache of replies about them, and since when the database is unreachable."""

    results: Results | None
    memory: Memory
    gone_since: datetime | None = None

    def facts(self) -> dict[str, Any]:
        gone = self.gone_since
        return {
            "refresh": self.results.refresh_row["refresh_id"] if self.results else None,
            "database": "gone" if gone else "ok",
            **({"since": f"{gone.isoformat(timespec='seconds')}Z"} if gone else {}),
        }


class Watch:
    """
    The current state, updated by a thread from `start` to `stop`; `changed` waits for the next state.

    *answered* is the monotonic time at which the database last answered.
    """

    def __init__(self, database: Database, *, hide_names: bool = False) -> None:
        self.state = State(None, Memory())
        self.answered = time.monotonic()
        self._database, self._hide_names = database, hide_names
        self._ended = Event()
        self._thread = Thread(target=self._keep_up, name="customer360 watch", daemon=True)
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Loads the results. Raises: Customer360Error when the database cannot be reached or read."""
        self._loop = asyncio.get_running_loop()
        self.state = State(await asyncio.to_thread(self._load), Memory())
        self._thread.start()

    async def stop(self) -> None:
        """Ends the thread and waits for it, so that its connection does not outlive the process."""
        self._ended.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    async def changed(self, seconds: float) -> None:
        """Returns at the next change of state, or after *seconds*."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    # -- the thread -----------------------------------------------------------------------------------

    def _keep_up(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: PERF203  a thread that ends would never recover
                if self.state.gone_since is None:
                    _LOG.warning("the dashboard continues from memory: %s", error)
                    self._set(replace(self.state, gone_since=datetime.now(timezone.utc).replace(tzinfo=None)))
                self._ended.wait(_RETRY_SECONDS)

    def _listen(self) -> None:
        with read_only(self._database).connect("customer360 dashboard") as connection:
            with suppress(psycopg.DatabaseError):  # a standby does not allow LISTEN; checking is enough
                connection.execute(f"LISTEN {CHANNEL}")
            while not self._ended.is_set():
                self._renew(connection)
                self._wait(connection)

    def _wait(self, connection: psycopg.Connection[Any]) -> None:
        """Returns at a publication, at the next check, or when the watch ends."""
        until = time.monotonic() + _LOOK_SECONDS
        while not self._ended.is_set() and time.monotonic() < until:
            if list(connection.notifies(timeout=_MOST_SECONDS_TO_END, stop_after=1)):
                return

    def _renew(self, connection: psycopg.Connection[Any]) -> None:
        newest, held = published(connection), self.state.results
        self.answered = time.monotonic()
        if newest != (held.refresh if held else None):
            self._set(State(self._load(), Memory()))
        elif self.state.gone_since:
            self._set(replace(self.state, gone_since=None))

    def _load(self) -> Results | None:
        return load(read_only(self._database), hide_names=self._hide_names)

    def _set(self, state: State) -> None:
        self.state = state
        if self._loop and not self._loop.is_closed():
            with suppress(RuntimeError):  # the server has just ended
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        """Wakes all waiters; later ones wait for a new event."""
        self._changed.set()
        self._changed = asyncio.Event()
