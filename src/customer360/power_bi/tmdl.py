"""
The semantic model as TMDL text, one entry per file.

Ids are derived from names, so that the same model is always the same text.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from customer360.power_bi import dax, model, subtitles, tooltips, values
from customer360.power_bi.model import MODEL_TABLES, RELATIONSHIPS, ModelColumn, ModelTable, Relationship
from customer360.report.dimensions import COUNTRY, FACTS, LOYALTY_STATUS
from customer360.report.expressions import Measure, facts_of
from customer360.report.measures import BALANCE_THRESHOLD
from customer360.report.pages import REPORT
from customer360.report.palette import LIGHT
from customer360.report.visuals import Visual
from customer360.tables import COHORT_RETENTION, DATA_QUALITY, REFRESH_SOURCES, REFRESHES, UNKNOWN, Table

Storage = Literal["import", "directquery"]


@dataclass(frozen=True)
class ModelSource:
    """Where the model reads from, and whether it keeps a copy (import) or asks each time (directquery)."""

    server: str
    database: str
    schema: str
    storage: Storage
    name: str = REPORT.name
    """What a workspace calls the project."""
    hide_names: bool = False


HIDDEN: Final = ["\t\tisHidden"]
STATUS_COLOR: Final = "Loyalty Status Colour"
EXAMPLE_COUNTRY: Final = "Germany"
_NAMESPACE: Final = uuid.UUID("8a4f5f0e-3f0f-5c1e-9d8b-360360360360")
_PARAMETERS: Final = ("Server", "Database", "Schema")


def files(source: ModelSource) -> dict[str, str]:
    """Every file of the model's definition folder: path -> text."""
    return {
        "database.tmdl": "database\n\tcompatibilityLevel: 1601\n",
        "model.tmdl": _model(),
        "expressions.tmdl": _expressions(source),
        "relationships.tmdl": "\n".join(_relationship(each) for each in RELATIONSHIPS),
        **{
            f"tables/{table.name}.tmdl": _table(table, source)
            for table in model.tables_for(hide_names=source.hide_names)
        },
        "roles/Country reader.tmdl": _role(),
    }


