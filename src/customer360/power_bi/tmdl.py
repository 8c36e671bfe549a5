"""
The semantic model as TMDL text, one entry per file.

Ids are derived from names, so the same model always gives the same text.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from customer360.power_bi import dax, model, people, subtitles, tooltips, values
from customer360.power_bi.model import MODEL_TABLES, RELATIONSHIPS
from customer360.power_bi.parts import ModelColumn, ModelField, ModelTable, Relationship
from customer360.report.dimensions import COUNTRY, FACTS, LOYALTY_STATUS, dimensions_of
from customer360.report.expressions import Measure, facts_of
from customer360.report.pages import REPORT
from customer360.report.palette import LIGHT
from customer360.report.parameters import PARAMETERS, Parameter
from customer360.report.visuals import Page, Report, Visual
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    CUSTOMER_PROFILES,
    REFRESH_SOURCES,
    REFRESHES,
    UNKNOWN,
    Table,
)

Storage = Literal["import", "directquery"]


@dataclass(frozen=True)
class ModelSource:
    """Where the model reads from, and whether it keeps a copy (import) or queries each time (directquery)."""

    server: str
    database: str
    schema: str
    storage: Storage
    name: str = REPORT.name
    """The project's name in a workspace."""
    hide_names: bool = False


HIDDEN: Final = ["\t\tisHidden"]
STATUS_COLOR: Final = "Loyalty Status Colour"
EXAMPLE_COUNTRY: Final = "Germany"
_NAMESPACE: Final = uuid.UUID("8a4f5f0e-3f0f-5c1e-9d8b-360360360360")
_PARAMETERS: Final = ("Server", "Database", "Schema")


def files(source: ModelSource, report: Report) -> dict[str, str]:
    """Every file of the model's definition folder, path -> text, including what the visuals of *report* need."""
    return {
        "database.tmdl": "database\n\tcompatibilityLevel: 1601\n",
        "model.tmdl": _model(),
        "expressions.tmdl": _expressions(source),
        "relationships.tmdl": "\n".join(_relationship(each) for each in RELATIONSHIPS),
        **{
            f"tables/{table.name}.tmdl": _table(table, source, report)
            for table in model.tables_for(hide_names=source.hide_names)
        },
        "roles/Country reader.tmdl": _role(),
    }


def identity(*path: str) -> str:
    """The id of a name, always the same."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(path)))


def quoted(name: str) -> str:
    """A name in TMDL's notation."""
    return name if re.fullmatch(r"\w+", name) else "'" + name.replace("'", "''") + "'"


def _model() -> str:
    order = json.dumps([*_PARAMETERS, *(table.name for table in MODEL_TABLES)])
    references = "\n".join(f"ref table {quoted(table.name)}" for table in MODEL_TABLES)
    return (
        "model Model\n"
        "\tculture: en-US\n"
        "\tdefaultPowerBIDataSourceVersion: powerBI_V3\n"
        "\tdiscourageImplicitMeasures\n"
        "\tsourceQueryCulture: en-US\n"
        "\tdataAccessOptions\n"
        "\t\tlegacyRedirects\n"
        "\t\treturnErrorValuesAsNull\n"
        "\n"
        "annotation __PBI_TimeIntelligenceEnabled = 0\n"
        "\n"
        f"annotation PBI_QueryOrder = {order}\n"
        "\n"
        f"{references}\n"
        "\n"
        "ref role 'Country reader'\n"
    )


def _expressions(source: ModelSource) -> str:
    described = {
        "Server": (source.server, "PostgreSQL host and port."),
        "Database": (source.database, "PostgreSQL database."),
        "Schema": (source.schema, "Schema of the result tables."),
    }
    return "\n".join(
        f"/// {text}\n"
        f'expression {name} = "{value}" meta [IsParameterQuery = true, Type = "Text", '
        "IsParameterQueryRequired = true]\n"
        f"\tlineageTag: {identity('expression', name)}\n\n"
        "\tannotation PBI_ResultType = Text\n"
        for name, (value, text) in described.items()
    )


