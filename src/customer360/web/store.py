"""The published results in memory: one refresh, loaded whole into DuckDB, replaced whole by the next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import duckdb
import pyarrow as pa

from customer360.postgres import catalog
from customer360.postgres.connection import Database
from customer360.postgres.read import read_together
from customer360.postgres.status import last_refresh
from customer360.report.dimensions import DIMENSIONS, Dimension
from customer360.report.pages import REPORT
from customer360.tables import (
    CUSTOMERS,
    REFRESH_SOURCES,
    REFRESHES,
    RESULT_SCHEMA,
    RESULT_TABLES,
    SOURCES,
    Column,
    Table,
)
from customer360.web.rollups import ORDER, SEGMENTS, rollups, statement
from customer360.web.sql import Query, members

_SHOWN: Final = {
    REFRESHES,
    REFRESH_SOURCES,
    *(visual.fact for page in REPORT.pages for visual in page.visuals),
    *(dimension.members for dimension in DIMENSIONS),
}
LOADED: Final = tuple(table for table in RESULT_TABLES if table in _SHOWN)
"""What the pages show; no customer's own row leaves the database but the top ten."""

_SETTINGS: Final = (
    "SET threads = 1",  # of one query: those of a page are small and run side by side
    "SET enable_external_access = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET lock_configuration = true",
)
RefreshKey = tuple[int, str]
"""What tells one publication from another: its number and its moment."""


@dataclass(frozen=True)
class Results:
    """
    One refresh: its row of the table refreshes, and DuckDB holding its tables and their rollups.

    *tables* are each fact and its rollups, fewest rows first; *sizes* says how many. *members* holds per dimension
    its keys in their order, each with how it is written. *missing* are columns of the sources that hold nothing.
    """

    refresh_row: Mapping[str, Any]
    connection: duckdb.DuckDBPyConnection
    tables: Mapping[Table, tuple[Table, ...]]
    sizes: Mapping[Table, int]
    members: Mapping[Dimension, Mapping[Any, str]]
    missing: tuple[Column, ...] = ()

    @property
    def refresh(self) -> RefreshKey:
        return self.refresh_row["refresh_id"], self.refresh_row["finished_at"].isoformat()

    @property
    def as_of(self) -> date:
        day: date = self.refresh_row["as_of_date"]
        return day

    def rows(self, query: Query) -> list[tuple[Any, ...]]:
        """What *query* returns. Safe from several threads at once."""
        with self.connection.cursor() as cursor:
            return cursor.execute(query.text, query.parameters).fetchall()

    def columns(self, query: str) -> dict[str, pa.Array]:
        """What *query* returns, by column. Safe from several threads at once."""
        with self.connection.cursor() as cursor:
            table: pa.Table = cursor.sql(query).to_arrow_table()
        return {name: table.column(name).combine_chunks() for name in table.column_names}

    def smallest(self, fact: Table, columns: Iterable[str]) -> Table:
        """The table with the fewest rows that answers for *fact* and has *columns*."""
        wanted = set(columns)
        return next(table for table in self.tables.get(fact, (fact,)) if wanted <= set(table.column_names))


def latest_refresh(database: Database) -> RefreshKey | None:
    """The latest publication, or None when there is none."""
    with database.connect("customer360 dashboard") as connection:
        return published(connection)


def published(connection: Any) -> RefreshKey | None:
    """The latest publication that *connection* sees, or None when there is none."""
    row = last_refresh(connection)
    return (row["refresh_id"], row["finished_at"]) if row else None


def load(database: Database, *, hide_names: bool = False, tables: Sequence[Table] = LOADED) -> Results | None:
    """
    The results as the latest publication left them, or None when there is none.

    With *hide_names* no name and no id of the source is kept: customers are called by their customer_id.
    Raises: Customer360Error when they cannot be read.
    """
    with database.connect("customer360 dashboard") as connection:
        if published(connection) is None:
            return None
        there = [one for one in tables if _is_there(connection, one)]
    return hold(read_together(database, there), hide_names=hide_names)


