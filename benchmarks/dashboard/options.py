"""The options of the dashboard's benchmarks."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.arguments import names, size
from benchmarks.interleaved import RESULTS


def parser(benchmark: str, description: str) -> argparse.ArgumentParser:
    """The parser of `python -m benchmarks.dashboard.BENCHMARK` with the common options."""
    made = argparse.ArgumentParser(
        prog=f"python -m benchmarks.dashboard.{benchmark}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON results")
    return made


def add_data(made: argparse.ArgumentParser) -> None:
    made.add_argument("--rows", type=size, default="100k", help="customers, such as 100k or 10M (default 100k)")
    add_home(made)


def add_home(made: argparse.ArgumentParser) -> None:
    made.add_argument("--home", type=Path, help="an embedded database with results (default: a temporary one)")


def add_turns(made: argparse.ArgumentParser) -> None:
    made.add_argument("--repeats", type=int, default=5, help="measured rounds (default 5)")
    made.add_argument("--only", type=names, default=[], metavar="A,B", help="measure only these candidates")
