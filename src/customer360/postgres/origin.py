"""Who filled a table: what may be replaced, and what must not be touched."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.errors import Refused
from customer360.postgres import catalog, ddl
from customer360.postgres.catalog import value
from customer360.postgres.copy import INTERNAL_SCHEMA, LEDGER, PUBLISHED_PART
from customer360.tables import Table

REPLACE_FLAG: Final = "--replace"

SIGNED: Final = "signed"
"""In the comment: the ledger has the transactions that wrote the rows. Older versions did not record it."""

FORGOTTEN_PARTS: Final = -10
"""Parts below this one subtract rows of forgotten customers from those of the transaction that they name."""

_OLDER_BLOCK: Final = 50_000
"""Rows that one transaction of those older versions wrote."""


@dataclass(frozen=True)
class Origin:
    """
    Who filled a table: 'absent', 'mock', 'own' (loaded by this software) or 'unknown', and with what.

    A table that this software emptied is also 'absent', with the time of that.

    *fill* identifies the filling: each `mock` and `load` makes a new one, which backups keep; None for rows of
    another program. The other fields are None where they do not apply, or where an older version did not record
    them. *comment* is the whole record as read, which `status --json` shows.
    """

    kind: str
    fill: str | None = None
    is_signed: bool = False
    columns: Sequence[str] | None = None
    missing_columns: Sequence[str] | None = None
    status_order: Sequence[str] | None = None
    transactions: bool | None = None
    """Customers and events were derived from the same order lines."""
    last_day: date | None = None
    """The last day on which something happened in the loaded data."""
    rows: int = 0
    rows_in: int | None = None
    rows_rejected: int | None = None
    rows_left_out: int | None = None
    rows_identical: int | None = None
    rejected: Mapping[str, int] | None = None
    source: str | None = None
    description: str | None = None
    seed: int | None = None
    as_of: date | None = None
    dirt: float | None = None
    events_per_customer: int | None = None
    filled_at: datetime | None = None
    version: str | None = None
    comment: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def read(cls, fill: str | None, comment: Mapping[str, Any]) -> Origin:
        """Reads a *comment*, also one of an older version; unknown entries are ignored."""
        known = {name: comment[name] for name in _RECORDED if comment.get(name) is not None}
        for name, kind in _MOMENTS.items():
            if name in known:
                known[name] = kind.fromisoformat(known[name])
        return cls(**{"kind": "unknown", **known}, fill=fill, is_signed=SIGNED in comment, comment=comment)

    def record(self) -> dict[str, Any]:
        """The record to keep with the rows, for `read`."""
        nulls = _NULLS_OF_OWN if self.kind == "own" else ()
        values = {name: getattr(self, name) for name in _RECORDED}
        return {name: value for name, value in values.items() if value is not None or name in nulls}


_RECORDED: Final = tuple(one.name for one in fields(Origin) if one.name not in ("fill", "is_signed", "comment"))
_NULLS_OF_OWN: Final = ("status_order", "last_day")
"""Fields that a load records even when they are null."""
_MOMENTS: Final[Mapping[str, Any]] = {"as_of": date, "last_day": date, "filled_at": datetime}


def origin(connection: psycopg.Connection[Any], table: str) -> Origin:
    """
    Who filled *table*, according to the record kept with the rows.

    A table created by hand, or dropped and recreated, has no record and is 'unknown'.
    """
    return Origin.read(*recorded(connection, table)) if catalog.exists(connection, table) else Origin("absent")


def recorded(connection: psycopg.Connection[Any], table: str) -> tuple[str | None, dict[str, Any]]:
    """
    The partition with the rows of *table*, and what `Publication.describe` recorded for them.

    The record is a comment on that partition, so it is dropped with the rows.
    """
    row = connection.execute(
        """
        SELECT c.relname, obj_description(c.oid, 'pg_class')
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE i.inhparent = to_regclass(%s)::oid AND n.nspname = %s
          AND pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT'
        """,
        (catalog.quoted(table), INTERNAL_SCHEMA),
    ).fetchone()
    fill, comment = row or (None, None)
    return fill, json.loads(comment) if comment and comment.startswith("{") else {}


def guard_own_data(connection: psycopg.Connection[Any], source: Table, *, instead: str = "") -> None:
    """
    Raises: Refused when the table *source* contains anything but mock data that this software wrote.

    The error names the alternative *instead*, if any, and the flag that overrides the check.
    """
    found = origin(connection, source.full_name)
    if found.kind == "absent" and not found.fill:
        return
    if found.kind in ("mock", "absent"):
        problem = change_since_filled(connection, source, found)
    else:
        problem = "was loaded from your own data" if found.kind == "own" else "was not made by customer360"
    if problem:
        way_out = f"{instead}; to" if instead else "To"
        raise Refused(
            f"{source.full_name} {problem}; nothing was deleted. {way_out} delete it anyway: {REPLACE_FLAG}"
        )


def change_since_filled(connection: psycopg.Connection[Any], source: Table, found: Origin) -> str | None:
    """
    How the rows of the table *source* differ from those that were filled, in words; None when they do not.

    Each row records the transaction that wrote it, and the ledger those of the filling. A row written since has
    another transaction, and a deleted row is missing from the count. Costs one scan, like counting the rows.
    """
    query = sql.SQL("SELECT xmin::text, count(*), age(xmin), sum(count(*)) OVER () FROM {} GROUP BY xmin LIMIT {}")
    signed = _signed(connection, found)
    most = len(signed) if signed is not None else math.ceil(found.rows / _OLDER_BLOCK)
    written = connection.execute(query.format(ddl.identifier(source), most + 1)).fetchall()
    rows = int(written[0][-1]) if written else 0
    if rows != found.rows:
        return f"was filled with {found.rows:,} {source.name} and now has {rows:,}: someone changed it"
    if signed is None:
        recorded_ago = _age_of_record(connection, found)
        is_same = len(written) <= most and all(age > recorded_ago for _, _, age, _ in written)
    else:
        is_same = {transaction: count for transaction, count, *_ in written} == signed
    return None if is_same else "has rows that someone changed, added or restored since it was filled"


def _signed(connection: psycopg.Connection[Any], found: Origin) -> dict[str, int] | None:
    """
    The transactions that wrote the filling, and the rows of each; None for a filling of an older version.

    A signature counts only if the transaction that wrote it is the one that it names. A restored ledger was
    written by a single transaction, or by one per row, but never by those that copied and published: then None.
    """
    if not found.is_signed:
        return None
    query = sql.SQL(
        "SELECT part, transaction::xid::text, rows, xmin = transaction::xid FROM {} "
        "WHERE staging = %s AND part > {}"
    ).format(LEDGER, FORGOTTEN_PARTS)
    signatures = connection.execute(query, (found.fill,)).fetchall()
    is_genuine = all(genuine for *_, genuine in signatures)
    if not is_genuine or PUBLISHED_PART not in {part for part, *_ in signatures}:
        return {}
    publishing = {transaction for part, transaction, *_ in signatures if part == PUBLISHED_PART}
    copied = {transaction: rows for part, transaction, rows, _ in signatures if part != PUBLISHED_PART and rows}
    return {} if publishing & copied.keys() else _without_forgotten(connection, found, copied)


def _without_forgotten(
    connection: psycopg.Connection[Any], found: Origin, copied: Mapping[str, int]
) -> dict[str, int]:
    """*copied* minus the rows of customers forgotten since; this only ever reduces the counts."""
    query = sql.SQL(
        "SELECT transaction::xid::text, sum(rows)::bigint FROM {} WHERE staging = %s AND part <= {} GROUP BY 1"
    ).format(LEDGER, FORGOTTEN_PARTS)
    gone: dict[str, int] = dict(connection.execute(query, (found.fill,)).fetchall())
    left = {transaction: rows + gone.get(transaction, 0) for transaction, rows in copied.items()}
    return {transaction: rows for transaction, rows in left.items() if rows}


def _age_of_record(connection: psycopg.Connection[Any], found: Origin) -> int:
    """How many transactions ago the record was written, which is after all rows that it describes."""
    query = """
        SELECT age(d.xmin) FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND n.nspname = %s AND c.relname = %s
    """
    return int(value(connection, query, INTERNAL_SCHEMA, found.fill))


def may_be_remade(connection: psycopg.Connection[Any], table: Table) -> bool:
    """Whether *table* has an older shape of a customer360 table, whose rows a refresh replaces anyway."""
    return bool(catalog.partitions(connection, table)) and not foreign_partitions(connection, table)


def foreign_partitions(connection: psycopg.Connection[Any], table: Table) -> list[str]:
    """The partitions of *table* that no publication attached; their owner is unknown, so they stay."""
    ours = re.compile(rf"{re.escape(table.name)}_[0-9a-f]{{8}}")
    return [
        f"{schema}.{name}"
        for schema, name, bound in catalog.partitions(connection, table)
        if schema != INTERNAL_SCHEMA or bound != "DEFAULT" or not ours.fullmatch(name)
    ]
