"""The tasks measured within a running session, on the engine of the current Python. Started by `sessions.py`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from benchmarks.jdbc import Jdbc, customers_by_expressions
from benchmarks.workplace import AS_OF, plan, spark_session
from customer360.pipeline.fill import fill_mock_data
from customer360.postgres.connection import Database
from customer360.postgres.dataframe import read_dataframe
from customer360.postgres.datasource import register
from customer360.settings import DATABASE_URL
from customer360.tables import CUSTOMERS

_TABLE = CUSTOMERS.full_name


def main(jar: Path | None) -> None:
    """Reads a task with its arguments per line of JSON; writes the seconds that it took per line."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    database = Database(os.environ[DATABASE_URL])
    with spark_session(jar) as spark:
        for line in sys.stdin:
            task, *arguments = json.loads(line)
            started = time.perf_counter()
            _TASKS[task](spark, database, *arguments)
            answers.write(f"{time.perf_counter() - started}\n")


def _fill(spark: SparkSession, database: Database, rows: int, events_per_customer: int = 0) -> None:
    fill_mock_data(database, spark, plan(rows, events_per_customer))


def _fill_by_jdbc(spark: SparkSession, database: Database, rows: int, table: str) -> None:
    Jdbc(database).write(customers_by_expressions(spark, rows, AS_OF), table)


def _read(spark: SparkSession, database: Database, columns: Sequence[str]) -> None:
    with database.snapshot() as snapshot:
        _force(read_dataframe(spark, database, _TABLE, columns, snapshot=snapshot))


def _read_source(spark: SparkSession, database: Database, where: str = "") -> None:
    register(spark)
    reader = spark.read.format("postgres").options(url=database.url, table=_TABLE)
    _force((reader.option("where", where) if where else reader).load())


def _read_by_jdbc(spark: SparkSession, database: Database, rows: int, columns: Sequence[str]) -> None:
    _force(Jdbc(database).read(spark, _TABLE, rows).select(*columns))


def _force(rows: DataFrame) -> None:
    """Makes the engine produce every row without keeping any."""
    rows.write.format("noop").mode("overwrite").save()


_TASKS: dict[str, Callable[..., None]] = {
    "fill": _fill,
    "fill by JDBC": _fill_by_jdbc,
    "read": _read,
    "read the source": _read_source,
    "read by JDBC": _read_by_jdbc,
}


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
