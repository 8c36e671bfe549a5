"""
Checks of a source's rows as data: what makes a row unusable, and what is only counted.

Each is rendered to Arrow, for files that are loaded, and to PySpark, for tables that operations read. The set of
conditions is closed: whoever renders them matches all of them.
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
)


@dataclass(frozen=True)
class RowCheck:
    """
    One check: a row fails it when *condition* is true; null and false pass.

    A row that fails a 'reject' check is in no result; one that fails a 'warn' check is used and counted.
    """

    name: str
    severity: Literal["reject", "warn"]
    description: str
    condition: Condition
