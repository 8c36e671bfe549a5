"""The commands, one per stage, in the order the data travels. What a command needs is imported when it runs."""

from __future__ import annotations

import logging
import shlex
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import click

from customer360 import __version__
from customer360.commands import logs
from customer360.commands.context import Where
from customer360.commands.db import db
from customer360.commands.options import (
    DASHBOARD,
    DATABASE,
    DATABASE_AND_JSON,
    LOAD,
    RUN,
    SPARK,
    STATUS,
    STORY,
    Commands,
    options,
)
from customer360.commands.stops import Stops
from customer360.errors import failures, one_line, printable
from customer360.settings import LOG_FORMAT, SETTINGS, TRACEBACK

_LOG: Final = logging.getLogger(__name__)
_STOPPED: Final = "stopped; nothing was changed by what had not finished"


_EPILOG = "Environment:\n\n" + "\n\n".join(f"{name}  {meaning}" for name, meaning in SETTINGS.items())


def _log(ctx: click.Context, param: click.Parameter, log_format: str) -> None:
    del ctx, param
    if log_format == "json":
        logs.write_json()


def _tracebacks(ctx: click.Context, param: click.Parameter, are_wanted: bool) -> None:
    del ctx, param
    logs.show_tracebacks(are_wanted)


@click.group(cls=Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--log-format",
    type=click.Choice(logs.FORMATS),
    default="text",
    envvar=LOG_FORMAT,
    is_eager=True,
    expose_value=False,
    callback=_log,
    help="How progress and errors are written to stderr; json is one object per line.",
)
@click.option(
    "--traceback",
    is_flag=True,
    envvar=TRACEBACK,
    is_eager=True,
    expose_value=False,
    callback=_tracebacks,
    help="Show above the line of an error how it came about, for whoever looks for its cause.",
)
@click.version_option(__version__, prog_name="customer360")
def cli() -> None:
    """
    Customer and loyalty analytics from an empty machine: mock data, PySpark, PostgreSQL.

    \b
    Example:
      customer360 demo                    everything, with 100,000 mock customers
      customer360 mock --customers 1M     only the mock data
      customer360 load members.csv        your own customers instead
      customer360 run                     only the operations
      customer360 dashboard               the report in the browser
      customer360 power-bi                the Power BI project
      customer360 status                  what is where, and how fresh
      customer360 doctor                  whether this machine has what they need
    """


@cli.command()
@options(STORY, DATABASE_AND_JSON, SPARK)
def demo(where: Where, **story: Any) -> None:
    """
    Fill mock data, run the operations, build the Power BI project, open the dashboard.

    It also says how to connect. In a script the dashboard is only checked, in a terminal Ctrl-C stops it.

    \b
    Example:
      customer360 demo --customers 1M --seed 42
    """
    from customer360.commands import stages

    where.show(stages.demo(where, story))
    if where.at_terminal:
        stages.dashboard_of_demo(where)