def _relationship(relationship: Relationship) -> str:
    ends = (relationship.from_table, relationship.from_column, relationship.to_table, relationship.to_column)
    overlapping = "\ttoCardinality: many\n" if relationship.overlapping else ""
    complete = "\trelyOnReferentialIntegrity\n" if relationship.complete else ""
    return (
        f"relationship {identity('relationship', *ends)}\n"
        f"{overlapping}{complete}"
        f"\tfromColumn: {quoted(ends[0])}.{quoted(ends[1])}\n"
        f"\ttoColumn: {quoted(ends[2])}.{quoted(ends[3])}\n"
    )


def _role() -> str:
    """
    An example to edit. Tables without a country are closed, because their totals would reveal other countries.

    No relationship leads from countries to individual customers, so those have a separate filter.
    """
    profiles = model.table_named(model.fact_name(CUSTOMER_PROFILES))
    lives_in = ModelField(profiles.name, profiles.column(COUNTRY.profile_column).name).dax
    country = model.field(COUNTRY)
    rejected = f"\n\ttablePermission {model.fact_name(REFRESHES)}\n\n\t\tcolumnPermission rows_rejected\n"
    closed = "".join(
        f"\n\ttablePermission {quoted(model.fact_name(fact))} = FALSE ()\n"
        for fact in FACTS
        if COUNTRY not in dimensions_of(fact) and fact is not REFRESHES
    )
    return (
        f"/// Sees one country: change '{EXAMPLE_COUNTRY}', or copy the role for each country.\n"
        "role 'Country reader'\n"
        "\tmodelPermission: read\n\n"
        f'\ttablePermission {quoted(country.table)} = {country.dax} = "{EXAMPLE_COUNTRY}"\n'
        f'\n\ttablePermission {quoted(profiles.name)} = {lives_in} = "{EXAMPLE_COUNTRY}"\n'
        f"{closed}"
        f"{rejected}\t\t\tmetadataPermission: none\n"
    )


def _table(table: ModelTable, source: ModelSource, report: Report) -> str:
    head = [
        f"/// {table.description}",
        f"table {quoted(table.name)}",
        f"\tlineageTag: {identity('table', table.name)}",
    ]
    if table.calendar:
        head.append("\tdataCategory: Time")
    columns = (_column(table, each) for each in table.columns)
    blocks = ["\n".join(head), *_measures(table, source), *_of_report(table, report), *columns]
    blocks.append(_partition(table, source))
    return "\n\n".join(blocks) + "\n"


def _measures(table: ModelTable, source: ModelSource) -> Iterator[str]:
    """The measures of the field list, and the lookups that they and the visuals use."""
    for fact in FACTS:
        if model.fact_name(fact) == table.name:
            for measure in model.measures_of(fact):
                yield _measure(table, measure, fact)
            text = "Whether this table has every dimension of a visual; if not, its measures are blank there."
            condition = dax.answers(fact, hide_names=source.hide_names)
            yield _named_measure(table, dax.answers_name(fact), condition, text, HIDDEN)
    for parameter in PARAMETERS:
        if parameter.label == table.name:
            yield _value_of(parameter, table)
    for name, expression, text in _looked_up(table):
        yield _named_measure(table, name, expression, text, HIDDEN)


def _looked_up(table: ModelTable) -> Iterator[tuple[str, str, str]]:
    """Name, DAX and description of the lookups, which are hidden from readers."""
    if table.source is ACTIVITY_SEGMENTS:
        yield dax.FIRST_MONTH, dax.first_month(), "The month of the first event, regardless of filters."
        yield (
            dax.LAST_FULL_MONTH,
            dax.last_full_month(),
            "The last full month in view.",
        )
    if table.source is REFRESH_SOURCES:
        yield dax.MISSING_COLUMNS, dax.missing_columns(), REFRESH_SOURCES["missing_columns"].description
    if table.name == model.field(LOYALTY_STATUS).table:
        text = "The colour of a status: shades of one hue in the order of the statuses, grey for unknown."
        yield STATUS_COLOR, _status_color(), text
        text = "The status and activity that the slicers select, as of today, for visuals of past months."
        yield subtitles.ONLY_TODAY, subtitles.only_today(), text


