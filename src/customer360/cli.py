"""The commands, one per stage, in the order the data travels. What a command needs is imported when it runs."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

import click

from customer360 import __version__
from customer360.errors import Customer360Error, nearest
from customer360.settings import SETTINGS
from customer360.where import Where

Command = TypeVar("Command", bound=Callable[..., Any])


class _Commands(click.Group):
    """A group whose commands stand in the order they are written, and which names the nearest to a wrong one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(f"there is no command '{args[0]}'.{nearest(args[0], self.commands)}", ctx)
        return super().resolve_command(ctx, args)


class _Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from customer360.mock_data.plan import parse_size

        try:
            return value if isinstance(value, int) else parse_size(value)
        except Customer360Error as error:
            self.fail(str(error), param, ctx)


class _Day(click.ParamType[date]):
    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2026-06-30", param, ctx)


_DATABASE_OPTIONS = (
    click.option(
        "--database",
        metavar="URL",
        help="PostgreSQL 14 or newer. Default: CUSTOMER360_DATABASE_URL, else the embedded one.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON, and no progress."),
)
_SPARK_OPTIONS = (
    click.option("--master", metavar="URL", help="A Spark master. Default: this machine, local[*]."),
    click.option("--remote", metavar="URL", help="A Spark Connect server, sc://HOST:PORT, instead of a master."),
    click.option(
        "--wait",
        "run_seconds",
        default=600.0,
        show_default=True,
        type=click.FloatRange(0, 86_400),
        metavar="SECONDS",
        help="How long to wait for another run to end.",
    ),
    click.option(
        "--swap-wait",
        "swap_seconds",
        default=60.0,
        show_default=True,
        type=click.FloatRange(0, 86_400),
        metavar="SECONDS",
        help="How long to wait for a reader's open transaction before the new data is swapped in.",
    ),
)
_STORY_OPTIONS = (
    click.option("--customers", default="100k", show_default=True, type=_Size(), help="As 100k, 10M or 250000."),
    click.option("--seed", default=7, show_default=True, help="The same seed gives the same rows."),
    click.option("--as-of", type=_Day(), metavar="DAY", help="Last day that has happened. Default: today (UTC)."),
    click.option(
        "--dirt",
        default=0.0,
        show_default=True,
        metavar="SHARE",
        help="Share of rows that get one real-world defect each, 0 to 0.5.",
    ),
)


