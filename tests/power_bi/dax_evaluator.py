"""
A small evaluator of the model's DAX over pandas tables.

It reads the emitted TMDL: tables, measures, relationships and partitions come only from that text, not from the code
that wrote it. It supports exactly the functions we emit, with DAX's semantics: filters travel from the one side to the
many side, blank counts as 0 when compared or added, a filter in CALCULATE replaces the one on its column unless kept,
texts that differ in letter case or trailing spaces are equal, and rows without a partner belong to a blank member.
What the engine rejects when it loads a model is rejected here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from tests.power_bi import dax_static
from tests.power_bi.dax_parser import Tree, parse

ColumnName = tuple[str, str]
Context = dict[ColumnName, list[Any]]
Variables = dict[str, Any]
Row = dict[ColumnName, Any]

SINGLE_CUSTOMERS = ("customer_profiles", "customer_months", "customer_moves")
"""The tables that only the lists of customers read; a model may lack them here."""
MEASURE = re.compile(r"^\tmeasure ('(?:[^']|'')+'|\w+) = (?:```\n((?:.|\n)*?)```|([^`\n].*))$", re.M)


# --- reading the model ---------------------------------------------------------------------------------


@dataclass
class Model:
    """The tables, measures and relationships of a model, filled with rows."""

    rows: dict[str, pd.DataFrame] = field(default_factory=dict)
    measures: dict[str, Tree] = field(default_factory=dict)
    types: dict[ColumnName, str] = field(default_factory=dict)
    relationships: list[tuple[ColumnName, ColumnName, bool]] = field(default_factory=list)
    _values: dict[ColumnName, list[Any]] = field(default_factory=dict)
    _keys: dict[ColumnName, list[Any]] = field(default_factory=dict)
    _reaching: dict[str, frozenset[str]] = field(default_factory=dict)
    _expanded: dict[str, frozenset[str]] = field(default_factory=dict)

    def values(self, column: ColumnName) -> list[Any]:
        """The values of all rows, in order."""
        if column not in self._values:
            self._values[column] = list(self.rows[column[0]][column[1]])
        return self._values[column]

    def keys(self, column: ColumnName) -> list[Any]:
        """The values, with equal values where Power BI treats them as equal."""
        if column not in self._keys:
            self._keys[column] = list(map(same_text, self.values(column)))
        return self._keys[column]

    def reaching(self, table: str) -> frozenset[str]:
        """The tables whose filters reach *table*."""
        if table not in self._reaching:
            ones = [one for (many, _), (one, _), _ in self.relationships if many == table]
            self._reaching[table] = frozenset({table}).union(*map(self.reaching, ones))
        return self._reaching[table]

    def expanded(self, table: str) -> frozenset[str]:
        """The table and those on the one side of its relationships, without overlapping ones."""
        if table not in self._expanded:
            links = ((many, one) for (many, _), (one, _), overlapping in self.relationships if not overlapping)
            ones = [one for many, one in links if many == table]
            self._expanded[table] = frozenset({table}).union(*map(self.expanded, ones))
        return self._expanded[table]


def read(files: dict[str, str], data: dict[str, pd.DataFrame]) -> Model:
    """The model of the TMDL *files* (path -> text) over *data* (source table -> rows)."""
    model = Model()
    for path, text in files.items():
        if "/tables/" in path:
            _read_table(model, text, data)
        elif path.endswith("relationships.tmdl"):
            for block in text.split("relationship ")[1:]:
                many, one = (_column_name(_found(rf"{end}Column: (.+)", block)[1]) for end in ("from", "to"))
                if "isActive: false" not in block:
                    model.relationships.append((many, one, "toCardinality: many" in block))
    if refused := [*dax_static.problems(model.measures, model.types), *_duplicates(model)]:
        raise ValueError("; ".join(refused))
    return model


def same_text(value: object) -> object:
    """*value* as Power BI compares it: regardless of letter case and trailing spaces."""
    return value.casefold().rstrip(" ") if isinstance(value, str) else value


def _duplicates(model: Model) -> Iterator[str]:
    for _, (table, column), overlapping in model.relationships:
        keys = [same_text(value) for value in model.rows[table][column]]
        if not overlapping and len(keys) != len(set(keys)):
            yield f"{table}[{column}] contains a duplicate value, which is not allowed on the one side"


def _column_name(text: str) -> ColumnName:
    table, column = _found(r"^('(?:[^']|'')+'|\w+)\.('(?:[^']|'')+'|\w+)$", text).groups()
    return _plain(table), _plain(column)


def _found(pattern: str, text: str) -> re.Match[str]:
    """The match of *pattern* in *text*, line by line; every model that we emit has one."""
    found = re.search(pattern, text, re.M)
    assert found, f"{pattern} is not in {text}"
    return found


def _plain(name: str) -> str:
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def _read_table(model: Model, text: str, data: dict[str, pd.DataFrame]) -> None:
    name = _plain(_found(r"^table (.+)$", text)[1])
    for head, fenced, plain in MEASURE.findall(text):
        model.measures[_plain(head)] = parse(fenced or plain)
    sources = re.findall(r"^\tcolumn (.+)\n(?:\t\t.*\n)*?\t\tsourceColumn: (.+)$", text, re.M)
    for column, kind in re.findall(r"^\tcolumn (.+)\n\t\tdataType: (\w+)$", text, re.M):
        model.types[name, _plain(column)] = kind
    rows = _partition(text, data)
    model.rows[name] = pd.DataFrame({_plain(column): rows[source] for column, source in sources}, dtype=object)


def _partition(text: str, data: dict[str, pd.DataFrame]) -> pd.DataFrame:
    if counted := re.search(r"#table\(type table \[(\w+) = .*\], .*\{0\.\.(\d+)\}, each \{_ / (\d+)\}\)\)", text):
        name, steps, parts = counted.groups()
        return pd.DataFrame({name: [Decimal(n) / int(parts) for n in range(int(steps) + 1)]}, dtype=object)
    if literal := re.search(r"#table\(type table \[(.*?)\], \{(.*)\}\)", text):
        columns = [part.split(" = ")[0] for part in literal[1].split(", ")]
        members = re.findall(r'\{(\d+), "([^"]*)", (\d+)\}', literal[2])
        return pd.DataFrame([(int(a), b, int(c)) for a, b, c in members], columns=columns, dtype=object)
    source = _found(r'Item = "(\w+)"', text)[1]
    rows = pd.DataFrame() if source in SINGLE_CUSTOMERS and source not in data else data[source]
    if banded := re.search(r'\[banded_column\] = "(\w+)"', text):
        rows = rows[rows["banded_column"] == banded[1]]
    if "[low] <> null" in text:
        rows = rows[rows["low"].notna()]
    kept = re.findall(r'"(\w+)"', _found(r"Table.SelectColumns\(\w+, \{(.*?)\}\)", text)[1])
    rows = rows.reindex(columns=kept).astype(object)
    return rows.where(rows.notna(), None)


# --- evaluating ----------------------------------------------------------------------------------------


def _number(value: Any) -> float:
    return 0.0 if value is None else float(value)


def _compare(left: Any, right: Any) -> tuple[Any, ...]:
    """Compared with a number blank is 0, with a text "", with a date the first of all dates."""
    for one, other in ((left, right), (right, left)):
        if one is None:
            blank = "" if isinstance(other, str) else date.min if isinstance(other, date) else 0.0
            return (blank, other if isinstance(other, (str, date)) else _number(other))[
                :: 1 if one is left else -1
            ]
    if isinstance(left, (str, date)):
        return same_text(left), same_text(right)
    return float(left), float(right)


ASKS_CONTEXT = ("ISFILTERED", "ISCROSSFILTERED", "ISINSCOPE", "HASONEVALUE", "COUNTROWS", "CONCATENATEX")

COMPARISONS: dict[str, Callable[..., Any]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


@dataclass
class Evaluator:
    """Evaluates measures; *selected* is the reader's selection, without the axis of a visual."""

    model: Model
    selected: Context = field(default_factory=dict)
    in_scope: set[ColumnName] = field(default_factory=set)
    _found: dict[Any, Any] = field(default_factory=dict)
    """Cached values of measures and rows of contexts, for the current axis."""

    def measure(self, name: str, axis: Context | None = None) -> Any:
        """The value of a measure, for the members of the *axis*."""
        if self.in_scope != set(axis or {}):
            self._found.clear()
        self.in_scope = set(axis or {})
        return self.of_measure(name, _frozen(_and(self.selected, axis or {})))

    def of_measure(self, name: str, context: Context) -> Any:
        key = name, _key(context)
        if key not in self._found:
            self._found[key] = self.value(self.model.measures[name], context, {}, {})
        return self._found[key]

    def value(self, tree: Tree, context: Context, variables: Variables, row: Row) -> Any:
        kind, *operands = tree
        if kind == "let":
            known = dict(variables)
            for name, expression in operands[0]:
                known[name] = self.value(expression, context, known, row)
            return self.value(operands[1], context, known, row)
        if kind == "constant":
            return operands[0]
        if kind == "variable":
            return variables[operands[0]]
        if kind == "measure":
            return self.of_measure(operands[0], context)
        if kind == "column":
            return row[operands[0]]
        if kind in dax_static.CHANGES_CONTEXT:
            return self.value(operands[0], self.changed(operands[1:], context, variables, row), variables, row)
        if kind in ("SUM", "MIN", "MAX") and len(operands) == 1:
            return self.aggregated(kind, operands[0][1], context)
        if kind == "IF":
            condition, then, *otherwise = operands
            branch = [then] if self.value(condition, context, variables, row) else otherwise
            return self.value(branch[0], context, variables, row) if branch else None
        if kind == "VALUES":
            return frozenset(map(same_text, self.shown(operands[0][1], context)))
        if kind == "IN":
            return same_text(self.value(operands[0], context, variables, row)) in variables[operands[1][1]]
        if kind in ASKS_CONTEXT:
            return self.asked(kind, operands, context, variables, row)
        if kind in ("&&", "||"):
            holds = (self.value(operand, context, variables, row) for operand in operands)
            return all(holds) if kind == "&&" else any(holds)
        values = [self.value(operand, context, variables, row) for operand in operands]
        return self.computed(kind, values)

    def asked(self, kind: str, operands: Tree, context: Context, variables: Variables, row: Row) -> Any:
        """Functions of the filters themselves: which columns and tables have one, which members they keep."""
        name = operands[0][1]
        if kind == "ISINSCOPE":
            return name in self.in_scope
        if kind == "ISFILTERED":
            return any(name in (column, column[0]) for column in context)
        if kind == "ISCROSSFILTERED":
            return self.is_filtered(name, context)
        if kind == "HASONEVALUE":
            keys = self.model.keys(name)
            return len({keys[row] for row in self.visible(name[0], context)}) == 1
        if kind == "COUNTROWS" and operands[0][0] == "table":
            return len(self.visible(name, context)) or None
        if kind == "COUNTROWS":
            return len(self.filtered(operands[0][1:], context, variables, row)[1]) or None
        (_, [_, column]), (_, shown), (_, between) = operands
        members = [member for member in self.shown(column, context) if member is not None]
        assert shown == column
        return between.join(
            {same_text(member): member for member in reversed(members)}[key]
            for key in dict.fromkeys(map(same_text, members))
        )

    def computed(self, kind: str, values: list[Any]) -> Any:
        if kind in COMPARISONS:
            return COMPARISONS[kind](*_compare(*values))
        if kind in ("+", "-") and isinstance(values[0], date):
            return values[0] + timedelta(int(values[1])) * (1 if kind == "+" else -1)
        if kind in ("+", "-"):
            if values[0] is None and values[1] is None:
                return None
            return _number(values[0]) + (_number(values[1]) if kind == "+" else -_number(values[1]))
        if kind in ("MIN", "MAX"):
            return (min if kind == "MIN" else max)(map(_number, values))
        return FUNCTIONS[kind](*values)

    def aggregated(self, kind: str, column: ColumnName, context: Context) -> Any:
        known = [value for value in self.shown(column, context) if value is not None]
        if not known:
            return None
        return {"SUM": lambda: float(sum(known)), "MIN": lambda: min(known), "MAX": lambda: max(known)}[kind]()

    def changed(self, arguments: Tree, context: Context, variables: Variables, row: Row) -> Context:
        """The context with the filters of a CALCULATE: removals first, then replacements and restrictions."""
        new = {column: list(filters) for column, filters in context.items()}
        narrowing: list[tuple[ColumnName, frozenset[Any], bool]] = []
        for kind, *operands in arguments:
            if kind == "ALLSELECTED":
                new = {column: list(filters) for column, filters in _frozen(self.selected).items()}
            elif kind == "REMOVEFILTERS" and operands[0][0] == "column":
                new.pop(operands[0][1], None)
            elif kind == "REMOVEFILTERS":
                for table in self.model.expanded(operands[0][1]):
                    new = {column: filters for column, filters in new.items() if column[0] != table}
            elif kind == "KEEPFILTERS":
                narrowing.append((*self.predicate(operands[0], context, variables, row), True))
            elif kind == "FILTER":
                narrowing.append((*self.filtered(operands, context, variables, row), False))
            else:
                narrowing.append((*self.predicate([kind, *operands], context, variables, row), False))
        for column, _, kept in narrowing:
            if not kept:
                new.pop(column, None)
        for column, members, _ in narrowing:
            new.setdefault(column, []).append(members)
        return new

    def predicate(
        self, tree: Tree, context: Context, variables: Variables, row: Row
    ) -> tuple[ColumnName, frozenset[Any]]:
        """A condition on one column: the members, including the blank one, for which it holds."""
        [column] = set(_columns(tree))
        members = {*self.model.values(column), None}
        kept = (m for m in members if self.value(tree, context, variables, {**row, column: m}))
        return column, frozenset(kept)

    def filtered(
        self, operands: Tree, context: Context, variables: Variables, row: Row
    ) -> tuple[ColumnName, frozenset[Any]]:
        """FILTER ( VALUES ( column ), condition )."""
        (_, [_, column]), condition = operands[0], operands[1]
        members = set(self.shown(column, context))
        kept = (m for m in members if self.value(condition, context, variables, {**row, column: m}))
        return column, frozenset(kept)

    def shown(self, column: ColumnName, context: Context) -> list[Any]:
        """The values of a column in the rows within the context."""
        values = self.model.values(column)
        return [values[row] for row in self.visible(column[0], context)]

    def visible(self, table: str, context: Context) -> list[int]:
        """The indexes of the rows within the context, after its filters have travelled from the one side."""
        reaching = self.model.reaching(table)
        key = table, _key({column: filters for column, filters in context.items() if column[0] in reaching})
        if key not in self._found:
            self._found[key] = self._visible(table, context)
        return self._found[key]

    def _visible(self, table: str, context: Context) -> list[int]:
        rows = list(range(len(self.model.rows[table])))
        for column, filters in context.items():
            if column[0] == table:
                keys = self.model.keys(column)
                for members in filters:
                    kept = set(map(same_text, members))
                    rows = [row for row in rows if keys[row] in kept]
        for (many, foreign), one, overlapping in self.model.relationships:
            if many == table and self.is_filtered(one[0], context):
                of_one = self.model.keys(one)
                partners = {of_one[row] for row in self.visible(one[0], context)}
                blank = not overlapping and self.blank_member(one[0], context)
                known, keys = set(of_one), self.model.keys((table, foreign))
                rows = [row for row in rows if keys[row] in partners or (blank and keys[row] not in known)]
        return rows

    def is_filtered(self, table: str, context: Context) -> bool:
        return any(column[0] in self.model.expanded(table) for column in context)

    def blank_member(self, table: str, context: Context) -> bool:
        return all(
            None in members for column, filters in context.items() if column[0] == table for members in filters
        )


