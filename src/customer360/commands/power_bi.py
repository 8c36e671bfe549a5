"""`customer360 power-bi`: the report as a Power BI project, for the data that the results were built from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from customer360.commands.context import Context
from customer360.commands.options import ValuedCommand
from customer360.errors import Customer360Error
from customer360.report.missing import called, named, noted
from customer360.tables import Column

if TYPE_CHECKING:
    from customer360.postgres.connection import Database
    from customer360.power_bi.project import Built


@click.command("power-bi", cls=ValuedCommand)
@click.argument("folder", default="power_bi", type=click.Path(file_okay=False))
@click.option("--server", metavar="HOST:PORT", help="Address of PostgreSQL. Default: that of the embedded one.")
@click.option(
    "--database", metavar="NAME", default="customer360", show_default=True, help="Database on that server."
)
@click.option("--schema", default="analytics", show_default=True, help="Schema of the result tables.")
@click.option(
    "--storage", default="import", show_default=True, help="Storage mode: import (a copy) or directquery (live)."
)
@click.option(
    "--name", default="Customer 360", show_default=True, help="Name of the report in Fabric and Power BI."
)
@click.option("--hide-names", is_flag=True, help="Show customers by customer_id only, not by name or your own id.")
@click.option(
    "--without",
    multiple=True,
    metavar="COLUMN",
    help="Column that your data lacks; also 'login events', 'events' for all of them, or 'nothing'. May be given "
    "several times. Default: the columns that the latest run found missing.",
)
@click.option("--overwrite", is_flag=True, help="Replace a project that was changed since it was built.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def power_bi(as_json: bool, without: Sequence[str], **project: Any) -> None:
    """
    Build the Power BI project: a folder with a .pbip file that opens in Power BI Desktop.

    The pages show only what is in your data, according to the latest run in the database: that of
    CUSTOMER360_DATABASE_URL, else the embedded one. Without a database, the pages show everything; with --without,
    none is needed. The project contains no password: Power BI asks for it.

    \b
    Example:
      customer360 power-bi
      customer360 power-bi my_report --server db.example.com:5432 --database crm --storage directquery
      customer360 power-bi shared_report --name "Customer 360 Test" --hide-names
      customer360 power-bi --without events --without loyalty_points
    """
    context = Context(as_json=as_json)
    data = _named_data(without) if without else data_of(context)
    context.show(PowerBiOutcome(build_project(missing=data.missing, **project), data))


@dataclass(frozen=True)
class Data:
    """The data that a report is built for: what is missing, and how that is known."""

    missing: tuple[Column, ...]
    known_from: str

    @property
    def lacking(self) -> list[str]:
        """The missing columns by the names that users know; all events are one."""
        names = list(dict.fromkeys(map(called, self.missing)))
        return [name for name in names if "events" not in names or name == "events" or "events" not in name]


@dataclass(frozen=True)
class PowerBiOutcome:
    """The result of `power-bi`: the project, and the data that it was built for."""

    built: Built
    data: Data

    def lines(self) -> Iterator[str]:
        built, lacking = self.built, self.data.lacking
        yield f"open {built.project} in Power BI Desktop: {built.pages} pages, {built.measures} measures"
        data = f"without {', '.join(lacking)}" if lacking else "with everything"
        yield f"for data {data}, {self.data.known_from}"

    def as_json(self) -> Mapping[str, Any]:
        return {**asdict(self.built), "without": self.data.lacking}


def _named_data(without: Sequence[str]) -> Data:
    return Data(named(without), "according to --without")


def data_of(context: Context) -> Data:
    """What the latest refresh of the database recorded; without a database or results, data with everything."""
    from customer360.postgres.embedded import EmbeddedPostgres

    if not context.is_external and not EmbeddedPostgres().is_running():
        return Data((), "because no database is running; to choose, add --without")
    try:
        return _noted_data(context.open_database())
    except Customer360Error as error:
        return Data((), f"because the database cannot be read ({error}); to choose, add --without")


def _noted_data(database: Database) -> Data:
    from customer360.postgres import status

    with database.connect("customer360 power-bi") as connection:
        refresh = status.last_refresh(connection)
        if refresh is None:
            return Data((), f"because {database.where} has no results; to choose, add --without")
        missing = noted(status.noted_as_missing(connection, refresh), refresh["missing_columns"] or "")
    return Data(missing, f"according to refresh {refresh['refresh_id']} in {database.where}")


def build_project(folder: str, *, server: str | None = None, **options: Any) -> Built:
    """Builds the project; without *server*, for the embedded database if there is one."""
    from customer360.postgres.embedded import EmbeddedPostgres
    from customer360.power_bi import project

    if server is None:
        embedded = EmbeddedPostgres()
        server = address_of(embedded.database()) if embedded.is_made() else project.SERVER
    return project.build(folder, server=server, **options)


def address_of(database: Database) -> str:
    """The address of *database* as Power BI takes it."""
    return f"{database.parts.get('host', 'localhost')}:{database.parts.get('port', '5432')}"
