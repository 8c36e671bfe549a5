"""The additive columns of the segments, computed from the individual customers in a cell, in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

Members = list[dict[str, Any]]


def _known(members: Members, column: str) -> list[Any]:
    return [row[column] for row in members if row[column] is not None]


ADDITIVE: Final[dict[str, Callable[[Members], Any]]] = {
    "customers": len,
    "balance_sum": lambda members: sum(_known(members, "account_balance"), Decimal(0)),
    "balance_count": lambda members: len(_known(members, "account_balance")),
    "points_sum": lambda members: sum(_known(members, "loyalty_points")),
    "points_count": lambda members: len(_known(members, "loyalty_points")),
    "recency_days_sum": lambda members: sum(_known(members, "days_since_last_login")),
    "recency_count": lambda members: len(_known(members, "days_since_last_login")),
}
"""The columns of `customer_segments` and `engagement_segments`, in order."""

OF_ENGAGEMENT: Final[dict[str, Callable[[Members], Any]]] = {
    "out_of_order_customers": lambda members: sum(row["out_of_order"] for row in members),
}
"""The columns of `engagement_segments` only, after the others."""

OF_VALUE: Final[dict[str, Callable[[Members], Any]]] = {
    "customers": len,
    "recent_buyers": lambda members: len(_known(members, "recent_orders")),
    "recent_orders": lambda members: sum(_known(members, "recent_orders")),
    "recent_amount": lambda members: sum(_known(members, "recent_amount"), Decimal(0)),
    "order_recency_days": lambda members: sum(_known(members, "order_recency_days")),
    "scored_customers": lambda members: len(_known(members, "expected_orders")),
    "expected_orders": lambda members: sum(_known(members, "expected_orders"), Decimal(0)),
    "expected_amount": lambda members: sum(_known(members, "expected_amount"), Decimal(0)),
}
"""The columns of `value_segments`."""

OF_SPENDING: Final[dict[str, Callable[[Members], Any]]] = {
    "customers": len,
    "spent_sum": lambda members: sum(_known(members, "spent"), Decimal(0)),
    "orders_sum": lambda members: sum(_known(members, "orders")),
}
"""The columns of `spending_segments`."""
