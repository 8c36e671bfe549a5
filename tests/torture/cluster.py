"""
A Spark cluster of two workers on two addresses of this machine: Spark repeats a slow task only on another host.

Apache Spark cannot share an environment with the embedded engine; it has a separate one, .venv-spark.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks.engines import SPARK
from tests.cluster.conftest import _java, _said

_START: Final = "org.apache.spark.deploy.{0}.{1}"
_HOSTS: Final = ("127.0.0.1", "127.0.0.2")
CUSTOMER360: Final = SPARK.python.with_name("customer360")
IS_INSTALLED: Final = CUSTOMER360.exists()
_WHERE: Final = (
    "import pyspark; from customer360.spark.java import java_home; print(*pyspark.__path__, java_home())"
)


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The master's URL; each worker has one core."""
    folder.mkdir(exist_ok=True)
    said = subprocess.run([SPARK.python, "-c", _WHERE], capture_output=True, text=True, check=True)
    spark, java = map(Path, said.stdout.split())
    with ExitStack() as running:
        log = running.enter_context(_process(folder, spark, java, "master", "Master", _HOSTS[0]))
        url = _said(log, r"Starting Spark master at (\S+)")
        for host in _HOSTS:
            worker = _process(folder, spark, java, "worker", "Worker", host, "-c", "1", "-m", "1g", url)
            _said(running.enter_context(worker), "Successfully registered with master")
        yield url


def _process(folder: Path, spark: Path, java: Path, kind: str, name: str, host: str, *arguments: str):
    command = (_START.format(kind, name), "--host", host, "--port", "0", "--webui-port", "0", *arguments)
    return _java(folder / f"{kind} {host}", *command, spark=spark, JAVA_HOME=str(java))
