"""Candidates in turns, with many short samples per turn: a reader waits for milliseconds, not seconds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.interleaved import Measured, Sample, say


@dataclass(frozen=True)
class Turn:
    """Something to measure: `take` performs the given turn (0 is the warm-up) and returns seconds by sample."""

    key: str
    label: str
    role: str
    take: Callable[[int], list[float]]


def in_turns(candidates: Sequence[Turn], *, repeats: int) -> tuple[Measured, ...]:
    """Every candidate once per round, in *repeats* rounds, after one that is not measured."""
    measured = tuple(Measured(one.key, one.label, one.role) for one in candidates)
    for turn in range(repeats + 1):
        for candidate, into in zip(candidates, measured, strict=True):
            seconds = candidate.take(turn)
            counts = f"{turn}/{repeats}" if turn else "warm-up"
            say(f"  {counts:>8}  {candidate.key:<20} {statistics.median(seconds) * 1_000:9.1f} ms")
            if turn:
                into.samples.extend(map(Sample, seconds))
    return measured
