"""
Expressions: the closed set of ways a measure is computed, and what follows from an expression.

Every case is a dataclass; whoever renders them matches all cases and no other, so that a new case does not pass
the type checker until every renderer knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from customer360.report.dimensions import FACTS, FUNNEL_STAGE, JOIN_MONTH, MONTHS_SINCE, Dimension
from customer360.tables import Column, Table


@dataclass(frozen=True)
class Parameter:
    """A number the reader sets; it snaps up to the next edge of *of*'s bands, or down to the highest."""

    name: str
    label: str
    of: Dimension
    default: Decimal


@dataclass(frozen=True)
class Sum:
    """The sum of an additive column."""

    column: str


@dataclass(frozen=True)
class Missing:
    """The customers that *count*, a column of known values, leaves out."""

    count: str


@dataclass(frozen=True)
class Where:
    """*of*, for one member of a dimension only; filters on the same dimension still apply."""

    of: Measure
    dimension: Dimension
    member: str


@dataclass(frozen=True)
class Above:
    """*of*, for the bands that lie wholly above *parameter*: strictly more, since bands are right-closed."""

    of: Measure
    parameter: Parameter


@dataclass(frozen=True)
class Ratio:
    """*of* / *to*: a ratio of sums. Nothing of something is 0; anything of nothing is no value."""

    of: Measure
    to: Measure


@dataclass(frozen=True)
class OfTotal:
    """*of* as a share of its own total under the reader's filters: a visual's parts add up to 1."""

    of: Measure


@dataclass(frozen=True)
class Others:
    """*of*, a ratio of sums, over everybody outside the reader's filters; no value where nobody is outside."""

    of: Measure


@dataclass(frozen=True)
class LastMonths:
    """
    *of*, for those who joined in the last *months* full months, or in as many that ended *before* months earlier.

    The month of the as-of date is full when that date is its last day.
    """

    of: Measure
    months: int
    before: int = 0


@dataclass(frozen=True)
class Comparable:
    """
    *of*, a count of those who joined, where it may be compared over the last *months* full months; else no value.

    The data and the filters must hold all these months, and no filter may be by what customers are today.
    """

    of: Measure
    months: int


@dataclass(frozen=True)
class Observed:
    """
    *of*, where all cohorts in the row of a cell have *months* more full months behind them than the cell counts.

    So the cells of a row are about the same cohorts, and the newest ones have had the time to be seen.
    """

    of: Measure
    months: int


@dataclass(frozen=True)
class OfStage:
    """*of* at a funnel stage as a share of *of* at the first, or at the previous, stage; 1 at the first."""

    of: Measure
    stage: Literal["first", "previous"]


@dataclass(frozen=True)
class Latest:
    """*column* in the latest refresh: its highest value, or its *total*."""

    column: str
    total: bool = False


Expression: TypeAlias = (
    Sum
    | Missing
    | Where
    | Above
    | Ratio
    | OfTotal
    | Others
    | LastMonths
    | Comparable
    | Observed
    | OfStage
    | Latest
)
Format: TypeAlias = Literal["count", "amount", "decimal", "percent", "date"]


@dataclass(frozen=True)
class Measure:
    """
    One number: what it is called, how it is computed, how it is read.

    *definition* is one line, fit for a subtitle; *note* says what could be misread. A share is 0-1 and shown
    in percent. *left_out* counts the customers that the measure cannot speak for because a value is null.
    """

    name: str
    label: str
    expression: Expression
    definition: str
    unit: str = "customers"
    format: Format = "count"
    folder: str = "Customers"
    note: str = ""
    good: Literal["up", "down"] | None = None
    left_out: Measure | None = None
    hidden: bool = False
    """True for a building block that says nothing by itself."""

    @property
    def counts_nobody(self) -> bool:
        """Whether no rows are 0, as of a count; else they are no value."""
        return self.format == "count" and not isinstance(self.expression, Comparable)

    @property
    def description(self) -> str:
        """The definition and the note as sentences."""
        return " ".join(f"{part[0].upper()}{part[1:]}." for part in (self.definition, self.note) if part)


def parts(measure: Measure) -> tuple[Measure, ...]:
    """The measures that *measure* is computed from."""
    match measure.expression:
        case Ratio(of, to):
            return of, to
        case Where(of) | Above(of) | OfTotal(of) | Others(of) | LastMonths(of) | OfStage(of):
            return (of,)
        case Comparable(of) | Observed(of):
            return (of,)
        case Sum() | Missing() | Latest():
            return ()


def columns_of(measure: Measure) -> frozenset[str]:
    """The columns a fact must have for *measure* to be computed from it."""
    return frozenset(_own_columns(measure.expression)).union(*map(columns_of, parts(measure)))


def _own_columns(expression: Expression) -> tuple[str, ...]:
    match expression:
        case Sum(column) | Latest(column):
            return (column,)
        case Missing(count):
            return "customers", count
        case Where(_, dimension, _):
            return (dimension.name,)
        case Above(_, parameter):
            return (parameter.of.name,)
        case LastMonths() | Comparable():
            return (JOIN_MONTH.name,)
        case Observed():
            return JOIN_MONTH.name, MONTHS_SINCE.name
        case OfStage():
            return (FUNNEL_STAGE.name,)
        case Ratio() | OfTotal() | Others():
            return ()


def sums_of(measure: Measure) -> frozenset[str]:
    """The columns that *measure* adds up."""
    match measure.expression:
        case Sum(column):
            return frozenset({column})
        case Missing(count):
            return frozenset({"customers", count})
    return frozenset().union(*map(sums_of, parts(measure)))


def parameter_of(measure: Measure) -> Parameter | None:
    """The parameter that *measure* depends on, if it does."""
    if isinstance(measure.expression, Above):
        return measure.expression.parameter
    return next(filter(None, map(parameter_of, parts(measure))), None)


def facts_of(measure: Measure) -> tuple[Table, ...]:
    """The facts that *measure* can be computed from; the first is its home."""
    return tuple(fact for fact in FACTS if columns_of(measure) <= set(fact.column_names))


def needs(measure: Measure) -> frozenset[Column]:
    """The columns of the sources without which *measure* says nothing; the key goes without saying."""
    home = facts_of(measure)[0]
    return frozenset(source for column in columns_of(measure) for source in home[column].derived_from)
