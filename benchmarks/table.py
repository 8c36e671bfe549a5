"""Renders the results as Markdown, and writes them into the README between its two marks."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.arguments import in_one_line
from benchmarks.dashboard import tables
from benchmarks.interleaved import RESULTS, Measured, Result, load_all, say, short
from benchmarks.targets import TARGETS, Target
from customer360.errors import Customer360Error

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- results: written by `python -m benchmarks.table` -->", "<!-- end of results -->"

_TITLES = {
    "fill-events": "Fill, {} customers with 20 events each",
    "operations-events": "Operations, {} customers with 20 events each",
    "lines": "Loading, {} order lines",
    "value": "Customer value, {} customers with an order",
    "demo-events": "Demo, {} customers with 20 events each",
}
_OF_THE_MOMENT = ("load after", "commit")
Machine = Mapping[str, str]


def main() -> None:
    arguments = _parser().parse_args()
    results = load_all(arguments.results)
    if not results:
        raise Customer360Error(
            f"there are no results in {arguments.results}; create them with: python -m benchmarks.all"
        )
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    text = "\n".join([BEGIN, "", *render(results), "", END])
    README.write_text(before + text + after, encoding="utf-8")
    say(f"{len(results)} results written into {README}")


def render(results: Sequence[Result]) -> Iterator[str]:
    """Markdown lines: the machine, a table per result, and the targets reached."""
    machine = _newest(results)
    yield f"Machine: {_listed(machine)}."
    for result in results:
        of_dashboard, taken = result.benchmark in tables.TITLES, _taken(result, machine)
        yield from ("", *(tables.table(result, taken) if of_dashboard else _table(result, taken)))
    yield from ("", "### Figures to reach", "", "| Figure | Goal | Measured | |", "|---|---:|---:|---|")
    yield from (_goal(target, results) for target in TARGETS)


def _newest(results: Sequence[Result]) -> Machine:
    """The machine and the versions of the newest of *results*."""
    machine = max(results, key=lambda result: result.taken_at).machine
    return {name: value for name, value in machine.items() if name not in _OF_THE_MOMENT}


def _listed(machine: Machine) -> str:
    return ", ".join(f"{name} {value}" for name, value in machine.items())


def _table(result: Result, taken: str) -> Iterator[str]:
    repeats = len(result.measured[0].samples)
    what = _TITLES.get(result.benchmark, f"{result.benchmark.capitalize()}, {short(result.rows)} customers")
    yield f"### {what.format(short(result.rows))}, {repeats} × interleaved"
    yield ""
    yield taken
    yield ""
    yield "| Candidate | Role | Median s | Range s | Rows/s | ÷ limit | ÷ ours | Peak GB |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for measured in result.measured:
        yield _row(measured, result)
    if result.facts:
        yield ""
        yield f"{'; '.join(f'{name} {value:,g}' for name, value in result.facts.items())}."


def _taken(result: Result, machine: Machine) -> str:
    """When it was taken, and what differs from *machine*: another machine, or older versions."""
    moment = {name: result.machine[name] for name in _OF_THE_MOMENT}
    other = dict(item for item in result.machine.items() if item[0] not in moment and item not in machine.items())
    return f"Taken {result.taken_at[:16].replace('T', ' ')} UTC, {_listed({**moment, **other})}."


def _row(measured: Measured, result: Result) -> str:
    low, high = measured.spread
    ours = next((each for each in result.measured if each.role == "ours"), None)
    peak = f"{measured.peak_bytes / 1e9:.2f}" if measured.peak_bytes else ""
    cells = [
        measured.label,
        measured.role,
        f"{measured.seconds:.2f}",
        f"{low:.2f}-{high:.2f}",
        "" if measured.role == "start" else f"{result.rows / measured.seconds:,.0f}",
        _times(measured, result.limit()),
        _times(measured, ours),
        peak,
    ]
    return f"| {' | '.join(cells)} |"


def _times(measured: Measured, other: Measured | None) -> str:
    return f"{measured.seconds / other.seconds:.2f}" if other else ""


def _goal(target: Target, results: Sequence[Result]) -> str:
    value = target.measured(results)
    shown = "not taken" if value is None else f"{value:,.2f} {target.unit}"
    verdict = "" if value is None else ("reached" if target.is_met(value) else "**missed**")
    return f"| {target.words} | {target.goal} | {shown} | {verdict} |"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.table",
        description="Writes the results into benchmarks/README.md.",
        epilog="Example:\n  uv run python -m benchmarks.table --results benchmarks/results",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON results")
    return parser


if __name__ == "__main__":
    in_one_line(main)
