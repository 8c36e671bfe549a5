"""
The customers behind a number, as DAX: the filter of the table on a drillthrough page.

Power BI passes a page the filters of the clicked mark, but not the conditions of the measure. So each measure has
a page and a hidden measure, *List of ...*, with a value for exactly the customers that the measure counts: for one
customer, the number of rows or their sum.

No relationship leads to the tables of individual customers. Like the number, a list applies only filters by the
dimensions of its fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from customer360.power_bi import dax, model, values
from customer360.power_bi.parts import ModelField
from customer360.report.dimensions import (
    ACTIVITY_MONTH,
    DIMENSIONS,
    JOIN_MONTH,
    MONTHS_SINCE,
    Dimension,
    dimensions_of,
)
from customer360.report.expressions import (
    Above,
    Cumulative,
    Known,
    LastClosedMonth,
    LastMonths,
    Less,
    Measure,
    Missing,
    MonthBefore,
    Observed,
    OfStage,
    OfTotal,
    Ratio,
    Sum,
    Times,
    Where,
    facts_of,
)
from customer360.report.measures import measure
from customer360.report.visuals import Report, Visual
from customer360.tables import COHORT_RETENTION, CUSTOMER_MONTHS, CUSTOMER_PROFILES, Column, Table
from customer360.tables.conditions import Among, AtLeast, Condition, IsKnown, IsUnknown

_PROFILES: Final = model.fact_name(CUSTOMER_PROFILES)


@dataclass(frozen=True)
class People:
    """The customers that *measure* of *fact* counts; for a ratio, *measure* is its numerator."""

    measure: Measure
    fact: Table

    @property
    def of(self) -> str:
        """The measure's name in the model."""
        return model.measure_name(self.measure, self.fact)

    @property
    def field(self) -> ModelField:
        """The measure that has a value only for these customers."""
        return ModelField(_PROFILES, f"List of {self.of}")

    @property
    def adds_up(self) -> bool:
        """Whether the number is a sum over rows of the customers rather than the number of customers."""
        return _adds_up(self.measure, self.fact)


def behind(one: Measure, fact: Table) -> People | None:
    """The customers behind *one* over *fact*; None if it is not about individual customers."""
    match one.expression:
        case Times(of) | OfTotal(of) | Observed(of) | OfStage(of):
            return behind(of, fact)
        case Ratio(of, to):
            return behind(of, fact) or behind(to, fact)
        case Sum(column) | Missing(column):
            has_people = fact[column].counts is not None or bool(fact[column].sums)
            return People(one, fact) if has_people else None
        case Less(of, less):
            return People(one, fact) if all(behind(part, fact) for part in (of, *less)) else None
        case _:
            return People(one, fact) if any(behind(part, fact) for part in _parts(one)) else None


def fields(visual: Visual) -> Iterator[tuple[ModelField, Measure]]:
    """The fields that a visual shows, each with its measure."""
    table = model.fact_name(visual.fact)
    further: tuple[Measure, ...] = visual.tooltip_measures
    if visual.kind == "parameter":
        return
    if visual.kind == "flow":
        below = values.below(visual)
        yield from ((ModelField(table, name), one) for name, (one, _) in below.items())
        further = (*map(measure, visual.above), visual.measure, *further)
    else:
        yield values.field(visual), values.drawn(visual)
    if visual.kind in ("kpi", "heat_map", "table"):
        further = (measure(visual.compare),) if visual.compare else ()
    yield from ((ModelField(table, model.measure_name(one, visual.fact)), one) for one in further)


def shown(report: Report) -> dict[People, tuple[ModelField, ...]]:
    """The lists that the visuals of *report* lead to, each with the measures that open it."""
    found: dict[People, dict[ModelField, None]] = {}
    for visual in (visual for page in report.pages for visual in page.visuals):
        for field, one in fields(visual):
            if people := behind(one, visual.fact):
                found.setdefault(people, {})[field] = None
    return {people: tuple(fields) for people, fields in found.items()}


def measures(report: Report) -> dict[People, str]:
    """Every list that *report* needs, including those that others are built from, with its DAX."""
    needed: dict[People, None] = {}
    for people in shown(report):
        needed |= dict.fromkeys(_with_parts(people))
    return {people: expression(people) for people in needed}


