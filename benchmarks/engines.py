"""The engines that are compared, each in the environment that holds it: they cannot share one."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

_REPOSITORY = Path(__file__).parents[1]
_SPARK_PYTHON = "CUSTOMER360_SPARK_PYTHON"


@dataclass(frozen=True)
class Engine:
    """What computes where nobody names another engine, for the programs of the environment of *python*."""

    name: str
    python: Path

    @property
    def is_installed(self) -> bool:
        return self.python.exists()

    def key(self, candidate: str = "ours") -> str:
        """Of *candidate* on this engine: on the embedded one as it is, else `spark` or `spark-CANDIDATE`."""
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
        """*what* on this engine, as the tables show it."""
        return f"**{what}**" if self == EMBEDDED else f"**{what}**, {self.name}"


EMBEDDED = Engine("the embedded engine", Path(sys.executable))
"""The default, in the environment that the benchmarks run in."""

SPARK = Engine(
    "Apache Spark",
    Path(os.environ.get(_SPARK_PYTHON, _REPOSITORY / ".venv-spark" / "bin" / "python")),
)
