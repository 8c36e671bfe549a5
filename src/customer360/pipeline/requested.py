"""The request for a load, from the arguments of a call or a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from customer360.own_data.request import Request, SourceOptions
from customer360.report.durations import parse_day

if TYPE_CHECKING:
    from customer360.own_data.planning import LoadPlan

Place: TypeAlias = "str | PathLike[str] | None"
Given: TypeAlias = "str | PathLike[str] | Mapping[str, Any] | None"
"""A mapping file, or its content."""


class LoadOptions(SourceOptions, total=False):
    """How to load; each option means the same as that of the command."""

    as_of: date | str | None
    transactions: bool | None
    max_rejected: float
    replace: bool
    allow_shrink: bool
    dry_run: bool
    keep_mapping: bool
    agree: Callable[[LoadPlan], None] | None


class EventOptions(LoadOptions, total=False):
    """The same, with the events of the loaded customers."""

    events: Place
    events_mapping: Given
    events_table: str | None
    events_query: str | None


def requested(
    path: Place,
    mapping: Given,
    *,
    as_of: date | str | None = None,
    keep_mapping: bool = False,
    agree: Callable[[LoadPlan], None] | None = None,
    **options: Any,
) -> Request:
    """The request for the customers, or the events, in one source; *options* are its other fields."""
    return Request(
        Path(path) if path else None,
        mapping=Path(mapping) if isinstance(mapping, (str, PathLike)) else mapping,
        as_of=parse_day(as_of) if as_of else None,
        yes=agree is None,
        keeps_mapping=keep_mapping,
        **options,
    )


def requested_together(
    path: Place,
    mapping: Given,
    *,
    events: Place = None,
    events_mapping: Given = None,
    events_table: str | None = None,
    events_query: str | None = None,
    **options: Any,
) -> tuple[Request, Request | None]:
    """The request for the customers, and that for their events, if any."""
    if not (events or events_table or events_query):
        return requested(path, mapping, **options), None
    of_file = {**options, "from_database": None, "table": None, "query": None}
    of_table = {**options, "table": events_table, "query": events_query}
    customers = requested(path, mapping, **{**(of_file if path else options), "transactions": False})
    of_events = of_file if events else of_table
    return customers, requested(events, events_mapping, is_of_events=True, **of_events)
