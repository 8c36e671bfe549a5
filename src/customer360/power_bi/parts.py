"""The parts of a semantic model, as data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from customer360.tables import Table


@dataclass(frozen=True)
class ModelColumn:
    """A column: its name in the model and the column of the source that it shows."""

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
    """Power BI's data category, such as Country, for maps and searches."""


@dataclass(frozen=True)
class ModelTable:
    """
    A table of the model, read from *source* or built from *rows* in the model itself.

    *banded_column* keeps the rows of that column's bands; *edges_only* keeps only their lower edges. *steps*
    builds rows that count up from 0, a *step* apart.
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
    """Whether its rows are always queried (DirectQuery) and never imported."""

    def column(self, source: str) -> ModelColumn:
        """The column that shows *source*."""
        return next(column for column in self.columns if column.source == source)


@dataclass(frozen=True)
class Relationship:
    """
    From the many side to the one side; *overlapping* if a member of the one side has several rows.

    *complete* if each row of the many side has a member: DirectQuery then uses an inner join.
    """

    from_table: str
    from_column: str
    to_table: str
    to_column: str
    overlapping: bool = False
    complete: bool = False


@dataclass(frozen=True)
class ModelField:
    """A column as a report refers to it."""

    table: str
    column: str

    @property
    def dax(self) -> str:
        return f"'{self.table}'[{self.column}]"
