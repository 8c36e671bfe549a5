"""A lane: one server, one reader, one long-lived session, and a series of faults."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from customer360.errors import Customer360Error
from customer360.tables import CUSTOMERS, EVENTS, REJECTED_ROWS, Table
from tests.torture import leftovers, moments
from tests.torture.commands import Command, Outcome, engine, orphans
from tests.torture.place import PLANS, Place, new_place
from tests.torture.proxy import Proxy, proxy
from tests.torture.reader import Reader, reading
from tests.torture.session import Running, Session
from tests.torture.states import NONE, RESULTS, Known, Operation, State, with_events

_RECOVERY_SECONDS: Final = 60
_END_SECONDS: Final = 20
_NOTICE_SECONDS: Final = 3
_CHANGED: Final[Mapping[str, Sequence[Sequence[Table]]]] = {
    "run": [RESULTS], "load": [[CUSTOMERS]], "mock": [[CUSTOMERS], [EVENTS]],
}  # fmt: skip
"""The tables that a command fills in a version, in groups that are identified separately."""
Underway = Command | Running
Blow = Callable[["Lane", Underway], bool]
"""Causes the fault; False when there was nothing to hit."""


@dataclass(frozen=True)
class Fault:
    """
    What is done to a command, and its allowed exit codes.

    *strike* chooses the moment itself if *aims*; else the moment is random.
    """

    name: str
    strike: Blow
    codes: tuple[int, ...] = (0, 1)
    aims: bool = False


@dataclass(frozen=True)
class Strike:
    """One fault, and the findings after it."""

    fault: str
    command: str
    moment: str
    has_hit: bool
    is_new: bool
    outcome: Outcome
    problems: tuple[str, ...]
    seconds: float


@dataclass
class Lane:
    place: Place
    known: Known
    reader: Reader
    session: Session
    way: Proxy
    chance: random.Random
    strikes: list[Strike] = field(default_factory=list)
    work_seconds: dict[tuple[str, bool], float] = field(default_factory=dict)
    _connection: psycopg.Connection[Any] | None = None

    @property
    def rows(self) -> dict[str, int]:
        """How many customers each version has."""
        return {version: plan.customers for version, plan in PLANS.items()}

    # -- looking --------------------------------------------------------------------------------------

    def connection(self) -> psycopg.Connection[Any]:
        """A working connection, as soon as the server answers."""
        give_up = time.monotonic() + _RECOVERY_SECONDS
        while True:
            try:
                if self._connection is None:
                    self._connection = self.place.database.connect("torture: look")
                self._connection.execute("SELECT 1")
            except (psycopg.Error, Customer360Error):  # noqa: PERF203  the server is sometimes down
                self.close()
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.1)
            else:
                return self._connection

    def until_disconnected(self) -> None:
        """Waits briefly until the server has noticed its crash; it may have been stopping anyway."""
        give_up = time.monotonic() + _NOTICE_SECONDS
        with suppress(psycopg.Error):
            while self._connection is not None and time.monotonic() < give_up:
                self._connection.execute("SELECT 1")
                time.sleep(0.01)
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def look(self) -> State:
        return self.known.look(self.connection())

    def left_behind(self) -> list[str]:
        """Sessions, staging tables and other leftovers of commands that have ended."""
        connection = self.connection()
        return [*leftovers.sessions(connection, _END_SECONDS), *leftovers.in_database(connection)]

    def expect(self, operation: Operation) -> tuple[State, State]:
        """From here on the reader may see the current state, then that of *operation*."""
        before = self.look()
        after = operation.after(before)
        self.reader.expect(before, after)
        return before, after

    # -- doing ----------------------------------------------------------------------------------------

    def finish(self, operation: Operation) -> None:
        """*operation* without a fault: it must work and leave nothing behind."""
        if problems := self._finish(operation):
            raise AssertionError(f"{operation} undisturbed: {'; '.join(problems)}")

    def _finish(self, operation: Operation) -> list[str]:
        _, after = self.expect(operation)
        outcome = self.session.start(operation).outcome()
        problems = [*outcome.complaints(0), *self.left_behind()]
        if (found := self.look()) != after:
            problems.append(f"{found} where {after} was expected")
        return problems

    def prepare(self, command: str) -> Operation:
        """An operation of *command* that will change the current state."""
        state = self.look()
        if command != "run":
            return Operation(command, "B" if state.customers == "A" else "A")
        if state.results_to_come == state.results:
            self.finish(self.prepare("load"))
        return Operation("run")

    def strike(self, command: str, fault: Fault, running: Callable[[Operation], Underway]) -> Strike:
        """One fault in the middle of *command*; then the same operation without a fault."""
        started, operation, problems = time.monotonic(), self.prepare(command), list[str]()
        before, after = self.expect(operation)
        seen = len(self.reader.broken)
        under_way = running(operation)
        moment = "aimed" if fault.aims else self._wait(under_way)
        has_hit = fault.strike(self, under_way)
        outcome = under_way.outcome()
        problems += outcome.complaints(*fault.codes)
        if under_way.is_fresh:
            problems += orphans(under_way.mark, _END_SECONDS)
        problems += leftovers.sessions(self.connection(), _END_SECONDS)
        found = self.look()
        problems += [f"left {found}"] if found not in (before, after) else []
        if found != after:
            problems += [f"the next run: {problem}" for problem in self._finish(operation)]
        problems += [*self.left_behind(), *self.reader.broken[seen:]]
        seconds = time.monotonic() - started
        strike = Strike(fault.name, command, moment, has_hit, found == after, outcome, tuple(problems), seconds)
        self.strikes.append(strike)
        return strike

    def fresh(self, operation: Operation) -> Command:
        return Command(self.place, operation)

    def warm(self, operation: Operation) -> Running:
        return self.session.start(operation)

    def through(self, operation: Operation) -> Running:
        """Through a connection to the server that can be cut."""
        return self.session.start(operation, url=self.way.database.url)

    def _wait(self, running: Underway) -> str:
        seconds = self.work_seconds[running.operation.command, running.is_fresh]
        return moments.wait(self.connection(), running, seconds, self.chance)

    def litter(self) -> list[str]:
        """What is still in the temporary folder after another command, which removes the files of killed ones."""
        operation = self.prepare("load")
        self.expect(operation)
        problems = list(self.fresh(operation).outcome().complaints(0))
        engines = engine(self.session.mark)
        problems += [f"{len(engines)} engines of one session"] if len(engines) > 1 else []
        return [*problems, *leftovers.files(self.place, self.session.driver)]

    # -- learning -------------------------------------------------------------------------------------

    def learn(self) -> None:
        """Learns both versions from operations without faults; a file must give the same rows as the mock data."""
        self._learn("mock", "A")
        self._learn("run", with_events("A"))
        self.known.learn([REJECTED_ROWS], self.connection(), NONE)
        self._learn("load", "B")
        self.known.learn([EVENTS], self.connection(), NONE)
        self.known.learn([REJECTED_ROWS], self.connection(), "B")
        self._learn("run", "B")
        self._learn("load", "A")
        self.known.learn([REJECTED_ROWS], self.connection(), "A")
        self._learn("run", "A")
        self._learn("mock", "B")
        self._learn("run", with_events("B"))
        if (found := self.look()) != State("mock", "B", "B", NONE, with_events("B")):
            raise AssertionError(f"undisturbed operations lead to {found}")

    def learn_version(self, version: str) -> None:
        """Learns a version that only `mock` makes; afterwards customers and results are those of A again."""
        self._learn("mock", version)
        self._learn("run", with_events(version))
        self.finish(Operation("mock", "A"))
        self.finish(Operation("run"))

    def _learn(self, command: str, version: str) -> None:
        """Runs and times an operation; the first of its kind takes as long as in a separate process."""
        self.reader.expect()
        running = self.warm(Operation(command, "" if command == "run" else version))
        moments.until_at_work(self.connection(), running)
        started = time.monotonic()
        if complaints := list(running.outcome().complaints(0)):
            raise AssertionError(f"{command} {version} undisturbed: {complaints}")
        self.work_seconds[command, False] = seconds = time.monotonic() - started
        self.work_seconds.setdefault((command, True), seconds)
        for tables in _CHANGED[command]:
            if version not in self.known.versions(tables):
                self.known.learn(tables, self.connection(), version)


@contextmanager
def new_lane(seed: int, disk_megabytes: int = 0) -> Iterator[Lane]:
    """A lane that has learnt both versions, and a running reader."""
    with new_place(disk_megabytes) as place, closing(Session(place)) as session:
        known = Known()
        with reading(place.database, known) as reader, proxy(place.database) as way:
            lane = Lane(place, known, reader, session, way, random.Random(seed))
            with closing(lane):
                lane.learn()
                yield lane
