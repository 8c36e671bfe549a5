"""Writes mock data to the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from customer360 import __version__
from customer360.mock_data.event_realism import EVENT_REPORT_COLUMNS, event_realism_report
from customer360.mock_data.events import generate_events
from customer360.mock_data.generate import generate_block
from customer360.mock_data.plan import Plan
from customer360.mock_data.realism import REPORT_COLUMNS, Gate, realism_report
from customer360.pipeline.progress import Progress, silent
from customer360.pipeline.rejected import has_loaded, keep_others
from customer360.pipeline.sources import prepare_sources
from customer360.pipeline.staging import WAITING, Waiting, now
from customer360.postgres.connection import Database
from customer360.postgres.copy import WRITERS, writer
from customer360.postgres.forgotten import forget_mock_ids
from customer360.postgres.origin import Origin
from customer360.postgres.publish import publication
from customer360.postgres.read import read_table
from customer360.spark import plain_errors
from customer360.spark.workers import tasks_at_once
from customer360.tables import CUSTOMERS, EVENTS, REJECTED_ROWS, SOURCES, Source

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_GENERATORS: Final[Mapping[str, Callable[[Plan, int], Iterable[pa.RecordBatch]]]] = {
    CUSTOMERS.name: lambda plan, block: [generate_block(plan, block)],
    EVENTS.name: generate_events,
}

_NO_EVENTS: Final = "To fill no events: --events-per-customer 0"


@dataclass(frozen=True, repr=False)
class Fill:
    """Mock customers and events in the database: how many, their plan, and the *gates* checked, if any."""

    customers: int
    events: int
    seed: int
    as_of: date
    dirt: float
    gates: tuple[Gate, ...] = ()

    def __repr__(self) -> str:
        filled = f"{self.customers:,} mock customers in {CUSTOMERS.full_name}"
        if self.events:
            filled += f" and {self.events:,} events in {EVENTS.full_name}"
        return f"{filled} as of {self.as_of} (seed {self.seed})"


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
    Replaces the customers and events in the database with those of *plan*; with *report*, measures how realistic
    they are.

    Readers see the old rows until all new ones are complete. Rows that are not our mock data, including those
    written meanwhile, are deleted only with *replace*. The rows are generated and copied inside tasks, so the
    engine moves none, and they do not depend on the number of tasks. The rejected rows of a load are deleted
    together with the rows that it loaded.
    """
    with publication(database, "mock", wait_seconds=waiting.run_seconds) as change, plain_errors(database.where):
        rejected = [REJECTED_ROWS] if has_loaded(change.connection, *SOURCES) else []
        change.prepare(rejected)
        filled = _filled(plan)
        prepare_sources(change, filled, replace=replace, instead=_NO_EVENTS)
        staging = {source: change.stage(source) for source in filled}
        with progress("Filling customers", total=plan.customers, done=lambda: change.rows(CUSTOMERS)):
            _copy_blocks(spark, database, staging, plan, writers)
        rows = {source: change.rows(source) for source in filled}
        for source in filled:
            change.describe(source, _origin(plan, rows[source]).record())
        if rejected:
            change.stage(REJECTED_ROWS)
            keep_others(change, *SOURCES)
        with progress("Building the keys and publishing"):
            change.publish(lock_seconds=waiting.swap_seconds)
        forget_mock_ids(change.connection)
    gates = _measured(database, plan, progress) if report else ()
    return Fill(plan.customers, rows.get(EVENTS, 0), plan.seed, plan.as_of, plan.dirt, gates)


def _filled(plan: Plan) -> tuple[Source, ...]:
    """In the order of copying: progress counts customers, so a block is done when its customers are copied."""
    return (EVENTS, CUSTOMERS) if plan.events_per_customer else (CUSTOMERS,)


def _origin(plan: Plan, rows: int) -> Origin:
    return Origin(
        "mock", rows=rows, seed=plan.seed, as_of=plan.as_of, dirt=plan.dirt,
        events_per_customer=plan.events_per_customer, filled_at=now(), version=__version__,
    )  # fmt: skip


def _measured(database: Database, plan: Plan, progress: Progress) -> tuple[Gate, ...]:
    with progress("Measuring how realistic the data is"):
        gates = realism_report(read_table(database, CUSTOMERS.full_name, REPORT_COLUMNS), plan.as_of)
        if plan.events_per_customer:
            events = read_table(database, EVENTS.full_name, EVENT_REPORT_COLUMNS)
            gates += event_realism_report(events, plan.as_of)
    return tuple(gates)


def _copy_blocks(
    spark: SparkSession, database: Database, staging: Mapping[Source, str], plan: Plan, writers: int
) -> None:
    def copy(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        with writer(database, writers) as copier:
            for batch in batches:
                for block in batch.column("id").to_pylist():
                    for source, name in staging.items():
                        copier.copy_once(name, block, _GENERATORS[source.name](plan, block))
        yield from ()

    # As many tasks as can write at the same time; the ledger, not the task, says which blocks are done.
    tasks = min(plan.blocks, writers, tasks_at_once(spark) or writers)
    spark.range(0, plan.blocks, 1, tasks).mapInArrow(copy, "id bigint").collect()
