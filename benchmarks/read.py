"""Reads the customers into an engine, compared with COPY TO the null device and Spark JDBC."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from benchmarks.arguments import chosen, engines, in_one_line, jdbc_jar, parser
from benchmarks.engines import EMBEDDED, SPARK, Engine
from benchmarks.interleaved import Candidate, interleaved, save, say
from benchmarks.limits import copy_to_null
from benchmarks.sessions import Session, session
from benchmarks.workplace import clear, temporary_database
from customer360.postgres.connection import Database
from customer360.tables import CUSTOMERS, columns_read

DESCRIPTION = """\
Measures reading every row of the customers into an engine, in running sessions.

  copy          limit: COPY of all columns to the null device, binary, one connection
  copy-columns  limit: the same for the columns that the operations need
  ours          all columns, as `customer360 run` reads them, on the embedded engine
  columns       the columns that the operations need, as `customer360 run` reads them
  source        format("postgres"), all columns, as a user reads them: the engine plans it again
  spark, spark-columns, spark-source
                the same three on Apache Spark
  jdbc          peer: Spark JDBC in 4 partitions by customer_id, all columns
  jdbc-columns  peer: the same for the columns that the operations need
"""
_TABLE = CUSTOMERS.full_name


def main() -> None:
    arguments = parser("read", DESCRIPTION).parse_args()
    jar, rows = jdbc_jar(arguments), arguments.rows
    say(f"read, {rows:,} rows")
    with temporary_database() as (database, _), ExitStack() as until_end:
        running = {engine: until_end.enter_context(session(engine, database, jar)) for engine in engines()}
        running[EMBEDDED].timed("fill", rows)
        clear(database)
        everyone = _limits(database)
        for each in running.items():
            everyone += _ours(*each)
        everyone += _by_jdbc(running[SPARK], rows) if jar and SPARK in running else []
        measured = interleaved(chosen(everyone, arguments.only), repeats=arguments.repeats)
    save("read", rows, measured, arguments.results)


def _limits(database: Database) -> list[Candidate]:
    def copy(key: str, what: str, columns: Sequence[str]) -> Candidate:
        run = partial(copy_to_null, database, _TABLE, columns)
        return Candidate(key, f"COPY TO the null device, {what}", "limit", run)

    return [
        copy("copy", "all columns", ("*",)),
        copy("copy-columns", "the columns needed", columns_read(CUSTOMERS)),
    ]


def _ours(engine: Engine, running: Session) -> list[Candidate]:
    def wake() -> None:
        # Spark ends Python workers after an idle minute: a slower peer would leave our run a cold start.
        running.timed("read the source", "false")

    def candidate(key: str, what: str, *task: Any) -> Candidate:
        label = f"{engine.label('customer360')}, {what}"
        return Candidate(engine.key(key), label, "ours", partial(running.timed, *task), wake)

    return [
        candidate("ours", "all columns", "read", CUSTOMERS.column_names),
        candidate("columns", "the columns needed", "read", columns_read(CUSTOMERS)),
        candidate("source", 'as `format("postgres")`, all columns', "read the source"),
    ]


def _by_jdbc(spark: Session, rows: int) -> list[Candidate]:
    def candidate(key: str, what: str, columns: Sequence[str]) -> Candidate:
        run = partial(spark.timed, "read by JDBC", rows, columns)
        return Candidate(key, f"Spark JDBC in 4 partitions, {what}", "peer", run)

    return [
        candidate("jdbc", "all columns", CUSTOMERS.column_names),
        candidate("jdbc-columns", "the columns needed", columns_read(CUSTOMERS)),
    ]


if __name__ == "__main__":
    in_one_line(main)
