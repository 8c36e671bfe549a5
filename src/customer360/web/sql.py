"""
Measures and visuals as SQL, for DuckDB and for PostgreSQL.

A query reads one fact, cut by dimensions and filtered by the reader. Every value is a bound parameter, $1 to $n;
only names from our own definitions stand in the text.
"""

# ruff: noqa: S608 - the text is put together from our own names; what a reader sends is bound

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from customer360.report.dimensions import (
    AT_JOINING,
    FACTS,
    FUNNEL_STAGE,
    FUNNEL_STAGES,
    JOIN_MONTH,
    MONTHS_SINCE,
    Between,
    Dimension,
    Filters,
    dimensions_of,
)
from customer360.report.expressions import (
    Above,
    Comparable,
    LastMonths,
    Latest,
    Measure,
    Missing,
    Observed,
    OfStage,
    OfTotal,
    Others,
    Parameter,
    Ratio,
    Sum,
    Where,
    columns_of,
)
from customer360.tables import BANDS, CALENDAR_MONTHS, REFRESHES, Table


@dataclass(frozen=True)
class Query:
    """A statement and the values of its $1 to $n."""

    text: str
    parameters: tuple[object, ...]


def aggregate(
    fact: Table,
    measures: Iterable[Measure],
    *,
    by: Sequence[Dimension] = (),
    filters: Filters | None = None,
    threshold: Decimal | int | None = None,
    as_of: date | None = None,
) -> Query:
    """
    The *measures* over *fact*: one row in all, or one per combination of members of *by* that occurs.

    Columns: the key of each dimension of *by*, by name, then the measures, by name. Rows come in any order;
    `members` says how a key is written and which comes first. A filter on a dimension that *fact* does not have is
    left out, as in Power BI. *threshold* sets the parameter X of the measures that have one. Who knows the *as_of*
    date of the data saves the query from looking it up.
    """
    scope = _Scope(fact, filters or {}, threshold, tuple(by), as_of=as_of)
    measures = tuple(measures)
    # A share of a stage and a row of cohorts ask again for the same members, by the name of the outer row.
    asked_again = any(columns_of(measure) & {FUNNEL_STAGE.name, MONTHS_SINCE.name} for measure in measures)
    keys = [_key(dimension, asked_again) for dimension in by]
    names = [f"{key} AS {dimension.name}" for key, dimension in zip(keys, by, strict=True)]
    values = [f"{_measure(measure, scope)} AS {measure.name}" for measure in measures]
    text = f"SELECT {', '.join(names + values)} FROM {fact.full_name} AS f"
    text += "".join(_join(scope, dimension, asked_again) for dimension in by)
    text += _where([*_conditions(scope, scope.filters), *_shown(scope)])
    # Without a cut one row comes even when no measure is an aggregate.
    text += f" GROUP BY {', '.join(keys)}" if keys else " HAVING count(*) >= 0"
    return Query(text, tuple(scope.values))


def members(dimension: Dimension) -> Query:
    """The members of *dimension* in their order: columns `key` and `label`, how it is written."""
    if dimension is FUNNEL_STAGE:
        rows = ", ".join(f"({number}, ${number})" for number in range(1, len(FUNNEL_STAGES) + 1))
        return Query(f"SELECT key, label FROM (VALUES {rows}) AS stages (key, label) ORDER BY key", FUNNEL_STAGES)
    # A dimension without a table of members takes them from the table that has it.
    table = dimension.members or next(fact for fact in FACTS if dimension in dimensions_of(fact))
    label = dimension.text or dimension.name
    key = label if dimension.level_of else dimension.key or label
    only = " WHERE banded_column = $1" if dimension.banded_column else ""
    text = f"SELECT {key} AS key, {label} AS label FROM {table.full_name}{only}"
    text += f" GROUP BY {key}, {label} ORDER BY min({dimension.order or key})"
    return Query(text, (dimension.banded_column,) if only else ())


