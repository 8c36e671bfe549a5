"""
`spark.read.format("postgres")` and `df.write.format("postgres")`: Arrow batches, no JDBC jar.

Options of both: `url` (libpq URL; Spark redacts it in plans), `table`. Reading: `query` instead of `table`;
`columns` (comma-separated, a name with a comma in double quotes; Spark does not pass the columns that it needs to
a Python source, so set them here or pass a schema), `where` (a condition for PostgreSQL to apply), `partitions`,
`snapshot` (see `Database.snapshot`). Writing: `writers`, the cap on concurrent copies.

Spark can also push its own filters down to a Python source, but up to 4.3 it keeps them with the loaded DataFrame
and applies them to its other uses too, which loses rows. So Spark's filters stay with Spark, and `where` is
explicit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from psycopg import sql
from pyspark.sql.datasource import (
    DataSource,
    DataSourceArrowWriter,
    DataSourceReader,
    InputPartition,
    WriterCommitMessage,
)
from pyspark.sql.types import StructType

from customer360.errors import Invalid, failures
from customer360.postgres import standalone, types
from customer360.postgres.connection import Database
from customer360.postgres.copy import WRITERS
from customer360.postgres.ddl import named, split_names
from customer360.postgres.pages import PageRange, page_ranges
from customer360.postgres.read import read_batches
from customer360.postgres.snapshot import keep_snapshot
from customer360.postgres.spark_task import copy_task
from customer360.postgres.spark_types import spark_schema, struct_type
from customer360.spark import java_process, machine

if TYPE_CHECKING:
    import psycopg
    from pyspark.sql import DataFrame, SparkSession

_MOST_IN_ONE: Final = 128
"""8 MB batches per merged batch; no column comes near 2 GB, the limit of an Arrow text column."""


def register(spark: SparkSession) -> None:
    """Registers the format `postgres` with *spark*, which becomes the active session: Spark looks there."""
    java_process.activate(spark)
    spark.dataSource.register(PostgresDataSource)


def read(spark: SparkSession, database: Database, table: str, columns: Sequence[str] | None = None) -> DataFrame:
    """*table*, or *columns* of it, by the format `postgres`. Raises: Customer360Error when it cannot be read."""
    fields = _fields(database, named(table))
    schema = spark_schema(fields if columns is None else types.chosen(fields, columns, table))
    register(spark)
    return spark.read.format("postgres").schema(schema).options(url=database.url, table=table).load()


class PostgresDataSource(DataSource):
    """The format `postgres`; see the module for its options."""

    @classmethod
    def name(cls) -> str:
        return "postgres"

    def schema(self) -> StructType:
        fields = _fields(self._database, self._relation)
        if names := self.options.get("columns"):
            fields = types.chosen(fields, [name.strip() for name in split_names(names, ",")], self._shown)
        return spark_schema(fields)

    def reader(self, schema: StructType | pa.Schema) -> PostgresReader:
        fields = types.chosen(_fields(self._database, self._relation), schema.names, self._shown)
        in_one_process = not isinstance(schema, StructType)
        return PostgresReader(self._database, self._relation, fields, self.options, in_one_process)

    def writer(self, schema: StructType | pa.Schema, overwrite: bool) -> PostgresWriter:
        writers = _positive(self.options, "writers", WRITERS)
        table = self._option("table")
        staging, columns = standalone.stage(self._database, table, struct_type(schema))
        return PostgresWriter(self._database, staging, columns, writers, table, overwrite)

    @property
    def _database(self) -> Database:
        return Database(self._option("url"))

    @property
    def _relation(self) -> sql.Composable:
        if query := self.options.get("query"):
            if self.options.get("table"):
                raise Invalid("the format 'postgres' reads a table or a query; set one of these options")
            return sql.SQL("({}) AS query").format(sql.SQL(query))  # the user's own SQL, run with their rights
        return named(self._option("table"))

    @property
    def _shown(self) -> str:
        return self.options.get("table") or "the query"

    def _option(self, name: str) -> str:
        if value := self.options.get(name):
            return str(value)
        raise Invalid(f"the format 'postgres' requires .option('{name}', ...)")


def _fields(database: Database, relation: sql.Composable) -> tuple[types.Field, ...]:
    with failures.plain(database.where), database.connect() as connection:
        return types.fields(connection, relation)


def _positive(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name, str(default))
    if text.isdecimal() and (int(text) > 0 or int(text) == default):
        return int(text)
    raise Invalid(f"invalid option '{name}' of the format 'postgres': {text!r}; use a number, 1 or more")


@dataclass
class _Range(InputPartition):
    """The pages that one task reads, None for all, and the snapshot that all tasks share."""

    pages: PageRange | None
    snapshot: str | None


class PostgresReader(DataSourceReader):
    """
    Reads in parallel by ranges of pages, all tasks in the same snapshot.

    An engine whose tasks run *in_one_process*, such as Sail, reads all ranges at the same time.
    """

    def __init__(
        self,
        database: Database,
        relation: sql.Composable,
        fields: Sequence[types.Field],
        options: Mapping[str, str],
        in_one_process: bool = False,
    ) -> None:
        self._database, self._relation, self._fields = database, relation, fields
        self._table, self._snapshot = options.get("table"), options.get("snapshot")
        self._partitions = _positive(options, "partitions", 0) or None
        where = options.get("where")
        self._where = sql.SQL("({})").format(sql.SQL(where)) if where else None  # the user's own SQL
        self._in_one_process = in_one_process

    def partitions(self) -> Sequence[InputPartition]:
        with failures.plain(self._database.where):  # an engine may pass on only the message of any other error
            return self._partitioned()

    def _partitioned(self) -> list[_Range]:
        if self._table is None:
            return [_Range(None, self._snapshot)]
        if self._snapshot:
            return self._ranges(self._table, self._snapshot)
        with self._database.connect() as connection:
            ranges = self._page_ranges(connection, self._table)
        if len(ranges) == 1:
            return [_Range(ranges[0], None)]
        return self._ranges(self._table, keep_snapshot(self._database, self._relation))

    def _ranges(self, table: str, snapshot: str) -> list[_Range]:
        with self._database.within(snapshot) as connection:
            return [_Range(pages, snapshot) for pages in self._page_ranges(connection, table)]

    def _page_ranges(self, connection: psycopg.Connection[Any], table: str) -> list[PageRange]:
        cores = machine.cores() if self._in_one_process else None
        return page_ranges(connection, table, self._partitions, tasks_at_once=cores)

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, _Range)  # noqa: S101  Spark passes what partitions() returned
        pages = partition.pages
        conditions = [condition for condition in (self._where, pages and pages.condition) if condition]
        batches = read_batches(
            self._database,
            pages.relation if pages else self._relation,
            self._fields,
            where=sql.SQL(" AND ").join(conditions) if conditions else None,
            snapshot=partition.snapshot,
        )
        yield from _fewer(batches) if self._in_one_process else batches


def _fewer(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """
    The rows of *batches*: the first batches unchanged, later ones merged into ever larger batches.

    Sail queues up to 16 batches of a task. The task then waits for room and holds Python's GIL meanwhile; if the
    consumers need Python too, to write the rows or to read others, all wait forever. Merged batches reach 16 only
    after 4 GB.
    """
    for size in chain([1] * 7, (2**doubled for doubled in range(1, 7)), repeat(_MOST_IN_ONE)):
        if not (pieces := list(islice(batches, size))):
            return
        yield from pa.Table.from_batches(pieces).combine_chunks().to_batches() if size > 1 else pieces


@dataclass
class _Copied(WriterCommitMessage):
    """What a task reports: the rows of its part."""

    rows: int


class PostgresWriter(DataSourceArrowWriter):
    """Copies each task's rows once into a staging table; the driver then moves all of them in one transaction."""

    def __init__(
        self,
        database: Database,
        staging: str,
        columns: Sequence[types.Field],
        writers: int,
        table: str,
        overwrite: bool,
    ) -> None:
        self._database, self._staging, self._columns = database, staging, columns
        self._writers, self._table, self._overwrite = writers, table, overwrite

    def write(self, iterator: Iterator[pa.RecordBatch]) -> WriterCommitMessage:
        schema = types.arrow_schema(self._columns)
        batches = (batch.select(schema.names).cast(schema) for batch in iterator)
        return _Copied(copy_task(self._database, self._staging, batches, self._writers, shown=self._table))

    def commit(self, messages: list[WriterCommitMessage | None]) -> None:
        rows = sum(message.rows for message in messages if isinstance(message, _Copied))
        standalone.move(self._database, self._staging, self._table, rows, overwrite=self._overwrite)

    def abort(self, messages: list[WriterCommitMessage | None]) -> None:  # noqa: ARG002  Spark's signature
        standalone.drop(self._database, self._staging)
