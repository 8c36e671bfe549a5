"""Splits a table into ranges of pages, so that tasks read it in parallel without an index."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.errors import Unavailable
from customer360.postgres.catalog import quoted

_RANGE_PAGES: Final = 4096
"""32 MB: small enough to spread over an unknown number of machines."""

_LARGE_RANGE_PAGES: Final = 16384
"""128 MB: the cost of a range's task and connection is negligible in comparison."""

_RANGES_PER_TASK: Final = 2
"""So that the last one does not take long."""

_MOST_RANGES: Final = 64


@dataclass(frozen=True)
class PageRange:
    """
    Pages [first, end) of one relation; with *end* None, up to the last page at the time of reading.

    *only* excludes the tables that inherit from it, which have their own ranges.
    """

    schema: str
    name: str
    first: int = 0
    end: int | None = None
    only: bool = False

    @property
    def relation(self) -> sql.Composable:
        name = sql.Identifier(self.schema, self.name)
        return sql.SQL("ONLY {}").format(name) if self.only else name

    @property
    def condition(self) -> sql.Composable | None:
        """The ctid range, which PostgreSQL 14 and newer read without touching other pages."""
        bounds = [sql.SQL("ctid >= {}::tid").format(f"({self.first},0)")] if self.first else []
        if self.end is not None:
            bounds.append(sql.SQL("ctid < {}::tid").format(f"({self.end},0)"))
        return sql.SQL(" AND ").join(bounds) if bounds else None


def page_ranges(
    connection: psycopg.Connection[Any], table: str, wanted: int | None, *, tasks_at_once: int | None = None
) -> list[PageRange]:
    """
    Ranges that together contain every row of *table* once: about *wanted* of them, or one per 32 MB. When the
    number of *tasks_at_once* is known, ranges are fewer and larger, as long as there are enough for all tasks.

    A table is split by pages, and also by partitions or inheriting tables; a view has no pages and is one range.
    Partitions are those of the transaction's snapshot. A table is one range if reading its partitions one by one
    would return other rows (row security, or a right to the table alone).
    """
    parent, *heirs = _tree(connection, table)
    leaves = [relation for relation in (parent, *heirs) if relation.kind != "p"]
    if len(leaves) == 1:
        # Rights belong to the parent, and a range of its only partition is a range of the table.
        leaves = [replace(parent, kind=leaves[0].kind, pages=leaves[0].pages)]
    elif not leaves or parent.has_row_security or not all(leaf.may_be_named for leaf in leaves if leaf != parent):
        return [PageRange(parent.schema, parent.name)]
    total = sum(leaf.pages for leaf in leaves)
    ranges = wanted or _good_number(total, tasks_at_once)
    return [piece for leaf in leaves for piece in _cut(leaf, max(1.0, total / ranges), only=len(leaves) > 1)]


def _good_number(pages: int, tasks_at_once: int | None) -> int:
    small, large = (math.ceil(pages / size) for size in (_RANGE_PAGES, _LARGE_RANGE_PAGES))
    ranges = max(large, min(small, _RANGES_PER_TASK * tasks_at_once)) if tasks_at_once else small
    return max(1, min(_MOST_RANGES, ranges))


def _cut(relation: _Relation, size: float, *, only: bool) -> list[PageRange]:
    pieces = max(1, round(relation.pages / size)) if relation.kind in "rm" else 1
    firsts = [relation.pages * piece // pieces for piece in range(pieces)]
    return [
        PageRange(relation.schema, relation.name, first, end, only=only and relation.has_heirs)
        for first, end in zip(firsts, [*firsts[1:], None], strict=True)
    ]


@dataclass(frozen=True)
class _Relation:
    schema: str
    name: str
    kind: str
    pages: int
    has_heirs: bool
    has_row_security: bool
    may_be_read: bool

    @property
    def may_be_named(self) -> bool:
        """Whether a query on it returns the same rows as a query on its parent."""
        return self.may_be_read and not self.has_row_security


def _tree(connection: psycopg.Connection[Any], table: str) -> list[_Relation]:
    """*table*, then its partitions and the tables that inherit from it, at every level."""
    query = """
        WITH RECURSIVE tree (oid) AS (
          SELECT to_regclass(%s)::oid
          UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid WHERE NOT inhdetachpending)
        SELECT n.nspname, c.relname, c.relkind::text,
               coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::int,
               EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid),
               row_security_active(c.oid),
               has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
        FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace
        ORDER BY c.oid <> to_regclass(%s), n.nspname, c.relname
    """
    name = quoted(table)
    found = [_Relation(*row) for row in connection.execute(query, (name, name))]
    if not found:
        raise Unavailable(f"there is no table {table}")
    return found