def _options(*groups: tuple[Callable[[Any], Any], ...]) -> Callable[[Command], Command]:
    """Adds groups of options; those of database and Spark reach the command as one *where*."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def gathered(**given: Any) -> Any:
            where = {name: given.pop(name) for name in list(given) if name in Where.__dataclass_fields__}
            return command(where=Where(**where), **given)

        for option in reversed([option for group in groups for option in group]):
            gathered = option(gathered)
        return gathered  # type: ignore[return-value]

    return decorate


_EPILOG = "Environment:\n\n" + "\n\n".join(f"{name}  {meaning}" for name, meaning in SETTINGS.items())


@click.group(cls=_Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="customer360")
def cli() -> None:
    """
    Customer and loyalty analytics from an empty machine: mock data, PySpark, PostgreSQL.

    \b
    Example:
      customer360 demo                    everything, with 100,000 mock customers
      customer360 mock --customers 1M     only the mock data
      customer360 run                     only the operations
      customer360 power-bi                the Power BI project
      customer360 status                  what is where, and how fresh
    """


@cli.command()
@_options(_STORY_OPTIONS, _DATABASE_OPTIONS, _SPARK_OPTIONS)
def demo(where: Where, **story: Any) -> None:
    """
    Fill mock data, run the operations, build the Power BI project, and say how to connect.

    \b
    Example:
      customer360 demo --customers 1M --seed 42
    """
    from customer360 import stages

    where.show(stages.demo(where, story))


@cli.command()
@_options(
    _STORY_OPTIONS,
    (
        click.option("--replace", is_flag=True, help="Delete public.customers even when it is not mock data."),
        click.option("--report", is_flag=True, help="Measure the data against figures of the real world."),
    ),
    _DATABASE_OPTIONS,
    _SPARK_OPTIONS,
)
def mock(where: Where, replace: bool, report: bool, **story: Any) -> None:
    """
    Delete the mock customers in public.customers and fill in new ones.

    Customers that are not mock data of this software are never deleted, unless --replace is given.

    \b
    Example:
      customer360 mock --customers 100k --seed 7 --as-of 2026-06-30 --dirt 0.02
      customer360 mock --customers 1M --report
    """
    from customer360 import stages

    where.show(stages.mock(where, story, replace=replace, report=report))


@cli.command()
@_options(
    (
        click.option(
            "--table", default="public.customers", show_default=True, help="Any table with these columns."
        ),
        click.option(
            "--as-of",
            type=_Day(),
            metavar="DAY",
            help="Last day known. Default: that of the mock data, else today.",
        ),
    ),
    _DATABASE_OPTIONS,
    _SPARK_OPTIONS,
)
def run(where: Where, table: str, as_of: date | None) -> None:
    """
    Read the customers with PySpark, run the operations, publish every result table.

    \b
    Example:
      customer360 run
      customer360 run --table crm.members --as-of 2026-06-30
    """
    from customer360 import stages

    where.show(stages.run(where, table, as_of))


@cli.command("power-bi")
@click.argument("folder", default="power_bi", type=click.Path(file_okay=False))
@click.option(
    "--server", metavar="HOST:PORT", help="Where PostgreSQL listens. Default: the embedded one's address."
)
@click.option("--database", metavar="NAME", default="customer360", show_default=True, help="Its database.")
@click.option("--schema", default="analytics", show_default=True, help="Schema of the result tables.")
@click.option("--storage", default="import", show_default=True, help="import (a copy) or directquery (live).")
@click.option("--overwrite", is_flag=True, help="Replace a project that was changed since it was built.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def power_bi(as_json: bool, **project: Any) -> None:
    """
    Build the Power BI project: a folder with a .pbip that opens in Power BI Desktop.

    It needs neither Spark nor a running database. The password is not in it: Power BI asks for it.

    \b
    Example:
      customer360 power-bi
      customer360 power-bi my_report --server db.example.com:5432 --database crm --storage directquery
    """
    from customer360 import stages

    Where(as_json=as_json).show(stages.power_bi(**project))


@cli.command()
@_options(_DATABASE_OPTIONS)
def status(where: Where) -> None:
    """
    Show where the database is, what is in it, and how fresh.

    \b
    Example:
      customer360 status --json
    """
    from customer360 import stages

    where.show(stages.status(where))


@cli.command()
@click.argument("name", required=False)
@click.option("--execute", is_flag=True, help="Run it from top to bottom and save the outputs, without a browser.")
def notebook(name: str | None, execute: bool) -> None:
    """
    Open the notebooks in JupyterLab, or run one from top to bottom.

    \b
    Example:
      customer360 notebook
      customer360 notebook 01_mock_data --execute
    """
    from customer360 import notebooks

    notebooks.execute(name) if execute else notebooks.open_lab(name)


@cli.group(cls=_Commands)
def db() -> None:
    """
    Start, stop and reach the embedded PostgreSQL.

    \b
    Example:
      customer360 db start
      customer360 db psql -- -c 'TABLE analytics.refreshes'
    """


@db.command()
def start() -> None:
    """
    Start the embedded PostgreSQL; it keeps running.

    \b
    Example:
      customer360 db start
    """
    from customer360.postgres.embedded import EmbeddedPostgres

    click.echo(f"running at {EmbeddedPostgres().start().where}")


@db.command()
def stop() -> None:
    """
    Stop the embedded PostgreSQL; the data stays.

    \b
    Example:
      customer360 db stop
    """
    from customer360.postgres.embedded import EmbeddedPostgres

    click.echo("stopped" if EmbeddedPostgres().stop() else "it was not running")


@db.command()
@click.option("--reader", is_flag=True, help="Of the role that may only read the results, as Power BI should.")
def url(reader: bool) -> None:
    """
    Print the embedded database's URL, password included.

    \b
    Example:
      customer360 db url --reader
    """
    from customer360.postgres.embedded import EmbeddedPostgres

    server = EmbeddedPostgres()
    click.echo((server.reader_database() if reader else server.database()).url)


@db.command(context_settings={"ignore_unknown_options": True})
@click.option("--database", metavar="URL", help="Another database than the embedded one.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(database: str | None, arguments: tuple[str, ...]) -> None:
    """
    Open psql on the database; the arguments are psql's own.

    \b
    Example:
      customer360 db psql -- -c 'TABLE analytics.refreshes'
    """
    from customer360.postgres.embedded import open_database, psql_command

    command, environment = psql_command(open_database(database))
    sys.exit(subprocess.run([*command, *arguments], env={**os.environ, **environment}, check=False).returncode)  # noqa: S603


def main() -> None:
    """Runs a command; a person's mistake ends with one line and exit code 1, a misuse of options with 2."""
    # As on Ctrl-C, what is under way is discarded before the process ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        cli.main(standalone_mode=False)
    except Customer360Error as error:
        _fail(str(error), 1)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "customer360"
        _fail(f"{error.format_message()} (see: {command} --help)", error.exit_code)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("stopped; nothing was changed by what had not finished", 130)


def _fail(line: str, code: int) -> None:
    click.echo(f"customer360: {' '.join(line.split())}", err=True)
    sys.exit(code)
