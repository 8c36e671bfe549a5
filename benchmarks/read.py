"""Reading the customers into Spark, beside the server's own COPY TO the null device and Spark JDBC."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pyspark.sql import DataFrame, SparkSession

from benchmarks.arguments import chosen, in_one_line, jdbc_jar, parser
from benchmarks.interleaved import Candidate, interleaved, save, say
from benchmarks.jdbc import Jdbc
from benchmarks.limits import copy_to_null
from benchmarks.workplace import clear, plan, spark_session, temporary_database
from customer360.operations.conform import SOURCE_COLUMNS
from customer360.pipeline.fill import fill_mock_data
from customer360.postgres.connection import Database
from customer360.postgres.dataframe import read_dataframe
from customer360.postgres.datasource import register
from customer360.tables import CUSTOMERS

DESCRIPTION = """\
How long reading the customers into Spark takes, every row of it, in a running session.

  copy          limit: COPY of all columns to the null device, binary, one connection
  copy-columns  limit: the same of the columns that the operations need
  ours          all columns, the way `customer360 run` reads
  columns       the columns that the operations need, the way `customer360 run` reads
  source        format("postgres"), all columns, as a person reads: Spark plans it anew in processes of its own
  jdbc          peer: Spark JDBC in 4 partitions by customer_id, all columns
  jdbc-columns  peer: the same, the columns that the operations need
"""
_TABLE = CUSTOMERS.full_name


def main() -> None:
    arguments = parser("read", DESCRIPTION).parse_args()
    jar, rows = jdbc_jar(arguments), arguments.rows
    say(f"read, {rows:,} rows")
    with temporary_database() as (database, _), spark_session(jar) as spark:
        fill_mock_data(database, spark, plan(rows))
        clear(database)
        register(spark)
        everyone = _ours_and_limit(spark, database)
        everyone += _by_jdbc(spark, database, rows) if jar else []
        measured = interleaved(chosen(everyone, arguments.only), repeats=arguments.repeats)
    save("read", rows, measured, arguments.results)


def _ours_and_limit(spark: SparkSession, database: Database) -> list[Candidate]:
    def all_columns() -> None:
        _force(spark.read.format("postgres").options(url=database.url, table=_TABLE).load())

    def wake() -> None:
        # Spark ends Python workers after an idle minute: a peer that takes longer would leave us a cold start.
        _force(spark.read.format("postgres").options(url=database.url, table=_TABLE, where="false").load())

    def as_run_does(columns: Sequence[str]) -> None:
        with database.snapshot() as snapshot:
            _force(read_dataframe(spark, database, _TABLE, columns, snapshot=snapshot))

    every, needed = partial(as_run_does, CUSTOMERS.column_names), partial(as_run_does, SOURCE_COLUMNS)
    return [
        Candidate("copy", "COPY TO the null device, all columns", "limit", lambda: copy_to_null(database, _TABLE)),
        Candidate(
            "copy-columns",
            "COPY TO the null device, the columns needed",
            "limit",
            lambda: copy_to_null(database, _TABLE, SOURCE_COLUMNS),
        ),
        Candidate("ours", "**customer360**, all columns", "ours", every, wake),
        Candidate("columns", "**customer360**, the columns needed", "ours", needed, wake),
        Candidate("source", '`format("postgres")`, all columns', "ours", all_columns, wake),
    ]


def _by_jdbc(spark: SparkSession, database: Database, rows: int) -> list[Candidate]:
    def read(columns: Sequence[str]) -> None:
        _force(Jdbc(database).read(spark, _TABLE, rows).select(*columns))

    every, needed = partial(read, CUSTOMERS.column_names), partial(read, SOURCE_COLUMNS)
    return [
        Candidate("jdbc", "Spark JDBC in 4 partitions, all columns", "peer", every),
        Candidate("jdbc-columns", "Spark JDBC in 4 partitions, the columns needed", "peer", needed),
    ]


def _force(rows: DataFrame) -> None:
    """Makes Spark produce every row, and keep none."""
    rows.write.format("noop").mode("overwrite").save()


if __name__ == "__main__":
    in_one_line(main)
