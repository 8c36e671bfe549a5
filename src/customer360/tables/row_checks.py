"""
Checks of a source's rows as data: what makes a row unusable, and what is only counted.

A condition on one row is rendered to Arrow, for loaded files, and to PySpark, for tables that operations read. A
condition on several rows (`LedgerCondition`) is checked only by operations. Both sets are closed: every renderer
matches all of their cases.
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
    """The text of *column* is null, empty or only spaces."""

    column: str


@dataclass(frozen=True)
class Repeats:
    """Another known row has the same value in *column*."""

    column: str


@dataclass(frozen=True)
class HasDecimals:
    """One of *columns*, which contain whole numbers, has decimals."""

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
    """The day of *column* is earlier than that of *other*, if *other* is known at the as-of date."""

    column: str
    other: str


@dataclass(frozen=True)
class IsNotKnownYet:
    """The day of *column* is later than the as-of date."""

    column: str


@dataclass(frozen=True)
class Contradicts:
    """*moment* is known, and *flag* contradicts whether it is within *days* before the as-of date."""

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
    """*column* or the row's source_id is the id of a forgotten customer; no part of the row is kept."""

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
    """*column* is not the key of an accepted row of the source with the full name *source*."""

    column: str
    source: str


@dataclass(frozen=True)
class PrecedesJoining:
    """The event's day is earlier than its customer's join_date."""


@dataclass(frozen=True)
class HasNoPurchase:
    """The customer has no purchase up to the refund with its order_id; without an order_id, none at all."""


@dataclass(frozen=True)
class TakesMoreThanHeld:
    """The event takes more points than its customer holds at that time."""


@dataclass(frozen=True)
class TakesSpentPoints:
    """
    The expired points were already spent: including them, more points have expired than were due and unspent.

    Points with the earliest expires_on are spent first. Checked only if the customer's points have an expires_on.
    """


@dataclass(frozen=True)
class DiffersFromEvents:
    """*column* of a customer contradicts the customer's events."""

    column: str


LedgerCondition: TypeAlias = (
    IsUnknownTo | PrecedesJoining | HasNoPurchase | TakesMoreThanHeld | TakesSpentPoints | DiffersFromEvents
)
"""Conditions that need more than the row: other events of the customer, or the customer's row."""


@dataclass(frozen=True)
class RowCheck:
    """
    One check: a row fails if *condition* is true; null and false pass.

    A row that fails a 'reject' check is excluded from all results; one that fails a 'warn' check is used and
    counted.
    """

    name: str
    severity: Literal["reject", "warn"]
    description: str
    condition: Condition | LedgerCondition
