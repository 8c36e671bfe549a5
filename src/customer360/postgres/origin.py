"""Whose table is this? What may be replaced, and what must not be touched."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.errors import Refused
from customer360.postgres import catalog, ddl
from customer360.postgres.catalog import value
from customer360.postgres.copy import INTERNAL_SCHEMA, LEDGER, PUBLISHED_PART
from customer360.tables import CUSTOMERS, Table

REPLACE_FLAG: Final = "--replace"

SIGNED: Final = "signed"
"""A fact: the ledger holds the transactions that wrote the rows. Fillings of older versions lack it."""

_OLDER_BLOCK: Final = 50_000
"""Rows that one transaction of those older versions wrote."""


@dataclass(frozen=True)
class Origin:
    """
    Who filled a table: 'absent', 'mock', 'own' (loaded by this software) or 'unknown', and with what.

    *fill* names the filling: a new one for each `mock` and `load`, kept by backups. None: not filled by us.
    """

    kind: str
    facts: dict[str, Any] = field(default_factory=dict)
    fill: str | None = None


def origin(connection: psycopg.Connection[Any], table: str) -> Origin:
    """
    Who filled *table*, by the facts kept with the rows themselves.

    The facts are a comment on the partition that holds the rows, so they go when the rows go; a table made by
    hand, or dropped and made again, has none and is 'unknown'.
    """
    if not catalog.exists(connection, table):
        return Origin("absent")
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
    facts = json.loads(comment) if comment and comment.startswith("{") else {}
    return Origin(facts.get("kind", "unknown"), facts, fill)


def guard_own_data(connection: psycopg.Connection[Any]) -> None:
    """
    Refuses to go on when `public.customers` holds anything but the mock data that this software wrote.

    Raises: Customer360Error naming the flag that overrides it.
    """
    found = origin(connection, CUSTOMERS.full_name)
    if found.kind == "absent":
        return
    if found.kind == "mock":
        problem = change_since_filled(connection, found)
    else:
        problem = "was loaded from your own data" if found.kind == "own" else "was not made by customer360"
    if problem:
        raise Refused(
            f"{CUSTOMERS.full_name} {problem}; nothing was deleted. To delete it all the same: {REPLACE_FLAG}"
        )


def change_since_filled(connection: psycopg.Connection[Any], found: Origin) -> str | None:
    """
    How the rows of `public.customers` differ from those that were filled, in words; None when they do not.

    Each row knows the transaction that wrote it, and the ledger the transactions of the filling: any row written
    since, by whatever means, has another, and a deleted one is missed. One scan, as for counting them.
    """
    query = sql.SQL("SELECT xmin::text, count(*), age(xmin), sum(count(*)) OVER () FROM {} GROUP BY xmin LIMIT {}")
    signed = _signed(connection, found)
    most = len(signed) if signed is not None else math.ceil(found.facts["rows"] / _OLDER_BLOCK)
    written = connection.execute(query.format(ddl.identifier(CUSTOMERS), most + 1)).fetchall()
    rows = int(written[0][-1]) if written else 0
    if rows != found.facts["rows"]:
        return f"was filled with {found.facts['rows']:,} customers and now has {rows:,}: someone changed it"
    if signed is None:
        published = _age_of_facts(connection, found)
        is_same = len(written) <= most and all(age > published for _, _, age, _ in written)
    else:
        is_same = {transaction: count for transaction, count, *_ in written} == signed
    return None if is_same else "has rows that someone changed, added or restored since it was filled"


def _signed(connection: psycopg.Connection[Any], found: Origin) -> dict[str, int] | None:
    """
    The transactions that wrote the filling, and how many rows each; None for a filling of an older version.

    A signature counts only where the transaction that wrote it is the one it names. A restored ledger was written
    by one transaction or by one a row, and so never by those of both the copying and the publishing: then none.
    """
    if SIGNED not in found.facts:
        return None
    query = sql.SQL(
        "SELECT part, transaction::xid::text, rows, xmin = transaction::xid FROM {} WHERE staging = %s"
    ).format(LEDGER)
    signatures = connection.execute(query, (found.fill,)).fetchall()
    is_genuine = all(genuine for *_, genuine in signatures)
    if not is_genuine or PUBLISHED_PART not in {part for part, *_ in signatures}:
        return {}
    publishing = {transaction for part, transaction, *_ in signatures if part == PUBLISHED_PART}
    copied = {transaction: rows for part, transaction, rows, _ in signatures if part != PUBLISHED_PART and rows}
    return {} if publishing & copied.keys() else copied


def _age_of_facts(connection: psycopg.Connection[Any], found: Origin) -> int:
    """How many transactions ago the facts were written, which came after all rows that they tell of."""
    query = """
        SELECT age(d.xmin) FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND n.nspname = %s AND c.relname = %s
    """
    return int(value(connection, query, INTERNAL_SCHEMA, found.fill))


def may_be_remade(connection: psycopg.Connection[Any], table: Table) -> bool:
    """Whether it is an older shape of one of ours, whose rows a refresh replaces anyway."""
    return bool(catalog.partitions(connection, table)) and not foreign_partitions(connection, table)


def foreign_partitions(connection: psycopg.Connection[Any], table: Table) -> list[str]:
    """The partitions of *table* that no publication attached; whose they are nobody knows, and they stay."""
    ours = re.compile(rf"{re.escape(table.name)}_[0-9a-f]{{8}}")
    return [
        f"{schema}.{name}"
        for schema, name, bound in catalog.partitions(connection, table)
        if schema != INTERNAL_SCHEMA or bound != "DEFAULT" or not ours.fullmatch(name)
    ]
