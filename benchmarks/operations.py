"""All operations in a separate process, compared with Spark JDBC and with only moving the rows."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.arguments import chosen, engines, in_one_line, jdbc_jar, named, parser, with_events
from benchmarks.commands import timed
from benchmarks.engines import EMBEDDED, SPARK, Engine
from benchmarks.interleaved import Candidate, Sample, interleaved, save, say
from benchmarks.limits import ServerCopy, copy_to_null
from benchmarks.workplace import AS_OF, clear, plan, temporary_database
from customer360.mock_data.events import generate_events
from customer360.mock_data.generate import generate_block
from customer360.postgres.connection import Database
from customer360.tables import CUSTOMER_MONTHS, CUSTOMER_PROFILES, CUSTOMERS, EVENTS, Source, columns_read

DESCRIPTION = """\
Measures the time of the operations, from the start of the process to its end, and their peak memory.

  copy   limit: no operations; COPY of the columns they read to the null device, then of the largest result tables
         (the profiles, and with events the customers' months) back from files by two writers, no key
  ours   customer360 run on the embedded engine: start it, read, operate, audit, publish all tables atomically
  spark  the same on Apache Spark
  duck   peer: the same tables by DuckDB in memory from Parquet of the same rows, with the two COPYs of the limit
  jdbc   peer: the same operations on Apache Spark, read and written by JDBC, table after table, no keys
"""


def main() -> None:
    arguments = with_events(parser("operations", DESCRIPTION)).parse_args()
    rows, events = arguments.rows, arguments.events_per_customer
    jar = jdbc_jar(arguments) if not events else None
    say(f"operations, {rows:,} rows, {events} events each")
    with temporary_database() as (database, folder):
        home = folder.parent
        story = (f"--customers={rows}", f"--as-of={AS_OF}", f"--events-per-customer={events}")
        timed(EMBEDDED.command("mock", *story), home)
        everyone = [_ours(engine, database, home) for engine in engines()]
        if arguments.only != ["ours"]:
            timed(EMBEDDED.command("run"), home)  # the limit copies its results
            limit = _limit(database, folder, has_events=events > 0)
            everyone = [limit, *everyone, _by_duckdb(home, folder, limit, rows, events)]
        everyone += [_by_jdbc(database, home, rows, jar)] if jar and SPARK.is_installed else []
        measured = interleaved(chosen(everyone, arguments.only), repeats=arguments.repeats, warm_ups=0)
    save(named("operations", arguments), rows, measured, arguments.results)


def _limit(database: Database, folder: Path, *, has_events: bool) -> Candidate:
    sources = (CUSTOMERS, EVENTS) if has_events else (CUSTOMERS,)
    tables = (CUSTOMER_PROFILES, CUSTOMER_MONTHS) if has_events else (CUSTOMER_PROFILES,)
    results = [ServerCopy(database, folder, table) for table in tables]

    def prepare() -> None:
        clear(database)
        for result in results:
            result.prepare()

    def run() -> None:
        for source in sources:
            copy_to_null(database, source.full_name, columns_read(source))
        for result in results:
            result.run()

    return Candidate("copy", "COPY of the rows out and back, no operations", "limit", run, prepare)


def _ours(engine: Engine, database: Database, home: Path) -> Candidate:
    run = partial(timed, engine.command("run"), home)
    return Candidate(engine.key(), engine.label("customer360 run"), "ours", run, partial(clear, database))


def _by_duckdb(home: Path, folder: Path, copies: Candidate, rows: int, events: int) -> Candidate:
    story = plan(rows, events)
    files = [_parquet(folder, CUSTOMERS, (generate_block(story, block) for block in range(story.blocks)))]
    if events:
        batches = (batch for block in range(story.blocks) for batch in generate_events(story, block))
        files.append(_parquet(folder, EVENTS, batches))

    def run() -> Sample:
        operations = timed(EMBEDDED.module("operations_by_duckdb", *map(str, files)), home)
        started = time.perf_counter()
        copies.run()
        return Sample(operations.seconds + time.perf_counter() - started, operations.peak_bytes)

    return Candidate("duck", "DuckDB on Parquet, and the limit's two COPYs", "peer", run, copies.prepare)


def _parquet(folder: Path, source: Source, batches: Iterable[pa.RecordBatch]) -> Path:
    """A Parquet file of the columns of *batches* that the operations read."""
    path, columns = folder / f"{source.name}.parquet", columns_read(source)
    schema = pa.schema([source.arrow_schema.field(name) for name in columns])
    with pq.ParquetWriter(path, schema) as writer:
        for batch in batches:
            writer.write_batch(batch.select(list(columns)))
    return path


def _by_jdbc(database: Database, home: Path, rows: int, jar: Path) -> Candidate:
    run = partial(timed, SPARK.module("operations_by_jdbc", str(rows), str(jar)), home)
    return Candidate("jdbc", "the same operations, Spark JDBC", "peer", run, partial(clear, database))


if __name__ == "__main__":
    in_one_line(main)
