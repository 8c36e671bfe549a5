"""
A selection of customers as SQL, for PostgreSQL and for DuckDB.

The text contains only names from our own definitions. Every value goes through *bind*, which returns its
placeholder: a parameter, or a literal that the driver has quoted.
"""

# ruff: noqa: S608 - the text is built from our own names; values from readers are bound

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from psycopg import sql

from customer360.report.people import Rows, Selection
from customer360.tables import CUSTOMER_PROFILES
from customer360.tables.conditions import (
    Among,
    AtLeast,
    Condition,
    Days,
    IsKnown,
    IsUnknown,
    MonthsAfterJoining,
    MoreThan,
)

Bind: TypeAlias = Callable[[object], str]
AUDIENCES: Final = "audience"
"""The schema of audiences: views with a column customer_id."""


@dataclass(frozen=True)
class _Binds:
    value: Bind
    moving: Bind


ADDED: Final = "added"
"""The column with what a customer adds to the number, if that is a sum."""


def selected(selection: Selection, bind: Bind, *more: str, joined: str = "", moving: Bind | None = None) -> str:
    """
    FROM and WHERE of a query: each customer of *selection* once, as p, who also meets the conditions *more*.

    *joined* are further joins to the profiles; `added` is what each customer adds to the number.
    *moving* returns the SQL of a month that is counted back from the as-of date, when that date is not fixed.
    """
    binds = _Binds(bind, moving or bind)
    text = f"FROM {CUSTOMER_PROFILES.full_name} AS p{joined}"
    where = [*(_holds(one, "p", binds) for one in selection.where), *more]
    if selection.rows and selection.total:
        text += f" JOIN ({_sums(selection.rows, selection.total, binds)}) AS t ON t.customer_id = p.customer_id"
    elif selection.rows:
        where.append(f"EXISTS ({_rows(selection.rows, binds)})")
    if selection.without:
        where.append(f"NOT EXISTS ({_rows(selection.without, binds)})")
    if selection.audience:
        view = sql.Identifier(AUDIENCES, selection.audience).as_string()
        where.append(f"p.customer_id IN (SELECT customer_id FROM {view})")
    return text + (f" WHERE {' AND '.join(where)}" if where else "")


def added(selection: Selection) -> str:
    """What a customer adds to the number: 1 if the number counts customers."""
    if not selection.total:
        return "1"
    return f"t.{ADDED}" if selection.rows else _combined(selection.total, "p")


def rows_of_customers(rows: Rows, total: Iterable[tuple[int, str]], bind: Bind) -> str:
    """A query for the customers with any of *rows*, and what they add to *total* as a double."""
    value = f"sum({_combined(total, 'r')})" if total else "count(*)"
    where = " AND ".join(_holds(one, "r", _Binds(bind, bind)) for one in rows.where) or "TRUE"
    of_joining = any(isinstance(one, MonthsAfterJoining) for one in rows.where)
    joined = f" JOIN {CUSTOMER_PROFILES.full_name} AS p USING (customer_id)" if of_joining else ""
    text = f"SELECT customer_id, {value}::double precision FROM {rows.table.full_name} AS r{joined} WHERE {where}"
    return f"{text} GROUP BY customer_id HAVING {value} <> 0"


def _sums(rows: Rows, total: Iterable[tuple[int, str]], binds: _Binds) -> str:
    value = f"sum({_combined(total, 'r')})"
    where = " AND ".join(_holds(one, "r", binds) for one in rows.where) or "TRUE"
    text = f"SELECT r.customer_id, {value} AS {ADDED} FROM {rows.table.full_name} AS r WHERE {where}"
    return f"{text} GROUP BY r.customer_id HAVING {value} <> 0"


def _rows(rows: Rows, binds: _Binds) -> str:
    where = ["r.customer_id = p.customer_id", *(_holds(one, "r", binds) for one in rows.where)]
    return f"SELECT 1 FROM {rows.table.full_name} AS r WHERE {' AND '.join(where)}"


def _combined(total: Iterable[tuple[int, str]], row: str) -> str:
    return " ".join(f"{'+' if sign > 0 else '-'} {row}.{name}" for sign, name in total).removeprefix("+ ")


def _holds(condition: Condition, row: str, binds: _Binds) -> str:
    column = f"{row}.{condition.column}"
    match condition:
        case Among(_, values):
            return f"{column} IN ({', '.join(map(binds.value, values))})" if values else "FALSE"
        case IsKnown():
            return f"{column} IS NOT NULL"
        case IsUnknown():
            return f"{column} IS NULL"
        case AtLeast(_, least):
            return f"{column} >= {binds.value(least)}"
        case MoreThan(_, number):
            return f"{column} > {binds.value(number)}"
        case Days(_, first, last, moves):
            bind = binds.moving if moves else binds.value
            return f"{column} BETWEEN {bind(first)} AND {bind(last)}"
        case MonthsAfterJoining(_, least, most):
            since = f"{_ordinal(column)} - {_ordinal('p.join_month')}"
            return f"{since} >= {binds.value(least)}" + (
                "" if most is None else f" AND {since} <= {binds.value(most)}"
            )


def _ordinal(day: str) -> str:
    """A month as a number that increases by one per month."""
    return f"(date_part('year', {day}) * 12 + date_part('month', {day}))"


def all_hold(conditions: Iterable[Condition], row: str, bind: Bind) -> str:
    """The SQL that all *conditions* hold for the table alias *row*; TRUE if there are none."""
    return " AND ".join(_holds(one, row, _Binds(bind, bind)) for one in conditions) or "TRUE"
