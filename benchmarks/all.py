"""Runs every benchmark in turn, each in a separate process; then writes the tables and prints the changes."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.arguments import JDBC_JAR, chosen, in_one_line, names
from benchmarks.interleaved import RESULTS, say
from customer360.errors import Customer360Error

DESCRIPTION = """\
Runs every benchmark, writes the results into benchmarks/README.md and docs/scale.md, and prints the changes since
the previous results. Requires 30 GB of disk and, on two cores, about three hours.
"""
_IN_TURNS = ("repeats", "jdbc_jar", "results")


@dataclass(frozen=True)
class Step:
    """A benchmark with its own options, and the common options that it takes; the last of duplicates wins."""

    key: str
    own: tuple[str, ...]
    taken: tuple[str, ...] = _IN_TURNS

    def command(self, options: Mapping[str, object]) -> list[str]:
        ours = [f"--{name.replace('_', '-')}={options[name]}" for name in self.taken]
        return [self.key, *ours, *self.own]


STEPS = (
    Step("fill", ("--rows=1M",)),
    Step("fill", ("--rows=1M", "--events-per-customer=20", "--only=copy,ours,spark")),
    Step("load", ("--rows=1M",)),
    Step("load_lines", ("--rows=5M",)),
    Step("read", ("--rows=1M",)),
    Step("operations", ("--rows=1M",)),
    Step("operations", ("--rows=1M", "--events-per-customer=20", "--only=copy,ours,spark,duck")),
    Step("customer_value", ("--rows=1M",), ("repeats", "results")),
    Step("customer_value", ("--rows=10M", "--only=bare,ours,whole"), ("repeats", "results")),
    Step("people", ("--rows=1M",), ("repeats", "results")),
    Step("demo", ("--rows=100k",)),
    Step("dashboard", ("--rows=100k",), ("repeats", "results")),
    Step("fill", ("--rows=10M",)),
    Step("read", ("--rows=10M",)),
    Step("operations", ("--rows=10M", "--only=copy,ours,spark,duck")),
    Step("fill", ("--rows=30M", "--only=copy,ours", "--repeats=1")),
    Step("operations", ("--rows=30M", "--only=ours", "--repeats=1")),
    Step("growth", ("--rows=10k,100k,1M,10M",), ("results",)),
    Step("growth_of_months", ("--rows=10k,100k,1M",), ()),
)


def main() -> None:
    arguments = _parser().parse_args()
    steps = chosen(STEPS, arguments.only)
    with TemporaryDirectory() as before:
        for path in arguments.results.glob("*.json"):
            shutil.copy(path, before)
        commands = [
            *(step.command(vars(arguments)) for step in steps),
            ["table", f"--results={arguments.results}"],
            ["compare", before, str(arguments.results)],
        ]
        failed = [command[0] for command in commands if not _run(*command)]
    if failed:
        raise Customer360Error(f"these benchmarks failed, see above: {', '.join(failed)}")


def _run(module: str, *options: str) -> bool:
    say(f"benchmarks.{module} {' '.join(options)}")
    return subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *options], check=False).returncode == 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.all",
        description=DESCRIPTION,
        epilog="Example:\n  uv run python -m benchmarks.all --only fill,read",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", type=names, default=[], metavar="A,B", help="run only these benchmarks")
    parser.add_argument("--repeats", type=int, default=5, help="measured rounds (default 5)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON results")
    parser.add_argument("--jdbc-jar", type=Path, default=JDBC_JAR, help=f"PostgreSQL's JDBC driver ({JDBC_JAR})")
    return parser


if __name__ == "__main__":
    in_one_line(main)
