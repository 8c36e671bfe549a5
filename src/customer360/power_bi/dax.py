"""
Measures as DAX.

One measure refers to another by name, so what stands here of a measure is one step of it. Filters inside a
measure narrow what the reader chose (KEEPFILTERS, VALUES) and never replace it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from customer360.dimensions import FUNNEL_STAGE, JOIN_MONTH, dimensions_of
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
    needs,
    parts,
)
from customer360.power_bi import model
from customer360.power_bi.model import Field
from customer360.tables import REFRESHES, Table

MISSING_COLUMNS: Final = "Missing Columns"
"""The measure that names the columns of the source that hold nothing."""


def missing_columns() -> str:
    return _latest("missing_columns", REFRESHES)


def expression(measure: Measure, fact: Table) -> str:
    """The DAX of *measure* over *fact*: blank, and never 0, where the data lacks a column that it needs."""
    text = _expression(measure, fact)
    own = needs(measure).difference(*map(needs, _blank_with(measure)))
    if not own:
        return text
    variables, found, result = text.rpartition("RETURN\n    ")
    indent = "    " if found else ""
    lines = ["IF (", f"    NOT {is_missing(own)},", f"    {result}", ")"]
    return variables + found + f"\n{indent}".join(lines)


def _blank_with(measure: Measure) -> tuple[Measure, ...]:
    """The parts that make *measure* blank when they are; nothing of something is 0."""
    return (measure.expression.to,) if isinstance(measure.expression, Ratio) else parts(measure)


def is_missing(columns: Collection[str]) -> str:
    """A condition: that the data lacks one of *columns*."""
    conditions = [f'CONTAINSSTRING ( [{MISSING_COLUMNS}], "{column}" )' for column in sorted(columns)]
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
        case Everyone(of):
            return f"CALCULATE ( {_of(of, fact)}, {_lifted(fact)} )"
        case LastMonths(of, months, before):
            return _last_months(of, months, before, fact)
        case OfStage(of, stage):
            return _of_first_stage(of, fact) if stage == "first" else _of_previous_stage(of, fact)
        case Latest(column):
            return _latest(column, fact)


def parameter_value(parameter: Parameter) -> str:
    """What the reader set: the lowest value the slicer leaves, or the highest of all when it leaves none."""
    column = Field(parameter.label, parameter.label).dax
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


def _last_months(of: Measure, months: int, before: int, fact: Table) -> str:
    field = model.field(JOIN_MONTH)
    month = field.dax
    first, end = (
        f"EDATE ( AsOfMonth, -{months + before} )",
        f"EDATE ( AsOfMonth, -{before} )" if before else "AsOfMonth",
    )
    window = f"{month} >= {first} && {month} < {end}"
    return _with(
        f"AsOfMonth = CALCULATE ( MAX ( {month} ), REMOVEFILTERS ( '{field.table}' ) )",
        f"CALCULATE ( {_of(of, fact)}, FILTER ( VALUES ( {month} ), {window} ) )",
    )


def _of_first_stage(of: Measure, fact: Table) -> str:
    """Everybody is at the first stage."""
    return (
        f"DIVIDE ( {_of(of, fact)} + 0, CALCULATE ( {_of(of, fact)}, REMOVEFILTERS ( '{FUNNEL_STAGE.label}' ) ) )"
    )


def _of_previous_stage(of: Measure, fact: Table) -> str:
    stage = Field(FUNNEL_STAGE.label, "Stage").dax
    at_previous = f"REMOVEFILTERS ( '{FUNNEL_STAGE.label}' ), {stage} = Previous"
    return _with(
        f"Previous = MAX ( MIN ( {stage} ) - 1, 1 )",
        f"DIVIDE ( {_of(of, fact)} + 0, CALCULATE ( {_of(of, fact)}, {at_previous} ) )",
    )


def _latest(column: str, fact: Table) -> str:
    refresh = _column(fact, "refresh_id")
    return _with(
        f"Newest = MAX ( {refresh} )", f"CALCULATE ( MAX ( {_column(fact, column)} ), {refresh} = Newest )"
    )


def _lifted(fact: Table) -> str:
    """Every filter on the fact: those on its own dimensions reach it, the funnel's must be named."""
    tables = [model.fact_name(fact), *([FUNNEL_STAGE.label] if FUNNEL_STAGE in dimensions_of(fact) else [])]
    return ", ".join(f"REMOVEFILTERS ( '{table}' )" for table in tables)


def _of(measure: Measure, fact: Table) -> str:
    return f"[{model.measure_name(measure, fact)}]"


def _column(fact: Table, source: str) -> str:
    table = model.table_named(model.fact_name(fact))
    return Field(table.name, table.column(source).name).dax


def _with(variable: str, result: str) -> str:
    return f"VAR {variable}\nRETURN\n    {result}"
