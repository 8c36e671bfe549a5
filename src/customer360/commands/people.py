"""`customer360 people` and `customer360 audience`: the customers behind a number, and saved selections."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from customer360.commands.context import Context
from customer360.commands.options import DATABASE, DATABASE_AND_JSON, Command, Commands, ValuedCommand, options
from customer360.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from customer360.people.access_log import Action
    from customer360.pipeline.people import Chosen, People

_SHOWN_ROWS: Final = 20
_STDOUT: Final = Path("-")

_SELECTION: Final = (
    click.option(
        "--where",
        "where",
        multiple=True,
        metavar="DIMENSION=MEMBER",
        help="Only customers with this member, written as in the report; months can be a range: "
        "join_month=2025-01..2025-06. May be given several times: members of one dimension are "
        "alternatives, and every dimension must match.",
    ),
    click.option("--measure", metavar="NAME", help="Only customers that this measure of the report counts."),
    click.option(
        "--parameter",
        "parameters",
        multiple=True,
        metavar="NAME=NUMBER",
        help="Parameter of the measure, such as balance_threshold=1000. May be given several times.",
    ),
)


def selection(command: Command) -> Command:
    """Adds the options that select customers."""
    for option in reversed(_SELECTION):
        command = option(command)
    return command


@click.command(cls=ValuedCommand)
@selection
@click.option("--audience", metavar="NAME", help="Only customers in this saved audience.")
@click.option(
    "--columns", metavar="NAME,...", help="Columns to show. Default: who the customers are, and what they hold."
)
@click.option(
    "--sort",
    default="customer_id",
    show_default=True,
    metavar="COLUMN",
    help="Column to sort by; -COLUMN sorts the highest first.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="ROWS",
    help="Maximum number of rows to show. Default: 20, or all with --json.",
)
@click.option(
    "--csv",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write all customers to FILE as CSV; - is stdout.",
)
@click.option(
    "--hashed",
    type=click.Choice(["email"]),
    help="Write the SHA-256 of the trimmed, lower-case address to the CSV, for advertising platforms.",
)
@options(DATABASE_AND_JSON)
def people(context: Context, **given: Any) -> None:
    """
    List the customers behind a number: as many rows as the report counts.

    Every list is recorded in the access log first. For spreadsheets, a CSV file starts with a UTF-8 byte order
    mark, and cells that look like formulas start with an apostrophe.

    \b
    Example:
      customer360 people --where loyalty_status=Gold --where country=Spain
      customer360 people --measure new_customers --csv new.csv
      customer360 people --where rfm_segment="At Risk" --hashed email --csv upload.csv
    """
    from customer360.pipeline.people import HASHED, open_people

    file, hashed, columns = given["file"], given["hashed"] is not None, _names(given["columns"])
    if hashed and file is None:
        raise click.UsageError("--hashed requires --csv FILE")
    if hashed and not columns:
        columns = [HASHED]
    action: Action = "list" if file is None else "export"
    chosen, database = _chosen(given), context.open_people()
    with open_people(database, chosen, columns=columns, sort=given["sort"], action=action) as found:
        if file is not None:
            _write(context, found, file, hashed=hashed)
        elif context.as_json:
            _print_json(found, given["limit"])
        else:
            context.show(PeopleOutcome(found, given["limit"] or _SHOWN_ROWS))


@dataclass(frozen=True)
class PeopleOutcome:
    """The result of `people` at a terminal: the first rows, as a table."""

    people: People
    limit: int

    def lines(self) -> Iterator[str]:
        rows = [[_text(value) for value in row] for row in self.people.rows(self.limit)]
        table = [self.people.names, *rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        left = self.people.customers - len(rows)
        more = f", {left:,} of them not shown; to write all: --csv FILE" if left else ""
        yield f"{self.people.customers:,} customers{more}"

    def as_json(self) -> Mapping[str, Any]:
        return {"customers": self.people.customers}


@dataclass(frozen=True)
class ExportOutcome:
    """The result of `people --csv FILE`."""

    file: str
    customers: int

    def lines(self) -> Iterator[str]:
        yield f"{self.customers:,} customers written to {self.file}"

    def as_json(self) -> Mapping[str, Any]:
        return {"file": self.file, "customers": self.customers}


def _write(context: Context, found: People, file: Path, *, hashed: bool) -> None:
    from customer360.people.export import MARK

    if file == _STDOUT:
        sys.stdout.buffer.writelines(found.csv(hashed=hashed))
        return
    try:
        with open(file, "xb", opener=_private) as opened:
            opened.write(b"" if hashed else MARK)
            lines = sum(_counted(opened.write, block) for block in found.csv(hashed=hashed))
    except FileExistsError:
        raise Unavailable(f"{file} already exists; remove it, or choose another name") from None
    except OSError as error:
        raise Unavailable(f"cannot write {file} ({error.strerror})") from None
    context.show(ExportOutcome(str(file), lines - 1 if hashed else found.customers))


def _private(path: str, flags: int) -> int:
    """Opens a file for its owner only: it contains personal data."""
    return os.open(path, flags, 0o600)


def _counted(write: Any, block: bytes) -> int:
    """Writes *block*; returns its number of lines: hashes contain no line breaks."""
    write(block)
    return block.count(b"\n")


def _print_json(found: People, limit: int | None) -> None:
    """Writes a JSON object, its customers one by one."""
    sys.stdout.write(f'{{"count": {found.customers}, "customers": [')
    for number, row in enumerate(found.rows(limit)):
        fields = {name: _plain(name, value) for name, value in zip(found.names, row, strict=True)}
        sys.stdout.write(f"{',' if number else ''}\n  {json.dumps(fields, default=str, ensure_ascii=False)}")
    sys.stdout.write("\n]}\n")


def _plain(name: str, value: Any) -> Any:
    """Ids as strings, which every reader of JSON keeps exactly, and amounts as numbers."""
    from decimal import Decimal

    if value is None:
        return None
    return str(value) if name.endswith("_id") else float(value) if isinstance(value, Decimal) else value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _chosen(given: Mapping[str, Any]) -> Chosen:
    from customer360.pipeline.people import Chosen

    parameters = {name: _number(name, text) for name, text in _pairs(given["parameters"], "--parameter")}
    return Chosen(_where(given["where"]), given["measure"], parameters, given.get("audience"))


def _where(texts: Sequence[str]) -> dict[str, Any]:
    where: dict[str, Any] = {}
    for name, member in _pairs(texts, "--where"):
        where.setdefault(name, []).append(member)
    return {name: members[0] if len(members) == 1 else members for name, members in where.items()}


def _pairs(texts: Iterable[str], option: str) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise click.UsageError(f"invalid {option} '{text[:60]}'; use NAME=VALUE")
        yield name, value


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Invalid(f"invalid number '{text[:60]}' for --parameter {name}") from None


def _names(text: str | None) -> list[str] | None:
    return [name.strip() for name in text.split(",")] if text else None


# --- audiences ---------------------------------------------------------------------------------------------


@click.group(cls=Commands)
def audience() -> None:
    """
    Save selections of customers as views, for email and advertising programs.

    An audience is the view audience.NAME, which the role customer360_people may read and the lists in the browser
    offer. It follows every refresh.

    \b
    Example:
      customer360 audience save win_back --where rfm_segment="At Risk" --where country=Spain
      customer360 people --audience win_back --hashed email --csv upload.csv
    """


@audience.command(name="save")
@click.argument("name")
@selection
@options((DATABASE,))
def save(context: Context, name: str, **given: Any) -> None:
    """
    Save a selection of customers as the audience NAME, in place of an audience of that name.

    \b
    Example:
      customer360 audience save gold_spain --where loyalty_status=Gold --where country=Spain
    """
    from customer360.pipeline.people import save_audience

    customers = save_audience(context.open_database(), name, _chosen(given))
    click.echo(f"audience.{name} now has {customers:,} customers")


@audience.command(name="list")
@options(DATABASE_AND_JSON)
def list_saved(context: Context) -> None:
    """
    List the audiences and their selections.

    \b
    Example:
      customer360 audience list --json
    """
    from customer360.people.audiences import saved

    with context.open_database().connect("customer360 audience") as connection:
        context.show(AudiencesOutcome({one.name: one.asked for one in saved(connection)}))


@audience.command(name="drop")
@click.argument("name")
@options((DATABASE,))
def drop(context: Context, name: str) -> None:
    """
    Drop the audience NAME; its customers are not changed.

    \b
    Example:
      customer360 audience drop win_back
    """
    from customer360.people import audiences

    with context.open_database().connect("customer360 audience") as connection:
        audiences.drop(connection, name)
    click.echo(f"audience.{name} was dropped")


@dataclass(frozen=True)
class AudiencesOutcome:
    """The audiences by name, and the selection of each."""

    audiences: Mapping[str, Mapping[str, Any]]

    def lines(self) -> Iterator[str]:
        for name, asked in self.audiences.items():
            parts = {**({"measure": asked["measure"]} if asked["measure"] else {}), **asked["where"]}
            yield f"{name}: {', '.join(f'{key}={value}' for key, value in parts.items()) or 'all customers'}"
        if not self.audiences:
            yield "no audiences yet; save one with: customer360 audience save NAME --where ..."

    def as_json(self) -> Mapping[str, Any]:
        return {"audiences": self.audiences}
