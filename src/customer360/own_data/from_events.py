"""Fills columns missing from a file of customers from their events, when both are loaded together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from customer360.own_data.loadable import Loadable
from customer360.own_data.parts import duckdb_in
from customer360.tables import CUSTOMERS, EVENTS

_FILLED_BY: Final = {
    "first_purchase": "(min(occurred_at) FILTER (kind = 'purchase'))::DATE",
    "last_login": "(max(occurred_at) FILTER (kind = 'login'))::TIMESTAMP",
}
"""
The expression that fills each column. The balance of points is not one of them: the sum of the events is the
balance only if they begin with the customer's first points, which the file does not show.
"""
_EVENTS_SINCE_JOINING: Final = """
    CREATE TABLE told AS
    SELECT customer_id, {columns}
    FROM read_parquet($events)
    JOIN (SELECT customer_id, join_date FROM read_parquet($customers)) USING (customer_id)
    WHERE join_date IS NULL OR occurred_at::DATE >= join_date GROUP BY customer_id"""
"""A run rejects customers whose first purchase or last login is before their join_date."""
_LAST_DAYS: Final = "SELECT {days} FROM told"
_FILL: Final = """
    COPY (
        SELECT customer.* REPLACE ({columns})
        FROM read_parquet('{file}') customer LEFT JOIN told ON told.customer_id = customer.customer_id
        ORDER BY row
    ) TO '{filled}' (FORMAT parquet)"""


def fill_from_events(customers: Loadable, events: Loadable) -> Loadable:
    """
    *customers* with first_purchase and last_login filled from their *events*, if their file lacks them.

    These are the day of the first purchase and the moment of the last login since the customer's join_date, or
    null. A column stays missing if the events fill it for no customer.
    """
    missing = {*customers.missing_columns(CUSTOMERS)} & {*_FILLED_BY}
    if not (missing and events.files[EVENTS]):
        return customers
    files = customers.files[CUSTOMERS]
    with duckdb_in(files[0].parent) as duck:
        days = _last_days(duck, files, events.files[EVENTS], [name for name in _FILLED_BY if name in missing])
        if days:
            for file in files:
                _fill(duck, file, list(days))
    last_day = max((day for day in (customers.last_day, *days.values()) if day), default=None)
    return replace(customers, from_events=tuple(days), last_day=last_day)


def _last_days(
    duck: duckdb.DuckDBPyConnection, customers: Sequence[Path], events: Sequence[Path], columns: Sequence[str]
) -> dict[str, date]:
    """Creates the table `told`; returns the last day in each of *columns* that it fills for any customer."""
    files = {"customers": [str(file) for file in customers], "events": [str(file) for file in events]}
    told = ", ".join(f"{_FILLED_BY[name]} AS {name}" for name in columns)
    duck.execute(_EVENTS_SINCE_JOINING.format(columns=told), files)
    days = ", ".join(f"max({name})::DATE" for name in columns)
    (found,) = duck.execute(_LAST_DAYS.format(days=days)).fetchall()
    return {name: day for name, day in zip(columns, found, strict=True) if day is not None}


def _fill(duck: duckdb.DuckDBPyConnection, file: Path, columns: Sequence[str]) -> None:
    filled = file.with_suffix(".filled")
    told = ", ".join(f"told.{name} AS {name}" for name in columns)
    duck.execute(_FILL.format(columns=told, file=file, filled=filled))
    filled.replace(file)
