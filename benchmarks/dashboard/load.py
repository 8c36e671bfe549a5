"""How the dashboard performs with many simultaneous readers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import psutil

from benchmarks.arguments import in_one_line
from benchmarks.commands import REPOSITORY
from benchmarks.dashboard.options import add_data, parser
from benchmarks.dashboard.places import Server, dashboard, home_with_results
from benchmarks.dashboard.users import ARRIVAL_SECONDS, BETWEEN_SECONDS
from benchmarks.interleaved import Measured, Sample, save, say

DESCRIPTION = f"""\
Measures how the dashboard answers --users simultaneous readers for --seconds. Each reader sets slicers at random
on one of the pages every {BETWEEN_SECONDS:g} seconds and listens to the events. As in the browser, pages that have
fetched their tables answer clicks themselves. The result is errors, time and memory.

  server  ours: the server's own time for an answer, including the wait for its turn
  whole   ours: from sending the request to the last byte of its answer
"""


def main() -> None:
    made = parser("load", DESCRIPTION)
    add_data(made)
    made.add_argument("--users", type=int, default=200, help="simultaneous readers (default 200)")
    made.add_argument("--seconds", type=float, default=60, help="duration (default 60)")
    made.add_argument("--always", action="store_true", help="ask the server for every click")
    arguments = made.parse_args()
    say(f"load, {arguments.rows:,} customers, {arguments.users} readers")
    with home_with_results(arguments.rows, arguments.home) as home, dashboard(home) as server:
        how = ["always"] if arguments.always else []
        seen, needed = _loaded(server, [str(arguments.users), str(arguments.seconds), *how], arguments.seconds)
    labels = {"server": "**dashboard**, server's time", "whole": "**dashboard**, whole request"}
    measured = [Measured(key, label, "ours", list(map(Sample, seen[key]))) for key, label in labels.items()]
    for error in sorted(set(seen["errors"]))[:5]:
        say(f"  ERROR {error}")
    counted = {"clicks": seen["clicks"], "answers": len(seen["whole"]), "errors": len(seen["errors"])}
    facts = {"readers": arguments.users, "every click asked": int(arguments.always), **counted, **needed}
    save("load", arguments.rows, measured, arguments.results, facts)


def _loaded(server: Server, arguments: list[str], seconds: float) -> tuple[dict[str, Any], Mapping[str, float]]:
    """What the readers saw, and the server's CPU time and resident memory meanwhile."""
    command = [sys.executable, "-m", "benchmarks.dashboard.users", server.url, *arguments]
    readers = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    process, memory, started = psutil.Process(server.process.pid), [], time.monotonic()
    before = process.cpu_times()
    while readers.poll() is None and time.monotonic() < started + ARRIVAL_SECONDS + seconds:
        memory.append(process.memory_info().rss / 1e6)
        time.sleep(0.25)
    printed, _ = readers.communicate()
    seen, now = json.loads(printed), process.cpu_times()
    computed = now.user + now.system - before.user - before.system
    facts = {"processor ms an answer": round(1_000 * computed / len(seen["whole"]), 1)}
    facts["processor ms an answer, readers"] = round(1_000 * seen["processor"] / len(seen["whole"]), 1)
    return seen, facts | _memory(memory[round(len(memory) * ARRIVAL_SECONDS / (ARRIVAL_SECONDS + seconds)) :])


def _memory(looks: list[float]) -> dict[str, float]:
    """Medians of the first, the middle and the last tenth, in MB."""
    tenth = max(1, len(looks) // 10)
    middle = len(looks) // 2
    parts = {"start": looks[:tenth], "middle": looks[middle : middle + tenth], "end": looks[-tenth:]}
    return {f"memory at the {name}, MB": round(median(part)) for name, part in parts.items()}


if __name__ == "__main__":
    in_one_line(main)
