"""A reader that continuously reads all tables together."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from customer360.errors import Customer360Error
from customer360.postgres.connection import Database
from tests.torture.states import Known, State, look_together

_BETWEEN_SECONDS = 0.2
_REST = 3
"""The reader rests this many times as long as its last look, so that it does not occupy the machine."""


class Reader:
    """
    Looks continuously, alternating between one statement and one transaction.

    Every look must be one of the expected states, and never one before that of an earlier look. While the server is
    down nothing can be read, which is not an error. *slowest* is the longest look, in seconds.
    """

    def __init__(self, database: Database, known: Known) -> None:
        self.looks = 0
        self.slowest = 0.0
        self.broken: list[str] = []
        self._database, self._known = database, known
        self._expected: tuple[State, ...] = ()
        self._over, self._looking = threading.Event(), threading.Lock()

    def expect(self, *states: State) -> None:
        """Expects these states, in this order, from here on."""
        with self._looking:
            self._expected = states

    def poll(self) -> None:
        while not self._over.is_set():
            try:
                with self._database.connect("torture: reader") as connection:
                    self._poll(connection)
            except (psycopg.Error, Customer360Error):  # noqa: PERF203  the server is sometimes down
                self._over.wait(0.1)

    def stop(self) -> None:
        self._over.set()

    def _poll(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        seconds = 0.0
        while not self._over.wait(max(_BETWEEN_SECONDS, _REST * seconds)):
            with self._looking:
                if self._expected:
                    started = time.monotonic()
                    self._judge(self._look(connection))
                    seconds = time.monotonic() - started
                    self.slowest = max(self.slowest, seconds)

    def _look(self, connection: psycopg.Connection[tuple[object, ...]]) -> State:
        return look_together(self._known, connection) if self.looks % 2 else self._known.look(connection)

    def _judge(self, state: State) -> None:
        self.looks += 1
        if state in self._expected:
            self._expected = self._expected[self._expected.index(state) :]
        else:
            self.broken.append(f"saw {state} where {' or '.join(map(str, self._expected))} was expected")


@contextmanager
def reading(database: Database, known: Known) -> Iterator[Reader]:
    reader = Reader(database, known)
    thread = threading.Thread(target=reader.poll)
    thread.start()
    try:
        yield reader
    finally:
        reader.stop()
        thread.join()
