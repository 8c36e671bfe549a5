"""
Measures as DAX.

Measures refer to each other by name, so the DAX of a measure is a single step. Filters inside a measure narrow the
reader's selection (KEEPFILTERS, VALUES) and never replace it. A measure that is cut by a dimension missing from
its fact is taken from a fact that has it, or is blank; it never repeats its total in every part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, TypeAlias

from customer360.power_bi import model
from customer360.power_bi.parts import ModelField
from customer360.report.customer_measures import AS_OF_DATE
from customer360.report.dimensions import (
    ACTIVITY_MONTH,
    FUNNEL_STAGE,
    JOIN_MONTH,
    MONTHS_SINCE,
    OF_TODAY,
    Dimension,
    dimensions_of,
)
from customer360.report.expressions import (
    Above,
    Cumulative,
    Format,
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
    facts_of,
    needs,
    parts,
)
from customer360.report.missing import OF_EVENTS, members
from customer360.report.parameters import Parameter
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    REFRESH_SOURCES,
    REFRESHES,
    SOURCES,
    Column,
    Dependency,
    Table,
)

Narrowing: TypeAlias = Where | Above | LastMonths | Known | MonthBefore | Cumulative
FORMATS: Final[Mapping[Format, str]] = {
    "count": "#,0",
    "amount": "#,0.00",
    "decimal": "#,0.0",
    "percent": "0.0%",
    "date": "d mmm yyyy",
}
MISSING_COLUMNS: Final = "Missing Columns"
"""The measure that lists the missing source columns, each between `_SEPARATOR`s."""
_SEPARATOR: Final = ", "
FIRST_MONTH: Final = "First Month of Events"
"""The measure with the month of the first event, regardless of filters."""
LAST_FULL_MONTH: Final = "Last Full Month"
"""The measure with the last full month in view."""


def missing_columns() -> str:
    """
    The missing columns of all sources in the latest selected refresh, with a separator at both ends.

    No name contains the separator. An older version recorded one source: then there are no events.
    """
    refresh_id, names = (_column(REFRESH_SOURCES, name) for name in ("refresh_id", "missing_columns"))
    newest = f"{refresh_id} = Newest"
    listed = f'CONCATENATEX ( VALUES ( {names} ), {names}, "{_SEPARATOR}" )'
    noted = f"CALCULATE ( COUNTROWS ( '{model.fact_name(REFRESH_SOURCES)}' ), {newest} )"
    of_events = _SEPARATOR.join(column.full_name for column in OF_EVENTS)
    return with_variables(
        f"Newest = MAX ( {_column(REFRESHES, 'refresh_id')} )",
        f'"{_SEPARATOR}" & CALCULATE ( {listed}, {newest} ) & "{_SEPARATOR}" & '
        f'IF ( {noted} < {len(SOURCES)}, "{of_events}{_SEPARATOR}" )',
    )


def expression(measure: Measure, fact: Table) -> str:
    """
    The DAX of *measure* over *fact*.

    Blank, never 0, if the data lacks a column that it needs. In its home, where readers see it, it refers to the
    fact that has every dimension of the visual.
    """
    text = _expression(measure, fact)
    own = needs(measure).difference(*map(needs, _blank_with(measure)))
    conditions = [f"NOT {is_missing(own)}"] if own else []
    home, *others = facts_of(measure)
    if home is not fact or measure.hidden or measure.format == "date":
        return _only_if(conditions, text)
    otherwise = ""
    for other in reversed(others):
        following = f", {otherwise}" if otherwise else ""
        otherwise = f"IF ( {_answers(other)}, {_of(measure, other)}{following} )"
    return _only_if([_answers(fact), *conditions], text, *filter(None, [otherwise]))


def _only_if(conditions: list[str], text: str, *otherwise: str) -> str:
    """*text* with its result under *conditions*, after its variables."""
    if not conditions:
        return text
    variables, found, result = text.rpartition("RETURN\n    ")
    indent = "    " if found else ""
    lines = ",\n".join(f"    {line}" for line in (" && ".join(conditions), result, *otherwise))
    return variables + found + f"IF (\n{lines}\n)".replace("\n", f"\n{indent}")


def _blank_with(measure: Measure) -> tuple[Measure, ...]:
    """The parts that make *measure* blank if they are blank; a ratio with only its numerator missing is 0."""
    match measure.expression:
        case Ratio(_, to):
            return (to,)
        case Others() | Less() | LastClosedMonth() | MeanPerMonth():
            return ()
        case _:
            return parts(measure)


def answers_name(fact: Table) -> str:
    """The measure that says whether *fact* has every dimension by which it is cut."""
    return f"{model.fact_name(fact)} Answer"


def answers(fact: Table, *, hide_names: bool = False) -> str:
    """
    Whether *fact* has every dimension by which it is cut.

    Dimensions that only other segments have must not be filtered; all others must not be an axis.
    """
    filtered = [f"ISCROSSFILTERED ( '{table}' )" for table in model.tables_of_siblings(fact)]
    filtered += [f"ISFILTERED ( {field.dax} )" for field in model.fields_of_siblings(fact)]
    shown = [f"ISINSCOPE ( {field.dax} )" for field in model.fields_beyond(fact, hide_names=hide_names)]
    return f"NOT ( {' || '.join([*filtered, *shown])} )"


def _answers(fact: Table) -> str:
    return f"[{answers_name(fact)}]"


def is_missing(needed: Collection[Dependency]) -> str:
    """The condition that the data lacks one of *needed*, or all members of a group, by full name."""
    conditions = sorted(_joined(" && ", map(_is_missing, members(one))) for one in needed)
    return _joined(" || ", conditions)


def _is_missing(column: Column) -> str:
    return f'CONTAINSSTRING ( [{MISSING_COLUMNS}], "{_SEPARATOR}{column.full_name}{_SEPARATOR}" )'


def _joined(operator: str, conditions: Iterable[str]) -> str:
    """The conditions joined by *operator*; in parentheses if there are several."""
    known = list(conditions)
    return known[0] if len(known) == 1 else f"( {operator.join(known)} )"


def _expression(measure: Measure, fact: Table) -> str:
    match measure.expression:
        case Sum(column):
            return _sum(column, fact)
        case Missing(count):
            return f"SUM ( {_column(fact, 'customers')} ) - SUM ( {_column(fact, count)} )"
        case Where(of) | Above(of) | LastMonths(of) | Known(of) | MonthBefore(of) | Cumulative(of):
            return narrowed(measure.expression, _of(of, fact), fact)
        case Times(of, parameter):
            return f"{_of(of, fact)} * [{parameter_name(parameter)}]"
        case Ratio(of, to):
            return f"DIVIDE ( {_of(of, fact)} + 0, {_of(to, fact)} )"
        case OfTotal(of):
            return f"DIVIDE ( {_of(of, fact)}, CALCULATE ( {_of(of, fact)}, ALLSELECTED () ) )"
        case Others(of):
            return _others(of, fact)
        case Observed(of, months):
            return _observed(of, months, fact)
        case Less(of, less):
            return " - ".join(_of(one, fact) for one in (of, *less))
        case LastClosedMonth(of, before):
            return _compared_month(of, before, fact) if before else _last_closed_month(of, fact)
        case MeanPerMonth(of):
            return _mean_per_month(of, fact)
        case OfStage(of, stage):
            return _of_first_stage(of, fact) if stage == "first" else _of_previous_stage(of, fact)
        case Latest(column, total):
            return _latest(column, fact, "SUM" if total else "MAX")


def narrowed(expression: Narrowing, of: str, fact: Table) -> str:
    """*of*, the DAX of a part, under the filters of *expression*."""
    match expression:
        case Where(_, dimension, member):
            return f"CALCULATE ( {of}, KEEPFILTERS ( {_is_member(dimension, member)} ) )"
        case Above(_, parameter):
            return _above(of, parameter)
        case LastMonths(_, months, before):
            return _last_months(of, months, before)
        case Known(_, column):
            return f"CALCULATE ( {of}, KEEPFILTERS ( NOT ISBLANK ( {_column(fact, column)} ) ) )"
        case MonthBefore():
            return _in_months(of, "= EDATE ( Month, -1 )")
        case Cumulative():
            return _in_months(of, "<= Month")


def _is_member(dimension: Dimension, member: str | int) -> str:
    written = f'"{member}"' if isinstance(member, str) else member
    return f"{model.field(dimension).dax} = {written}"


def _sum(column: str, fact: Table) -> str:
    """Blank over several members of a dimension over which it does not add up, or customers would count twice."""
    over = [cut for cut in dimensions_of(fact) if cut.name in fact[column].except_over]
    text = f"SUM ( {_column(fact, column)} )"
    conditions = [f"HASONEVALUE ( {model.field(cut).dax} )" for cut in over]
    return f"IF ( {' && '.join(conditions)}, {text} )" if conditions else text


def _in_months(of: str, condition: str) -> str:
    """Over other months than those in view; every filter by month, quarter or year is removed."""
    month = model.field(ACTIVITY_MONTH)
    months = f"REMOVEFILTERS ( '{month.table}' ), {month.dax} {condition}"
    return with_variables(f"Month = MAX ( {month.dax} )", f"CALCULATE ( {of}, {months} )")


def _last_closed_month(of: Measure, fact: Table) -> str:
    return with_variables(f"Month = [{LAST_FULL_MONTH}]", f"IF ( NOT ISBLANK ( Month ), {_in_month(of, fact)} )")


def _compared_month(of: Measure, before: int, fact: Table) -> str:
    """No value under a filter by today's status, as nobody joins as Gold, nor for the incomplete first month."""
    today = (model.field(cut).table for cut in OF_TODAY if cut in dimensions_of(fact))
    filtered = " || ".join(f"ISFILTERED ( '{table}' )" for table in today)
    return with_variables(
        f"Month = EDATE ( [{LAST_FULL_MONTH}], -{before} )",
        f"IF ( Month > [{FIRST_MONTH}] && NOT ( {filtered} ), {_in_month(of, fact)} )",
    )


