"""Tables as SQL: the definitions in `tables.py`, rendered to statements."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from psycopg import sql

from customer360.errors import Invalid
from customer360.tables import Column, Table

_UNSPEAKABLE: Final = re.compile("[\0\ud800-\udfff]")
"""Characters that the PostgreSQL protocol cannot transfer."""


def named(table: str) -> sql.Identifier:
    """
    `schema.table` or `table` as a quoted name, with its case preserved.

    A part that contains a dot or a quote is written in double quotes, as in PostgreSQL: `crm."My.Table"`.
    Raises: Customer360Error for anything else.
    """
    parts = split_names(table, ".")
    if len(parts) > 2 or not all(parts) or _UNSPEAKABLE.search(table):
        raise Invalid(
            f"invalid table name '{table}'; write it as schema.table, with double quotes around a part that "
            "contains a dot"
        )
    return sql.Identifier(*parts)


def split_names(text: str, separator: str) -> list[str]:
    """The names in *text*, split at *separator*; one in double quotes may contain it, and quotes as `""`."""
    mark = re.escape(separator)
    pattern = rf'(?:^|{mark})(?:\s*"((?:[^"]|"")*)"\s*(?={mark}|$)|([^{mark}]*))'
    return [plain or quoted.replace('""', '"') for quoted, plain in re.findall(pattern, text)]


def identifier(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


def columns(table: Table) -> sql.Composed:
    """The column list in brackets, with types and NOT NULL."""
    return sql.SQL("({})").format(
        sql.SQL(", ").join(
            sql.SQL("{} {}{}").format(
                sql.Identifier(column.name),
                sql.SQL(column.type),  # from tables.py, never from user input
                sql.SQL(" NOT NULL" if column.required else ""),
            )
            for column in table.columns
        )
    )


def has_primary_key(table: Table) -> bool:
    """Whether no key column may be null; other tables are audited instead."""
    return bool(table.key) and all(table[name].required for name in table.key)


def primary_key(table: Table) -> sql.Composed:
    return sql.SQL("PRIMARY KEY ({})").format(sql.SQL(", ").join(map(sql.Identifier, table.key)))


def create(table: Table) -> Iterator[sql.Composed]:
    """
    The published table: a stable parent whose single partition, the DEFAULT one, is swapped by each refresh.

    Grants, comments and views belong to the parent and stay. A table that keeps history is not partitioned.
    The partition column does not matter (a DEFAULT partition takes every row), so it is the first one.
    """
    partitioned = sql.SQL("" if table.keeps_history else " PARTITION BY LIST ({})").format(
        sql.Identifier(table.columns[0].name)
    )
    yield sql.SQL("CREATE TABLE {} {}{}").format(identifier(table), columns(table), partitioned)
    if has_primary_key(table):
        yield sql.SQL("ALTER TABLE {} ADD {}").format(identifier(table), primary_key(table))
    yield from comments(table)


def add(table: Table, present: Collection[str]) -> Iterator[sql.Composed]:
    """Adds the columns that are not *present*; in a history's rows of older versions they are null."""
    for column in table.columns:
        if column.name not in present:
            is_null = table.keeps_history or not column.required
            yield sql.SQL("ALTER TABLE {} ADD {} {}{}").format(
                identifier(table),
                sql.Identifier(column.name),
                sql.SQL(column.type),
                sql.SQL("" if is_null else " NOT NULL"),
            )
    yield from comments(table)


def comments(table: Table) -> Iterator[sql.Composed]:
    yield sql.SQL("COMMENT ON TABLE {} IS {}").format(identifier(table), sql.Literal(table.comment))
    for column in table.columns:
        yield sql.SQL("COMMENT ON COLUMN {}.{} IS {}").format(
            identifier(table), sql.Identifier(column.name), sql.Literal(column.description)
        )


def holds(column: Column) -> sql.Composed | None:
    """The condition for the column's range or allowed values; None when any value is valid."""
    name = sql.Identifier(column.name)
    if column.allowed:
        return sql.SQL("{} IN ({})").format(name, sql.SQL(", ").join(map(sql.Literal, column.allowed)))
    if column.maximum is not None:
        return sql.SQL("{} BETWEEN {} AND {}").format(
            name, sql.Literal(column.minimum), sql.Literal(column.maximum)
        )
    return None if column.minimum is None else sql.SQL("{} >= {}").format(name, sql.Literal(column.minimum))
