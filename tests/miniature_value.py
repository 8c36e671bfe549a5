"""RFM, customer value and concentration of spending in miniature, in plain Python from single events."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from tests.miniature_events import AS_OF, Event, events_of

CALIBRATED_UNTIL: Final = date(2025, 4, 30)
"""The end of a month nearest to the middle of the events."""
SCORED: Final = ("recency", "frequency", "monetary")
SEGMENTS: Final = {
    5: ("New", "Potential Loyalists", "Potential Loyalists", "Champions", "Champions"),
    4: ("Promising", "Potential Loyalists", "Potential Loyalists", "Loyal", "Loyal"),
    3: ("About to Sleep", "About to Sleep", "Need Attention", "Loyal", "Loyal"),
    2: ("Hibernating", "Hibernating", "At Risk", "At Risk", "Cannot Lose"),
    1: ("Hibernating", "Hibernating", "At Risk", "At Risk", "Cannot Lose"),
}
"""The published map of segments: recency in rows, frequency 1 to 5 in columns."""
NO_RECENT_ORDER: Final = "No Recent Order"

Customer = Mapping[Any, Any]
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Recent:
    """The activity of a customer with an order in the window."""

    orders: int
    amount: Decimal
    days: int
    """Days since the last order."""


def total(events: Iterable[Event]) -> Decimal:
    """The amount of the orders in *events*, net of refunds."""
    return sum((event.amount for event in events if event.amount is not None), Decimal(0))


def orders_of(customer: Customer, until: date = AS_OF) -> list[Event]:
    """The customer's purchases up to *until*."""
    return [event for event in events_of(customer) if event.kind == "purchase" and event.day <= until]


def in_window(customer: Customer, as_of: date) -> list[Event]:
    """The events up to *as_of* in the 24 calendar months that end with its month."""
    first = date(as_of.year - 2, as_of.month % 12 + 1, 1) if as_of.month < 12 else date(as_of.year - 1, 1, 1)
    return [event for event in events_of(customer) if first <= event.day <= as_of]


def recent(customer: Customer, as_of: date) -> Recent | None:
    """The customer's activity in the window; None without an order."""
    window = in_window(customer, as_of)
    days = [event.day for event in window if event.kind == "purchase"]
    return Recent(len(days), total(window), (as_of - max(days)).days) if days else None


def rfm(customers: Iterable[Customer], as_of: date) -> list[dict[str, Any]]:
    """The scores and segment of each customer at *as_of*, in order."""
    found = [recent(customer, as_of) for customer in customers]
    buyers = [one for one in found if one]
    scores = [
        _scores([-one.days for one in buyers]),
        _scores([one.orders for one in buyers]),
        _scores([one.amount for one in buyers]),
    ]
    of_buyers = iter(zip(*scores, strict=True))
    return [_scored(next(of_buyers)) if one else _scored(None) for one in found]


