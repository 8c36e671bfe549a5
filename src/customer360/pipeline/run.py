"""The operations on the customers in the database, their results into its tables."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from customer360 import __version__
from customer360.errors import Refused
from customer360.operations.run import ResultTables, results
from customer360.pipeline.as_of import choose_as_of
from customer360.pipeline.progress import Progress, silent
from customer360.pipeline.reading import Reading, read_database, read_lake
from customer360.pipeline.rejected import keep_loaded
from customer360.pipeline.shrinkage import require_no_shrinkage
from customer360.pipeline.staging import WAITING, Waiting, now, stage
from customer360.postgres import catalog, older
from customer360.postgres.connection import Database
from customer360.postgres.copy import WRITERS
from customer360.postgres.ddl import named
from customer360.postgres.origin import Origin, origin
from customer360.postgres.publish import Publication, publication
from customer360.postgres.status import FILL_KEPT_WITH, fill_of, fills, last_refresh, next_refresh_id
from customer360.spark import lake, plain_errors
from customer360.spark.lake import Location
from customer360.tables import (
    CUSTOMER_PROFILES,
    CUSTOMER_SEGMENTS,
    CUSTOMERS,
    DATA_QUALITY,
    ENGAGEMENT_SEGMENTS,
    REFRESH_SOURCES,
    REFRESHES,
    RESULT_TABLES,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, repr=False)
class Refresh:
    """One row of the table `refreshes`, in the order of its columns, and what else is known of a refresh."""

    refresh_id: int
    as_of_date: date
    source_table: str
    source_kind: str
    rows_in: int
    rows_out: int
    rows_rejected: int
    rows_not_yet_joined: int
    missing_columns: str
    started_at: datetime
    finished_at: datetime
    version: str
    as_of_is_last_day: bool = False
    """Nobody gave an as-of date, so it is the last day in the data; not in the table."""
    logins_after: int = 0
    """Customers whose last login lies after the as-of date; earlier ones are not in the data. Not in the table."""
    profiles: str | None = None
    """Where a lake has the rows of customer_profiles; not in the table."""

    def __repr__(self) -> str:
        customers = f"{self.rows_out:,} customers of {self.source_table} as of {self.as_of_date}"
        return f"refresh {self.refresh_id}: {customers}"


def run_operations(
    database: Database,
    spark: SparkSession,
    *,
    table: str = CUSTOMERS.full_name,
    source: Location | None = None,
    profiles_to: Location | None = None,
    as_of: date | None = None,
    allow_shrink: bool = False,
    writers: int = WRITERS,
    waiting: Waiting = WAITING,
    progress: Progress = silent,
) -> Refresh:
    """
    Reads the customers in *table*, runs every operation and publishes every result table at once.

    *as_of* is the last day treated as known; see `choose_as_of` for its default. *table* may be anyone's that has
    the columns which the operations read. Nothing of it is changed. With *source* the customers come from a lake
    instead; with *profiles_to* the rows of customer_profiles go into one, and its table in the database is left
    empty. Results that break their table's contract are never published, nor, without *allow_shrink*, those with
    half of the customers gone.
    """
    lake.require_apart(source, profiles_to)
    started = now()
    with publication(database, "run", wait_seconds=waiting.run_seconds) as change, plain_errors(database.where):
        change.prepare(RESULT_TABLES)
        customers = origin(change.connection, CUSTOMERS.full_name)
        refresh_id = next_refresh_id(change.connection)  # this run holds the lock: nobody else takes it
        profiles = lake.folder(profiles_to, refresh_id) if profiles_to else None
        # In the middle of a run nobody empties or rewrites what it reads.
        locked = [named(table)] if not source and catalog.exists(change.connection, table) else []
        with database.snapshot(*locked) as snapshot, ExitStack() as reading:
            if source:
                read = read_lake(spark, CUSTOMERS, source)
            else:
                read = read_database(change.connection, spark, database, CUSTOMERS, table, snapshot)
            day = choose_as_of(as_of, read.origin, read.name, read.last_day)
            with progress("Reading and checking customers"), lake.plain_errors(read.name):
                found = reading.enter_context(_results(read, day.day))
            if not allow_shrink:
                # A day that nobody asked for is earlier only where rows are gone.
                asked = as_of or date.max
                change.require(partial(_require_no_shrinkage, change, read, asked, found.data_quality.rows_out))
            tables = dict(found.tables)
            if profiles:
                _write_profiles(change, tables.pop(CUSTOMER_PROFILES.name), profiles, found, progress)
            _stage_all(change, database, tables, writers, progress)
            _keep_rejected_at_loading(change, customers)
        refresh = _describe(change, found, (refresh_id, day.day, read.name, read.origin.kind), started)
        change.describe(FILL_KEPT_WITH, fills(refresh_id, {CUSTOMERS: customers}))
        _audit_totals(change, refresh, has_profiles=not profiles)
        with progress("Publishing"):
            change.publish(lock_seconds=waiting.swap_seconds)
    where = str(profiles) if profiles else None
    return replace(refresh, as_of_is_last_day=day.is_last_day, profiles=where)


def _results(read: Reading, as_of: date) -> AbstractContextManager[ResultTables]:
    return results(
        read.rows, as_of=as_of, table=read.name, keys_are_unique=read.keys_are_unique,
        status_order=read.origin.status_order,
    )  # fmt: skip


def _require_no_shrinkage(change: Publication, read: Reading, day: date, customers: int) -> None:
    before = last_refresh(change.connection)
    fill = fill_of(change.connection, CUSTOMERS, before)
    require_no_shrinkage(before, fill, read.name, read.origin, day, customers)


def _write_profiles(
    change: Publication, profiles: DataFrame, target: Location, found: ResultTables, progress: Progress
) -> None:
    """To the lake, complete before anything is published, which is what tells its readers of the new refresh."""
    change.stage(CUSTOMER_PROFILES)
    change.describe(CUSTOMER_PROFILES, {"rows_are_in": str(target)})
    with progress(f"Writing {CUSTOMER_PROFILES.name} to {target}"):
        _require_total(str(target), lake.write(profiles, target), found.data_quality.rows_out)


def _keep_rejected_at_loading(change: Publication, customers: Origin) -> None:
    """
    The rejected rows of the load that filled `public.customers` stay as long as its customers.

    That is so whatever table this run reads, and also where the record was lost with the comments of a backup.
    """
    is_loaded = customers.fill and customers.kind != "mock"
    keep_loaded(change, [CUSTOMERS] if is_loaded else [])


def _stage_all(
    change: Publication, database: Database, tables: Mapping[str, DataFrame], writers: int, progress: Progress
) -> None:
    for table in RESULT_TABLES:
        if table.name in tables:
            with progress(f"Writing {table.name}", done=partial(change.rows, table)):
                stage(change, database, table, tables[table.name], writers)


def _describe(
    change: Publication, found: ResultTables, source: tuple[int, date, str, str], started: datetime
) -> Refresh:
    """Adds this refresh to the history; returns it."""
    quality = found.data_quality
    refresh = Refresh(
        *source, quality.rows_in, quality.rows_out, quality.rows_rejected,
        quality.rows_not_yet_joined, ", ".join(found.survey.missing_columns), started, now(), __version__,
        logins_after=quality.rows_failed("last_login_after_as_of"),
    )  # fmt: skip
    change.append(REFRESHES, [[getattr(refresh, column) for column in REFRESHES.column_names]])
    noted = (
        refresh.refresh_id, refresh.source_table, refresh.source_kind, quality.rows_in, quality.rows_out,
        quality.rows_rejected, quality.rows_not_yet_joined,
        ", ".join(CUSTOMERS[name].full_name for name in found.survey.missing_columns),
    )  # fmt: skip
    change.append(REFRESH_SOURCES, [*older.sources_of_older_refreshes(change.connection), noted])
    change.append(
        DATA_QUALITY,
        [
            (refresh.refresh_id, count.check.name, count.check.severity, count.check.description,
             count.rows_checked, count.rows_failed)
            for count in quality.checks
        ],
    )  # fmt: skip
    return refresh


def _audit_totals(change: Publication, refresh: Refresh, *, has_profiles: bool) -> None:
    """The same number of customers in every table of one refresh; that all copied rows arrived, `publish` sees."""
    if has_profiles:
        _require_total(CUSTOMER_PROFILES.full_name, change.rows(CUSTOMER_PROFILES), refresh.rows_out)
    for table in (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS):
        _require_total(table.full_name, change.value(table, "sum(customers)") or 0, refresh.rows_out)


def _require_total(where: str, found: int, customers: int) -> None:
    if found != customers:
        raise Refused(f"{where} counts {found:,} customers where {customers:,} were read; nothing was published")
