"""
Subtracts one customer from every total of the results, as if the customer had never existed.

Which row of a fact a customer is in, and what the customer adds to each column, follows from the definitions: the
key of the fact, `Column.counts` and `Column.sums`. Only the exceptions are written here: possible days, cohorts,
tenths and top tens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.people.sql import all_hold
from customer360.postgres import ddl
from customer360.report.dimensions import ACTIVITY_MONTH, dimension
from customer360.report.people import ROWS_OF
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    COHORT_RETENTION,
    CUSTOMER_CONTACTS,
    CUSTOMER_MONTHS,
    CUSTOMER_MOVES,
    CUSTOMER_PROFILES,
    RESULT_TABLES,
    RFM_SCORES,
    SLICERS,
    SPENDING_TENTHS,
    TOP_CUSTOMERS,
    TOP_SPENDERS,
    Column,
    Table,
)

FACTS: Final = tuple(
    table
    for table in RESULT_TABLES
    if table.role == "fact"
    and table is not COHORT_RETENTION
    and any(column.counts is not None or column.sums for column in table.columns)
)
"""The facts whose totals all follow from the rows of individual customers."""

TENTHS: Final = 10
RANKS: Final = 10


@dataclass(frozen=True)
class _Top:
    """A top ten: the column of its *amount*, and the condition for having a rank."""

    amount: str
    ranked: sql.SQL


_TOPS: Final[Mapping[Table, _Top]] = {
    TOP_CUSTOMERS: _Top("account_balance", sql.SQL("p.account_balance IS NOT NULL")),
    TOP_SPENDERS: _Top("spent", sql.SQL("p.spent_band > 0")),
}
_NAMES: Final = {
    "p": ddl.identifier(CUSTOMER_PROFILES),
    "months": ddl.identifier(CUSTOMER_MONTHS),
    "contacts": ddl.identifier(CUSTOMER_CONTACTS),
    "cohorts": ddl.identifier(COHORT_RETENTION),
    "tenths": ddl.identifier(SPENDING_TENTHS),
    "scores": ddl.identifier(RFM_SCORES),
}


def subtract(connection: psycopg.Connection[Any], customer_id: int, tables: Collection[Table]) -> None:
    """
    Subtracts the customer from the totals of *tables*, which must exist, and then deletes the customer's rows.

    Call it in a transaction. Without a row in customer_profiles, for example when the profiles are in a lake, no
    total changes.
    """
    has_profile, has_months = (
        _has_rows(connection, table, customer_id) if table in tables else False
        for table in (CUSTOMER_PROFILES, CUSTOMER_MONTHS)
    )
    for fact in FACTS if has_profile else ():
        if fact in tables and ROWS_OF.get(fact, CUSTOMER_PROFILES) in tables:
            _subtract_from(connection, fact, customer_id)
    if has_profile and COHORT_RETENTION in tables:
        _leave_cohort(connection, customer_id, with_months=has_months)
    if has_profile and RFM_SCORES in tables:
        connection.execute(_LEAVE_SCORES.format(**_NAMES, id=customer_id))
    cells = {top: _cell(connection, top, customer_id) for top in _TOPS if top in tables}
    for table in (CUSTOMER_PROFILES, CUSTOMER_MONTHS, CUSTOMER_MOVES, CUSTOMER_CONTACTS):
        if table in tables:
            connection.execute(_DELETE.format(table=ddl.identifier(table), id=customer_id))
    for top, cell in cells.items():
        if cell:
            _fill_rank(connection, top, cell, customer_id, from_profiles=has_profile)
    if has_profile and SPENDING_TENTHS in tables:
        _divide_again(connection)


_DELETE: Final = sql.SQL("DELETE FROM {table} WHERE customer_id = {id}")


def _has_rows(connection: psycopg.Connection[Any], table: Table, customer_id: int) -> bool:
    query = sql.SQL("SELECT true FROM {table} WHERE customer_id = {id} LIMIT 1")
    return bool(connection.execute(query.format(table=ddl.identifier(table), id=customer_id)).fetchone())


# --- facts -------------------------------------------------------------------------------------------------


def _subtract_from(connection: psycopg.Connection[Any], fact: Table, customer_id: int) -> None:
    """Subtracts what the customer adds to each row of *fact*, and deletes rows that no longer count anyone."""
    theirs = _theirs(connection, fact, sql.SQL("p.customer_id = {}").format(customer_id))
    name, same = ddl.identifier(fact), _same_key(fact)
    changes = sql.SQL(", ").join(_change(column) for column in _totals(fact))
    update = sql.SQL("UPDATE {} AS f SET {} FROM ({}) AS x WHERE {}").format(name, changes, theirs, same)
    connection.execute(update)
    others = sql.SQL("p.customer_id <> {}").format(customer_id)
    is_over = sql.SQL(" AND ").join(
        sql.SQL("f.{} = 0").format(sql.Identifier(column.name)) for column in _totals(fact)
    )
    others_there = sql.SQL("EXISTS (SELECT FROM ({}) AS y WHERE {})").format(
        _rows_with_key(fact, others), _same_key(fact, "y")
    )
    connection.execute(
        sql.SQL("DELETE FROM {} AS f USING ({}) AS x WHERE {} AND {} AND NOT {}").format(
            name, theirs, same, is_over, others_there
        )
    )


def _theirs(connection: psycopg.Connection[Any], fact: Table, who: sql.Composable) -> sql.Composed:
    """The key of each row of *fact* that counts the customers *who*, and what they add to its columns."""
    added = [
        sql.SQL("{} AS {}").format(_added(connection, fact, column), sql.Identifier(column.name))
        for column in _totals(fact)
        if column.counts is not None or column.sums
    ]
    keys = [sql.SQL("{} AS {}").format(_of_row(fact, name), sql.Identifier(name)) for name in fact.key]
    places = sql.SQL(", ").join(map(sql.Literal, range(1, len(keys) + 1)))
    return sql.SQL("SELECT {} FROM {} WHERE {} GROUP BY {}").format(
        sql.SQL(", ").join([*keys, *added]), _rows(fact), who, places
    )


def _rows_with_key(fact: Table, who: sql.Composable) -> sql.Composed:
    keys = [sql.SQL("{} AS {}").format(_of_row(fact, name), sql.Identifier(name)) for name in fact.key]
    return sql.SQL("SELECT {} FROM {} WHERE {}").format(sql.SQL(", ").join(keys), _rows(fact), who)


def _rows(fact: Table) -> sql.Composed:
    profiles = ddl.identifier(CUSTOMER_PROFILES)
    if fact not in ROWS_OF:
        return sql.SQL("{} AS p").format(profiles)
    return sql.SQL("{} AS p JOIN {} AS r USING (customer_id)").format(profiles, ddl.identifier(ROWS_OF[fact]))


def _of_row(fact: Table, key: str) -> sql.Identifier:
    """The column that gives *key* of *fact* for a customer, or for a month or move."""
    cut = dimension(key)
    if fact in ROWS_OF and cut is ACTIVITY_MONTH:
        return sql.Identifier("r", "month")
    if fact in ROWS_OF and cut.column in ROWS_OF[fact].column_names:
        return sql.Identifier("r", cut.column)
    return sql.Identifier("p", cut.profile_column)


def _added(connection: psycopg.Connection[Any], fact: Table, column: Column) -> sql.Composed:
    row = "r" if fact in ROWS_OF else "p"
    conditions = all_hold(column.counts or (), row, lambda value: sql.Literal(value).as_string(connection))
    what = sql.SQL("sum({})").format(sql.Identifier(row, column.sums)) if column.sums else sql.SQL("count(*)")
    holds = sql.SQL(conditions)  # our own names, and values quoted by the driver
    return sql.SQL("coalesce({} FILTER (WHERE {}), 0)").format(what, holds)


def _totals(fact: Table) -> Iterator[Column]:
    return (column for column in fact.columns if column.name not in fact.key)


def _change(column: Column) -> sql.Composed:
    name = sql.Identifier(column.name)
    if column.counts is not None or column.sums:
        return sql.SQL("{0} = f.{0} - x.{0}").format(name)
    if column.full_name != ACTIVITY_SEGMENTS["possible_days"].full_name:
        raise AssertionError(f"{column.full_name} does not say which customers it counts")
    return sql.SQL(
        "{0} = f.{0} / greatest(f.active_customers, 1) * (f.active_customers - x.active_customers)"
    ).format(name)


def _same_key(fact: Table, other: str = "x") -> sql.Composed:
    names = [sql.Identifier(name) for name in fact.key]
    pairs = [sql.SQL("f.{0} IS NOT DISTINCT FROM {1}.{0}").format(name, sql.Identifier(other)) for name in names]
    return sql.SQL(" AND ").join(pairs)


# --- exceptions to the definitions -------------------------------------------------------------------------

_LEAVE_COHORT: Final = sql.SQL(
    """
    UPDATE {cohorts} AS f SET
      cohort_customers = cohort_customers - 1,
      retained_customers = retained_customers - CASE WHEN months_since <= greatest(
        (date_part('year', p.last_seen) - date_part('year', p.join_month)) * 12
        + date_part('month', p.last_seen) - date_part('month', p.join_month), 0) THEN 1 ELSE 0 END,
      active_customers = active_customers - CASE WHEN {with_months} AND EXISTS (
        SELECT FROM {months} AS r WHERE r.customer_id = {id} AND r.is_active
          AND r.month = f.join_month + make_interval(months => f.months_since)) THEN 1 ELSE 0 END
    FROM {p} AS p WHERE p.customer_id = {id} AND f.join_month = p.join_month
    """
)
_SHARES: Final = sql.SQL(
    """
    UPDATE {cohorts} AS f SET retained_share = round(retained_customers::numeric / cohort_customers, 6),
      active_share = round(active_customers::numeric / cohort_customers, 6)
    FROM {p} AS p WHERE p.customer_id = {id} AND f.join_month = p.join_month AND cohort_customers > 0
    """
)
_EMPTY_COHORT: Final = sql.SQL("DELETE FROM {cohorts} WHERE cohort_customers = 0")


def _leave_cohort(connection: psycopg.Connection[Any], customer_id: int, *, with_months: bool) -> None:
    for statement in (_LEAVE_COHORT, _SHARES, _EMPTY_COHORT):
        connection.execute(statement.format(**_NAMES, id=customer_id, with_months=with_months))


_LEAVE_SCORES: Final = sql.SQL(
    """
    UPDATE {scores} AS f SET customers_with_score = customers_with_score - 1 FROM {p} AS p
    WHERE p.customer_id = {id} AND (f.score_of, f.score) IN (
      ('recency', p.recency_score), ('frequency', p.frequency_score), ('monetary', p.monetary_score))
    """
)


def _cell(connection: psycopg.Connection[Any], top: Table, customer_id: int) -> tuple[Any, ...] | None:
    """The slicer cell whose top ten contains the customer, and the rank there."""
    names = sql.SQL(", ").join(map(sql.Identifier, (*SLICERS, "cell_rank")))
    query = sql.SQL("SELECT {} FROM {} WHERE customer_id = {}").format(names, ddl.identifier(top), customer_id)
    return connection.execute(query).fetchone()


def _fill_rank(
    connection: psycopg.Connection[Any],
    top: Table,
    cell: tuple[Any, ...],
    customer_id: int,
    *,
    from_profiles: bool,
) -> None:
    """Moves the lower ranks up by one; the eleventh becomes the tenth if the database contains the profiles."""
    *slicers, rank = cell
    name = ddl.identifier(top)
    here = sql.SQL(" AND ").join(
        sql.SQL("f.{} IS NOT DISTINCT FROM {}").format(sql.Identifier(slicer), sql.Literal(value))
        for slicer, value in zip(SLICERS, slicers, strict=True)
    )
    connection.execute(_DELETE.format(table=name, id=customer_id))
    behind = sql.SQL("f.cell_rank = {}")
    for place in range(rank + 1, RANKS + 1):  # one at a time: ranks are a key
        up = sql.SQL("UPDATE {} AS f SET cell_rank = {} WHERE {} AND {}")
        connection.execute(up.format(name, place - 1, here, behind.format(place)))
    if from_profiles:
        connection.execute(_eleventh(top, here, slicers))


def _eleventh(top: Table, here: sql.Composed, slicers: list[Any]) -> sql.Composed:
    """Inserts the next customer of the cell as the tenth, if the cell has only nine left."""
    of = _TOPS[top]
    cell = [sql.Identifier("p", dimension(slicer).profile_column) for slicer in SLICERS]
    is_there = sql.SQL(" AND ").join(
        sql.SQL("{} IS NOT DISTINCT FROM {}").format(column, sql.Literal(value))
        for column, value in zip(cell, slicers, strict=True)
    )
    return sql.SQL(
        """
        INSERT INTO {top} ({columns})
        SELECT {cell}, {last}, p.customer_id, p.source_id, c.name, p.{amount}
        FROM {p} AS p LEFT JOIN {contacts} AS c USING (customer_id)
        WHERE {is_there} AND {ranked} AND (SELECT count(*) FROM {top} AS f WHERE {here}) = {nine}
          AND NOT EXISTS (SELECT FROM {top} AS f WHERE f.customer_id = p.customer_id)
        ORDER BY p.{amount} DESC, p.customer_id LIMIT 1
        """
    ).format(
        **_NAMES, top=ddl.identifier(top), cell=sql.SQL(", ").join(cell), last=RANKS, nine=RANKS - 1, here=here,
        is_there=is_there, ranked=of.ranked, amount=sql.Identifier(of.amount),
        columns=sql.SQL(", ").join(map(sql.Identifier, top.column_names)),
    )  # fmt: skip


_TENTHS_AGAIN: Final = sql.SQL(
    """
    WITH ranked AS (
      SELECT spent, row_number() OVER (ORDER BY spent DESC) AS place, count(*) OVER () AS customers FROM {p}
    ), ends AS (
      SELECT tenth, (SELECT count(*) FROM {p}) AS customers FROM generate_series(1, {tenths_in_all}) AS tenth
    ), found AS (
      SELECT tenth, count(ranked.place) AS customers, coalesce(sum(spent), 0) AS spent FROM ends
      LEFT JOIN ranked ON ranked.place > div(ends.customers * (tenth - 1) + {tenths_in_all} - 1, {tenths_in_all})
        AND ranked.place <= div(ends.customers * tenth + {tenths_in_all} - 1, {tenths_in_all}) GROUP BY tenth
    )
    UPDATE {tenths} AS f SET tenth_customers = found.customers, tenth_spent = found.spent
    FROM found WHERE found.tenth = f.spending_tenth
    """
)
_NO_TENTHS: Final = sql.SQL("DELETE FROM {tenths} WHERE NOT EXISTS (SELECT FROM {p})")


def _divide_again(connection: psycopg.Connection[Any]) -> None:
    """Recomputes the tenths: each depends on all remaining customers."""
    for statement in (_TENTHS_AGAIN, _NO_TENTHS):
        connection.execute(statement.format(**_NAMES, tenths_in_all=TENTHS))
