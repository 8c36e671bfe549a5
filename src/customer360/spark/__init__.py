"""PySpark sessions: of the embedded engine, of Spark on this machine or a cluster, or of Spark Connect."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from customer360.errors import failures
from customer360.errors import spark as spark_errors
from customer360.spark import classic, connect, embedded, embedded_session, installed, java_process
from customer360.spark.client import import_client
from customer360.spark.connect import shown
from customer360.spark.workers import elsewhere, is_local, ship

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["cluster", "is_alive", "kill", "named", "plain_errors", "session", "shared_session", "shown", "stop"]

_SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}


def session(
    *, master: str | None = None, remote: str | None = None, app_name: str = "customer360"
) -> SparkSession:
    """
    A PySpark session: of Spark at *master*, else of the Spark Connect server at *remote* (or SPARK_REMOTE), else
    of the embedded engine, or of Spark on this machine if that engine is not installed.

    With neither argument, an active session is used unchanged, such as that of a platform's notebook. Workers on
    other machines are sent this package. The user's settings for all Spark sessions (spark-defaults.conf,
    PYSPARK_SUBMIT_ARGS) take precedence. Raises: Customer360Error when none starts.
    """
    active = _active_session()
    if active is not None and not (master or remote):
        return active
    if not master and (remote := remote or os.environ.get("SPARK_REMOTE")):
        return connect.session(remote, app_name, _SETTINGS)
    if not master and installed.default_engine() == "embedded":
        return embedded_session.session(app_name, _SETTINGS)
    return classic.session(master or "local[*]", app_name, _SETTINGS)


def shared_session(master: str | None = None, remote: str | None = None) -> tuple[SparkSession, bool]:
    """
    A session from `session`, and whether it was started for this call, so that the caller may stop it.

    If the session was already active, as on a platform, and its workers are elsewhere, this package is sent now.
    """
    before = _active_session()
    found = session(master=master, remote=remote)
    if found is before and elsewhere(found):
        ship(found)
    return found, found is not before


def is_alive(session: SparkSession) -> bool:
    """Whether *session* can be used: it was not stopped, and its engine or its Java process was not killed."""
    if hasattr(session, "is_stopped") and not embedded_session.serves(session):  # of Spark Connect
        return not session.is_stopped
    return _active_session() is session


def _active_session() -> SparkSession | None:
    """The session in use, unless its engine or its Java process has ended."""
    if "pyspark" not in sys.modules:
        return None
    if (active := embedded_session.active()) is not None:
        return active
    if find_spec("pyspark.core") is None:  # only PySpark's client, which would be imported now
        import_client()
    java_process.forget_ended()
    return java_process.active_session()


def stop(session: SparkSession) -> None:
    """Ends *session* and its engine, unless that was killed."""
    if embedded_session.serves(session):
        embedded_session.stop(session)
    else:
        java_process.stop(session)


def kill(session: SparkSession) -> None:
    """Ends immediately what runs for *session* on this machine, before it logs each interrupted task."""
    if embedded_session.serves(session):
        embedded_session.kill()
    elif not elsewhere(session):
        java_process.kill()


def named(session: SparkSession) -> str:
    """The name of the engine of *session*, for use in a sentence."""
    if embedded_session.serves(session):
        return f"the embedded engine, Sail {version('pysail')}"
    return f"Spark {session.version}"


def cluster(master: str | None, remote: str | None) -> str | None:
    """Where the workers of such a session are; None if on this machine, whose files they share."""
    if master:
        return None if is_local(master) else master
    if remote:
        return shown(remote)
    active = _active_session()
    return None if active is None else elsewhere(active)


@contextmanager
def plain_errors(where: str = failures.THE_DATABASE) -> Iterator[None]:
    """
    `failures.plain` for code that uses PySpark; it also reports that the engine was killed or interrupted.

    *where* is the database that the tasks use.
    """
    with failures.plain(where):
        try:
            yield
        except Exception as error:
            if failures.was_interrupted(error):
                raise KeyboardInterrupt from None
            if _may_come_from_a_lost_engine(error):
                if embedded_session.has_ended():
                    raise embedded.killed() from None
                if java_process.has_ended():
                    raise java_process.killed() from None
            raise


def _may_come_from_a_lost_engine(error: Exception) -> bool:
    """Whether *error* may be due to a lost connection; not so if the engine itself reports it."""
    if not spark_errors.is_one(error):
        return isinstance(error, (OSError, EOFError))
    text = str(error)
    return spark_errors.raised_by_worker(text) is None and not spark_errors.is_known(text)
