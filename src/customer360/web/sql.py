"""
Measures and visuals as SQL, for DuckDB and for PostgreSQL.

A query reads one fact, cut by dimensions and filtered by the reader. Every value is a bound parameter, $1 to $n;
only names from our own definitions stand in the text.
"""

# ruff: noqa: S608 - the text is put together from our own names; what a reader sends is bound

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from customer360.dimensions import (
    FUNNEL_STAGE,
    FUNNEL_STAGES,
    JOIN_MONTH,
    Between,
    Dimension,
    Filters,
    dimensions_of,
)
from customer360.expressions import (
    Above,
    Everyone,
    LastMonths,
    Latest,
    Measure,
    Missing,
    OfStage,
    OfTotal,
    Parameter,
    Ratio,
    Sum,
    Where,
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
) -> Query:
    """
    The *measures* over *fact*: one row in all, or one per combination of members of *by* that occurs.

    Columns: per dimension its key and, where members are written otherwise, `<name>_label`; then one per measure,
    by name. Rows stand in the order of the members. A filter on a dimension that *fact* does not have is left
    out, as in Power BI. *threshold* sets the parameter X of the measures that have one.
    """
    scope = _Scope(fact, filters or {}, threshold, tuple(by))
    cuts = [_cut(scope, dimension) for dimension in by]
    names = [f"{item} AS {name}" for cut in cuts for name, item in cut.items.items()]
    values = [f"{_measure(measure, scope)} AS {measure.name}" for measure in measures]
    text = f"SELECT {', '.join(names + values)} FROM {fact.full_name} AS f{''.join(cut.join for cut in cuts)}"
    text += _where(_conditions(scope, scope.filters))
    if cuts:
        groups = ", ".join(item for cut in cuts for item in (*cut.items.values(), cut.order))
        return Query(
            f"{text} GROUP BY {groups} ORDER BY {', '.join(cut.order for cut in cuts)}", tuple(scope.values)
        )
    one_row = " HAVING count(*) >= 0"  # even when no measure is an aggregate
    return Query(text + one_row, tuple(scope.values))


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
    """The values that *parameter* can take, lowest first: column `edge`."""
    return Query(
        f"SELECT low AS edge FROM {BANDS.full_name} WHERE banded_column = $1 AND low IS NOT NULL ORDER BY low",
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
    values: list[object] = field(default_factory=list)

    def bind(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

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
        case Everyone(of):
            return _total(of, scope, {})
        case LastMonths(of, months, before):
            return _measure(of, scope.where(*_last_months(months, before)))
        case OfStage(of, stage):
            return _ratio(f"coalesce({_measure(of, scope)}, 0)", _stage_total(of, scope, stage))
        case Latest(column):
            return _aggregate("max", f"f.{column}", scope.where(_LATEST))


_LATEST: Final = f"f.refresh_id = (SELECT max(refresh_id) FROM {REFRESHES.full_name})"
_AS_OF_MONTH: Final = f"(SELECT max(month) FROM {CALENDAR_MONTHS.full_name})"


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
    cuts = [_same_member(cut) for cut in scope.by if cut is not FUNNEL_STAGE]
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
    edge = f"coalesce((SELECT min(low) {bands} AND low >= {chosen}), (SELECT max(low) {bands}))"
    return f"f.{parameter.of.name} IN (SELECT band {bands} AND low >= {edge})"


def _last_months(months: int, before: int) -> tuple[str, str]:
    month, first, end = f"f.{JOIN_MONTH.name}", months + before, before
    return (
        f"{month} >= {_AS_OF_MONTH} - INTERVAL '{first} months'",
        f"{month} < {_AS_OF_MONTH} - INTERVAL '{end} months'",
    )


@dataclass(frozen=True)
class _Cut:
    """How a query is cut by a dimension: the join to its members, the columns it adds, the order of members."""

    join: str
    items: dict[str, str]
    order: str


def _cut(scope: _Scope, dimension: Dimension) -> _Cut:
    name = dimension.name
    if dimension is FUNNEL_STAGE:
        rows = ", ".join(f"({number}, {scope.bind(text)})" for number, text in enumerate(FUNNEL_STAGES, start=1))
        join = f" JOIN (VALUES {rows}) AS {name} (stage, label) ON f.{name} >= {name}.stage"
        return _Cut(join, {name: f"{name}.stage", f"{name}_label": f"{name}.label"}, f"{name}.stage")
    if dimension.members is None:
        return _Cut("", {name: f"f.{name}"}, f"f.{name}")
    join = f" JOIN {dimension.members.full_name} AS {name} ON {_same_member(dimension)}"
    if dimension.banded_column:
        join += f" AND {name}.banded_column = {scope.bind(dimension.banded_column)}"
    if dimension.level_of:
        return _Cut(join, {name: f"{name}.{dimension.text}"}, f"{name}.{dimension.order}")
    items = {name: f"{name}.{dimension.key}"}
    if dimension.text != dimension.key:
        items[f"{name}_label"] = f"{name}.{dimension.text}"
    return _Cut(join, items, f"{name}.{dimension.order}")


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