def _value_of(parameter: Parameter, table: ModelTable) -> str:
    name, expression = dax.parameter_name(parameter), dax.parameter_value(parameter)
    text = f"{table.columns[0].name}, as set by the slicer; it {subtitles.steps_of(parameter)}."
    return _named_measure(table, name, expression, text, [f"\t\tformatString: {table.columns[0].format}"])


def _of_report(table: ModelTable, report: Report) -> Iterator[str]:
    if table.source is CUSTOMER_PROFILES:
        for one, expression in people.measures(report).items():
            text = f"Has a value only for the customers behind '{one.of}'; it filters their drillthrough page."
            folder = _hidden_in("Lists", dax.FORMATS[one.measure.format if one.adds_up else "count"])
            yield _named_measure(table, one.field.column, expression, text, folder)
    for page in report.pages:
        for visual in page.visuals:
            if model.fact_name(visual.fact) == table.name:
                yield from _of_visual(table, visual, page)


def _measure(table: ModelTable, measure: Measure, fact: Table) -> str:
    name, expression = model.measure_name(measure, fact), dax.expression(measure, fact)
    unit = ' "days"' if measure.unit == "days" else ""
    properties = [f"\t\tformatString: {dax.FORMATS[measure.format]}{unit}", f"\t\tdisplayFolder: {measure.folder}"]
    is_double = facts_of(measure)[0] is not fact
    hidden = HIDDEN if measure.hidden or is_double else []
    return _named_measure(table, name, expression, measure.description, [*properties, *hidden])


def _of_visual(table: ModelTable, visual: Visual, page: Page) -> Iterator[str]:
    """The subtitle of a visual, and what it draws if that is not the measure itself."""
    if subtitles.is_moving(visual):
        text = f"The subtitle of '{visual.title}': its definition, with current numbers."
        folder = ["\t\tdisplayFolder: Subtitles", *HIDDEN]
        yield _named_measure(table, subtitles.name(visual), subtitles.expression(visual, page), text, folder)
    if values.is_filled(visual):
        drawn = values.drawn(visual)
        text = f"The value that '{visual.title}' draws: {drawn.label}, with 0 for no customers."
        hides_0 = ";-#,0;" if visual.kind == "heat_map" else ""
        folder = _hidden_in("Values", dax.FORMATS[drawn.format] + hides_0)
        yield _named_measure(table, values.name(visual), values.expression(visual), text, folder)
    for name, (one, expression) in values.below(visual).items():
        text = f"The value that '{visual.title}' draws below zero: {one.label}."
        folder = _hidden_in("Values", dax.FORMATS[one.format])
        yield _named_measure(table, name, expression, text, folder)
    for name, (one, expression) in tooltips.measures(visual).items():
        text = f"{one.definition[0].upper()}{one.definition[1:]}, in the tooltip."
        folder = _hidden_in("Tooltips", dax.FORMATS[one.format])
        yield _named_measure(table, name, expression, text, folder)


def _hidden_in(folder: str, format_string: str) -> list[str]:
    return [f"\t\tformatString: {format_string}", f"\t\tdisplayFolder: {folder}", *HIDDEN]


def _named_measure(
    table: ModelTable, name: str, expression: str, description: str, properties: Iterable[str]
) -> str:
    body = expression
    if "\n" in expression:
        body = "```\n" + "".join(f"\t\t\t{line}\n" for line in expression.splitlines()) + "\t\t\t```"
    head = [f"\t/// {description}", f"\tmeasure {quoted(name)} = {body}"]
    return "\n".join([*head, *properties, f"\t\tlineageTag: {identity('measure', table.name, name)}"])


