"""`customer360 demo`: all steps, from mock data to the dashboard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from customer360.commands.context import Context
from customer360.commands.dashboard import serve_dashboard
from customer360.commands.mock import STORY, MockOutcome
from customer360.commands.options import DATABASE_AND_JSON, SPARK, ValuedCommand, options
from customer360.commands.power_bi import address_of
from customer360.commands.run import RunOutcome

if TYPE_CHECKING:
    from customer360.postgres.connection import Database

_PROJECT_FOLDER: Final = "power_bi"


@click.command(cls=ValuedCommand)
@click.option("--people", is_flag=True, help="Show individual customers in the dashboard.")
@options(STORY, DATABASE_AND_JSON, SPARK)
def demo(context: Context, people: bool, **story: Any) -> None:
    """
    Fill mock data, run the operations, build the Power BI project, and open the dashboard.

    It also prints how Power BI connects. At a terminal, the dashboard runs until you press Ctrl-C; in a script it
    is only checked.

    \b
    Example:
      customer360 demo --customers 1M --seed 42
    """
    context.show(demonstrate(context, story, people=people))
    if context.at_terminal:
        _serve(context, people=people)


@dataclass(frozen=True)
class DemoOutcome:
    """The result of `demo`: mock data and results, the Power BI project to open, and how it connects."""

    mock: MockOutcome
    run: RunOutcome
    project: Path
    connection: Mapping[str, str]
    is_checked: bool
    """Whether the dashboard was checked; otherwise it is served next."""

    def lines(self) -> Iterator[str]:
        yield from self.mock.lines()
        yield from self.run.lines()
        yield f"open {self.project} in Power BI Desktop; set its parameters and sign in with:"
        for name, value in self.connection.items():
            yield f"  {name:<9} {value}"
        if self.is_checked:
            yield "open the dashboard with: customer360 dashboard"

    def as_json(self) -> Mapping[str, Any]:
        return {
            "mock": self.mock.as_json(),
            "run": self.run.as_json(),
            "power_bi": str(self.project),
            "connection": self.connection,
            "dashboard": {"checked": self.is_checked},
        }


def demonstrate(context: Context, story: Mapping[str, Any], *, people: bool = False) -> DemoOutcome:
    """Runs every step in one Spark session, by default on the embedded database."""
    with context.connect() as c:
        fill, refresh = c.fill_mock(**story), c.run()
    reader = context.open_reader()
    connection = _connection(context, reader)
    project = _project(connection)
    if not context.at_terminal:
        _check_dashboard(context, reader, people=people)
    return DemoOutcome(
        MockOutcome(fill), RunOutcome(refresh), project, connection, is_checked=not context.at_terminal
    )


def _check_dashboard(context: Context, reader: Database, *, people: bool) -> None:
    from customer360.web.app import make_app
    from customer360.web.server import Address, check

    with context.progress("Checking the dashboard"):
        check(make_app(reader, people=context.open_people() if people else None), Address(port=0))


def _project(connection: Mapping[str, str]) -> Path:
    """The project in the folder power_bi; built if missing, otherwise unchanged: it may contain work."""
    from customer360.power_bi import project

    existing = Path(_PROJECT_FOLDER) / f"{project.NAME}.pbip"
    if existing.exists():
        return existing
    return project.build(_PROJECT_FOLDER, server=connection["server"], database=connection["database"]).project


def _serve(context: Context, *, people: bool) -> None:
    """Serves the dashboard on its usual port or the next free one."""
    from customer360.web.server import Address, next_free

    serve_dashboard(context, next_free(Address()) or Address(port=0), people=people)


def _connection(context: Context, reader: Database) -> dict[str, str]:
    """What you enter in Power BI; only `db url` shows the password."""
    parts = reader.parts
    return {
        "server": address_of(reader),
        "database": parts.get("dbname", ""),
        "user": parts.get("user", ""),
        "password": "this user's own" if context.is_external else "shown by: customer360 db url --reader",
    }
