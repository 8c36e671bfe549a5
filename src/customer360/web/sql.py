"""
Measures and visuals as SQL, for DuckDB and for PostgreSQL.

A query reads one fact, cut by dimensions and filtered by the reader. Every value is a bound parameter, $1 to $n;
the text contains only names from our own definitions.
"""

# ruff: noqa: S608 - the text is built from our own names; values from readers are bound

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from customer360.report.dimensions import (
    ACTIVITY_MONTH,
    FACTS,
    FROM_STATUS,
    FUNNEL_STAGE,
    FUNNEL_STAGES,
    JOIN_MONTH,
    MONTHS_SINCE,
    OF_TODAY,
    TO_STATUS,
    Dimension,
    Filters,
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
    columns_of,
    is_carried,
)
from customer360.report.looked_up import LookedUp, full_months_end, months_left
from customer360.report.parameters import Parameter
from customer360.tables import BANDS, LOYALTY_STATUSES, Table
from customer360.web.scope import (
    NEWEST,
    Parameters,
    Scope,
    filter_conditions,
    first_month,
    first_stage,
    full_months_ago,
    in_view,
    join_members,
    kept_rows,
    last_month,
    member_key,
    months_kept,
    of_calendar,
    of_months,
    ordinal,
    same_key,
    shown_rows,
    where_all,
)


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
    parameters: Parameters | None = None,
    looked_up: LookedUp | None = None,
) -> Query:
    """
    The *measures* over *fact*: one row, or one row per combination of members of *by* that occurs.

    Columns: the key of each dimension of *by*, then the measures, all by name. The order of rows is undefined;
    `members` has the label and order of each key. A filter on a dimension that *fact* does not have is ignored, as
    in Power BI. *parameters* are those the reader has set. Values already *looked_up* are not queried again.
    """
    scope = Scope(fact, filters or {}, parameters or {}, tuple(by), looked_up=looked_up)
    measures = tuple(measures)
    # A share of a stage and a row of cohorts query the same members again, through the alias of the outer row.
    asked_again = any(columns_of(measure) & {FUNNEL_STAGE.name, MONTHS_SINCE.name} for measure in measures)
    if any(map(is_carried, measures)):
        scope, asked_again = of_months(scope, measures), True
    keys = [member_key(dimension, asked_again) for dimension in by]
    names = [f"{key} AS {dimension.name}" for key, dimension in zip(keys, by, strict=True)]
    values = [f"{_measure(measure, scope)} AS {measure.name}" for measure in measures]
    text = f"SELECT {', '.join(names + values)} FROM {scope.rows or fact.full_name} AS f"
    text += "".join(join_members(scope, dimension, asked_again) for dimension in by)
    text += where_all([*kept_rows(scope), *shown_rows(scope)])
    # Without a cut, this returns one row even if no measure is an aggregate.
    text += f" GROUP BY {', '.join(keys)}" if keys else " HAVING count(*) >= 0"
    return Query(text, tuple(scope.values))


def members(dimension: Dimension) -> Query:
    """The members of *dimension* in order: columns `key` and `label`."""
    if dimension is FUNNEL_STAGE:
        rows = ", ".join(f"({number}, ${number})" for number in range(1, len(FUNNEL_STAGES) + 1))
        return Query(f"SELECT key, label FROM (VALUES {rows}) AS stages (key, label) ORDER BY key", FUNNEL_STAGES)
    if dimension in _TIERS:
        return _tiers(dimension)
    table = listing(dimension)
    label = dimension.text or dimension.name
    key = label if dimension.level_of else dimension.key or label
    only = " WHERE banded_column = $1" if dimension.banded_column else ""
    known = f" WHERE {key} IS NOT NULL" if dimension.nullable and not dimension.members else ""
    text = f"SELECT {key} AS key, {label} AS label FROM {table.full_name}{only}{known}"
    text += f" GROUP BY {key}, {label} ORDER BY min({dimension.order or key})"
    return Query(text, (dimension.banded_column,) if only else ())


_TIERS: Final = (FROM_STATUS, TO_STATUS)


def _tiers(dimension: Dimension) -> Query:
    """The tiers of the past in today's order, followed by tiers that nobody has today."""
    table, today = listing(dimension).full_name, LOYALTY_STATUSES.full_name
    text = f"SELECT m.{dimension.name} AS key, m.{dimension.name} AS label FROM {table} AS m"
    text += f" LEFT JOIN {today} AS s ON s.loyalty_status = m.{dimension.name}"
    text += f" WHERE m.{dimension.name} IS NOT NULL GROUP BY m.{dimension.name}"
    return Query(f"{text} ORDER BY min(s.status_order) NULLS LAST, m.{dimension.name}", ())


def listing(dimension: Dimension) -> Table:
    """The table that lists the members of *dimension*: its own, or a fact that has it."""
    return dimension.members or next(fact for fact in FACTS if dimension in dimensions_of(fact))


