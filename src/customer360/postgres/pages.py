"""Cutting a table into ranges of pages, so that tasks read it side by side without an index."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.errors import Customer360Error

_RANGE_PAGES: Final = 4096
"""32 MB: small enough to spread over machines nobody has counted."""

_LARGE_RANGE_PAGES: Final = 16384
"""128 MB: beside it the task and the connection of a range cost nothing."""

_RANGES_PER_TASK: Final = 2
"""So that nobody waits long for the last one."""

_MOST_RANGES: Final = 64


@dataclass(frozen=True)
class PageRange:
    """Pages [first, end) of one relation; *end* None: to the last page, whichever that is by then."""

    schema: str
    name: str
    first: int = 0
    end: int | None = None

    @property
    def relation(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

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
    Ranges that together hold every row of *table* once: about *wanted* of them, or one per 32 MB; where it is
    known how many *tasks_at_once* run, fewer and larger ones, as long as there are enough for all.

    A table is cut by pages, a partitioned one partition by partition; a view has no pages and is one range.
    """
    leaves = _leaves(connection, table)
    if len(leaves) == 1:
        # One's rights hang on the parent, and a range of its only partition is a range of it.
        schema, name, _, pages = *_parent(connection, table), *leaves[0][2:]
        leaves = [(schema, name, leaves[0][2], pages)]
    total = sum(pages for *_, pages in leaves)
    ranges = wanted or _good_number(total, tasks_at_once)
    return [piece for leaf in leaves for piece in _cut(*leaf, max(1.0, total / ranges))]


def _good_number(pages: int, tasks_at_once: int | None) -> int:
    small, large = (math.ceil(pages / size) for size in (_RANGE_PAGES, _LARGE_RANGE_PAGES))
    ranges = max(large, min(small, _RANGES_PER_TASK * tasks_at_once)) if tasks_at_once else small
    return max(1, min(_MOST_RANGES, ranges))


def _cut(schema: str, name: str, kind: str, pages: int, size: float) -> list[PageRange]:
    pieces = max(1, round(pages / size)) if kind in "rm" else 1
    firsts = [pages * piece // pieces for piece in range(pieces)]
    return [PageRange(schema, name, *bounds) for bounds in zip(firsts, [*firsts[1:], None], strict=True)]


def _leaves(connection: psycopg.Connection[Any], table: str) -> list[tuple[str, str, str, int]]:
    """(schema, name, kind, pages) of *table*, or of each partition that holds rows."""
    query = """
        SELECT n.nspname, c.relname, c.relkind::text,
               pg_relation_size(c.oid) / current_setting('block_size')::int
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind <> 'p' AND c.oid IN (
          SELECT to_regclass(%(table)s) UNION SELECT relid FROM pg_partition_tree(to_regclass(%(table)s)))
        ORDER BY n.nspname, c.relname
    """
    leaves = connection.execute(query, {"table": table}).fetchall()
    if not leaves:
        schema, name = _parent(connection, table)
        return [(schema, name, "p", 0)]
    return leaves


def _parent(connection: psycopg.Connection[Any], table: str) -> tuple[str, str]:
    query = """
        SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = to_regclass(%s)
    """
    row = connection.execute(query, (table,)).fetchone()
    if row is None:
        raise Customer360Error(f"there is no table {table}")
    return row[0], row[1]