def _with_parts(people: People) -> Iterator[People]:
    yield people
    for part in _parts(people.measure):
        if inner := behind(part, people.fact):
            yield from _with_parts(inner)


def _parts(one: Measure) -> tuple[Measure, ...]:
    """The measures from whose lists the list of *one* is built."""
    match one.expression:
        case Less(of, less):
            return (of, *less)
        case Where(of) | Above(of) | LastMonths(of) | Known(of):
            return (of,)
        case MonthBefore(of) | Cumulative(of) | LastClosedMonth(of):
            return (of,)
        case _:
            return ()


def _adds_up(one: Measure, fact: Table) -> bool:
    match one.expression:
        case Sum(column):
            return fact in model.ROWS_OF and bool(fact[column].sums)
        case _:
            inner = [behind(part, fact) for part in _parts(one)]
            return any(people.adds_up for people in inner if people)


# --- DAX ---------------------------------------------------------------------------------------------------


def expression(people: People) -> str:
    """A value for each customer that the measure counts; blank for all others."""
    one, fact = people.measure, people.fact
    match one.expression:
        case Sum(column):
            return _counted(fact[column], people)
        case Missing(column):
            return _selected(people, _rows(fact), _denied(fact[column]))
        case Less(of, less):
            return _less(_list(of, fact), [_list(part, fact) for part in less], adds_up=people.adds_up)
        case LastClosedMonth(of, before):
            return _last_month(_list(of, fact), before)
        case Where(of) | Above(of) | LastMonths(of) | Known(of) | MonthBefore(of) | Cumulative(of):
            return dax.narrowed(one.expression, _list(of, fact), fact)
    raise TypeError(f"{one.name} has no list of its own")


def _list(part: Measure, fact: Table) -> str:
    people = behind(part, fact)
    assert people  # noqa: S101 - otherwise no list needs it
    return f"[{people.field.column}]"


def _counted(column: Column, people: People) -> str:
    """The customers that *column* of the fact covers."""
    if people.fact is COHORT_RETENTION:
        return _cohort(column)
    rows = _rows(people.fact)
    if not people.adds_up:
        return _selected(people, rows, column.counts or ())
    total = _selected(people, rows, column.counts or (), f"SUM ( {_column(rows, column.sums)} )")
    variables, _, result = total.rpartition("RETURN\n    ")
    return f"{variables}VAR Added = {result}\nRETURN\n    {_if_any('Added')}"


def _rows(fact: Table) -> Table:
    return model.ROWS_OF.get(fact, CUSTOMER_PROFILES)


def _selected(people: People, rows: Table, conditions: Iterable[Condition], counted: str = "") -> str:
    """The *rows* of customers that meet *conditions*, under the filters that reach the number."""
    cuts = [(cut, _column_of(cut, rows)) for cut in _cuts(people)]
    variables = [text for cut, _ in cuts for text in _variables(cut)]
    holds = [f"NOT {_is_by(cut)} || {column} IN {_members(cut)}" for cut, column in cuts]
    holds += [_holds(condition, rows) for condition in conditions]
    counted = counted or f"COUNTROWS ( '{model.fact_name(rows)}' )"
    arguments = [counted, *(f"KEEPFILTERS ( {one} )" for one in holds)]
    lines = ",\n".join(f"        {one}" for one in arguments)
    return dax.with_variables(variables[0], f"CALCULATE (\n{lines}\n    )", *variables[1:])


def _cuts(people: People) -> list[Dimension]:
    """
    The dimensions whose filters reach the number.

    In its home, a measure uses the fact that has every filtered dimension; elsewhere it has only one fact.
    """
    facts = facts_of(people.measure)
    asked = facts if people.fact is facts[0] else (people.fact,)
    return [cut for cut in DIMENSIONS if not cut.level_of and any(cut in dimensions_of(fact) for fact in asked)]


def _column_of(cut: Dimension, rows: Table) -> str:
    """The column of individual customers for the dimension."""
    if cut is ACTIVITY_MONTH:
        return _column(rows, "month")
    if cut.profile_column:
        return _column(CUSTOMER_PROFILES, cut.profile_column)
    return _column(rows, cut.column)


