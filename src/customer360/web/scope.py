"""
Which rows a query reads, and which of them a measure adds up: filters, cuts and months as SQL conditions.

A query reads one fact, under the alias f. Values are bound; the text contains only names from our own definitions.
"""

# ruff: noqa: S608 - the text is built from our own names; values from readers are bound

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from customer360.report.dimensions import (
    ACTIVITY_MONTH,
    FUNNEL_STAGE,
    FUNNEL_STAGES,
    Between,
    Dimension,
    Filters,
    dimensions_of,
)
from customer360.report.expressions import Measure, columns_of, sums_of
from customer360.report.looked_up import LookedUp, full_months_end, months_before, months_left
from customer360.tables import CALENDAR_MONTHS, REFRESHES, Table

NEWEST: Final = f"(SELECT max(refresh_id) FROM {REFRESHES.full_name})"
AS_OF: Final = f"(SELECT as_of_date FROM {REFRESHES.full_name} WHERE refresh_id = {NEWEST})"

Parameters: TypeAlias = "Mapping[str, Decimal | int]"
"""The parameters a reader has set, by name; the others have their defaults."""


@dataclass
class Scope:
    """
    The context of a measure: the fact, the reader's filters and *parameters*, and conditions on every row.

    If a month is also computed from other months, *rows* are those of every month, *month* is the month in view,
    and *in_month* is the condition that a row belongs to it. Without it, a row belongs to the months of the
    filters.
    """

    fact: Table
    filters: Filters
    parameters: Parameters = field(default_factory=dict)
    by: tuple[Dimension, ...] = ()
    only: tuple[str, ...] = ()
    looked_up: LookedUp | None = None
    values: list[object] = field(default_factory=list)
    rows: str = ""
    month: str = ""
    in_month: str = ""

    def bind(self, value: object) -> str:
        """The placeholder of *value*. Equal values share one, so that the database recognizes equal aggregates."""
        known = [type(one) is type(value) and one == value for one in self.values]
        if True not in known:
            self.values.append(value)
            return f"${len(self.values)}"
        return f"${known.index(True) + 1}"

    def where(self, *conditions: str) -> Scope:
        return replace(self, only=(*self.only, *conditions))

    def at(self, month: str) -> Scope:
        """A copy with another *month* in view."""
        return replace(self, month=month, in_month=f"f.{ACTIVITY_MONTH.name} = {month}")


def of_months(scope: Scope, measures: Sequence[Measure]) -> Scope:
    """
    *scope* with the rows of every month, for measures that are also computed from earlier months.

    A filter by months then selects the months in view, not rows. Summed by the columns in use, the rows are few.
    """
    needed = {ACTIVITY_MONTH.name, *(cut.column for cut in scope.by)}.union(*map(columns_of, measures))
    keys = dict.fromkeys(cut.column for cut in dimensions_of(scope.fact) if cut.column in needed)
    sums = sorted(frozenset().union(*map(sums_of, measures)))
    shown = ", ".join([*(f"f.{key}" for key in keys), *(f"sum(f.{name}) AS {name}" for name in sums)])
    others = {name: kept for name, kept in scope.filters.items() if name != ACTIVITY_MONTH.name}
    rows = f"SELECT {shown} FROM {scope.fact.full_name} AS f{where_all(filter_conditions(scope, others))}"
    scope = replace(scope, rows=f"({rows} GROUP BY {', '.join(f'f.{key}' for key in keys)})")
    if ACTIVITY_MONTH in scope.by:
        return scope.at(f"{ACTIVITY_MONTH.name}.month")
    return replace(scope, month=last_month(scope))


def in_view(scope: Scope) -> list[str]:
    """The condition that a row is in the months in view, if *rows* has every month; bound only when used."""
    if scope.in_month or not scope.rows:
        return [scope.in_month] if scope.in_month else []
    return months_kept(scope, f"f.{ACTIVITY_MONTH.name}")


def kept_rows(scope: Scope) -> list[str]:
    """The reader's filters on rows; if the rows are those of every month, on the months the query is cut by."""
    if not scope.rows:
        return filter_conditions(scope, scope.filters)
    return months_kept(scope, scope.month) if ACTIVITY_MONTH in scope.by else []


def shown_rows(scope: Scope) -> list[str]:
    """The condition that a row has a member of every cut; other rows are in no part of the visual."""
    return [f"f.{cut.column} IS NOT NULL" for cut in scope.by if cut.nullable]


def filter_conditions(scope: Scope, filters: Filters) -> list[str]:
    known = {dimension.name: dimension for dimension in dimensions_of(scope.fact)}
    return [is_kept(scope, known[name], kept) for name, kept in filters.items() if name in known]


