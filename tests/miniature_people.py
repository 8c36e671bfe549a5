"""The tables of individual customers in miniature: activity by month, and moves between tiers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import duckdb
import pandas as pd

from customer360 import tables
from customer360.people import sql
from customer360.report.people import Selection
from tests import miniature, miniature_events
from tests.miniature_events import AS_OF, events_of

_FLAGS = {
    "is_active": "active_customers",
    "is_new": "new_customers",
    "is_retained": "retained_customers",
    "is_resurrected": "resurrected_customers",
    "is_repeat_buyer": "repeat_buyers",
}
"""Flag of a customer's month -> the column of activity_segments that counts it."""


def result_tables(customers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """All result tables in miniature, including those of individual customers."""
    profiles = miniature.profiles(customers)
    people = profiles.to_dict("records")
    results = miniature.result_tables(profiles)
    stages = profiles["out_of_order"].to_list()
    segments = results["value_segments"]
    return results | {
        # As published: refunds to customers without an order in these months are not in any segment.
        "value_segments": segments.assign(
            recent_amount=segments["recent_amount"].where(segments["recent_buyers"] > 0, 0)
        ),
        "cohort_retention": pd.concat([results["cohort_retention"], _newest_cohort(people)], ignore_index=True),
        "customer_profiles": results["customer_profiles"].assign(is_out_of_order=stages),
        "customer_months": _frame(tables.CUSTOMER_MONTHS, _months(people)),
        "customer_moves": _frame(tables.CUSTOMER_MOVES, [move for one in people for move in _moves(one)]),
    }


def selected(selection: Selection, database: duckdb.DuckDBPyConnection) -> frozenset[int]:
    """The ids of the customers of *selection* in *database*."""
    bound: list[object] = []

    def bind(value: object) -> str:
        bound.append(value)
        return f"${len(bound)}"

    rows = database.execute(f"SELECT p.customer_id {sql.selected(selection, bind)}", bound).fetchall()
    return frozenset(customer for (customer,) in rows)


def _newest_cohort(people: list[dict[Any, Any]]) -> pd.DataFrame:
    """As published: all customers who joined in the month of the as-of date are in that month."""
    month = AS_OF.replace(day=1)
    cohort = [one for one in people if one["join_month"] == month]
    active = [one for one in cohort if any(event.is_active and event.month == month for event in events_of(one))]
    row = {"join_month": month, "months_since": 0, "active_customers": len(active)}
    counts = {name: len(cohort) for name in ("cohort_customers", "retained_customers")}
    return _frame(tables.COHORT_RETENTION, [row | counts] if cohort else [])


def _frame(table: tables.Table, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(table.column_names)).astype(object)


def _months(people: list[dict[Any, Any]]) -> list[dict[str, Any]]:
    events = {one["customer_id"]: events_of(one) for one in people}
    first = min((event.month for each in events.values() for event in each), default=AS_OF)
    rows = []
    for one in people:
        months = miniature_events.customer_months(events[one["customer_id"]], one["join_date"], first)
        for month, sums in months.items():
            flags = {flag: bool(sums[column]) for flag, column in _FLAGS.items()}
            rows.append({"customer_id": one["customer_id"], "month": month} | sums | flags)
    return rows


def _moves(one: dict[Any, Any]) -> list[dict[str, Any]]:
    """The moves that `miniature_events.tier_moves` counts."""
    month, status = one["join_month"], one["loyalty_status"]
    if month is None or status == "Unknown":
        return []
    moves: list[tuple[Any, ...]] = [(month, None, status)]
    later = (month + timedelta(days=200)).replace(day=1)
    if one["customer_id"] % 3 == 0 and later <= AS_OF and status != "Bronze":
        moves = [(month, None, "Bronze"), (later, "Bronze", status)]
    names = ("month", "from_status", "to_status")
    return [
        {"customer_id": one["customer_id"], "moves": 1} | dict(zip(names, move, strict=True)) for move in moves
    ]