def _scores(values: list[Any]) -> list[int]:
    """⌈5 × minimum rank ÷ buyers⌉ for each of *values*: equal values share the lowest rank."""
    in_order = sorted(values)
    return [-(-5 * (bisect_left(in_order, value) + 1) // len(values)) for value in values]


def _scored(scores: tuple[int, ...] | None) -> dict[str, Any]:
    names = [f"{name}_score" for name in SCORED]
    if scores is None:
        return {**dict.fromkeys(names), "rfm_segment": NO_RECENT_ORDER}
    recency, frequency, _ = scores
    return {**dict(zip(names, scores, strict=True)), "rfm_segment": SEGMENTS[recency][frequency - 1]}


def expectation(customer: Customer) -> dict[str, Any]:
    """Arbitrary expectations of a model for the customer; every tenth has no known amount."""
    days = {event.day for event in orders_of(customer)}
    if not days:
        return dict.fromkeys(("expected_orders", "expected_amount", "alive_probability"))
    rng = random.Random(f"expected of {customer['customer_id']}")
    orders, amount, alive = rng.randrange(120_000), rng.randrange(100_000), rng.randrange(10_001)
    return {
        "expected_orders": Decimal(orders) / 10_000,
        "expected_amount": Decimal(amount) / 100 if customer["customer_id"] % 10 else None,
        "alive_probability": Decimal(alive) / 10_000 if len(days) > 1 else None,
    }


def holdouts(customers: Sequence[Customer]) -> list[dict[str, Any]]:
    """The expectation for each customer after the calibration; empty without an order by its end."""
    segments = [one["rfm_segment"] for one in rfm(customers, CALIBRATED_UNTIL)]
    return [_holdout(customer, segment) for customer, segment in zip(customers, segments, strict=True)]


def _holdout(customer: Customer, segment: str) -> dict[str, Any]:
    days = {event.day for event in orders_of(customer, CALIBRATED_UNTIL)}
    if not days:
        return dict.fromkeys(("holdout_segment", "holdout_expected", "holdout_naive"))
    age, length = (CALIBRATED_UNTIL - min(days)).days, (AS_OF - CALIBRATED_UNTIL).days
    naive = Decimal((len(days) - 1) * length) / age if age else Decimal(0)
    expected = random.Random(f"holdout of {customer['customer_id']}").randrange(60_000)
    return {
        "holdout_segment": segment,
        "holdout_expected": Decimal(expected) / 10_000,
        "holdout_naive": naive.quantize(Decimal("0.0001")),
    }


def held_out(customer: Customer) -> list[Event]:
    """The purchases after the calibration."""
    return [event for event in orders_of(customer) if event.day > CALIBRATED_UNTIL]


def tenths(spent: list[Decimal]) -> list[int]:
    """The tenth of each customer by *spent*, highest first; larger tenths come first."""
    highest_first = sorted(range(len(spent)), key=lambda place: (-spent[place], place))
    ends = [-(-len(spent) * tenth // 10) for tenth in range(1, 11)]
    found = dict.fromkeys(highest_first, 0)
    for rank, place in enumerate(highest_first):
        found[place] = next(tenth for tenth, end in enumerate(ends, start=1) if rank < end)
    return [found[place] for place in range(len(spent))]


# --- tables -------------------------------------------------------------------------------------------------------


def value_holdout(profiles: Iterable[Customer]) -> Rows:
    """One row per segment at the end of the calibration."""
    found: dict[str, Rows] = {}
    for one in profiles:
        if one["holdout_segment"]:
            found.setdefault(one["holdout_segment"], []).append(dict(one))
    return [
        {
            "rfm_segment": segment,
            "holdout_customers": len(rows),
            "holdout_expected": sum(row["holdout_expected"] for row in rows),
            "holdout_actual": sum(len({event.day for event in held_out(row)}) for row in rows),
            "holdout_naive": sum(row["holdout_naive"] for row in rows),
            "holdout_amount": sum(total(held_out(row)) for row in rows),
        }
        for segment, rows in found.items()
    ]


def spending_tenths(profiles: Sequence[Customer]) -> Rows:
    """One row per tenth, including empty ones."""
    inside = {tenth: [one for one in profiles if one["spending_tenth"] == tenth] for tenth in range(1, 11)}
    return [
        {
            "spending_tenth": tenth,
            "tenth_customers": len(rows),
            "tenth_spent": sum((one["spent"] for one in rows), Decimal(0)),
        }
        for tenth, rows in inside.items()
        if profiles
    ]


def rfm_scores(profiles: Sequence[Customer]) -> Rows:
    """One row per score of each kind, including scores without customers."""
    values: dict[str, Callable[[Recent], Any]] = {
        "recency": lambda one: one.days,
        "frequency": lambda one: one.orders,
        "monetary": lambda one: one.amount,
    }
    rows = []
    for name, value in values.items():
        for score in range(1, 6):
            having = [recent(one, AS_OF) for one in profiles if one[f"{name}_score"] == score]
            found = [value(one) for one in having if one]
            kept = {"lowest": min(found, default=None), "highest": max(found, default=None)}
            rows.append({"score_of": name, "score": score, "customers_with_score": len(found), **kept})
    return rows


RFM_SEGMENTS: Final[Rows] = [
    {"rfm_segment": name, "segment_order": order, "meaning": f"Those called {name}."}
    for order, name in enumerate(
        (
            "Champions", "Loyal", "Cannot Lose", "At Risk", "Potential Loyalists", "Need Attention", "New",
            "Promising", "About to Sleep", "Hibernating", NO_RECENT_ORDER,
        ),
        start=1,
    )
]  # fmt: skip


def value_model(profiles: Sequence[Customer]) -> Rows:
    """Plausible parameters of a fit, with actual counts of customers."""
    fits = [
        {"fit": "all", "until": AS_OF},
        {
            "fit": "calibration",
            "until": CALIBRATED_UNTIL,
            "holdout_days": (AS_OF - CALIBRATED_UNTIL).days,
            "correlation": Decimal("0.626123"),
            "naive_correlation": Decimal("0.584321"),
        },
    ]
    return [_PARAMETERS | fit | _fitted(profiles, fit["until"]) for fit in fits if profiles]


def _fitted(profiles: Sequence[Customer], until: Any) -> dict[str, Any]:
    days = [{event.day for event in orders_of(one, until)} for one in profiles]
    repeat = sum(len(one) > 1 for one in days)
    cells = {(len(one), min(one), max(one)) for one in days if one}
    counts = {"customers": sum(map(bool, days)), "repeat_customers": repeat, "spending_customers": repeat}
    return {**counts, "cells": len(cells), "is_exact": True}


_PARAMETERS: Final = {
    "r": Decimal("0.2426"), "alpha": Decimal("4.4136"), "a": Decimal("0.7929"), "b": Decimal("2.4259"),
    "log_likelihood": Decimal("-9582.43"), "p": Decimal("6.25"), "q": Decimal("3.74"), "v": Decimal("15.44"),
}  # fmt: skip
