"""`customer360 load`: your own customers in public.customers, and their events in public.events."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from customer360.commands.context import Context
from customer360.commands.options import DATABASE_AND_JSON, DAY, FILE, SPARK, ValuedCommand, options
from customer360.errors import Invalid, Refused
from customer360.settings import MAX_REJECTED

if TYPE_CHECKING:
    from customer360.own_data.planning import LoadPlan
    from customer360.pipeline.own_data import Load

_SHOWN_VALUES: Final = 3
_SHOWN_UNUSED: Final = 50
_INTERNAL: Final = frozenset({"kind", "labels", "until", "is_hashed"})


class Share(click.ParamType[float]):
    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            text = str(value)
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1
        if not 0 <= share <= 1:
            self.fail(f"invalid share {value!r}; write 5% or 0.05", param, ctx)
        return share


class Delimiter(click.ParamType[str]):
    name = "delimiter"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = {"tab": "\t", "\\t": "\t"}.get(str(value), str(value))
        if len(text) != 1 or text in '\r\n"' or not text.isascii():
            self.fail(
                f"invalid delimiter {value!r}; write one character, or tab; a space matches any number of spaces",
                param,
                ctx,
            )
        return text


@click.command(cls=ValuedCommand)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--transactions/--no-transactions",
    default=None,
    help="Read the rows as order lines, which become events and, without --events, customers. Default: detected.",
)
@click.option(
    "--events",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Events to load, order lines or a ledger: those of these customers or, without any, of the customers in "
    "the database.",
)
@click.option(
    "--append", is_flag=True, help="Add the events to those in the database; only if no customers are loaded."
)
@click.option("--from-database", metavar="URL", help="PostgreSQL to read from instead of a file.")
@click.option("--table", metavar="TABLE", help="Table to read from that PostgreSQL.")
@click.option("--query", metavar="SQL", help="Query to read from that PostgreSQL, instead of a table.")
@click.option("--events-table", metavar="TABLE", help="Table of that PostgreSQL that contains the events.")
@click.option("--events-query", metavar="SQL", help="Query that returns the events, instead of a table.")
@click.option("--mapping", type=FILE, metavar="FILE", help="Mapping of the source's columns. Default: a guess.")
@click.option(
    "--events-mapping", type=FILE, metavar="FILE", help="Mapping of the columns of the events. Default: a guess."
)
@click.option(
    "--delimiter", metavar="CHARACTER", type=Delimiter(), help="Character between columns. Default: detected."
)
@click.option(
    "--encoding", metavar="NAME", help="Encoding of the text, such as utf-8 or cp1252. Default: detected."
)
@click.option(
    "--quote",
    type=click.Choice(["double", "backslash", "none"]),
    help='How CSV writes " inside a cell: double is "", backslash is \\", none is a plain character. '
    "Default: detected.",
)
@click.option(
    "--skip-lines",
    type=click.IntRange(0, 1_000_000),
    default=0,
    metavar="N",
    help="Number of lines to skip above the column names of a CSV. Default: 0.",
)
@click.option("--sheet", metavar="NAME", help="Sheet of an Excel workbook. Default: the first with a table.")
@click.option(
    "--dates",
    type=click.Choice(
        ["day-first", "month-first", "year-first", "excel-days", "epoch-seconds", "epoch-milliseconds"]
    ),
    help="Format of dates such as 03/04/2024 or 03-04-05. Default: detected.",
)
@click.option(
    "--decimal", type=click.Choice(["point", "comma"]), help="Decimal separator of numbers. Default: detected."
)
@click.option(
    "--as-of",
    type=DAY,
    metavar="DAY",
    help="Last day treated as known. Default: the last day in the data; days after today are rejected.",
)
@click.option(
    "--max-rejected",
    default=f"{MAX_REJECTED:.0%}",
    show_default=True,
    type=Share(),
    help="Load nothing if a larger share of the rows cannot be loaded.",
)
@click.option("--replace", is_flag=True, help="Replace customers and events even if they are not mock data.")
@click.option(
    "--allow-shrink", is_flag=True, help="Load even if the same file has lost more than half of its rows."
)
@click.option("--yes", is_flag=True, help="Accept a guessed mapping without asking.")
@click.option("--dry-run", is_flag=True, help="Read, check and count the rows, and change nothing.")
@options(DATABASE_AND_JSON, SPARK)
def load(context: Context, yes: bool, append: bool, **given: Any) -> None:
    """
    Load your own customers and events into public.customers and public.events.

    The source is a file, a folder or another PostgreSQL. Files are CSV with any delimiter and encoding or JSON,
    both optionally compressed, Parquet, or Excel. Exports of common shops and CRMs are recognized; other columns
    are guessed from their names. Order lines become events, and customers are derived from them. The mapping is
    shown and written to members.mapping.toml, where you can edit it. Rows that cannot be loaded go to
    analytics.rejected_rows, each with all its reasons. Existing customers and events that are not mock data are
    replaced only with --replace.

    \b
    Example:
      customer360 load members.csv --dry-run
      customer360 load members.csv
      customer360 load members.csv --mapping members.mapping.toml --max-rejected 10%
      customer360 load --transactions order_lines.csv --yes
      customer360 load members.csv --events orders.csv
      customer360 load --events orders_of_today.csv --append --yes
      customer360 load --from-database postgresql://ada@db.example.com/crm --table crm.members
      customer360 run
    """
    from customer360.commands.without_pandas import arrow_without_pandas

    arrow_without_pandas()  # before the first import that makes an array
    c = context.connect()
    given |= {"keep_mapping": True, "agree": partial(_agree, context, yes)}
    if _is_of_events_alone(given):
        context.show(LoadOutcome(c.load_events(append=append, **_of_events(given))))
    elif append:
        raise Invalid("--append only adds events of the customers in the database; omit the customers")
    else:
        context.show(LoadOutcome(c.load(**given)))


def _is_of_events_alone(given: Mapping[str, Any]) -> bool:
    """Whether no customers are named, but events are."""
    is_of_events = given["events"] or given["events_table"] or given["events_query"]
    return bool(is_of_events) and not (given["path"] or given["table"] or given["query"])


def _of_events(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the events as the only source; --mapping and --events-mapping are equivalent then."""
    own = {name: given[f"events_{name}"] for name in ("table", "query", "mapping") if given[f"events_{name}"]}
    options = {name: value for name, value in given.items() if not name.startswith("events")}
    return {**options, "path": given["events"], **own}


