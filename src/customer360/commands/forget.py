"""`customer360 forget`: deletes a customer everywhere, and rejects the customer if a source contains it again."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from customer360.commands.context import Context
from customer360.commands.options import DATABASE_AND_JSON, ValuedCommand, options
from customer360.errors import Refused

if TYPE_CHECKING:
    from customer360.people.forget import Forgetting
    from customer360.postgres.forgotten import ForgottenDay


@click.command(cls=ValuedCommand)
@click.argument("customer", metavar="ID", required=False)
@click.option("--yes", is_flag=True, help="Delete without asking; required without a terminal.")
@click.option("--list", "is_list", is_flag=True, help="Show how many customers were forgotten on each day.")
@click.option(
    "--wait",
    "run_seconds",
    default=600.0,
    show_default=True,
    type=click.FloatRange(0, 86_400),
    metavar="SECONDS",
    help="Maximum time to wait for a run to end.",
)
@options(DATABASE_AND_JSON)
def forget(context: Context, customer: str | None, yes: bool, is_list: bool) -> None:
    """
    Delete a customer from every table, and reject the customer if a source contains it again.

    This cannot be undone. ID is a customer_id, or the customer's id in the source, exactly as written there. Every
    total changes by this one customer. Only a hash of the ids is kept. Your own source, backups and lakes are not
    changed; the output lists which of them still contain the customer.

    \b
    Example:
      customer360 about 00123
      customer360 forget 00123
      customer360 forget --list
    """
    if is_list == bool(customer):
        raise click.UsageError("specify either an ID or --list")
    with context.connect() as c:
        if customer is None:
            context.show(ListOutcome(c.forgotten()))
            return
        if not yes:
            _ask(customer)
        context.show(ForgetOutcome(c.forget(customer)))


def _ask(customer: str) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused(f"'{customer}' would be deleted permanently; to confirm that, add --yes")
    click.confirm(f"Delete customer '{customer}' from every table? This cannot be undone.", abort=True, err=True)


@dataclass(frozen=True)
class ForgetOutcome:
    """The result of `forget`: what was deleted, and what remains elsewhere."""

    done: Forgetting

    def lines(self) -> Iterator[str]:
        yield f"{self.done}"
        for table, rows in self.done.rows_deleted.items():
            yield f"  {table:<32} {rows:>14,}"
        for line in self.done.remains:
            yield f"remains: {line}"

    def as_json(self) -> Mapping[str, Any]:
        return asdict(self.done)


@dataclass(frozen=True)
class ListOutcome:
    """The result of `forget --list`: the number of forgotten customers by day."""

    days: Sequence[ForgottenDay]

    def lines(self) -> Iterator[str]:
        if not self.days:
            yield "nobody was forgotten"
        for one in self.days:
            mock = " of mock data" if one.source_kind == "mock" else ""
            yield f"{one.day}  {one.customers:,} customer{'s' * (one.customers != 1)}{mock}"

    def as_json(self) -> Mapping[str, Any]:
        return {"forgotten": [asdict(one) for one in self.days]}
