"""The refresh recorded when a customer is removed without a run: the last one, with fewer rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from customer360.postgres import catalog, ddl
from customer360.postgres.copy import INTERNAL_SCHEMA
from customer360.postgres.internal_schema import comment_on
from customer360.postgres.origin import recorded
from customer360.postgres.status import FILL_KEPT_WITH, next_refresh_id
from customer360.tables import DATA_QUALITY, REFRESH_SOURCES, REFRESHES, Table


@dataclass(frozen=True)
class Fewer:
    """How many fewer rows of one source a refresh has read, by what happened to them."""

    rows_out: int = 0
    rows_rejected: int = 0
    rows_not_yet: int = 0

    @property
    def rows_in(self) -> int:
        return self.rows_out + self.rows_rejected + self.rows_not_yet


def append_refresh(
    connection: psycopg.Connection[Any], last: Mapping[str, Any], customers: Fewer, others: Mapping[str, Fewer]
) -> int:
    """
    Adds a copy of the refresh *last* with fewer *customers* and fewer rows of *others*, by source; returns its id.

    Its timestamps are copied, because the remaining results have not become newer. The counts of the checks are
    copied too, because the result of a check for one customer is no longer known.
    """
    refresh_id = next_refresh_id(connection)
    by = {last["source_table"]: customers, **others}
    _copy(connection, REFRESHES, last["refresh_id"], refresh_id)
    _lessen(connection, REFRESHES, refresh_id, "rows_not_yet_joined", customers)
    for table in (REFRESH_SOURCES, DATA_QUALITY):
        if catalog.is_reachable(connection, table):
            _copy(connection, table, last["refresh_id"], refresh_id)
    if catalog.is_reachable(connection, REFRESH_SOURCES):
        for source, fewer in by.items():
            _lessen(connection, REFRESH_SOURCES, refresh_id, "rows_not_yet_known", fewer, source)
    _keep_fills(connection, last["refresh_id"], refresh_id)
    return refresh_id


def _copy(connection: psycopg.Connection[Any], table: Table, last: int, refresh_id: int) -> None:
    there = {name for name, _ in catalog.shape(connection, table)[1:]}  # a table of an older version has fewer
    names = [name for name in table.column_names if name in there and name != "refresh_id"]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    query = sql.SQL("INSERT INTO {0} (refresh_id, {1}) SELECT {2}, {1} FROM {0} WHERE refresh_id = {3}")
    connection.execute(query.format(ddl.identifier(table), columns, refresh_id, last))


def _lessen(
    connection: psycopg.Connection[Any], table: Table, refresh_id: int, not_yet: str, by: Fewer, source: str = ""
) -> None:
    query = sql.SQL(
        "UPDATE {} SET rows_in = rows_in - {}, rows_out = rows_out - {}, rows_rejected = rows_rejected - {}, "
        "{not_yet} = {not_yet} - {} WHERE refresh_id = {}{}"
    ).format(
        ddl.identifier(table), by.rows_in, by.rows_out, by.rows_rejected, by.rows_not_yet, refresh_id,
        sql.SQL(" AND source = {}").format(sql.Literal(source)) if source else sql.SQL(""),
        not_yet=sql.Identifier(not_yet),
    )  # fmt: skip
    connection.execute(query)


def _keep_fills(connection: psycopg.Connection[Any], last: int, refresh_id: int) -> None:
    """Assigns the fills that the last refresh read to this one; see `status.fill_of`."""
    partition, record = recorded(connection, FILL_KEPT_WITH.full_name)
    if partition and record.get("refresh_id") == last:
        comment = json.dumps({**record, "refresh_id": refresh_id}, default=str)
        comment_on(connection, sql.Identifier(INTERNAL_SCHEMA, partition), comment)
