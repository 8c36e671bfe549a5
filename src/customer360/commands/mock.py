"""`customer360 mock`: mock customers in public.customers, and their events in public.events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from customer360.commands.context import Context
from customer360.commands.options import DATABASE_AND_JSON, DAY, SPARK, Parsed, ValuedCommand, options

if TYPE_CHECKING:
    from customer360.pipeline.fill import Fill


def _size(text: str) -> int:
    from customer360.mock_data.plan import parse_size

    return parse_size(text)


STORY: Final = (
    click.option(
        "--customers",
        default="100k",
        show_default=True,
        type=Parsed("size", _size),
        help="Number of customers, such as 250000, 100k or 10M.",
    ),
    click.option(
        "--seed", default=7, show_default=True, help="Seed of the data; the same seed gives the same rows."
    ),
    click.option("--as-of", type=DAY, metavar="DAY", help="Last day treated as known. Default: today (UTC)."),
    click.option(
        "--dirt",
        default=0.0,
        show_default=True,
        metavar="SHARE",
        help="Share of rows that get one real-world defect each, from 0 to 0.5.",
    ),
    click.option(
        "--events-per-customer",
        default=20,
        show_default=True,
        metavar="N",
        help="Average number of events per customer, up to 200; 0 for no events.",
    ),
)


@click.command(cls=ValuedCommand)
@options(
    STORY,
    (
        click.option(
            "--replace", is_flag=True, help="Replace customers and events even if they are not mock data."
        ),
        click.option("--report", is_flag=True, help="Compare the data with real-world figures."),
    ),
    DATABASE_AND_JSON,
    SPARK,
)
def mock(context: Context, replace: bool, report: bool, **story: Any) -> None:
    """
    Fill public.customers and public.events with mock data.

    Earlier mock data is replaced. Rows that are not mock data of this software are replaced only with --replace.

    \b
    Example:
      customer360 mock --customers 100k --seed 7 --as-of 2026-06-30 --dirt 0.02
      customer360 mock --customers 1M --events-per-customer 5 --report
    """
    with context.connect() as c:
        fill = c.fill_mock(**story, replace=replace, report=report)
    context.show(MockOutcome(fill))


@dataclass(frozen=True)
class MockOutcome:
    """The result of `mock`: the number of rows, their plan, and with --report how realistic they are."""

    fill: Fill

    def lines(self) -> Iterator[str]:
        yield repr(self.fill)
        if self.fill.dirt:
            yield f"{self.fill.dirt:.1%} of the rows have one defect each"
        for gate in self.fill.gates:
            mark = "ok  " if gate.passed else "FAIL"
            measured = f"  {mark} {gate.name:<34} {gate.value:>9.3f}   {gate.low:g} to {gate.high:g}"
            yield f"{measured:<70} {gate.source}".rstrip()

    def as_json(self) -> Mapping[str, Any]:
        gates = [{**asdict(gate), "passed": gate.passed} for gate in self.fill.gates]
        return {**asdict(self.fill), "gates": gates}
