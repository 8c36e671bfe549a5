"""Mock data into the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from customer360 import __version__
from customer360.mock_data.generate import generate_block
from customer360.mock_data.plan import Plan
from customer360.mock_data.realism import REPORT_COLUMNS, Gate, realism_report
from customer360.pipeline.progress import Progress, silent
from customer360.pipeline.rejected import has_loaded, keep_others
from customer360.pipeline.staging import WAITING, Waiting, now, prepare_source
from customer360.postgres.connection import Database
from customer360.postgres.copy import WRITERS, writer
from customer360.postgres.origin import Origin
from customer360.postgres.publish import publication
from customer360.postgres.read import read_table
from customer360.spark import plain_errors
from customer360.spark.workers import tasks_at_once
from customer360.tables import CUSTOMERS, REJECTED_ROWS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, repr=False)
class Fill:
    """Mock customers in the database: how many, of which plan, and the *gates* they were held against, if any."""

    customers: int
    seed: int
    as_of: date
    dirt: float
    gates: tuple[Gate, ...] = ()

    def __repr__(self) -> str:
        return f"{self.customers:,} mock customers in {CUSTOMERS.full_name} as of {self.as_of} (seed {self.seed})"


def fill_mock_data(
    database: Database,
    spark: SparkSession,
    plan: Plan,
    *,
    replace: bool = False,
    report: bool = False,
    writers: int = WRITERS,
    waiting: Waiting = WAITING,
    progress: Progress = silent,
) -> Fill:
    """
    Deletes the customers in the database and fills in those of *plan*; with *report*, measures how real they look.

    Readers see the old customers until the new ones are complete. Data that is not mock data of ours, as rows
    that somebody writes while this works, is deleted only with *replace*. The rows are made and copied inside
    tasks, so the engine passes none on, and they are the same whatever the number of tasks. The rejected rows of a
    load go with its customers.
    """
    with publication(database, "mock", wait_seconds=waiting.run_seconds) as change, plain_errors(database.where):
        rejected = [REJECTED_ROWS] if has_loaded(change.connection, CUSTOMERS) else []
        change.prepare(rejected)
        prepare_source(change, CUSTOMERS, replace=replace)
        staging = change.stage(CUSTOMERS)
        with progress("Filling customers", total=plan.customers, done=lambda: change.rows(CUSTOMERS)):
            _copy_blocks(spark, database, staging, plan, writers)
        filled = Origin(
            "mock", rows=plan.customers, seed=plan.seed, as_of=plan.as_of, dirt=plan.dirt,
            filled_at=now(), version=__version__,
        )  # fmt: skip
        change.describe(CUSTOMERS, filled.record())
        if rejected:
            change.stage(REJECTED_ROWS)
            keep_others(change, CUSTOMERS)
        with progress("Building the key and publishing"):
            change.publish(lock_seconds=waiting.swap_seconds)
    gates = _measured(database, plan, progress) if report else ()
    return Fill(plan.customers, plan.seed, plan.as_of, plan.dirt, gates)


def _measured(database: Database, plan: Plan, progress: Progress) -> tuple[Gate, ...]:
    with progress("Measuring how real it looks"):
        return tuple(realism_report(read_table(database, CUSTOMERS.full_name, REPORT_COLUMNS), plan.as_of))


def _copy_blocks(spark: SparkSession, database: Database, staging: str, plan: Plan, writers: int) -> None:
    def copy(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        with writer(database, writers) as copier:
            for batch in batches:
                for block in batch.column("id").to_pylist():
                    copier.copy_once(staging, block, [generate_block(plan, block)])
        yield from ()

    # As many tasks as can write at once; the ledger, not the task, says which blocks are done.
    tasks = min(plan.blocks, writers, tasks_at_once(spark) or writers)
    spark.range(0, plan.blocks, 1, tasks).mapInArrow(copy, "id bigint").collect()
