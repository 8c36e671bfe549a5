"""A person's own customers into the database: a source is opened, planned, agreed to, examined and loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from psycopg import sql

from customer360.errors import Invalid
from customer360.own_data.evaluate import evaluated
from customer360.own_data.loadable import Loadable, find_loadable
from customer360.own_data.mapped import trees
from customer360.own_data.mapping import content_of
from customer360.own_data.orders import inherited
from customer360.own_data.planning import LoadPlan, plan_load
from customer360.own_data.raw_tables import RawTable, spool_batches, spool_file
from customer360.own_data.request import Request
from customer360.pipeline.load import load_customers
from customer360.pipeline.progress import Progress, silent
from customer360.pipeline.staging import WAITING, Waiting
from customer360.postgres import types
from customer360.postgres.connection import Database
from customer360.postgres.ddl import named
from customer360.postgres.origin import guard_own_data
from customer360.postgres.preflight import require_replaceable
from customer360.postgres.read import read_batches
from customer360.tables import CUSTOMERS, REJECTED_ROWS


@dataclass(frozen=True, repr=False)
class Load:
    """A load that is over: its *plan*, and the rows that were *found* and loaded, or in a dry run would be."""

    plan: LoadPlan
    found: Loadable

    def __repr__(self) -> str:
        rejected = f"; {self.rows_rejected:,} rows rejected" if self.rows_rejected else ""
        return f"{self.headline}{rejected}"

    @property
    def headline(self) -> str:
        """How many customers of how many rows."""
        would = "would be " if self.plan.request.dry_run else ""
        return (
            f"{self.customers:,} customers {would}loaded into {self.found.table.full_name} "
            f"from {self.rows_in:,} rows of {self.plan.raw.name}"
        )

    @property
    def source(self) -> str:
        """What was read, and how it is written."""
        return f"{self.plan.raw.name}: {self.plan.raw.rows:,} rows, {self.plan.raw.description}"

    @property
    def sample(self) -> Mapping[str, Sequence[str]]:
        """The first values of each column of the source."""
        return self.plan.sample

    @property
    def columns(self) -> dict[str, str]:
        """What fills each column of the customers: a column, an expression, or a 'constant'; - is nothing."""
        return self.plan.sides

    @property
    def unused(self) -> list[str]:
        """The columns of the source that fill nothing."""
        return self.plan.unused

    @property
    def mapping(self) -> dict[str, Any]:
        """The mapping as `load` takes it: what a mapping file holds, to be changed and given again."""
        return content_of(self.plan.mapping)

    @property
    def customers(self) -> int:
        return self.found.tally.customers

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
        """The columns of the customers that hold nothing."""
        return self.found.missing_columns


def load_own_data(
    database: Database | None,
    request: Request,
    *,
    agree: Callable[[LoadPlan], None] = LoadPlan.require_agreed,
    waiting: Waiting = WAITING,
    progress: Progress = silent,
) -> Load:
    """
    Loads what can be loaded of the source that *request* names; without *database*, or in a dry run, nothing.

    *agree* gets the plan before any row is examined, and raises when it is not to be. Raises: Customer360Error
    when the source cannot be read, and for what `load_customers` refuses; nothing is changed then.
    """
    target = None if request.dry_run else database
    if target:
        _require_replaceable(target, request)
    with ExitStack() as stack:
        with progress("Reading the source"):
            raw = stack.enter_context(_open_raw_table(request))
        plan = plan_load(raw, request)
        agree(plan)
        found = _examine(plan, progress=progress)
        if target:
            load_customers(
                target, found, _facts(plan), max_rejected=request.max_rejected, replace=request.replace,
                allow_shrink=request.allow_shrink, waiting=waiting, progress=progress,
            )  # fmt: skip
    return Load(plan, found)


def _open_raw_table(request: Request) -> AbstractContextManager[RawTable]:
    """The file or the table that *request* names, read as text."""
    if request.from_database:
        return _spool_query(request.from_database, request.table, request.query)
    if request.path is None:
        raise Invalid("name the file that holds your customers, or a database with --from-database")
    return spool_file(request.path, request.reading)


def _spool_query(url: str, table: str | None, query: str | None) -> AbstractContextManager[RawTable]:
    if bool(table) == bool(query):
        raise Invalid("--from-database takes what to read with either --table or --query")
    database = Database(url)
    # A person's own SQL, run as themselves.
    relation = named(table) if table else sql.SQL("({}) AS query").format(sql.SQL((query or "").rstrip("; \n")))
    with database.connect() as connection, connection.transaction():
        connection.execute("SET TRANSACTION READ ONLY")
        fields = types.fields(connection, relation)
    return spool_batches(table or "query", f"in {database.where}", read_batches(database, relation, fields))


def _examine(plan: LoadPlan, *, progress: Progress = silent) -> Loadable:
    """The rows as they would be loaded; without the columns that too many of their cells leave unreadable."""
    request = plan.request
    raw, mapping = inherited(plan.raw, plan.mapping), plan.mapping
    as_of = request.as_of or datetime.now(timezone.utc).date()
    if trees(mapping, raw.columns):
        with progress("Evaluating expressions", total=raw.rows):
            raw, mapping = evaluated(raw, mapping, as_of=as_of)
    with progress("Examining the rows", total=raw.rows):
        found = find_loadable(raw, mapping, as_of=as_of)
    if not (given_up := found.tally.dispensable(request.max_rejected)):
        return found
    with progress(f"Examining them without {', '.join(given_up)}", total=raw.rows):
        return replace(find_loadable(raw, mapping.without(given_up), as_of=as_of), given_up=given_up)


def _require_replaceable(database: Database, request: Request) -> None:
    """Before minutes are spent on reading the source; the loading itself asks again."""
    with database.connect() as connection:
        require_replaceable(connection, [CUSTOMERS, REJECTED_ROWS], foreign=[CUSTOMERS])
        if not request.replace:
            guard_own_data(connection, CUSTOMERS)


def _facts(plan: LoadPlan) -> dict[str, Any]:
    given = {"as_of": plan.request.as_of} if plan.request.as_of else {}
    return {"source": plan.raw.name, "description": plan.raw.description, **given}
