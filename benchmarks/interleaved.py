"""Measures candidates in turns, A B C A B C ..., so that noise on the machine affects all of them alike."""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.machine import machine

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Sample:
    """One run: wall-clock seconds, and the peak memory in bytes if it was measured."""

    seconds: float
    peak_bytes: int | None = None


def nothing() -> None:
    """Needs no preparation."""


@dataclass(frozen=True)
class Candidate:
    """
    Something to measure: `run` is timed from outside, unless it returns its own sample.

    *role* is 'ours', 'limit' (the best that the machine allows) or 'peer' (what people use today). `prepare` runs
    before every run and is not timed.
    """

    key: str
    label: str
    role: str
    run: Callable[[], Sample | None]
    prepare: Callable[[], None] = nothing


@dataclass(frozen=True)
class Measured:
    """A candidate with its samples, in the order they were taken."""

    key: str
    label: str
    role: str
    samples: list[Sample] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The median."""
        return statistics.median(sample.seconds for sample in self.samples)

    @property
    def slow(self) -> float:
        """The 95th percentile, in seconds."""
        seconds = sorted(sample.seconds for sample in self.samples)
        return seconds[math.ceil(0.95 * len(seconds)) - 1]

    @property
    def spread(self) -> tuple[float, float]:
        """The fastest and the slowest, in seconds."""
        seconds = [sample.seconds for sample in self.samples]
        return min(seconds), max(seconds)

    @property
    def peak_bytes(self) -> int | None:
        """The highest of any run."""
        return max((sample.peak_bytes for sample in self.samples if sample.peak_bytes), default=None)


@dataclass(frozen=True)
class Result:
    """One run of one benchmark, stored as a JSON file."""

    benchmark: str
    rows: int
    taken_at: str
    machine: Mapping[str, str]
    measured: tuple[Measured, ...]
    facts: Mapping[str, float] = field(default_factory=dict)
    """Figures other than times: counts, bytes and the like."""

    def __getitem__(self, key: str) -> Measured:
        return next(measured for measured in self.measured if measured.key == key)

    def limit(self) -> Measured | None:
        return next((measured for measured in self.measured if measured.role == "limit"), None)

    @property
    def name(self) -> str:
        return f"{self.benchmark}-{short(self.rows)}"


def interleaved(candidates: Sequence[Candidate], *, repeats: int, warm_ups: int = 1) -> tuple[Measured, ...]:
    """Every candidate once per round, in *repeats* rounds, after *warm_ups* rounds that are not measured."""
    measured = tuple(Measured(candidate.key, candidate.label, candidate.role) for candidate in candidates)
    for turn in range(-warm_ups, repeats):
        for candidate, into in zip(candidates, measured, strict=True):
            sample = _once(candidate)
            counts = f"{turn + 1}/{repeats}" if turn >= 0 else "warm-up"
            say(f"  {counts:>8}  {candidate.key:<12} {sample.seconds:9.2f} s{_shown(sample.peak_bytes)}")
            if turn >= 0:
                into.samples.append(sample)
    return measured


def _once(candidate: Candidate) -> Sample:
    candidate.prepare()
    started = time.perf_counter()
    own = candidate.run()
    return own or Sample(time.perf_counter() - started)


def save(
    benchmark: str,
    rows: int,
    measured: Iterable[Measured],
    folder: Path,
    facts: Mapping[str, float] | None = None,
) -> Result:
    """Writes the result to *folder* as NAME-ROWS.json; replaces an earlier one."""
    taken_at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    result = Result(benchmark, rows, taken_at, machine(), tuple(measured), facts or {})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.name}.json"
    path.write_text(json.dumps(asdict(result), indent=2) + "\n")
    say(f"{path}")
    return result


def load(path: Path) -> Result:
    raw: dict[str, Any] = json.loads(path.read_text())
    measured = tuple(
        Measured(**{**each, "samples": [Sample(**sample) for sample in each["samples"]]})
        for each in raw["measured"]
    )
    return Result(**{**raw, "measured": measured})


def load_all(folder: Path) -> list[Result]:
    """Every result in *folder*, by benchmark and rows."""
    results = [load(path) for path in folder.glob("*.json")]
    order = [
        "fill", "fill-events", "loading", "lines", "read", "operations", "operations-events", "value",
        "people", "demo", "demo-events", "server", "interaction", "opening", "sizes", "load",
    ]  # fmt: skip
    return sorted(results, key=lambda result: (order.index(result.benchmark), result.rows))


def say(line: str) -> None:
    """Progress, on stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def short(rows: int) -> str:
    """10000000 as 10M."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if rows % size == 0:
            return f"{rows // size}{unit}"
    return str(rows)


def _shown(peak_bytes: int | None) -> str:
    return f"  peak {peak_bytes / 1e9:.2f} GB" if peak_bytes else ""
