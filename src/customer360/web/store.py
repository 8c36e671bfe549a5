"""The published results in memory: one refresh, loaded completely into DuckDB and replaced by the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import duckdb
import pyarrow as pa

from customer360.postgres import catalog
from customer360.postgres.connection import Database
from customer360.postgres.read import read_together
from customer360.postgres.status import last_refresh
from customer360.report.dimensions import ACTIVITY_MONTH, DIMENSIONS, Dimension
from customer360.report.looked_up import LookedUp
from customer360.report.missing import noted
from customer360.report.pages import REPORT
from customer360.report.parameters import PARAMETERS
from customer360.report.visuals import Report
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    CUSTOMER_SEGMENTS,
    CUSTOMERS,
    ENGAGEMENT_SEGMENTS,
    REFRESH_SOURCES,
    REFRESHES,
    RESULT_SCHEMA,
    RESULT_TABLES,
    RFM_SEGMENTS,
    TOP_CUSTOMERS,
    Column,
    Table,
)
from customer360.web.counted import counting
from customer360.web.rollups import ORDER, SEGMENTS, read_by, rollups, statement
from customer360.web.sql import Query, edges, listing, members
from customer360.web.values import Values, readable


def _part_shown(table: Table) -> Table:
    """*table*, or for a fact that is not summed, only the columns that visuals read."""
    visuals = [visual for visual in REPORT.visuals if visual.fact is table]
    if not visuals or table in SEGMENTS:
        return table
    read = {*table.key, CUSTOMERS.key[0]}.union(*(read_by(visual).union(visual.columns) for visual in visuals))
    counted = {counting(name, table) for name in read.intersection(table.column_names)}
    columns = tuple(column for column in table.columns if column.name in read | counted)
    return table if columns == table.columns else replace(table, columns=columns)


_SHOWN: Final = {
    REFRESHES,
    REFRESH_SOURCES,
    *(visual.fact for visual in REPORT.visuals),
    *(dimension.members for dimension in DIMENSIONS),
}
LOADED: Final = tuple(_part_shown(table) for table in RESULT_TABLES if table in _SHOWN)
"""The tables that the pages show. The only customers' rows that leave the database are the top tens."""

_OF_CUSTOMERS: Final = (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS, TOP_CUSTOMERS)
_ALWAYS: Final = {one.name for one in _OF_CUSTOMERS} | {
    one.name for one in LOADED if one.role != "fact" and one != RFM_SEGMENTS
}
"""The names of the required tables."""

_SETTINGS: Final = (
    "SET threads = 1",  # per query: the queries of a page are small and run in parallel
    "SET enable_external_access = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET lock_configuration = true",
)
RefreshKey = tuple[int, str]
"""The identity of a publication: its number and its time."""


