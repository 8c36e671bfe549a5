"""Whose table is this? What may be replaced, and what must not be touched."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.errors import Customer360Error
from customer360.postgres import catalog, ddl
from customer360.postgres.catalog import value
from customer360.postgres.copy import INTERNAL_SCHEMA
from customer360.tables import CUSTOMERS, Table

REPLACE_FLAG: Final = "--replace"


@dataclass(frozen=True)
class Origin:
    """Who filled a table: 'absent', 'mock', 'own' (loaded by this software) or 'unknown', and with what."""

    kind: str
    facts: dict[str, Any] = field(default_factory=dict)


def origin(connection: psycopg.Connection[Any], table: str) -> Origin:
    """
    Who filled *table*, by the facts kept with the rows themselves.

    The facts are a comment on the partition that holds the rows, so they go when the rows go; a table made by
    hand, or dropped and made again, has none and is 'unknown'.
    """
    if not catalog.exists(connection, table):
        return Origin("absent")
    comment = value(
        connection,
        """
        SELECT obj_description(inhrelid, 'pg_class') FROM pg_inherits
        WHERE inhparent = to_regclass(%s)::oid AND inhrelid::regclass::text LIKE %s
        """,
        table,
        f"{INTERNAL_SCHEMA}.%",
    )
    facts = json.loads(comment) if comment and comment.startswith("{") else {}
    return Origin(facts.get("kind", "unknown"), facts)


def guard_own_data(connection: psycopg.Connection[Any]) -> None:
    """
    Refuses to go on when `public.customers` holds anything but the mock data that this software wrote.

    Raises: Customer360Error naming the flag that overrides it.
    """
    found = origin(connection, CUSTOMERS.full_name)
    if found.kind == "absent":
        return
    if found.kind != "mock":
        who = "was loaded from your own data" if found.kind == "own" else "was not made by customer360"
        raise Customer360Error(
            f"{CUSTOMERS.full_name} {who}; nothing was deleted. To delete it all the same: {REPLACE_FLAG}"
        )
    rows = value(connection, sql.SQL("SELECT count(*) FROM {}").format(ddl.identifier(CUSTOMERS)))
    if rows != found.facts["rows"]:
        raise Customer360Error(
            f"{CUSTOMERS.full_name} was filled with {found.facts['rows']:,} customers and now has {rows:,}: "
            f"someone changed it; nothing was deleted. To delete it all the same: {REPLACE_FLAG}"
        )


def may_be_remade(connection: psycopg.Connection[Any], table: Table) -> bool:
    """Whether it is an older shape of one of ours, whose rows a refresh replaces anyway."""
    children = catalog.partitions(connection, table)
    return bool(children) and all(schema == INTERNAL_SCHEMA for schema, _ in children)
