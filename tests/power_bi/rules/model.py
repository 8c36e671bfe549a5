"""The semantic model: its references, relationships, keys, formats, order, and what readers may see."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from customer360 import tables as t
from customer360.power_bi import subtitles
from customer360.power_bi.model import fact_name, measure_name
from customer360.report.dimensions import DIMENSIONS, FACTS, Dimension, dimensions_of
from customer360.report.expressions import facts_of
from customer360.report.measures import MEASURES
from customer360.report.missing import called
from customer360.report.parameters import PARAMETERS as SET_BY_READERS
from customer360.report.visuals import Report
from tests.power_bi.rules.shown import drawn as drawn_by
from tests.power_bi.rules.shown import is_filled
from tests.power_bi.rules.tmdl import GUID, Node, Read, field_of, plain

FORMATS = {"count": "#,0", "amount": "#,0.00", "decimal": "#,0.0", "percent": "0.0%", "date": "d mmm yyyy"}
TYPES = {"text": "string", "boolean": "boolean", "date": "dateTime", "timestamp": "dateTime"}
COLUMN_FORMATS = {
    "date": "d mmm yyyy|mmm yyyy",
    "timestamp": "d mmm yyyy hh:nn",
    "int64": "0",
    "decimal": r"#,0\.00",
    "double": "",
    "string": "",
}
PARAMETERS = ("Server", "Database", "Schema")
# The field list: the name of a dimension, the columns of a fact that are not sums, the levels of a calendar.
VISIBLE: dict[str, list[set[str]]] = {
    "Customer Segments": [set()],
    "Engagement Segments": [set()],
    "Activity Segments": [set()],
    "Tier Moves": [{"From Status", "To Status"}],
    "Demographic Segments": [{"Gender"}],
    "Top Customers": [{"Name", "Customer ID"}, {"customer_id"}],
    "Top Spenders": [{"Name", "Customer ID"}, {"customer_id"}],
    "Value Segments": [set()],
    "Value Holdout": [set()],
    "Spending Segments": [set()],
    "Spending Tenths": [{"Tenth of Customers"}],
    "Cohort Retention": [{"Months since Joining"}],
    "Refresh Sources": [set()],
    **{name: [set()] for name in ("Customer Profiles", "Customer Months", "Customer Moves")},
    "Refreshes": [{"As of Date", "Source Table", "Source Kind", "Started At", "Finished At", "Version"}],
    "Data Quality": [{"Check Name", "Severity", "Description"}],
    "Calendar": [{"Month", "Year", "Quarter", "Month Label"}],
    "Last Login Calendar": [
        {"Last Login Month", "Last Login Year", "Last Login Quarter", "Last Login Month Label"}
    ],
    "Activity Calendar": [{"Activity Month", "Activity Year", "Activity Quarter", "Activity Month Label"}],
}


def problems(read: Read, report: Report) -> Iterator[str]:
    yield from _model(read)
    yield from _names(read)
    yield from _tags(read)
    yield from _relationships(read)
    for table in read.all("table"):
        yield from (f"{table.name}: {problem}" for problem in _table(table, read))
    yield from _measures(read, report)
    yield from _roles(read)


def source_of(table: Node) -> str:
    """The result table that a table of the model reads; empty if its rows are in the model."""
    [partition] = table.all("partition")
    found = re.search(r'Item = "(\w+)"', partition.properties["source"])
    return found[1] if found else ""


def banded_by(table: Node) -> str:
    [partition] = table.all("partition")
    found = re.search(r'\[banded_column\] = "(\w+)"', partition.properties["source"])
    return found[1] if found else ""


def result_table(name: str) -> t.Table:
    return next(table for table in t.RESULT_TABLES if table.name == name)


# --- the model ---------------------------------------------------------------------------------------------


def _model(read: Read) -> Iterator[str]:
    nodes = read.files["model.tmdl"]
    [model] = [node for node in nodes if node.kind == "model"]
    [database] = read.files["database.tmdl"]
    if database.properties.get("compatibilityLevel") != "1601":
        yield "the compatibility level is not 1601"
    for flag in ("discourageImplicitMeasures", "dataAccessOptions", "returnErrorValuesAsNull", "legacyRedirects"):
        if not model.has(flag):
            yield f"the model lacks {flag}"
    referred = [
        plain(node.name.removeprefix(f"{kind} "))
        for kind in ("table",)
        for node in nodes
        if node.kind == "ref" and node.name.startswith(kind)
    ]
    if sorted(referred) != sorted(read.tables):
        yield f"the model's references and tables differ: {set(referred) ^ set(read.tables)}"
    roles = [
        plain(node.name.removeprefix("role "))
        for node in nodes
        if node.kind == "ref" and node.name.startswith("role ")
    ]
    if sorted(roles) != sorted(role.name for role in read.all("role")):
        yield "the model's references and roles differ"
    annotations = {node.name: node.text for node in nodes if node.kind == "annotation"}
    if annotations.get("__PBI_TimeIntelligenceEnabled") != "0":
        yield "the model creates hidden date tables"
    if json.loads(annotations.get("PBI_QueryOrder", "[]")) != [*PARAMETERS, *read.tables]:
        yield "the order of queries has other names"
    for path, found in read.files.items():
        for node in found:
            if node.kind in ("table", "role") and path != f"{node.kind}s/{node.name}.tmdl":
                yield f"{path} contains {node.name}"


def _names(read: Read) -> Iterator[str]:
    names = Counter(measure.name.lower() for table in read.all("table") for measure in table.all("measure"))
    columns = {name.lower(): table for table, name in read.columns}
    yield from (f"two measures are called {name}" for name, count in names.items() if count > 1)
    for name, (table, _) in read.measures.items():
        if columns.get(name.lower()) == table:
            yield f"{table} has a measure and a column {name}"
    for node in read.all("table"):
        counted = Counter(column.name.lower() for column in node.all("column"))
        yield from (f"{node.name} has two columns {name}" for name, count in counted.items() if count > 1)
        for part in (node, *node.all("column"), *node.all("measure")):
            if len(part.description) < 5:
                yield f"{part.kind} {part.name} is not described"


def _tags(read: Read) -> Iterator[str]:
    tagged = [node for nodes in read.files.values() for top in nodes for node in (top, *top.nodes)]
    tags = Counter(node.properties["lineageTag"] for node in tagged if node.has("lineageTag"))
    tags += Counter(node.name for node in read.all("relationship"))
    yield from (f"two objects have the tag {tag}" for tag, count in tags.items() if count > 1)
    yield from (f"{tag} is not a tag" for tag in tags if not GUID.fullmatch(tag))


# --- relationships -----------------------------------------------------------------------------------------


def _relationships(read: Read) -> Iterator[str]:
    pairs: Counter[frozenset[str]] = Counter()
    for node in read.all("relationship"):
        one, other = (field_of(node.properties[f"{end}Column"]) for end in ("from", "to"))
        name = f"{one[0]}[{one[1]}] -> {other[0]}[{other[1]}]"
        pairs[frozenset((one[0], other[0]))] += 1
        if one not in read.columns or other not in read.columns:
            yield f"{name} does not end at a column"
            continue
        if read.columns[one].properties["dataType"] != read.columns[other].properties["dataType"]:
            yield f"{name} relates columns of different types"
        if node.properties.get("isActive", "true") != "true":
            yield f"{name} is not active"
        if node.properties.get("crossFilteringBehavior", "oneDirection") != "oneDirection":
            yield f"{name} filters both ways"
        if node.properties.get("fromCardinality", "many") != "many":
            yield f"{name} starts at the one side"
        overlaps = not source_of(read.tables[other[0]])
        if overlaps != (node.properties.get("toCardinality", "one") == "many"):
            yield f"{name} has another cardinality"
        if not overlaps and not read.columns[other].has("isKey"):
            yield f"{name} does not end at a key"
    yield from (f"{sorted(pair)} are related {count} times" for pair, count in pairs.items() if count > 1)
    expected = set(_expected(read))
    found = {
        (field_of(node.properties["fromColumn"]), field_of(node.properties["toColumn"])[0])
        for node in read.all("relationship")
    }
    yield from (f"{ends} are not related" for ends in expected - found)
    yield from (f"{ends} are related" for ends in found - expected)


def _expected(read: Read) -> Iterator[tuple[tuple[str, str], str]]:
    """Each dimension of each fact is related to the table of its members."""
    for fact in FACTS:
        for cut in dimensions_of(fact):
            if not cut.level_of and (cut.members or cut.name == "funnel_stage"):
                yield (fact_name(fact), cut.name), _members(cut, read)
    for log in (t.DATA_QUALITY, t.REFRESH_SOURCES):
        yield (fact_name(log), "refresh_id"), fact_name(t.REFRESHES)
    for rows in (t.CUSTOMER_MONTHS, t.CUSTOMER_MOVES):
        yield (fact_name(rows), "customer_id"), fact_name(t.CUSTOMER_PROFILES)


def _members(cut: Dimension, read: Read) -> str:
    roles = {
        "join_month": "Calendar",
        "last_login_month": "Last Login Calendar",
        "activity_month": "Activity Calendar",
        "month": "Activity Calendar",
    }
    return roles.get(cut.name, cut.label)


# --- tables and columns ------------------------------------------------------------------------------------


def _table(table: Node, read: Read) -> Iterator[str]:
    source, is_fact = source_of(table), table.name in {fact_name(fact) for fact in FACTS}
    ends = {field_of(node.properties["fromColumn"]) for node in read.all("relationship")}
    is_calendar = source == t.CALENDAR_MONTHS.name
    if is_calendar != (table.properties.get("dataCategory") == "Time"):
        yield "is wrongly a date table, or wrongly not one"
    keys = [column for column in table.all("column") if column.has("isKey")]
    is_note = bool(source) and (result_table(source).role == "note" or len(result_table(source).key) != 1)
    if len(keys) > 1 or (not is_fact and not is_note and source and banded_by(table) == "" and not keys):
        yield f"has {len(keys)} keys"
    for column in table.all("column"):
        where = f"column {column.name}"
        if column.properties.get("summarizeBy") != "none":
            yield f"{where} is summed implicitly"
        yield from (f"{where} {problem}" for problem in _typed(column, source))
        yield from (f"{where} {problem}" for problem in _sorted(table, column))
        if ((table.name, column.name) in ends or _is_summed(column, is_fact)) and not column.has("isHidden"):
            yield f"{where} is in the field list"
        is_day = column.properties["dataType"] == "dateTime" and "hh" not in column.properties.get(
            "formatString", ""
        )
        if [one.text for one in column.all("annotation")] != ["Date"] * is_day:
            yield f"{where} is wrongly a day, or wrongly not one"
        if (column.name == "Country" and not is_fact) != (column.properties.get("dataCategory") == "Country"):
            yield f"{where} is wrongly a country, or wrongly not one"
    yield from _hidden(table)


def _is_summed(column: Node, is_fact: bool) -> bool:
    """The numbers of a fact are for measures, except those that are an axis."""
    return (
        is_fact
        and column.properties["dataType"] in ("int64", "double", "decimal")
        and column.name not in ("Months since Joining", "Tenth of Customers", "customer_id")
    )


def _hidden(table: Node) -> Iterator[str]:
    """The field list contains what readers need, and nothing else."""
    shown = {column.name for column in table.all("column") if not column.has("isHidden")}
    if shown not in VISIBLE.get(table.name, [{table.name}]):
        yield f"shows {sorted(shown)}"
    is_set = [one.text for column in table.all("column") for one in column.all("extendedProperty")]
    if is_set != ['{"version":0}'] * (table.name in {one.label for one in SET_BY_READERS}):
        yield "is wrongly set by a slicer, or wrongly not"


def _typed(column: Node, source: str) -> Iterator[str]:
    kind, format_string = column.properties["dataType"], column.properties.get("formatString", "")
    name = column.properties["sourceColumn"]
    if source:
        found = [one for one in result_table(source).columns if one.name == name]
        if not found:
            yield f"reads {name}, which {source} does not have"
            return
        if column.description != found[0].description:
            yield "has another description"
        if kind != model_type(found[0].type):
            yield f"is {kind} and not {model_type(found[0].type)}"
        pattern = COLUMN_FORMATS.get(found[0].type, COLUMN_FORMATS.get(kind, ""))
        if not re.fullmatch(pattern or ".*", format_string) or (pattern and not format_string):
            yield f"has the format {format_string!r}"
    elif kind not in ("string", "int64") and (name, kind) != ("point_price", "decimal"):
        yield f"is {kind}"


def model_type(sql: str) -> str:
    if match := re.fullmatch(r"numeric\((\d+),(\d+)\)", sql):
        return "decimal" if int(match[1]) <= 15 and int(match[2]) <= 4 else "double"
    return TYPES.get(sql, "int64")


def _sorted(table: Node, column: Node) -> Iterator[str]:
    names = {one.name: one for one in table.all("column")}
    by = plain(column.properties.get("sortByColumn", ""))
    if by and (by not in names or by == column.name):
        yield f"sorts by {by}"
    expected = _order_of(table, column)
    if expected and (by not in names or names[by].properties["sourceColumn"] != expected):
        yield f"sorts by {by or 'its own text'} and not by {expected}"
    if by and not expected:
        yield f"sorts by {by}"


def _order_of(table: Node, column: Node) -> str:
    """The column of the source by which its text is sorted."""
    source, name = source_of(table), column.properties["sourceColumn"]
    if not source:
        return {"stage_name": "stage"}.get(name, "")
    for cut in DIMENSIONS:
        if cut.members and cut.members.name == source and name == cut.text and cut.text != cut.order:
            return cut.order
    return ""


# --- measures and roles ------------------------------------------------------------------------------------


def _measures(read: Read, report: Report) -> Iterator[str]:
    expected = {
        measure_name(one, fact): (fact_name(fact), one, fact) for one in MEASURES for fact in facts_of(one)
    }
    for name, (table, one, fact) in expected.items():
        if name not in read.measures or read.measures[name][0] != table:
            yield f"{table} lacks the measure {name}"
            continue
        properties = read.measures[name][1].properties
        unit = ' "days"' if one.unit == "days" else ""
        if properties.get("formatString") != FORMATS[one.format] + unit:
            yield f"{name} is formatted {properties.get('formatString')}"
        if properties.get("displayFolder") != one.folder:
            yield f"{name} is in the folder {properties.get('displayFolder')}"
        if ("isHidden" in properties) != (one.hidden or facts_of(one)[0] is not fact):
            yield f"{name} is wrongly in the field list, or wrongly not"
        if read.measures[name][1].description != one.description:
            yield f"{name} has another description"
    for page in report.pages:
        for visual in page.visuals:
            if is_filled(visual) and f"Value of {visual.title}" in read.measures:
                drawn = read.measures[f"Value of {visual.title}"][1].properties.get("formatString", "")
                hides_0 = ";-#,0;" if visual.kind == "heat_map" else ""
                if drawn != FORMATS[drawn_by(visual).format] + hides_0:
                    yield f"the value that {visual.title} draws is formatted {drawn}"
    yield from _subtitles(read, report)
    for name, (_, measure) in read.measures.items():
        is_set = name in {f"{one.label} Value" for one in SET_BY_READERS}
        if name not in expected and not is_set and not measure.has("isHidden"):
            yield f"{name} is in the field list"
        if name.startswith(("Tooltip of ", "Value of ", "Below in ")) and not measure.has("formatString"):
            yield f"{name} has no format"


def _subtitles(read: Read, report: Report) -> Iterator[str]:
    """Each subtitle begins with the definition of its visual and is hidden from the field list."""
    for page in report.pages:
        for visual in page.visuals:
            name = f"Subtitle of {visual.title}"
            if name not in read.measures:
                continue
            _, measure = read.measures[name]
            said = [
                subtitles.definition(visual),
                *(f"Not in your data: {called(needed)}" for needed in visual.needs),
            ]
            yield from (f"{name} does not say: {text}" for text in said if f'"{text}"' not in measure.text)
            if measure.properties.get("displayFolder") != "Subtitles":
                yield f"{name} is in the field list"


def _roles(read: Read) -> Iterator[str]:
    """A role by country closes every table with numbers that have no country."""
    narrowed = {
        field_of(node.properties["fromColumn"])[0]
        for node in read.all("relationship")
        if field_of(node.properties["toColumn"])[0] == "Country"
    }
    if not read.all("role"):
        yield "there is no example role"
    for role in read.all("role"):
        permissions = {node.name: node for node in role.all("tablePermission")}
        for name, node in permissions.items():
            if name not in read.tables:
                yield f"role {role.name} has an unknown table: {name}"
            for table, column in re.findall(r"'((?:[^']|'')+)'\[([^\]]+)\]", node.text):
                if (table, column) not in read.columns:
                    yield f"role {role.name} has an unknown column: {table}[{column}]"
            for secured in node.all("columnPermission"):
                if (name, secured.name) not in read.columns:
                    yield f"role {role.name} closes {name}[{secured.name}]"
        filtered = permissions.get("Country")
        if filtered is None or not re.fullmatch(r"'Country'\[Country\] = \"[^\"]+\"", filtered.text):
            yield f"role {role.name} does not filter countries"
        for fact in FACTS:
            table = fact_name(fact)
            if table in narrowed:
                continue
            node = permissions.get(table, Node("", ""))
            open_ = {column.name for column in read.tables[table].all("column") if _counts(column)}
            open_ -= {
                secured.name
                for secured in node.all("columnPermission")
                if secured.properties.get("metadataPermission") == "none"
            }
            if open_ and node.text != "FALSE ()":
                yield f"role {role.name} sees {table}"


def _counts(column: Node) -> bool:
    name = column.properties["sourceColumn"]
    return name.startswith(("rows_", "holdout_", "tenth_")) or name.endswith("_customers")
