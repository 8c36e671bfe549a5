"""What `load` does and says: the source, the mapping and a person's consent, then the rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any, Final

import click
from psycopg import sql

from customer360.commands.context import Where
from customer360.errors import Invalid, Refused, Unavailable, printable
from customer360.own_data import dates, numbers
from customer360.own_data.checks import day_after
from customer360.own_data.evaluate import evaluated
from customer360.own_data.formats import OPTIONS
from customer360.own_data.hints import Unread, counted, unread
from customer360.own_data.load import Loadable, loadable
from customer360.own_data.mapped import column_of, sides, trees, with_source_id
from customer360.own_data.mapping import AIDS, CustomerMapping, mapping_path, read_mapping, written
from customer360.own_data.notes import Note, notes, used_columns
from customer360.own_data.orders import inherited
from customer360.own_data.propose import in_words, proposals, proposed
from customer360.own_data.sources import Reading, Source, batch_source, file_source
from customer360.own_data.tally import Reason, Tally
from customer360.pipeline.load import load_customers
from customer360.postgres import types
from customer360.postgres.connection import Database
from customer360.postgres.ddl import named
from customer360.postgres.origin import guard_own_data
from customer360.postgres.preflight import require_replaceable
from customer360.postgres.read import read_batches
from customer360.settings import MAX_REJECTED
from customer360.tables import CUSTOMERS, REJECTED_CUSTOMERS

_SHOWN_VALUES: Final = 3
_INTERNAL: Final = frozenset({"transactions", "labels", "until", "is_hashed"})
_SHOWN_UNUSED: Final = 50
_DAY_ORDERS: Final = {option: style for style, option in OPTIONS.items() if style in dates.STYLES}
_DECIMALS: Final = {option: style for style, option in OPTIONS.items() if style in numbers.STYLES}


@dataclass(frozen=True)
class Request:
    """What a person asks of `load`."""

    path: Path | None = None
    from_database: str | None = field(default=None, repr=False)
    table: str | None = None
    query: str | None = None
    transactions: bool | None = None
    mapping: Path | None = None
    delimiter: str | None = None
    encoding: str | None = None
    quote: str | None = None
    sheet: str | None = None
    skip_lines: int = 0
    dates: str | None = None
    decimal: str | None = None
    as_of: date | None = None
    max_rejected: float = MAX_REJECTED
    replace: bool = False
    allow_shrink: bool = False
    yes: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Planned:
    """What is going to be read, and which column fills which."""

    source: Source
    mapping: CustomerMapping
    sample: Mapping[str, list[str]]
    file: Path | None
    """Where the mapping is kept."""
    said: tuple[str, ...] = ()
    """Where the mapping comes from, and how it counts."""
    unread: Sequence[Unread] = ()
    """What is called like a column of the customers, and cannot be read."""

    @property
    def notes(self) -> list[Note]:
        latest = day_after(datetime.now(timezone.utc).date())
        dated = [Note(text) for text in counted(self.mapping, self.source.columns, self.sample, latest)]
        unread = [Note(one.note) for one in self.unread]
        return [*notes(self.mapping, self.source.columns, self.sample), *dated, *unread]

    def lines(self) -> Iterator[str]:
        yield f"{self.source.name}: {self.source.rows:,} rows, {self.source.description}"
        yield from (f"  {line}" for line in self.said)
        width = max(map(len, self.mapping.targets))
        shown = [target for target in self.mapping.targets if target in self._filled or target not in AIDS]
        sides = {target: self._side(target) for target in shown}
        middle = min(48, max(map(len, sides.values())))
        for target, side in sides.items():
            yield f"  {target:<{width}}  {side:<{middle}}  {self._values(target)}".rstrip()
        used = set(used_columns(self.mapping, self.source.columns))
        if unused := [name for name in self.source.columns if name not in used]:
            more = f" and {len(unused) - _SHOWN_UNUSED:,} more" if len(unused) > _SHOWN_UNUSED else ""
            yield f"  not used: {', '.join(unused[:_SHOWN_UNUSED])}{more}"
        if self.mapping.status_order:
            yield f"  statuses, lowest first: {', '.join(self.mapping.status_order)}"
        if self.mapping.newest_by:
            yield f"  of several rows with one customer_id the newest by {self.mapping.newest_by} is kept"
        if self.mapping.where:
            yield f"  left out are rows that do not meet {self.mapping.where}"
        if self.mapping.currency:
            yield f"  rejected are amounts that are not in {self.mapping.currency}"
        for note in self.notes:
            yield f"  note: {note.text}"
        if self.file:
            yield f"  the mapping is in {self.file}; edit it, then run the same command again"

    @property
    def _filled(self) -> set[str]:
        return {*self.mapping.columns, *self.mapping.constants}

    def _side(self, target: str) -> str:
        if target == "is_active" and target in self.mapping.present and target not in self._filled:
            return "by left_date"
        constant = self.mapping.constants.get(target)
        return f"'{constant}'" if constant is not None else self.mapping.columns.get(target, "-")

    def _values(self, target: str) -> str:
        column = column_of(sides(self.mapping).get(target, ""), self.source.columns)
        values = self.sample[column] if column else []
        return ", ".join(list(dict.fromkeys(" ".join(value.split())[:24] for value in values))[:_SHOWN_VALUES])

    def facts(self) -> Mapping[str, Any]:
        mapping = {name: value for name, value in asdict(self.mapping).items() if name not in _INTERNAL}
        return {
            "source": self.source.name,
            "description": self.source.description,
            "rows": self.source.rows,
            "source_columns": self.source.columns,
            "mapping": mapping,
            "missing_columns": self.mapping.missing,
            "mapping_file": self.file,
            "order_lines": self.mapping.transactions,
            "said": self.said,
            "notes": [note.text for note in self.notes],
            "unread": [asdict(one) for one in self.unread],
        }


@dataclass(frozen=True)
class Loaded:
    """The end of `load`: how many rows were loaded and rejected, and why; or would be."""

    planned: Planned
    tally: Tally
    formats: Mapping[str, str]
    missing: tuple[str, ...]
    as_of: date | None
    """The last day in the data, where nobody gave an as-of date."""
    is_dry: bool = False
    given_up: Mapping[str, Reason] = field(default_factory=dict)
    """The columns that the customers were loaded without, because too many of their cells cannot be read."""

    def lines(self) -> Iterator[str]:
        tally = self.tally
        would = "would be " if self.is_dry else ""
        yield (
            f"{tally.customers:,} customers {would}loaded into {CUSTOMERS.full_name} "
            f"from {tally.rows_in:,} rows of {self.planned.source.name}"
        )
        if tally.cancelled_lines:
            yield f"{tally.cancelled_lines:,} lines are cancellations; their amounts are taken off"
        if tally.rows_left_out:
            yield f"{tally.rows_left_out:,} rows {would}left out: {self._why_left_out()}"
        if tally.rows_identical:
            yield f"{tally.rows_identical:,} rows say the same as another row, which stands for them"
        if tally.rows_rejected:
            where = "" if self.is_dry else f"; why: {REJECTED_CUSTOMERS.full_name}"
            yield f"{tally.rows_rejected:,} rows {would}rejected ({tally.rejected_share:.1%}){where}"
        for name, reason in tally.reasons.items():
            yield f"  {name:<28} {reason.rows:>12,}  {reason}".rstrip()
        if tally.hint:
            yield f"  {tally.hint}"
        if self.formats:
            yield "read as: " + ", ".join(f"{column} {style}" for column, style in self.formats.items())
        unread = {one.target: one for one in self.planned.unread}
        if unread:
            yield f"not read: {', '.join(f'{name} ({one})' for name, one in unread.items())}"
        for name, reason in self.given_up.items():
            yield f"not loaded: {name}, since {reason.rows:,} of its cells cannot be read, {reason}"
        if absent := [name for name in self.missing if name not in {*unread, *self.given_up}]:
            yield f"not in your data: {', '.join(absent)}"
        if self.as_of:
            yield f"results will be as of {self.as_of}, the last day in the data; for another: --as-of DAY"
        yield "nothing was changed" if self.is_dry else "make the results with: customer360 run"

    def _why_left_out(self) -> str:
        of_mapping = "they do not meet the mapping's condition" if self.planned.mapping.where else ""
        later = "they are later than --as-of" if self.planned.mapping.until else ""
        orders = f"everything of their {self.tally.returned_orders:,} orders was paid back"
        return " or ".join(filter(None, (of_mapping, later, orders if self.tally.returned_orders else "")))

    def facts(self) -> Mapping[str, Any]:
        given_up = {name: asdict(reason) for name, reason in self.given_up.items()}
        return {
            "plan": self.planned.facts(), **asdict(self.tally), "formats": self.formats, "given_up": given_up,
            "missing_columns": self.missing, "as_of": self.as_of, "dry_run": self.is_dry,
        }  # fmt: skip


def load(where: Where, request: Request) -> Loaded:
    """Reads the source, agrees on the mapping, and loads what can be loaded."""
    database = None if request.dry_run else where.open_database()
    if database:
        _require_replaceable(database, request)
    with ExitStack() as stack:
        with where.watch("Reading the source"):
            source = stack.enter_context(_source(request))
        planned = plan(source, request)
        _agree(where, planned, request)
        found = _examined(where, planned, request)
        if database:
            load_customers(
                database, found, _facts(planned, request), max_rejected=request.max_rejected,
                replace=request.replace, allow_shrink=request.allow_shrink,
                waiting=where.waiting, watch=where.watch,
            )  # fmt: skip
    as_of = None if request.as_of else found.last_day
    return Loaded(
        planned, found.tally, found.mapping.formats, _missing(found), as_of, request.dry_run, found.given_up
    )


def _require_replaceable(database: Database, request: Request) -> None:
    """Before minutes are spent on reading the source; the loading itself asks again."""
    with database.connect() as connection:
        require_replaceable(connection, [CUSTOMERS, REJECTED_CUSTOMERS], foreign=[CUSTOMERS])
        if not request.replace:
            guard_own_data(connection)


def _examined(where: Where, planned: Planned, request: Request) -> Loadable:
    """The rows as they would be loaded."""
    source, mapping = inherited(planned.source, planned.mapping), planned.mapping
    as_of = request.as_of or datetime.now(timezone.utc).date()
    if trees(mapping, source.columns):
        with where.watch("Evaluating expressions", total=source.rows):
            source, mapping = evaluated(source, mapping, as_of=as_of)
    with where.watch("Examining the rows", total=source.rows):
        found = loadable(source, mapping, as_of=as_of)
    if not (given_up := found.tally.dispensable(request.max_rejected)):
        return found
    with where.watch(f"Examining them without {', '.join(given_up)}", total=source.rows):
        return replace(loadable(source, mapping.without(given_up), as_of=as_of), given_up=given_up)


def _missing(found: Loadable) -> tuple[str, ...]:
    return tuple(found.facts()["missing_columns"])


def _facts(planned: Planned, request: Request) -> dict[str, Any]:
    given = {"as_of": request.as_of} if request.as_of else {}
    return {"source": planned.source.name, "description": planned.source.description, **given}


def _source(request: Request) -> AbstractContextManager[Source]:
    if request.from_database:
        return _database_source(request.from_database, request.table, request.query)
    if request.path is None:
        raise Invalid("name the file that holds your customers, or a database with --from-database")
    reading = Reading(request.delimiter, request.encoding, request.quote, request.sheet, request.skip_lines)
    return file_source(request.path, reading)


def _database_source(url: str, table: str | None, query: str | None) -> AbstractContextManager[Source]:
    if bool(table) == bool(query):
        raise Invalid("--from-database takes what to read with either --table or --query")
    database = Database(url)
    # A person's own SQL, run as themselves.
    relation = named(table) if table else sql.SQL("({}) AS query").format(sql.SQL((query or "").rstrip("; \n")))
    with database.connect() as connection, connection.transaction():
        connection.execute("SET TRANSACTION READ ONLY")
        fields = types.fields(connection, relation)
    return batch_source(table or "query", f"in {database.where}", read_batches(database, relation, fields))


def plan(source: Source, request: Request) -> Planned:
    """The mapping that was given or edited before, else a guess, which is written down; but not in a dry run."""
    sample = source.sample()
    file = request.mapping or mapping_path(source.name)
    said: tuple[str, ...] = ()
    if request.mapping or file.exists():
        mapping = with_source_id(read_mapping(file, transactions=request.transactions), source.columns)
    else:
        proposal = proposed(source, sample, transactions=request.transactions)
        mapping, said = with_source_id(proposal.mapping, source.columns), proposal.said
        if not request.dry_run or mapping.lacking:
            wheres = [note.where for note in notes(mapping, source.columns, sample) if note.where]
            missing = proposals(mapping, source.columns, sample) if mapping.lacking else {}
            _write(file, written(mapping, source.name, source.columns, wheres, missing))
    styles = (_DAY_ORDERS.get(request.dates or ""), _DECIMALS.get(request.decimal or ""))
    kept = file if file.exists() else None
    mapping = replace(mapping, until=request.as_of if mapping.transactions else None)
    return Planned(source, mapping.with_styles(*styles), sample, kept, said=said, unread=unread(mapping, source))


def _require(planned: Planned) -> None:
    """Raises: Customer360Error for what is missing in the mapping, with what may be meant."""
    try:
        planned.mapping.require()
    except Invalid as error:
        found = proposals(planned.mapping, planned.source.columns, planned.sample)
        where = f" in {planned.file}" if planned.file else ""
        raise Invalid(f"{error}{where}{in_words(found)}") from None


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unavailable(
            f"cannot write the mapping {file} ({error.strerror}); go to a folder of yours, or give --mapping FILE"
        ) from None


def _agree(where: Where, planned: Planned, request: Request) -> None:
    """Shows the mapping, and asks where nobody has agreed to it yet."""
    if not where.as_json:
        sys.stdout.writelines(f"{printable(line)}\n" for line in planned.lines())
        sys.stdout.flush()
    _require(planned)
    if request.yes or request.dry_run or request.mapping:
        return
    if not (where.at_terminal and sys.stdin.isatty()):
        raise Refused(
            f"nobody is there to agree to the mapping; read it in {planned.file}, "
            f"then add --mapping {planned.file}, or --yes"
        )
    if not click.confirm("Load it like this?", err=True):
        raise Refused(f"nothing was changed; edit {planned.file}, then run the same command again")
