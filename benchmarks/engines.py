"""The compared engines, each in its own environment: they cannot share one."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

_REPOSITORY = Path(__file__).parents[1]
_SPARK_PYTHON = "CUSTOMER360_SPARK_PYTHON"


@dataclass(frozen=True)
class Engine:
    """The default engine in the environment of *python*."""

    name: str
    python: Path

    @property
    def is_installed(self) -> bool:
        return self.python.exists()

    def key(self, candidate: str = "ours") -> str:
        """The key of *candidate* on this engine: on the embedded one unchanged, else `spark` or `spark-...`."""
        if self == EMBEDDED:
            return candidate
        return "spark" if candidate == "ours" else f"spark-{candidate}"

    def command(self, *arguments: str) -> list[str]:
        """`customer360` with *arguments* on this engine."""
        return [str(self.python.with_name("customer360")), *arguments]

    def module(self, name: str, *arguments: str) -> list[str]:
        """A module of these benchmarks on this engine."""
        return [str(self.python), "-m", f"benchmarks.{name}", *arguments]

    def label(self, what: str) -> str:
        """*what* on this engine, as shown in the tables."""
        return f"**{what}**" if self == EMBEDDED else f"**{what}**, {self.name}"


EMBEDDED = Engine("the embedded engine", Path(sys.executable))
"""The default, in the environment that the benchmarks run in."""

SPARK = Engine(
    "Apache Spark",
    Path(os.environ.get(_SPARK_PYTHON, _REPOSITORY / ".venv-spark" / "bin" / "python")),
)
