"""The miniature results as the operations would publish them: in Arrow, and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
import pyarrow as pa

from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.publish import publication
from customer360.tables import REFRESH_SOURCES, REFRESHES, Table
from customer360.web.app import make_app
from customer360.web.server import Address, running
from customer360.web.store import LOADED
from tests import miniature


@cache
def miniature_results(count: int = 700, seed: int = 360, missing: tuple[str, ...] = ()) -> dict[Table, pa.Table]:
    """
    Every table that the dashboard loads, of a few hundred invented customers; made once, not to be changed.

    The *missing* columns hold nothing for any of them.
    """
    return in_arrow(
        miniature.result_tables(miniature.profiles(miniature.customers(count, seed, missing)), missing)
    )


def in_arrow(frames: Any) -> dict[Table, pa.Table]:
    """The tables that the dashboard loads out of *frames*, with their types."""
    with miniature.database(frames) as connection:
        return {
            table: connection.sql(f"SELECT {', '.join(table.column_names)} FROM {table.full_name}")
            .to_arrow_table()
            .cast(table.arrow_schema)
            for table in LOADED
        }


def publish(database: Database, results: dict[Table, pa.Table]) -> int:
    """Publishes *results* as the next refresh; returns its number."""
    with publication(database, "test") as change:
        for table, rows in results.items():
            if not table.keeps_history:
                _stage(database, change.stage(table), rows)
        number = _next_refresh(database)
        [*_, facts] = results[REFRESHES].to_pylist()
        change.append(REFRESHES, [list({**facts, "refresh_id": number}.values())])
        [*_, source] = results[REFRESH_SOURCES].to_pylist()
        change.append(REFRESH_SOURCES, [list({**source, "refresh_id": number}.values())])
        change.publish()
    return number


@contextmanager
def serving(database: Database, **options: Any) -> Iterator[httpx.Client]:
    """Somebody who asks a dashboard of their own on *database*."""
    with (
        running(make_app(database, **options), Address(port=0)) as address,
        httpx.Client(base_url=address.url) as web,
    ):
        yield web


def _stage(database: Database, staged: str, rows: pa.Table) -> None:
    with writer(database) as copier:
        copier.copy_once(staged, 0, rows.to_batches())


def _next_refresh(database: Database) -> int:
    with database.connect() as connection:
        if connection.execute("SELECT to_regclass('analytics.refreshes') IS NULL").fetchone() == (True,):
            return 1
        [(number,)] = connection.execute("SELECT max(refresh_id) + 1 FROM analytics.refreshes").fetchall()
        return int(number)
