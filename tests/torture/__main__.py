"""All parts, or some: `python -m tests.torture --help`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from benchmarks.arguments import in_one_line
from benchmarks.interleaved import say
from tests.torture import report
from tests.torture.concurrency import Finding, scenes, timed
from tests.torture.dashboards import Loaded, under_load
from tests.torture.lane import new_lane
from tests.torture.schedule import SMALL_DISK_MEGABYTES, Planned, dealt, on_small_disk, quick, strike_all
from tests.torture.tally import Tally

PARTS: Final = ("faults", "concurrency", "load")
_SHARE_OF_FAULTS: Final = 0.75


def main() -> None:
    arguments = _parser().parse_args()
    # A shell ignores SIGINT in background processes, and every command would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faults = {"faults": _faults, "concurrency": _concurrency, "load": _load}
    problems = [problem for part in arguments.only or PARTS[:2] for problem in faults[part](arguments)]
    for problem in problems:
        say(f"PROBLEM {problem}")
    sys.exit(bool(problems))


def _faults(arguments: argparse.Namespace) -> Sequence[str]:
    started = time.monotonic()
    tally = Tally(started + 60 * arguments.minutes * _SHARE_OF_FAULTS)
    hands = [(0, quick())] if arguments.quick else dealt(arguments.kills, arguments.seed, lanes=arguments.lanes)
    with ThreadPoolExecutor(len(hands)) as pool:
        list(pool.map(lambda hand: _in_lane(hand, arguments.seed, tally), hands))
    lines = [
        report.taken(time.monotonic() - started),
        "",
        *report.faults(tally.in_order(), tally.looks, tally.broken, tally.skipped),
    ]
    _show("faults", lines, arguments)
    return tally.problems()


def _in_lane(hand: tuple[int, Sequence[Planned]], seed: int, tally: Tally) -> None:
    number, plans = hand
    disk = SMALL_DISK_MEGABYTES if any(map(on_small_disk, plans)) else 0
    try:
        with new_lane(seed + number, disk) as lane:
            strike_all(lane, plans, tally)
    except Exception as error:
        said = "".join(traceback.format_exception(error))
        tally.break_off(f"lane {number} broke off: {said}")  # the figures of the other lanes are still valid


def _concurrency(arguments: argparse.Namespace) -> Sequence[str]:
    started = time.monotonic()
    with new_lane(arguments.seed) as lane:
        findings = [_told(timed(scene, lane)) for scene in scenes(quick=arguments.quick)]
    lines = [report.taken(time.monotonic() - started), "", *report.concurrency(findings)]
    _show("concurrency", lines, arguments)
    return [f"{finding.what}: {problem}" for finding in findings for problem in finding.problems]


def _load(arguments: argparse.Namespace) -> Sequence[str]:
    started = time.monotonic()
    with new_lane(arguments.seed) as lane:
        loaded: Loaded = under_load(lane, arguments.users, 60 * arguments.load_minutes, refreshes=3)
        broken = lane.reader.broken
    _show("load", [report.taken(time.monotonic() - started), "", *report.load(loaded)], arguments)
    return [*loaded.problems, *broken]


def _told(finding: Finding) -> Finding:
    say(f"  {finding.what}: {finding.came}, {len(finding.problems)} wrong, {finding.seconds:.0f} s")
    return finding


def _show(part: str, lines: Sequence[str], arguments: argparse.Namespace) -> None:
    say("\n".join(lines))
    if arguments.write and not arguments.quick:
        report.write(part, lines)


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(PARTS):
        raise argparse.ArgumentTypeError(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.torture",
        description="Measures that nothing is lost, and writes the figures into docs/reliability.md.",
        epilog="Example:\n  uv run python -m tests.torture --minutes 20\n  uv run python -m tests.torture --only load",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--minutes", type=float, default=20, help="time limit for faults and concurrency (default 20)"
    )
    parser.add_argument("--kills", type=int, default=50, help="kills of each victim (default 50)")
    parser.add_argument("--lanes", type=int, default=2, help="servers that are attacked in parallel (default 2)")
    parser.add_argument("--quick", action="store_true", help="run each fault once and a few scenes; write nothing")
    parser.add_argument(
        "--only", type=_names, metavar="A,B", help=f"run only these of {', '.join(PARTS)} (default: all but load)"
    )
    parser.add_argument("--users", type=int, default=200, help="users in the part load (default 200)")
    parser.add_argument(
        "--load-minutes",
        type=float,
        default=5,
        help="duration of the part load, in addition to --minutes (default 5)",
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same moments (default 1)")
    parser.add_argument("--no-write", dest="write", action="store_false", help="do not change docs/reliability.md")
    return parser


if __name__ == "__main__":
    in_one_line(main)