def top(
    fact: Table,
    measure: Measure,
    columns: Sequence[str],
    limit: int,
    *,
    ties: str = "customer_id",
    filters: Filters | None = None,
) -> Query:
    """The *limit* rows of *fact* with the highest *measure*, a plain sum, highest first; equals by *ties*."""
    if not isinstance(measure.expression, Sum):
        raise TypeError(f"{measure.name} is not the value of one row")
    scope = _Scope(fact, filters or {}, None)
    shown = ", ".join([*(f"f.{column}" for column in columns), f"f.{measure.expression.column} AS {measure.name}"])
    where = _where(_conditions(scope, scope.filters))
    order = f"f.{measure.expression.column} DESC, f.{ties}"
    text = f"SELECT {shown} FROM {fact.full_name} AS f{where} ORDER BY {order} LIMIT {scope.bind(limit)}"
    return Query(text, tuple(scope.values))


def edges(parameter: Parameter) -> Query:
    """The values that *parameter* can take, lowest first, and the first band above: columns `edge` and `band`."""
    of_parameter = "banded_column = $1 AND low IS NOT NULL"
    return Query(
        f"SELECT low AS edge, band FROM {BANDS.full_name} WHERE {of_parameter} ORDER BY low",
        (parameter.of.banded_column,),
    )


@dataclass
class _Scope:
    """What a measure is evaluated in: the fact, the reader's filters and the conditions put on every row."""

    fact: Table
    filters: Filters
    threshold: Decimal | int | None
    by: tuple[Dimension, ...] = ()
    only: tuple[str, ...] = ()
    as_of: date | None = None
    values: list[object] = field(default_factory=list)

    def bind(self, value: object) -> str:
        """Equal values share a number, so that the database sees which aggregates are the same."""
        known = [type(one) is type(value) and one == value for one in self.values]
        if True not in known:
            self.values.append(value)
            return f"${len(self.values)}"
        return f"${known.index(True) + 1}"

    def where(self, *conditions: str) -> _Scope:
        return replace(self, only=(*self.only, *conditions))


def _measure(measure: Measure, scope: _Scope) -> str:
    """One value per group: aggregates over the rows f, and subqueries where other rows count."""
    match measure.expression:
        case Sum(column):
            return _aggregate("sum", f"f.{column}", scope)
        case Missing(count):
            return _aggregate("sum", f"f.customers - f.{count}", scope)
        case Where(of, dimension, member):
            return _measure(of, scope.where(f"f.{dimension.name} = {scope.bind(member)}"))
        case Above(of, parameter):
            return _measure(of, scope.where(_above(parameter, scope)))
        case Ratio(of, to):
            return _ratio(f"coalesce({_measure(of, scope)}, 0)", _measure(to, scope))
        case OfTotal(of):
            return _ratio(_measure(of, scope), _total(of, scope, scope.filters, *_shown(scope)))
        case Others(of):
            return _total(of, scope, {}, _outside(scope))
        case LastMonths(of, months, before):
            return _measure(of, scope.where(*_last_months(months, before, scope)))
        case Comparable(of, months):
            return _comparable(of, months, scope)
        case Observed(of, months):
            return f"CASE WHEN {_is_observed(months, scope)} THEN {_measure(of, scope)} END"
        case OfStage(of, stage):
            return _ratio(f"coalesce({_measure(of, scope)}, 0)", _stage_total(of, scope, stage))
        case Latest(column, total):
            return _aggregate("sum" if total else "max", f"f.{column}", scope.where(_LATEST))


_NEWEST: Final = f"(SELECT max(refresh_id) FROM {REFRESHES.full_name})"
_LATEST: Final = f"f.refresh_id = {_NEWEST}"
_AS_OF: Final = f"(SELECT as_of_date FROM {REFRESHES.full_name} WHERE refresh_id = {_NEWEST})"


def _aggregate(function: str, argument: str, scope: _Scope) -> str:
    only = f" FILTER (WHERE {' AND '.join(scope.only)})" if scope.only else ""
    return f"{function}({argument}){only}"