def _status_color() -> str:
    """Picks a shade by rank among the known statuses, so that any number of them spans the ramp."""
    order, status = "'Loyalty Status'[Status Order]", model.field(LOYALTY_STATUS).dax
    last = len(LIGHT.statuses) - 1
    known = f"CALCULATE ( MAX ( {order} ), REMOVEFILTERS ( 'Loyalty Status' ), {status} <> \"{UNKNOWN}\" )"
    shades = ", ".join(f'{step}, "{color}"' for step, color in enumerate(LIGHT.statuses))
    return (
        f"VAR Rank = MIN ( {order} )\n"
        f"VAR Statuses = {known}\n"
        f"VAR Shade = ROUND ( DIVIDE ( Rank - 1, Statuses - 1, 0 ) * {last}, 0 )\n"
        "RETURN\n"
        f'    IF ( Rank > Statuses, "{LIGHT.unknown}", SWITCH ( Shade, {shades} ) )'
    )


def _column(table: ModelTable, column: ModelColumn) -> str:
    lines = [f"\t/// {column.description}", f"\tcolumn {quoted(column.name)}", f"\t\tdataType: {column.type}"]
    lines += HIDDEN * column.hidden + ["\t\tisKey"] * column.key
    lines += [f"\t\tformatString: {column.format}"] * bool(column.format)
    lines += [f"\t\tdataCategory: {column.category}"] * bool(column.category)
    lines += [f"\t\tlineageTag: {identity('column', table.name, column.name)}", "\t\tsummarizeBy: none"]
    lines += [f"\t\tsourceColumn: {column.source}"]
    lines += [f"\t\tsortByColumn: {quoted(column.sort_by)}"] * bool(column.sort_by)
    if column.is_parameter:
        lines += ["", '\t\textendedProperty ParameterMetadata = {"version":0}']
    if column.type == "dateTime" and "hh" not in column.format:
        lines += ["", "\t\tannotation UnderlyingDateTimeDataType = Date"]
    return "\n".join(lines)


def _partition(table: ModelTable, source: ModelSource) -> str:
    """A table whose rows are in the model is always imported, because there is nothing to query."""
    is_asked = table.asked or (source.storage == "directquery" and table.source)
    mode = "directQuery" if is_asked else "import"
    steps = _read(table) if table.source else [("Source", _counted(table) if table.steps else _literal(table))]
    body = ",\n".join(f"\t\t\t\t    {name} = {step}" for name, step in steps)
    return (
        f"\tpartition {quoted(table.name)} = m\n"
        f"\t\tmode: {mode}\n"
        "\t\tsource =\n"
        f"\t\t\t\tlet\n{body}\n\t\t\t\tin\n\t\t\t\t    {steps[-1][0]}"
    )


def _read(table: ModelTable) -> list[tuple[str, str]]:
    """Steps that select rows and columns and fold into the query."""
    assert table.source is not None  # noqa: S101 - checked by the caller
    steps = [
        ("Source", 'PostgreSQL.Database(#"Server", #"Database", [CreateNavigationProperties = false])'),
        ("Data", f'Source{{[Schema = #"Schema", Item = "{table.source.name}"]}}[Data]'),
    ]
    if table.banded_column:
        edges = " and [low] <> null" if table.edges_only else ""
        kept = f'Table.SelectRows(Data, each [banded_column] = "{table.banded_column}"{edges})'
        steps.append(("Rows", kept))
    columns = ", ".join(f'"{column.source}"' for column in table.columns)
    return [*steps, ("Columns", f"Table.SelectColumns({steps[-1][0]}, {{{columns}}})")]


def _literal(table: ModelTable) -> str:
    types = {"string": "text", "int64": "Int64.Type"}
    columns = {column.source: types[column.type] for column in table.columns}
    order = ("stage", "stage_name", "deepest_stage")
    rows = ", ".join(f'{{{stage}, "{name}", {deepest}}}' for stage, name, deepest in table.rows)
    return f"#table(type table [{', '.join(f'{name} = {columns[name]}' for name in order)}], {{{rows}}})"


def _counted(table: ModelTable) -> str:
    """Rows counted in whole numbers, so that each step is exact."""
    [column] = table.columns
    per_unit = 1 / table.step
    rows = f"List.Transform({{0..{table.steps}}}, each {{_ / {per_unit.normalize():f}}})"
    return f"#table(type table [{column.source} = Currency.Type], {rows})"
