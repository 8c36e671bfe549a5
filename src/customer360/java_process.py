"""The Java process beneath a local Spark session: its temporary folder, and what to say when it was killed."""

from __future__ import annotations

import atexit
import logging
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from customer360 import temporary
from customer360.errors import Customer360Error

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_END_SECONDS: Final = 2
_UNTIL_EXIT: Final = ExitStack()
atexit.register(_UNTIL_EXIT.close)


@cache
def temporary_folder() -> Path:
    """A folder for what Java writes, until this process ends: Java, when it is killed, leaves it all."""
    return _UNTIL_EXIT.enter_context(temporary.folder("spark"))


@contextmanager
def starting() -> Iterator[None]:
    """
    Ends a Java process whose start is broken off in here.

    Java tells Python by a file where it listens. Where Python has gone meanwhile, with the file's folder, Java
    fails to write it and then waits for ever. Once they are connected, Java ends by itself when Python does.
    The file is in our folder, for PySpark's own would stay where Python is killed.
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
    from pyspark import SparkContext

    return SparkContext._gateway is not None


def quieten_logs() -> None:
    """Keeps Py4J from logging tracebacks of its own when Java is killed or a person stops the command."""
    logging.getLogger().addFilter(_is_not_of_py4j)
    logging.getLogger("py4j").setLevel(logging.CRITICAL)


def quieten(session: SparkSession) -> None:
    """Keeps PySpark from showing a traceback of its own when Java is killed."""
    session.sparkContext._accumulatorServer.handle_error = lambda *_: None  # type: ignore[method-assign]


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    """Py4J logs to the root logger itself, whoever listens."""
    return record.module != "java_gateway"


def stop(session: SparkSession) -> None:
    """Ends *session*; when its Java process was killed there is nothing to end."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of a Java process that does not answer any more
            session.stop()
    except Exception:
        if not has_ended():
            raise


def kill() -> None:
    """Ends the Java process that this process started, before it tells of each task that is broken off."""
    if process := _process():
        process.kill()


def has_ended() -> bool:
    """Whether the Java process that this process started is gone; one that was just killed is given time to go."""
    process = _process()
    if process is None:
        return False
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _process() -> subprocess.Popen[bytes] | None:
    from pyspark import SparkContext

    return getattr(SparkContext._gateway, "proc", None)


def killed() -> Customer360Error:
    return Customer360Error(
        "Spark's Java process ended unexpectedly, killed or out of memory; what had not finished changed nothing: "
        "run the same command again"
    )
