"""
The semantic model as data: its tables, columns and relationships, and their names.

A star schema for each fact: dimension tables filter facts, one way, many to one. Some dimensions are the same
table in different roles (months, bands), so each role is a separate table. The funnel is the only many-to-many
relationship: its stages overlap, and a stage represents every deepest stage that it includes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from customer360 import tables
from customer360.power_bi.parts import ModelColumn, ModelField, ModelTable, Relationship
from customer360.report import dimensions as d
from customer360.report.dimensions import DIMENSIONS, FACTS, FUNNEL_STAGES, Dimension, dimensions_of
from customer360.report.expressions import Measure, facts_of
from customer360.report.measures import MEASURES
from customer360.report.parameters import PARAMETERS, Parameter
from customer360.tables import Table

STEPS: Final = 1000
"""The number of steps of a parameter from 0 to its maximum, if its values are not the edges of bands."""
NAMING: Final = tuple(column.name for column in tables.TOP_CUSTOMERS.columns if column.personal)
"""Columns that identify a customer; without them, customer_id is shown."""

LISTED: Final = (
    "customer_id",
    "source_id",
    "status_member",
    "country_member",
    "activity",
    "join_date",
    "account_balance",
    "loyalty_points",
    "orders",
    "spent",
    "last_seen",
    "rfm_segment",
    "expected_amount",
)
"""The columns of customer_profiles in a list of customers; customer_id gives each customer a separate row."""
ROWS_OF: Final = {tables.ACTIVITY_SEGMENTS: tables.CUSTOMER_MONTHS, tables.TIER_MOVES: tables.CUSTOMER_MOVES}
"""The table of individual customers that a fact is summed from, if that is not customer_profiles."""

# Only these columns of a fact are in the field list; sums are for measures, keys for relationships.
_SHOWN: Final = {
    "top_customers": NAMING,
    "cohort_retention": ("months_since",),
    "demographic_segments": ("gender",),
    "top_spenders": NAMING,
    "spending_tenths": ("spending_tenth",),
    "tier_moves": ("from_status", "to_status"),
    "refreshes": ("as_of_date", "source_table", "source_kind", "started_at", "finished_at", "version"),
    "data_quality": ("check_name", "severity", "description"),
}
_UNUSED: Final = (
    "cell_rank",
    "holdout_amount",
    "retained_share",
    "active_share",
    "rows_in",
    "rows_out",
    "rows_not_yet_joined",
    "missing_columns",
)
_NAMES: Final = {
    "months_since": d.MONTHS_SINCE.label,
    "spending_tenth": d.SPENDING_TENTH.label,
    "as_of_date": "As of Date",
}
_ROLES: Final = {
    "join_month": "Calendar",
    "join_year": "Calendar",
    "last_login_month": "Last Login Calendar",
    "activity_month": "Activity Calendar",
    "month": "Activity Calendar",
}
_CATEGORIES: Final = {d.COUNTRY: "Country"}
_ROLE_PREFIX: Final = {"Last Login Calendar": "Last Login ", "Activity Calendar": "Activity "}


def fact_name(fact: Table) -> str:
    """The model's name of a fact: 'Customer Segments'."""
    return _title(fact.name)


def measure_name(measure: Measure, fact: Table) -> str:
    """
    The name of *measure* over *fact*: its label in its home, elsewhere with the fact in parentheses.

    Names are unique in a model, and a measure can only follow an axis if it is computed from the fact that the
    axis cuts.
    """
    if facts_of(measure)[0] is fact:
        return measure.label
    return f"{measure.label} ({fact_name(fact).removesuffix(' Segments')})"


def measures_of(fact: Table) -> tuple[Measure, ...]:
    """The measures that live in *fact*."""
    return tuple(measure for measure in MEASURES if fact in facts_of(measure))


def field(dimension: Dimension) -> ModelField:
    """The column that shows the members of *dimension*."""
    if dimension in _IN_FACTS:
        fact = next(fact for fact in FACTS if dimension in dimensions_of(fact))
        return ModelField(fact_name(fact), dimension.label)
    table = _dimension_table(dimension)
    if dimension.members is tables.CALENDAR_MONTHS and not dimension.level_of:
        return ModelField(table.name, table.column("month").name)
    return ModelField(table.name, table.column(dimension.text or "stage_name").name)


