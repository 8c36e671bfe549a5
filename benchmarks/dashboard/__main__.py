"""Runs every benchmark of the dashboard in turn, each in a separate process."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.arguments import in_one_line, size
from benchmarks.dashboard.places import home_with_results
from benchmarks.interleaved import RESULTS, say


def main() -> None:
    arguments = _parser().parse_args()
    results = f"--results={arguments.results}"
    turns = f"--repeats={arguments.repeats}"
    with home_with_results(arguments.rows, arguments.home) as home:
        data = f"--home={home}"
        _run("server", turns, data, results)
        _run("interaction", turns, f"--rows={arguments.rows}", data, results)
        _run("load", f"--rows={arguments.rows}", f"--seconds={arguments.seconds}", data, results)
    _run("sizes", turns, results)


def _run(module: str, *options: str) -> None:
    say(f"benchmarks.dashboard.{module} {' '.join(options)}")
    subprocess.run([sys.executable, "-m", f"benchmarks.dashboard.{module}", *options], check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.dashboard",
        description="Runs every benchmark of the dashboard; then `python -m benchmarks.table` writes the README.",
        epilog="Example:\n  uv run python -m benchmarks.dashboard\n"
        "  uv run python -m benchmarks.dashboard --repeats 1 --seconds 10    # a quick look",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=size, default="100k", help="customers, such as 100k or 10M (default 100k)")
    parser.add_argument("--home", type=Path, help="an embedded database with results (default: a temporary one)")
    parser.add_argument("--repeats", type=int, default=5, help="measured rounds (default 5)")
    parser.add_argument("--seconds", type=float, default=60, help="seconds of the load benchmark (default 60)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON results")
    return parser


if __name__ == "__main__":
    in_one_line(main)
