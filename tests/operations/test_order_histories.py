"""When customers bought, and for how much: one rule per test."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame

from customer360.operations.ledger import EventRows, ledger_of
from customer360.operations.order_histories import histories_at, order_histories, past_histories

from .literals import AS_OF, MakeCustomers, MakeEvents, rows

pytestmark = [pytest.mark.spark, pytest.mark.both]

UNTIL = date(2026, 3, 31)
HISTORY = "customer_id frequency recency age repeat_cents"


def histories(customers: DataFrame, events: DataFrame) -> list[list[tuple[Any, ...]]]:
    """The histories at the as-of date, and those at `UNTIL` with later orders."""
    with ledger_of(EventRows(events), as_of=AS_OF) as ledger:
        told = order_histories(ledger.months, customers, until=UNTIL)
        past = past_histories(told, UNTIL)
        return [rows(histories_at(told, AS_OF), HISTORY), rows(past, f"{HISTORY} later_orders later_cents")]


def test_days_count_from_the_first_order_and_a_day_counts_once(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Refunds and logins do not count as orders; amounts are before refunds."""
    happened = events(
        "customer_id occurred_at kind amount",
        (1, "2026-01-10", "login", None),
        (1, "2026-01-11 09:00", "purchase", 10),
        (1, "2026-02-11 09:00", "purchase", 20),
        (1, "2026-02-11 19:00", "purchase", 5),
        (1, "2026-05-12", "purchase", "0.50"),
        (1, "2026-05-30", "refund", -20),
        (2, "2026-06-30", "login", None),
    )
    now, past = histories(customers("name", ("",), ("",)), happened)

    assert now == [(1, 2, 121, 170, 2_550)]
    assert past == [(1, 1, 31, 79, 2_500, 1, 50)]


def test_spending_on_the_first_day_is_not_a_repeat_amount(customers: MakeCustomers, events: MakeEvents) -> None:
    """All orders of the first day; but only the smallest one if the month has more days with orders."""
    happened = events(
        "customer_id occurred_at kind amount",
        *[
            (1, day, "purchase", amount)
            for day, amount in [("2026-01-31", 9), ("2026-01-31", 4), ("2026-02-01", 7)]
        ],
        *[
            (2, day, "purchase", amount)
            for day, amount in [("2026-01-30", 9), ("2026-01-31", 4), ("2026-02-01", 7)]
        ],
        *[
            (3, day, "purchase", amount)
            for day, amount in [("2026-01-30", 9), ("2026-01-30", 4), ("2026-01-31", 7)]
        ],
        *[(4, day, "purchase", amount) for day, amount in [("2026-01-30", None), ("2026-02-28", "9999999999.99")]],
    )
    now, _ = histories(customers("name", *[("",)] * 4), happened)

    assert [(row[0], row[-1]) for row in now] == [(1, 700), (2, 1_100), (3, 1_600), (4, 999_999_999_999)]


def test_customers_who_came_later_have_no_history_by_then(customers: MakeCustomers, events: MakeEvents) -> None:
    """Unknown customers have no history."""
    happened = events(
        "customer_id occurred_at kind",
        (1, "2026-03-31", "purchase"),
        (2, "2026-04-01", "purchase"),
        (3, "2026-01-01", "purchase"),
    )
    now, past = histories(customers("name", ("",), ("",)), happened)

    assert [row[0] for row in now] == [1, 2]
    assert past == [(1, 0, 0, 0, 0, 0, 0)]
