"""What the engine rejects when it loads a measure, before it computes any number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.power_bi.dax_parser import LEVELS, Tree

MANY = 999
# For each function that we emit, the fewest and the most arguments.
ARGUMENTS = {
    "ALLSELECTED": (0, 1),
    "CALCULATE": (2, MANY),
    "CALCULATETABLE": (2, MANY),
    "COALESCE": (2, MANY),
    "CONCATENATEX": (2, 3),
    "CONTAINSSTRING": (2, 2),
    "COUNTROWS": (1, 1),
    "DIVIDE": (2, 3),
    "EDATE": (2, 2),
    "EOMONTH": (2, 2),
    "FALSE": (0, 0),
    "FILTER": (2, 2),
    "FORMAT": (2, 2),
    "HASONEVALUE": (1, 1),
    "IF": (2, 3),
    "ISBLANK": (1, 1),
    "ISCROSSFILTERED": (1, 1),
    "ISFILTERED": (1, 1),
    "ISINSCOPE": (1, 1),
    "KEEPFILTERS": (1, 1),
    "MAX": (1, 2),
    "MID": (3, 3),
    "MIN": (1, 2),
    "MONTH": (1, 1),
    "RELATED": (1, 1),
    "REMOVEFILTERS": (1, MANY),
    "ROUND": (2, 2),
    "SUM": (1, 1),
    "SWITCH": (3, MANY),
    "TRUE": (0, 0),
    "VALUES": (1, 1),
    "YEAR": (1, 1),
}
OPERATORS = {sign for level in LEVELS for sign in level} | {"not", "negative"}
CHANGES_CONTEXT = ("CALCULATE", "CALCULATETABLE")
COMPARISONS = {"=", "<>", ">=", "<=", ">", "<"}
LEAVES = ("constant", "variable", "measure", "column", "table")
NUMBERS = ("int64", "double", "decimal")
# Functions whose arguments are columns or tables rather than their value in a row.
NAMES = (
    "SUM", "VALUES", "REMOVEFILTERS", "ISFILTERED", "ISCROSSFILTERED", "ISINSCOPE", "HASONEVALUE", "COUNTROWS",
    "ALLSELECTED",
)  # fmt: skip

Types = Mapping[tuple[str, str], str]


def problems(measures: Mapping[str, Tree], types: Types) -> Iterator[str]:
    """The problems of measures (name -> tree) over columns (table and name -> type)."""
    for name, tree in measures.items():
        yield from (f"measure {name}: {problem}" for problem in of_expression(tree, measures, types))
    yield from _circles(measures)


def of_expression(tree: Tree, measures: Mapping[str, Tree], types: Types) -> Iterator[str]:
    yield from _expression(tree, measures, types, frozenset(), in_row=False)


def _expression(
    tree: Tree, measures: Mapping[str, Tree], types: Types, known: frozenset[str], *, in_row: bool
) -> Iterator[str]:
    kind, *operands = tree
    if kind == "let":
        for name, value in operands[0]:
            yield from _expression(value, measures, types, known, in_row=in_row)
            known = known | {name}
        yield from _expression(operands[1], measures, types, known, in_row=in_row)
    elif kind in LEAVES:
        yield from _leaf(kind, operands[0], measures, types, known, in_row)
    elif kind in OPERATORS:
        if kind in COMPARISONS:
            yield from _compared(operands, types)
        for operand in operands:
            yield from _expression(operand, measures, types, known, in_row=in_row)
    elif kind not in ARGUMENTS:
        yield f"{kind} is not a known function"
    else:
        fewest, most = ARGUMENTS[kind]
        if not fewest <= len(operands) <= most:
            yield f"{kind} has {len(operands)} arguments"
        yield from _function(kind, operands, measures, types, known, in_row)


def _leaf(
    kind: str, name: object, measures: Mapping[str, Tree], types: Types, known: frozenset[str], in_row: bool
) -> Iterator[str]:
    if kind == "measure" and name not in measures:
        yield f"there is no measure {name}"
    if kind == "variable" and name not in known:
        yield f"there is no variable {name}"
    if kind == "column" and name not in types:
        yield f"there is no column {name}"
    if kind == "table" and name not in {table for table, _ in types}:
        yield f"there is no table {name}"
    if kind == "column" and not in_row:
        yield f"{name} has no single value here"


def _function(
    kind: str, operands: Tree, measures: Mapping[str, Tree], types: Types, known: frozenset[str], in_row: bool
) -> Iterator[str]:
    is_aggregation = kind in ("SUM", "MIN", "MAX") and len(operands) == 1
    if is_aggregation:
        if operands[0][0] != "column":
            yield f"{kind} does not take a column"
        elif kind == "SUM" and types.get(operands[0][1]) not in NUMBERS:
            yield f"SUM of {operands[0][1]}, which is not a number"
    for position, operand in enumerate(operands):
        is_filter = (kind in CHANGES_CONTEXT and position > 0) or kind == "KEEPFILTERS"
        if is_filter and operand[0] in (*COMPARISONS, "IN", "not", "ISBLANK", "&&", "||"):
            yield from (f"a filter compares with the measure {name}" for name in _measures(operand))
            columns = set(_columns(operand))
            if len(columns) != 1:
                yield f"a filter is about {len(columns)} columns"
        if kind in (*CHANGES_CONTEXT, "KEEPFILTERS") and is_filter and operand[0] in ("measure", "constant"):
            yield f"{kind} filters by a value"
        row = (
            in_row
            or is_filter
            or is_aggregation
            or kind in NAMES
            or (kind in ("FILTER", "CONCATENATEX") and position > 0)
        )
        yield from _expression(operand, measures, types, known, in_row=row)


def _compared(operands: Tree, types: Types) -> Iterator[str]:
    """A column and a constant must be of the same kind."""
    kinds = {_kind(operand, types) for operand in operands} - {""}
    if len(kinds) > 1:
        yield f"compares {' with '.join(sorted(kinds))}"


def _kind(tree: Tree, types: Types) -> str:
    if tree[0] == "constant":
        return "a text" if isinstance(tree[1], str) else "a number"
    if tree[0] == "column":
        return {"string": "a text", "dateTime": "a date", "boolean": "a flag"}.get(
            types.get(tree[1], ""), "a number"
        )
    return ""


def _measures(tree: object) -> Iterator[str]:
    if isinstance(tree, list) and tree:
        if tree[0] == "measure":
            yield tree[1]
        for part in tree:
            yield from _measures(part)
    elif isinstance(tree, tuple):
        yield from _measures(tree[1])


def _columns(tree: object) -> Iterator[object]:
    if isinstance(tree, list) and tree:
        if tree[0] == "column":
            yield tree[1]
        for part in tree:
            yield from _columns(part)


def _circles(measures: Mapping[str, Tree]) -> Iterator[str]:
    """Measures that depend on themselves have no value."""
    needs = {name: set(_measures(tree)) for name, tree in measures.items()}
    while leaves := [name for name, other in needs.items() if not other & needs.keys()]:
        for name in leaves:
            del needs[name]
    if needs:
        yield f"measures need each other: {', '.join(sorted(needs))}"
