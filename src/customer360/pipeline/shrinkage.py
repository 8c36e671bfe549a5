"""Refuses data that has lost more than half of its rows: usually the source is broken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from customer360.errors import Refused
from customer360.postgres.origin import Origin
from customer360.postgres.status import is_filled_since
from customer360.tables import CUSTOMERS, Source

LEAST_SHARE: Final = 0.5
"""By default, a refresh must have at least this share of the rows of the previous one."""

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

    *fill_before* is the filling of the source at that refresh, None if it is not known. They are compared only if
    nothing but the rows themselves explains the difference: the same table, not filled since by `mock` or `load`
    (which is intended), as of the same day or a later one (fewer rows are known earlier). A table of other origin
    has no record of being filled, so it is always compared, as is one that is gone. Raises: Customer360Error that
    names the flag to override it.
    """
    if before is None or not _is_same_source(before, fill_before, table, source):
        return
    if as_of < date.fromisoformat(before["as_of_date"]) or rows >= before["rows_out"] * LEAST_SHARE:
        return
    raise Refused(
        f"{table} has {rows:,} {noun}, but refresh {before['refresh_id']} had {before['rows_out']:,}, and it was "
        f"not filled since; nothing was published. To publish them anyway: {ALLOW_FLAG}"
    )


def require_no_smaller_load(before: Origin, table: Source, source: str, found: int) -> None:
    """
    Refuses *found* rows of *table* in *source* that are fewer than half of those loaded from it *before*.

    A file of the same name, such as a nightly export, counts as the same source.
    Raises: Customer360Error that names the flag to override it.
    """
    rows = before.rows
    if before.kind == "own" and before.source == source and found < rows * LEAST_SHARE:
        raise Refused(
            f"{source} has {found:,} {table.name}, but {rows:,} were loaded from it before; nothing was changed. "
            f"To load them anyway: {ALLOW_FLAG}"
        )


def _is_same_source(before: Mapping[str, Any], fill_before: str | None, table: str, source: Origin) -> bool:
    is_gone = source.kind == "absent" and source.fill is None  # it was not emptied on purpose
    if before["source_table"] != table or not (is_gone or before["source_kind"] == source.kind):
        return False
    return not is_filled_since(source, fill_before, before)
