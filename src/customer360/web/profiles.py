"""
The profiles of all customers in memory, by column, so that a page of any list is as fast as a number.

For a rare selection, PostgreSQL reads every row to find a page. The first request for a list starts reading the
profiles of the refresh in the background; until they are in memory, PostgreSQL answers. Of months and moves, only
the customers that a number counts are read, and kept for the next page of the list.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from threading import Lock, Thread
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
from psycopg import sql

from customer360.errors import Customer360Error
from customer360.people import lists
from customer360.people.lists import Queryable
from customer360.people.sql import ADDED, rows_of_customers
from customer360.postgres.connection import Database
from customer360.postgres.read import read_together
from customer360.report.people import Rows, Selection
from customer360.tables import CUSTOMER_PROFILES, REFRESHES, Column, Table
from customer360.web.store import RefreshKey, Results

MOST_CUSTOMERS: Final = 20_000_000
"""The most customers whose profiles are kept in memory; each takes about 150 bytes."""

_MOST_ROWS_KEPT: Final = 8
_LOG: Final = logging.getLogger(__name__)
_HELD: Final = replace(
    CUSTOMER_PROFILES,
    columns=tuple(column for column in CUSTOMER_PROFILES.columns if not column.personal),
)
_HEAD_BYTES: Final = 19
_TAIL_BYTES: Final = 2
_ROW: Final = np.dtype(
    [("fields", ">i2"), ("of_id", ">i4"), ("customer_id", ">i8"), ("of_added", ">i4"), ("added", ">f8")]
)
"""A row of the format: the number of fields, and each field with its length in bytes."""
_Total = tuple[tuple[int, str], ...]


@dataclass
class Profiles:
    """The profiles in memory. Thread-safe."""

    database: Database | None
    _wanted: RefreshKey | None = None
    _ready: RefreshKey | None = None
    _rows: OrderedDict[tuple[RefreshKey, Rows, _Total], Table] = field(default_factory=OrderedDict)
    _made: int = 0
    _lock: Lock = field(default_factory=Lock)

    def asking(self, results: Results, connection: psycopg.Connection[Any]) -> Queryable:
        """What to query for profiles: memory, or *connection* until they are in memory."""
        self._want(results)
        return lists.asking_held(results.connection) if self.are_here(results) else lists.asking(connection)

    def prepared(
        self, selection: Selection, results: Results, connection: psycopg.Connection[Any]
    ) -> tuple[Queryable, Selection]:
        """
        What to query for *selection*, and the selection in the form to use there.

        *connection* must see the same refresh as *results*.
        """
        ask = self.asking(results, connection)
        if not self.are_here(results) or selection.audience:
            return lists.asking(connection), selection
        if not (selection.rows or selection.without):
            return ask, selection
        with self._lock:
            return ask, self._with_rows(selection, results, connection)

    def are_here(self, results: Results) -> bool:
        """Whether the profiles of *results* are in memory."""
        return self._ready == results.refresh

    def _want(self, results: Results) -> None:
        with self._lock:
            if self._wanted == results.refresh or results.refresh_row["rows_out"] > MOST_CUSTOMERS:
                return
            self._wanted = results.refresh
        Thread(target=self._read, args=[results], name="customer360 profiles", daemon=True).start()

    def _read(self, results: Results) -> None:
        assert self.database  # noqa: S101 - without it nobody asks
        try:
            read = read_together(self.database, [REFRESHES, _HELD])
        except Customer360Error as error:
            _LOG.warning("lists are read from PostgreSQL for now: %s", error)
            self._wanted = None
            return
        if max(read[REFRESHES].column("refresh_id").to_pylist()) != results.refresh_row["refresh_id"]:
            return  # the newer results arrive in a moment
        _keep(results, _HELD, read[_HELD])
        self._ready = results.refresh

    def forget_rows(self, results: Results, most: int = 0) -> None:
        """Drops the tables of months and moves in memory, except the *most* that were used last."""
        while len(self._rows) > most:
            _, oldest = self._rows.popitem(last=False)
            with results.connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE IF EXISTS {oldest.full_name}")

    def _with_rows(self, selection: Selection, results: Results, connection: psycopg.Connection[Any]) -> Selection:
        rows, without = (
            of and Rows(self._held(of, total, results, connection))
            for of, total in ((selection.rows, selection.total), (selection.without, ()))
        )
        return replace(selection, rows=rows, without=without, total=((1, ADDED),) if selection.total else ())

    def _held(self, rows: Rows, total: _Total, results: Results, connection: psycopg.Connection[Any]) -> Table:
        """The table of the customers with any of *rows*, and what they add to *total*; read if it is new."""
        key = (results.refresh, rows, total)
        if key not in self._rows:
            self.forget_rows(results, _MOST_ROWS_KEPT - 1)
            self._made += 1
            table = _table_of_rows(self._made)
            _keep(results, table, _read_rows(rows, total, connection))
            self._rows[key] = table
        self._rows.move_to_end(key)
        return self._rows[key]


def _table_of_rows(number: int) -> Table:
    columns = (CUSTOMER_PROFILES["customer_id"], Column(ADDED, "double precision", "What it adds to the number."))
    return Table(CUSTOMER_PROFILES.schema, f"held_rows_{number}", "one row per customer", "", columns)


def _read_rows(rows: Rows, total: _Total, connection: psycopg.Connection[Any]) -> pa.Table:
    """Ids and what they add, neither of them null, as PostgreSQL's binary COPY writes them."""

    def literal(value: object) -> str:
        return sql.Literal(value).as_string(connection)

    query = f"COPY ({rows_of_customers(rows, total, literal)}) TO STDOUT (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(query.encode()) as lines:
        copied = b"".join(map(bytes, lines))
    found = np.frombuffer(copied[_HEAD_BYTES:-_TAIL_BYTES], _ROW)
    return pa.table(
        {"customer_id": found["customer_id"].astype(np.int64), ADDED: found["added"].astype(np.float64)}
    )


def _keep(results: Results, table: Table, rows: pa.Table) -> None:
    with results.connection.cursor() as cursor:
        cursor.register("rows_read", rows)
        cursor.execute(f"CREATE TABLE {table.full_name} AS SELECT * FROM rows_read")  # noqa: S608  our own name
        cursor.unregister("rows_read")
