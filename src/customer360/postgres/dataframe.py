"""A table as a Spark DataFrame, read in parallel from one snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from customer360.postgres import types
from customer360.postgres.connection import Database
from customer360.postgres.ddl import named
from customer360.postgres.pages import page_ranges
from customer360.postgres.read import read_batches
from customer360.postgres.spark_types import spark_schema
from customer360.spark.workers import tasks_at_once


def read_dataframe(
    spark: SparkSession, database: Database, table: str, columns: Sequence[str], *, snapshot: str
) -> DataFrame:
    """
    The *columns* of *table* as of *snapshot*, read in parallel by ranges of pages.

    The same read as `format("postgres")`, without the processes that Spark starts to plan a data source, which
    take longer than reading a million rows. *snapshot* must be held open until the rows have been read.
    """
    with database.within(snapshot) as connection:
        fields = types.chosen(types.fields(connection, named(table)), columns, table)
        ranges = page_ranges(connection, table, None, tasks_at_once=tasks_at_once(spark))

    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column("id").to_pylist():
                pages = ranges[number]
                yield from read_batches(database, pages.relation, fields, where=pages.condition, snapshot=snapshot)

    tasks = spark.range(0, len(ranges), 1, len(ranges))
    return tasks.mapInArrow(task, spark_schema(fields))