def _ratio(of: str, to: str) -> str:
    return f"CAST({of} AS double precision) / nullif({to}, 0)"


def _total(measure: Measure, scope: _Scope, filters: Filters, *conditions: str) -> str:
    """The measure over all rows that *filters* and *conditions* leave, whatever the query is cut by."""
    rows = _where([*_conditions(scope, filters), *conditions])
    return f"(SELECT {_measure(measure, scope)} FROM {scope.fact.full_name} AS f{rows})"


def _stage_total(measure: Measure, scope: _Scope, stage: str) -> str:
    """The measure at the first, or the previous, stage, under all other filters and cuts."""
    others = {name: kept for name, kept in scope.filters.items() if name != FUNNEL_STAGE.name}
    cuts = [_same_key(cut) for cut in scope.by if cut is not FUNNEL_STAGE]
    if stage == "previous":
        cuts.append(f"f.funnel_stage >= {_current_stage(scope)} - 1")
    return _total(measure, scope, others, *cuts)


def _shown(scope: _Scope) -> list[str]:
    """Rows that belong to a member of every cut: the others are in no part of the visual."""
    return [f"f.{cut.column} IS NOT NULL" for cut in scope.by if cut.nullable]


def _same_member(dimension: Dimension) -> str:
    return f"f.{dimension.column} = {dimension.name}.{dimension.key or dimension.name}"


def _current_stage(scope: _Scope) -> str:
    if FUNNEL_STAGE in scope.by:
        return "funnel_stage.stage"
    kept = scope.filters.get(FUNNEL_STAGE.name)
    return scope.bind(_first_stage(kept) if kept is not None else 1)


def _first_stage(stages: object) -> int:
    return min((int(str(stage)) for stage in stages), default=1) if isinstance(stages, Sequence) else 1


def _above(parameter: Parameter, scope: _Scope) -> str:
    """In the bands whose lower edge is not below the parameter; bands without a lower edge are never above."""
    bands = f"FROM {BANDS.full_name} WHERE banded_column = {scope.bind(parameter.of.banded_column)}"
    chosen = scope.bind(parameter.default if scope.threshold is None else scope.threshold)
    first = f"SELECT min(band) {bands} AND low >= {chosen}"
    return f"f.{parameter.of.name} >= coalesce(({first}), (SELECT max(band) {bands} AND low IS NOT NULL))"


def _outside(scope: _Scope) -> str:
    """Rows that the filters leave out; those without a member too."""
    inside = _conditions(scope, scope.filters)
    return f"({' AND '.join(inside)}) IS NOT TRUE" if inside else "FALSE"


def _last_months(months: int, before: int, scope: _Scope) -> tuple[str, str]:
    first, end = (_full_months_ago(number, scope) for number in (months + before, before))
    return f"f.{JOIN_MONTH.name} >= {first}", f"f.{JOIN_MONTH.name} < {end}"


def _comparable(of: Measure, months: int, scope: _Scope) -> str:
    """No value where a filter is by what customers are today, or where one of the months is not there."""
    filtered = {name: cut for cut in dimensions_of(scope.fact) if (name := cut.name) in scope.filters}
    if set(filtered.values()).difference(AT_JOINING):
        return "CAST(NULL AS bigint)"
    by_month = {name: cut for name, cut in filtered.items() if cut.column == JOIN_MONTH.name}
    kept = [_kept(scope, cut, scope.filters[name]) for name, cut in by_month.items()]
    known = f"(SELECT month AS {JOIN_MONTH.name} FROM {CALENDAR_MONTHS.full_name}) AS f"
    count = f"(SELECT count(*) FROM {known}{_where([*_last_months(months, 0, scope), *kept])})"
    return f"CASE WHEN {count} = {months} THEN coalesce({_measure(of, scope)}, 0) END"


