"""
Expressions: the closed set of ways a measure is computed, and what follows from an expression.

Every case is a dataclass; whoever renders them matches all cases and no other, so that a new case does not pass
the type checker until every renderer knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, TypeAlias

from customer360.errors import Invalid
from customer360.report.dimensions import (
    ACTIVITY_MONTH,
    FACTS,
    FUNNEL_STAGE,
    JOIN_MONTH,
    MONTHS_SINCE,
    Dimension,
)
from customer360.report.parameters import Parameter
from customer360.tables import Dependency, Table


@dataclass(frozen=True)
class Sum:
    """The sum of an additive column; of that in *fact*, where facts have columns of one name that differ."""

    column: str
    fact: Table | None = None


@dataclass(frozen=True)
class Missing:
    """The customers that *count*, a column of known values, leaves out."""

    count: str


@dataclass(frozen=True)
class Where:
    """*of*, for one member of a dimension only; filters on the same dimension still apply."""

    of: Measure
    dimension: Dimension
    member: str | int


@dataclass(frozen=True)
class Above:
    """*of*, for the bands that lie wholly above *parameter*: strictly more, since bands are right-closed."""

    of: Measure
    parameter: Parameter


@dataclass(frozen=True)
class Times:
    """*of* times *parameter*, a number that the reader sets."""

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
class Observed:
    """
    *of*, where all cohorts in the row of a cell have *months* more full months behind them than the cell counts.

    So the cells of a row are about the same cohorts, and the newest ones have had the time to be seen.
    """

    of: Measure
    months: int


@dataclass(frozen=True)
class Known:
    """*of*, over the rows in which *column* is known."""

    of: Measure
    column: str


@dataclass(frozen=True)
class Less:
    """*of* less each of *less*; what the data has nothing of takes nothing away."""

    of: Measure
    less: tuple[Measure, ...]


# The month in view is that of the row, or without such a cut the last month that the filters leave.


@dataclass(frozen=True)
class MonthBefore:
    """*of* in the month before that in view."""

    of: Measure


@dataclass(frozen=True)
class Cumulative:
    """*of* from the first month up to that in view, whatever months the filters leave."""

    of: Measure


@dataclass(frozen=True)
class LastClosedMonth:
    """
    *of* in the last full month that the row or the filters leave; no value where that is none.

    With *before*, the month so many months earlier, as a comparison: no value before the second month of the
    events, the first of which may have begun in its middle, nor under a filter by what customers are today.
    """

    of: Measure
    before: int = 0


NOT_COMPARED: Final = (
    "no value without a full month a year earlier, and under a filter by status or activity: nobody joins as Gold"
)
"""The note of a `LastClosedMonth` of before."""


@dataclass(frozen=True)
class MeanPerMonth:
    """*of*, a sum, per full month that the row or the filters leave, from the first month of the events."""

    of: Measure


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
    | Times
    | Ratio
    | OfTotal
    | Others
    | LastMonths
    | Observed
    | Known
    | Less
    | MonthBefore
    | Cumulative
    | LastClosedMonth
    | MeanPerMonth
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
    source: str = ""
    """Where the definition comes from, when it is not our own."""
    by_behaviour: str = ""
    """The definition where the data has no is_active, and what customers do takes its place."""

    def __post_init__(self) -> None:
        _require_sums(self)

    def __hash__(self) -> int:
        """By name, which tells measures apart, and not by all that they are made of."""
        return hash(self.name)

    @property
    def counts_nobody(self) -> bool:
        """Whether no rows are 0, as of a count; else they are no value."""
        return self.format == "count" and not isinstance(self.expression, LastClosedMonth)

    @property
    def is_of_months(self) -> bool:
        """
        Whether it tells of months in the past, of customers as they are today.

        A filter or a cut by what they are today must then be said: "customers who are Gold today", for nobody
        joins as Gold.
        """
        return any(ACTIVITY_MONTH.name in fact.column_names for fact in facts_of(self))

    @property
    def description(self) -> str:
        """The definition, for data with and without is_active, and the note, as sentences."""
        otherwise = f"; where the data has no is_active, {self.by_behaviour}" if self.by_behaviour else ""
        return self.described(self.definition + otherwise)

    def described(self, definition: str) -> str:
        """*definition* and the note as sentences."""
        return " ".join(f"{part[0].upper()}{part[1:]}." for part in (definition, self.note) if part)


def parts(measure: Measure) -> tuple[Measure, ...]:
    """The measures that *measure* is computed from."""
    match measure.expression:
        case Ratio(of, to):
            return of, to
        case Where(of) | Above(of) | Times(of) | OfTotal(of) | Others(of) | LastMonths(of) | OfStage(of):
            return (of,)
        case Observed(of) | Known(of):
            return (of,)
        case MonthBefore(of) | Cumulative(of) | LastClosedMonth(of) | MeanPerMonth(of):
            return (of,)
        case Less(of, less):
            return of, *less
        case Sum() | Missing() | Latest():
            return ()


@cache
def columns_of(measure: Measure) -> frozenset[str]:
    """The columns a fact must have for *measure* to be computed from it."""
    return frozenset(_own_columns(measure.expression)).union(*map(columns_of, parts(measure)))


def _own_columns(expression: Expression) -> tuple[str, ...]:
    match expression:
        case Sum(column) | Latest(column) | Known(_, column):
            return (column,)
        case Missing(count):
            return "customers", count
        case Where(_, dimension, _):
            return (dimension.name,)
        case Above(_, parameter):
            return (parameter.of.name,) if parameter.of else ()
        case LastMonths():
            return (JOIN_MONTH.name,)
        case Observed():
            return JOIN_MONTH.name, MONTHS_SINCE.name
        case OfStage():
            return (FUNNEL_STAGE.name,)
        case MonthBefore() | Cumulative() | LastClosedMonth() | MeanPerMonth():
            return (ACTIVITY_MONTH.name,)
        case Ratio() | OfTotal() | Others() | Less() | Times():
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
    if isinstance(measure.expression, (Above, Times)):
        return measure.expression.parameter
    return next(filter(None, map(parameter_of, parts(measure))), None)


def is_carried(measure: Measure) -> bool:
    """Whether *measure* in one month is computed from rows of other months too."""
    carries = (MonthBefore, Cumulative, LastClosedMonth, MeanPerMonth)
    return isinstance(measure.expression, carries) or any(map(is_carried, parts(measure)))


@cache
def facts_of(measure: Measure) -> tuple[Table, ...]:
    """The facts that *measure* can be computed from; the first is its home."""
    named, columns = _facts_named(measure), columns_of(measure)
    return tuple(fact for fact in FACTS if columns <= {*fact.column_names} and named <= {fact})


def _facts_named(measure: Measure) -> frozenset[Table]:
    if isinstance(measure.expression, Sum) and measure.expression.fact:
        return frozenset({measure.expression.fact})
    return frozenset().union(*map(_facts_named, parts(measure)))


@cache
def needs(measure: Measure) -> frozenset[Dependency]:
    """What the sources must have for *measure* to say something; the key goes without saying."""
    return _needs(measure, facts_of(measure)[0])


def _needs(measure: Measure, home: Table) -> frozenset[Dependency]:
    own = (needed for name in _own_columns(measure.expression) for needed in home[name].derived_from)
    expression = measure.expression
    needed = (expression.of,) if isinstance(expression, Less) else parts(measure)
    return frozenset(own).union(*(_needs(part, home) for part in needed))


# --- what adds up ------------------------------------------------------------------------------------------


@cache
def must_be_cut_by(measure: Measure) -> frozenset[str]:
    """
    The dimensions over which *measure* does not add up.

    Whoever is active in two months is one customer: the months must be told apart, by a cut or a filter that
    leaves one.
    """
    match measure.expression:
        case MonthBefore(of) | LastClosedMonth(of) | MeanPerMonth(of):
            return must_be_cut_by(of) - {ACTIVITY_MONTH.name}
        case Sum() | Missing():
            summed = (fact[name] for fact in facts_of(measure) for name in sums_of(measure))
            return frozenset(name for column in summed for name in column.except_over)
    return frozenset[str]().union(*map(must_be_cut_by, parts(measure)))


def _require_sums(measure: Measure) -> None:
    """Raises: Customer360Error when *measure* is defined as a sum of what does not add up."""
    match measure.expression:
        case Sum(column):
            for fact in facts_of(measure):
                if not fact[column].is_additive:
                    raise Invalid(f"measure '{measure.name}': {fact[column].full_name} does not add up")
        case Cumulative(of) | OfTotal(of) | Others(of) if over := sorted(must_be_cut_by(of)):
            raise Invalid(
                f"measure '{measure.name}': '{of.name}' does not add up over {' and '.join(over)}, as the same "
                "customer would count several times; use its mean per month or its last closed month"
            )
        case MeanPerMonth(of) if not isinstance(of.expression, Sum):
            raise Invalid(f"measure '{measure.name}': '{of.name}' is not a sum; a mean per month is of a sum")
        case Above(_, parameter) if parameter.of is None:
            raise Invalid(f"measure '{measure.name}': {parameter.name} is not a threshold over bands")
