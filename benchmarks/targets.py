"""The targets: ratios within one run, which are valid on any machine, and a few absolute figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.interleaved import Result

MILLION = 1_000_000
DEMO = 100_000
_TEN, _THIRTY = 10 * MILLION, 30 * MILLION
_LINES = 5 * MILLION
_SAME_MACHINE = ("processor", "cores", "memory", "pysail")
_SHIFT = "largest shift of a parameter, %"
Results = Sequence[Result]


@dataclass(frozen=True)
class Target:
    """A target: its description in *words*, how to measure it, and its *least* or *most* value in *unit*."""

    words: str
    figure: Callable[[Results], float]
    unit: str = "×"
    least: float | None = None
    most: float | None = None

    @property
    def goal(self) -> str:
        return f"≥ {self.least:,} {self.unit}" if self.least is not None else f"≤ {self.most:,} {self.unit}"

    def measured(self, results: Results) -> float | None:
        """The figure, or None if its inputs were not measured."""
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


def _milliseconds(benchmark: str, rows: int, key: str, results: Results) -> float:
    return 1_000 * _seconds(benchmark, rows, key, results)


def _slow_milliseconds(benchmark: str, rows: int, key: str, results: Results) -> float:
    return 1_000 * _result(benchmark, rows, results)[key].slow


def _slow_ratio(benchmark: str, rows: int, key: str, other: str, results: Results) -> float:
    result = _result(benchmark, rows, results)
    return result[key].slow / result[other].slow


def _fact(benchmark: str, rows: int, name: str, results: Results) -> float:
    facts = _result(benchmark, rows, results).facts
    return next(value for fact, value in facts.items() if fact == name)


def _growth(results: Results) -> float:
    """The largest change of the server's memory under load, in percent."""
    moments = [f"memory at the {when}, MB" for when in ("start", "middle", "end")]
    start, *later = [_fact("load", DEMO, moment, results) for moment in moments]
    return 100 * max(abs(memory / start - 1) for memory in later)


def _peak_gigabytes(benchmark: str, rows: int, key: str, results: Results) -> float:
    return (_result(benchmark, rows, results)[key].peak_bytes or 0) / 1e9


def _per_row(benchmark: str, rows: int, results: Results) -> float:
    """The time per row relative to a million rows. Raises: StopIteration unless measured on one machine."""
    one, other = [_result(benchmark, size, results).machine for size in (MILLION, rows)]
    if any(one.get(name) != other.get(name) for name in _SAME_MACHINE):
        raise StopIteration
    return (
        _seconds(benchmark, rows, "ours", results)
        * MILLION
        / (_seconds(benchmark, MILLION, "ours", results) * rows)
    )


def _rows_a_second(benchmark: str, rows: int, key: str, results: Results) -> float:
    return rows / _seconds(benchmark, rows, key, results)


def _value_growth(results: Results) -> float:
    """Fitting and scoring ten times the customers. Raises: StopIteration like `_per_row`."""
    return _per_row("value", _TEN, results) * _TEN / MILLION


def _result(benchmark: str, rows: int, results: Results) -> Result:
    return next(result for result in results if (result.benchmark, result.rows) == (benchmark, rows))


