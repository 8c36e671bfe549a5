"""
What is missing from the data, and what cannot be computed without it.

Source columns may be empty, kinds of events may not occur, and there may be no events at all. A dependency is a
column, or a group of columns in which any one is enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from customer360.errors import Invalid, nearest
from customer360.tables import CUSTOMERS, EVENT_KINDS, EVENTS, SOURCES, Column, Dependency, events_of

OF_EVENTS: Final = (*EVENTS.columns, *map(events_of, EVENT_KINDS))
"""Everything that is missing from data without events."""

CAN_BE_MISSING: Final = (
    *(column for source in SOURCES if source is not EVENTS for column in source.columns),
    *OF_EVENTS,
)
"""The columns of every source and the kinds of events, in order."""


def is_lacking(needed: Dependency, missing: Collection[Column]) -> bool:
    """Whether *needed* is among the *missing* columns; a group is lacking if all its members are."""
    return all(column in missing for column in members(needed))


def lacking(needed: Iterable[Dependency], missing: Collection[Column]) -> tuple[Dependency, ...]:
    """The dependencies in *needed* that are lacking without the *missing* columns, in the order of the sources."""
    found = {one for one in needed if is_lacking(one, missing)}
    return tuple(sorted(found, key=lambda one: [CAN_BE_MISSING.index(column) for column in members(one)]))


def members(needed: Dependency) -> tuple[Column, ...]:
    """The columns of a group, or the single column."""
    return (needed,) if isinstance(needed, Column) else needed


def called(needed: Dependency) -> str:
    """The name for people: last_login, points of events, login events; for a group, all its members."""
    return " or ".join(dict.fromkeys(map(_called, members(needed))))


def _called(column: Column) -> str:
    if column not in EVENTS.columns:
        return column.name
    return "events" if column.required else f"{column.name} of events"


NOTHING: Final = "nothing"


def named(names: Iterable[str]) -> tuple[Column, ...]:
    """
    The columns with these names for people, in the order of the sources: loyalty_points, "login events", events.

    "nothing" stands for no column. Raises Invalid, with the nearest name, for an unknown name.
    """
    asked = {*names}
    known = dict.fromkeys([*map(called, CAN_BE_MISSING), NOTHING])
    for name in sorted(asked - known.keys()):
        raise Invalid(f"'{name}' is not a column that can be missing.{nearest(name, known)}")
    if called(EVENTS["occurred_at"]) in asked:
        asked |= {*map(called, OF_EVENTS)}
    return tuple(column for column in CAN_BE_MISSING if called(column) in asked)


def noted(sources: Collection[str], older: str = "") -> tuple[Column, ...]:
    """
    The missing columns that a refresh recorded for each of the *sources* it read.

    An *older* version read one source, without events, and recorded only the names of its columns.
    """
    texts = sources or [", ".join(f"{CUSTOMERS.full_name}.{name}" for name in older.split(", "))]
    names = {name for text in texts for name in text.split(", ")}
    if len(sources) < len(SOURCES):
        names |= {column.full_name for column in OF_EVENTS}
    return tuple(column for column in CAN_BE_MISSING if column.full_name in names)