def top(
    fact: Table,
    measure: Measure,
    columns: Sequence[str],
    limit: int,
    *,
    ties: str = "customer_id",
    filters: Filters | None = None,
) -> Query:
    """The *limit* rows of *fact* with the highest *measure*, a plain sum, highest first; ties sort by *ties*."""
    if not isinstance(measure.expression, Sum):
        raise TypeError(f"{measure.name} is not the value of one row")
    scope = Scope(fact, filters or {})
    shown = ", ".join([*(f"f.{column}" for column in columns), f"f.{measure.expression.column} AS {measure.name}"])
    where = where_all(filter_conditions(scope, scope.filters))
    order = f"f.{measure.expression.column} DESC, f.{ties}"
    text = f"SELECT {shown} FROM {fact.full_name} AS f{where} ORDER BY {order} LIMIT {scope.bind(limit)}"
    return Query(text, tuple(scope.values))


def edges(parameter: Parameter) -> Query:
    """The band edges of *parameter*, lowest first, and the band above each: columns `edge` and `band`."""
    of_parameter = "banded_column = $1 AND low IS NOT NULL"
    return Query(
        f"SELECT low AS edge, band FROM {BANDS.full_name} WHERE {of_parameter} ORDER BY low",
        (banded(parameter).banded_column,),
    )


def banded(parameter: Parameter) -> Dimension:
    """The bands over which *parameter* is a threshold."""
    if parameter.of is None:
        raise TypeError(f"{parameter.name} is not a threshold over bands")
    return parameter.of


def _measure(measure: Measure, scope: Scope) -> str:
    """One value per group: aggregates over the rows f, and subqueries over other rows."""
    match measure.expression:
        case Sum(column):
            return _aggregate("sum", f"f.{column}", scope)
        case Missing(count):
            return _aggregate("sum", f"f.customers - f.{count}", scope)
        case Where(of, dimension, member):
            return _measure(of, scope.where(f"f.{dimension.name} = {scope.bind(member)}"))
        case Above(of, parameter):
            return _measure(of, scope.where(_above(parameter, scope)))
        case Times(of, parameter):
            return f"{_double(_measure(of, scope))} * {_double(_set(parameter, scope))}"
        case Ratio(of, to):
            return _ratio(f"coalesce({_measure(of, scope)}, 0)", _measure(to, scope))
        case OfTotal(of):
            return _ratio(_measure(of, scope), _total(of, scope, scope.filters, *shown_rows(scope)))
        case Others(of):
            return _total(of, scope, {}, _outside(scope))
        case LastMonths(of, months, before):
            return _measure(of, scope.where(*_last_months(months, before, scope)))
        case Observed(of, months):
            return f"CASE WHEN {_is_observed(months, scope)} THEN {_measure(of, scope)} END"
        case Known(of, column):
            return _measure(of, scope.where(f"f.{column} IS NOT NULL"))
        case Less(of, less):
            return f"({' - '.join(f'coalesce({_measure(one, scope)}, 0)' for one in (of, *less))})"
        case MonthBefore(of):
            return _measure(of, scope.at(f"CAST({scope.month} - INTERVAL '1 month' AS date)"))
        case Cumulative(of):
            return _measure(of, replace(scope, in_month=f"f.{ACTIVITY_MONTH.name} <= {scope.month}"))
        case LastClosedMonth(of, before):
            return _in_last_closed_month(of, before, scope)
        case MeanPerMonth(of):
            return _mean_per_month(of, scope)
        case OfStage(of, stage):
            return _ratio(f"coalesce({_measure(of, scope)}, 0)", _stage_total(of, scope, stage))
        case Latest(column, total):
            return _aggregate("sum" if total else "max", f"f.{column}", scope.where(_LATEST))


_LATEST: Final = f"f.refresh_id = {NEWEST}"


def _aggregate(function: str, argument: str, scope: Scope) -> str:
    conditions = [*scope.only, *in_view(scope)]
    only = f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""
    return f"{function}({argument}){only}"


def _ratio(of: str, to: str) -> str:
    return f"{_double(of)} / nullif({to}, 0)"


def _double(value: str) -> str:
    return f"CAST({value} AS double precision)"


def _total(measure: Measure, scope: Scope, filters: Filters, *conditions: str) -> str:
    """The measure over all rows that match *filters* and *conditions*, regardless of the cuts of the query."""
    rows = where_all([*filter_conditions(scope, filters), *conditions])
    return f"(SELECT {_measure(measure, scope)} FROM {scope.fact.full_name} AS f{rows})"


def _stage_total(measure: Measure, scope: Scope, stage: str) -> str:
    """The measure at the first or previous stage, with all other filters and cuts."""
    others = {name: kept for name, kept in scope.filters.items() if name != FUNNEL_STAGE.name}
    cuts = [same_key(cut) for cut in scope.by if cut is not FUNNEL_STAGE]
    if stage == "previous":
        cuts.append(f"f.funnel_stage >= {_current_stage(scope)} - 1")
    return _total(measure, scope, others, *cuts)


