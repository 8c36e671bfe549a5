"""
The meaning of each measure, computed from individual customers: the reference for every renderer.

It shares nothing with the renderers: no segments, no additive columns, no SQL, no DAX.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from customer360.report.dimensions import Between, Filters
from customer360.report.parameters import PARAMETERS
from tests.miniature_events import AS_OF, Event, events_of

Rows = list[dict[Any, Any]]
Parameters = Mapping[str, "Decimal | int"]
"""Name of a parameter -> the reader's value."""

DEFAULTS: Final[Parameters] = {one.name: one.default for one in PARAMETERS}
RFM_FROM: Final = date(2024, 7, 1)
"""The first day of the 24 months that end with the month of the as-of date."""
HELD_OUT_FROM: Final = date(2025, 5, 1)
"""The first day after the calibration of the model."""


def keep(profiles: pd.DataFrame | Rows, filters: Filters) -> Rows:
    """The customers within *filters*; a funnel stage includes all customers who got at least that far."""
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


def _share(part: float | Decimal, whole: float | Decimal) -> float | None:
    return float(part) / float(whole) if whole else None


def _months_ago(row: dict[str, Any]) -> int:
    """1 for the last full month, which is that of the as-of date only if that is its last day."""
    joined: date = row["join_month"]
    open_month = AS_OF + timedelta(days=1)
    return 12 * (open_month.year - joined.year) + open_month.month - joined.month


def _joined_months_ago(rows: Rows, first: int, last: int) -> int:
    return sum(first <= _months_ago(row) <= last for row in rows if row["join_month"])


def snap(x: Decimal | int, edges: Sequence[Decimal]) -> Decimal:
    """The X for which bands have an answer: the next of their *edges*, or the highest."""
    return min((edge for edge in edges if edge >= x), default=max(edges))


def _above(rows: Rows, x: Parameters) -> int:
    return sum(balance > x["balance_threshold"] for balance in _known(rows, "account_balance"))


def _spent_above(rows: Rows, x: Parameters) -> int:
    return sum(_amount(events_of(row)) > x["spending_threshold"] for row in rows)


# --- from single events -------------------------------------------------------------------------------------------


def _events(rows: Rows, first: date = date.min) -> list[Event]:
    """The events of the customers from the day *first*."""
    return [event for row in rows for event in events_of(row) if event.day >= first]


def _orders(rows: Rows, first: date = date.min) -> list[Event]:
    return [event for event in _events(rows, first) if event.kind == "purchase"]


def _amount(events: Iterable[Event]) -> Decimal:
    """The amount of orders net of refunds, which are negative."""
    return sum((event.amount or Decimal(0) for event in events), Decimal(0))


def _buyers(rows: Rows) -> Rows:
    """The customers with an order in the months of RFM."""
    return [row for row in rows if _orders([row], RFM_FROM)]


def _recency(rows: Rows) -> int:
    return sum((AS_OF - max(event.day for event in _orders([row]))).days for row in _buyers(rows))


def _expected(rows: Rows, column: str) -> Decimal:
    return sum(_known(rows, column), Decimal(0))


def _scored(rows: Rows) -> int:
    """The number of customers who have ever ordered."""
    return sum(bool(_orders([row])) for row in rows)


def _held_out(rows: Rows) -> int:
    """Days with an order after the calibration."""
    return len({(event.customer_id, event.day) for event in _orders(rows, HELD_OUT_FROM)})


def _of_tenth(rows: Rows, tenth: int) -> Decimal:
    return _amount(_events([row for row in rows if row["spending_tenth"] == tenth]))


def _of_the_ten(rows: Rows, amount: Callable[[dict[str, Any]], Any]) -> Decimal | None:
    """The sum over the ten with the highest *amount* in each slicer cell."""
    cells: dict[object, list[Any]] = {}
    for row in rows:
        if amount(row) is not None:
            cell = (row["join_month"], row["loyalty_status"], row["activity"], row["country"])
            cells.setdefault(cell, []).append(amount(row))
    return sum((sum(sorted(cell, reverse=True)[:10]) for cell in cells.values()), Decimal(0))


Meaning = Callable[[Rows, Rows, Parameters], object]
"""(the customers in scope, the others, the parameters) -> the value."""


