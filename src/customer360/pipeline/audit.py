"""Compares the results of one refresh: every table counts the same customers and the same events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from customer360.errors import Refused
from customer360.postgres.publish import Publication
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    CUSTOMER_MONTHS,
    CUSTOMER_PROFILES,
    CUSTOMER_SEGMENTS,
    DEMOGRAPHIC_SEGMENTS,
    ENGAGEMENT_SEGMENTS,
    RFM_SEGMENTS,
    SPENDING_SEGMENTS,
    SPENDING_TENTHS,
    VALUE_SEGMENTS,
    Table,
)

_OF_CUSTOMERS: Final = (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS, DEMOGRAPHIC_SEGMENTS)
_WITH_EVENTS: Final = {
    VALUE_SEGMENTS: "customers",
    SPENDING_SEGMENTS: "customers",
    SPENDING_TENTHS: "tenth_customers",
}
"""Tables of all customers, or of none without events, and the column that counts them."""
_ACTIVE: Final = "active_customers"
_OF_MONTHS: Final = {
    _ACTIVE: "count(*) FILTER (WHERE is_active)",
    "new_customers": "count(*) FILTER (WHERE is_new)",
    "retained_customers": "count(*) FILTER (WHERE is_retained)",
    "resurrected_customers": "count(*) FILTER (WHERE is_resurrected)",
    "login_customers": "count(*) FILTER (WHERE logins > 0)",
    "buyers": "count(*) FILTER (WHERE orders > 0)",
    "repeat_buyers": "count(*) FILTER (WHERE is_repeat_buyer)",
    "active_days": "coalesce(sum(active_days), 0)",
    **{
        column.name: f"coalesce(sum({column.name}), 0)"
        for column in CUSTOMER_MONTHS.columns
        if column.is_additive and column.name in ACTIVITY_SEGMENTS.column_names
    },
}
"""The counts of activity_segments, as expressions over customer_months."""


def audit_totals(
    change: Publication, customers: int, in_lakes: Mapping[Table, int] = MappingProxyType({})
) -> None:
    """
    Refuses results that do not count the same *customers* or the same events in every table.

    *in_lakes* are the counts of tables whose rows are not staged. `publish` checks that all copied rows arrived.
    """
    profiles = in_lakes.get(CUSTOMER_PROFILES, change.rows(CUSTOMER_PROFILES))
    _require_total(CUSTOMER_PROFILES.full_name, profiles, customers)
    for table in _OF_CUSTOMERS:
        _require_total(table.full_name, change.value(table, "sum(customers)") or 0, customers)
    if change.rows(RFM_SEGMENTS):
        for table, column in _WITH_EVENTS.items():
            _require_total(table.full_name, change.value(table, f"sum({column})") or 0, customers)
    if CUSTOMER_MONTHS in in_lakes:
        active = change.value(ACTIVITY_SEGMENTS, f"coalesce(sum({_ACTIVE}), 0)")
        _require_same(_ACTIVE, active, in_lakes[CUSTOMER_MONTHS])
    elif change.rows(CUSTOMER_MONTHS) or change.rows(ACTIVITY_SEGMENTS):
        _require_same_months(change)


def _require_total(where: str, found: int, customers: int) -> None:
    if found != customers:
        raise Refused(f"{where} counts {found:,} customers where {customers:,} were read; nothing was published")


def _require_same_months(change: Publication) -> None:
    def totals(table: Table, expressions: Iterable[str]) -> list[Any]:
        found: list[Any] = change.value(table, f"ARRAY[{', '.join(f'({one})::numeric' for one in expressions)}]")
        return found

    of_segments = totals(ACTIVITY_SEGMENTS, [f"coalesce(sum({name}), 0)" for name in _OF_MONTHS])
    of_months = totals(CUSTOMER_MONTHS, _OF_MONTHS.values())
    for name, found, wanted in zip(_OF_MONTHS, of_segments, of_months, strict=True):
        _require_same(name, found, wanted)


def _require_same(name: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise Refused(
            f"{name} of {ACTIVITY_SEGMENTS.full_name} is {found:,} in total, and {wanted:,} in "
            f"{CUSTOMER_MONTHS.full_name}; nothing was published"
        )
