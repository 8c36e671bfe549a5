"""Sessions of Apache Spark, started with Java: on this machine, or on a cluster by its master."""

from __future__ import annotations

import os
import re
import socket
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from customer360.errors import Unavailable
from customer360.spark import java_process, machine
from customer360.spark.client import not_started, quieten
from customer360.spark.installed import require_spark
from customer360.spark.java import java_home
from customer360.spark.workers import is_local, ship

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LARGEST_HEAP_GB: Final = 3
_SMALLEST_HEAP_MB: Final = 512  # Spark refuses to start below 450
_SMALL_MEMORY: Final = 4 << 30
_ANSWER_SECONDS: Final = 10

_SETTINGS: Final = {
    # Rows are kept once and read a few times: compressing them took half the time to save a third of the space.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # No limit on the bytes of a batch, only Spark's own on its rows: for a limit, Spark measures the batch after
    # each row, which took three times as long as the rest of a row's way to Python.
    "spark.sql.execution.arrow.maxBytesPerBatch": str(2**31 - 1),
}
_LOCAL_SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


def session(master: str, app_name: str, settings: dict[str, str]) -> SparkSession:
    """A session of Spark at *master*; workers elsewhere are sent this package. Raises: Customer360Error."""
    require_spark(f"a session at {master}")
    from pyspark.sql import SparkSession

    builder = _by_master(SparkSession.builder.appName(app_name).config(map={**settings, **_SETTINGS}), master)
    try:
        java_process.quieten_logs()
        with java_process.starting():
            started: SparkSession = builder.getOrCreate()
    except Exception as error:
        raise not_started(f"Spark did not start at {master}", error) from error
    quieten()
    java_process.quieten(started)
    if not is_local(master):
        ship(started)
    java_process.stay_active(started)
    return started


def _by_master(builder: SparkSession.Builder, master: str) -> SparkSession.Builder:
    """Raises: Customer360Error when no Java is found, or no standalone master listens at *master*."""
    _require_listener(master)
    os.environ.pop("SPARK_REMOTE", None)  # PySpark would connect to it
    os.environ["JAVA_HOME"] = str(java_home())
    given = _given()
    os.environ.setdefault("PYSPARK_PYTHON", given.get("spark.pyspark.python", sys.executable))
    if is_local(master) and not _has_known_name():
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    quiet = {"spark.ui.showConsoleProgress": "false"}
    if not _has_logging():
        quiet["spark.driver.extraJavaOptions"] = f"-Dlog4j2.configurationFile={_quiet_logging()}"
    wanted = {**quiet, **(_local_settings() if is_local(master) else {})}
    return builder.master(master).config(map={name: wanted[name] for name in wanted if name not in given})


def _has_known_name() -> bool:
    """Whether this machine's name has an address; without one, Java ends before Spark starts."""
    try:
        socket.gethostbyname(socket.gethostname())
    except OSError:
        return False
    return True


def _local_settings() -> dict[str, str]:
    folder = java_process.temporary_folder()
    return {
        **_LOCAL_SETTINGS,
        "spark.sql.shuffle.partitions": str(min(32, 2 * (os.cpu_count() or 2))),
        "spark.driver.memory": f"{heap_mb(machine.memory())}m",
        "spark.local.dir": str(folder),
        "spark.driver.defaultJavaOptions": f'"-Djava.io.tmpdir={folder}"',
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }


def _require_listener(master: str) -> None:
    """Raises: Customer360Error when no standalone master listens there; Spark would retry for a minute."""
    if not master.startswith("spark://"):
        return
    refusals = []
    for place in master.removeprefix("spark://").split(","):
        host, _, port = place.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=_ANSWER_SECONDS).close()
        except (OSError, ValueError) as error:
            refusals.append(getattr(error, "strerror", None) or str(error))
        else:
            return
    raise Unavailable(
        f"no Spark master answers at {master} ({refusals[0]}); check that it runs, and its host and port"
    )


def _given() -> dict[str, str]:
    """The user's settings for all sessions: in spark-defaults.conf, then in PYSPARK_SUBMIT_ARGS."""
    folder = _conf_folder()
    file = folder / "spark-defaults.conf" if folder else None
    text = file.read_text() if file and file.is_file() else ""
    found = re.findall(r"^[ \t]*(spark\.[\w.]+)[ \t]*[=: \t][ \t]*(.*?)\s*$", text, re.MULTILINE)
    arguments = os.environ.get("PYSPARK_SUBMIT_ARGS", "")
    return dict([*found, *re.findall(r"(spark\.[\w.]+)=(\S*)", arguments)])


def _has_logging() -> bool:
    folder = _conf_folder()
    return bool(folder and any(folder.glob("log4j2.*")))


def _conf_folder() -> Path | None:
    if folder := os.environ.get("SPARK_CONF_DIR"):
        return Path(folder)
    home = os.environ.get("SPARK_HOME")
    return Path(home) / "conf" if home else None


def heap_mb(memory: int) -> int:
    """
    Java's heap if there are *memory* bytes in total: an eighth, as whole GB from 1 to 3.

    The rest is for Python workers and PostgreSQL. In a small container it is a quarter: with 1 GB, Java
    would be killed.
    """
    if memory < _SMALL_MEMORY:
        return max(_SMALLEST_HEAP_MB, memory // (4 << 20))
    return 1024 * max(1, min(_LARGEST_HEAP_GB, round(memory / (8 << 30))))


def _quiet_logging() -> str:
    with as_file(files("customer360") / "log4j2.properties") as path:
        return path.as_uri()