def _in_month(of: Measure, fact: Table) -> str:
    """In the month of the variable Month; without rows, a count is 0 and a ratio has no value."""
    month = model.field(ACTIVITY_MONTH)
    value = f"CALCULATE ( {_of(of, fact)}, REMOVEFILTERS ( '{month.table}' ), {month.dax} = Month )"
    return value if isinstance(of.expression, Ratio) else f"{value} + 0"


def last_full_month() -> str:
    """The last full month within the row or the filters."""
    month = model.field(ACTIVITY_MONTH).dax
    return with_variables(
        f"FullMonthsEnd = {full_months_end()}",
        f"CALCULATE ( MAX ( {month} ), KEEPFILTERS ( {month} < FullMonthsEnd ) )",
    )


def first_month() -> str:
    """The first month of all events, regardless of filters."""
    month = _column(ACTIVITY_SEGMENTS, ACTIVITY_MONTH.name)
    return f"CALCULATE ( MIN ( {month} ), {_lifted(ACTIVITY_SEGMENTS)} )"


def _mean_per_month(of: Measure, fact: Table) -> str:
    assert isinstance(of.expression, Sum)  # noqa: S101 - checked when the measure is defined
    month, column = model.field(ACTIVITY_MONTH).dax, _column(fact, of.expression.column)
    months = f"FILTER ( VALUES ( {month} ), {month} >= FirstMonth && {month} < FullMonthsEnd )"
    return with_variables(
        f"FullMonthsEnd = {full_months_end()}",
        f"DIVIDE ( CALCULATE ( SUM ( {column} ), {months} ) + 0, COUNTROWS ( {months} ) )",
        f"FirstMonth = [{FIRST_MONTH}]",
    )


