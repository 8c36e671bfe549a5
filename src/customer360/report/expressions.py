"""
Expressions: the closed set of ways to compute a measure, and what follows from an expression.

Every case is a dataclass. Renderers match exactly these cases, so a new one must be added to all to pass mypy.
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
    """The sum of an additive column; with *fact*, of that fact's column, where facts share a name but differ."""

    column: str
    fact: Table | None = None


@dataclass(frozen=True)
class Missing:
    """The number of customers that *count*, a count of known values, omits."""

    count: str


@dataclass(frozen=True)
class Where:
    """*of*, for one member of a dimension; filters on the same dimension still apply."""

    of: Measure
    dimension: Dimension
    member: str | int


@dataclass(frozen=True)
class Above:
    """*of*, for the bands entirely above *parameter*: strictly more, because bands are right-closed."""

    of: Measure
    parameter: Parameter


@dataclass(frozen=True)
class Times:
    """*of* times *parameter*, a number that the reader sets."""

    of: Measure
    parameter: Parameter


@dataclass(frozen=True)
class Ratio:
    """*of* / *to*: a ratio of sums. 0 if only *of* has no rows; no value if *to* is 0 or has none."""

    of: Measure
    to: Measure


@dataclass(frozen=True)
class OfTotal:
    """*of* as a share of its total under the reader's filters: the parts of a visual add up to 1."""

    of: Measure


@dataclass(frozen=True)
class Others:
    """*of*, a ratio of sums, over the customers outside the reader's filters; no value if there are none."""

    of: Measure


@dataclass(frozen=True)
class LastMonths:
    """
    *of*, for customers who joined in the last *months* full months, or in as many that ended *before* months
    earlier.

    The month of the as-of date is full if that date is its last day.
    """

    of: Measure
    months: int
    before: int = 0


@dataclass(frozen=True)
class Observed:
    """
    *of*, if all cohorts in the row of a cell have had *months* more full months than the cell counts.

    So all cells of a row cover the same cohorts, and the newest have had time to be seen.
    """

    of: Measure
    months: int


@dataclass(frozen=True)
class Known:
    """*of*, over the rows where *column* is known."""

    of: Measure
    column: str


@dataclass(frozen=True)
class Less:
    """*of* minus each of *less*; what is missing from the data counts as 0."""

    of: Measure
    less: tuple[Measure, ...]


# The month in view is the month of the row or, without a cut by month, the last month within the filters.


@dataclass(frozen=True)
class MonthBefore:
    """*of* in the month before the month in view."""

    of: Measure


@dataclass(frozen=True)
class Cumulative:
    """*of* from the first month to the month in view, regardless of filters by month."""

    of: Measure


@dataclass(frozen=True)
class LastClosedMonth:
    """
    *of* in the last full month within the row or the filters; no value if there is none.

    With *before*, a comparison: the month that many months earlier. It has no value before the second month of
    events, because the first may be incomplete, nor under a filter by what customers are today.
    """

    of: Measure
    before: int = 0


NOT_COMPARED: Final = (
    "no value without a full month a year earlier, or under a filter by status or activity: nobody joins as Gold"
)
"""The note of every `LastClosedMonth` with *before*."""


@dataclass(frozen=True)
class MeanPerMonth:
    """*of*, a sum, per full month within the row or the filters, from the first month of events."""

    of: Measure


@dataclass(frozen=True)
class OfStage:
    """*of* at a funnel stage ÷ *of* at the first or the previous stage; 1 at the first."""

    of: Measure
    stage: Literal["first", "previous"]


