"""Writes the rows found in your own data, and the rejected ones, to the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from psycopg import sql

from customer360 import __version__
from customer360.errors import Refused
from customer360.own_data.loadable import Loadable
from customer360.own_data.request import Request
from customer360.pipeline.progress import Progress, silent
from customer360.pipeline.rejected import keep_and_add, keep_others, rejected_at_loading
from customer360.pipeline.shrinkage import require_no_smaller_load
from customer360.pipeline.sources import empty_mock_data
from customer360.pipeline.staging import WAITING, Waiting, now, prepare_source, stage_files
from customer360.postgres.connection import Database
from customer360.postgres.copy import WRITERS
from customer360.postgres.forgotten import require_same
from customer360.postgres.origin import Origin, origin
from customer360.postgres.publish import Publication, publication
from customer360.tables import CUSTOMERS, EVENTS, REJECTED_ROWS, Source
from customer360.tables.forgotten import NOBODY, Forgotten


@dataclass(frozen=True)
class Filling:
    """
    What was *found* in a source, and the *facts* about it that are stored with the rows.

    *customers* is the filling of public.customers that events loaded alone belong to.
    """

    found: Loadable
    facts: Mapping[str, Any]
    customers: str | None = None


def load_found(
    database: Database,
    fillings: Sequence[Filling],
    request: Request,
    *,
    added_to: str | None = None,
    forgotten: Forgotten = NOBODY,
    writers: int = WRITERS,
    waiting: Waiting = WAITING,
    progress: Progress = silent,
) -> None:
    """
    Replaces the rows of the tables of *fillings*, and their rejected rows, in one transaction.

    *added_to* is the filling of public.events that the new events were compared with and are added to. Raises:
    Customer360Error, with nothing changed, when more than the share max_rejected of *request* is rejected; when
    existing rows are not mock data, unless replace; when the same source has lost more than half of its rows,
    unless allow_shrink; when the compared rows were changed meanwhile, or other customers than *forgotten* were
    forgotten.
    """
    for one in fillings:
        one.found.tally.require(request.max_rejected)
    if added_to and not any(one.found.tally.events or one.found.tally.rows_rejected for one in fillings):
        return  # all of them exist already
    with publication(database, "load", wait_seconds=waiting.run_seconds) as change:
        change.prepare([REJECTED_ROWS])
        change.require(partial(require_same, change.connection, forgotten))
        filled = [table for one in fillings for table in one.found.files]
        for one in fillings:
            _prepare(change, one, request, added_to)
        if CUSTOMERS in filled and EVENTS not in filled:
            empty_mock_data(change, EVENTS, replace=request.replace)  # it belongs to the deleted customers
        for one in fillings:
            for table in one.found.files:
                _stage(change, database, table, one, writers, progress, is_added=bool(added_to))
        with progress("Keeping the rejected rows", done=partial(change.rows, REJECTED_ROWS)):
            rejected = [file for one in fillings for file in one.found.rejected]
            staged = stage_files(change, database, REJECTED_ROWS, rejected, writers, rejected_at_loading)
            if added_to:
                keep_and_add(change, staged)
            else:
                keep_others(change, *filled)
        with progress("Building the key and publishing"):
            change.publish(lock_seconds=waiting.swap_seconds)


def _prepare(change: Publication, filling: Filling, request: Request, added_to: str | None) -> None:
    """Refuses, now and at the swap, to replace protected rows, or rows that changed since they were compared."""
    for table in filling.found.files:
        prepare_source(change, table, replace=bool(request.replace or added_to))
        if not (request.allow_shrink or added_to):
            change.require(partial(_require_no_smaller_load, change, table, filling))
    if filling.customers:
        _require_unchanged(change, CUSTOMERS, filling.customers)
    if added_to:
        _require_unchanged(change, EVENTS, added_to)


def _require_unchanged(change: Publication, table: Source, fill: str) -> None:
    def check() -> None:
        if origin(change.connection, table.full_name).fill != fill:
            raise Refused(f"{table.full_name} was changed by others meanwhile; nothing was loaded: load again")

    change.require(check)


def _stage(
    change: Publication,
    database: Database,
    table: Source,
    filling: Filling,
    writers: int,
    progress: Progress,
    *,
    is_added: bool,
) -> None:
    """Copies the rows of *table*, checks that all arrived, and records where they come from."""
    found, rows = filling.found, filling.found.rows(table)
    with progress(f"Loading {table.name}", total=rows, done=partial(change.rows, table)):
        stage_files(change, database, table, found.files[table], writers)
    if (arrived := change.rows(table)) != rows:
        raise Refused(f"{arrived:,} {table.name} arrived, but {rows:,} were read; nothing was changed")
    loaded = Origin("own", **{**found.facts(table), **filling.facts}, filled_at=now(), version=__version__)
    if is_added:
        with progress(f"Keeping the existing {table.name}", done=partial(change.rows, table)):
            loaded = _added(change, table, loaded)
    change.describe(table, loaded.record())


def _added(change: Publication, table: Source, loaded: Origin) -> Origin:
    """Keeps the existing rows of *table* next to those *loaded*; returns what is recorded about all of them."""
    before = origin(change.connection, table.full_name)
    change.keep(table, sql.SQL("true"))
    columns = [name for name in table.column_names if name in {*(before.columns or ()), *(loaded.columns or ())}]
    days = [day for day in (before.last_day, loaded.last_day) if day]
    return replace(
        loaded, rows=change.rows(table), columns=columns, last_day=max(days, default=None),
        missing_columns=[name for name in table.column_names if name not in columns],
        transactions=before.transactions,
    )  # fmt: skip


def _require_no_smaller_load(change: Publication, table: Source, filling: Filling) -> None:
    before = origin(change.connection, table.full_name)
    require_no_smaller_load(before, table, filling.facts.get("source", ""), filling.found.rows(table))