def parameter_value(parameter: Parameter) -> str:
    """The reader's choice: the lowest value that the slicer keeps, or the highest of all if it keeps none."""
    column = ModelField(parameter.label, parameter.label).dax
    highest = f"CALCULATE ( MAX ( {column} ), REMOVEFILTERS ( '{parameter.label}' ) )"
    return f"COALESCE ( MIN ( {column} ), {highest} )"


def parameter_name(parameter: Parameter) -> str:
    """The measure with the parameter's value."""
    return f"{parameter.label} Value"


def _above(of: str, parameter: Parameter) -> str:
    """A band without a lower edge is never above; a comparison would treat its blank as 0."""
    assert parameter.of is not None  # noqa: S101 - checked when the measure is defined
    edge = model.edge_field(parameter.of).dax
    above = f"KEEPFILTERS ( {edge} >= Threshold ), KEEPFILTERS ( NOT ISBLANK ( {edge} ) )"
    return with_variables(
        f"Threshold = [{parameter_name(parameter)}]",
        f"CALCULATE ( {of}, {above} )",
    )


def _others(of: Measure, fact: Table) -> str:
    """All customers except the selection; blank if there are none, as without a filter."""
    if not isinstance(of.expression, Ratio):
        raise TypeError(f"{of.name} is not a ratio of sums, which a comparison with others needs")
    ratio = (of.expression.of, of.expression.to)
    part, whole = (f"CALCULATE ( {_of(one, fact)}, {_lifted(fact)} ) - {_of(one, fact)}" for one in ratio)
    return f"DIVIDE ( {part} + 0, {whole} )"