def _frozen(context: Context) -> Context:
    return {column: [frozenset(members) for members in filters] for column, filters in context.items()}


def _key(context: Context) -> frozenset[Any]:
    return frozenset((column, tuple(filters)) for column, filters in context.items())


def _and(one: Context, other: Context) -> Context:
    return {column: [*one.get(column, []), *other.get(column, [])] for column in {**one, **other}}


def _columns(tree: object) -> list[ColumnName]:
    if isinstance(tree, list):
        if tree and tree[0] == "column":
            return [tree[1]]
        return [column for part in tree for column in _columns(part)]
    return []


def _divide(of: object, to: object, otherwise: object = None) -> object:
    if not _number(to):
        return otherwise
    return None if of is None else _number(of) / _number(to)


def _edate(day: date | None, months: float) -> date:
    """A day beyond the end of the month becomes its last day; a blank is DAX's first date."""
    day = day or FIRST_DAY
    number = 12 * day.year + day.month - 1 + int(months)
    first = date(number // 12, number % 12 + 1, 1)
    return min(first + timedelta(day.day - 1), _month_end(first))


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(31)).replace(day=1) - timedelta(1)


def _format(value: object, pattern: str) -> str:
    if value is None:
        return ""
    if pattern == "mmm yyyy":
        return f"{value:%b %Y}"
    forms = {"#,0": ",.0f", "#,0.00": ",.2f", "#,0.000": ",.3f", "#,0.0": ",.1f", "0.0%": ".1%"}
    return format(_number(value), forms[pattern])


