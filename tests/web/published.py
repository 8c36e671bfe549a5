"""The miniature results in the form the operations publish: in Arrow, and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
import pyarrow as pa

from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.publish import publication
from customer360.report.pages import REPORT
from customer360.tables import PEOPLE_ACCESS, REFRESH_SOURCES, REFRESHES, RESULT_TABLES, Column, Table
from customer360.web.app import make_app
from customer360.web.server import Address, running
from customer360.web.store import LOADED
from tests import miniature

WHOLE = REPORT.shown(())
"""The report for complete data."""
EVERY_TABLE = tuple(table for table in RESULT_TABLES if table.role not in {"profile", "log"} or table == REFRESHES)
"""The result tables in the miniature; the dashboard loads some of them."""


@cache
def miniature_results(
    count: int = 700,
    seed: int = 360,
    missing: tuple[str, ...] = (),
    *,
    no_events: tuple[Column, ...] = (),
    tables: tuple[Table, ...] = LOADED,
) -> dict[Table, pa.Table]:
    """
    The *tables*, by default those the dashboard loads, of a few hundred invented customers. Cached; do not modify.

    The *missing* columns are empty for all of them; with *no_events*, the refresh also records that.
    """
    profiles = miniature.profiles(miniature.customers(count, seed, missing))
    return in_arrow(miniature.result_tables(profiles, missing, no_events=no_events), tables)


def in_arrow(frames: Any, tables: Iterable[Table] = LOADED) -> dict[Table, pa.Table]:
    """The *tables*, by default those the dashboard loads, from *frames*, with their types."""
    with miniature.database(frames) as connection:
        return {
            table: connection.sql(f"SELECT {', '.join(table.column_names)} FROM {table.full_name}")
            .to_arrow_table()
            .cast(table.arrow_schema)
            for table in tables
        }


def publish(database: Database, results: dict[Table, pa.Table]) -> int:
    """Publishes *results* as the next refresh; returns its id."""
    with publication(database, "test") as change:
        for part, rows in results.items():
            table = next(table for table in RESULT_TABLES if table.full_name == part.full_name)
            if not table.keeps_history:
                _stage(database, change.stage(table), _completed(table, rows))
        number = _next_refresh(database)
        [*_, facts] = results[REFRESHES].to_pylist()
        change.append(REFRESHES, [list({**facts, "refresh_id": number}.values())])
        *_, facts = results[REFRESHES].to_pylist()
        for source in results[REFRESH_SOURCES].to_pylist():
            if source["refresh_id"] == facts["refresh_id"]:
                change.append(REFRESH_SOURCES, [list({**source, "refresh_id": number}.values())])
        change.append(PEOPLE_ACCESS, [])
        change.publish()
    return number


@contextmanager
def serving(database: Database, **options: Any) -> Iterator[httpx.Client]:
    """A client of a separate dashboard on *database*."""
    with (
        running(make_app(database, **options), Address(port=0)) as address,
        httpx.Client(base_url=address.url) as web,
    ):
        yield web


def _completed(table: Table, rows: pa.Table) -> pa.Table:
    """*rows* with every column of *table*; columns the dashboard does not load are null or minimal."""
    nothing = {
        column.name: pa.array([column.minimum or 0 if column.required else None] * len(rows), column.arrow_type)
        for column in table.columns
        if column.name not in rows.column_names
    }
    columns = {**nothing, **{name: rows.column(name) for name in rows.column_names}}
    return pa.table({name: columns[name] for name in table.column_names})


def _stage(database: Database, staged: str, rows: pa.Table) -> None:
    with writer(database) as copier:
        copier.copy_once(staged, 0, rows.to_batches())


def _next_refresh(database: Database) -> int:
    with database.connect() as connection:
        if connection.execute("SELECT to_regclass('analytics.refreshes') IS NULL").fetchone() == (True,):
            return 1
        [(number,)] = connection.execute("SELECT max(refresh_id) + 1 FROM analytics.refreshes").fetchall()
        return int(number)
