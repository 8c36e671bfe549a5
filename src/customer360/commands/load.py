"""`customer360 load`: a person's own customers in public.customers, and their events in public.events."""

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
            self.fail(f"{value!r} is no share; write it as 5% or 0.05", param, ctx)
        return share


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


@click.command(cls=ValuedCommand)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--transactions/--no-transactions",
    default=None,
    help="The rows are order lines, which become events; without --events the customers too. Default: found.",
)
@click.option(
    "--events",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The events of these customers; alone, of the customers in the database: order lines, or a ledger.",
)
@click.option("--append", is_flag=True, help="Add the events to those in the database. Only with --events alone.")
@click.option("--from-database", metavar="URL", help="Read from this PostgreSQL instead of a file.")
@click.option("--table", metavar="TABLE", help="The table there.")
@click.option("--query", metavar="SQL", help="Or what this query gives there.")
@click.option("--events-table", metavar="TABLE", help="Or the table of that PostgreSQL that holds the events.")
@click.option("--events-query", metavar="SQL", help="Or what this query gives there.")
@click.option("--mapping", type=FILE, metavar="FILE", help="Which column fills which. Default: a guess.")
@click.option("--events-mapping", type=FILE, metavar="FILE", help="The same for the events.")
@click.option("--delimiter", metavar="CHARACTER", type=Delimiter(), help="What separates columns. Default: found.")
@click.option("--encoding", metavar="NAME", help="As utf-8 or cp1252. Default: found.")
@click.option(
    "--quote",
    type=click.Choice(["double", "backslash", "none"]),
    help='How CSV writes " inside a cell: "" or \\"; none if it is a plain character. Default: found.',
)
@click.option(
    "--skip-lines",
    type=click.IntRange(0, 1_000_000),
    default=0,
    metavar="N",
    help="Lines of CSV above the column names to skip. Default: 0.",
)
@click.option("--sheet", metavar="NAME", help="The sheet of an Excel workbook. Default: the first with a table.")
@click.option(
    "--dates",
    type=click.Choice(
        ["day-first", "month-first", "year-first", "excel-days", "epoch-seconds", "epoch-milliseconds"]
    ),
    help="How to read 03/04/2024 and 03-04-05. Default: found.",
)
@click.option("--decimal", type=click.Choice(["point", "comma"]), help="How to read 1.234. Default: found.")
@click.option(
    "--as-of",
    type=DAY,
    metavar="DAY",
    help="Last day treated as known. Default: the last day in the data; what lies after today is rejected.",
)
@click.option(
    "--max-rejected",
    default=f"{MAX_REJECTED:.0%}",
    show_default=True,
    type=Share(),
    help="Load nothing when a larger share cannot be loaded.",
)
@click.option("--replace", is_flag=True, help="Delete other customers and events of your own.")
@click.option("--allow-shrink", is_flag=True, help="Load also when half of the same file's customers are gone.")
@click.option("--yes", is_flag=True, help="Do not ask whether the guess is right.")
@click.option("--dry-run", is_flag=True, help="Read, examine and count, and change nothing.")
@options(DATABASE_AND_JSON, SPARK)
def load(context: Context, yes: bool, append: bool, **given: Any) -> None:
    """
    Fill public.customers and public.events with your own customers and events.

    From a file, a directory or another PostgreSQL: CSV of any delimiter and encoding, JSON, both also packed,
    Parquet, or Excel. The exports of common shops and CRMs are known; other columns are guessed by name. Order
    lines become events and the customers derived from them. The mapping is shown, and written to
    members.mapping.toml, where you can edit it. Rows that cannot be loaded go to analytics.rejected_rows, each
    with all its reasons. Other customers and events of your own are never deleted, unless --replace is given.

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
        raise Invalid("--append adds events to those of the customers in the database; leave out the customers")
    else:
        context.show(LoadOutcome(c.load(**given)))


def _is_of_events_alone(given: Mapping[str, Any]) -> bool:
    """Whether no customers are named, but events are."""
    is_of_events = given["events"] or given["events_table"] or given["events_query"]
    return bool(is_of_events) and not (given["path"] or given["table"] or given["query"])


def _of_events(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the only source; --mapping and --events-mapping say the same then."""
    own = {name: given[f"events_{name}"] for name in ("table", "query", "mapping") if given[f"events_{name}"]}
    options = {name: value for name, value in given.items() if not name.startswith("events")}
    return {**options, "path": given["events"], **own}


def _agree(context: Context, yes: bool, plan: LoadPlan) -> None:
    """Shows the plan, and asks where nobody has agreed to it yet."""
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
    """What `load` is going to read, and which column fills which."""

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
            yield f"  of several rows with one customer_id the newest by {mapping.newest_by} is kept"
        if mapping.where:
            yield f"  left out are rows that do not meet {mapping.where}"
        if mapping.currency:
            yield f"  rejected are amounts that are not in {mapping.currency}"
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
    """The end of `load`: how many rows were loaded and rejected, and why; or would be."""

    load: Load

    def lines(self) -> Iterator[str]:
        yield from self._rows()
        yield from self._columns()
        if self.load.of_events:
            yield from LoadOutcome(self.load.of_events)._rows()
            yield from LoadOutcome(self.load.of_events)._columns()
        if orphans := self.load.events_without_customer:
            yield f"{orphans:,} events in public.events are not those of these customers; a run rejects them"
        if self._as_of:
            yield f"results will be as of {self._as_of}, the last day in the data; for another: --as-of DAY"
        yield "nothing was changed" if self._is_dry else "make the results with: customer360 run"

    def _rows(self) -> Iterator[str]:
        from customer360.tables import REJECTED_ROWS

        tally, would = self.load.found.tally, "would be " if self._is_dry else ""
        yield self.load.headline
        if tally.cancelled_lines:
            take = "1 line takes" if tally.cancelled_lines == 1 else f"{tally.cancelled_lines:,} lines take"
            yield f"{take} something back: refunds"
        if tally.rows_left_out:
            yield f"{tally.rows_left_out:,} rows {would}left out: {self._why_left_out()}"
        if tally.rows_identical:
            there = " or as an event that is there" if self.load.plan.request.append else ""
            yield f"{tally.rows_identical:,} rows say the same as another row{there}, which stands for them"
        if tally.rows_rejected:
            where = "" if self._is_dry else f"; why: {REJECTED_ROWS.full_name}"
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
        """How columns were read, and which were not."""
        found, unread = self.load.found, {one.target: one for one in self.load.plan.unread}
        if formats := found.mapping.formats:
            yield "read as: " + ", ".join(f"{column} {style}" for column, style in formats.items())
        if unread:
            yield f"not read: {', '.join(f'{name} ({one})' for name, one in unread.items())}"
        for name, reason in found.given_up.items():
            yield f"not loaded: {name}, since {reason.rows:,} of its cells cannot be read, {reason}"
        if found.from_events:
            yield f"from the events: {', '.join(found.from_events)}"
        if absent := [name for name in self.load.missing_columns if name not in {*unread, *found.given_up}]:
            yield f"not in your data: {', '.join(absent)}"

    @property
    def _is_dry(self) -> bool:
        return self.load.plan.request.dry_run

    @property
    def _as_of(self) -> date | None:
        """The last day in the data, where nobody gave an as-of date."""
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
