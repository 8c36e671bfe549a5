"""`customer360 power-bi`: the report as a project of Power BI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from customer360.commands.context import Context
from customer360.commands.options import ValuedCommand

if TYPE_CHECKING:
    from customer360.postgres.connection import Database
    from customer360.power_bi.project import Built


@click.command("power-bi", cls=ValuedCommand)
@click.argument("folder", default="power_bi", type=click.Path(file_okay=False))
@click.option(
    "--server", metavar="HOST:PORT", help="Where PostgreSQL listens. Default: the embedded one's address."
)
@click.option("--database", metavar="NAME", default="customer360", show_default=True, help="Its database.")
@click.option("--schema", default="analytics", show_default=True, help="Schema of the result tables.")
@click.option("--storage", default="import", show_default=True, help="import (a copy) or directquery (live).")
@click.option("--name", default="Customer 360", show_default=True, help="What Fabric and Power BI call it.")
@click.option(
    "--hide-names", is_flag=True, help="Leave names and your own ids out: customers by customer_id alone."
)
@click.option("--overwrite", is_flag=True, help="Replace a project that was changed since it was built.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def power_bi(as_json: bool, **project: Any) -> None:
    """
    Build the Power BI project: a folder with a .pbip that opens in Power BI Desktop.

    It needs neither an engine nor a running database. The password is not in it: Power BI asks for it.

    \b
    Example:
      customer360 power-bi
      customer360 power-bi my_report --server db.example.com:5432 --database crm --storage directquery
      customer360 power-bi shared_report --name "Customer 360 Test" --hide-names
    """
    Context(as_json=as_json).show(PowerBiOutcome(build_project(**project)))


@dataclass(frozen=True)
class PowerBiOutcome:
    """The end of `power-bi`: the project that was built."""

    built: Built

    def lines(self) -> Iterator[str]:
        built = self.built
        yield f"open {built.project} in Power BI Desktop: {built.pages} pages, {built.measures} measures"

    def as_json(self) -> Mapping[str, Any]:
        return asdict(self.built)


def build_project(folder: str, *, server: str | None = None, **options: Any) -> Built:
    """Builds the project; without *server*, for the embedded database, where there is one."""
    from customer360.postgres.embedded import EmbeddedPostgres
    from customer360.power_bi import project

    if server is None:
        embedded = EmbeddedPostgres()
        server = address_of(embedded.database()) if embedded.is_made() else project.SERVER
    return project.build(folder, server=server, **options)


def address_of(database: Database) -> str:
    """Where *database* listens, as Power BI takes it."""
    return f"{database.parts.get('host', 'localhost')}:{database.parts.get('port', '5432')}"