def _switch(value: object, *cases: object) -> object:
    return next((then for when, then in zip(cases[::2], cases[1::2], strict=False) if when == value), None)


FIRST_DAY = date(1899, 12, 30)
"""A blank as a date."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "TRUE": lambda: True,
    "RELATED": lambda value: value,
    "YEAR": lambda day: (day or FIRST_DAY).year,
    "MONTH": lambda day: (day or FIRST_DAY).month,
    "DIVIDE": _divide,
    "EDATE": _edate,
    "EOMONTH": lambda day, months: _month_end(_edate(day, months)),
    "COALESCE": lambda *values: next((value for value in values if value is not None), None),
    "ISBLANK": lambda value: value is None,
    "SWITCH": _switch,
    "ROUND": lambda value, digits: (
        float(int(abs(value) * 10**digits + 0.5) / 10**digits) * (1 if value >= 0 else -1)
    ),
    "FORMAT": _format,
    "MID": lambda text, start, count: (text or "")[int(start) - 1 : int(start + count) - 1],
    "&": lambda a, b: f"{a or ''}{b or ''}",
    "CONTAINSSTRING": lambda text, part: part.casefold() in (text or "").casefold(),
    "*": lambda a, b: None if a is None or b is None else _number(a) * _number(b),
    "not": lambda value: not value,
    "negative": lambda value: -_number(value),
}