def filtered(dimension: Dimension) -> str:
    """What a filter by *dimension* applies to, in DAX: its whole table, or its column of a fact."""
    return field(dimension).dax if dimension in _IN_FACTS else f"'{field(dimension).table}'"


def fact_field(fact: Table, column: str) -> ModelField:
    """A column of a fact or, if it is a dimension, the column of the dimension."""
    for dimension in dimensions_of(fact):
        if dimension.name == column and dimension not in _IN_FACTS:
            return field(dimension)
    table = table_named(fact_name(fact))
    return ModelField(table.name, table.column(column).name)


def tables_of_siblings(fact: Table) -> tuple[str, ...]:
    """The dimension tables of other segments that *fact*, itself segments, does not have."""
    cuts = [cut for cut in _cuts_of_siblings(fact) if cut not in _IN_FACTS]
    return tuple(dict.fromkeys(_dimension_table(cut).name for cut in cuts))


def fields_of_siblings(fact: Table) -> tuple[ModelField, ...]:
    """The columns by which other segments are cut and *fact*, itself segments, is not."""
    return tuple(field(cut) for cut in _cuts_of_siblings(fact) if cut in _IN_FACTS)


def _cuts_of_siblings(fact: Table) -> list[Dimension]:
    others = _SEGMENTS if fact in _SEGMENTS else ()
    return [cut for other in others for cut in dimensions_of(other) if cut not in dimensions_of(fact)]


def fields_beyond(fact: Table, *, hide_names: bool = False) -> tuple[ModelField, ...]:
    """The columns in the field list that do not cut *fact* and do not belong to its siblings."""
    related = {one.to_table for one in RELATIONSHIPS if one.from_table == fact_name(fact)}
    parameters = {parameter.label for parameter in PARAMETERS}
    known = {fact_name(fact), *parameters, *related, *tables_of_siblings(fact)}
    others = (table for table in tables_for(hide_names=hide_names) if table.name not in known)
    return tuple(
        ModelField(table.name, column.name) for table in others for column in table.columns if not column.hidden
    )


def key_field(dimension: Dimension) -> ModelField:
    """The column to which facts are related; for a column of a fact, that column."""
    if dimension in _IN_FACTS:
        return field(dimension)
    table = _dimension_table(dimension)
    return ModelField(table.name, table.column(dimension.key or "deepest_stage").name)


def edge_field(dimension: Dimension) -> ModelField:
    """The lower edges of a dimension of bands."""
    table = _dimension_table(dimension)
    return ModelField(table.name, table.column("low").name)


def tables_for(*, hide_names: bool) -> tuple[ModelTable, ...]:
    """The tables of the model; with *hide_names*, no column identifies a customer."""
    return tuple(map(_without_names, MODEL_TABLES)) if hide_names else MODEL_TABLES


def _without_names(table: ModelTable) -> ModelTable:
    if not any(column.source in NAMING for column in table.columns):
        return table
    kept = (column for column in table.columns if column.source not in NAMING)
    if table.asked:
        return replace(table, columns=tuple(kept))
    shown = (replace(one, hidden=one.hidden and one.source != tables.CUSTOMERS.key[0]) for one in kept)
    return replace(table, columns=tuple(shown))


def table_named(name: str) -> ModelTable:
    return next(table for table in MODEL_TABLES if table.name == name)


def _dimension_table(dimension: Dimension) -> ModelTable:
    return table_named(_ROLES.get(dimension.name, dimension.label))


# --- building --------------------------------------------------------------------------------------------


def _fact(fact: Table) -> ModelTable:
    shown = _SHOWN.get(fact.name, ())
    columns = tuple(
        replace(_column(fact, name, _NAMES.get(name) or fact[name].label), hidden=False)
        if name in shown
        else replace(_column(fact, name, _hidden_name(fact, name)), hidden=True, key=(name,) == fact.key)
        for name in fact.column_names
        if name not in _UNUSED
    )
    return ModelTable(fact_name(fact), fact.comment, columns, fact)


def _hidden_name(fact: Table, column: str) -> str:
    """Its own name, or another if a measure of the table has it: columns and measures share their names."""
    taken = {measure_name(measure, fact).lower() for measure in measures_of(fact)}
    return f"{column}_sum" if column in taken else column


