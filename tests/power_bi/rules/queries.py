"""The queries in M: each step exists and reads the previous one, and its table and parameters have what it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from customer360.power_bi.model import fact_name
from customer360.report.dimensions import DIMENSIONS, FACTS
from customer360.report.parameters import PARAMETERS as SET_BY_READERS
from customer360.tables import BANDS, CUSTOMER_MONTHS, CUSTOMER_MOVES, CUSTOMER_PROFILES, REFRESH_SOURCES
from tests.power_bi.rules.model import PARAMETERS, result_table
from tests.power_bi.rules.tmdl import Node, Read

SINGLE_CUSTOMERS = (CUSTOMER_PROFILES, CUSTOMER_MONTHS, CUSTOMER_MOVES)
CONNECT = r'PostgreSQL\.Database\(#"Server", #"Database", \[CreateNavigationProperties = false\]\)'
STEPS = {
    "Source": CONNECT,
    "Data": r'Source\{\[Schema = #"Schema", Item = "(?P<item>\w+)"\]\}\[Data\]',
    "Rows": r'Table\.SelectRows\(Data, each \[banded_column\] = "(?P<banded>\w+)"(?P<edges> and \[low\] <> null)?\)',
    "Columns": r'Table\.SelectColumns\((?P<of>\w+), \{(?P<columns>"\w+"(?:, "\w+")*)\}\)',
}
LITERAL = r"#table\(type table \[(?P<typed>[^\]]+)\], \{(?P<rows>.+)\}\)"
COUNTED = (
    r"#table\(type table \[(?P<typed>\w+ = Currency\.Type)\], "
    r"List\.Transform\(\{0\.\.(?P<steps>\d+)\}, each \{_ / (?P<per_unit>\d+)\}\)\)"
)
META = r'"[^"\\]+" meta \[IsParameterQuery = true, Type = "Text", IsParameterQueryRequired = true\]'


def problems(read: Read) -> Iterator[str]:
    parameters = {node.name: node for node in read.all("expression")}
    if tuple(parameters) != PARAMETERS:
        yield f"the parameters are {list(parameters)}"
    for name, node in parameters.items():
        if not re.fullmatch(META, node.text) or [one.text for one in node.all("annotation")] != ["Text"]:
            yield f"parameter {name} is not a text parameter"
    modes = set()
    for table in read.all("table"):
        partitions = table.all("partition")
        if len(partitions) != 1 or (partitions[0].name, partitions[0].text) != (table.name, "m"):
            yield f"{table.name} does not have exactly one partition of its name"
            continue
        source = partitions[0].properties["source"]
        if table.name in map(fact_name, SINGLE_CUSTOMERS):
            if partitions[0].properties["mode"] != "directQuery":
                yield f"{table.name} imports individual customers into the model"
        elif "PostgreSQL" in source:
            modes.add(partitions[0].properties["mode"])
        elif partitions[0].properties["mode"] != "import":
            yield f"{table.name} has literal rows and is not imported"
        yield from (f"the query of {table.name} {problem}" for problem in _query(table, source))
    if len(modes) != 1:
        yield f"some tables are imported and some queried: {modes}"


def _query(table: Node, source: str) -> Iterator[str]:
    match = re.fullmatch(r"\s*let\n(.*)\n\s*in\n\s*(\w+)\s*", source, re.S)
    if not match:
        yield "is not a let expression"
        return
    lines = [line.strip() for line in match[1].split("\n")]
    if not all(line.endswith(",") for line in lines[:-1]) or lines[-1].endswith(","):
        yield "has a missing or extra comma"
    steps = dict(line.rstrip(",").split(" = ", 1) for line in lines)
    if match[2] != list(steps)[-1] or len(steps) != len(lines):
        yield f"ends with {match[2]}"
    found: dict[str, str] = {}
    for name, text in steps.items():
        patterns = [LITERAL, COUNTED] if text.startswith("#table") else [STEPS.get(name, "nothing")]
        read = next(filter(None, (re.fullmatch(pattern, text) for pattern in patterns)), None)
        if not read:
            yield f"has a step {name} = {text}"
            return
        found |= {key: value for key, value in read.groupdict().items() if value is not None}
    if "of" in found and found["of"] != list(steps)[-2]:
        yield f"selects columns of {found['of']}"
    yield from _reads(table, found)


def _reads(table: Node, found: dict[str, str]) -> Iterator[str]:
    wanted = [column.properties["sourceColumn"] for column in table.all("column")]
    if "steps" in found:
        yield from _counted(table, wanted, found)
        return
    if "typed" in found:
        yield from _literal(wanted, found)
        return
    expected, banded = _expected(table.name)
    if (found["item"], found.get("banded", "")) != (expected, banded):
        yield f"reads {found['item']} {found.get('banded', '')}"
    if ("edges" in found) != table.name.endswith("Threshold"):
        yield "wrongly keeps or drops the bands without an edge"
    columns = re.findall(r'"(\w+)"', found["columns"])
    if sorted(columns) != sorted(wanted):
        yield f"returns {columns} and not {wanted}"
    there = result_table(found["item"]).column_names if found["item"] == expected else columns
    if not set(columns) <= set(there):
        yield f"names {set(columns) - set(there)}, which its table does not have"


def _expected(name: str) -> tuple[str, str]:
    """The result table that a table of the model reads and, for bands, the banded column."""
    for fact in (*FACTS, REFRESH_SOURCES, *SINGLE_CUSTOMERS):
        if fact_name(fact) == name:
            return fact.name, ""
    if name.endswith("Calendar"):
        return "calendar_months", ""
    for parameter in SET_BY_READERS:
        if parameter.label == name and parameter.of:
            return BANDS.name, parameter.of.banded_column
    cut = next(one for one in DIMENSIONS if one.label == name and one.members)
    assert cut.members
    return cut.members.name, cut.banded_column


def _counted(table: Node, wanted: list[str], found: dict[str, str]) -> Iterator[str]:
    """The steps of a parameter, from 0 to its maximum."""
    parameter = next(one for one in SET_BY_READERS if one.label == table.name)
    if found["typed"].split(" = ")[0] != wanted[0] or len(wanted) != 1:
        yield f"returns {found['typed']} and not {wanted}"
    if Decimal(found["steps"]) / Decimal(found["per_unit"]) != parameter.most or int(found["steps"]) < 1000:
        yield f"counts {found['steps']} steps of 1 / {found['per_unit']}"


def _literal(wanted: list[str], found: dict[str, str]) -> Iterator[str]:
    """The stages: each has its name and includes every deepest stage from its own number up."""
    typed = [part.split(" = ") for part in found["typed"].split(", ")]
    if sorted(name for name, _ in typed) != sorted(wanted):
        yield f"returns {typed} and not {wanted}"
    from customer360.report.dimensions import FUNNEL_STAGES

    rows = re.findall(r'\{(\d+), "([^"]*)", (\d+)\}', found["rows"])
    expected = [(str(n), name, str(deepest)) for n, name in enumerate(FUNNEL_STAGES, 1) for deepest in range(n, 5)]
    if rows != expected or [kind for _, kind in typed] != ["Int64.Type", "text", "Int64.Type"]:
        yield "has other rows"
