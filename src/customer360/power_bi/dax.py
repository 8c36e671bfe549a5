"""
Measures as DAX.

One measure refers to another by name, so what stands here of a measure is one step of it. Filters inside a
measure narrow what the reader chose (KEEPFILTERS, VALUES) and never replace it. A measure that is cut by what its
fact does not have is taken from the fact that has it, or is blank: it never repeats its total in every part.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from customer360.power_bi import model
from customer360.power_bi.model import ModelField
from customer360.report.dimensions import AT_JOINING, FUNNEL_STAGE, JOIN_MONTH, MONTHS_SINCE, dimensions_of
from customer360.report.expressions import (
    Above,
    Comparable,
    Format,
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
    facts_of,
    needs,
    parts,
)
from customer360.report.measures import AS_OF_DATE
from customer360.tables import REFRESH_SOURCES, REFRESHES, Column, Table

FORMATS: Final[Mapping[Format, str]] = {
    "count": "#,0",
    "amount": "#,0.00",
    "decimal": "#,0.0",
    "percent": "0.0%",
    "date": "d mmm yyyy",
}
MISSING_COLUMNS: Final = "Missing Columns"
"""The measure that names the columns of the sources that hold nothing, each between `_SEPARATOR`s."""
_SEPARATOR: Final = ", "


def missing_columns() -> str:
    """Of all sources of the newest refresh that is selected; with a separator at both ends, as no name has one."""
    refresh_id, names = (_column(REFRESH_SOURCES, name) for name in ("refresh_id", "missing_columns"))
    listed = f'CONCATENATEX ( VALUES ( {names} ), {names}, "{_SEPARATOR}" )'
    return _with(
        f"Newest = MAX ( {_column(REFRESHES, 'refresh_id')} )",
        f'"{_SEPARATOR}" & CALCULATE ( {listed}, {refresh_id} = Newest ) & "{_SEPARATOR}"',
    )


def expression(measure: Measure, fact: Table) -> str:
    """
    The DAX of *measure* over *fact*.

    Blank, and never 0, where the data lacks a column that it needs. In its home, where readers see it, it asks the
    fact that can answer.
    """
    text = _expression(measure, fact)
    own = needs(measure).difference(*map(needs, _blank_with(measure)))
    conditions = [f"NOT {is_missing(own)}"] if own else []
    home, *others = facts_of(measure)
    if home is not fact or measure.hidden or measure.format == "date":
        return _only_if(conditions, text)
    otherwise = [f"IF ( {_answers(other)}, {_of(measure, other)} )" for other in others]
    return _only_if([_answers(fact), *conditions], text, *otherwise)


def _only_if(conditions: list[str], text: str, *otherwise: str) -> str:
    """The result of *text* under the *conditions*, after its variables."""
    if not conditions:
        return text
    variables, found, result = text.rpartition("RETURN\n    ")
    indent = "    " if found else ""
    lines = ",\n".join(f"    {line}" for line in (" && ".join(conditions), result, *otherwise))
    return variables + found + f"IF (\n{lines}\n)".replace("\n", f"\n{indent}")


def _blank_with(measure: Measure) -> tuple[Measure, ...]:
    """The parts that make *measure* blank when they are; nothing of something is 0."""
    match measure.expression:
        case Ratio(_, to):
            return (to,)
        case Others() | Comparable():
            return ()
        case _:
            return parts(measure)


def answers_name(fact: Table) -> str:
    """The measure that says whether *fact* has all that it is cut by."""
    return f"{model.fact_name(fact)} Answer"


def answers(fact: Table, *, hide_names: bool = False) -> str:
    """
    Whether *fact* has all that it is cut by.

    What only the other segments have may not even be filtered; anything else may not be an axis.
    """
    filtered = [f"ISCROSSFILTERED ( '{table}' )" for table in model.tables_of_siblings(fact)]
    shown = [f"ISINSCOPE ( {field.dax} )" for field in model.fields_beyond(fact, hide_names=hide_names)]
    return f"NOT ( {' || '.join([*filtered, *shown])} )"


def _answers(fact: Table) -> str:
    return f"[{answers_name(fact)}]"


def is_missing(columns: Collection[Column]) -> str:
    """A condition: that the data lacks one of *columns*, told from others by their whole names."""
    names = [f"{_SEPARATOR}{name}{_SEPARATOR}" for name in sorted(column.full_name for column in columns)]
    conditions = [f'CONTAINSSTRING ( [{MISSING_COLUMNS}], "{name}" )' for name in names]
    return conditions[0] if len(conditions) == 1 else f"( {' || '.join(conditions)} )"


def _expression(measure: Measure, fact: Table) -> str:
    match measure.expression:
        case Sum(column):
            return f"SUM ( {_column(fact, column)} )"
        case Missing(count):
            return f"SUM ( {_column(fact, 'customers')} ) - SUM ( {_column(fact, count)} )"
        case Where(of, dimension, member):
            return f'CALCULATE ( {_of(of, fact)}, KEEPFILTERS ( {model.field(dimension).dax} = "{member}" ) )'
        case Above(of, parameter):
            return _above(of, parameter, fact)
        case Ratio(of, to):
            return f"DIVIDE ( {_of(of, fact)} + 0, {_of(to, fact)} )"
        case OfTotal(of):
            return f"DIVIDE ( {_of(of, fact)}, CALCULATE ( {_of(of, fact)}, ALLSELECTED () ) )"
        case Others(of):
            return _others(of, fact)
        case LastMonths(of, months, before):
            return _last_months(of, months, before, fact)
        case Comparable(of, months):
            return _comparable(of, months, fact)
        case Observed(of, months):
            return _observed(of, months, fact)
        case OfStage(of, stage):
            return _of_first_stage(of, fact) if stage == "first" else _of_previous_stage(of, fact)
        case Latest(column, total):
            return _latest(column, fact, "SUM" if total else "MAX")


def parameter_value(parameter: Parameter) -> str:
    """What the reader set: the lowest value the slicer leaves, or the highest of all when it leaves none."""
    column = ModelField(parameter.label, parameter.label).dax
    highest = f"CALCULATE ( MAX ( {column} ), REMOVEFILTERS ( '{parameter.label}' ) )"
    return f"COALESCE ( MIN ( {column} ), {highest} )"


def parameter_name(parameter: Parameter) -> str:
    """The measure that holds the parameter's value."""
    return f"{parameter.label} Value"


