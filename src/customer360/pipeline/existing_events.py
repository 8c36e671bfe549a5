"""What loading events reads from the database: their customers, and the events that they are added to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from customer360.errors import Refused, Unavailable
from customer360.postgres import catalog, ddl, types
from customer360.postgres.connection import Database
from customer360.postgres.obstacle import obstacle
from customer360.postgres.origin import REPLACE_FLAG, origin
from customer360.postgres.read import read_batches
from customer360.tables import CUSTOMERS, EVENTS

_ASKED_BY_ID: Final = 100_000
"""Up to this many events are looked up by id; for more, the whole table is read."""
_WITHOUT_CUSTOMER: Final = sql.SQL(
    "SELECT count(*) FROM {} e WHERE NOT EXISTS (SELECT FROM {} c WHERE c.customer_id = e.customer_id)"
)


@dataclass(frozen=True)
class KnownCustomers:
    """*files* with the customers in the database, and the filling that wrote them, None if unknown."""

    files: Sequence[Path]
    fill: str | None


def spool_customers(database: Database, folder: Path) -> KnownCustomers:
    """
    Writes the customers in the database, with the ids that their events may use, to a file in *folder*.

    Raises: Customer360Error when there are none.
    """
    path = folder / "known_customers.parquet"
    wanted = [CUSTOMERS[name] for name in ("customer_id", "source_id", "email")]
    with database.connect() as connection:
        found = origin(connection, CUSTOMERS.full_name)
        why = obstacle(connection, CUSTOMERS)
        if why or not catalog.value(connection, _any_row()):
            raise Unavailable(
                f"there are no customers in {CUSTOMERS.full_name} that these events could belong to"
                f"{f' ({why})' if why else ''}; load them first, or with the events: "
                "customer360 load members.csv --events FILE"
            )
        there = {field.name: field for field in types.fields(connection, ddl.identifier(CUSTOMERS))}
    fields = [there[column.name] for column in wanted if column.name in there]
    schema = pa.schema([(column.name, column.arrow_type) for column in wanted])
    with pq.ParquetWriter(path, schema) as writer:
        for batch in read_batches(database, ddl.identifier(CUSTOMERS), fields):
            writer.write_batch(_as(batch, schema))
    return KnownCustomers([path], found.fill)


def _any_row() -> sql.Composed:
    return sql.SQL("SELECT true FROM {} LIMIT 1").format(ddl.identifier(CUSTOMERS))


def _as(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The columns of *schema*, null where *batch* lacks them."""
    there = set(batch.schema.names)
    columns = [
        batch[field.name].cast(field.type) if field.name in there else pa.nulls(len(batch), field.type)
        for field in schema
    ]
    return pa.record_batch(columns, schema=schema)


def require_appendable(database: Database) -> str | None:
    """
    The filling of the user's own events, which others can be added to; None if there is nothing to keep.

    Raises: Customer360Error when they are mock data, or were not created by customer360.
    """
    with database.connect() as connection:
        found = origin(connection, EVENTS.full_name)
    if found.kind == "mock":
        raise Refused(f"{EVENTS.full_name} contains mock data; load your events in its place, without --append")
    if found.kind == "unknown":
        raise Refused(
            f"{EVENTS.full_name} was not made by customer360, so nothing is added to it; to replace its rows with "
            f"your events, use {REPLACE_FLAG} without --append"
        )
    return found.fill if found.kind == "own" else None


def spool_events(database: Database, folder: Path, ids: pa.Array) -> Path:
    """Writes the events in the database with these *ids*, and possibly others, to a file in *folder*."""
    path = folder / "stored_events.parquet"
    relation, fields = ddl.identifier(EVENTS), types.fields_of(EVENTS)
    where = None
    if len(ids) <= _ASKED_BY_ID:
        where = sql.SQL("event_id = ANY({}::bigint[])").format(sql.Literal(ids.to_pylist()))
    with pq.ParquetWriter(path, EVENTS.arrow_schema) as writer:
        for batch in read_batches(database, relation, fields, where=where):
            writer.write_batch(_as(batch, EVENTS.arrow_schema))
    return path


def count_without_customer(database: Database) -> int:
    """The number of events in the database without a customer: a run rejects them."""
    with database.connect() as connection:
        if obstacle(connection, EVENTS) is not None:
            return 0
        query = _WITHOUT_CUSTOMER.format(ddl.identifier(EVENTS), ddl.identifier(CUSTOMERS))
        return int(catalog.value(connection, query))
