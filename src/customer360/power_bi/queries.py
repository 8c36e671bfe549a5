"""
Fields, projections, filters and values in the JSON of a report.

Every formatting value is an expression: text has inner quotes, numbers have a type suffix (1D, 1L).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from customer360.power_bi.parts import ModelField

Json = dict[str, Any]

AT_LEAST: Final = 2
_EQUAL: Final = 0
_SUM: Final = 0
_HIGHEST_FIRST: Final = 2


def text(value: str) -> Json:
    return literal("'" + value.replace("'", "''") + "'")


def number(value: float | Decimal) -> Json:
    return literal(f"{Decimal(str(value)).normalize():f}D")


def whole(value: int) -> Json:
    return literal(f"{value}L")


def flag(value: bool) -> Json:
    return literal(str(value).lower())


def literal(value: str) -> Json:
    return {"expr": {"Literal": {"Value": value}}}


def color(value: str) -> Json:
    return {"solid": {"color": text(value)}}


def properties(values: Mapping[str, Json], selector: Json | None = None) -> list[Json]:
    """One formatting object: its properties, for the whole visual or the part that *selector* selects."""
    return [{"properties": dict(values), **({"selector": selector} if selector else {})}]


def column(field: ModelField, alias: str = "") -> Json:
    """A column; inside a filter, with the *alias* of its table."""
    source = {"Source": alias} if alias else {"Entity": field.table}
    return {"Column": {"Expression": {"SourceRef": source}, "Property": field.column}}


def measure(field: ModelField, alias: str = "") -> Json:
    """A measure; inside a filter, with the *alias* of its table."""
    source = {"Source": alias} if alias else {"Entity": field.table}
    return {"Measure": {"Expression": {"SourceRef": source}, "Property": field.column}}


def projection(field: ModelField, *, is_measure: bool, name: str = "", active: bool = False) -> Json:
    """A field in a role; *name* is shown instead of the model's name."""
    return {
        "field": measure(field) if is_measure else column(field),
        "queryRef": f"{field.table}.{field.column}",
        "nativeQueryRef": field.column,
        **({"active": True} if active else {}),
        **({"displayName": name} if name and name != field.column else {}),
    }


def sort(field: ModelField, *, is_measure: bool = False, descending: bool = False) -> Json:
    direction = "Descending" if descending else "Ascending"
    ordered = measure(field) if is_measure else column(field)
    return {"sort": [{"field": ordered, "direction": direction}], "isDefaultSort": False}


def not_blank(name: str, field: ModelField) -> Json:
    """Excludes rows of a fact without a member: they are in no part of the visual."""
    blank = {"Comparison": {"ComparisonKind": _EQUAL, "Left": column(field, "t"), "Right": _bare("null")}}
    return _filter(name, field, "Advanced", {"Not": {"Expression": blank}})


def has_value(name: str, field: ModelField) -> Json:
    """Keeps the rows of a table for which *field*, a measure, has a value."""
    blank = {"Comparison": {"ComparisonKind": _EQUAL, "Left": measure(field, "t"), "Right": _bare("null")}}
    body = _body(field, {"Not": {"Expression": blank}})
    return {"name": name, "field": measure(field), "type": "Advanced", "howCreated": "User", "filter": body}


def handed(name: str, field: ModelField) -> Json:
    """Passes a drillthrough page all filters of the mark that showed *field*, a measure."""
    return {"name": name, "field": measure(field), "type": "Passthrough", "howCreated": "Drillthrough"}


def one_of(name: str, field: ModelField, members: Iterable[int]) -> Json:
    values = [[_bare(f"{member}L")] for member in members]
    return _filter(name, field, "Categorical", {"In": {"Expressions": [column(field, "t")], "Values": values}})


def top(name: str, field: ModelField, by: ModelField, count: int) -> Json:
    """The *count* members of *field* with the highest sum of *by*, a column of the same table."""
    total = {"Aggregation": {"Expression": column(by, "t"), "Function": _SUM}}
    query = {
        "Version": 2,
        "From": [_table("t", field.table)],
        "Select": [{**column(field, "t"), "Name": "field"}],
        "OrderBy": [{"Direction": _HIGHEST_FIRST, "Expression": total}],
        "Top": count,
    }
    subquery = {"Name": "subquery", "Type": 2, "Expression": {"Subquery": {"Query": query}}}
    condition = {"In": {"Expressions": [column(field, "t")], "Table": {"SourceRef": {"Source": "subquery"}}}}
    return {
        "name": name,
        "field": column(field),
        "type": "TopN",
        "howCreated": "User",
        "filter": {
            "Version": 2,
            "From": [subquery, _table("t", field.table)],
            "Where": [{"Condition": condition}],
        },
    }


def at_least(field: ModelField, value: Decimal) -> Json:
    """The body of a filter: *field* >= *value*."""
    compared = {
        "ComparisonKind": AT_LEAST,
        "Left": column(field, "t"),
        "Right": _bare(f"{value.normalize():f}D"),
    }
    return _body(field, {"Comparison": compared})


def _filter(name: str, field: ModelField, kind: str, condition: Json) -> Json:
    body = _body(field, condition)
    return {"name": name, "field": column(field), "type": kind, "howCreated": "User", "filter": body}


def _body(field: ModelField, condition: Json) -> Json:
    return {"Version": 2, "From": [_table("t", field.table)], "Where": [{"Condition": condition}]}


def _table(alias: str, table: str) -> Json:
    return {"Name": alias, "Entity": table, "Type": 0}


def _bare(value: str) -> Json:
    return {"Literal": {"Value": value}}
