"""All operations in a process of their own, beside the same with Spark JDBC, and beside moving the rows alone."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.arguments import chosen, engines, in_one_line, jdbc_jar, parser
from benchmarks.commands import timed
from benchmarks.engines import EMBEDDED, SPARK, Engine
from benchmarks.interleaved import Candidate, Sample, interleaved, save, say
from benchmarks.limits import ServerCopy, copy_to_null
from benchmarks.workplace import AS_OF, clear, temporary_database
from customer360.postgres.connection import Database
from customer360.postgres.read import read_table
from customer360.tables import CUSTOMER_PROFILES, CUSTOMERS, columns_read

DESCRIPTION = """\
How long the operations take, from the start of the process to its end, and how much memory at the most.

  copy   limit: no operations; COPY of the columns they read to the null device, then of the largest result table
         back from files by two writers, no key
  ours   customer360 run on the embedded engine: start it, read, operate, audit, publish every table at once
  spark  the same on Apache Spark
  duck   peer: the same tables by DuckDB in memory from Parquet of the same rows, with the two COPYs of the limit
  jdbc   peer: the same operations on Apache Spark, read and written by JDBC, table after table, no keys
"""


def main() -> None:
    arguments = parser("operations", DESCRIPTION).parse_args()
    jar, rows = jdbc_jar(arguments), arguments.rows
    say(f"operations, {rows:,} rows")
    with temporary_database() as (database, folder):
        home = folder.parent
        timed(EMBEDDED.command("mock", f"--customers={rows}", f"--as-of={AS_OF}"), home)
        everyone = [_ours(engine, database, home) for engine in engines()]
        if arguments.only != ["ours"]:
            timed(EMBEDDED.command("run"), home)  # the limit copies its results
            limit = _limit(database, folder)
            everyone = [limit, *everyone, _by_duckdb(database, home, folder, limit)]
        everyone += [_by_jdbc(database, home, rows, jar)] if jar and SPARK.is_installed else []
        measured = interleaved(chosen(everyone, arguments.only), repeats=arguments.repeats, warm_ups=0)
    save("operations", rows, measured, arguments.results)


def _limit(database: Database, folder: Path) -> Candidate:
    results = ServerCopy(database, folder, CUSTOMER_PROFILES.full_name)

    def prepare() -> None:
        clear(database)
        results.prepare()

    def run() -> None:
        copy_to_null(database, CUSTOMERS.full_name, columns_read(CUSTOMERS))
        results.run()

    return Candidate("copy", "COPY of the rows out and back, no operations", "limit", run, prepare)


def _ours(engine: Engine, database: Database, home: Path) -> Candidate:
    run = partial(timed, engine.command("run"), home)
    return Candidate(engine.key(), engine.label("customer360 run"), "ours", run, partial(clear, database))


def _by_duckdb(database: Database, home: Path, folder: Path, copies: Candidate) -> Candidate:
    parquet = folder / "customers.parquet"
    pq.write_table(read_table(database, CUSTOMERS.full_name, columns_read(CUSTOMERS)), parquet)

    def run() -> Sample:
        operations = timed(EMBEDDED.module("operations_by_duckdb", str(parquet)), home)
        started = time.perf_counter()
        copies.run()
        return Sample(operations.seconds + time.perf_counter() - started, operations.peak_bytes)

    return Candidate("duck", "DuckDB on Parquet, and the limit's two COPYs", "peer", run, copies.prepare)


def _by_jdbc(database: Database, home: Path, rows: int, jar: Path) -> Candidate:
    run = partial(timed, SPARK.module("operations_by_jdbc", str(rows), str(jar)), home)
    return Candidate("jdbc", "the same operations, Spark JDBC", "peer", run, partial(clear, database))


if __name__ == "__main__":
    in_one_line(main)