@dataclass(frozen=True)
class Results:
    """
    One refresh: its row of the table refreshes, and a DuckDB with its tables and their rollups.

    *tables* are each fact and its rollups, fewest rows first; *sizes* are their row counts. *members* contains the
    keys of each dimension in order, each with its label. *missing* are empty columns of the sources, and kinds of
    events that do not occur. *values* are those of individual customers, if they can be read.
    """

    refresh_row: Mapping[str, Any]
    connection: duckdb.DuckDBPyConnection
    tables: Mapping[Table, tuple[Table, ...]]
    sizes: Mapping[Table, int]
    members: Mapping[Dimension, Mapping[Any, str]]
    missing: tuple[Column, ...] = ()
    values: Values = field(default_factory=Values)

    @property
    def refresh(self) -> RefreshKey:
        return self.refresh_row["refresh_id"], self.refresh_row["finished_at"].isoformat()

    @property
    def as_of(self) -> date:
        day: date = self.refresh_row["as_of_date"]
        return day

    @cached_property
    def report(self) -> Report:
        """The report without what is missing from the data."""
        return REPORT.shown(self.missing)

    @cached_property
    def first_month(self) -> date | None:
        """The first month of the events."""
        query = f"SELECT min(activity_month) FROM {ACTIVITY_SEGMENTS.full_name}"  # noqa: S608  our own name
        return self.rows(Query(query, ()))[0][0] if ACTIVITY_SEGMENTS in self.tables else None

    @cached_property
    def looked_up(self) -> LookedUp:
        """Values that queries do not look up again."""
        return LookedUp(self.as_of, tuple(self.members[ACTIVITY_MONTH]), self.first_month, self.edges)

    @cached_property
    def edges(self) -> Mapping[str, Mapping[Decimal, int]]:
        """The band edges of each threshold, lowest first, each with the band above it."""
        return {one.name: dict(self.rows(edges(one))) for one in PARAMETERS if one.of}

    def rows(self, query: Query) -> list[tuple[Any, ...]]:
        """The rows of *query*. Thread-safe."""
        with self.connection.cursor() as cursor:
            return cursor.execute(query.text, query.parameters).fetchall()

    def columns(self, query: str) -> dict[str, pa.Array]:
        """The columns of *query*, by name. Thread-safe."""
        with self.connection.cursor() as cursor:
            table: pa.Table = cursor.sql(query).to_arrow_table()
        return {name: table.column(name).combine_chunks() for name in table.column_names}

    def smallest(self, fact: Table, columns: Iterable[str]) -> Table:
        """The table with the fewest rows that can replace *fact* and has *columns*."""
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
    The results of the latest publication, or None when there is none.

    With *hide_names*, names and ids of the source are replaced by the customer_id.
    Raises: Customer360Error when the results cannot be read.
    """
    with database.connect("customer360 dashboard") as connection:
        refresh = last_refresh(connection)
        if refresh is None:
            return None
        there = [one for one in tables if _is_there(connection, one)]
        values = Values(database, readable(connection, refresh["rows_out"]))
    return replace(hold(read_together(database, there), hide_names=hide_names), values=values)


def current(database: Database, held: Results | None, fact: Table | None = None) -> Results | None:
    """The current results, with *fact* if it exists: *held*, unless that is older or lacks *fact*."""
    more = [fact] if fact else []
    if held is not None and latest_refresh(database) == held.refresh:
        if {*more} <= {*held.sizes}:
            return held
        more += filter(_is_more, held.sizes)
    wanted = {table.full_name: table for table in (*LOADED, *more)}
    return load(database, tables=[*wanted.values()])


def _is_there(connection: Any, table: Table) -> bool:
    """Whether *table* can be loaded: older versions created fewer tables, some with fewer columns."""
    if table == REFRESH_SOURCES or _is_more(table):
        return catalog.is_reachable(connection, table)
    found = {*catalog.shape(connection, table)[1:]}
    return table.name in _ALWAYS or {(column.name, column.type) for column in table.columns} <= found


def _is_more(table: Table) -> bool:
    """Whether *table* is loaded only on demand."""
    return table in RESULT_TABLES and table not in LOADED


def hold(tables: Mapping[Table, pa.Table], *, hide_names: bool = False) -> Results:
    """*tables* in a separate DuckDB, with rollups."""
    connection = duckdb.connect()
    connection.execute(f"CREATE SCHEMA {RESULT_SCHEMA}")
    for table, rows in tables.items():
        columns = ", ".join(_stored(column, hide_names) for column in table.columns)
        connection.register("rows", rows)
        order = ORDER if table in SEGMENTS else ""
        connection.execute(f"CREATE TABLE {table.full_name} AS SELECT {columns} FROM rows {order}")  # noqa: S608
        connection.unregister("rows")
    sizes = {table: rows.num_rows for table, rows in tables.items()}
    whole = {table.full_name: table for table in RESULT_TABLES}
    copies: dict[Table, tuple[Table, ...]] = {whole[table.full_name]: (table,) for table in tables}
    for fact in (one for one in SEGMENTS if one in tables):
        coarser = _roll_up(connection, fact)
        sizes |= coarser
        copies[fact] = tuple(sorted([fact, *coarser], key=sizes.__getitem__))
    for setting in _SETTINGS:
        connection.execute(setting)
    names = {table.full_name for table in tables}
    listed = [dimension for dimension in DIMENSIONS if listing(dimension).full_name in names]
    known = {dimension: _members(connection, dimension) for dimension in listed}
    refresh = _refresh_row(connection)
    return Results(refresh, connection, copies, sizes, known, _missing(connection, tables, refresh))


def _roll_up(connection: duckdb.DuckDBPyConnection, fact: Table) -> dict[Table, int]:
    """Creates the coarser copies of *fact*; returns their row counts."""
    sizes = {}
    for table in rollups(fact):
        connection.execute(f"CREATE TABLE {table.full_name} AS {statement(table, fact)}")
        [(sizes[table],)] = connection.execute(f"SELECT count(*) FROM {table.full_name}").fetchall()  # noqa: S608
    return sizes


def _stored(column: Column, hide_names: bool) -> str:
    """The SQL of a column to keep. The source's own id can identify a person, as a name can."""
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
    """The missing columns that *refresh* recorded for each source, if they were recorded."""
    query = f"SELECT missing_columns FROM {REFRESH_SOURCES.full_name} WHERE refresh_id = ?"  # noqa: S608
    rows = connection.execute(query, [refresh["refresh_id"]]).fetchall() if REFRESH_SOURCES in tables else []
    return noted([text for (text,) in rows], refresh["missing_columns"] or "")
