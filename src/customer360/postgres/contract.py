"""
The contract of a table: what `tables.py` declares about its rows, checked on the staged rows.

PostgreSQL itself rejects a null in a required column while rows are copied, and a duplicate key while the primary
key is built. Ranges and allowed values are checked by the scan that counts the rows anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from customer360.errors import Refused
from customer360.postgres import ddl
from customer360.tables import Column, Table, folded

_EXAMPLES: Final = 3


def verify(connection: psycopg.Connection[Any], table: Table, relation: sql.Identifier, copied: int) -> None:
    """
    Checks the rows in *relation* against the contract of *table*, and builds its primary key.

    Raises: Customer360Error with the broken rule, the number of *copied* rows that break it, and the keys of some
    of them; nothing else of a row is shown, because it may be personal data.
    """
    _verify_rows(connection, table, relation, copied)
    _verify_key(connection, table, relation)
    for column in table.columns:
        if column.is_member:
            _verify_members(connection, table, relation, column)


def _verify_rows(connection: psycopg.Connection[Any], table: Table, relation: sql.Identifier, copied: int) -> None:
    rules = {column: condition for column in table.columns if (condition := ddl.holds(column))}
    broken = [sql.SQL("count(*) FILTER (WHERE NOT ({}))").format(condition) for condition in rules.values()]
    query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join([sql.SQL("count(*)"), *broken]), relation)
    ((arrived, *counts),) = connection.execute(query).fetchall()
    if arrived != copied:
        raise _refusal(table, f"{copied:,} rows were copied, {arrived:,} arrived")
    for (column, condition), rows in zip(rules.items(), counts, strict=True):
        if rows:
            examples = _keys_of(connection, table, relation, condition)
            raise _refusal(table, f"{column.name} is not {column.values} in {_rows(rows)}{examples}")


def _verify_key(connection: psycopg.Connection[Any], table: Table, relation: sql.Identifier) -> None:
    if ddl.has_primary_key(table):
        try:
            connection.execute(sql.SQL("ALTER TABLE {} ADD {}").format(relation, ddl.primary_key(table)))
        except errors.UniqueViolation:
            _require_unique(connection, table, relation)
    elif table.key:
        _require_unique(connection, table, relation)


def _verify_members(
    connection: psycopg.Connection[Any], table: Table, relation: sql.Identifier, column: Column
) -> None:
    """Power BI cannot refresh a table of members when it considers two of them equal."""
    query = sql.SQL("SELECT {0} FROM {1} ORDER BY {0}").format(sql.Identifier(column.name), relation)
    spellings: dict[str, list[str]] = {}
    for (text,) in connection.execute(query):
        spellings.setdefault(folded(text), []).append(text)
    for alike in spellings.values():
        if len(alike) > 1:
            raise _refusal(table, f"{column.name} has members that differ only in letter case or blanks: {alike}")


def _require_unique(connection: psycopg.Connection[Any], table: Table, relation: sql.Identifier) -> None:
    key = _key(table)
    query = sql.SQL(
        "SELECT sum(count(*)) OVER (), {} FROM {} GROUP BY {} HAVING count(*) > 1 ORDER BY {} LIMIT {}"
    ).format(key, relation, key, key, sql.Literal(_EXAMPLES))
    if found := connection.execute(query).fetchall():
        examples = _such_as([values for _, *values in found])
        raise _refusal(table, f"the key ({', '.join(table.key)}) is not unique in {_rows(found[0][0])}{examples}")


def _keys_of(
    connection: psycopg.Connection[Any], table: Table, relation: sql.Identifier, condition: sql.Composed
) -> str:
    if not table.key:
        return ""
    key = _key(table)
    query = sql.SQL("SELECT {} FROM {} WHERE NOT ({}) ORDER BY {} LIMIT {}").format(
        key, relation, condition, key, sql.Literal(_EXAMPLES)
    )
    return f" with the key ({', '.join(table.key)})" + _such_as(connection.execute(query).fetchall())


def _key(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, table.key))


def _such_as(keys: Sequence[Sequence[Any]]) -> str:
    written = (", ".join("null" if value is None else str(value) for value in key) for key in keys)
    return ", such as " + ", ".join(f"({key})" for key in written)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _refusal(table: Table, broken: str) -> Refused:
    return Refused(f"{table.full_name}: {broken}; nothing was published")
