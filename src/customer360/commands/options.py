"""Options that commands share, and how they are parsed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from customer360.commands.context import Context
from customer360.errors import Invalid, nearest
from customer360.report.durations import parse_day

Command = TypeVar("Command", bound=Callable[..., Any])
Value = TypeVar("Value")


class ValuedCommand(click.Command):
    """A command that rejects empty values: a shell turns an unset variable into one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with_value = {name for param in self.params if _takes_value(param) for name in param.opts}
        for before, word in zip(["", *args], args, strict=False):
            name, _, value = word.partition("=") if word.startswith("--") else (before, "", word)
            if not value.strip() and name in with_value and (value or word != name):
                raise click.UsageError(f"the value of {name} is empty", ctx)
            if not word.strip() and not ctx.ignore_unknown_options:  # else it is for another program
                raise click.UsageError("an argument is empty", ctx)
        return super().parse_args(ctx, args)


def _takes_value(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and not param.is_flag


class Commands(click.Group):
    """A group that lists its commands in the order of their definition and suggests the nearest name."""

    command_class = ValuedCommand

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(f"unknown command '{args[0]}'.{nearest(args[0], self.commands)}", ctx)
        return super().resolve_command(ctx, args)


class Parsed(click.ParamType[Value]):
    """A type of option that *parse* reads; what it raises becomes a usage error."""

    def __init__(self, name: str, parse: Callable[[str], Value]) -> None:
        self.name, self._parse = name, parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Value:
        try:
            return self._parse(value)
        except Invalid as error:
            self.fail(str(error), param, ctx)


DAY: Final = Parsed("day", parse_day)
DATABASE: Final = click.option(
    "--database",
    metavar="URL",
    help="PostgreSQL to use, 14 or newer. Default: CUSTOMER360_DATABASE_URL, else the embedded one.",
)
DATABASE_AND_JSON: Final = (
    DATABASE,
    click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, without progress."),
)
FILE: Final = click.Path(dir_okay=False, path_type=Path)
SPARK: Final = (
    click.option(
        "--master",
        metavar="URL",
        help="Apache Spark master to run on, such as local[*]. Default: the embedded engine, which needs no Java.",
    ),
    click.option(
        "--remote",
        metavar="URL",
        envvar="SPARK_REMOTE",
        help="Spark Connect server to run on, sc://HOST:PORT; --master takes precedence. Default: SPARK_REMOTE.",
    ),
    click.option(
        "--wait",
        "run_seconds",
        default=600.0,
        show_default=True,
        type=click.FloatRange(0, 86_400),
        metavar="SECONDS",
        help="Maximum time to wait for another run to end.",
    ),
    click.option(
        "--swap-wait",
        "swap_seconds",
        default=60.0,
        show_default=True,
        type=click.FloatRange(0, 86_400),
        metavar="SECONDS",
        help="Maximum time to wait for open transactions of readers before publishing the new data.",
    ),
)


def options(*groups: tuple[Callable[[Any], Any], ...]) -> Callable[[Command], Command]:
    """Adds groups of options; the command gets those of database, JSON and Spark as one *context*."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def gathered(**given: Any) -> Any:
            shared = {name: given.pop(name) for name in list(given) if name in Context.__dataclass_fields__}
            return command(context=Context(**shared), **given)

        for option in reversed([option for group in groups for option in group]):
            gathered = option(gathered)
        return gathered  # type: ignore[return-value]

    return decorate