@dataclass(frozen=True)
class Latest:
    """*column* in the latest refresh: its highest value, or with *total* its sum."""

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
    One number: its name, its expression, and how to read it.

    *definition* is one line, fit for a subtitle; *note* says what could be misread. A share is 0-1 and shown
    in percent. *left_out* counts the customers that the measure omits because a value is null.
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
    """True for a building block of other measures."""
    source: str = ""
    """The source of the definition, if it is not our own."""
    by_behaviour: str = ""
    """The definition for data without is_active, where activity is behaviour."""

    def __post_init__(self) -> None:
        _require_sums(self)

    def __hash__(self) -> int:
        """By name, which is unique, rather than by all fields."""
        return hash(self.name)

    @property
    def counts_nobody(self) -> bool:
        """Whether no rows mean 0, as in a count; otherwise they mean no value."""
        return self.format == "count" and not isinstance(self.expression, LastClosedMonth)

    @property
    def is_of_months(self) -> bool:
        """
        Whether it covers past months, with customers as they are today.

        A filter or a cut by what they are today must then be named, as in "customers who are Gold today", because
        nobody joins as Gold.
        """
        return any(ACTIVITY_MONTH.name in fact.column_names for fact in facts_of(self))

    @property
    def description(self) -> str:
        """The definition, for data with and without is_active, and the note, as sentences."""
        otherwise = f"; without is_active in the data, {self.by_behaviour}" if self.by_behaviour else ""
        return self.described(self.definition + otherwise)

    def described(self, definition: str) -> str:
        """*definition* and the note as sentences."""
        return " ".join(f"{part[0].upper()}{part[1:]}." for part in (definition, self.note) if part)


def parts(measure: Measure) -> tuple[Measure, ...]:
    """The measures from which *measure* is computed."""
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
    """The columns that a fact needs so that *measure* can be computed from it."""
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
    """The parameter that *measure* depends on, if any."""
    if isinstance(measure.expression, (Above, Times)):
        return measure.expression.parameter
    return next(filter(None, map(parameter_of, parts(measure))), None)


def is_carried(measure: Measure) -> bool:
    """Whether *measure* in one month is also computed from rows of other months."""
    carries = (MonthBefore, Cumulative, LastClosedMonth, MeanPerMonth)
    return isinstance(measure.expression, carries) or any(map(is_carried, parts(measure)))


@cache
def facts_of(measure: Measure) -> tuple[Table, ...]:
    """The facts from which *measure* can be computed; the first is its home."""
    named, columns = _facts_named(measure), columns_of(measure)
    return tuple(fact for fact in FACTS if columns <= {*fact.column_names} and named <= {fact})


def _facts_named(measure: Measure) -> frozenset[Table]:
    if isinstance(measure.expression, Sum) and measure.expression.fact:
        return frozenset({measure.expression.fact})
    return frozenset().union(*map(_facts_named, parts(measure)))


@cache
def needs(measure: Measure) -> frozenset[Dependency]:
    """What *measure* needs from the sources, apart from the key."""
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

    A customer active in two months is one customer, so the months must be separated: by a cut, or by a filter to
    one.
    """
    match measure.expression:
        case MonthBefore(of) | LastClosedMonth(of) | MeanPerMonth(of):
            return must_be_cut_by(of) - {ACTIVITY_MONTH.name}
        case Sum() | Missing():
            summed = (fact[name] for fact in facts_of(measure) for name in sums_of(measure))
            return frozenset(name for column in summed for name in column.except_over)
    return frozenset[str]().union(*map(must_be_cut_by, parts(measure)))


def _require_sums(measure: Measure) -> None:
    """Raises Invalid if *measure* is defined as a sum of something that does not add up."""
    match measure.expression:
        case Sum(column):
            for fact in facts_of(measure):
                if not fact[column].is_additive:
                    raise Invalid(f"measure '{measure.name}': {fact[column].full_name} does not add up")
        case Cumulative(of) | OfTotal(of) | Others(of) if over := sorted(must_be_cut_by(of)):
            raise Invalid(
                f"measure '{measure.name}': '{of.name}' does not add up over {' and '.join(over)}, because the "
                "same customer would count several times; use its mean per month or its last full month"
            )
        case MeanPerMonth(of) if not isinstance(of.expression, Sum):
            raise Invalid(f"measure '{measure.name}': '{of.name}' is not a sum; a mean per month needs a sum")
        case Above(_, parameter) if parameter.of is None:
            raise Invalid(f"measure '{measure.name}': {parameter.name} is not a threshold over bands")
