"""A standalone Spark cluster and a Spark Connect server on this machine, whose workers lack this package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

import pyspark
import pytest

from customer360.errors.spark import NEEDED
from customer360.spark.java import java_home

SPARK: Final = Path(pyspark.__file__).parent
_START_SECONDS: Final = 120


def python_with(folder: Path, distributions: Sequence[str]) -> Path:
    """
    A Python with these distributions and no others, as on a worker; they are linked, so nothing is downloaded.
    """
    site = folder / "site"
    site.mkdir(parents=True)
    for name in distributions:
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
            (site / top).symlink_to(Path(str(found.locate_file(top))))
    script = folder / "python"
    script.write_text(
        f'#!/bin/bash\nexport PYTHONPATH="{site}${{PYTHONPATH:+:$PYTHONPATH}}"\nexec "{sys.executable}" -S "$@"\n'
    )
    script.chmod(0o755)
    return script


def _needed() -> list[str]:
    """The packages that the error message names, with their dependencies."""
    names = [name.partition("[")[0] for name in NEEDED]
    return [*names, "psycopg-binary", "typing-extensions"]


@pytest.fixture(scope="session")
def worker_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the packages that workers need, but not this one."""
    return python_with(tmp_path_factory.mktemp("worker"), _needed())


@pytest.fixture(scope="session")
def worker_python_without_psycopg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [name for name in _needed() if not name.startswith("psycopg")]
    return python_with(tmp_path_factory.mktemp("poor-worker"), names)


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a standalone cluster: a master and two workers with one core each."""
    folder = tmp_path_factory.mktemp("cluster")
    listen = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    with ExitStack() as running:
        start = "org.apache.spark.deploy.{0}.{1}"
        log = running.enter_context(_java(folder / "master", start.format("master", "Master"), *listen))
        url = _said(log, r"Starting Spark master at (\S+)")
        for name in ("worker1", "worker2"):
            command = (start.format("worker", "Worker"), *listen, "-c", "1", "-m", "1g", url)
            _said(running.enter_context(_java(folder / name, *command)), "Successfully registered with master")
        yield url


@pytest.fixture(scope="session")
def remote(tmp_path_factory: pytest.TempPathFactory, worker_python: Path) -> Iterator[str]:
    """The URL of a Spark Connect server with two cores."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.connect.grpc.binding.port": "0",
        "spark.driver.memory": "1g",
        "spark.sql.shuffle.partitions": "4",  # for few rows
    }
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    command = (
        "org.apache.spark.deploy.SparkSubmit",
        "--master",
        "local[2]",
        *options,
        "--class",
        server,
        "spark-internal",
    )
    with _java(tmp_path_factory.mktemp("connect"), *command, PYSPARK_PYTHON=str(worker_python)) as log:
        port = _said(log, r"Spark Connect server started at: .*:(\d+)")
        yield f"sc://127.0.0.1:{port}"


@contextmanager
def _java(folder: Path, *command: str, spark: Path = SPARK, **environment: str) -> Iterator[Path]:
    """A Java process of the Spark in the folder *spark*, until the `with` ends; returns its log file."""
    folder.mkdir(exist_ok=True)
    own = {
        "SPARK_HOME": str(spark),
        "JAVA_HOME": environment.get("JAVA_HOME") or str(java_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder),
    }
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [spark / "bin" / "spark-class", *command], stdout=file, stderr=file, cwd=folder,
            env={**os.environ, **own, **environment},
        )  # fmt: skip
    try:
        yield log
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _said(log: Path, pattern: str) -> str:
    """Waits until the log matches the pattern; returns its group, or the match."""
    give_up = time.monotonic() + _START_SECONDS
    while not (match := re.search(pattern, log.read_text(errors="replace"))):
        assert time.monotonic() < give_up, log.read_text(errors="replace")[-2000:]
        time.sleep(0.1)
    return match[match.lastindex or 0]
