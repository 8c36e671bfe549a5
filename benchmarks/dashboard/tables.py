"""The dashboard's results as Markdown, in milliseconds instead of the other benchmarks' seconds."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.interleaved import Measured, Result, short

TITLES = {
    "server": "Dashboard: the server's answer, {rows} rows in customer_segments",
    "interaction": "Dashboard: a slicer change until it is painted, {rows} customers",
    "opening": "Dashboard: opened for the first time, {rows} customers",
    "sizes": "Dashboard: a slicer change, tables as of up to {rows} customers",
    "load": "Dashboard: many readers at once, {rows} customers",
}


def table(result: Result, taken: str) -> Iterator[str]:
    """Markdown lines; *taken* is the text about when and under what load it was measured."""
    yield f"### {TITLES[result.benchmark].format(rows=short(result.rows))}"
    yield from ("", taken, "")
    yield "| Candidate | Role | Samples | p50 ms | p95 ms | Range ms | p50 ÷ limit | p50 ÷ ours |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    yield from (_row(measured, result) for measured in result.measured)
    if result.facts:
        yield from ("", "; ".join(f"{name} {value:g}" for name, value in result.facts.items()) + ".")


def _row(measured: Measured, result: Result) -> str:
    low, high = measured.spread
    ours = next((each for each in result.measured if each.role == "ours"), None)
    cells = [
        measured.label,
        measured.role,
        str(len(measured.samples)),
        _ms(measured.seconds),
        _ms(measured.slow),
        f"{_ms(low)}-{_ms(high)}",
        _times(measured, result.limit()),
        _times(measured, ours),
    ]
    return f"| {' | '.join(cells)} |"


def _ms(seconds: float) -> str:
    return f"{seconds * 1_000:.1f}"


def _times(measured: Measured, other: Measured | None) -> str:
    return f"{measured.seconds / other.seconds:.2f}" if other else ""