def _notes(table: Table, *names: str) -> ModelTable:
    """What measures look up in *table*; its counts would reveal other countries to a reader of one country."""
    columns = tuple(replace(_column(table, name, name), hidden=True) for name in names)
    return ModelTable(fact_name(table), table.comment, columns, table)


def _people() -> Iterator[ModelTable]:
    """
    The tables of individual customers: always queried, because they have at least a row per customer.

    No dimension is related to them; the measures of the lists apply the filters.
    """
    covered = {one for fact in FACTS if fact not in ROWS_OF for one in _covered(fact)}
    cuts = {cut.profile_column for cut in DIMENSIONS}
    of_profiles = covered | cuts | {*LISTED, "last_seen"}
    yield _asked(tables.CUSTOMER_PROFILES, of_profiles)
    of_months = {"customer_id", "month", *_covered(tables.ACTIVITY_SEGMENTS)}
    yield _asked(tables.CUSTOMER_MONTHS, of_months)
    yield _asked(tables.CUSTOMER_MOVES, set(tables.CUSTOMER_MOVES.column_names))


def _covered(fact: Table) -> set[str]:
    """The columns of individual customers that *fact* counts by or sums."""
    counted = {one.column for column in fact.columns for one in column.counts or ()}
    return counted | {column.sums for column in fact.columns if column.sums}


def _asked(table: Table, names: set[str]) -> ModelTable:
    notes = _notes(table, *(name for name in table.column_names if name in names))
    columns = (
        replace(one, key=(one.source,) == table.key, format=_LIST_FORMATS.get(one.type, one.format))
        for one in notes.columns
    )
    return replace(notes, columns=tuple(columns), asked=True)


def _calendar(dimension: Dimension) -> ModelTable:
    name = _ROLES[dimension.name]
    prefix = _ROLE_PREFIX.get(name, "")
    source = tables.CALENDAR_MONTHS
    columns = (
        replace(_column(source, "month", f"{prefix}Month"), key=True, format="mmm yyyy"),
        _column(source, "year", f"{prefix}Year"),
        _column(source, "quarter", f"{prefix}Quarter"),
        replace(_column(source, "month_label", f"{prefix}Month Label"), sort_by=f"{prefix}Month"),
    )
    description = (
        f"{source.comment} Used as: {dimension.label.lower()}. Months are the finest level, so time intelligence "
        "by day, such as DATESINPERIOD over days, does not work."
    )
    return ModelTable(name, description, columns, source, calendar=True)


def _members(dimension: Dimension) -> ModelTable:
    source = dimension.members
    assert source is not None  # noqa: S101 - the funnel, which has none, is built separately
    order = replace(_column(source, dimension.order, _title(dimension.order)), hidden=True)
    text = replace(_column(source, dimension.text, dimension.label), sort_by=order.name)
    if not dimension.banded_column:
        text = replace(text, key=True, category=_CATEGORIES.get(dimension, ""))
        return ModelTable(dimension.label, source.comment, (text, order), source)
    edge = replace(_column(source, "low", "Lower Edge"), hidden=True)
    is_threshold = any(dimension is parameter.of for parameter in PARAMETERS)
    columns = (text, replace(order, key=True), *[edge] * is_threshold)
    description = f"{source.comment} Used for: {dimension.banded_column}."
    return ModelTable(dimension.label, description, columns, source, banded_column=dimension.banded_column)


def _funnel() -> ModelTable:
    stages = range(1, len(FUNNEL_STAGES) + 1)
    rows = tuple(
        (stage, FUNNEL_STAGES[stage - 1], deepest) for stage in stages for deepest in stages if deepest >= stage
    )
    columns = (
        ModelColumn(d.FUNNEL_STAGE.label, "stage_name", "string", "Stage of the funnel.", sort_by="Stage"),
        ModelColumn("Stage", "stage", "int64", "1 = first stage.", hidden=True),
        ModelColumn(
            "Deepest Stage", "deepest_stage", "int64", "A deepest stage that the stage includes.", hidden=True
        ),
    )
    description = (
        "The funnel; a customer is in every stage reached. Grain: one row per stage and deepest stage in it."
    )
    return ModelTable(d.FUNNEL_STAGE.label, description, columns, rows=rows)