def identity(*path: str) -> str:
    """The id that stands for a name, always the same."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(path)))


def quoted(name: str) -> str:
    """A name as TMDL writes it."""
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
        "Schema": (source.schema, "Schema that holds the result tables."),
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
    return (
        f"relationship {identity('relationship', *ends)}\n"
        f"{overlapping}"
        f"\tfromColumn: {quoted(ends[0])}.{quoted(ends[1])}\n"
        f"\ttoColumn: {quoted(ends[2])}.{quoted(ends[3])}\n"
    )


def _role() -> str:
    """An example to edit. What country cannot narrow is closed, or its totals would tell of other countries."""
    country = model.field(COUNTRY)
    rejected = f"\n\ttablePermission {model.fact_name(REFRESHES)}\n\n\t\tcolumnPermission rows_rejected\n"
    closed = "".join(
        f"\n\ttablePermission {quoted(model.fact_name(fact))} = FALSE ()\n"
        for fact in (COHORT_RETENTION, DATA_QUALITY)
    )
    return (
        f"/// Sees one country: change '{EXAMPLE_COUNTRY}', or copy the role for each country.\n"
        "role 'Country reader'\n"
        "\tmodelPermission: read\n\n"
        f'\ttablePermission {quoted(country.table)} = {country.dax} = "{EXAMPLE_COUNTRY}"\n'
        f"{closed}"
        f"{rejected}\t\t\tmetadataPermission: none\n"
    )


def _table(table: ModelTable, source: ModelSource) -> str:
    head = [
        f"/// {table.description}",
        f"table {quoted(table.name)}",
        f"\tlineageTag: {identity('table', table.name)}",
    ]
    if table.calendar:
        head.append("\tdataCategory: Time")
    blocks = ["\n".join(head), *_measures(table, source), *(_column(table, each) for each in table.columns)]
    blocks.append(_partition(table, source))
    return "\n\n".join(blocks) + "\n"


def _measures(table: ModelTable, source: ModelSource) -> Iterator[str]:
    for fact in FACTS:
        if model.fact_name(fact) == table.name:
            for measure in model.measures_of(fact):
                yield _measure(table, measure, fact)
            text = "Whether this table has all that a visual is cut by; if not, its measures say nothing here."
            condition = dax.answers(fact, hide_names=source.hide_names)
            yield _named_measure(table, dax.answers_name(fact), condition, text, HIDDEN)
            for visual in (visual for page in REPORT.pages for visual in page.visuals):
                if visual.fact is fact:
                    yield from _of_visual(table, visual)
    if table.source is REFRESH_SOURCES:
        text = REFRESH_SOURCES["missing_columns"].description
        yield _named_measure(table, dax.MISSING_COLUMNS, dax.missing_columns(), text, HIDDEN)
    if table.name == BALANCE_THRESHOLD.label:
        yield _named_measure(
            table,
            dax.parameter_name(BALANCE_THRESHOLD),
            dax.parameter_value(BALANCE_THRESHOLD),
            "X, as the slicer sets it; it moves in steps, the edges of the balance bands.",
            ["\t\tformatString: #,0.00"],
        )
    if table.name == model.field(LOYALTY_STATUS).table:
        text = "The colour of a status: shades of one hue in the order of the statuses, grey for unknown."
        yield _named_measure(table, STATUS_COLOR, _status_color(), text, HIDDEN)
        text = (
            "Whom the slicers keep by what customers are today, for visuals over the months in which they joined."
        )
        yield _named_measure(table, subtitles.ONLY_TODAY, subtitles.only_today(), text, HIDDEN)


def _measure(table: ModelTable, measure: Measure, fact: Table) -> str:
    name, expression = model.measure_name(measure, fact), dax.expression(measure, fact)
    unit = ' "days"' if measure.unit == "days" else ""
    properties = [f"\t\tformatString: {dax.FORMATS[measure.format]}{unit}", f"\t\tdisplayFolder: {measure.folder}"]
    is_double = facts_of(measure)[0] is not fact
    hidden = HIDDEN if measure.hidden or is_double else []
    return _named_measure(table, name, expression, measure.description, [*properties, *hidden])


def _of_visual(table: ModelTable, visual: Visual) -> Iterator[str]:
    """What one visual says below its title, and what it draws where that is not the measure itself."""
    if subtitles.is_moving(visual):
        text = f"The definition of '{visual.title}', with the numbers that belong to it."
        folder = ["\t\tdisplayFolder: Subtitles", *HIDDEN]
        yield _named_measure(table, subtitles.name(visual), subtitles.expression(visual), text, folder)
    if values.is_filled(visual):
        text = f"What '{visual.title}' draws: {visual.measure.label}, with 0 for nobody."
        format_string = dax.FORMATS[visual.measure.format] + (";-#,0;" if visual.kind == "heat_map" else "")
        folder = [f"\t\tformatString: {format_string}", "\t\tdisplayFolder: Values", *HIDDEN]
        yield _named_measure(table, values.name(visual), values.expression(visual), text, folder)

    for name, (one, expression) in tooltips.measures(visual).items():
        text = f"{one.definition[0].upper()}{one.definition[1:]}, beside the pointer."
        folder = [f"\t\tformatString: {dax.FORMATS[one.format]}", "\t\tdisplayFolder: Tooltips", *HIDDEN]
        yield _named_measure(table, name, expression, text, folder)


def _named_measure(
    table: ModelTable, name: str, expression: str, description: str, properties: Iterable[str]
) -> str:
    body = expression
    if "\n" in expression:
        body = "```\n" + "".join(f"\t\t\t{line}\n" for line in expression.splitlines()) + "\t\t\t```"
    head = [f"\t/// {description}", f"\tmeasure {quoted(name)} = {body}"]
    return "\n".join([*head, *properties, f"\t\tlineageTag: {identity('measure', table.name, name)}"])


def _status_color() -> str:
    """Picks from the ramp by rank among the known statuses, so that any number of them spans it."""
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
    """A table whose rows stand in the model is always imported: there is nothing to ask a server for."""
    mode = "directQuery" if source.storage == "directquery" and table.source else "import"
    steps = _read(table) if table.source else [("Source", _literal(table))]
    body = ",\n".join(f"\t\t\t\t    {name} = {step}" for name, step in steps)
    return (
        f"\tpartition {quoted(table.name)} = m\n"
        f"\t\tmode: {mode}\n"
        "\t\tsource =\n"
        f"\t\t\t\tlet\n{body}\n\t\t\t\tin\n\t\t\t\t    {steps[-1][0]}"
    )


def _read(table: ModelTable) -> list[tuple[str, str]]:
    """Rows are kept and columns chosen by steps that fold into the query."""
    assert table.source is not None  # noqa: S101 - told apart by the caller
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