def _agree(context: Context, yes: bool, plan: LoadPlan) -> None:
    """Shows the plan, and asks for confirmation unless it is already given."""
    if not context.as_json:
        context.show(PlanOutcome(plan))
    plan.require_complete()
    if yes or plan.is_agreed:
        return
    if not (context.at_terminal and sys.stdin.isatty()):
        plan.require_agreed()
    if not click.confirm("Load it like this?", err=True):
        raise Refused(f"nothing was changed; edit {plan.file}, then run the same command again")


@dataclass(frozen=True)
class PlanOutcome:
    """What `load` will read, and which column fills which."""

    plan: LoadPlan

    def lines(self) -> Iterator[str]:
        raw, mapping = self.plan.raw, self.plan.mapping
        yield f"{raw.name}: {raw.rows:,} rows, {raw.description}"
        yield from (f"  {line}" for line in self.plan.said)
        yield from self._sides()
        if unused := self.plan.unused:
            more = f" and {len(unused) - _SHOWN_UNUSED:,} more" if len(unused) > _SHOWN_UNUSED else ""
            yield f"  not used: {', '.join(unused[:_SHOWN_UNUSED])}{more}"
        if mapping.status_order:
            yield f"  statuses, lowest first: {', '.join(mapping.status_order)}"
        for target in mapping.kind.words:
            if words := mapping.values.get(target):
                yield f"  {target}: {', '.join(f'{word} is {value}' for word, value in words.items())}"
        if mapping.newest_by:
            yield f"  of several rows with the same customer_id, the newest by {mapping.newest_by} is kept"
        if mapping.where:
            yield f"  rows that do not meet {mapping.where} are omitted"
        if mapping.currency:
            yield f"  amounts that are not in {mapping.currency} are rejected"
        for note in self.plan.notes:
            yield f"  note: {note.text}"
        if self.plan.file:
            yield f"  the mapping is in {self.plan.file}; edit it, then run the same command again"

    def _sides(self) -> Iterator[str]:
        sides = self.plan.sides
        width, middle = max(map(len, self.plan.mapping.kind.targets)), min(48, max(map(len, sides.values())))
        for target, side in sides.items():
            values = ", ".join(self.plan.examples(target)[:_SHOWN_VALUES])
            yield f"  {target:<{width}}  {side:<{middle}}  {values}".rstrip()

    def as_json(self) -> Mapping[str, Any]:
        plan, raw = self.plan, self.plan.raw
        return {
            "source": raw.name,
            "description": raw.description,
            "rows": raw.rows,
            "source_columns": raw.columns,
            "mapping": {name: value for name, value in vars(plan.mapping).items() if name not in _INTERNAL},
            "missing_columns": plan.mapping.missing,
            "mapping_file": plan.file,
            "rows_are": plan.mapping.kind.name,
            "order_lines": plan.mapping.kind.name == "order lines",
            "said": plan.said,
            "notes": [note.text for note in plan.notes],
            "unread": [asdict(one) for one in plan.unread],
        }


