"""Reading rows as Arrow batches (ADBC, binary COPY)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
from psycopg import sql

from customer360.errors import Customer360Error
from customer360.postgres import catalog, ddl, types
from customer360.postgres.connection import Database
from customer360.postgres.ddl import named
from customer360.tables import Table

if TYPE_CHECKING:
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
    Raises: Customer360Error when they differ, or when whoever holds the snapshot is gone.
    """
    connection.share_snapshot(snapshot)
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
        fields = types.chosen(types.fields(connection, named(table)), columns, table)
    schema = types.arrow_schema(fields)
    return pa.Table.from_batches(read_batches(database, named(table), fields), schema=schema)


def read_together(database: Database, tables: Sequence[Table]) -> dict[Table, pa.Table]:
    """
    Every row of *tables*, all as one publication left them.

    Raises: Customer360Error when a table is missing or cannot be read.
    """
    names = [ddl.identifier(table) for table in tables]
    try:
        with database.connect("customer360 tables") as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # Locked before the snapshot: a swap between the two would leave us tables that look empty.
            connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.SQL(", ").join(names)))
            snapshot = catalog.value(connection, "SELECT pg_export_snapshot()")
            return {table: _whole(database, table, snapshot) for table in tables}
    except psycopg.Error as error:
        raise Customer360Error(f"cannot read the results: {str(error).splitlines()[0]}") from None


def _whole(database: Database, table: Table, snapshot: str) -> pa.Table:
    fields = types.fields_of(table)
    batches = read_batches(database, ddl.identifier(table), fields, snapshot=snapshot)
    return pa.Table.from_batches(batches, schema=types.arrow_schema(fields))
