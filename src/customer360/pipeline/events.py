"""Where a run reads its events: as requested, else from public.events if it reads public.customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.postgres import catalog, ddl
from customer360.postgres.obstacle import obstacle
from customer360.spark import lake
from customer360.spark.lake import Location
from customer360.tables import CUSTOMERS, EVENTS

NONE: Final = "none"
"""The value that omits the events."""

_LAKE_PARTS: Final = 3
"""CATALOG.SCHEMA.TABLE: a table of the database has at most a schema."""


@dataclass(frozen=True)
class EventsChoice:
    """A *table* of the database, a *place* in a lake, or neither."""

    table: str | None = None
    place: Location | None = None
    obstacle: str | None = None
    """Why public.events is not read, if no other table was requested."""
    is_compared: bool = False
    """Whether the number of events is compared with the previous refresh."""

    @property
    def is_read(self) -> bool:
        return bool(self.table or self.place)

    @property
    def name(self) -> str:
        return str(self.place or self.table or EVENTS.full_name)


def choose_events(
    connection: psycopg.Connection[Any], asked: str | None, *, customers: str | None
) -> EventsChoice:
    """
    Where to read the events that were *asked* for; `NONE` omits them.

    By default, public.events is read if *customers* is public.customers and the table is a table of events with
    rows. With customers of another table or a lake, it is not known whose events these are.
    """
    if asked == NONE:
        return EventsChoice()
    if asked is not None:
        place = lake.place(asked) if _is_in_a_lake(asked) else None
        return EventsChoice(None if place else asked, place, is_compared=True)
    if customers != CUSTOMERS.full_name:
        return EventsChoice()
    if not catalog.is_reachable(connection, EVENTS):
        return EventsChoice(is_compared=True)
    if found := obstacle(connection, EVENTS):
        return EventsChoice(obstacle=found, is_compared=True)
    some = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(ddl.identifier(EVENTS))
    has_rows = catalog.value(connection, some)
    return EventsChoice(EVENTS.full_name if has_rows else None, is_compared=True)


def _is_in_a_lake(text: str) -> bool:
    kind, colon, _ = text.partition(":")
    is_place = (colon and kind in lake.FORMATS) or "/" in text or text.endswith(".parquet")
    return bool(is_place) or len(ddl.split_names(text, ".")) == _LAKE_PARTS
