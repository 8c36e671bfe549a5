"""Compares two results, or two folders of results."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks.arguments import in_one_line
from benchmarks.interleaved import Measured, Result, load, load_all
from customer360.errors import Customer360Error

DESCRIPTION = """\
Prints how each candidate's median changed from one result to another, and how it changed relative to the limit of
its own run. Use the latter if the machine was busier in one of the two.
"""


def main() -> None:
    arguments = _parser().parse_args()
    before, after = _results(arguments.before), _results(arguments.after)
    for name in [name for name in after if name in before]:
        print(*_changes(before[name], after[name]), sep="\n")
    for name in sorted(before.keys() ^ after.keys()):
        print(f"{name}: only in {arguments.before if name in before else arguments.after}")


def _changes(before: Result, after: Result) -> Iterator[str]:
    yield f"{after.name}: {before.machine['commit']} -> {after.machine['commit']}"
    for new in after.measured:
        old = next((measured for measured in before.measured if measured.key == new.key), None)
        if old:
            change = _change(old.seconds, new.seconds, "s")
            yield f"  {new.key:<10} {change}{_against_limit(old, before, new, after)}"


def _against_limit(old: Measured, before: Result, new: Measured, after: Result) -> str:
    old_limit, new_limit = before.limit(), after.limit()
    if old_limit is None or new_limit is None or new.role == "limit":
        return ""
    return f"   ÷ limit {_change(old.seconds / old_limit.seconds, new.seconds / new_limit.seconds, '×')}"


def _change(old: float, new: float, unit: str) -> str:
    return f"{old:8.2f} -> {new:8.2f} {unit} ({(new / old - 1) * 100:+.0f} %)"


def _results(path: Path) -> dict[str, Result]:
    if not path.exists():
        raise Customer360Error(f"there is no result {path}")
    return {result.name: result for result in (load_all(path) if path.is_dir() else [load(path)])}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare",
        description=DESCRIPTION,
        epilog="Example:\n  uv run python -m benchmarks.compare /tmp/before benchmarks/results",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("before", type=Path, help="a JSON result, or a folder of them")
    parser.add_argument("after", type=Path, help="the same, taken later")
    return parser


if __name__ == "__main__":
    in_one_line(main)