TARGETS = (
    Target("fill 1M: time ÷ COPY by two writers", partial(_ratio, "fill", MILLION, "ours", "copy"), most=2.5),
    Target("fill 1M: faster than Spark JDBC", partial(_ratio, "fill", MILLION, "jdbc", "ours"), least=8),
    Target(
        "fill 1M with 20M events: time ÷ COPY by two writers",
        partial(_ratio, "fill-events", MILLION, "ours", "copy"),
        most=2.5,
    ),
    Target("fill 10M: time ÷ COPY by two writers", partial(_ratio, "fill", _TEN, "ours", "copy"), most=1.5),
    Target("fill 30M: cost of a row ÷ that at 1M", partial(_per_row, "fill", _THIRTY), most=1.15),
    Target("load 1M: time ÷ DuckDB and COPY", partial(_ratio, "loading", MILLION, "ours", "bare"), most=3),
    Target(
        "load 5M order lines: time ÷ DuckDB and COPY", partial(_ratio, "lines", _LINES, "ours", "bare"), most=3
    ),
    Target("load 5M order lines: peak memory", partial(_peak_gigabytes, "lines", _LINES, "ours"), "GB", most=3),
    Target("load 1M: peak memory", partial(_peak_gigabytes, "loading", MILLION, "ours"), "GB", most=3),
    Target(
        "read 10M, columns needed: time ÷ COPY of them",
        partial(_ratio, "read", _TEN, "columns", "copy-columns"),
        most=2.5,
    ),
    Target(
        "read 10M, columns needed: faster than JDBC",
        partial(_ratio, "read", _TEN, "jdbc-columns", "columns"),
        least=1.5,
    ),
    Target("run 100k: whole process", partial(_seconds, "demo", DEMO, "run"), "s", most=4),
    Target("run 1M: whole process", partial(_seconds, "operations", MILLION, "ours"), "s", most=8),
    Target("run 1M: time ÷ DuckDB and COPY", partial(_ratio, "operations", MILLION, "ours", "duck"), most=2.5),
    Target(
        "run 1M with 20M events: time ÷ DuckDB and COPY",
        partial(_ratio, "operations-events", MILLION, "ours", "duck"),
        most=2,
    ),
    Target(
        "run 1M with 20M events: peak memory",
        partial(_peak_gigabytes, "operations-events", MILLION, "ours"),
        "GB",
        most=6,
    ),
    Target("run 10M: whole process", partial(_seconds, "operations", _TEN, "ours"), "s", most=45),
    Target("run 10M: time ÷ DuckDB and COPY", partial(_ratio, "operations", _TEN, "ours", "duck"), most=2.2),
    Target("run 10M: peak memory", partial(_peak_gigabytes, "operations", _TEN, "ours"), "GB", most=5),
    Target("run 30M: cost of a row ÷ that at 1M", partial(_per_row, "operations", _THIRTY), most=1.15),
    Target("value 1M: fit and score", partial(_seconds, "value", MILLION, "ours"), "s", most=10),
    Target("value: 10M ÷ 1M customers", _value_growth, most=1.3),
    Target("value 1M: faster than lifetimes", partial(_ratio, "value", MILLION, "lifetimes", "ours"), least=10),
    Target("value 1M: shift by cells", partial(_fact, "value", MILLION, _SHIFT), "%", most=0.3),
    Target("people 1M: first page, p95", partial(_milliseconds, "people", MILLION, "page"), "ms", most=300),
    Target("people 1M: list of a month", partial(_milliseconds, "people", MILLION, "months"), "ms", most=300),
    Target("people 1M: export", partial(_rows_a_second, "people", MILLION, "csv"), "rows/s", least=100_000),
    Target("mock 100k: whole process", partial(_seconds, "demo", DEMO, "mock"), "s", most=3.5),
    Target(
        "demo 100k with 2M events: whole process", partial(_seconds, "demo-events", DEMO, "ours"), "s", most=15
    ),
    Target("demo 100k: time ÷ Apache Spark", partial(_ratio, "demo-events", DEMO, "ours", "spark"), most=0.35),
    Target("notebook: a session and its first query", partial(_seconds, "demo", DEMO, "notebook"), "s", most=3),
    Target("customer360 --help", partial(_seconds, "demo", DEMO, "help"), "s", most=0.25),
    Target("answer, 1M cells: p95", partial(_slow_milliseconds, "server", MILLION, "ours"), "ms", most=15),
    Target("slicer change: p50 ÷ bare charts", partial(_ratio, "interaction", DEMO, "overview", "bare"), most=1.5),
    Target(
        "slicer change: p95 ÷ bare charts", partial(_slow_ratio, "interaction", DEMO, "overview", "bare"), most=2
    ),
    Target(
        "slicer change: faster than Streamlit",
        partial(_ratio, "interaction", DEMO, "streamlit", "overview"),
        least=6,
    ),
    Target("slicer change: faster than Dash", partial(_ratio, "interaction", DEMO, "dash", "overview"), least=3),
    Target("first page: painted", partial(_milliseconds, "opening", DEMO, "opening"), "ms", most=1_000),
    Target("first page: sent", partial(_fact, "opening", DEMO, "MB"), "MB", most=1.2),
    Target(
        "first page: requests to other hosts",
        partial(_fact, "opening", DEMO, "requests to other hosts"),
        "",
        most=0,
    ),
    Target("slicer change: 10M ÷ 100k customers", partial(_ratio, "sizes", _TEN, "10M", "100k"), most=1.3),
    Target("200 readers: p95 of the server", partial(_slow_milliseconds, "load", DEMO, "server"), "ms", most=250),
    Target("200 readers: errors", partial(_fact, "load", DEMO, "errors"), "", most=0),
    Target("200 readers: change of memory", _growth, "%", most=10),
)
