"""
Conditions on the rows of one customer: they select the customers that a number counts.

A closed set, as data. The list behind a number, its CSV, audiences and Power BI's drillthrough are rendered from
it. A condition names a column of customer_profiles, or of the table of months or moves it applies to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True)
class Among:
    """One of *values*; an empty *values* selects nobody."""

    column: str
    values: tuple[object, ...]


@dataclass(frozen=True)
class IsKnown:
    """Not null."""

    column: str


@dataclass(frozen=True)
class IsUnknown:
    """Null."""

    column: str


@dataclass(frozen=True)
class AtLeast:
    """*least* or more."""

    column: str
    least: int


@dataclass(frozen=True)
class MoreThan:
    """Strictly more than *number*; null is not more."""

    column: str
    number: Decimal | int


@dataclass(frozen=True)
class Days:
    """From *first* to *last*, both included; with *moves*, months counted back from the as-of date."""

    column: str
    first: date
    last: date
    moves: bool = False


@dataclass(frozen=True)
class MonthsAfterJoining:
    """In a month *least* to *most* months after the month of joining; without *most*, *least* months or more."""

    column: str
    least: int
    most: int | None = None


Condition: TypeAlias = Among | IsKnown | IsUnknown | AtLeast | MoreThan | Days | MonthsAfterJoining
