"""
The customers behind a number: one function from a measure, filters and looked-up values to conditions.

The list behind a mark, its CSV, the command and audiences all use it, so the list always matches the number: the
list has as many customers as the measure counts, or its values add up to the measure. For a ratio, the customers
are those of its numerator, or of its denominator if the numerator is not about individual customers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from customer360.errors import Invalid
from customer360.report.customer_measures import TOTAL_CUSTOMERS
from customer360.report.dimensions import (
    ACTIVITY_MONTH,
    FUNNEL_STAGE,
    JOIN_MONTH,
    MONTHS_SINCE,
    Between,
    Dimension,
    Filters,
    dimension,
    dimensions_of,
)
from customer360.report.expressions import (
    Above,
    Cumulative,
    Known,
    LastClosedMonth,
    LastMonths,
    Latest,
    Less,
    MeanPerMonth,
    Measure,
    Missing,
    MonthBefore,
    Observed,
    OfStage,
    OfTotal,
    Others,
    Ratio,
    Sum,
    Times,
    Where,
)
from customer360.report.looked_up import LookedUp, full_months_end, is_in, months_before, months_left
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    COHORT_RETENTION,
    CUSTOMER_MONTHS,
    CUSTOMER_MOVES,
    TIER_MOVES,
    Column,
    Table,
)
from customer360.tables.conditions import (
    Among,
    AtLeast,
    Condition,
    Days,
    IsKnown,
    IsUnknown,
    MonthsAfterJoining,
    MoreThan,
)

ROWS_OF: Final = {ACTIVITY_SEGMENTS: CUSTOMER_MONTHS, TIER_MOVES: CUSTOMER_MOVES}
"""The table of individual customers that a fact is summed from, if that is not customer_profiles."""


@dataclass(frozen=True)
class Rows:
    """The rows of a *table* of months or moves that meet *where*."""

    table: Table
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Selection:
    """
    Customers whose profiles meet *where*, who have some of *rows* and none of *without*.

    *measure* is the measure they belong to; for a ratio, its numerator.

    *total* has signed columns whose sum over these customers is the number: columns of *rows*, or of
    customer_profiles without *rows*. Customers who add nothing to *rows* are not selected. Without *total*, the
    number is the number of customers.
    """

    measure: Measure
    where: tuple[Condition, ...] = ()
    rows: Rows | None = None
    without: Rows | None = None
    total: tuple[tuple[int, str], ...] = ()
    audience: str = ""
    """The name of an audience that they are also in."""

    @property
    def counts(self) -> bool:
        """Whether the number is the number of customers."""
        return not self.total


def people_behind(
    measure: Measure,
    fact: Table,
    filters: Filters,
    known: LookedUp,
    *,
    by: Sequence[Dimension] = (),
    thresholds: Mapping[str, Decimal | int] | None = None,
) -> Selection | None:
    """
    The customers behind *measure* of *fact* under *filters*, including those of the mark; None if the measure is
    not about individual customers of today, as with the holdout of a model.

    A filter by a dimension that *fact* does not have does not apply, as in the report. *by* are the cuts of the
    visual: customers in no part of it are not in the list. *thresholds* has the parameters' values by name.
    """
    applied = {name: kept for name, kept in filters.items() if dimension(name) in dimensions_of(fact)}
    return _of(measure, _View(fact, applied, known, tuple(by), thresholds or {}))


def people_where(filters: Filters, known: LookedUp) -> Selection:
    """The customers within all *filters*. Raises Invalid if one does not apply to individual customers."""
    for name in filters:
        if not dimension(name).profile_column:
            raise Invalid(f"'{name}' is not a property of a customer; combine it with a measure that has it")
    where = tuple(_condition(dimension(name), kept, known) for name, kept in filters.items())
    return Selection(TOTAL_CUSTOMERS, where)


@dataclass(frozen=True)
class _View:
    """The context of a measure; *months* are the months whose rows count, if not those of the filters."""

    fact: Table
    filters: Filters
    known: LookedUp
    by: tuple[Dimension, ...]
    thresholds: Mapping[str, Decimal | int]
    where: tuple[Condition, ...] = ()
    months: Days | None = None

    def only(self, *conditions: Condition) -> _View:
        return replace(self, where=(*self.where, *conditions))

    def in_months(self, first: date, last: date) -> _View:
        """The months count back from the as-of date unless a filter chose them."""
        return replace(self, months=Days("month", first, last, ACTIVITY_MONTH.name not in self.filters))

    @property
    def month(self) -> date | None:
        """The month in view."""
        return self.months.last if self.months else max(months_left(self.known, self.filters), default=None)


def _of(measure: Measure, view: _View) -> Selection | None:
    match measure.expression:
        case Times(of) | OfTotal(of) | Observed(of) | OfStage(of):
            return _of(of, view)
        case Ratio(of, to):
            return _of(of, view) or _of(to, view)
    found = _own(measure, view)
    return found and replace(found, measure=_whose(measure, found.measure))


def _whose(measure: Measure, inner: Measure) -> Measure:
    """For the last full month of a ratio, the same of its numerator; otherwise *measure* itself."""
    expression = measure.expression
    if not isinstance(expression, LastClosedMonth) or inner is expression.of:
        return measure
    closed = replace(expression, of=inner)
    return replace(inner, name=f"last_{inner.name}", label=f"{inner.label}, Last Full Month", expression=closed)


def _own(measure: Measure, view: _View) -> Selection | None:
    match measure.expression:
        case Sum(column):
            return _counted(measure, view.fact[column], view)
        case Missing(count):
            found = _counted(measure, view.fact[count], view)
            return found and _denied(found, view.fact[count])
        case Where(of, cut, member):
            return _of(of, view.only(_condition(cut, [member], view.known)))
        case Above(of, parameter):
            value = view.thresholds.get(parameter.name, parameter.default)
            return _of(of, view.only(MoreThan(parameter.column, value)))
        case Known(of, column):
            return _of(of, replace(view, by=(*view.by, *_cuts_called(column, view.fact))))
        case LastMonths(of, months, before):
            end = full_months_end(view.known.as_of)
            first, last = months_before(end, months + before), months_before(end, before + 1)
            return _of(of, view.only(Days(JOIN_MONTH.column, first, last, moves=True)))
        case Less(of, less):
            return _less(_of(of, view), [_of(one, view) for one in less])
        case MonthBefore(of) if view.month:
            month = months_before(view.month, 1)
            return _of(of, view.in_months(month, month))
        case Cumulative(of) if view.month:
            return _of(of, view.in_months(date.min, view.month))
        case LastClosedMonth(of, before) if closed := _last_closed(view):
            month = months_before(closed, before)
            return _of(of, view.in_months(month, month))
        case Others() | Latest() | MonthBefore() | Cumulative() | LastClosedMonth() | MeanPerMonth():
            return None
        case Times() | OfTotal() | Observed() | OfStage() | Ratio():
            return _of(measure, view)


def _counted(measure: Measure, column: Column, view: _View) -> Selection | None:
    """The customers that *column* of the fact covers."""
    if column.counts is None and not column.sums:
        return None
    if view.fact is COHORT_RETENTION:
        return _cohort(measure, column, view)
    if not all(dimension(name).profile_column or _is_of_rows(dimension(name), view.fact) for name in view.filters):
        return None
    conditions = [
        _condition(dimension(name), kept, view.known) for name, kept in _of_rows(view, wanted=False).items()
    ]
    conditions += [IsKnown(cut.profile_column) for cut in view.by if cut.nullable and cut.profile_column]
    total = ((1, column.sums),) if column.sums else ()
    if view.fact not in ROWS_OF:
        return Selection(measure, (*conditions, *view.where, *(column.counts or ())), total=total)
    rows = (*_conditions_of_rows(view), *(column.counts or ()))
    return Selection(measure, (*conditions, *view.where), Rows(ROWS_OF[view.fact], rows), total=total)


def _is_of_rows(cut: Dimension, fact: Table) -> bool:
    """Whether it is a property of each month or move, not of the customer."""
    return fact in ROWS_OF and (cut is ACTIVITY_MONTH or cut.column in ROWS_OF[fact].column_names)


def _of_rows(view: _View, *, wanted: bool = True) -> Filters:
    return {name: kept for name, kept in view.filters.items() if _is_of_rows(dimension(name), view.fact) is wanted}


def _conditions_of_rows(view: _View) -> tuple[Condition, ...]:
    kept = dict(_of_rows(view))
    months = [view.months] if view.months else []
    if view.months and ACTIVITY_MONTH.name in kept:
        del kept[ACTIVITY_MONTH.name]  # the months in view already follow it
    known = [IsKnown(_column(cut)) for cut in view.by if cut.nullable and _is_of_rows(cut, view.fact)]
    return (*months, *(_condition(dimension(name), keys, view.known) for name, keys in kept.items()), *known)


def _condition(cut: Dimension, kept: Sequence[object] | Between, known: LookedUp) -> Condition:
    column = _column(cut)
    if isinstance(kept, Between):
        return Days(column, kept.first, kept.last)
    if cut is FUNNEL_STAGE:
        return AtLeast(column, min((int(str(stage)) for stage in kept), default=1))
    if cut.level_of:
        years = {str(year) for year in kept}
        return Among(column, tuple(month for month in known.months if str(month.year) in years))
    return Among(column, tuple(kept))


def _column(cut: Dimension) -> str:
    """Its column for a customer, or for a row of months or moves."""
    return "month" if cut is ACTIVITY_MONTH else cut.profile_column or cut.column


def _denied(found: Selection, column: Column) -> Selection:
    """The customers that *column*, which counts known values, omits."""
    where = [IsUnknown(one.column) if one in (column.counts or ()) else one for one in found.where]
    return replace(found, where=tuple(where))


def _cuts_called(column: str, fact: Table) -> tuple[Dimension, ...]:
    return tuple(cut for cut in dimensions_of(fact) if cut.column == column)


def _less(of: Selection | None, less: Sequence[Selection | None]) -> Selection | None:
    """The customers in *of* and not in *less* if customers are counted; for sums, all, with signed totals."""
    if of is None or not all(less):
        return None
    others = [one for one in less if one]
    if of.counts:
        [other] = others
        return replace(of, without=other.rows)
    return replace(of, total=(*of.total, *((-sign, name) for one in others for sign, name in one.total)))


def _last_closed(view: _View) -> date | None:
    end = full_months_end(view.known.as_of)
    left = [month for month in months_left(view.known, view.filters) if month < end]
    return max((month for month in left if not view.months or is_in(month, _between(view.months))), default=None)


def _between(days: Days) -> Between:
    return Between(days.first, days.last)


# --- cohorts -----------------------------------------------------------------------------------------------


def _cohort(measure: Measure, column: Column, view: _View) -> Selection | None:
    """The customers of cohort cells with one number of months since joining."""
    months = view.filters.get(MONTHS_SINCE.name, ())
    if isinstance(months, Between) or len(months) != 1:
        return None
    since = int(str(months[0]))
    others = {name: kept for name, kept in view.filters.items() if name != MONTHS_SINCE.name}
    conditions: list[Condition] = [_condition(dimension(name), kept, view.known) for name, kept in others.items()]
    conditions += [Days(JOIN_MONTH.column, *_cohorts_with(since, column, view.known), moves=True), *view.where]
    if column.name == "active_customers":
        first, last = (months_before(month, -since) for month in _joined(conditions, view.known))
        months = Days("month", first, last, moves=not others), MonthsAfterJoining("month", since, since)
        return Selection(measure, tuple(conditions), Rows(CUSTOMER_MONTHS, (*(column.counts or ()), *months)))
    if column.name == "retained_customers" and since:
        conditions.append(MonthsAfterJoining("last_seen", since))
    return Selection(measure, tuple(conditions))


def _joined(conditions: Sequence[Condition], known: LookedUp) -> tuple[date, date]:
    """The first and last join month within *conditions*."""
    left = [month for month in known.months if all(_leaves(one, month) for one in conditions)]
    return min(left, default=known.as_of), max(left, default=known.as_of)


def _leaves(condition: Condition, month: date) -> bool:
    match condition:
        case Days(JOIN_MONTH.column, first, last):
            return first <= month <= last
        case Among(JOIN_MONTH.column, values):
            return month in values
    return True


def _cohorts_with(since: int, column: Column, known: LookedUp) -> tuple[date, date]:
    """The first and last join month of the cohorts that have such a cell."""
    last = months_before(full_months_end(known.as_of), since + 1) if since else date.max
    if column.name == "active_customers" and known.first:
        return months_before(known.first, since), last
    return date.min, last
