"""The operations on the customers in the database, their results into its tables."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import sql

from customer360 import __version__
from customer360.errors import Customer360Error, nearest
from customer360.operations.conform import SOURCE_COLUMNS
from customer360.operations.data_quality import DataQuality
from customer360.operations.run import results
from customer360.own_data.examine import FROM_A_SOURCE
from customer360.pipeline.staging import WAITING, Waiting, now, stage
from customer360.postgres import catalog, ddl, types
from customer360.postgres.connection import Database
from customer360.postgres.copy import WRITERS
from customer360.postgres.dataframe import read_dataframe
from customer360.postgres.datasource import register
from customer360.postgres.ddl import named
from customer360.postgres.origin import Origin, origin
from customer360.postgres.publish import Publication, publication
from customer360.progress import Watch, silent
from customer360.spark import plain_errors
from customer360.tables import (
    CUSTOMER_PROFILES,
    CUSTOMER_SEGMENTS,
    CUSTOMERS,
    DATA_QUALITY,
    ENGAGEMENT_SEGMENTS,
    REFRESHES,
    REJECTED_CUSTOMERS,
    RESULT_TABLES,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Refresh:
    """One row of the table `refreshes`, in the order of its columns."""

    refresh_id: int
    as_of_date: date
    source_table: str
    source_kind: str
    rows_in: int
    rows_out: int
    rows_rejected: int
    rows_not_yet_joined: int
    started_at: datetime
    finished_at: datetime
    version: str


def run_operations(
    database: Database,
    spark: SparkSession,
    *,
    table: str = CUSTOMERS.full_name,
    as_of: date | None = None,
    writers: int = WRITERS,
    waiting: Waiting = WAITING,
    watch: Watch = silent,
) -> Refresh:
    """
    Reads the customers in *table*, runs every operation and publishes every result table at once.

    *as_of* is the last day treated as known; by default that of the mock data, else today (UTC). *table* may be
    anyone's, as long as it has the columns that the operations read. Nothing of it is changed.
    """
    started = now()
    with publication(database, "run", wait_seconds=waiting.run_seconds) as change, plain_errors():
        source = origin(change.connection, table)
        day = as_of or date.fromisoformat(source.facts.get("as_of", now().date().isoformat()))
        unique = catalog.has_unique_key(change.connection, table, "customer_id")
        with database.snapshot() as snapshot, ExitStack() as reading:
            customers = read_customers(spark, database, table, snapshot=snapshot)
            with watch("Reading and checking customers"):
                found = reading.enter_context(results(customers, as_of=day, ids_are_unique=unique))
            rejected = _and_rejected_at_loading(spark, database, found.tables, source, snapshot)
            _stage_all(change, database, {**found.tables, **rejected}, writers, watch)
        refresh = _describe(change, found.data_quality, (day, table, source.kind), started)
        _audit_totals(change, refresh)
        with watch("Publishing"):
            change.publish(lock_seconds=waiting.swap_seconds)
    return refresh


def _and_rejected_at_loading(
    spark: SparkSession, database: Database, tables: Mapping[str, DataFrame], source: Origin, snapshot: str
) -> dict[str, DataFrame]:
    """The rejected rows with those of the load that filled the source: they stay as long as its customers."""
    with database.connect() as connection:
        is_there = catalog.exists(connection, REJECTED_CUSTOMERS.full_name)
    if not (is_there and source.facts.get("rows_rejected")):
        return {}
    name, columns = REJECTED_CUSTOMERS.name, REJECTED_CUSTOMERS.column_names
    before = read_dataframe(spark, database, REJECTED_CUSTOMERS.full_name, columns, snapshot=snapshot)
    return {name: tables[name].unionByName(before.where(before.original_row.startswith(FROM_A_SOURCE)))}


def read_customers(
    spark: SparkSession, database: Database, table: str = CUSTOMERS.full_name, *, snapshot: str | None = None
) -> DataFrame:
    """
    The columns of *table* that the operations need, read in parallel from one snapshot.

    Without a *snapshot* to share it is a plain `spark.read.format("postgres")`, which holds one of its own.
    """
    with database.connect() as connection:
        _require_columns(connection, table)
    if snapshot:
        return read_dataframe(spark, database, table, SOURCE_COLUMNS, snapshot=snapshot)
    register(spark)
    reader = spark.read.format("postgres").option("url", database.url).option("table", table)
    return reader.option("columns", ",".join(SOURCE_COLUMNS)).load()


def _require_columns(connection: psycopg.Connection[Any], table: str) -> None:
    if not catalog.exists(connection, table):
        raise Customer360Error(
            f"there is no table {table}; fill {CUSTOMERS.full_name} with: customer360 mock, "
            "or name yours with --table"
        )
    present = [field.name for field in types.fields(connection, named(table))]
    missing = [name for name in SOURCE_COLUMNS if name not in present]
    if missing:
        hints = "".join(f" {name}:{nearest(name, present)}" for name in missing)
        raise Customer360Error(f"{table} lacks {len(missing)} of the columns that customers need.{hints}")


def _stage_all(
    change: Publication, database: Database, tables: Mapping[str, DataFrame], writers: int, watch: Watch
) -> None:
    for table in RESULT_TABLES:
        if table.name in tables:
            with watch(f"Writing {table.name}", done=partial(change.rows, table)):
                stage(change, database, table, tables[table.name], writers)


def _describe(
    change: Publication, quality: DataQuality, source: tuple[date, str, str], started: datetime
) -> Refresh:
    """Adds this refresh to the history; returns it."""
    known = catalog.exists(change.connection, REFRESHES.full_name)
    query = sql.SQL("SELECT max(refresh_id) FROM {}").format(ddl.identifier(REFRESHES))
    last = catalog.value(change.connection, query) if known else 0
    refresh = Refresh(
        (last or 0) + 1, *source, quality.rows_in, quality.rows_out, quality.rows_rejected,
        quality.rows_not_yet_joined, started, now(), __version__,
    )  # fmt: skip
    change.append(REFRESHES, [[getattr(refresh, column) for column in REFRESHES.column_names]])
    change.append(
        DATA_QUALITY,
        [
            (refresh.refresh_id, count.check.name, count.check.severity, count.check.description,
             count.rows_checked, count.rows_failed)
            for count in quality.checks
        ],
    )  # fmt: skip
    return refresh


_AUDITS: Final = (
    (CUSTOMER_PROFILES, "count(*)"),
    (CUSTOMER_SEGMENTS, "sum(customers)"),
    (ENGAGEMENT_SEGMENTS, "sum(customers)"),
)
"""What must come to the same number of customers in every table of one refresh."""


def _audit_totals(change: Publication, refresh: Refresh) -> None:
    for table, expression in _AUDITS:
        found = change.value(table, expression) or 0
        if found != refresh.rows_out:
            raise Customer360Error(
                f"{table.full_name} counts {found:,} customers where {refresh.rows_out:,} were read; "
                "nothing was published"
            )