def full_months_end(ago: int = 0) -> str:
    """The first day after the last full month, or *ago* months earlier."""
    return f"EOMONTH ( [{AS_OF_DATE.label}] + 1, -{ago + 1} ) + 1"


def _months(months: int, before: int) -> str:
    """The last *months* full months, or as many that ended *before* months earlier, within the filters."""
    month = model.field(JOIN_MONTH).dax
    end = f"EDATE ( FullMonthsEnd, -{before} )" if before else "FullMonthsEnd"
    return (
        f"FILTER ( VALUES ( {month} ), {month} >= EDATE ( FullMonthsEnd, -{months + before} ) && {month} < {end} )"
    )


def _last_months(of: str, months: int, before: int) -> str:
    return with_variables(f"FullMonthsEnd = {full_months_end()}", f"CALCULATE ( {of}, {_months(months, before)} )")


def _observed(of: Measure, months: int, fact: Table) -> str:
    """The newest cohort of a row decides for all its cells."""
    since = model.field(MONTHS_SINCE).dax
    newest = f"CALCULATE ( MAX ( {_column(fact, JOIN_MONTH.name)} ), REMOVEFILTERS ( {since} ) )"
    return with_variables(
        f"Newest = {newest}",
        f"IF ( EDATE ( Newest, MAX ( {since} ) + {months} ) < {full_months_end()}, {_of(of, fact)} )",
    )


def _of_first_stage(of: Measure, fact: Table) -> str:
    """All customers are at the first stage."""
    return (
        f"DIVIDE ( {_of(of, fact)} + 0, CALCULATE ( {_of(of, fact)}, REMOVEFILTERS ( '{FUNNEL_STAGE.label}' ) ) )"
    )


def _of_previous_stage(of: Measure, fact: Table) -> str:
    stage = ModelField(FUNNEL_STAGE.label, "Stage").dax
    at_previous = f"REMOVEFILTERS ( '{FUNNEL_STAGE.label}' ), {stage} = Previous"
    return with_variables(
        f"Previous = MAX ( MIN ( {stage} ) - 1, 1 )",
        f"DIVIDE ( {_of(of, fact)} + 0, CALCULATE ( {_of(of, fact)}, {at_previous} ) )",
    )


def _latest(column: str, fact: Table, function: str = "MAX") -> str:
    """In the latest selected refresh, even if *fact* has no rows of it."""
    newest = f"{_column(fact, 'refresh_id')} = Newest"
    return with_variables(
        f"Newest = MAX ( {_column(REFRESHES, 'refresh_id')} )",
        f"CALCULATE ( {function} ( {_column(fact, column)} ), {newest} )",
    )


def _lifted(fact: Table) -> str:
    """Removes every filter on the fact: its own dimensions follow from the fact, the funnel must be named."""
    tables = [model.fact_name(fact), *([FUNNEL_STAGE.label] if FUNNEL_STAGE in dimensions_of(fact) else [])]
    return ", ".join(f"REMOVEFILTERS ( '{table}' )" for table in tables)


def _of(measure: Measure, fact: Table) -> str:
    return f"[{model.measure_name(measure, fact)}]"


def _column(fact: Table, source: str) -> str:
    table = model.table_named(model.fact_name(fact))
    return ModelField(table.name, table.column(source).name).dax


def with_variables(variable: str, result: str, *more: str) -> str:
    variables = "\n".join(f"VAR {one}" for one in (variable, *more))
    return f"{variables}\nRETURN\n    {result}"
