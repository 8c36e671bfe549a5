"""Secondary indexes: built on the staged rows, then attached to those of the published table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from customer360.postgres import catalog
from customer360.tables import Index, Table


def build(connection: psycopg.Connection[Any], indexes: Iterable[Index], relation: sql.Identifier) -> None:
    """
    Builds *indexes* on *relation*; PostgreSQL chooses unused names.

    When the rows are swapped in, the published table adopts these indexes, because they match its own.
    """
    for index in indexes:
        columns = sql.SQL(", ").join(_indexed(name, index) for name in index.columns)
        create = sql.SQL("CREATE INDEX ON {} USING {} ({})")
        connection.execute(create.format(relation, sql.SQL(index.method), columns))


def _indexed(name: str, index: Index) -> sql.Composable:
    """Folded text is compared by bytes, so that prefix searches work regardless of the collation."""
    form = "lower({}) text_pattern_ops" if index.folded else "{}"
    return sql.SQL(form).format(sql.Identifier(name))


def lacking(connection: psycopg.Connection[Any], table: Table) -> Sequence[Index]:
    """The indexes of *table* that are missing from the published one, which an older version made."""
    if not table.indexes:
        return ()
    query = """
        SELECT m.amname, ARRAY(
            SELECT pg_get_indexdef(i.indexrelid, place, true)
            FROM generate_series(1, i.indnatts) AS place ORDER BY place
        )
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
        WHERE i.indrelid = to_regclass(%s) AND i.indpred IS NULL AND i.indisvalid
    """
    rows = connection.execute(query, (catalog.quoted(table.full_name),)).fetchall()
    there = {(method, tuple(columns)) for method, columns in rows}
    return [index for index in table.indexes if (index.method, _definition(index)) not in there]


def _definition(index: Index) -> tuple[str, ...]:
    """The columns of *index* as PostgreSQL prints them."""
    return tuple(f"lower({name})" if index.folded else name for name in index.columns)
