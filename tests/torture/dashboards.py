"""The dashboard under load: many users while the results are replaced, with its memory and connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import httpx
import psutil

from benchmarks.dashboard.places import Server, dashboard
from tests.torture.lane import Lane
from tests.torture.states import Operation
from tests.torture.users import Seen, learn, questions, using

FOLLOW_SECONDS: Final = 15.0
_REFRESHES: Final = "SELECT refresh_id, rows_out FROM analytics.refreshes"
_CONNECTIONS: Final = """
    SELECT count(*) FILTER (WHERE application_name IN ('customer360 dashboard', 'customer360 tables')
                               OR usename = 'customer360_reader'), count(*)
    FROM pg_stat_activity WHERE datname = current_database()
"""


@dataclass
class Watched:
    """What a server used meanwhile: its memory in MB, its connections, and all connections."""

    memory: list[float] = field(default_factory=list)
    of_dashboard: int = 0
    of_all: int = 0

    def tenth(self, number: int) -> float:
        """The median of a tenth of the time, in MB."""
        size = max(1, len(self.memory) // 10)
        return median(self.memory[number * size : (number + 1) * size] or [0.0])


@dataclass(frozen=True)
class Loaded:
    """Some time under load."""

    users: int
    seconds: float
    seen: Seen
    watched: Watched
    problems: tuple[str, ...]


def under_load(lane: Lane, users: int, seconds: float, refreshes: int) -> Loaded:
    """*users* for at least *seconds*, while new commands replace the results *refreshes* times."""
    with dashboard(lane.place.home) as server:
        asked = questions(server.url)
        truth = {version: _learnt(lane, server, version, asked) for version in ("B", "A")}
        started = time.monotonic()
        with using(server.url, users, asked) as seen, _watching(lane, server) as watched:
            problems = _refresh_often(lane, started, seconds, refreshes)
    problems += [*map(str, seen.failures[:5]), *seen.mixed(_versions(lane), truth)]
    if len(seen.refreshes) < refreshes + 1:
        problems.append(f"only the refreshes {sorted(seen.refreshes)} were seen")
    return Loaded(users, time.monotonic() - started, seen, watched, tuple(problems))


def wait_for(lane: Lane, server: Server) -> list[str]:
    """Waits until *server* shows the latest refresh; reports when it does not."""
    latest, give_up = max(_versions(lane)), time.monotonic() + FOLLOW_SECONDS
    while httpx.get(f"{server.url}/api/report", timeout=FOLLOW_SECONDS).json()["refresh"]["id"] != latest:
        if time.monotonic() > give_up:
            return [f"the dashboard does not show refresh {latest}"]
        time.sleep(0.1)
    return []


def _learnt(lane: Lane, server: Server, version: str, asked: list[str]) -> dict[str, str]:
    for operation in (Operation("mock", version), Operation("run")):
        lane.finish(operation)
    wait_for(lane, server)
    return learn(server.url, asked)


def _refresh_often(lane: Lane, started: float, seconds: float, refreshes: int) -> list[str]:
    problems: list[str] = []
    for number in range(refreshes):
        time.sleep(max(0.0, started + seconds * (number + 0.3) / refreshes - time.monotonic()))
        lane.finish(lane.prepare("mock"))
        lane.expect(Operation("run"))
        problems += lane.fresh(Operation("run")).outcome().complaints(0)
    time.sleep(max(FOLLOW_SECONDS / 3, started + seconds - time.monotonic()))
    return problems


def _versions(lane: Lane) -> dict[int, str]:
    names = {rows: version for version, rows in lane.rows.items()}
    return {refresh: names[rows] for refresh, rows in lane.connection().execute(_REFRESHES)}


@contextmanager
def _watching(lane: Lane, server: Server) -> Iterator[Watched]:
    watched, over = Watched(), threading.Event()
    process = psutil.Process(server.process.pid)

    def look() -> None:
        with lane.place.database.connect("torture: connections") as connection:
            while not over.wait(0.5):
                watched.memory.append(process.memory_info().rss / 1e6)
                ((ours, every),) = connection.execute(_CONNECTIONS).fetchall()
                watched.of_dashboard, watched.of_all = max(watched.of_dashboard, ours), max(watched.of_all, every)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watched
    finally:
        over.set()
        thread.join()