def _is_observed(months: int, scope: _Scope) -> str:
    """Whether the newest cohort in the row has so many full months behind it, and as many as the cell counts."""
    others = {name: kept for name, kept in scope.filters.items() if name != MONTHS_SINCE.name}
    same_row = [_same_key(cut) for cut in scope.by if cut is not MONTHS_SINCE]
    row = _where([*_conditions(scope, others), *same_row])
    newest = f"(SELECT max(f.{JOIN_MONTH.name}) FROM {scope.fact.full_name} AS f{row})"
    behind = f"{_ordinal(_full_months_ago(0, scope))} - {_ordinal(newest)} - 1"
    return f"max(f.{MONTHS_SINCE.name}) + {months} <= {behind}"


def _same_key(cut: Dimension) -> str:
    """Rows of the outer row's member, in a subquery: a level is taken from the day itself."""
    if cut.level_of:
        return f"extract({cut.text} FROM f.{cut.column}) = {_key(cut, joined=True)}"
    return _same_member(cut)


def _ordinal(month: str) -> str:
    return f"(12 * extract(year FROM {month}) + extract(month FROM {month}))"


def _full_months_ago(number: int, scope: _Scope) -> str:
    """The month that began *number* months before the end of the last full month."""
    if scope.as_of is None:
        return f"CAST(date_trunc('month', {_AS_OF} + 1) - INTERVAL '{number} months' AS date)"
    return f"CAST({scope.bind(months_before(full_months_end(scope.as_of), number))} AS date)"


def full_months_end(as_of: date) -> date:
    """The first day after the last full month: the month of *as_of* is full when that is its last day."""
    return (as_of + timedelta(days=1)).replace(day=1)


def months_before(day: date, number: int) -> date:
    """The first day of the month *number* months before that of *day*."""
    year, month = divmod(day.year * 12 + day.month - 1 - number, 12)
    return date(year, month + 1, 1)


def _key(dimension: Dimension, joined: bool) -> str:
    """The key of a member in a query cut by *dimension*, whose members are *joined* or not."""
    if dimension is FUNNEL_STAGE:
        return f"{dimension.name}.stage"
    if dimension.level_of:
        return f"{dimension.name}.{dimension.text}"
    return f"{dimension.name}.{dimension.key}" if joined and dimension.members else f"f.{dimension.name}"


def _join(scope: _Scope, dimension: Dimension, joined: bool) -> str:
    """What a query cut by *dimension* joins: stages, which overlap, and members where they have to be."""
    name = dimension.name
    if dimension is FUNNEL_STAGE:
        rows = ", ".join(f"({number})" for number in range(1, len(FUNNEL_STAGES) + 1))
        return f" JOIN (VALUES {rows}) AS {name} (stage) ON f.{name} >= {name}.stage"
    if dimension.members is None or not (joined or dimension.level_of):
        return ""
    join = f" JOIN {dimension.members.full_name} AS {name} ON {_same_member(dimension)}"
    only = f" AND {name}.banded_column = {scope.bind(dimension.banded_column)}" if dimension.banded_column else ""
    return join + only


def _conditions(scope: _Scope, filters: Filters) -> list[str]:
    known = {dimension.name: dimension for dimension in dimensions_of(scope.fact)}
    return [_kept(scope, known[name], kept) for name, kept in filters.items() if name in known]


def _kept(scope: _Scope, dimension: Dimension, kept: Sequence[object] | Between) -> str:
    column = f"f.{dimension.column}"
    if isinstance(kept, Between):
        return f"{column} BETWEEN {scope.bind(kept.first)} AND {scope.bind(kept.last)}"
    if not kept:
        return "FALSE"
    if dimension is FUNNEL_STAGE:
        return f"{column} >= {scope.bind(_first_stage(kept))}"
    values = ", ".join(map(scope.bind, kept))
    if dimension.level_of and dimension.members:
        members = f"SELECT {dimension.key} FROM {dimension.members.full_name} WHERE {dimension.text} IN ({values})"
        return f"{column} IN ({members})"
    return f"{column} IN ({values})"


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