def is_kept(scope: Scope, dimension: Dimension, kept: Sequence[object] | Between, column: str = "") -> str:
    column = column or f"f.{dimension.column}"
    if isinstance(kept, Between):
        return f"{column} BETWEEN {scope.bind(kept.first)} AND {scope.bind(kept.last)}"
    if not kept:
        return "FALSE"
    if dimension is FUNNEL_STAGE:
        return f"{column} >= {scope.bind(first_stage(kept))}"
    values = ", ".join(map(scope.bind, kept))
    if dimension.level_of and dimension.members:
        members = f"SELECT {dimension.key} FROM {dimension.members.full_name} WHERE {dimension.text} IN ({values})"
        return f"{column} IN ({members})"
    return f"{column} IN ({values})"


def first_stage(stages: object) -> int:
    return min((int(str(stage)) for stage in stages), default=1) if isinstance(stages, Sequence) else 1


def where_all(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def months_kept(scope: Scope, month: str) -> list[str]:
    kept = scope.filters.get(ACTIVITY_MONTH.name)
    return [] if kept is None else [is_kept(scope, ACTIVITY_MONTH, kept, month)]


def of_calendar(of: str, conditions: Sequence[str]) -> str:
    return f"(SELECT {of} FROM {CALENDAR_MONTHS.full_name}{where_all(conditions)})"


def last_month(scope: Scope, *, full: bool = False) -> str:
    """The last month in the filters, or the last *full* one."""
    if scope.looked_up is None:
        over = [f"month < {full_months_ago(0, scope)}"] if full else []
        return of_calendar("max(month)", [*months_kept(scope, "month"), *over])
    end = full_months_end(scope.looked_up.as_of) if full else date.max
    left = months_left(scope.looked_up, scope.filters)
    return day(max((one for one in left if one < end), default=None))


def day(value: date | None) -> str:
    """A day of the data, or null. It is not bound, because a query must use every bound value."""
    return "CAST(NULL AS date)" if value is None else f"DATE '{value.isoformat()}'"


def first_month(scope: Scope) -> str:
    """The first month of the events, regardless of the filters."""
    if scope.looked_up:
        return day(scope.looked_up.first)
    return f"(SELECT min({ACTIVITY_MONTH.name}) FROM {scope.fact.full_name})"


def member_key(dimension: Dimension, joined: bool) -> str:
    """The key of a member in a query cut by *dimension*, whether or not its members are *joined*."""
    if dimension is FUNNEL_STAGE:
        return f"{dimension.name}.stage"
    if dimension.level_of:
        return f"{dimension.name}.{dimension.text}"
    return f"{dimension.name}.{dimension.key}" if joined and dimension.members else f"f.{dimension.name}"


def join_members(scope: Scope, dimension: Dimension, joined: bool) -> str:
    """The joins of a query cut by *dimension*: stages, which overlap, and members if they are needed."""
    name = dimension.name
    if dimension is FUNNEL_STAGE:
        rows = ", ".join(f"({number})" for number in range(1, len(FUNNEL_STAGES) + 1))
        return f" JOIN (VALUES {rows}) AS {name} (stage) ON f.{name} >= {name}.stage"
    if dimension.members is None or not (joined or dimension.level_of):
        return ""
    same = f"f.{name} <= {scope.month}" if scope.rows and dimension is ACTIVITY_MONTH else same_member(dimension)
    join = f" JOIN {dimension.members.full_name} AS {name} ON {same}"
    only = f" AND {name}.banded_column = {scope.bind(dimension.banded_column)}" if dimension.banded_column else ""
    return join + only


def same_member(dimension: Dimension) -> str:
    return f"f.{dimension.column} = {dimension.name}.{dimension.key or dimension.name}"


def same_key(cut: Dimension) -> str:
    """In a subquery, the condition for rows of the outer row's member; a level is computed from the day."""
    if cut.level_of:
        return f"extract({cut.text} FROM f.{cut.column}) = {member_key(cut, joined=True)}"
    return same_member(cut)


def full_months_ago(number: int, scope: Scope) -> str:
    """The month that starts *number* months before the end of the last full month."""
    if scope.looked_up is None:
        return f"CAST(date_trunc('month', {AS_OF} + 1) - INTERVAL '{number} months' AS date)"
    return day(months_before(full_months_end(scope.looked_up.as_of), number))


def ordinal(month: str) -> str:
    return f"(12 * extract(year FROM {month}) + extract(month FROM {month}))"
