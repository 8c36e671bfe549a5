"""When a fault occurs: at random, during the whole command, its work, or the swap at its end."""

from __future__ import annotations

import random
import time
from typing import Any, Final, Protocol

import psycopg

from tests.torture.states import Operation

_AT_WORK: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
)
_SWAPPING: Final = (
    _AT_WORK
    + " AND xact_start IS NOT NULL AND query ~ '^(LOCK TABLE|ALTER TABLE .*(ATTACH|DETACH)|DROP|COMMENT|SELECT pg_not|COMMIT)'"
)
_SWAP_SECONDS: Final = {"mock": 0.004, "load": 0.006, "run": 0.02}
_START_SECONDS: Final = {"mock": 2.0, "run": 2.0, "load": 1.0}
_HALF: Final = 0.5


class Underway(Protocol):
    @property
    def driver(self) -> int: ...

    mark: str
    operation: Operation
    is_fresh: bool

    def is_over(self) -> bool: ...


def wait(
    connection: psycopg.Connection[Any], running: Underway, work_seconds: float, chance: random.Random
) -> str:
    """Waits for a random moment of *running*, or until it ends; returns the kind of moment."""
    kind = chance.choice(["start", "work", "work", "swap", "swap"] if running.is_fresh else ["work", "swap"])
    if kind == "start":
        _until_over(running, chance.uniform(_HALF, _START_SECONDS[running.operation.command]))
        return kind
    until_at_work(connection, running)
    if kind == "work":
        _until_over(running, chance.uniform(0, work_seconds))
    else:
        _until(connection, _SWAPPING, running, every=0.001)
        time.sleep(chance.uniform(0, _SWAP_SECONDS[running.operation.command]))
    return kind


def until_at_work(connection: psycopg.Connection[Any], running: Underway) -> None:
    _until(connection, _AT_WORK, running, every=0.02)


def _until(connection: psycopg.Connection[Any], query: str, running: Underway, every: float) -> None:
    """Checks at intervals of *every* seconds whether the publication is connected, or swapping."""
    purpose = f"customer360 {running.operation.command}"
    while not running.is_over() and connection.execute(query, (purpose,)).fetchone() == (0,):
        time.sleep(every)


def _until_over(running: Underway, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while not running.is_over() and time.monotonic() < give_up:
        time.sleep(0.01)
