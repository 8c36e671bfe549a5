"""Reading rows as Arrow batches (ADBC, binary COPY)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa
from psycopg import sql

from customer360.errors import Customer360Error
from customer360.postgres import types
from customer360.postgres.connection import Database
from customer360.postgres.pages import page_ranges
from customer360.postgres.standalone import identifier

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from customer360.postgres.arrow import ArrowConnection


def read_batches(
    database: Database,
    relation: sql.Composable,
    fields: Sequence[types.Field],
    *,
    where: sql.Composable | None = None,
    snapshot: str | None = None,
) -> Iterator[pa.RecordBatch]:
    """The *fields* of the rows of *relation* that meet *where*, exact, as they stood in *snapshot*."""
    query = sql.SQL("SELECT {} FROM {}{}").format(
        sql.SQL(", ").join(field.expression for field in fields),
        relation,
        sql.SQL(" WHERE {}").format(where) if where else sql.SQL(""),
    )
    schema = types.arrow_schema(fields)
    with closing(database.connect_arrow()) as connection:
        if snapshot:
            _share_snapshot(connection, relation, snapshot)
        for batch in connection.batches(query):
            columns = [field.decode(batch.column(i)) for i, field in enumerate(fields)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _share_snapshot(connection: ArrowConnection, relation: sql.Composable, snapshot: str) -> None:
    """
    Reads *relation* as it stood in *snapshot* from here on.

    A partition that was swapped in since would look empty, because its rows are newer than the snapshot. The
    snapshot still sees the old partition in the catalogue, while PostgreSQL's own functions see the new one.
    Raises: Customer360Error when they differ.
    """
    connection.execute(sql.SQL("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot))
    if not isinstance(relation, sql.Identifier):
        return
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(relation))
    swapped = sql.SQL(
        """
        SELECT array(SELECT inhrelid::bigint FROM pg_inherits WHERE inhparent = {0}::regclass ORDER BY 1)
            <> array(SELECT relid::oid::bigint FROM pg_partition_tree({0}::regclass) WHERE level = 1 ORDER BY 1)
        """
    ).format(sql.Literal(relation.as_string(None)))
    if connection.value(swapped):
        raise Customer360Error(
            f"{relation.as_string(None)} was replaced by a newer refresh while it was being read; read it again"
        )


def read_table(database: Database, table: str, columns: Sequence[str]) -> pa.Table:
    """The *columns* of every row of *table*, in memory. Raises: Customer360Error for a missing column."""
    with database.connect() as connection:
        fields = types.chosen(types.fields(connection, identifier(table)), columns, table)
    schema = types.arrow_schema(fields)
    return pa.Table.from_batches(read_batches(database, identifier(table), fields), schema=schema)


def read_dataframe(
    spark: SparkSession, database: Database, table: str, columns: Sequence[str], *, snapshot: str
) -> DataFrame:
    """
    The *columns* of *table* as they stood in *snapshot*, read in parallel by ranges of pages.

    The same read as `format("postgres")`, without the processes that Spark starts to plan a data source, which
    take longer than reading a million rows. *snapshot* has to be held open until the rows have been read.
    """
    with database.connect() as connection:
        fields = types.chosen(types.fields(connection, identifier(table)), columns, table)
        ranges = page_ranges(connection, table, None)

    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column("id").to_pylist():
                pages = ranges[number]
                yield from read_batches(database, pages.relation, fields, where=pages.condition, snapshot=snapshot)

    tasks = spark.range(0, len(ranges), 1, len(ranges))
    return tasks.mapInArrow(task, types.spark_schema(fields))
