"""Options that commands share, and how they are read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from customer360.commands.context import Where
from customer360.errors import Invalid, nearest
from customer360.report.durations import parse_duration
from customer360.settings import MAX_REJECTED

_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(2199, 12, 31)
"""Beyond these, adding days and months to the as-of date would leave the calendar."""

Command = TypeVar("Command", bound=Callable[..., Any])


class ValuedCommand(click.Command):
    """A command that takes no empty value: that is what a shell makes of a variable that is not set."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with_value = {name for param in self.params if _takes_value(param) for name in param.opts}
        for before, word in zip(["", *args], args, strict=False):
            name, _, value = word.partition("=") if word.startswith("--") else (before, "", word)
            if not value.strip() and name in with_value and (value or word != name):
                raise click.UsageError(f"the value of {name} is empty", ctx)
            if not word.strip() and not ctx.ignore_unknown_options:  # else it is another program's
                raise click.UsageError("an argument is empty", ctx)
        return super().parse_args(ctx, args)


def _takes_value(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and not param.is_flag


class Commands(click.Group):
    """A group whose commands stand in the order they are written, and which names the nearest to a wrong one."""

    command_class = ValuedCommand

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(f"there is no command '{args[0]}'.{nearest(args[0], self.commands)}", ctx)
        return super().resolve_command(ctx, args)


class Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from customer360.mock_data.plan import parse_size

        try:
            return value if isinstance(value, int) else parse_size(value)
        except Invalid as error:
            self.fail(str(error), param, ctx)


class Day(click.ParamType[date]):
    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            day = value if isinstance(value, date) else datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2026-06-30", param, ctx)
        if not _FIRST_DAY <= day <= _LAST_DAY:
            self.fail(f"'{day}' is out of range; write a day from {_FIRST_DAY} to {_LAST_DAY}", param, ctx)
        return day


class Share(click.ParamType[float]):
    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            text = str(value)
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1
        if not 0 <= share <= 1:
            self.fail(f"{value!r} is no share; write it as 5% or 0.05", param, ctx)
        return share


class Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        try:
            return value if isinstance(value, timedelta) else parse_duration(value)
        except Invalid as error:
            self.fail(str(error), param, ctx)


class Delimiter(click.ParamType[str]):
    name = "delimiter"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = {"tab": "\t", "\\t": "\t"}.get(str(value), str(value))
        if len(text) != 1 or text in '\r\n"' or not text.isascii():
            self.fail(
                f"{value!r} is no delimiter; write one character, or tab; a blank stands for any number of blanks",
                param,
                ctx,
            )
        return text


DATABASE: Final = click.option(
    "--database",
    metavar="URL",
    help="PostgreSQL 14 or newer. Default: CUSTOMER360_DATABASE_URL, else the embedded one.",
)
DATABASE_AND_JSON: Final = (
    DATABASE,
    click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON, and no progress."),
)
FILE: Final = click.Path(dir_okay=False, path_type=Path)
SPARK: Final = (
    click.option(
        "--master",
        metavar="URL",
        help="A master of Apache Spark, such as local[*]. Default: the embedded engine, without Java.",
    ),
    click.option(
        "--remote",
        metavar="URL",
        envvar="SPARK_REMOTE",
        help="A Spark Connect server, sc://HOST:PORT. Default: SPARK_REMOTE; --master goes before it.",
    ),
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

LOAD: Final = (
    click.option(
        "--transactions/--no-transactions",
        default=None,
        help="The rows are order lines: derive the customers from them. Default: found.",
    ),
    click.option("--from-database", metavar="URL", help="Read from this PostgreSQL instead of a file."),
    click.option("--table", metavar="TABLE", help="The table there."),
    click.option("--query", metavar="SQL", help="Or what this query gives there."),
    click.option("--mapping", type=FILE, metavar="FILE", help="Which column fills which. Default: a guess."),
    click.option(
        "--delimiter", metavar="CHARACTER", type=Delimiter(), help="What separates columns. Default: found."
    ),
    click.option("--encoding", metavar="NAME", help="As utf-8 or cp1252. Default: found."),
    click.option(
        "--quote",
        type=click.Choice(["double", "backslash", "none"]),
        help='How CSV writes " inside a cell: "" or \\"; none if it is a plain character. Default: found.',
    ),
    click.option(
        "--skip-lines",
        type=click.IntRange(0, 1_000_000),
        default=0,
        metavar="N",
        help="Lines of CSV above the column names to skip. Default: 0.",
    ),
    click.option(
        "--sheet", metavar="NAME", help="The sheet of an Excel workbook. Default: the first with a table."
    ),
    click.option(
        "--dates",
        type=click.Choice(
            ["day-first", "month-first", "year-first", "excel-days", "epoch-seconds", "epoch-milliseconds"]
        ),
        help="How to read 03/04/2024 and 03-04-05. Default: found.",
    ),
    click.option("--decimal", type=click.Choice(["point", "comma"]), help="How to read 1.234. Default: found."),
    click.option(
        "--as-of",
        type=Day(),
        metavar="DAY",
        help="Last day treated as known. Default: the last day in the data; what lies after today is rejected.",
    ),
    click.option(
        "--max-rejected",
        default=f"{MAX_REJECTED:.0%}",
        show_default=True,
        type=Share(),
        help="Load nothing when a larger share cannot be loaded.",
    ),
    click.option("--replace", is_flag=True, help="Delete other customers of your own."),
    click.option(
        "--allow-shrink", is_flag=True, help="Load also when half of the same file's customers are gone."
    ),
    click.option("--yes", is_flag=True, help="Do not ask whether the guess is right."),
    click.option("--dry-run", is_flag=True, help="Read, examine and count, and change nothing."),
)

RUN: Final = (
    click.option("--table", default="public.customers", show_default=True, help="Any table with these columns."),
    click.option(
        "--source",
        metavar="PLACE",
        help="Read from a lake instead: PATH of Parquet files, delta:PATH, iceberg:PATH, or CATALOG.SCHEMA.TABLE.",
    ),
    click.option(
        "--profiles-to",
        metavar="PLACE",
        help="Write customer_profiles to PATH/refresh=N (Parquet) or delta:PATH, and leave its table empty.",
    ),
    click.option(
        "--as-of",
        type=Day(),
        metavar="DAY",
        help="Last day treated as known. Default: that of `mock` or `load`, else the last day in the data.",
    ),
    click.option(
        "--allow-shrink", is_flag=True, help="Publish also when the same table lost half of its customers."
    ),
)
DASHBOARD: Final = (
    click.option(
        "--port",
        default=8360,
        show_default=True,
        type=click.IntRange(0, 65_535),
        help="0 takes any that is free.",
    ),
    click.option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        help="Address to listen on; any but this machine's own needs credentials, which travel unencrypted.",
    ),
    click.option(
        "--token-file", metavar="FILE", type=FILE, help="Ask for the secret in FILE, 16 characters or more."
    ),
    click.option("--users", metavar="FILE", type=FILE, help="Ask for a user and the password; see: password."),
    click.option(
        "--hide-names", is_flag=True, help="Call customers by customer_id alone, not by name or your own id."
    ),
    click.option(
        "--open/--no-open", "open_browser", default=None, help="Open the browser. Default: on a desktop."
    ),
)
STATUS: Final = (
    click.option(
        "--max-age",
        type=Duration(),
        metavar="DURATION",
        help="End with exit code 1 when the results are missing or older: 90s, 15m, 26h, 2d.",
    ),
)


def options(*groups: tuple[Callable[[Any], Any], ...]) -> Callable[[Command], Command]:
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