def _parameter(parameter: Parameter) -> ModelTable:
    """The values of a parameter, for a slicer; the table has no relationships."""
    return _steps(parameter) if parameter.of is None else _edges(parameter, parameter.of)


def _edges(parameter: Parameter, of: Dimension) -> ModelTable:
    column = replace(_column(tables.BANDS, "low", parameter.label), is_parameter=True, format="#,0.00")
    bands = of.label.lower().replace(" band", " bands")
    return ModelTable(
        parameter.label,
        f"The possible values of X: the edges of the {bands}, where counts are exact. It filters nothing else.",
        (column,),
        tables.BANDS,
        banded_column=of.banded_column,
        edges_only=True,
    )


def _steps(parameter: Parameter) -> ModelTable:
    step = parameter.most / STEPS
    description = f"From 0 to {parameter.most} in steps of {step}. It filters nothing else."
    text = f"The {parameter.label.lower()}, in your currency."
    column = ModelColumn(parameter.label, parameter.name, "decimal", text, format="#,0.000", is_parameter=True)
    return ModelTable(parameter.label, description, (column,), steps=STEPS, step=step)


def _column(table: Table, source: str, name: str) -> ModelColumn:
    column = table[source]
    kind = _type(column.type)
    return ModelColumn(
        name, source, kind, column.description, format=_FORMATS.get(column.type, _FORMATS.get(kind, ""))
    )


_TYPES: Final = {"text": "string", "boolean": "boolean", "date": "dateTime", "timestamp": "dateTime"}
_FORMATS: Final = {"date": "d mmm yyyy", "timestamp": "d mmm yyyy hh:nn", "int64": "0", "decimal": "#,0.00"}

_LIST_FORMATS: Final = {"double": "#,0.00"}
"""For individual customers, whose columns are shown directly; doubles of facts are seen only through measures."""


def _type(sql: str) -> str:
    """A fixed decimal has up to 15 digits before 4 places; sums that may need more are doubles."""
    if match := re.fullmatch(r"numeric\((\d+),(\d+)\)", sql):
        return "decimal" if int(match[1]) <= 15 and int(match[2]) <= 4 else "double"
    return _TYPES.get(sql, "int64")


def _title(name: str) -> str:
    return name.replace("_", " ").title()


def _relationships() -> Iterator[Relationship]:
    for fact in FACTS:
        for dimension in dimensions_of(fact):
            if dimension in _IN_FACTS or dimension.level_of:
                continue
            table = _dimension_table(dimension)
            key = table.column(dimension.key or "deepest_stage").name
            overlapping = dimension is d.FUNNEL_STAGE
            yield Relationship(fact_name(fact), dimension.column, table.name, key, overlapping)
    refreshes = fact_name(tables.REFRESHES)
    for log in (tables.DATA_QUALITY, tables.REFRESH_SOURCES):
        yield Relationship(fact_name(log), "refresh_id", refreshes, "refresh_id")
    for rows in ROWS_OF.values():
        ends = (fact_name(rows), "customer_id", fact_name(tables.CUSTOMER_PROFILES), "customer_id")
        yield Relationship(*ends, complete=True)


_SEGMENTS: Final = (
    tables.CUSTOMER_SEGMENTS,
    tables.ENGAGEMENT_SEGMENTS,
    tables.DEMOGRAPHIC_SEGMENTS,
    tables.SPENDING_SEGMENTS,
    tables.VALUE_SEGMENTS,
)
_IN_FACTS: Final = (d.MONTHS_SINCE, d.GENDER, d.FROM_STATUS, d.TO_STATUS, d.SPENDING_TENTH)
"""The dimensions that are columns of a fact, without a table of members."""
_STANDALONE: Final = (d.JOIN_YEAR, *_IN_FACTS, d.FUNNEL_STAGE, d.MOVE_MONTH)
MODEL_TABLES: Final = (
    *(_fact(fact) for fact in FACTS),
    _notes(tables.REFRESH_SOURCES, "refresh_id", "missing_columns"),
    *(
        _calendar(dimension) if dimension.members is tables.CALENDAR_MONTHS else _members(dimension)
        for dimension in DIMENSIONS
        if dimension not in _STANDALONE
    ),
    _funnel(),
    *map(_parameter, PARAMETERS),
    *_people(),
)
RELATIONSHIPS: Final = tuple(_relationships())
