"""Reading rows as Arrow batches (ADBC, binary COPY)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
from psycopg import sql

from customer360.errors import Customer360Error
from customer360.postgres import types
from customer360.postgres.connection import Database
from customer360.postgres.standalone import identifier

_BATCH_BYTES: Final = 8 << 20


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
    with database.connect_arrow() as connection, connection.cursor() as cursor:
        if snapshot:
            _share_snapshot(cursor, relation, snapshot)
        cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)})
        cursor.execute(query.as_string(None))
        for batch in cursor.fetch_record_batch():
            columns = [field.decode(batch.column(i)) for i, field in enumerate(fields)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _share_snapshot(cursor: Any, relation: sql.Composable, snapshot: str) -> None:
    """
    Reads *relation* as it stood in *snapshot* from here on.

    A partition that was swapped in since would look empty, because its rows are newer than the snapshot. The
    snapshot still sees the old partition in the catalogue, while PostgreSQL's own functions see the new one.
    Raises: Customer360Error when they differ.
    """
    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    cursor.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot).as_string(None))
    if not isinstance(relation, sql.Identifier):
        return
    cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(relation).as_string(None))
    swapped = sql.SQL(
        """
        SELECT array(SELECT inhrelid::bigint FROM pg_inherits WHERE inhparent = {0}::regclass ORDER BY 1)
            <> array(SELECT relid::oid::bigint FROM pg_partition_tree({0}::regclass) WHERE level = 1 ORDER BY 1)
        """
    ).format(sql.Literal(relation.as_string(None)))
    cursor.execute(swapped.as_string(None))
    if cursor.fetchone()[0]:
        raise Customer360Error(
            f"{relation.as_string(None)} was replaced by a newer refresh while it was being read; read it again"
        )


def read_table(database: Database, table: str, columns: Sequence[str]) -> pa.Table:
    """The *columns* of every row of *table*, in memory. Raises: Customer360Error for a missing column."""
    with database.connect() as connection:
        fields = types.chosen(types.fields(connection, identifier(table)), columns, table)
    schema = types.arrow_schema(fields)
    return pa.Table.from_batches(read_batches(database, identifier(table), fields), schema=schema)