OF_TODAY: Final[dict[str, Meaning]] = {
    "total_customers": lambda rows, *_: len(rows),
    "active_customers": lambda rows, *_: sum(row["is_active"] is True for row in rows),
    "inactive_customers": lambda rows, *_: sum(row["is_active"] is False for row in rows),
    "unknown_activity_customers": lambda rows, *_: sum(row["is_active"] is None for row in rows),
    "active_share": lambda rows, *_: _share(sum(row["is_active"] is True for row in rows), len(rows)),
    "share_of_customers": lambda rows, *_: _share(len(rows), len(rows)),
    "new_customers": lambda rows, *_: _joined_months_ago(rows, 1, 12),
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


SPENDING: Final[dict[str, Meaning]] = {
    "total_spent": lambda rows, *_: _amount(_events(rows)),
    "spent_per_customer": lambda rows, *_: _share(_amount(_events(rows)), len(rows)),
    "share_of_spent": lambda rows, *_: 1.0 if _amount(_events(rows)) else None,
    "orders_placed": lambda rows, *_: len(_orders(rows)),
    "orders_per_customer": lambda rows, *_: _share(len(_orders(rows)), len(rows)),
    "customers_above_spending": lambda rows, _, x: _spent_above(rows, x),
    "share_above_spending": lambda rows, _, x: _share(_spent_above(rows, x), len(rows)),
    "share_above_spending_of_others": lambda _, others, x: _share(_spent_above(others, x), len(others)),
    "top_balance": lambda rows, *_: _of_the_ten(rows, lambda row: row["account_balance"]),
    "top_spent": lambda rows, *_: _of_the_ten(rows, lambda row: _amount(events_of(row))),
    "tenth_customers": lambda rows, *_: len(rows),
    "tenth_spent": lambda rows, *_: _amount(_events(rows)),
    "share_of_tenth": lambda rows, *_: 1.0 if _amount(_events(rows)) else None,
    "top_tenth_spent": lambda rows, *_: _of_tenth(rows, 1),
    "top_tenth_share": lambda rows, *_: _share(_of_tenth(rows, 1), _amount(_events(rows))),
}
VALUE: Final[dict[str, Meaning]] = {
    "recent_buyers": lambda rows, *_: len(_buyers(rows)),
    "recent_orders": lambda rows, *_: len(_orders(rows, RFM_FROM)),
    "recent_amount": lambda rows, *_: _amount(_events(rows, RFM_FROM)),
    "share_of_recent_amount": lambda rows, *_: 1.0 if _amount(_events(rows, RFM_FROM)) else None,
    "recent_amount_per_buyer": lambda rows, *_: _share(_amount(_events(rows, RFM_FROM)), len(_buyers(rows))),
    "recent_orders_per_buyer": lambda rows, *_: _share(len(_orders(rows, RFM_FROM)), len(_buyers(rows))),
    "order_recency_days": lambda rows, *_: _recency(rows),
    "average_order_recency": lambda rows, *_: _share(_recency(rows), len(_buyers(rows))),
    "scored_customers": lambda rows, *_: _scored(rows),
    "not_scored_customers": lambda rows, *_: len(rows) - _scored(rows),
    "expected_orders": lambda rows, *_: _expected(rows, "expected_orders"),
    "expected_amount": lambda rows, *_: _expected(rows, "expected_amount"),
    "expected_orders_per_customer": lambda rows, *_: _share(_expected(rows, "expected_orders"), _scored(rows)),
    "expected_amount_per_customer": lambda rows, *_: _share(_expected(rows, "expected_amount"), _scored(rows)),
    "holdout_customers": lambda rows, *_: len(rows),
    "holdout_expected": lambda rows, *_: _expected(rows, "holdout_expected"),
    "holdout_actual": lambda rows, *_: _held_out(rows),
    "holdout_naive": lambda rows, *_: _expected(rows, "holdout_naive"),
    "holdout_ratio": lambda rows, *_: _share(_expected(rows, "holdout_expected"), _held_out(rows)),
    "naive_ratio": lambda rows, *_: _share(_expected(rows, "holdout_naive"), _held_out(rows)),
}
"""The expectation of the model is a value of each customer; `held_out` selects the customers of the holdout."""

MEANINGS: Final = {**OF_TODAY, **SPENDING, **VALUE}


def held_out(profiles: pd.DataFrame | Rows) -> Rows:
    """The customers with an order by the end of the calibration, in their segments at that time."""
    return [row | {"rfm_segment": row["holdout_segment"]} for row in keep(profiles, {}) if row["holdout_segment"]]


def says(
    names: Iterable[str], profiles: pd.DataFrame | Rows, filters: Filters, parameters: Parameters = DEFAULTS
) -> list[object]:
    """The values of the measures *names* for *profiles* under *filters*: exact for any X."""
    kept = keep(profiles, filters)
    ids = {row["customer_id"] for row in kept}
    others = [row for row in keep(profiles, {}) if row["customer_id"] not in ids]
    return [MEANINGS[name](kept, others, parameters) for name in names]


def same(found: Any, expected: Any) -> bool:
    """Equal up to rounding; without rows, an engine has no value and this module has 0."""
    if found is None or expected is None:
        return (found or None) == (expected or None)
    return abs(float(found) - float(expected)) <= 1e-9 * max(1.0, abs(float(expected)))
