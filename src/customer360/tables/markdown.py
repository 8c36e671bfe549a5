"""A table as a section of the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from customer360.tables.columns import Table


def section(table: Table) -> Iterator[str]:
    """The lines: heading, description and grain, and each column with its type, meaning and rules."""
    yield from (f"## {table.full_name}", "", table.comment, "")
    yield from ("| Column | Type | Meaning | Always |", "|---|---|---|---|")
    for column in table.columns:
        key = " (key)" if column.name in table.key else ""
        yield f"| `{column.name}`{key} | {column.type} | {column.description} | {column.rule} |"
