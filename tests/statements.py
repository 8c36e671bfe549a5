"""SQL statements on a test's database; each call uses a separate connection."""

from __future__ import annotations

from typing import Any

from customer360.postgres.connection import Database


def execute(database: Database, *statements: str) -> None:
    with database.connect() as connection:
        for statement in statements:
            connection.execute(statement)


def fetch(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return connection.execute(query).fetchall()
