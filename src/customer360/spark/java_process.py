"""The Java process of a local Spark session: its temporary folder, and the error for when it was killed."""

from __future__ import annotations

import atexit
import logging
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from customer360 import temporary
from customer360.errors import Unavailable
from customer360.spark import machine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_END_SECONDS: Final = 2
_UNTIL_EXIT: Final = ExitStack()
atexit.register(_UNTIL_EXIT.close)


@cache
def temporary_folder() -> Path:
    """A folder for the files of Java, until this process ends: a killed Java process leaves them all."""
    return _UNTIL_EXIT.enter_context(temporary.folder("spark"))


@contextmanager
def starting() -> Iterator[None]:
    """
    Ends a Java process whose start is interrupted in the body.

    Java writes the port it listens on to a file for Python. If Python and the file's folder are gone by then, Java
    fails to write it and waits forever. Once they are connected, Java ends by itself when Python does. The file is
    in our folder, because PySpark's own would remain after Python is killed.
    """
    before = set(psutil.Process().children(recursive=True))
    elsewhere, tempfile.tempdir = tempfile.gettempdir(), str(temporary_folder())
    try:
        yield
    except BaseException:
        for process in set(psutil.Process().children(recursive=True)) - before:
            with suppress(psutil.Error):
                if not _is_connected():
                    process.kill()
        raise
    finally:
        tempfile.tempdir = elsewhere


def _is_connected() -> bool:
    return _gateway() is not None


def quieten_logs() -> None:
    """Keeps Py4J from logging tracebacks when Java is killed or the user stops the command."""
    logging.getLogger().addFilter(_is_not_of_py4j)
    logging.getLogger("py4j").setLevel(logging.CRITICAL)


def quieten(session: SparkSession) -> None:
    """Keeps PySpark from printing a traceback when Java is killed, or ends during a task."""
    session.sparkContext._accumulatorServer.handle_error = lambda *_: None


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    """Py4J logs directly to the root logger."""
    return record.module != "java_gateway"


def stop(session: SparkSession) -> None:
    """Ends *session*, unless its Java process was killed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # about a Java process that no longer answers
            session.stop()
    except Exception:
        if not has_ended():
            raise


def kill() -> None:
    """Ends the Java process that this process started, before it logs each interrupted task."""
    if process := _process():
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)


def active_session() -> SparkSession | None:
    """The session in use, made active again: a new connection, after an interrupted one, has no active session."""
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession() or SparkSession._instantiatedSession
    if session is None or _is_stopped(session):
        return None
    activate(session)
    return session


def activate(session: SparkSession) -> None:
    """
    Makes *session* the active one of this thread, where Spark looks up the formats of Python.

    A session of Spark Connect has no thread and needs no activation.
    """
    from pyspark.sql import SparkSession

    if (java := getattr(session, "_jsparkSession", None)) is not None and not _is_stopped(session):
        SparkSession._get_j_spark_session_class(session._jvm).setActiveSession(java)


def stay_active(session: SparkSession) -> None:
    """
    Makes the session in use active on every new connection to Java.

    Each Python thread has its own connection, and loses it when a call is interrupted. On a new one no session is
    active, and Spark would not find the format `postgres`.
    """
    from py4j.protocol import Py4JNetworkError
    from pyspark.sql import SparkSession

    client: Any = getattr(getattr(session, "_jvm", None), "_gateway_client", None)
    connect = getattr(client, "_create_new_connection", None)
    if connect is None or hasattr(connect, "__wrapped__"):
        return

    @wraps(connect)
    def connected() -> Any:
        try:
            connection = connect()
        except Py4JNetworkError:  # Java may close the first one after an interrupted call
            connection = connect()
        if (current := SparkSession._instantiatedSession) is not None:
            activate(current)
            client.deque.remove(connection)  # the caller returns it to the queue, as `activate` did
        return connection

    client._create_new_connection = connected


def _is_stopped(session: SparkSession) -> bool:
    return getattr(session, "_jsparkSession", None) is not None and session.sparkContext._jsc is None


def forget_ended() -> None:
    """Lets the next session start a new Java process if that of this process was killed; PySpark would not."""
    process = _process()
    if process is None or process.poll() is None:
        return
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    if (session := SparkSession._instantiatedSession) is not None:
        stop(session)
    SparkSession._instantiatedSession = SparkSession._activeSession = None
    SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None


def has_ended() -> bool:
    """Whether the Java process that this process started has ended; waits for one that was just killed."""
    process = _process()
    if process is None:
        return False
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _process() -> subprocess.Popen[bytes] | None:
    return getattr(_gateway(), "proc", None)


def _gateway() -> Any:
    """The connection to Java; None if this process has none, as with PySpark's client."""
    context = sys.modules.get("pyspark.core.context")
    return context.SparkContext._gateway if context else None


def killed() -> Unavailable:
    return Unavailable(
        f"Spark's Java process ended unexpectedly, killed or out of memory (heap {_heap()}, "
        f"{machine.memory() / 1e9:.1f} GB of memory in total); published data is intact. Run it again; if "
        "memory is short, raise the container's limit, close other programs, or use --master 'local[1]'"
    )


def _heap() -> str:
    """The size that Java was started with."""
    process = _process()
    arguments = process.args if process and isinstance(process.args, list) else []
    found = (re.search(r"spark\.driver\.memory=(\w+)", str(argument)) for argument in arguments)
    return next((match[1] for match in found if match), "of Spark's default size")
