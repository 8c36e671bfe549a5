"""
What each measure means, worked out from single customers: the yardstick for every rendering.

Shares nothing with the renderers: no segments, no additive columns, no SQL, no DAX.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from customer360.report.dimensions import Between, Filters
from tests.miniature import AS_OF, BALANCES

Rows = list[dict[Any, Any]]


def keep(profiles: pd.DataFrame | Rows, filters: Filters) -> Rows:
    """The customers that *filters* leave; a funnel stage holds whoever got at least that far."""
    return [
        row
        for row in (profiles if isinstance(profiles, list) else profiles.to_dict("records"))
        if all(_in(row[name], kept, name) for name, kept in filters.items())
    ]


def _in(value: Any, kept: Any, name: str) -> bool:
    if isinstance(kept, Between):
        return value is not None and kept.first <= value <= kept.last
    if name == "funnel_stage":
        return value >= min(kept)
    return value in kept


def _known(rows: Rows, column: str) -> list[Any]:
    return [row[column] for row in rows if row[column] is not None]


def _mean(values: list[Any]) -> float | None:
    return float(sum(values)) / len(values) if values else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _months_ago(row: dict[str, Any]) -> int:
    """1 for the last full month, which is that of the as-of date on its last day only."""
    joined: date = row["join_month"]
    open_month = AS_OF + timedelta(days=1)
    return 12 * (open_month.year - joined.year) + open_month.month - joined.month


def _joined_months_ago(rows: Rows, first: int, last: int) -> int:
    return sum(first <= _months_ago(row) <= last for row in rows if row["join_month"])


def snap(threshold: Decimal | int) -> Decimal:
    """The threshold at which the answer is exact: the next edge, or the highest."""
    edges = [band.low for band in BALANCES.all() if band.low is not None]
    return min((edge for edge in edges if edge >= threshold), default=max(edges))


def _above(rows: Rows, threshold: Decimal | int) -> int:
    return sum(balance > threshold for balance in _known(rows, "account_balance"))


Meaning = Callable[[Rows, Rows, "Decimal | int"], object]
"""(the customers in scope, the others, X at an edge) -> the value."""


MEANINGS: dict[str, Meaning] = {
    "total_customers": lambda rows, *_: len(rows),
    "active_customers": lambda rows, *_: sum(row["is_active"] is True for row in rows),
    "inactive_customers": lambda rows, *_: sum(row["is_active"] is False for row in rows),
    "unknown_activity_customers": lambda rows, *_: sum(row["is_active"] is None for row in rows),
    "active_share": lambda rows, *_: _share(sum(row["is_active"] is True for row in rows), len(rows)),
    "share_of_customers": lambda rows, *_: _share(len(rows), len(rows)),
    "new_customers": lambda rows, *_: _joined_months_ago(rows, 1, 12),
    "joined_before": lambda rows, *_: _joined_months_ago(rows, 13, 24),
    "new_customers_before": lambda rows, *_: _joined_months_ago(rows, 13, 24),
    "total_balance": lambda rows, *_: sum(_known(rows, "account_balance")),
    "customers_with_balance": lambda rows, *_: len(_known(rows, "account_balance")),
    "customers_without_balance": lambda rows, *_: len(rows) - len(_known(rows, "account_balance")),
    "average_balance": lambda rows, *_: _mean(_known(rows, "account_balance")),
    "customers_above_threshold": lambda rows, _, x: _above(rows, x),
    "share_above_threshold": lambda rows, _, x: _share(_above(rows, x), len(rows)),
    "share_above_threshold_of_others": lambda _, others, x: _share(_above(others, x), len(others)),
    "total_points": lambda rows, *_: sum(_known(rows, "loyalty_points")),
    "customers_with_points": lambda rows, *_: len(_known(rows, "loyalty_points")),
    "customers_without_points": lambda rows, *_: len(rows) - len(_known(rows, "loyalty_points")),
    "average_points": lambda rows, *_: _mean(_known(rows, "loyalty_points")),
    "share_of_points": lambda rows, *_: 1.0 if sum(_known(rows, "loyalty_points")) else None,
    "days_since_last_login": lambda rows, *_: sum(_known(rows, "days_since_last_login")),
    "customers_with_login": lambda rows, *_: len(_known(rows, "days_since_last_login")),
    "customers_without_login": lambda rows, *_: len(rows) - len(_known(rows, "days_since_last_login")),
    "average_login_recency": lambda rows, *_: _mean(_known(rows, "days_since_last_login")),
    "average_login_recency_of_others": lambda _, others, __: _mean(_known(others, "days_since_last_login")),
    "out_of_order_customers": lambda rows, *_: sum(row["out_of_order"] for row in rows),
}


def says(names: Iterable[str], profiles: pd.DataFrame | Rows, filters: Filters, x: Decimal | int) -> list[object]:
    """What the measures called *names* are of *profiles* under *filters*, with X at an edge."""
    kept = keep(profiles, filters)
    ids = {row["customer_id"] for row in kept}
    others = [row for row in keep(profiles, {}) if row["customer_id"] not in ids]
    values = {name: MEANINGS[name](kept, others, x) for name in names}
    if "new_customers_before" in values and not is_comparable(filters):
        values["new_customers_before"] = None
    return list(values.values())


def is_comparable(filters: Filters) -> bool:
    """Whether *filters* keep the last 24 full months and are by nothing that customers are only today."""
    months = [date(2024 + month // 12, month % 12 + 1, 1) for month in range(5, 29)]
    by_joining = {"country", "join_month"}.issuperset(filters)
    return by_joining and all(_in(month, filters.get("join_month", months), "join_month") for month in months)


def same(found: Any, expected: Any) -> bool:
    """Equal up to rounding; no rows are no value to an engine and 0 to a person who counts."""
    if found is None or expected is None:
        return (found or None) == (expected or None)
    return abs(float(found) - float(expected)) <= 1e-9 * max(1.0, abs(float(expected)))
