"""The checks of ledgers, compared with plain Python that examines every event of every customer."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from customer360.operations.points import expiries_of_spent

from .literals import MakeCustomers, MakeEvents, found

pytestmark = pytest.mark.spark

Event = dict[str, Any]
AS_OF, CUSTOMERS = date(2026, 12, 31), 300
SIGNS = {"purchase": 1, "earn": 1, "adjust": 0, "refund": -1, "redeem": -1, "expire": -1, "login": 0}


def awkward_events(seed: int) -> list[Event]:
    """Few days and small numbers, so that times coincide and balances run out; some customers pass all checks."""
    chance = random.Random(seed)
    events: list[Event] = []
    for _ in range(CUSTOMERS * 12):
        kind = chance.choice([*SIGNS, "purchase", "earn", "redeem"])
        at = datetime(2026, chance.choice([1, 2, 2, 7]), chance.randint(1, 28), chance.choice([0, 0, 9]))
        size = chance.choice([None, 0, 1, 5, 20, 100])
        given = size is not None and SIGNS[kind] > 0
        events.append(
            {
                "event_id": len(events) + 1,
                "customer_id": int(CUSTOMERS * chance.random() ** 2) + 1,
                "occurred_at": at,
                "kind": kind,
                "points": None if size is None else size * (SIGNS[kind] or chance.choice([-1, 1])),
                "order_id": chance.choice([None, "A", "B"]) if kind in ("purchase", "refund") else None,
                "expires_on": at.date() + timedelta(days=chance.choice([0, 10, 40])) if given and chance.random() < 0.7
                else None,
            }
        )  # fmt: skip
    return events


def by_customer(events: list[Event]) -> Iterator[list[Event]]:
    """The events of each customer in order: given before taken, then by id."""
    customers = defaultdict(list)
    for event in events:
        customers[event["customer_id"]].append(event)
    for theirs in customers.values():
        yield sorted(theirs, key=lambda one: (one["occurred_at"], (one["points"] or 0) < 0, one["event_id"]))


def _moves(events: list[Event]) -> list[Event]:
    return [
        event | {"is_expiry": event["kind"] == "expire"}
        for event in events
        if event["points"] and event["kind"] != "login"
    ]


def overdrawn(events: list[Event]) -> int:
    held = failed = 0
    for event in _moves(events):
        held += event["points"]
        failed += event["points"] < 0 and held < 0
    return failed


def spent_expired(events: list[Event]) -> int:
    return expiries_of_spent(_moves(events))


def without_purchase(events: list[Event]) -> int:
    def has_one(refund: Event) -> bool:
        return any(
            one["kind"] == "purchase"
            and one["occurred_at"] <= refund["occurred_at"]
            and refund["order_id"] in (None, one["order_id"])
            for one in events
        )

    return sum(event["kind"] == "refund" and not has_one(event) for event in events)


EXPECTED: dict[str, Callable[[list[Event]], int]] = {
    "points_above_balance": overdrawn,
    "spent_points_expired": spent_expired,
    "refund_without_purchase": without_purchase,
}


@pytest.mark.parametrize("seed", [1, 2])
def test_customers_cleared_by_monthly_sums_have_no_failures(
    customers: MakeCustomers, events: MakeEvents, seed: int
) -> None:
    """Examining few events must give the same result as examining all."""
    given = awkward_events(seed)
    texts = [event | {"occurred_at": event["occurred_at"].isoformat()} for event in given]
    happened = events(" ".join(texts[0]), *[tuple(event.values()) for event in texts])

    with found(customers("name", *[("",)] * CUSTOMERS), happened, as_of=AS_OF, keys_are_unique=True) as tables:
        quality = tables.event_quality
    assert quality is not None
    counted = {name: quality.rows_failed(name) for name in EXPECTED}

    assert counted == {name: sum(map(count, by_customer(given))) for name, count in EXPECTED.items()}
    assert 0 not in counted.values()
