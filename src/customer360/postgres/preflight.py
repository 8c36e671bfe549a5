"""Checks for obstacles to replacing tables, before the work begins rather than at its end."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import psycopg

from customer360.errors import Refused
from customer360.postgres import catalog, older, origin
from customer360.tables import Table

_KINDS: Final = {
    "v": "a view",
    "m": "a materialised view",
    "f": "a foreign table",
    "S": "a sequence",
    "c": "a type",
}

_RELATIONS: Final = """
    SELECT to_regclass(%(table)s)::oid UNION ALL
    SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass(%(table)s)
"""
"""A table and its partitions."""


def require_replaceable(
    connection: psycopg.Connection[Any], tables: Collection[Table], *, foreign: Collection[Table] = ()
) -> None:
    """
    Raises: Customer360Error when the rows of one of *tables* cannot be replaced, or appended if it keeps history.

    *foreign* tables may be replaced even if this software did not create them. The error names the object in the
    way and how to remove it.
    """
    for table in sorted(tables, key=lambda table: table.full_name):
        if found := catalog.shape(connection, table):
            _require_kind(table, found[0][0])
            _require_owner(connection, table)
            require_shape(connection, table, found, is_foreign_allowed=table in foreign)
            if not table.keeps_history:
                require_own_partitions(connection, table)
                _require_no_foreign_key(connection, table)
                _require_no_view_of_a_partition(connection, table)
        if replaced := older.predecessor(connection, table):
            _require_droppable(connection, replaced.table, table)


def _require_droppable(connection: psycopg.Connection[Any], table: Table, successor: Table) -> None:
    """Raises: Customer360Error when something depends on *table*, whose rows move to its *successor*."""
    _require_owner(connection, table)
    require_own_partitions(connection, table)
    _require_no_foreign_key(connection, table)
    _require_no_view_of_a_partition(connection, table)
    if view := catalog.value(connection, _VIEW_OF, catalog.quoted(table.full_name)):
        raise Refused(
            f"the view {view} reads {table.full_name}, whose rows move to {successor.full_name}; "
            "drop the view, and recreate it on that table"
        )


_VIEW_OF: Final = """
    SELECT min(v.oid::regclass::text) FROM pg_depend d
    JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    JOIN pg_class v ON v.oid = r.ev_class
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass(%s) AND v.oid <> d.refobjid
"""


def _require_kind(table: Table, kind: str) -> None:
    if kind not in "rp":
        raise Refused(
            f"{table.full_name} is {_KINDS.get(kind, 'something else')}, not a table; rename it and run again"
        )


def require_shape(
    connection: psycopg.Connection[Any], table: Table, found: list[tuple[str, ...]], *, is_foreign_allowed: bool
) -> None:
    """Raises: Customer360Error for a *found* shape that can be neither used nor upgraded."""
    if table.keeps_history:
        wanted = {column.name: column.type for column in table.columns}
        wrong = [(name, kind, wanted[name]) for name, kind in found[1:] if wanted.get(name, kind) != kind]
        if wrong or found[0][0] != "r":
            reason = "its column {} is {}, not {}".format(*wrong[0]) if wrong else "it is partitioned"
            raise Refused(
                f"{table.full_name} cannot store rows of this version of customer360: {reason}; "
                "rename it and run again"
            )
    elif found != catalog.wanted_shape(table) and not (
        is_foreign_allowed or origin.may_be_remade(connection, table)
    ):
        raise Refused(f"{table.full_name} was not made by this version of customer360; rename it and run again")


def require_own_partitions(connection: psycopg.Connection[Any], table: Table) -> None:
    """A partition that someone else attached would be dropped with the old rows."""
    if foreign := origin.foreign_partitions(connection, table):
        raise Refused(
            f"{table.full_name} has the partition {foreign[0]}, which customer360 did not make and will not drop; "
            f"detach it: ALTER TABLE {table.full_name} DETACH PARTITION {foreign[0]}"
        )


def _require_owner(connection: psycopg.Connection[Any], table: Table) -> None:
    query = f"""
        SELECT oid::regclass::text, quote_ident(pg_get_userbyid(relowner)), quote_ident(current_user)
        FROM pg_class WHERE oid IN ({_RELATIONS}) AND NOT pg_has_role(relowner, 'USAGE')
    """  # noqa: S608  of constants
    if row := connection.execute(query, {"table": table.full_name}).fetchone():
        name, owner, user = row
        raise Refused(
            f"{name} belongs to {owner}, and only its owner can replace its rows; run as {owner}, "
            f"or ask {owner} or an administrator to run: ALTER TABLE {name} OWNER TO {user}"
        )


def _require_no_foreign_key(connection: psycopg.Connection[Any], table: Table) -> None:
    query = f"""
        SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint
        WHERE contype = 'f' AND conparentid = 0 AND confrelid IN ({_RELATIONS}) AND conrelid NOT IN ({_RELATIONS})
    """  # noqa: S608  of constants
    if row := connection.execute(query, {"table": table.full_name}).fetchone():
        name, constraint = row
        raise Refused(
            f"{name} has a foreign key on {table.full_name}, whose rows are replaced as a whole; "
            f"drop it: ALTER TABLE {name} DROP CONSTRAINT {constraint}"
        )


def _require_no_view_of_a_partition(connection: psycopg.Connection[Any], table: Table) -> None:
    query = """
        SELECT v.oid::regclass::text, i.inhrelid::regclass::text
        FROM pg_inherits i JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = i.inhrelid
        JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        JOIN pg_class v ON v.oid = r.ev_class
        WHERE i.inhparent = to_regclass(%s) AND v.oid <> i.inhrelid
    """
    if row := connection.execute(query, (table.full_name,)).fetchone():
        view, partition = row
        raise Refused(
            f"the view {view} reads {partition}, which is replaced together with its rows; "
            f"drop the view, and recreate it on {table.full_name}"
        )
