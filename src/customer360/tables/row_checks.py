"""
Checks of a source's rows as data: what makes a row unusable, and what is only counted.

A condition on one row is rendered to Arrow, for files that are loaded, and to PySpark, for tables that operations
read. A condition on several rows (`LedgerCondition`) is counted by the operations alone. Both sets are closed:
whoever renders them matches all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class IsMissing:
    """*column* is null."""

    column: str


@dataclass(frozen=True)
class IsBlank:
    """The text of *column* is null, or nothing but blanks."""

    column: str


@dataclass(frozen=True)
class Repeats:
    """Another row that is known has the same value in *column*."""

    column: str


@dataclass(frozen=True)
class HasDecimals:
    """One of *columns*, which hold whole numbers, came with decimals."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class IsBelow:
    """*column* < *limit*."""

    column: str
    limit: int


@dataclass(frozen=True)
class IsAbove:
    """*column* > *limit*."""

    column: str
    limit: int


@dataclass(frozen=True)
class LiesBefore:
    """The day of one of *columns* is earlier than *day*."""

    columns: tuple[str, ...]
    day: date


@dataclass(frozen=True)
class ComesBefore:
    """The day of *column* is earlier than that of *other*, as far as that one is known at the as-of date."""

    column: str
    other: str


@dataclass(frozen=True)
class IsNotKnownYet:
    """The day of *column* is later than the as-of date."""

    column: str


@dataclass(frozen=True)
class Contradicts:
    """*flag* says otherwise than whether *moment*, where it is known, lies within *days* before the as-of date."""

    flag: str
    moment: str
    days: int


@dataclass(frozen=True)
class IsOtherThan:
    """The text of *column* is not one of *values*, which are in lower case; null and letter case do not matter."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class IsForgotten:
    """*column* is an id of a customer who was forgotten, or the row's source_id is; nothing of the row is kept."""

    column: str


@dataclass(frozen=True)
class Among:
    """*condition* holds in a row whose *column* is one of *values*."""

    column: str
    values: tuple[str, ...]
    condition: Condition


Condition: TypeAlias = (
    IsMissing
    | IsBlank
    | Repeats
    | HasDecimals
    | IsBelow
    | IsAbove
    | LiesBefore
    | ComesBefore
    | IsNotKnownYet
    | Contradicts
    | IsOtherThan
    | IsForgotten
    | Among
)


@dataclass(frozen=True)
class IsUnknownTo:
    """No accepted row of the source with the full name *source* has the value of *column* as its key."""

    column: str
    source: str


@dataclass(frozen=True)
class PrecedesJoining:
    """The event's day is earlier than its customer's join_date."""


@dataclass(frozen=True)
class HasNoPurchase:
    """No purchase of the same customer, up to that moment, has the refund's order_id; without one, no purchase."""


@dataclass(frozen=True)
class TakesMoreThanHeld:
    """The event takes more points than its customer holds at that moment."""


@dataclass(frozen=True)
class TakesSpentPoints:
    """
    The expired points were spent before: with them, more points have expired than were due and unspent.

    Points with the earliest expires_on are spent first. Only where the customer's points say when they expire.
    """


@dataclass(frozen=True)
class DiffersFromEvents:
    """*column* of a customer says otherwise than the events of that customer."""

    column: str


LedgerCondition: TypeAlias = (
    IsUnknownTo | PrecedesJoining | HasNoPurchase | TakesMoreThanHeld | TakesSpentPoints | DiffersFromEvents
)
"""What needs more than the row itself: other events of the customer, or the customer's row."""


@dataclass(frozen=True)
class RowCheck:
    """
    One check: a row fails it when *condition* is true; null and false pass.

    A row that fails a 'reject' check is in no result; one that fails a 'warn' check is used and counted.
    """

    name: str
    severity: Literal["reject", "warn"]
    description: str
    condition: Condition | LedgerCondition
