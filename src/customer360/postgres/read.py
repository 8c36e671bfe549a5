"""Reads rows as Arrow batches (ADBC, binary COPY)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import psycopg
import pyarrow as pa
from psycopg import sql

from customer360.errors import Invalid, Unavailable, nearest, postgresql
from customer360.postgres import catalog, ddl, types
from customer360.postgres.connection import Database
from customer360.postgres.ddl import named
from customer360.tables import RESULT_SCHEMA, TABLES, Table

if TYPE_CHECKING:
    import pandas as pd

    from customer360.postgres.arrow import ArrowConnection

_LOCK_TIMEOUT: Final = "5s"
"""
How long a reader waits for a table whose snapshot is held. PostgreSQL queues it behind a TRUNCATE that waits for
the holder, who waits for the readers: without a timeout all three would wait forever. A customer360 swap yields
much sooner.
"""


def read_batches(
    database: Database,
    relation: sql.Composable,
    fields: Sequence[types.Field],
    *,
    where: sql.Composable | None = None,
    snapshot: str | None = None,
) -> Iterator[pa.RecordBatch]:
    """The *fields* of the rows of *relation* that meet *where*, exact, as of *snapshot*."""
    query = sql.SQL("SELECT {} FROM {}{}").format(
        sql.SQL(", ").join(field.expression for field in fields),
        relation,
        sql.SQL(" WHERE {}").format(where) if where else sql.SQL(""),
    )
    schema = types.arrow_schema(fields)
    with closing(database.connect_arrow()) as connection:
        _lock(connection, relation, query, snapshot)
        for batch in connection.batches(query):
            columns = [field.decode(batch.column(i)) for i, field in enumerate(fields)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _lock(
    connection: ArrowConnection, relation: sql.Composable, query: sql.Composable, snapshot: str | None
) -> None:
    """
    Locks everything *query* reads, so that it reads the rows of *snapshot*, or the current ones.

    To a snapshot, a table that was truncated, rewritten or replaced since is empty, and COPY takes its own
    snapshot before it waits for a lock. So the lock comes first, and a given snapshot is compared with the current
    state.
    Raises: Customer360Error when they differ, or when the holder of the snapshot is gone.
    """
    if snapshot is None:
        connection.see_each_commit()
        connection.execute(catalog.planned(query))
        return
    shown = relation.as_string(None)
    connection.share_snapshot(snapshot)
    if not connection.locked(catalog.planned(query), _LOCK_TIMEOUT):
        raise Unavailable(f"another session is waiting to change {shown}; read it again once that is done")
    if connection.value(catalog.rewritten(relation)):
        raise Unavailable(f"{shown} was replaced, emptied or rewritten while it was read; read it again")


def read_table(database: Database, table: str, columns: Sequence[str]) -> pa.Table:
    """The *columns* of every row of *table*, in memory. Raises: Customer360Error for a missing column."""
    with database.connect() as connection:
        fields = types.chosen(types.fields(connection, named(table)), columns, table)
    schema = types.arrow_schema(fields)
    return pa.Table.from_batches(read_batches(database, named(table), fields), schema=schema)


def read_frame(database: Database, name: str) -> pd.DataFrame:
    """
    Every row of the customer360 table *name*, with or without its schema, in memory.

    Amounts are floats and days are datetimes, which can be summed and plotted.
    Raises: Customer360Error for any other table, and for one that does not exist yet.
    """
    by_name = {name: table for table in TABLES for name in (table.name, table.full_name)}
    if name not in by_name:
        raise Invalid(f"'{name}' is not a table of customer360.{nearest(name, [one.full_name for one in TABLES])}")
    table = by_name[name]
    with database.connect() as connection:
        if not catalog.exists(connection, table.full_name):
            command = "run" if table.schema == RESULT_SCHEMA else "mock"
            raise Unavailable(f"{table.full_name} does not exist yet; create it with: customer360 {command}")
    return frame(read_table(database, table.full_name, table.column_names))


def frame(rows: pa.Table) -> pd.DataFrame:
    """*rows* for pandas: amounts as floats and days as datetimes, which can be summed and plotted."""
    schema = [field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field for field in rows.schema]
    drawn: pd.DataFrame = rows.cast(pa.schema(schema)).to_pandas(date_as_object=False)
    return drawn


def read_together(database: Database, tables: Sequence[Table]) -> dict[Table, pa.Table]:
    """
    Every row of *tables*, all from the same publication.

    Raises: Customer360Error when a table is missing or cannot be read.
    """
    names = [ddl.identifier(table) for table in tables]
    try:
        with database.snapshot(*names, purpose="customer360 tables") as snapshot:
            with database.within(snapshot) as connection:
                for table in tables:
                    _require_columns(connection, table)
            return {table: _whole(database, table, snapshot) for table in tables}
    except psycopg.Error as error:
        raise postgresql.kind(error.sqlstate)(f"cannot read the results: {str(error).splitlines()[0]}") from None


def _whole(database: Database, table: Table, snapshot: str) -> pa.Table:
    fields = types.fields_of(table)
    batches = read_batches(database, ddl.identifier(table), fields, snapshot=snapshot)
    return pa.Table.from_batches(batches, schema=types.arrow_schema(fields))


def _require_columns(connection: psycopg.Connection[Any], table: Table) -> None:
    found = catalog.shape(connection, table)[1:]
    if not {(column.name, column.type) for column in table.columns} <= {*found}:
        raise Unavailable(
            f"{table.full_name} was made by another version of customer360; rebuild it with: customer360 run"
        )
