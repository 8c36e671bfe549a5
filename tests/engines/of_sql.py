"""The SQL of the dashboard, on its DuckDB and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import psycopg
import pytest

from customer360.tables import RESULT_SCHEMA, RESULT_TABLES, Table
from customer360.web import sql
from tests import miniature
from tests.conftest import new_database
from tests.engines import Answer, Ask, Customers, Question


def answered(connection: Any, questions: Sequence[Question]) -> list[Answer]:
    return [_answer(connection, question) for question in questions]


def _answer(connection: Any, asked: Question) -> Answer:
    cuts = [asked.by] if asked.by else []
    query = sql.aggregate(asked.fact, asked.measures, by=cuts, filters=asked.filters, parameters=asked.parameters)
    rows = connection.execute(query.text, query.parameters).fetchall()
    width = len(asked.measures)
    return {row[0] if cuts else None: tuple(row[len(row) - width :]) for row in rows}


@contextmanager
def duckdb(customers: Customers, request: pytest.FixtureRequest) -> Iterator[Ask]:
    with miniature.database(customers.results) as connection:
        yield lambda questions: answered(connection, questions)


@contextmanager
def postgresql(customers: Customers, request: pytest.FixtureRequest) -> Iterator[Ask]:
    """The database filled by operations, or one built from the results."""
    if customers.published:
        yield lambda questions: answered(customers.published, questions)
        return
    server = request.getfixturevalue("server")
    with (
        new_database(server) as database,
        database.connect(cursor_factory=psycopg.RawCursor) as connection,
        miniature.database(customers.results) as source,
    ):
        copy_results(source, connection, customers.results)
        yield lambda questions: answered(connection, questions)


def copy_results(source: Any, connection: Any, results: Mapping[str, pd.DataFrame]) -> None:
    """Copies the results from DuckDB to PostgreSQL."""
    connection.execute(f"CREATE SCHEMA {RESULT_SCHEMA}")
    for table in RESULT_TABLES:
        if table.name in results:
            _copy(source, connection, table, set(results[table.name].columns))


def _copy(source: Any, connection: Any, table: Table, present: set[str]) -> None:
    columns = [column for column in table.columns if column.name in present]
    names = ", ".join(column.name for column in columns)
    connection.execute(f"CREATE TABLE {table.full_name} ({', '.join(f'{c.name} {c.type}' for c in columns)})")
    with connection.cursor() as cursor, cursor.copy(f"COPY {table.full_name} ({names}) FROM STDIN") as copy:
        for row in source.execute(f"SELECT {names} FROM {table.full_name}").fetchall():
            copy.write_row(row)
