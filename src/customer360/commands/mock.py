"""`customer360 mock`: mock customers in public.customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

import click

from customer360.commands.context import Context
from customer360.commands.options import DATABASE_AND_JSON, SPARK, Day, ValuedCommand, options
from customer360.errors import Invalid

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from customer360.mock_data.plan import Plan
    from customer360.mock_data.realism import Gate
    from customer360.postgres.connection import Database


class Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from customer360.mock_data.plan import parse_size

        try:
            return value if isinstance(value, int) else parse_size(value)
        except Invalid as error:
            self.fail(str(error), param, ctx)


STORY: Final = (
    click.option("--customers", default="100k", show_default=True, type=Size(), help="As 100k, 10M or 250000."),
    click.option("--seed", default=7, show_default=True, help="The same seed gives the same rows."),
    click.option("--as-of", type=Day(), metavar="DAY", help="Last day that has happened. Default: today (UTC)."),
    click.option(
        "--dirt",
        default=0.0,
        show_default=True,
        metavar="SHARE",
        help="Share of rows that get one real-world defect each, 0 to 0.5.",
    ),
)


@click.command(cls=ValuedCommand)
@options(
    STORY,
    (
        click.option("--replace", is_flag=True, help="Delete public.customers even when it is not mock data."),
        click.option("--report", is_flag=True, help="Measure the data against figures of the real world."),
    ),
    DATABASE_AND_JSON,
    SPARK,
)
def mock(context: Context, replace: bool, report: bool, **story: Any) -> None:
    """
    Delete the mock customers in public.customers and fill in new ones.

    Customers that are not mock data of this software are never deleted, unless --replace is given.

    \b
    Example:
      customer360 mock --customers 100k --seed 7 --as-of 2026-06-30 --dirt 0.02
      customer360 mock --customers 1M --report
    """
    plan = plan_of(story)
    database = context.open_database()
    with context.session() as spark:
        fill(context, database, spark, plan, replace=replace)
    context.show(MockOutcome(plan, _measured(context, database, plan) if report else ()))


def plan_of(story: Mapping[str, Any]) -> Plan:
    """The plan that the options of `STORY` make."""
    from customer360.mock_data.plan import Plan

    as_of = story["as_of"] or datetime.now(timezone.utc).date()
    return Plan(story["customers"], seed=story["seed"], as_of=as_of, dirt=story["dirt"])


def fill(context: Context, database: Database, spark: SparkSession, plan: Plan, *, replace: bool = False) -> None:
    from customer360.pipeline.fill import fill_mock_data

    fill_mock_data(database, spark, plan, replace=replace, waiting=context.waiting, watch=context.watch)


def _measured(context: Context, database: Database, plan: Plan) -> tuple[Gate, ...]:
    from customer360.mock_data.realism import REPORT_COLUMNS, realism_report
    from customer360.postgres.read import read_table
    from customer360.tables import CUSTOMERS

    with context.watch("Measuring how real it looks"):
        customers = read_table(database, CUSTOMERS.full_name, REPORT_COLUMNS)
        return tuple(realism_report(customers, plan.as_of))


@dataclass(frozen=True)
class MockOutcome:
    """The end of `mock`: how many customers, of which plan, and how real they look when that was asked."""

    plan: Plan
    gates: tuple[Gate, ...] = ()

    def lines(self) -> Iterator[str]:
        from customer360.tables import CUSTOMERS

        plan = self.plan
        yield f"{plan.customers:,} mock customers in {CUSTOMERS.full_name} as of {plan.as_of} (seed {plan.seed})"
        if plan.dirt:
            yield f"{plan.dirt:.1%} of them with one defect each"
        for gate in self.gates:
            mark = "ok  " if gate.passed else "FAIL"
            yield f"  {mark} {gate.name:<34} {gate.value:>9.3f}   {gate.low:g} to {gate.high:g}"

    def facts(self) -> Mapping[str, Any]:
        plan = {name: getattr(self.plan, name) for name in ("customers", "seed", "as_of", "dirt")}
        return {**plan, "gates": [{**asdict(gate), "passed": gate.passed} for gate in self.gates]}
