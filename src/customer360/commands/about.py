"""`customer360 about`: everything known about one customer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from customer360.commands.context import Context
from customer360.commands.options import DATABASE_AND_JSON, ValuedCommand, options


@click.command(cls=ValuedCommand)
@click.argument("customer", metavar="ID")
@options(DATABASE_AND_JSON)
def about(context: Context, customer: str) -> None:
    """
    Show everything known about a customer, as text at a terminal and otherwise as JSON.

    ID is a customer_id, or the customer's id in the source, exactly as written there.

    \b
    Example:
      customer360 about 00123
      customer360 about 00123 --json > customer.json
    """
    with context.connect() as c:
        found = c.about(customer)
    if context.at_terminal:
        context.show(AboutOutcome(found))
    else:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False, default=str))


@dataclass(frozen=True)
class AboutOutcome:
    """The result of `about`, for a person."""

    found: Mapping[str, Any]

    def lines(self) -> Iterator[str]:
        yield f"customer {self.found['customer_id']}"
        for table, rows in self.found["tables"].items():
            yield f"{table}: {len(rows):,} row{'s' * (len(rows) != 1)}"
            yield from map(_shown, rows)
        for row in self.found["rejected_rows"]:
            yield f"rejected by {row['found_by']} of {row['source']}: {row['reasons']}"
            yield _shown(row["original_row"])
        if audiences := self.found["audiences"]:
            yield f"audiences: {', '.join(audiences)}"
        for entry in self.found["access_log"]:
            yield f"accessed by {entry['who']} at {entry['accessed_at']}: {entry['action']}"

    def as_json(self) -> Mapping[str, Any]:
        return self.found


def _shown(row: Mapping[str, Any]) -> str:
    return "  " + ", ".join(f"{name}={value}" for name, value in row.items() if value is not None)
