"""Every benchmark, one after the other, each in a process of its own; then the README's table."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.arguments import JDBC_JAR, in_one_line
from benchmarks.interleaved import RESULTS, say, short
from customer360.mock_data.plan import parse_size

DEMO_ROWS = "100k"


def main() -> None:
    arguments = _parser().parse_args()
    common = [
        f"--repeats={arguments.repeats}",
        f"--jdbc-jar={arguments.jdbc_jar}",
        f"--results={arguments.results}",
    ]
    for rows in arguments.rows:
        for benchmark in ("fill", "load", "read", "operations"):
            _run(benchmark, f"--rows={rows}", *common)
    _run("demo", f"--rows={DEMO_ROWS}", *common)
    _run("dashboard", f"--repeats={arguments.repeats}", f"--results={arguments.results}")
    _run("table", f"--results={arguments.results}")


def _run(module: str, *options: str) -> None:
    say(f"benchmarks.{module} {' '.join(options)}")
    subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *options], check=True)


def _sizes(text: str) -> list[str]:
    return [short(parse_size(size)) for size in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.all",
        description="Takes every benchmark and writes the results into benchmarks/README.md.",
        epilog="Example:\n  uv run python -m benchmarks.all --rows 1M,10M --repeats 5",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=_sizes, default="1M", metavar="SIZES", help="customers, such as 1M,10M")
    parser.add_argument("--repeats", type=int, default=5, help="rounds that count (default 5)")
    parser.add_argument("--results", type=Path, default=RESULTS / "latest", help="folder of the JSON results")
    parser.add_argument("--jdbc-jar", type=Path, default=JDBC_JAR, help=f"PostgreSQL's JDBC driver ({JDBC_JAR})")
    return parser


if __name__ == "__main__":
    in_one_line(main)