def _current_stage(scope: Scope) -> str:
    if FUNNEL_STAGE in scope.by:
        return "funnel_stage.stage"
    kept = scope.filters.get(FUNNEL_STAGE.name)
    return scope.bind(first_stage(kept) if kept is not None else 1)


def _above(parameter: Parameter, scope: Scope) -> str:
    """
    The condition that a value is above the parameter, or that the lower edge of its band is not below it.

    Values are compared if the fact has them. Bands without a lower edge are never above.
    """
    if parameter.column in scope.fact.column_names:
        return f"f.{parameter.column} > {_set(parameter, scope)}"
    cut = banded(parameter)
    if scope.looked_up and (edges := scope.looked_up.edges.get(parameter.name)):
        x = scope.parameters.get(parameter.name, parameter.default)
        first_above = next((band for edge, band in edges.items() if edge >= x), max(edges.values()))
        return f"f.{cut.name} >= {scope.bind(first_above)}"
    bands = f"FROM {BANDS.full_name} WHERE banded_column = {scope.bind(cut.banded_column)}"
    first = f"SELECT min(band) {bands} AND low >= {_set(parameter, scope)}"
    return f"f.{cut.name} >= coalesce(({first}), (SELECT max(band) {bands} AND low IS NOT NULL))"


def _set(parameter: Parameter, scope: Scope) -> str:
    return scope.bind(scope.parameters.get(parameter.name, parameter.default))


def _outside(scope: Scope) -> str:
    """The condition for rows outside the filters, including rows without a member."""
    inside = filter_conditions(scope, scope.filters)
    return f"({' AND '.join(inside)}) IS NOT TRUE" if inside else "FALSE"


def _last_months(months: int, before: int, scope: Scope) -> tuple[str, str]:
    first, end = (full_months_ago(number, scope) for number in (months + before, before))
    return f"f.{JOIN_MONTH.name} >= {first}", f"f.{JOIN_MONTH.name} < {end}"


def _is_observed(months: int, scope: Scope) -> str:
    """Whether the newest cohort of the row has *months* full months after the month of the cell."""
    others = {name: kept for name, kept in scope.filters.items() if name != MONTHS_SINCE.name}
    same_row = [same_key(cut) for cut in scope.by if cut is not MONTHS_SINCE]
    row = where_all([*filter_conditions(scope, others), *same_row])
    newest = f"(SELECT max(f.{JOIN_MONTH.name}) FROM {scope.fact.full_name} AS f{row})"
    behind = f"{ordinal(full_months_ago(0, scope))} - {ordinal(newest)} - 1"
    return f"max(f.{MONTHS_SINCE.name}) + {months} <= {behind}"


def _in_last_closed_month(of: Measure, before: int, scope: Scope) -> str:
    if ACTIVITY_MONTH in scope.by:
        month = f"(CASE WHEN {scope.month} < {full_months_ago(0, scope)} THEN {scope.month} END)"
    else:
        month = last_month(scope, full=True)
    if before:
        month = f"CAST({month} - INTERVAL '{before} months' AS date)"
    value = _measure(of, scope.at(month))
    is_told = f"{month} > {first_month(scope)}{_unless_of_today(scope)}" if before else f"{month} IS NOT NULL"
    return f"CASE WHEN {is_told} THEN {f'coalesce({value}, 0)' if of.counts_nobody else value} END"


def _unless_of_today(scope: Scope) -> str:
    """False if a filter or cut is by what customers are today: nobody joins as Gold."""
    filtered = {cut.name for cut in dimensions_of(scope.fact)} & {*scope.filters}
    told_apart = filtered | {cut.name for cut in scope.by}
    return " AND FALSE" if any(cut.name in told_apart for cut in OF_TODAY) else ""


def _mean_per_month(of: Measure, scope: Scope) -> str:
    end = full_months_ago(0, scope)
    whole = _measure(of, scope.where(f"f.{ACTIVITY_MONTH.name} < {end}"))
    is_by_month = ACTIVITY_MONTH in scope.by
    months = f"CASE WHEN {scope.month} < {end} THEN 1 END" if is_by_month else _count_months(end, scope)
    return _ratio(f"coalesce({whole}, 0)", months)


def _count_months(end: str, scope: Scope) -> str:
    """The number of full months in the filters, from the first month of the events."""
    if scope.looked_up is None:
        first = first_month(scope)
        return of_calendar("count(*)", [*months_kept(scope, "month"), f"month >= {first}", f"month < {end}"])
    known, over = scope.looked_up, full_months_end(scope.looked_up.as_of)
    return str(sum(bool(known.first and known.first <= one < over) for one in months_left(known, scope.filters)))
