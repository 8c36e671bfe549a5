"""Options that commands share, and how they are read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from customer360.errors import Customer360Error
from customer360.where import Where

Command = TypeVar("Command", bound=Callable[..., Any])


class Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from customer360.mock_data.plan import parse_size

        try:
            return value if isinstance(value, int) else parse_size(value)
        except Customer360Error as error:
            self.fail(str(error), param, ctx)


class Day(click.ParamType[date]):
    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2026-06-30", param, ctx)


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


class Delimiter(click.ParamType[str]):
    name = "delimiter"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = {"tab": "\t", "\\t": "\t"}.get(str(value), str(value))
        if len(text) != 1 or text in '\r\n"' or not text.isascii():
            self.fail(f"{value!r} is no delimiter; write one character, or tab", param, ctx)
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
    click.option("--transactions", is_flag=True, help="The rows are order lines: derive the customers from them."),
    click.option("--from-database", metavar="URL", help="Read from this PostgreSQL instead of a file."),
    click.option("--table", metavar="TABLE", help="The table there."),
    click.option("--query", metavar="SQL", help="Or what this query gives there."),
    click.option("--mapping", type=FILE, metavar="FILE", help="Which column fills which. Default: a guess."),
    click.option(
        "--delimiter", metavar="CHARACTER", type=Delimiter(), help="What separates columns. Default: found."
    ),
    click.option("--encoding", metavar="NAME", help="As utf-8 or cp1252. Default: found."),
    click.option(
        "--dates", type=click.Choice(["day-first", "month-first"]), help="How to read 03/04/2024. Default: found."
    ),
    click.option("--decimal", type=click.Choice(["point", "comma"]), help="How to read 1.234. Default: found."),
    click.option("--as-of", type=Day(), metavar="DAY", help="Last day that the data knows. Default: today (UTC)."),
    click.option(
        "--max-rejected",
        default="5%",
        show_default=True,
        type=Share(),
        help="Load nothing when a larger share cannot be loaded.",
    ),
    click.option("--replace", is_flag=True, help="Delete other customers of your own."),
    click.option("--yes", is_flag=True, help="Do not ask whether the guess is right."),
    click.option("--dry-run", is_flag=True, help="Read, examine and count, and change nothing."),
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
