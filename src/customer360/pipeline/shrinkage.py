"""Fewer than half of the rows that there were: more often a source that broke than the truth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from customer360.errors import Refused
from customer360.postgres.origin import Origin
from customer360.postgres.status import is_filled_since
from customer360.tables import CUSTOMERS, Source

LEAST_SHARE: Final = 0.5
"""A refresh has at least this share of the rows of the refresh before it, unless it is told otherwise."""

ALLOW_FLAG: Final = "--allow-shrink"


def require_no_shrinkage(
    before: Mapping[str, Any] | None,
    fill_before: str | None,
    table: str,
    source: Origin,
    as_of: date,
    rows: int,
    *,
    noun: str = CUSTOMERS.name,
) -> None:
    """
    Refuses *rows* of *table* that are fewer than half of those of the refresh *before*.

    *fill_before* is the filling of the source that was there at that refresh, None where it is not known.
    They are compared only where nothing but the rows themselves can have made the difference: the same table, not
    filled in between by `mock` or `load` (who fills means it), as of the same day or a later one (less had
    happened earlier). A table of someone's own has no record of being filled, so it is always compared, as is one
    that is gone. Raises: Customer360Error naming the flag that overrides it.
    """
    if before is None or not _is_same_source(before, fill_before, table, source):
        return
    if as_of < date.fromisoformat(before["as_of_date"]) or rows >= before["rows_out"] * LEAST_SHARE:
        return
    raise Refused(
        f"{table} gives {rows:,} {noun} where refresh {before['refresh_id']} had {before['rows_out']:,}, and was "
        f"not filled again since; nothing was published. To publish them all the same: {ALLOW_FLAG}"
    )


def require_no_smaller_load(before: Origin, table: Source, source: str, found: int) -> None:
    """
    Refuses *found* rows of *table* in *source* that are fewer than half of those that were loaded of it *before*.

    A file of the same name, exported each night, is meant to be the same one; another name is another source.
    Raises: Customer360Error naming the flag that overrides it.
    """
    rows = before.rows
    if before.kind == "own" and before.source == source and found < rows * LEAST_SHARE:
        raise Refused(
            f"{source} gives {found:,} {table.name} where {rows:,} of it are loaded; nothing was changed. "
            f"To load them all the same: {ALLOW_FLAG}"
        )


def _is_same_source(before: Mapping[str, Any], fill_before: str | None, table: str, source: Origin) -> bool:
    is_gone = source.kind == "absent" and source.fill is None  # nobody emptied it on purpose
    if before["source_table"] != table or not (is_gone or before["source_kind"] == source.kind):
        return False
    return not is_filled_since(source, fill_before, before)
