"""Kills every process of a command with signal 9, at random moments."""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import Final

import psycopg

from tests.torture.commands import engine, kill
from tests.torture.lane import Fault, Lane, Underway

_BACKENDS: Final = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'customer360%'
"""


def _driver(_: Lane, running: Underway) -> bool:
    return not running.is_over() and kill([running.driver])


def _engine(_: Lane, running: Underway) -> bool:
    return not running.is_over() and kill(engine(running.mark))


def _everything(_: Lane, running: Underway) -> bool:
    return not running.is_over() and kill([*engine(running.mark), running.driver])


def _backend(lane: Lane, running: Underway) -> bool:
    """The server treats that as a crash: it ends every connection, including ours, and recovers."""
    found = [pid for (pid,) in lane.connection().execute(_BACKENDS)]
    has_hit = not running.is_over() and kill(lane.chance.sample(found, min(1, len(found))))
    if has_hit:
        lane.until_disconnected()
    return has_hit


def _terminated(lane: Lane, running: Underway) -> bool:
    """Ends all connections of the command, as an administrator would."""
    with suppress(psycopg.Error):
        ended = lane.connection().execute(_BACKENDS.replace("SELECT pid", "SELECT pg_terminate_backend(pid)"))
        return not running.is_over() and ended.rowcount > 0
    return False


KILLED: Final = -signal.SIGKILL
DRIVER: Final = Fault("command, kill -9", _driver, (0, KILLED))
EVERYTHING: Final = Fault("command and engine at once, kill -9", _everything, (0, KILLED))
ENGINE: Final = Fault("embedded engine, kill -9", _engine)
BACKEND: Final = Fault("PostgreSQL backend, kill -9", _backend)
TERMINATED: Final = Fault("connections ended by an administrator", _terminated)
