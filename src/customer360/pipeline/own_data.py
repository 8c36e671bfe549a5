"""Loads your own customers and events: a source is opened, planned, confirmed, examined and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from psycopg import sql

from customer360.errors import Invalid
from customer360.own_data.evaluate import evaluated
from customer360.own_data.from_events import fill_from_events
from customer360.own_data.loadable import Loadable, find_loadable
from customer360.own_data.mapped import trees
from customer360.own_data.mapping import content_of
from customer360.own_data.orders import inherited
from customer360.own_data.planning import LoadPlan, plan_load
from customer360.own_data.raw_tables import RawTable, spool_batches, spool_file
from customer360.own_data.request import Request
from customer360.own_data.stored_events import Stored
from customer360.pipeline.existing_events import (
    count_without_customer,
    require_appendable,
    spool_customers,
    spool_events,
)
from customer360.pipeline.load import Filling, load_found
from customer360.pipeline.progress import Progress, silent
from customer360.pipeline.staging import WAITING, Waiting
from customer360.postgres import forgotten as memory
from customer360.postgres import types
from customer360.postgres.connection import Database
from customer360.postgres.ddl import named
from customer360.postgres.origin import guard_own_data
from customer360.postgres.preflight import require_replaceable
from customer360.postgres.read import read_batches
from customer360.tables import CUSTOMERS, EVENTS, REJECTED_ROWS, SOURCES, Source
from customer360.tables.forgotten import NOBODY, Forgotten


@dataclass(frozen=True, repr=False)
class Load:
    """A finished load: its *plan*, and the rows that were *found* and loaded, or in a dry run would be."""

    plan: LoadPlan
    found: Loadable
    of_events: Load | None = None
    """The load of a second file, with the events of these customers."""
    events_without_customer: int = 0
    """Existing events whose customers are not among those that were loaded."""

    def __repr__(self) -> str:
        rejected = f"; {self.rows_rejected:,} rows rejected" if self.rows_rejected else ""
        second = f"\n{self.of_events!r}" if self.of_events else ""
        return f"{self.headline}{rejected}{second}"

    @property
    def headline(self) -> str:
        """The number of rows by table, and the number of rows read."""
        would = "would be " if self.plan.request.dry_run else ""
        done = "added to" if self.plan.request.append else "loaded into"
        tables = sorted(self.found.files, key=SOURCES.index)
        rows = " and ".join(f"{self.found.rows(table):,} {table.name}" for table in tables)
        names = " and ".join(table.full_name for table in tables)
        return f"{rows} {would}{done} {names} from {self.rows_in:,} rows of {self.plan.raw.name}"

    @property
    def source(self) -> str:
        """What was read, and its format."""
        return f"{self.plan.raw.name}: {self.plan.raw.rows:,} rows, {self.plan.raw.description}"

    @property
    def sample(self) -> Mapping[str, Sequence[str]]:
        """The first values of each column of the source."""
        return self.plan.sample

    @property
    def columns(self) -> dict[str, str]:
        """What fills each column: a column, an expression, a 'constant' or the events; - means nothing."""
        return {**self.plan.sides, **dict.fromkeys(self.found.from_events, "from the events")}

    @property
    def unused(self) -> list[str]:
        """The columns of the source that fill nothing."""
        return self.plan.unused

    @property
    def mapping(self) -> dict[str, Any]:
        """The mapping as `load` takes it: the content of a mapping file, which you can change and pass again."""
        return content_of(self.plan.mapping)

    @property
    def customers(self) -> int:
        return self.found.tally.customers

    @property
    def events(self) -> int:
        return self.found.tally.events

    @property
    def rows_in(self) -> int:
        return self.found.tally.rows_in

    @property
    def rows_rejected(self) -> int:
        return self.found.tally.rows_rejected

    @property
    def reasons(self) -> dict[str, int]:
        """How many rows were rejected for each reason; a row may have several."""
        return {name: reason.rows for name, reason in self.found.tally.reasons.items()}

    @property
    def formats(self) -> Mapping[str, str]:
        """How dates and numbers were read, by column."""
        return self.found.mapping.formats

    @property
    def missing_columns(self) -> list[str]:
        """The columns that are empty in every row, of the customers, or else of the events."""
        return self.found.missing_columns(CUSTOMERS if CUSTOMERS in self.found.files else EVENTS)


def load_own_data(
    database: Database | None,
    request: Request,
    *,
    events: Request | None = None,
    agree: Callable[[LoadPlan], None] | None = None,
    waiting: Waiting = WAITING,
    progress: Progress = silent,
) -> Load:
    """
    Loads the valid rows of the source in *request*; without *database*, or in a dry run, loads nothing.

    *events* is a source of the events of these customers. They are loaded too, and fill columns that the
    customers' source lacks; see `fill_from_events`. *agree* gets each plan before rows are examined, and raises to
    reject it. Raises: Customer360Error, with nothing changed, when a source cannot be read, and for what
    `load_found` refuses.
    """
    target = None if request.dry_run else database
    if target:
        _require_replaceable(target, request, [CUSTOMERS, EVENTS] if events else [CUSTOMERS])
    with ExitStack() as stack:
        plan = _planned(stack, request, agree, progress)
        plan_of_events = _planned(stack, events, agree, progress) if events else None
        forgotten = _forgotten(database)
        load = Load(plan, _examine(plan, forgotten=forgotten, progress=progress))
        if plan_of_events:
            of_events = _load_of_events(load.found, plan_of_events, forgotten, progress)
            with progress("Completing the customers from their events"):
                load = replace(load, found=fill_from_events(load.found, of_events.found), of_events=of_events)
        if target:
            fillings = [Filling(one.found, _facts(one)) for one in (load, load.of_events) if one]
            load_found(target, fillings, request, forgotten=forgotten, waiting=waiting, progress=progress)
            if not any(EVENTS in one.found.files for one in fillings):
                load = replace(load, events_without_customer=count_without_customer(target))
    return load


def load_own_events(
    database: Database,
    request: Request,
    *,
    agree: Callable[[LoadPlan], None] | None = None,
    waiting: Waiting = WAITING,
    progress: Progress = silent,
) -> Load:
    """
    Loads events of the customers in the database, in place of the existing events or added to them.

    Raises: Customer360Error as `load_own_data` does, and when there are no customers.
    """
    added_to = require_appendable(database) if request.append else None
    if not (request.dry_run or added_to):
        _require_replaceable(database, request, [EVENTS])
    with ExitStack() as stack:
        plan = _planned(stack, request, agree, progress)
        with progress("Reading the customers"):
            known = spool_customers(database, plan.raw.folder.parent)
        stored = partial(spool_events, database, plan.raw.folder.parent) if added_to else None
        forgotten = _forgotten(database)
        found = _examine(plan, known=known.files, stored=stored, forgotten=forgotten, progress=progress)
        load = Load(plan, found)
        if not request.dry_run:
            filling = Filling(load.found, _facts(load), known.fill)
            load_found(
                database, [filling], request,
                added_to=added_to, forgotten=forgotten, waiting=waiting, progress=progress,
            )  # fmt: skip
    return load


def _planned(
    stack: ExitStack, request: Request, agree: Callable[[LoadPlan], None] | None, progress: Progress
) -> LoadPlan:
    with progress("Reading the source"):
        raw = stack.enter_context(_open_raw_table(request))
    plan = plan_load(raw, request)
    (agree or LoadPlan.require_agreed)(plan)
    return plan


def _forgotten(database: Database | None) -> Forgotten:
    """Who was forgotten; nobody without a database, which a dry run does not need."""
    if database is None:
        return NOBODY
    with database.connect() as connection:
        return memory.forgotten(connection)


def _load_of_events(customers: Loadable, plan: LoadPlan, forgotten: Forgotten, progress: Progress) -> Load:
    """The events of *customers*; those of others are rejected."""
    if EVENTS in customers.files:
        raise Invalid(
            "the first file contains order lines, which become the events; omit --events, or load it with "
            "--no-transactions if each of its rows is a customer"
        )
    if not plan.request.dry_run:
        customers.tally.require(plan.request.max_rejected)
    found = _examine(plan, known=customers.files[CUSTOMERS], forgotten=forgotten, progress=progress)
    return Load(plan, found)


def _open_raw_table(request: Request) -> AbstractContextManager[RawTable]:
    """The file or the table that *request* names, read as text."""
    if request.from_database:
        return _spool_query(request.from_database, request.table, request.query)
    if request.path is None:
        rows = "events" if request.is_of_events else "customers"
        raise Invalid(f"name the file that contains your {rows}, or a database with --from-database")
    return spool_file(request.path, request.reading)


def _spool_query(url: str, table: str | None, query: str | None) -> AbstractContextManager[RawTable]:
    if bool(table) == bool(query):
        raise Invalid("--from-database requires either --table or --query")
    database = Database(url)
    # The user's own SQL, run with the user's own rights.
    relation = named(table) if table else sql.SQL("({}) AS query").format(sql.SQL((query or "").rstrip("; \n")))
    with database.connect() as connection, connection.transaction():
        connection.execute("SET TRANSACTION READ ONLY")
        fields = types.fields(connection, relation)
    return spool_batches(table or "query", f"in {database.where}", read_batches(database, relation, fields))


def _examine(
    plan: LoadPlan,
    *,
    known: Sequence[Path] | None = None,
    stored: Stored | None = None,
    forgotten: Forgotten = NOBODY,
    progress: Progress = silent,
) -> Loadable:
    """The rows as they would be loaded, without columns that have too many unreadable cells."""
    request = plan.request
    raw, mapping = inherited(plan.raw, plan.mapping), plan.mapping
    as_of = request.as_of or datetime.now(timezone.utc).date()
    if trees(mapping, raw.columns):
        with progress("Evaluating expressions", total=raw.rows):
            raw, mapping = evaluated(raw, mapping, as_of=as_of)
    with progress("Examining the rows", total=raw.rows):
        found = find_loadable(raw, mapping, as_of=as_of, known=known, stored=stored, forgotten=forgotten)
    if not (given_up := found.tally.dispensable(request.max_rejected)):
        return found
    with progress(f"Examining them without {', '.join(given_up)}", total=raw.rows):
        fewer = mapping.without(given_up)
        return replace(find_loadable(raw, fewer, as_of=as_of, forgotten=forgotten), given_up=given_up)


def _require_replaceable(database: Database, request: Request, sources: Sequence[Source]) -> None:
    """Checks before the source is read, which may take minutes; loading checks again."""
    with database.connect() as connection:
        require_replaceable(connection, [*sources, REJECTED_ROWS], foreign=sources)
        for source in () if request.replace else sources:
            guard_own_data(connection, source)


def _facts(load: Load) -> dict[str, Any]:
    request, raw = load.plan.request, load.plan.raw
    given = {"as_of": request.as_of} if request.as_of else {}
    return {"source": raw.name, "description": raw.description, **given}
