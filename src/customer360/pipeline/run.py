"""Runs the operations on the customers and events in the database and publishes their results."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from customer360.errors import Invalid
from customer360.operations.run import EventRows, ResultTables, results
from customer360.pipeline.as_of import choose_as_of
from customer360.pipeline.audit import audit_totals
from customer360.pipeline.events import EventsChoice, choose_events
from customer360.pipeline.forgotten import forgotten_again
from customer360.pipeline.lakes import Lakes, choose_lakes, write_to_lake
from customer360.pipeline.progress import Progress, silent
from customer360.pipeline.reading import Reading, read_database, read_lake
from customer360.pipeline.refresh import Read, Refresh, describe
from customer360.pipeline.rejected import keep_loaded
from customer360.pipeline.shrinkage import require_no_shrinkage
from customer360.pipeline.staging import WAITING, Waiting, now, stage
from customer360.postgres import catalog
from customer360.postgres.connection import Database
from customer360.postgres.copy import WRITERS
from customer360.postgres.ddl import named
from customer360.postgres.origin import Origin, origin
from customer360.postgres.publish import Publication, publication
from customer360.postgres.status import (
    FILL_KEPT_WITH,
    fill_of,
    fills,
    last_refresh,
    next_refresh_id,
    read_by,
)
from customer360.spark import lake, plain_errors
from customer360.spark.lake import Location
from customer360.tables import (
    CUSTOMER_MONTHS,
    CUSTOMER_PROFILES,
    CUSTOMERS,
    EVENTS,
    RESULT_TABLES,
    SOURCES,
    Source,
    Table,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def run_operations(
    database: Database,
    spark: SparkSession,
    *,
    table: str = CUSTOMERS.full_name,
    source: Location | None = None,
    events: str | None = None,
    profiles_to: Location | None = None,
    months_to: Location | None = None,
    as_of: date | None = None,
    allow_shrink: bool = False,
    writers: int = WRITERS,
    waiting: Waiting = WAITING,
    progress: Progress = silent,
) -> Refresh:
    """
    Reads the customers in *table* and their events, runs every operation and publishes all result tables
    atomically.

    *as_of* is the last day treated as known; see `choose_as_of` for its default, and `choose_events` for *events*.
    *table* can be any table with the columns that the operations read; it is not changed. With *source*, the
    customers come from a lake instead. With *profiles_to* and *months_to*, the rows of customer_profiles and
    customer_months are written to one, and their tables in the database stay empty. Results that break their
    table's contract are never published, nor, without *allow_shrink*, those that lost more than half of the
    customers or events.
    """
    if source and table != CUSTOMERS.full_name:
        raise Invalid("customers are read from a table or from a source, not both; omit one")
    started = now()
    with publication(database, "run", wait_seconds=waiting.run_seconds) as change, plain_errors(database.where):
        change.prepare(RESULT_TABLES)
        origins = {one: origin(change.connection, one.full_name) for one in SOURCES}
        refresh_id = next_refresh_id(change.connection)  # this run holds the lock: no other takes this id
        chosen = choose_events(change.connection, events, customers=None if source else table)
        wanted = {CUSTOMER_PROFILES: profiles_to, CUSTOMER_MONTHS: months_to}
        lakes = choose_lakes(wanted, refresh_id, read=[*filter(None, (source, chosen.place))])
        locked = _locked(change.connection, [None if source else table, chosen.table])
        with database.snapshot(*locked) as snapshot, ExitStack() as reading:
            of = partial(_reading, change.connection, spark, database, snapshot)
            of_events = of(EVENTS, chosen.table, chosen.place) if chosen.is_read else None
            read = Read(of(CUSTOMERS, table, source), of_events)
            day = choose_as_of(as_of, read.customers, read.events, is_derived=read.is_derived)
            with progress(f"Reading and checking {read.nouns}"), lake.plain_errors(read.place):
                forgotten = forgotten_again(change.connection, read)
                found = reading.enter_context(_results(read, day.day, forgotten))
            if not allow_shrink:
                # A default as-of date is earlier than before only if rows are gone.
                asked = as_of or date.max
                change.require(partial(_require_no_shrinkage, change, read, chosen, asked, found))
            in_lakes = _stage_all(change, database, found, lakes, writers, progress)
            _keep_rejected_at_loading(change, origins)
        refresh = describe(change, found, read, refresh_id=refresh_id, as_of=day.day, started=started)
        change.describe(FILL_KEPT_WITH, fills(refresh_id, origins))
        audit_totals(change, refresh.rows_out, in_lakes)
        with progress("Publishing"):
            change.publish(lock_seconds=waiting.swap_seconds)
    places = {table: str(place) for table, place in lakes.items()}
    return replace(
        refresh, as_of_is_last_day=day.is_last_day, profiles=places.get(CUSTOMER_PROFILES),
        months=places.get(CUSTOMER_MONTHS), events_obstacle=chosen.obstacle,
    )  # fmt: skip


def _locked(connection: psycopg.Connection[Any], tables: Iterable[str | None]) -> list[sql.Identifier]:
    """What a run reads must not be emptied or rewritten meanwhile."""
    return [named(table) for table in tables if table and catalog.exists(connection, table)]


def _reading(
    connection: psycopg.Connection[Any], spark: SparkSession, database: Database, snapshot: str,
    source: Source, table: str | None, place: Location | None,
) -> Reading:  # fmt: skip
    """The rows read as *source*: those at *place*, else those of *table*."""
    if place:
        return read_lake(spark, source, place)
    return read_database(connection, spark, database, source, table or source.full_name, snapshot)


def _results(read: Read, as_of: date, forgotten: Collection[int]) -> AbstractContextManager[ResultTables]:
    customers, events = read.customers, None
    if of := read.events:
        events = EventRows(of.rows, of.name, of.keys_are_unique, read.is_derived, forgotten)
    return results(
        customers.rows, as_of=as_of, table=customers.name, keys_are_unique=customers.keys_are_unique,
        status_order=customers.origin.status_order, events=events, forgotten=forgotten,
    )  # fmt: skip


def _require_no_shrinkage(
    change: Publication, read: Read, chosen: EventsChoice, day: date, found: ResultTables
) -> None:
    before = last_refresh(change.connection)
    fill = fill_of(change.connection, CUSTOMERS, before)
    customers = read.customers
    require_no_shrinkage(before, fill, customers.name, customers.origin, day, found.data_quality.rows_out)
    if chosen.is_compared:
        before, fill = read_by(change.connection, before, chosen.name), fill_of(change.connection, EVENTS, before)
        kind = read.events.origin if read.events else origin(change.connection, EVENTS.full_name)
        rows = found.event_quality.rows_out if found.event_quality else 0
        require_no_shrinkage(before, fill, chosen.name, kind, day, rows, noun=EVENTS.name)


def _keep_rejected_at_loading(change: Publication, origins: Mapping[Source, Origin]) -> None:
    """
    Keeps the rejected rows of the loads that filled the sources, as long as the loaded rows.

    This applies regardless of the tables that this run reads, and even if a backup lost the comments with the
    record.
    """
    keep_loaded(
        change, [source for source, found in origins.items() if found.fill and found.kind in ("own", "unknown")]
    )


def _stage_all(
    change: Publication, database: Database, found: ResultTables, lakes: Lakes, writers: int, progress: Progress
) -> dict[Table, int]:
    """Returns what was written to lakes, as counted by `write_to_lake`."""
    made = {table: found.tables[table.name] for table in RESULT_TABLES if table.name in found.tables}
    in_lakes = {table: write_to_lake(change, table, made.pop(table), lakes[table], progress) for table in lakes}
    for table, rows in made.items():
        with progress(f"Writing {table.name}", done=partial(change.rows, table)):
            stage(change, database, table, rows, writers)
    return in_lakes
