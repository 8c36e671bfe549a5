"""Inserts staged rows into a table whose columns may have other types; PostgreSQL converts the values."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from customer360.errors import Invalid, printable
from customer360.postgres import catalog, types
from customer360.postgres.ddl import named

_WHOLE: Final = ("smallint", "integer", "bigint")
_SHOWN: Final = 60
_REFUSED_VALUE: Final = (
    psycopg.DataError,
    psycopg.ProgrammingError,
    psycopg.NotSupportedError,
    errors.CheckViolation,
)
"""Errors that PostgreSQL raises for a value that a type or a domain does not accept."""


@dataclass(frozen=True)
class _Column:
    """A column of the staging table and the target's column of that name."""

    name: str
    source: str
    target: str

    @property
    def value(self) -> sql.Composable:
        """
        What to insert: text goes through the type's input function, anything else is assigned.

        The type is written without its length, so that text that is too long is rejected, not truncated.
        """
        column = sql.Identifier(self.name)
        return sql.SQL("{}::{}").format(column, sql.SQL(self.target)) if self.source == "text" else column


def insert(connection: psycopg.Connection[Any], staged: sql.Identifier, table: str) -> sql.Composed:
    """The statement that inserts the *staged* rows into *table*."""
    return _insert(named(table), staged, _columns(connection, staged, table))


def _insert(target: sql.Composable, rows: sql.Composable, columns: list[_Column]) -> sql.Composed:
    return sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
        target,
        sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
        sql.SQL(", ").join(column.value for column in columns),
        rows,
    )


def convert(connection: psycopg.Connection[Any], staged: sql.Identifier, table: str) -> None:
    """
    Inserts the *staged* rows into *table*.

    Raises: Customer360Error with the column and the value that it cannot store; psycopg.Error for another reason.
    """
    columns = _columns(connection, staged, table)
    for column in columns:
        _require_exact(connection, staged, table, column)
    try:
        with connection.transaction():
            connection.execute(_insert(named(table), staged, columns))
    except _REFUSED_VALUE as error:
        _explain(connection, staged, table, columns, str(error.diag.message_primary))
        raise


def _explain(
    connection: psycopg.Connection[Any], staged: sql.Identifier, table: str, columns: list[_Column], reason: str
) -> None:
    """Raises: Customer360Error when a single value of a single column is the reason."""
    with suppress(psycopg.Error):
        # The rows come in the same order every time.
        connection.execute("SET LOCAL synchronize_seqscans = off")
        connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        for column in columns:
            value = _culprit(connection, staged, table, column)
            if value is not None:
                raise _refusal(table, column, value, reason) from None


def _columns(connection: psycopg.Connection[Any], staged: sql.Identifier, table: str) -> list[_Column]:
    query = """
        SELECT a.attname, format_type(a.atttypid, -1) FROM pg_attribute a
        WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
    """
    targets = dict(connection.execute(query, (catalog.quoted(table),)).fetchall())
    sources = types.fields(connection, staged)
    types.chosen([types.Field(*target) for target in targets.items()], [field.name for field in sources], table)
    return [_Column(field.name, field.postgres_type, targets[field.name]) for field in sources]


def _require_exact(
    connection: psycopg.Connection[Any], staged: sql.Identifier, table: str, column: _Column
) -> None:
    """Rejects values that INSERT would silently round, or cut down to a day."""
    if column.target in _WHOLE and column.source.startswith(("numeric", "double", "real")):
        exact = "trunc({})"
    elif column.target == "date" and column.source.startswith("timestamp"):
        exact = "date_trunc('day', {})"
    else:
        return
    name = sql.Identifier(column.name)
    query = sql.SQL("SELECT {0}::text FROM {1} WHERE {0} <> {2} LIMIT 1")
    value = catalog.value(connection, query.format(name, staged, sql.SQL(exact).format(name)))
    if value is not None:
        raise _refusal(table, column, value, "part of it would be lost")


def _culprit(
    connection: psycopg.Connection[Any], staged: sql.Identifier, table: str, column: _Column
) -> str | None:
    """The first value that a column like the target's rejects, found by bisection; None if it accepts all."""
    probe = sql.Identifier(*staged._obj[:-1], f"{staged._obj[-1]}_probe")
    like = sql.SQL("CREATE TABLE {} AS SELECT {} FROM {} LIMIT 0")

    def takes(first: int, last: int) -> bool:
        rows = sql.SQL("(SELECT * FROM {} OFFSET {} LIMIT {}) AS rows").format(staged, first, last - first)
        with suppress(psycopg.Error), connection.transaction():
            connection.execute(_insert(probe, rows, [column]))
            return True
        return False

    with connection.transaction(force_rollback=True):
        connection.execute(like.format(probe, sql.Identifier(column.name), named(table)))
        low, high = 0, catalog.value(connection, sql.SQL("SELECT count(*) FROM {}").format(staged))
        if takes(low, high):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if takes(low, middle) else (low, middle)
        query = sql.SQL("SELECT {}::text FROM {} OFFSET {} LIMIT 1").format(
            sql.Identifier(column.name), staged, low
        )
        return str(catalog.value(connection, query))


def _refusal(table: str, column: _Column, value: str, reason: str) -> Invalid:
    return Invalid(
        f"{table} does not accept the rows: column '{column.name}' is {column.target} and cannot store "
        f"'{printable(value)[:_SHOWN]}': {reason}; nothing was changed"
    )
