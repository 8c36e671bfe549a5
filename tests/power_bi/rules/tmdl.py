"""Reads TMDL as strictly as Power BI Desktop: tabs, known objects, known properties with valid values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

NAME = r"'(?:[^']|'')+'|\w+"
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
FLAG = "flag"
# For each kind of object, its valid properties with their valid values.
PROPERTIES: dict[str, dict[str, str]] = {
    "database": {"compatibilityLevel": r"1[5-9]\d\d"},
    "model": {
        "culture": "en-US",
        "sourceQueryCulture": "en-US",
        "defaultPowerBIDataSourceVersion": "powerBI_V3",
        "discourageImplicitMeasures": FLAG,
        "dataAccessOptions": FLAG,
        "legacyRedirects": FLAG,
        "returnErrorValuesAsNull": FLAG,
    },
    "expression": {"lineageTag": GUID.pattern},
    "table": {"lineageTag": GUID.pattern, "dataCategory": "Time"},
    "measure": {"formatString": ".+", "displayFolder": ".+", "isHidden": FLAG, "lineageTag": GUID.pattern},
    "column": {
        "dataType": "string|int64|double|decimal|boolean|dateTime",
        "isHidden": FLAG,
        "isKey": FLAG,
        "formatString": ".+",
        "dataCategory": "Country|City|StateOrProvince",
        "lineageTag": GUID.pattern,
        "summarizeBy": "none|sum|min|max|count|average",
        "sourceColumn": ".+",
        "sortByColumn": NAME,
    },
    "partition": {"mode": "import|directQuery", "source": FLAG},
    "relationship": {
        "fromColumn": rf"(?:{NAME})\.(?:{NAME})",
        "toColumn": rf"(?:{NAME})\.(?:{NAME})",
        "relyOnReferentialIntegrity": FLAG,
        "toCardinality": "many|one",
        "fromCardinality": "many|one",
        "isActive": "true|false",
        "crossFilteringBehavior": "oneDirection|bothDirections|automatic",
    },
    "role": {"modelPermission": "read"},
    "tablePermission": {},
    "columnPermission": {"metadataPermission": "none|read"},
    "annotation": {},
    "extendedProperty": {},
    "ref": {},
}
HOLDS: dict[str, tuple[str, ...]] = {
    "": ("database", "model", "expression", "table", "relationship", "role", "annotation", "ref"),
    "expression": ("annotation",),
    "table": ("measure", "column", "partition", "annotation"),
    "column": ("annotation", "extendedProperty"),
    "role": ("tablePermission",),
    "tablePermission": ("columnPermission",),
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "database": ("compatibilityLevel",),
    "model": ("culture", "defaultPowerBIDataSourceVersion", "discourageImplicitMeasures"),
    "expression": ("lineageTag",),
    "table": ("lineageTag",),
    "measure": ("lineageTag",),
    "column": ("dataType", "lineageTag", "summarizeBy", "sourceColumn"),
    "partition": ("mode", "source"),
    "relationship": ("fromColumn", "toColumn"),
    "role": ("modelPermission",),
    "columnPermission": ("metadataPermission",),
}


@dataclass
class Node:
    """One object: its kind and name, the text after the equals sign, its properties and its children."""

    kind: str
    name: str
    text: str = ""
    description: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def all(self, kind: str) -> list[Node]:
        return [node for node in self.nodes if node.kind == kind]

    def has(self, flag: str) -> bool:
        return flag in self.properties


@dataclass
class Read:
    """A model that was read: the objects of each file, and the problems found."""

    files: dict[str, list[Node]]
    problems: list[str]

    def all(self, kind: str) -> list[Node]:
        return [node for nodes in self.files.values() for node in nodes if node.kind == kind]

    @property
    def tables(self) -> dict[str, Node]:
        return {table.name: table for table in self.all("table")}

    @property
    def columns(self) -> dict[tuple[str, str], Node]:
        return {(table.name, column.name): column for table in self.all("table") for column in table.all("column")}

    @property
    def measures(self) -> dict[str, tuple[str, Node]]:
        """Name -> its table and its node."""
        found = ((table, measure) for table in self.all("table") for measure in table.all("measure"))
        return {measure.name: (table.name, measure) for table, measure in found}


def read(files: Mapping[str, str]) -> Read:
    """The objects of every file (path -> text)."""
    found: dict[str, list[Node]] = {}
    problems: list[str] = []
    for path, text in files.items():
        reader = _Reader(path, text.split("\n"))
        found[path] = reader.read()
        problems += reader.problems
        problems += _missing(path, found[path])
    return Read(found, problems)


def plain(name: str) -> str:
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def field_of(text: str) -> tuple[str, str]:
    """Table.Column in the notation of a relationship."""
    match = re.fullmatch(rf"({NAME})\.({NAME})", text)
    if not match:
        raise ValueError(f"{text} is not Table.Column")
    return plain(match[1]), plain(match[2])


def _missing(path: str, nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        for name in REQUIRED.get(node.kind, ()):
            if name not in node.properties:
                yield f"{path}: {node.kind} {node.name} lacks {name}"
        yield from _missing(path, node.nodes)


class _Reader:
    def __init__(self, path: str, lines: list[str]) -> None:
        self.path, self.lines, self.problems = path, lines, list[str]()

    def read(self) -> list[Node]:
        top: list[Node] = []
        stack: list[tuple[int, Node]] = []
        description = ""
        position = 0
        while position < len(self.lines):
            line = self.lines[position]
            position += 1
            if not line.strip():
                continue
            depth = len(line) - len(line.lstrip("\t"))
            body = line[depth:]
            if body != body.strip():
                self.problem(line, "is not indented only by tabs, or ends in a space")
            if body.startswith("///"):
                description = body[3:].strip()
                continue
            while stack and stack[-1][0] >= depth:
                stack.pop()
            parent = stack[-1][1] if stack else Node("", "")
            expected_depth = stack[-1][0] + 1 if stack else 0
            if depth != expected_depth and not (parent.kind == "model" and depth == 2):
                self.problem(line, "is at the wrong depth")
            node = self.declared(body, parent)
            if node is None:
                position = self.property(body, parent, position, depth)
                continue
            if node.text.startswith("```"):
                node.text, position = self.fenced(position)
            node.description, description = description, ""
            (parent.nodes if parent.kind else top).append(node)
            stack.append((depth, node))
        return top

    def declared(self, body: str, parent: Node) -> Node | None:
        kind = body.split(" ", 1)[0]
        if kind not in HOLDS.get(parent.kind, ()):
            return None
        pattern = r"(\w+)(?: ((?:ref )?.+?))?(?: = (.*))?"
        if kind in ("measure", "expression", "partition", "tablePermission", "table", "column"):
            pattern = rf"(\w+) ({NAME})(?: = (.*))?"
        match = re.fullmatch(pattern, body)
        if not match:
            self.problem(body, "cannot be read")
            return None
        return Node(kind, plain(match[2] or ""), match[3] or "")

    def property(self, body: str, parent: Node, position: int, depth: int) -> int:
        name, colon, value = body.partition(": ")
        if name == "source =" and parent.kind == "partition":
            parent.properties["source"], position = self.indented(position, depth)
            return position
        known = PROPERTIES.get(parent.kind, {})
        if name not in known:
            self.problem(body, f"is not a property of a {parent.kind or 'file'}")
        elif name in parent.properties:
            self.problem(body, "occurs twice")
        elif (known[name] == FLAG) == bool(colon) or (colon and not re.fullmatch(known[name], value)):
            self.problem(body, f"has a value that {name} does not take")
        if parent.nodes and parent.kind not in ("", "tablePermission"):
            self.problem(body, "follows an annotation")
        parent.properties[name] = value
        return position

    def fenced(self, position: int) -> tuple[str, int]:
        end = next(n for n in range(position, len(self.lines)) if self.lines[n].strip() == "```")
        return "\n".join(line.strip("\t") for line in self.lines[position:end]), end + 1

    def indented(self, position: int, depth: int) -> tuple[str, int]:
        end = position
        while end < len(self.lines) and self.lines[end].startswith("\t" * (depth + 1)):
            end += 1
        return "\n".join(self.lines[position:end]), end

    def problem(self, line: str, what: str) -> None:
        self.problems.append(f"{self.path}: '{line.strip()[:60]}' {what}")