def _above(of: Measure, parameter: Parameter, fact: Table) -> str:
    """A band without a lower edge is never above; a comparison would take its blank for 0."""
    edge = model.edge_field(parameter.of).dax
    above = f"KEEPFILTERS ( {edge} >= Threshold ), KEEPFILTERS ( NOT ISBLANK ( {edge} ) )"
    return _with(
        f"Threshold = [{parameter_name(parameter)}]",
        f"CALCULATE ( {_of(of, fact)}, {above} )",
    )


def _others(of: Measure, fact: Table) -> str:
    """Everybody less the selection: blank where that is nobody, so without a filter too."""
    if not isinstance(of.expression, Ratio):
        raise TypeError(f"{of.name} is not a ratio of sums, of which those of others follow")
    ratio = (of.expression.of, of.expression.to)
    part, whole = (f"CALCULATE ( {_of(one, fact)}, {_lifted(fact)} ) - {_of(one, fact)}" for one in ratio)
    return f"DIVIDE ( {part} + 0, {whole} )"


def full_months_end(ago: int = 0) -> str:
    """The first day after the last full month, or *ago* months earlier."""
    return f"EOMONTH ( [{AS_OF_DATE.label}] + 1, -{ago + 1} ) + 1"


def _months(months: int, before: int) -> str:
    """Of the last *months* full months, or of as many before, those that the filters leave."""
    month = model.field(JOIN_MONTH).dax
    end = f"EDATE ( FullMonthsEnd, -{before} )" if before else "FullMonthsEnd"
    return (
        f"FILTER ( VALUES ( {month} ), {month} >= EDATE ( FullMonthsEnd, -{months + before} ) && {month} < {end} )"
    )


def _last_months(of: Measure, months: int, before: int, fact: Table) -> str:
    return _with(
        f"FullMonthsEnd = {full_months_end()}", f"CALCULATE ( {_of(of, fact)}, {_months(months, before)} )"
    )


def _comparable(of: Measure, months: int, fact: Table) -> str:
    """Where all the months are there, and nothing is filtered that customers are today and were not at joining."""
    today = [model.field(cut).table for cut in dimensions_of(fact) if cut not in AT_JOINING]
    filtered = " || ".join(f"ISFILTERED ( '{table}' )" for table in today)
    return _with(
        f"FullMonthsEnd = {full_months_end()}",
        f"IF ( COUNTROWS ( {_months(months, 0)} ) = {months} && NOT ( {filtered} ), {_of(of, fact)} + 0 )",
    )


def _observed(of: Measure, months: int, fact: Table) -> str:
    """The newest cohort of a row decides for all of its cells."""
    since = model.field(MONTHS_SINCE).dax
    newest = f"CALCULATE ( MAX ( {_column(fact, JOIN_MONTH.name)} ), REMOVEFILTERS ( {since} ) )"
    return _with(
        f"Newest = {newest}",
        f"IF ( EDATE ( Newest, MAX ( {since} ) + {months} ) < {full_months_end()}, {_of(of, fact)} )",
    )


def _of_first_stage(of: Measure, fact: Table) -> str:
    """Everybody is at the first stage."""
    return (
        f"DIVIDE ( {_of(of, fact)} + 0, CALCULATE ( {_of(of, fact)}, REMOVEFILTERS ( '{FUNNEL_STAGE.label}' ) ) )"
    )


def _of_previous_stage(of: Measure, fact: Table) -> str:
    stage = ModelField(FUNNEL_STAGE.label, "Stage").dax
    at_previous = f"REMOVEFILTERS ( '{FUNNEL_STAGE.label}' ), {stage} = Previous"
    return _with(
        f"Previous = MAX ( MIN ( {stage} ) - 1, 1 )",
        f"DIVIDE ( {_of(of, fact)} + 0, CALCULATE ( {_of(of, fact)}, {at_previous} ) )",
    )


def _latest(column: str, fact: Table, function: str = "MAX") -> str:
    """Of the newest refresh that is selected, also where *fact* has nothing of it."""
    newest = f"{_column(fact, 'refresh_id')} = Newest"
    return _with(
        f"Newest = MAX ( {_column(REFRESHES, 'refresh_id')} )",
        f"CALCULATE ( {function} ( {_column(fact, column)} ), {newest} )",
    )


def _lifted(fact: Table) -> str:
    """Every filter on the fact: those on its own dimensions reach it, the funnel's must be named."""
    tables = [model.fact_name(fact), *([FUNNEL_STAGE.label] if FUNNEL_STAGE in dimensions_of(fact) else [])]
    return ", ".join(f"REMOVEFILTERS ( '{table}' )" for table in tables)


def _of(measure: Measure, fact: Table) -> str:
    return f"[{model.measure_name(measure, fact)}]"


def _column(fact: Table, source: str) -> str:
    table = model.table_named(model.fact_name(fact))
    return ModelField(table.name, table.column(source).name).dax


def _with(variable: str, result: str) -> str:
    return f"VAR {variable}\nRETURN\n    {result}"
