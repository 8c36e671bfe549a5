"""What a semantic model is made of, as data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from customer360.tables import Table


@dataclass(frozen=True)
class ModelColumn:
    """A column: what the model calls it and which column of the source it shows."""

    name: str
    source: str
    type: str
    description: str
    hidden: bool = False
    key: bool = False
    sort_by: str = ""
    format: str = ""
    is_parameter: bool = False
    category: str = ""
    """What it means outside the model, such as Country: maps and searches know it then."""


@dataclass(frozen=True)
class ModelTable:
    """
    A table of the model, read from *source*, or made of *rows* that stand in the model itself.

    *banded_column* keeps those rows of bands; *edges_only* keeps its lower edges alone. *steps* counts rows from 0
    upwards instead, a *step* apart.
    """

    name: str
    description: str
    columns: tuple[ModelColumn, ...]
    source: Table | None = None
    rows: tuple[tuple[int, str, int], ...] = ()
    banded_column: str = ""
    edges_only: bool = False
    steps: int = 0
    step: Decimal = Decimal(1)
    calendar: bool = False
    asked: bool = False
    """Whether its rows are always asked for, and never copied into the model."""

    def column(self, source: str) -> ModelColumn:
        """The column that shows *source*."""
        return next(column for column in self.columns if column.source == source)


@dataclass(frozen=True)
class Relationship:
    """
    From the many side to the one; *overlapping* when a member of the other side stands in several rows.

    *complete* when each row of the many side has its member: rows that are asked for are then joined by an inner
    join.
    """

    from_table: str
    from_column: str
    to_table: str
    to_column: str
    overlapping: bool = False
    complete: bool = False


@dataclass(frozen=True)
class ModelField:
    """A column as a report names it."""

    table: str
    column: str

    @property
    def dax(self) -> str:
        return f"'{self.table}'[{self.column}]"
