"""Tables of older versions whose rows moved to another table: its first publication moves them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.postgres import catalog, ddl, origin
from customer360.tables import CUSTOMERS, REFRESH_SOURCES, REFRESHES, REJECTED_ROWS, RESULT_SCHEMA, Column, Table

REJECTED_CUSTOMERS: Final = Table(
    RESULT_SCHEMA,
    "rejected_customers",
    "one row per source row that could not be used",
    "The rejected rows of one source, distinguished by how their JSON begins.",
    (
        Column("customer_id", "bigint", "The row's customer_id, when it has one."),
        Column("reasons", "text", "Names of the failed checks.", required=True),
        Column("original_row", "text", "The row as JSON; with its line when `load` found it.", required=True),
    ),
    role="log",
)


@dataclass(frozen=True)
class Predecessor:
    """A *table* of an older version, and the query that returns its rows with the columns of its successor."""

    table: Table
    rows: sql.Composed


def predecessor(connection: psycopg.Connection[Any], successor: Table) -> Predecessor | None:
    """The existing predecessor of *successor*; a table that merely has its name belongs to someone and stays."""
    if successor != REJECTED_ROWS or not _is_ours(connection, REJECTED_CUSTOMERS):
        return None
    return Predecessor(REJECTED_CUSTOMERS, _rejected_rows(connection))


def relations(connection: psycopg.Connection[Any], table: Table) -> Iterator[sql.Composable]:
    """What contains the published rows of *table*: itself and its predecessor, where they exist."""
    if _has_columns(connection, table):
        yield ddl.identifier(table)
    if older := predecessor(connection, table):
        yield sql.SQL("({}) AS older").format(older.rows)


def sources_of_older_refreshes(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """The rows missing from `refresh_sources` for refreshes of an older version, which had one source."""
    if not catalog.is_reachable(connection, REFRESHES):
        return []
    names = {name for name, _ in catalog.shape(connection, REFRESHES)[1:]}
    missing = sql.SQL("missing_columns" if "missing_columns" in names else "NULL")
    noted = sql.SQL("SELECT refresh_id FROM {}").format(ddl.identifier(REFRESH_SOURCES))
    known = (
        noted if catalog.is_reachable(connection, REFRESH_SOURCES) else sql.SQL("SELECT NULL::bigint WHERE false")
    )
    query = sql.SQL(
        """
        SELECT refresh_id, source_table, source_kind, rows_in, rows_out, rows_rejected, rows_not_yet_joined,
          coalesce(regexp_replace({missing}, '([^, ]+)', {qualified}, 'g'), '')
        FROM {refreshes} WHERE refresh_id NOT IN ({known}) ORDER BY refresh_id
        """
    )
    return connection.execute(
        query.format(
            missing=missing, qualified=sql.Literal(rf"{CUSTOMERS.full_name}.\1"), known=known,
            refreshes=ddl.identifier(REFRESHES),
        )
    ).fetchall()  # fmt: skip


def _is_ours(connection: psycopg.Connection[Any], table: Table) -> bool:
    """Whether a publication has attached a partition to *table*, which has the expected columns."""
    if not _has_columns(connection, table):
        return False
    return len(origin.foreign_partitions(connection, table)) < len(catalog.partitions(connection, table))


def _has_columns(connection: psycopg.Connection[Any], table: Table) -> bool:
    """Whether it exists with all its columns, rather than merely having the name."""
    if not catalog.is_reachable(connection, table):
        return False
    return {*catalog.wanted_shape(table)} <= {*catalog.shape(connection, table)}


def _rejected_rows(connection: psycopg.Connection[Any]) -> sql.Composed:
    return sql.SQL(
        """
        SELECT CASE WHEN is_loaded THEN {filled} ELSE coalesce({read}, {filled}) END AS source,
          CASE WHEN is_loaded THEN 'load' ELSE 'run' END AS found_by,
          customer_id::text AS key, reasons, original_row
        FROM (SELECT *, starts_with(original_row, '{{"source_line":') AS is_loaded FROM {older}) AS rows
        """
    ).format(
        filled=sql.Literal(CUSTOMERS.full_name),
        read=sql.Literal(_last_read(connection)),
        older=ddl.identifier(REJECTED_CUSTOMERS),
    )


def _last_read(connection: psycopg.Connection[Any]) -> str | None:
    if not catalog.is_reachable(connection, REFRESHES):
        return None
    query = sql.SQL("SELECT source_table FROM {} ORDER BY refresh_id DESC LIMIT 1")
    found: str | None = catalog.value(connection, query.format(ddl.identifier(REFRESHES)))
    return found
