"""The figures to reach: ratios within one run, so that they hold on any machine, and a few absolute ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.interleaved import Result

MILLION = 1_000_000
Results = Sequence[Result]


@dataclass(frozen=True)
class Target:
    """A figure: in *words*, how to measure it, and the *least* or the *most* that it may be, in *unit*."""

    words: str
    figure: Callable[[Results], float]
    unit: str = "×"
    least: float | None = None
    most: float | None = None

    @property
    def goal(self) -> str:
        return f"≥ {self.least:g} {self.unit}" if self.least is not None else f"≤ {self.most:g} {self.unit}"

    def measured(self, results: Results) -> float | None:
        """The figure, or None when what it needs was not measured."""
        try:
            return self.figure(results)
        except StopIteration:
            return None

    def is_met(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def _seconds(benchmark: str, rows: int, key: str, results: Results) -> float:
    return _result(benchmark, rows, results)[key].seconds


def _ratio(benchmark: str, rows: int, key: str, other: str, results: Results) -> float:
    return _seconds(benchmark, rows, key, results) / _seconds(benchmark, rows, other, results)


def _peak_gigabytes(benchmark: str, rows: int, key: str, results: Results) -> float:
    return (_result(benchmark, rows, results)[key].peak_bytes or 0) / 1e9


def _per_row(results: Results) -> float:
    return _seconds("fill", 10 * MILLION, "ours", results) / (10 * _seconds("fill", MILLION, "ours", results))


def _result(benchmark: str, rows: int, results: Results) -> Result:
    return next(result for result in results if (result.benchmark, result.rows) == (benchmark, rows))


TARGETS = (
    Target("fill 1M: time ÷ COPY by two writers", partial(_ratio, "fill", MILLION, "ours", "copy"), most=4),
    Target("fill 1M: faster than Spark JDBC", partial(_ratio, "fill", MILLION, "jdbc", "ours"), least=5),
    Target("fill 10M: time ÷ COPY by two writers", partial(_ratio, "fill", 10 * MILLION, "ours", "copy"), most=2),
    Target("fill 10M: cost of a row ÷ that at 1M", _per_row, most=1),
    Target("read 1M, all columns: faster than JDBC", partial(_ratio, "read", MILLION, "jdbc", "ours"), least=1.2),
    Target("read 1M, all columns: time ÷ COPY", partial(_ratio, "read", MILLION, "ours", "copy"), most=3.5),
    Target(
        "read 1M, columns needed: faster than JDBC", partial(_ratio, "read", MILLION, "jdbc", "columns"), least=2
    ),
    Target("operations 1M: whole process", partial(_seconds, "operations", MILLION, "ours"), "s", most=60),
    Target(
        "operations 10M: peak memory", partial(_peak_gigabytes, "operations", 10 * MILLION, "ours"), "GB", most=4
    ),
    Target("demo 100k: whole process", partial(_seconds, "demo", 100_000, "ours"), "s", most=60),
)
