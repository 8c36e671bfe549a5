"""One way to a PySpark session: the embedded engine, Spark on this machine or a cluster, or Spark Connect."""

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
    of the embedded engine, or of Spark on this machine where that engine is not installed.

    With neither given, a session that is already active is used as it is: notebooks of a platform come with one.
    Workers that are elsewhere are sent this package. What a person has set for every session of Spark
    (spark-defaults.conf, PYSPARK_SUBMIT_ARGS) holds. Raises: Customer360Error when none starts.
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
    A session as `session` gives it, and whether it was started for this call, so that whoever asked may stop it.

    To workers elsewhere of a session that was active before, a platform's, this package is sent now.
    """
    before = _active_session()
    found = session(master=master, remote=remote)
    if found is before and elsewhere(found):
        ship(found)
    return found, found is not before


def is_alive(session: SparkSession) -> bool:
    """Whether *session* can be used: nobody has stopped it, and its engine or its Java process was not killed."""
    if hasattr(session, "is_stopped") and not embedded_session.serves(session):  # of Spark Connect
        return not session.is_stopped
    return _active_session() is session


def _active_session() -> SparkSession | None:
    """The one in use, unless its engine or its Java process has ended."""
    if "pyspark" not in sys.modules:
        return None
    if (active := embedded_session.active()) is not None:
        return active
    if find_spec("pyspark.core") is None:  # PySpark's client alone, which would import itself now
        import_client()
    java_process.forget_ended()
    return java_process.active_session()


def stop(session: SparkSession) -> None:
    """Ends *session*, and the engine with it; when that was killed there is nothing to end."""
    if embedded_session.serves(session):
        embedded_session.stop(session)
    else:
        java_process.stop(session)


def kill(session: SparkSession) -> None:
    """Ends at once what runs for *session* on this machine, before it tells of each task that is broken off."""
    if embedded_session.serves(session):
        embedded_session.kill()
    elif not elsewhere(session):
        java_process.kill()


def named(session: SparkSession) -> str:
    """What computes for *session*, as it is called in a sentence."""
    if embedded_session.serves(session):
        return f"the embedded engine, Sail {version('pysail')}"
    return f"Spark {session.version}"


def cluster(master: str | None, remote: str | None) -> str | None:
    """Where the workers of such a session are, if not on this machine, so that they share no files with it."""
    if master:
        return None if is_local(master) else master
    if remote:
        return shown(remote)
    active = _active_session()
    return None if active is None else elsewhere(active)


@contextmanager
def plain_errors(where: str = failures.THE_DATABASE) -> Iterator[None]:
    """
    `failures.plain` where PySpark is at work, which also tells that the engine was killed, or a person
    interrupted it.

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
    """What a lost connection leads to; not what an engine says of its tasks, which it lived to say."""
    if not spark_errors.is_one(error):
        return isinstance(error, (OSError, EOFError))
    text = str(error)
    return spark_errors.raised_by_worker(text) is None and not spark_errors.is_known(text)
