"""Rows arrive once, even if an engine splits them into tasks, repeats a task, or gives two the same number."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from customer360.errors import Customer360Error
from customer360.mock_data.generate import generate_block
from customer360.mock_data.plan import Plan
from customer360.pipeline.staging import stage
from customer360.postgres.connection import Database
from customer360.postgres.internal_schema import prepare_internal_schema
from customer360.postgres.publish import publication
from customer360.postgres.spark_task import copy_part
from customer360.postgres.spark_types import spark_schema
from customer360.postgres.types import fields_of
from customer360.spark import plain_errors
from customer360.tables import CUSTOMERS

pytestmark = pytest.mark.slow

ROWS = 3_000


# -- the number of a part ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_row_group(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Parquet file that an engine splits for several tasks; one of them gets all rows."""
    path = tmp_path_factory.mktemp("rows") / "one.parquet"
    table = pa.table({"n": range(ROWS), "text": [f"{number:0>400}" for number in range(ROWS)]})
    pq.write_table(table, path, row_group_size=ROWS, compression="none", use_dictionary=False)
    return path


def same(rows: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return rows


STEPS: dict[str, Callable[[DataFrame], DataFrame]] = {
    "coalesce": lambda rows: rows.coalesce(2),
    "repartition": lambda rows: rows.repartition(5),
    "repartition by value": lambda rows: rows.repartition(3, "n"),
    "union": lambda rows: rows.union(rows),
    "join": lambda rows: rows.join(rows.select(F.col("n").alias("m")).distinct(), F.col("n") == F.col("m")).drop("m"),
    "group": lambda rows: rows.groupBy("n").count().select("n"),
    "distinct": lambda rows: rows.distinct(),
    "sort": lambda rows: rows.orderBy("n"),
    "window": lambda rows: rows.selectExpr("n", "row_number() OVER (PARTITION BY n % 7 ORDER BY n) AS m").select("n"),
    "filter": lambda rows: rows.where("n % 3 = 0"),
    "leave most tasks empty": lambda rows: rows.where("n < 40"),
    "leave nothing": lambda rows: rows.where("n < 0"),
    "limit": lambda rows: rows.limit(500),
    "Python": lambda rows: rows.mapInArrow(same, "n bigint"),
    "explode": lambda rows: rows.select("n", F.explode(F.array(F.lit(1), F.lit(2))).alias("m")).select("n"),
}  # fmt: skip


def in_their_tasks(rows: DataFrame) -> list[Any]:
    """For each task, the part numbers found in its rows, and how many they are."""

    def counted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        found, count = set[int](), 0
        for batch in batches:
            found |= set(batch.column("part").to_pylist())
            count += batch.num_rows
        if count:
            yield pa.RecordBatch.from_pydict({"parts": [sorted(found)], "rows": [count]})

    numbered = rows.withColumn("part", F.spark_partition_id())
    return numbered.mapInArrow(counted, "parts array<int>, rows bigint").collect()


@settings(max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    source=st.sampled_from(["one task", "seven tasks", "file"]),
    steps=st.lists(st.sampled_from(list(STEPS)), max_size=3),
)
def test_each_task_finds_one_number_in_its_rows_that_no_other_finds(
    spark: SparkSession, one_row_group: Path, source: str, steps: list[str]
) -> None:
    """This number is all that distinguishes the parts of a table, regardless of the earlier steps."""
    tasks = {"one task": 1, "seven tasks": 7}.get(source)
    rows = (
        spark.range(0, ROWS, 1, tasks).toDF("n")
        if tasks
        else spark.read.parquet(one_row_group.as_uri()).select("n")
    )
    for step in steps:
        rows = STEPS[step](rows)

    found = in_their_tasks(rows)

    numbers = [number for task in found for number in task["parts"]]
    assert all(len(task["parts"]) == 1 for task in found)
    assert len(set(numbers)) == len(numbers)
    assert sum(task["rows"] for task in found) == rows.count()


# -- staging ----------------------------------------------------------------------------------------------


def customers(spark: SparkSession, tasks: int) -> DataFrame:
    """`ROWS` mock customers for each of these tasks."""
    plan = Plan(ROWS, as_of=date(2026, 6, 30))

    def made(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for _ in range(batch.num_rows):
                yield generate_block(plan, 0)

    return spark.range(0, tasks, 1, tasks).mapInArrow(made, spark_schema(fields_of(CUSTOMERS)))


def staged_rows(database: Database, rows: DataFrame) -> int:
    """How many rows arrive in the staging table; nothing is published."""
    with publication(database, "test") as change, plain_errors(database.where):
        change.prepare([CUSTOMERS])
        stage(change, database, CUSTOMERS, rows, writers=2)
        return change.rows(CUSTOMERS)


def test_every_task_brings_its_rows(spark: SparkSession, database: Database) -> None:
    """More tasks than writers, and one of them without rows."""
    rows = customers(spark, 4).union(customers(spark, 1).where("customer_id IS NULL"))

    assert staged_rows(database, rows) == 4 * ROWS


def test_two_tasks_with_the_same_number_are_refused(
    spark: SparkSession, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of the second were not copied: with such an engine, they would be lost silently."""
    monkeypatch.setattr(F, "spark_partition_id", lambda: F.lit(3))

    with pytest.raises(
        Customer360Error,
        match=f"^4 tasks copied 1 parts of public.customers with {ROWS:,} rows, and {ROWS:,} arrived; nothing was published$",
    ):
        staged_rows(database, customers(spark, 4))


def test_a_task_that_waits_for_a_writer_does_not_hold_up_the_one_it_waits_for(
    spark: SparkSession, database: Database
) -> None:
    """Eight tasks, one writer, and rows that reach the tasks through small queues."""
    with database.connect() as connection:
        prepare_internal_schema(connection)
        connection.execute("CREATE TABLE customer360_internal.staged (id bigint)")

    def copy(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        first = next(batches)
        rows = (batch.select(["id"]) for batch in chain([first], batches))
        copied = copy_part(database, "staged", first.column("part")[0].as_py(), rows, writers=1)
        yield pa.RecordBatch.from_pydict({"rows": [copied]})

    rows = spark.range(0, 400_000, 1, 8).repartition(8).withColumn("part", F.spark_partition_id())
    said = rows.mapInArrow(copy, "rows bigint").collect()

    assert sum(row["rows"] for row in said) == 400_000
    with database.connect() as connection:
        found = connection.execute(
            "SELECT count(DISTINCT id), count(*) FROM customer360_internal.staged"
        ).fetchone()
    assert found == (400_000, 400_000)


# -- tasks that run again ---------------------------------------------------------------------------------

REPEATED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from customer360.mock_data.plan import Plan
from customer360.pipeline import fill, staging
from customer360.postgres.connection import Database
from customer360.postgres.datasource import register
from customer360.postgres.publish import publication
from customer360 import spark as sparks
from customer360.tables import CUSTOMERS

def main(database, died):
    copied, generated = staging.copy_part, fill.generate_block

    def copies_and_dies_once(database, table, part, *rest, **named):
        rows = copied(database, table, part, *rest, **named)
        die_once(f"copy {part}")
        return rows

    def dies_once(plan, block):
        if block == 1:
            die_once(f"block {block}")
        return generated(plan, block)

    def die_once(what):
        mark = died / what
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    staging.copy_part, fill.generate_block = copies_and_dies_once, dies_once
    spark = sparks.session(master="local[2,4]")
    fill.fill_mock_data(database, spark, Plan(120_000, seed=7, as_of=date(2026, 6, 30)), writers=1)
    with database.connect() as connection:
        print(*connection.execute("SELECT count(DISTINCT customer_id), count(*) FROM customers").fetchone())
    register(spark)
    rows = spark.read.format("postgres").option("url", database.url).option("table", "customers")
    with publication(database, "test") as change:
        change.prepare([CUSTOMERS], foreign=[CUSTOMERS])
        staging.stage(change, database, CUSTOMERS, rows.option("partitions", 4).load(), writers=2)
        print(change.rows(CUSTOMERS), *sorted(mark.name for mark in died.iterdir()))
    sparks.stop(spark)

main(Database(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.java
@pytest.mark.slow
def test_a_task_whose_worker_dies_after_its_copy_is_repeated_and_its_rows_are_there_once(
    database: Database, tmp_path: Path
) -> None:
    """Spark does not know that they were copied; the ledger does. The embedded engine repeats no task."""
    command = [sys.executable, "-c", REPEATED, database.url, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=200)

    assert run.stdout.splitlines() == ["120000 120000", "120000 block 1 copy 0 copy 1 copy 2 copy 3"], run.stderr
