"""Filling the database with mock customers, beside the server's own COPY, Spark JDBC and Faker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks import faker_rows
from benchmarks.arguments import chosen, has_uv, in_one_line, jdbc_jar, parser
from benchmarks.interleaved import Candidate, Sample, interleaved, nothing, save, say
from benchmarks.jdbc import Jdbc, customers_by_expressions
from benchmarks.limits import ServerCopy
from benchmarks.workplace import AS_OF, SCHEMA, clear, like, plan, spark_session, temporary_database
from customer360.mock_data.plan import BLOCK_ROWS
from customer360.pipeline.fill import fill_mock_data
from customer360.postgres.connection import Database
from customer360.tables import CUSTOMERS

DESCRIPTION = """\
How long filling the database with mock customers takes, in a running Spark session.

  copy   limit: the same rows by server-side binary COPY, two writers, no key
  ours   customer360 mock: made and copied in Spark's tasks; primary key, ANALYZE and swap included
  jdbc   peer: rows made of Spark expressions, written by Spark JDBC, no key
  faker  peer: Faker and COPY row by row, measured on 20,000 rows and scaled up, no key
"""
_WAKING_ROWS = 2 * BLOCK_ROWS
"""A block for each of two tasks, so that both cores have a worker."""

_BY_JDBC = f"{SCHEMA}.by_jdbc"
_BY_FAKER = f"{SCHEMA}.by_faker"


def main() -> None:
    arguments = parser("fill", DESCRIPTION).parse_args()
    jar, rows = jdbc_jar(arguments), arguments.rows
    say(f"fill, {rows:,} rows")
    with temporary_database() as (database, folder), spark_session(jar) as spark:
        fill_mock_data(database, spark, plan(rows))  # the limit copies these very rows
        everyone = _ours_and_limit(spark, database, folder, rows)
        everyone += _by_jdbc(spark, database, rows) if jar else []
        everyone += _by_faker(database, rows) if has_uv() else []
        measured = interleaved(chosen(everyone, arguments.only), repeats=arguments.repeats)
    save("fill", rows, measured, arguments.results)


def _ours_and_limit(spark: SparkSession, database: Database, folder: Path, rows: int) -> list[Candidate]:
    copy = ServerCopy(database, folder, CUSTOMERS.full_name)

    def fill() -> None:
        fill_mock_data(database, spark, plan(rows))

    def wake() -> None:
        # Spark ends Python workers after an idle minute: a peer that takes longer would leave us a cold start.
        fill_mock_data(database, spark, plan(_WAKING_ROWS))
        clear(database)

    return [
        Candidate(
            "copy", "server-side binary COPY, 2 writers", "limit", copy.run, _cleared(database, copy.prepare)
        ),
        Candidate("ours", "**customer360 mock**", "ours", fill, wake),
    ]


def _by_jdbc(spark: SparkSession, database: Database, rows: int) -> list[Candidate]:
    def write() -> None:
        Jdbc(database).write(customers_by_expressions(spark, rows, AS_OF), _BY_JDBC)

    prepare = _cleared(database, lambda: like(database, CUSTOMERS.full_name, _BY_JDBC))
    return [Candidate("jdbc", "Spark expressions, Spark JDBC", "peer", write, prepare)]


def _by_faker(database: Database, rows: int) -> list[Candidate]:
    def write() -> Sample:
        return Sample(faker_rows.seconds(database, _BY_FAKER) * rows / faker_rows.ROWS)

    prepare = _cleared(database, lambda: like(database, CUSTOMERS.full_name, _BY_FAKER))
    return [Candidate("faker", f"Faker row by row, scaled from {faker_rows.ROWS:,}", "peer", write, prepare)]


def _cleared(database: Database, then: Callable[[], None] = nothing) -> Callable[[], None]:
    def prepare() -> None:
        clear(database)
        then()

    return prepare


if __name__ == "__main__":
    in_one_line(main)
