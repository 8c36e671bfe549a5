"""Whether the table with the name of a source is one, or merely has the same name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import psycopg

from customer360.postgres import catalog
from customer360.tables import Column, Source

_FITTING: Final = {
    "bigint": ("bigint", "integer", "smallint", "numeric"),
    "timestamp": ("date", "timestamp", "timestamp with time zone"),
}
"""The PostgreSQL types that fit a column when the user did not name the table; any type fits text."""


def obstacle(connection: psycopg.Connection[Any], source: Source) -> str | None:
    """
    Why a run does not read the table named like *source* by default, in words; None when it does.

    Many databases have a table of that name that has nothing to do with customers.
    """
    if not catalog.is_reachable(connection, source):
        return "it does not exist"
    if not catalog.value(connection, "SELECT has_table_privilege(%s, 'SELECT')", catalog.quoted(source.full_name)):
        return "you are not allowed to read it"
    # From the catalog alone: even reading zero rows of a view or foreign table may fail.
    columns = {name: kind for name, kind in catalog.shape(connection, source)[1:]}  # noqa: C416  typed as pairs
    return next(_unfit(source, columns), None)


def _unfit(source: Source, kinds: Mapping[str, str]) -> Iterator[str]:
    required = [column for column in source.columns if column.required]
    if lacking := [column.name for column in required if column.name not in kinds]:
        yield f"it lacks {', '.join(lacking)}"
        return
    for column in required:
        if not _fits(column, kinds[column.name]):
            yield f"its {column.name} is {kinds[column.name]}, not {column.type}"


def _fits(column: Column, kind: str) -> bool:
    fitting = _FITTING.get(column.type)
    return fitting is None or kind.partition("(")[0] in fitting