def current(database: Database, held: Results | None, tables: Sequence[Table] = LOADED) -> Results | None:
    """The results of now: *held*, where nothing was published since."""
    if held is not None and latest_refresh(database) == held.refresh:
        return held
    return load(database, tables=tables)


def _is_there(connection: Any, table: Table) -> bool:
    """Whether *table* can be loaded; the results of an older version have no notes on sources."""
    return table != REFRESH_SOURCES or catalog.is_reachable(connection, table)


def hold(tables: Mapping[Table, pa.Table], *, hide_names: bool = False) -> Results:
    """*tables* in a DuckDB of their own, with rollups."""
    connection = duckdb.connect()
    connection.execute(f"CREATE SCHEMA {RESULT_SCHEMA}")
    for table, rows in tables.items():
        columns = ", ".join(_stored(column, hide_names) for column in table.columns)
        connection.register("rows", rows)
        order = ORDER if table in SEGMENTS else ""
        connection.execute(f"CREATE TABLE {table.full_name} AS SELECT {columns} FROM rows {order}")  # noqa: S608
        connection.unregister("rows")
    sizes = {table: rows.num_rows for table, rows in tables.items()}
    copies: dict[Table, tuple[Table, ...]] = {}
    for fact in SEGMENTS:
        coarser = _roll_up(connection, fact)
        sizes |= coarser
        copies[fact] = tuple(sorted([fact, *coarser], key=sizes.__getitem__))
    for setting in _SETTINGS:
        connection.execute(setting)
    known = {dimension: _members(connection, dimension) for dimension in DIMENSIONS}
    refresh = _refresh_row(connection)
    return Results(refresh, connection, copies, sizes, known, _missing(connection, tables, refresh))


def _roll_up(connection: duckdb.DuckDBPyConnection, fact: Table) -> dict[Table, int]:
    """Makes the coarser copies of *fact*; how many rows each has."""
    sizes = {}
    for table in rollups(fact):
        connection.execute(f"CREATE TABLE {table.full_name} AS {statement(table, fact)}")
        [(sizes[table],)] = connection.execute(f"SELECT count(*) FROM {table.full_name}").fetchall()  # noqa: S608
    return sizes


def _stored(column: Column, hide_names: bool) -> str:
    """A column as it is kept; the source's own id may tell who somebody is, as a name does."""
    if not (hide_names and column.personal):
        return column.name
    called = "CAST(customer_id AS VARCHAR)"
    return (
        f"{called} AS {column.name}"
        if column.name.endswith("_id")
        else f"'Customer ' || {called} AS {column.name}"
    )


def _members(connection: duckdb.DuckDBPyConnection, dimension: Dimension) -> dict[Any, str]:
    query = members(dimension)
    return dict(connection.execute(query.text, query.parameters).fetchall())


def _refresh_row(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    cursor = connection.execute(f"SELECT * FROM {REFRESHES.full_name} ORDER BY refresh_id DESC LIMIT 1")  # noqa: S608
    return dict(zip(REFRESHES.column_names, cursor.fetchall()[0], strict=True))


def _missing(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[Table, pa.Table], refresh: Mapping[str, Any]
) -> tuple[Column, ...]:
    """In the order of the sources."""
    query = f"SELECT missing_columns FROM {REFRESH_SOURCES.full_name} WHERE refresh_id = ?"  # noqa: S608
    noted = connection.execute(query, [refresh["refresh_id"]]).fetchall() if REFRESH_SOURCES in tables else []
    # An older version read one source, and noted the names of its columns alone.
    of_older = [f"{CUSTOMERS.full_name}.{name}" for name in (refresh["missing_columns"] or "").split(", ")]
    names = {name for (text,) in noted for name in text.split(", ")} if noted else {*of_older}
    return tuple(column for source in SOURCES for column in source.columns if column.full_name in names)


def is_there(column: Column, missing: Collection[Column]) -> bool:
    """Whether a column of a result says something where the *missing* ones hold nothing."""
    return not any(one in missing for one in column.derived_from)