@dataclass(frozen=True)
class LoadOutcome:
    """The result of `load`: how many rows were, or would be, loaded and rejected, and why."""

    load: Load

    def lines(self) -> Iterator[str]:
        yield from self._rows()
        yield from self._columns()
        if self.load.of_events:
            yield from LoadOutcome(self.load.of_events)._rows()
            yield from LoadOutcome(self.load.of_events)._columns()
        if orphans := self.load.events_without_customer:
            yield f"{orphans:,} events in public.events belong to none of these customers; a run rejects them"
        if self._as_of:
            yield f"results will be as of {self._as_of}, the last day in the data; for another day: --as-of DAY"
        yield "nothing was changed" if self._is_dry else "make the results with: customer360 run"

    def _rows(self) -> Iterator[str]:
        from customer360.tables import REJECTED_ROWS

        tally, would = self.load.found.tally, "would be " if self._is_dry else ""
        yield self.load.headline
        if tally.cancelled_lines:
            are = (
                "1 line is a return"
                if tally.cancelled_lines == 1
                else f"{tally.cancelled_lines:,} lines are returns"
            )
            yield f"{are}, loaded as a refund" if tally.cancelled_lines == 1 else f"{are}, loaded as refunds"
        if tally.rows_left_out:
            yield f"{tally.rows_left_out:,} rows {would}omitted: {self._why_left_out()}"
        if tally.rows_identical:
            there = " or an existing event" if self.load.plan.request.append else ""
            yield f"{tally.rows_identical:,} rows repeat another row{there} and are ignored"
        if tally.rows_rejected:
            where = "" if self._is_dry else f"; see {REJECTED_ROWS.full_name}"
            yield f"{tally.rows_rejected:,} rows {would}rejected ({tally.rejected_share:.1%}){where}"
        for name, reason in tally.reasons.items():
            yield f"  {name:<28} {reason.rows:>12,}  {reason}".rstrip()
        if tally.hint:
            yield f"  {tally.hint}"

    def _why_left_out(self) -> str:
        mapping = self.load.plan.mapping
        of_mapping = "they do not meet the mapping's condition" if mapping.where else ""
        later = "they are later than --as-of" if mapping.until else ""
        return " or ".join(filter(None, (of_mapping, later)))

    def _columns(self) -> Iterator[str]:
        """How columns were read, and which were not loaded."""
        found, unread = self.load.found, {one.target: one for one in self.load.plan.unread}
        if formats := found.mapping.formats:
            yield "read as: " + ", ".join(f"{column} {style}" for column, style in formats.items())
        if unread:
            yield f"not read: {', '.join(f'{name} ({one})' for name, one in unread.items())}"
        for name, reason in found.given_up.items():
            yield f"not loaded: {name}, because {reason.rows:,} of its cells cannot be read, {reason}"
        if found.from_events:
            yield f"from the events: {', '.join(found.from_events)}"
        if absent := [name for name in self.load.missing_columns if name not in {*unread, *found.given_up}]:
            yield f"not in your data: {', '.join(absent)}"

    @property
    def _is_dry(self) -> bool:
        return self.load.plan.request.dry_run

    @property
    def _as_of(self) -> date | None:
        """The last day in the data, if no as-of date was given."""
        if self.load.plan.request.as_of:
            return None
        days = [one.found.last_day for one in (self.load, self.load.of_events) if one]
        return max((day for day in days if day), default=None)

    def as_json(self) -> Mapping[str, Any]:
        found, of_events = self.load.found, self.load.of_events
        return {
            "plan": PlanOutcome(self.load.plan).as_json(),
            **asdict(found.tally),
            "formats": found.mapping.formats,
            "given_up": {name: asdict(reason) for name, reason in found.given_up.items()},
            "from_events": list(found.from_events),
            "missing_columns": self.load.missing_columns,
            "as_of": self._as_of,
            "dry_run": self._is_dry,
            "of_events": LoadOutcome(of_events).as_json() if of_events else None,
            "events_without_customer": self.load.events_without_customer,
        }
