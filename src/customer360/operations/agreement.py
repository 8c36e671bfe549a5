"""Differences between customers' rows and their events."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360.operations.ledger import Ledger
from customer360.operations.survey import Survey
from customer360.tables import CUSTOMERS, EVENTS, events_of
from customer360.tables.row_checks import DiffersFromEvents

_NEEDED: Final = {
    "loyalty_points": EVENTS["points"],
    "first_purchase": events_of("purchase"),
    "last_login": events_of("login"),
}
"""What the events must contain for a column of customers to be compared with them."""


def count_differences(ledger: Ledger, customers: DataFrame, found: Survey) -> dict[str, tuple[int, int]]:
    """
    For each check of customers: how many with events were checked, and how many of them differ.

    Nothing is checked if any event is after the as-of date, nor for a column missing from the data.
    """
    compared = {
        check.name: check.condition.column
        for check in CUSTOMERS.checks
        if isinstance(check.condition, DiffersFromEvents) and _is_comparable(check.condition.column, found)
    }
    if not compared or not ledger.is_complete:
        return {}
    differing = [
        F.count_if(F.col("first_event").isNotNull() & _differs(column, found)).alias(name)
        for name, column in compared.items()
    ]
    (row,) = customers.agg(F.count("first_event").alias("customers"), *differing).collect()
    return {name: (row["customers"], row[name]) for name in compared}


def _is_comparable(column: str, found: Survey) -> bool:
    return not {CUSTOMERS[column], _NEEDED[column]} & {*found.missing}


def _differs(column: str, found: Survey) -> Column:
    """Days before the very first event cannot be compared, and null points are ignored."""
    if column == "loyalty_points":
        return F.coalesce(F.col(column) != F.coalesce("points_in_events", F.lit(0)), F.lit(False))
    in_events = F.col("first_order" if column == "first_purchase" else "last_login_event")
    is_beyond = F.coalesce(F.col(column) < F.lit(found.first_event), F.lit(False))
    if column == "last_login":
        is_beyond = is_beyond & in_events.isNull()
    return ~F.col(column).eqNullSafe(in_events) & ~is_beyond
