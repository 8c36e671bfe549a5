"""The record of a refresh: what was read, checked and omitted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from customer360 import __version__
from customer360.operations.data_quality import DataQuality
from customer360.operations.run import ResultTables
from customer360.pipeline.reading import Reading
from customer360.pipeline.staging import now
from customer360.postgres import older
from customer360.postgres.publish import Publication
from customer360.tables import (
    CUSTOMERS,
    DATA_QUALITY,
    EVENTS,
    PEOPLE_ACCESS,
    REFRESH_SOURCES,
    REFRESHES,
    Column,
    Source,
)


@dataclass(frozen=True, repr=False)
class Refresh:
    """One row of the table `refreshes`, in the order of its columns, and what else is known about the refresh."""

    refresh_id: int
    as_of_date: date
    source_table: str
    source_kind: str
    rows_in: int
    rows_out: int
    rows_rejected: int
    rows_not_yet_joined: int
    missing_columns: str
    started_at: datetime
    finished_at: datetime
    version: str
    as_of_is_last_day: bool = False
    """No as-of date was given, so it is the last day in the data; not in the table, like all that follows."""
    logins_after: int = 0
    """Customers whose last login is after the as-of date; earlier logins are not in the data."""
    profiles: str | None = None
    """Where a lake has the rows of customer_profiles."""
    months: str | None = None
    """Where a lake has the rows of customer_months."""
    events_table: str | None = None
    """The source of the events; None without events."""
    events_in: int = 0
    """events_out + events_rejected + events_not_yet_known."""
    events_out: int = 0
    events_rejected: int = 0
    events_not_yet_known: int = 0
    missing_of_events: str = ""
    """The columns missing in all events, as in missing_columns; empty without events."""
    events_obstacle: str | None = None
    """Why a table public.events of other origin was not read."""

    def __repr__(self) -> str:
        events = f" and {self.events_out:,} events of {self.events_table}" if self.events_table else ""
        customers = f"{self.rows_out:,} customers of {self.source_table}"
        return f"refresh {self.refresh_id}: {customers}{events} as of {self.as_of_date}"


@dataclass(frozen=True)
class Read:
    """What a run has read: its *customers* and, if there are any, its *events*."""

    customers: Reading
    events: Reading | None

    @property
    def is_derived(self) -> bool:
        """Whether the customers were derived from the order lines of these very events, by `load`."""
        return all(one is not None and bool(one.origin.transactions) for one in (self.customers, self.events))

    @property
    def nouns(self) -> str:
        return " and ".join(source.name for source in (CUSTOMERS, *([EVENTS] if self.events else [])))

    @property
    def place(self) -> str:
        """Where it was read from, for errors while reading."""
        names = [one.name for one in (self.customers, self.events) if one]
        return " or ".join(dict.fromkeys(names))


def describe(
    change: Publication, found: ResultTables, read: Read, *, refresh_id: int, as_of: date, started: datetime
) -> Refresh:
    """Adds this refresh to the history; returns it."""
    quality, logins_after = found.data_quality, found.data_quality.rows_failed("last_login_after_as_of")
    refresh = Refresh(
        refresh_id, as_of, read.customers.name, read.customers.origin.kind, quality.rows_in, quality.rows_out,
        quality.rows_rejected, quality.rows_not_yet_known, ", ".join(found.survey.missing_columns), started, now(),
        __version__, logins_after=logins_after, **_of_events(found, read.events),
    )  # fmt: skip
    change.append(REFRESHES, [[getattr(refresh, column) for column in REFRESHES.column_names]])
    sources = [(CUSTOMERS, read.customers, quality), (EVENTS, read.events, found.event_quality)]
    noted = [_noted(refresh_id, *source, found.survey.missing) for source in sources]
    change.append(REFRESH_SOURCES, [*older.sources_of_older_refreshes(change.connection), *noted])
    counted = [row for _, reading, counts in sources if reading and counts for row in _counted(reading, counts)]
    change.append(DATA_QUALITY, [(refresh_id, *row) for row in counted])
    change.append(PEOPLE_ACCESS, [])  # creates a missing table; each access adds its own row
    return refresh


def _of_events(found: ResultTables, events: Reading | None) -> dict[str, Any]:
    if events is None or (quality := found.event_quality) is None:
        return {}
    missing = [column.name for column in found.survey.missing if column.table == EVENTS.full_name]
    return {
        "events_table": events.name, "events_in": quality.rows_in, "events_out": quality.rows_out,
        "events_rejected": quality.rows_rejected, "events_not_yet_known": quality.rows_not_yet_known,
        "missing_of_events": ", ".join(missing),
    }  # fmt: skip


def _noted(
    refresh_id: int, source: Source, reading: Reading | None, quality: DataQuality | None,
    missing: Collection[Column],
) -> tuple[Any, ...]:  # fmt: skip
    """The row of refresh_sources, also for a source that was not read."""
    name, kind = (reading.name, reading.origin.kind) if reading else (source.full_name, "absent")
    counts = (0, 0, 0, 0)
    if quality:
        counts = (quality.rows_in, quality.rows_out, quality.rows_rejected, quality.rows_not_yet_known)
    lacking = [column.full_name for column in missing if column.table == source.full_name]
    return (refresh_id, name, kind, *counts, ", ".join(lacking))


def _counted(reading: Reading, quality: DataQuality) -> list[tuple[Any, ...]]:
    """The rows of data_quality, without the id of the refresh."""
    return [
        (count.check.name, count.check.severity, count.check.description, count.rows_checked, count.rows_failed,
         reading.name)
        for count in quality.checks
    ]  # fmt: skip
