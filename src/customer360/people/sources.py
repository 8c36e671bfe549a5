"""One customer's rows in the sources: counted in every source, and deleted from those that customer360 filled."""

from __future__ import annotations

import json
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.people.person import columns_of, is_customer
from customer360.postgres import ddl
from customer360.postgres.copy import INTERNAL_SCHEMA, LEDGER
from customer360.postgres.internal_schema import comment_on
from customer360.postgres.origin import FORGOTTEN_PARTS, Origin, recorded
from customer360.tables import Source

_WHOSE: Final = sql.SQL("SELECT count(*) FROM {} WHERE {}")


def is_ours(found: Origin) -> bool:
    """Whether `mock` or `load` filled the source; only then may its rows be deleted."""
    return found.kind in ("mock", "own")


def rows_in(connection: psycopg.Connection[Any], source: Source, customer_id: int) -> int:
    """The number of the customer's rows in *source*."""
    columns = columns_of(connection, source)
    if "customer_id" not in columns:
        return 0
    query = _WHOSE.format(ddl.identifier(source), is_customer(columns, customer_id))
    return int(connection.execute(query).fetchall()[0][0])


def delete_from(connection: psycopg.Connection[Any], source: Source, customer_id: int) -> int:
    """
    Deletes the customer's rows from a *source* that is ours, and returns how many.

    The record of the fill is reduced by them, so that `mock` still recognizes the remaining rows as the ones that
    were filled.
    """
    delete = sql.SQL("DELETE FROM {} WHERE customer_id = {} RETURNING xmin::text")
    written = connection.execute(delete.format(ddl.identifier(source), customer_id)).fetchall()
    partition, record = recorded(connection, source.full_name)
    if not written or partition is None:
        return 0
    comment = json.dumps({**record, "rows": record.get("rows", 0) - len(written)})
    comment_on(connection, sql.Identifier(INTERNAL_SCHEMA, partition), comment)
    _count_off(connection, partition, [transaction for (transaction,) in written])
    return len(written)


def _count_off(connection: psycopg.Connection[Any], partition: str, transactions: list[str]) -> None:
    """Records in the ledger how many rows of each transaction were deleted; see `origin.change_since_filled`."""
    query = sql.SQL("SELECT least(min(part), {}) FROM {} WHERE staging = %s").format(FORGOTTEN_PARTS, LEDGER)
    part = connection.execute(query, (partition,)).fetchall()[0][0]
    for transaction in sorted({*transactions}):
        part -= 1
        insert = sql.SQL(
            "INSERT INTO {0} (staging, part, rows, transaction) SELECT staging, {1}, {2}, transaction FROM {0} "
            "WHERE staging = %s AND part > {3} AND transaction::xid::text = %s LIMIT 1"
        ).format(LEDGER, part, -transactions.count(transaction), FORGOTTEN_PARTS)
        connection.execute(insert, (partition, transaction))