@cli.command()
@options(
    STORY,
    (
        click.option("--replace", is_flag=True, help="Delete public.customers even when it is not mock data."),
        click.option("--report", is_flag=True, help="Measure the data against figures of the real world."),
    ),
    DATABASE_AND_JSON,
    SPARK,
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
    from customer360.commands import stages

    where.show(stages.mock(where, story, replace=replace, report=report))


@cli.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@options(LOAD, DATABASE_AND_JSON, SPARK)
def load(where: Where, **request: Any) -> None:
    """
    Fill public.customers with your own customers, from a file, a directory or another PostgreSQL.

    CSV of any delimiter and encoding, JSON, both also packed, Parquet, or Excel. The exports of common shops
    and CRMs are known; other columns are guessed by name, and customers are derived from order lines. The mapping
    is shown, and written to members.mapping.toml, where you can edit it. Rows that cannot be
    loaded go to analytics.rejected_customers, each with all its reasons. Other customers of your own are never
    deleted, unless --replace is given.

    \b
    Example:
      customer360 load members.csv --dry-run
      customer360 load members.csv
      customer360 load members.csv --mapping members.mapping.toml --max-rejected 10%
      customer360 load --transactions order_lines.csv --yes
      customer360 load --from-database postgresql://ada@db.example.com/crm --table crm.members
      customer360 run
    """
    from customer360.commands.without_pandas import arrow_without_pandas

    arrow_without_pandas()  # before the first import that makes an array
    from customer360.commands.loading import Request
    from customer360.commands.loading import load as load_customers

    where.show(load_customers(where, Request(**request)))


@cli.command()
@options(RUN, DATABASE_AND_JSON, SPARK)
def run(where: Where, table: str, as_of: date | None, **more: Any) -> None:
    """
    Read the customers with PySpark, run the operations, publish every result table.

    Nothing is published when a result breaks its contract, or when the same table lost half of its customers.

    \b
    Example:
      customer360 run
      customer360 run --table crm.members --as-of 2026-06-30
      customer360 run --source s3a://lake/customers --profiles-to s3a://lake/profiles
    """
    from customer360.commands import stages

    where.show(stages.run(where, table, as_of, **more))


@cli.command()
@options(DASHBOARD, (DATABASE,))
def dashboard(
    where: Where, port: int, host: str, token_file: Path | None, users: Path | None, **shown: Any
) -> None:
    """
    Serve the report to the browser until Ctrl-C.

    It follows the results: after each run, open pages show the new ones.

    \b
    Example:
      customer360 dashboard
      customer360 dashboard --host 0.0.0.0 --users users.txt --hide-names
    """
    from customer360.commands import stages
    from customer360.web.credentials import configured
    from customer360.web.server import Address

    stages.dashboard(where, Address(host, port), credentials=configured(token_file, users), **shown)


@cli.command("power-bi")
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
    from customer360.commands import stages

    Where(as_json=as_json).show(stages.power_bi(**project))


@cli.command()
@options(STATUS, DATABASE_AND_JSON)
def status(where: Where, max_age: timedelta | None) -> None:
    """
    Show where the database is, what is in it, and how fresh.

    \b
    Example:
      customer360 status --json
      customer360 status --max-age 26h
    """
    from customer360.commands import stages

    found = stages.status(where)
    where.show(found)
    if max_age is not None:
        found.require_fresh(max_age)


@cli.command()
@options(DATABASE_AND_JSON)
def doctor(where: Where) -> None:
    """
    Check what the commands need: an engine, PostgreSQL, rights, room, memory, ports, permissions.

    It changes and starts nothing. What is not ok comes with a line on how to mend it; the exit code is 1 when
    something failed.

    \b
    Example:
      customer360 doctor
      customer360 doctor --database postgresql://ada@db.example.com/crm --json
    """
    from customer360.commands.doctor import diagnose

    diagnosis = diagnose(where)
    where.show(diagnosis)
    sys.exit(int(diagnosis.has_failed))


@cli.command()
@click.argument("folder", default="customer360", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """
    Make a folder with the notebooks and the example file, to work in.

    Files that are there already are never written over.

    \b
    Example:
      customer360 init work
      cd work
      customer360 notebook
    """
    from customer360.commands.templates import unpack

    for path in unpack(folder):
        click.echo(printable(str(path)))
    click.echo(printable(f"open them with: cd {shlex.quote(str(folder))} && customer360 notebook"))


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
    from customer360.commands import notebook as notebooks

    notebooks.execute(name) if execute else notebooks.open_lab(name)


@cli.command()
@click.argument("name")
def password(name: str) -> None:
    """
    Ask for a password and print the user's line for `dashboard --users`.

    Only a hash of it is printed, from which nobody can tell the password.

    \b
    Example:
      customer360 password ada >> users.txt
      chmod 600 users.txt
    """
    from customer360.web.credentials import check_name, users_line

    check_name(name)
    given = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    click.echo(users_line(name, given))


cli.add_command(db)


def main() -> None:
    """Runs a command; what fails from outside ends with one line and exit code 1, a misuse of options with 2."""
    stops = Stops()
    try:
        cli.main(standalone_mode=False)
    except (KeyboardInterrupt, Exception) as error:
        # Java, told as well, may be gone first: then what is raised tells of that.
        line, code = (_STOPPED, 143) if stops.by_sigterm else _ending(error)
        if line:
            _fail(error, line, code)
        if not logs.are_json():
            raise
        _LOG.exception("a fault of customer360")
        sys.exit(1)
    finally:
        stops.end()


def _ending(error: BaseException) -> tuple[str | None, int]:
    """What to say at the end that *error* makes, and the exit code; nothing to say of a fault of our own."""
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "customer360"
        return f"{error.format_message()} (see: {command} --help)", error.exit_code
    if isinstance(error, click.ClickException):
        return error.format_message(), error.exit_code
    if isinstance(error, click.Abort) or failures.was_interrupted(error):
        return _STOPPED, 130
    known = failures.explained(error)
    return str(known) if known else None, 1


def _fail(error: BaseException, line: str, code: int) -> None:
    message = one_line(line)
    if logs.are_json():
        fields = {"message": message, "exit_code": code}
        if code == 1 and failures.has_cause(error):
            fields["traceback"] = failures.traceback_of(error)
        _LOG.error("command failed", extra={"fields": fields})
    else:
        shown = failures.traceback_of(error) if logs.are_tracebacks_shown() else ""
        click.echo(f"{shown}customer360: {message}", err=True)
    sys.exit(code)
