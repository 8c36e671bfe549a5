"""The commands, in the order of the data flow, and how they end. A command imports what it needs when it runs."""

from __future__ import annotations

import logging
import sys
from typing import Final

import click

from customer360 import __version__
from customer360.commands import logs
from customer360.commands.about import about
from customer360.commands.dashboard import dashboard
from customer360.commands.db import db
from customer360.commands.demo import demo
from customer360.commands.doctor import doctor
from customer360.commands.forget import forget
from customer360.commands.init import init
from customer360.commands.load import load
from customer360.commands.mock import mock
from customer360.commands.notebook import notebook
from customer360.commands.options import Commands
from customer360.commands.password import password
from customer360.commands.people import audience, people
from customer360.commands.power_bi import power_bi
from customer360.commands.run import run
from customer360.commands.status import status
from customer360.commands.stops import Stops
from customer360.errors import failures, one_line
from customer360.settings import LOG_FORMAT, SETTINGS, TRACEBACK

_LOG: Final = logging.getLogger(__name__)
_STOPPED: Final = "stopped; nothing was changed by unfinished work"


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
    help="Format of progress and errors on stderr; json writes one object per line.",
)
@click.option(
    "--traceback",
    is_flag=True,
    envvar=TRACEBACK,
    is_eager=True,
    expose_value=False,
    callback=_tracebacks,
    help="Print the traceback above the line of an error, to find its cause.",
)
@click.version_option(__version__, prog_name="customer360")
def cli() -> None:
    """
    Customer and loyalty analytics with PySpark, PostgreSQL and Power BI, from an empty machine.

    \b
    Example:
      customer360 demo                    everything, with 100,000 mock customers
      customer360 mock --customers 1M     only the mock data
      customer360 load members.csv        your own customers instead
      customer360 run                     only the operations
      customer360 dashboard               the report in the browser
      customer360 power-bi                the Power BI project
      customer360 people                  the customers behind a number
      customer360 status                  what the database contains, and how fresh it is
      customer360 doctor                  whether this machine has what the commands need
    """


for _command in (
    demo, mock, load, run, dashboard, power_bi, people, audience, about, forget, status, doctor, init, notebook,
    password, db,
):  # fmt: skip
    cli.add_command(_command)


def main() -> None:
    """Runs a command. An outside failure ends it with one line and exit code 1, a misused option with code 2."""
    stops = Stops()
    try:
        cli.main(standalone_mode=False)
    except (KeyboardInterrupt, Exception) as error:
        # Java gets the signal too and may end first: then the error is about Java.
        line, code = (_STOPPED, 143) if stops.by_sigterm else _ending(error)
        if line:
            _fail(error, line, code)
        if not logs.are_json():
            raise
        _LOG.exception("internal error of customer360")
        sys.exit(1)
    finally:
        stops.end()


def _ending(error: BaseException) -> tuple[str | None, int]:
    """The last line and the exit code for *error*; no line for a bug of ours."""
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
