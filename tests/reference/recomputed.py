"""Runs the SQL of this folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from customer360.tables import EVENTS
from tests.reference.accounts import SPENT_EXPIRED, failures

RECOMPUTED: Final = {
    "customer_months": "customer_months",
    "activity_segments": "activity_segments",
    "customer_moves": "customer_moves",
    "tier_moves": "tier_moves",
    "demographic_segments": "demographic_segments",
    "cohort_retention": "cohort_retention",
    "value_segments": "value_segments",
    "spending_segments": "spending_segments",
    "spending_tenths": "spending_tenths",
    "top_spenders": "top_spenders",
    "rfm_scores": "rfm_scores",
    "rfm_segments": "rfm_segments",
    "customer_profiles": "profiles",
}
"""Result table -> the table that the SQL computes for it."""
NOT_RECOMPUTED: Final = {
    "customer_profiles": {
        *("source_id", "join_date", "loyalty_status", "country", "is_active", "account_age_days"),
        *("account_age_band", "account_balance", "balance_band", "loyalty_points", "points_band"),
        *("is_out_of_order", "last_login_month"),
        *("days_since_last_login", "expected_orders", "expected_amount", "alive_probability"),
    },
    "value_segments": {"scored_customers", "expected_orders", "expected_amount"},
    "rfm_segments": {"meaning"},
}
"""Columns that do not depend on events, and those of the customer value model, which has separate tests."""
_FOLDER: Final = Path(__file__).parent


@contextmanager
def recomputed(customers: pa.Table, events: pa.Table, as_of: date) -> Iterator[duckdb.DuckDBPyConnection]:
    """The results of both sources as of *as_of*, as tables with the names in `customer360.tables`."""
    with duckdb.connect() as duck:
        for name, rows in {"customers": customers, "events": events}.items():
            duck.register("given", rows)
            duck.execute(f"CREATE TABLE {name} AS FROM given")
        _run(duck, "results.sql", as_of)
        yield duck


@contextmanager
def recomputed_from_lines(lines: pa.Table, as_of: date) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same for order *lines*, including the customers and events derived from them."""
    with duckdb.connect() as duck:
        duck.register("given", lines)
        duck.execute("CREATE TABLE lines AS FROM given")
        duck.execute((_FOLDER / "lines.sql").read_text("utf-8"))
        _run(duck, "results.sql", as_of)
        yield duck


def rows(duck: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return duck.sql(query).fetchall()


def _run(duck: duckdb.DuckDBPyConnection, script: str, as_of: date) -> None:
    duck.execute(f"SET VARIABLE as_of = DATE '{as_of}'")
    duck.execute((_FOLDER / script).read_text("utf-8"))


def disagreements(duck: duckdb.DuckDBPyConnection, table: str, found: pa.Table) -> list[str]:
    """A few rows that only *found* or only the recomputed *table* has, in the columns of the latter."""
    duck.register("found_rows", found)
    columns = ", ".join(duck.sql(f"FROM {table} LIMIT 0").columns)
    sides = {"recomputed": f"SELECT {columns} FROM {table}", "found": f"SELECT {columns} FROM found_rows"}
    only = {
        "recomputed": f"{sides['recomputed']} EXCEPT ALL {sides['found']}",
        "found": f"{sides['found']} EXCEPT ALL {sides['recomputed']}",
    }
    return [
        f"only {side}: {dict(zip(columns.split(', '), row, strict=True))}"
        for side, query in only.items()
        for row in rows(duck, f"FROM ({query}) ORDER BY ALL LIMIT 3")
    ]


def counted_events(duck: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The numbers of events read (`in`), used (`out`) and `rejected`, and how many fail each check."""
    checks = [check.name for check in EVENTS.rejects]
    failed = dict(rows(duck, "SELECT unnest(reasons) AS reason, count(*) FROM checked_events GROUP BY reason"))
    [(everything,)] = rows(duck, "SELECT count(*) FROM events")
    used_and_rejected = "SELECT count_if(len(reasons) = 0), count_if(len(reasons) > 0) FROM checked_events"
    [(used, rejected)] = rows(duck, used_and_rejected)
    read = {"in": everything, "out": used, "rejected": rejected}
    rejects = {name: failed.get(name, 0) for name in checks}
    return read | rejects | _only_row(duck, "warned_events") | {SPENT_EXPIRED: _spent_expired(duck)}


def counted_customers(duck: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The number of customers that differ from their events, by check."""
    return _only_row(duck, "warned_customers")


def _only_row(duck: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    found = duck.sql(f"FROM {table}")
    return dict(zip(found.columns, found.fetchall()[0], strict=True))


def _spent_expired(duck: duckdb.DuckDBPyConnection) -> int:
    """Counts only customers with an expiry date on some points; points of the others may expire at any time."""
    moves = rows(
        duck,
        """
        SELECT customer_id, what, given, expires_on, happened_on FROM points_moved
        WHERE customer_id IN (SELECT customer_id FROM points_moved WHERE given > 0 AND expires_on IS NOT NULL)
        ORDER BY customer_id, occurred_at, given < 0, event_id
        """,
    )
    found: Counter[str] = Counter()
    for _, of_customer in groupby(moves, key=itemgetter(0)):
        found.update(failures([move[1:] for move in of_customer], undated=date.min))
    return found[SPENT_EXPIRED]
