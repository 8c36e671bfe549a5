"""What the additive columns of the segments are, of the single customers in a cell, in plain Python."""

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
"""Of both tables, in their order."""

OF_ENGAGEMENT: Final[dict[str, Callable[[Members], Any]]] = {
    "out_of_order_customers": lambda members: sum(row["out_of_order"] for row in members),
}
"""Of `engagement_segments` alone, after the others."""