def _column(table: Table, source: str) -> str:
    name = model.fact_name(table)
    return ModelField(name, model.table_named(name).column(source).name).dax


def _variables(cut: Dimension) -> tuple[str, str]:
    return (
        f"{_is_by(cut)} = ISFILTERED ( {model.filtered(cut)} )",
        f"{_members(cut)} = VALUES ( {model.key_field(cut).dax} )",
    )


def _is_by(cut: Dimension) -> str:
    return "By" + cut.label.replace(" ", "")


def _members(cut: Dimension) -> str:
    return "In" + cut.label.replace(" ", "")


def _denied(column: Column) -> tuple[Condition, ...]:
    """The customers that *column*, which counts known values, omits."""
    return tuple(IsUnknown(one.column) for one in column.counts or () if isinstance(one, IsKnown))


def _holds(condition: Condition, rows: Table) -> str:
    column = _column(rows, condition.column)
    match condition:
        case IsKnown():
            return f"NOT ISBLANK ( {column} )"
        case IsUnknown():
            return f"ISBLANK ( {column} )"
        case AtLeast(_, least):
            return f"{column} >= {least}"
        case Among(_, (True,)):
            return f"{column} = TRUE ()"
    raise TypeError(f"no column of a fact counts customers by {condition}")


def _less(of: str, less: list[str], *, adds_up: bool) -> str:
    """The customers in one list and none of the others; for sums, those whose total is not 0."""
    if adds_up:
        return dax.with_variables(f"Added = {' - '.join([of, *less])}", _if_any("Added"))
    return f"IF ( {' && '.join(f'ISBLANK ( {one} )' for one in less)}, {of} )"


def _if_any(value: str) -> str:
    return f"IF ( {value} <> 0, {value} )"


def _last_month(of: str, before: int) -> str:
    """In the last full month in view, or *before* months earlier."""
    month, latest = model.field(ACTIVITY_MONTH), f"[{dax.LAST_FULL_MONTH}]"
    return dax.with_variables(
        f"Month = EDATE ( {latest}, -{before} )" if before else f"Month = {latest}",
        f"CALCULATE ( {of}, REMOVEFILTERS ( '{month.table}' ), {month.dax} = Month )",
    )


def _cohort(column: Column) -> str:
    """The customers that the cell counts, of the cohorts in view that have the cell."""
    since, joined = model.field(MONTHS_SINCE).dax, _column(CUSTOMER_PROFILES, JOIN_MONTH.name)
    cohorts, counts = (_column(COHORT_RETENTION, name) for name in (JOIN_MONTH.name, column.name))
    listed = f"CALCULATE ( COUNTROWS ( {_seen(column)} ), KEEPFILTERS ( {joined} IN Cohorts ) )"
    return dax.with_variables(
        f"Since = MAX ( {since} )",
        f"IF ( HASONEVALUE ( {since} ), {listed} )",
        f"Cohorts = CALCULATETABLE ( VALUES ( {cohorts} ), NOT ISBLANK ( {counts} ) )",
    )


def _seen(column: Column) -> str:
    """Rows of customers active *Since* months after joining, or seen then or later; month 0 includes everyone."""
    joined = _column(CUSTOMER_PROFILES, JOIN_MONTH.name)
    if column.name == "active_customers":
        after = _months_after(_column(CUSTOMER_MONTHS, "month"), f"RELATED ( {joined} )")
        holds = [f"{after} = Since", *(_holds(one, CUSTOMER_MONTHS) for one in column.counts or ())]
        return f"FILTER ( '{model.fact_name(CUSTOMER_MONTHS)}', {' && '.join(holds)} )"
    if column.name == "retained_customers":
        after = _months_after(_column(CUSTOMER_PROFILES, "last_seen"), joined)
        return f"FILTER ( '{_PROFILES}', Since = 0 || {after} >= Since )"
    return f"'{_PROFILES}'"


def _months_after(day: str, joined: str) -> str:
    """The months from the join month to the month of *day*, in arithmetic that folds into the query."""
    return f"12 * ( YEAR ( {day} ) - YEAR ( {joined} ) ) + MONTH ( {day} ) - MONTH ( {joined} )"
