"""Spending: bands, the highest spenders of each slicer cell, and tenths of all customers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customer360.operations import spending_tenths as tenths
from customer360.operations.distributions import AtRank, Distribution
from customer360.operations.highest_in_cells import RANKS

from .literals import MakeCustomers, MakeEvents, found, result, rows

pytestmark = pytest.mark.spark

SPENT = "customer_id occurred_at kind amount"
AMOUNTS = st.lists(st.integers(-500, 500).map(lambda cents: Decimal(cents) / 100), max_size=60)


def purchases(*amounts: Any) -> list[tuple[Any, ...]]:
    """One customer buys for each of *amounts*; for None there is no purchase."""
    return [
        (customer, "2026-05-01", "purchase" if amount > 0 else "refund", amount)
        for customer, amount in enumerate(amounts, start=1)
        if amount is not None
    ]


def test_customers_are_counted_by_what_they_spent_and_how_often(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Zero, negative amounts and one order have separate bands; a customer without events has spent zero."""
    table = customers("country", *[("Chile",)] * 5)
    happened = events(
        SPENT, *purchases(100, 100, -1), *[(4, f"2026-05-0{day}", "purchase", 80) for day in range(1, 5)]
    )

    columns = "spent_band orders_band customers spent_sum orders_sum"
    with found(table, happened) as made:
        assert sum(row[0] for row in rows(made.tables["spending_segments"], "customers")) == 5
        assert rows(made.tables["spending_segments"].where("activity = 'Inactive'"), columns) == [
            (-1, 0, 1, Decimal(-1), 0),
            (0, 0, 1, Decimal(0), 0),
        ]
        assert rows(made.tables["spending_segments"].where("activity = 'Active'"), columns) == [
            (1, 1, 2, Decimal(200), 2),
            (3, 3, 1, Decimal(320), 4),
        ]


def test_the_bands_of_spending_follow_its_scale_and_those_of_orders_are_fixed(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """As for balances, 98% of the positive amounts are between the edges."""
    happened = events(SPENT, *purchases(100, 200, 300))

    with found(customers("name", *[("",)] * 3), happened) as made:
        bands = rows(
            made.tables["bands"].where("banded_column IN ('orders', 'spent')"), "banded_column band label"
        )

    assert [label for column, _, label in bands if column == "spent"] == [
        "below 0", "0", "0–100", "100–250", "250–500", "over 500",
    ]  # fmt: skip
    assert [(band, label) for column, band, label in bands if column == "orders"] == [
        (0, "0"), (1, "1"), (2, "2–3"), (3, "4–6"), (4, "7–12"), (5, "13–24"), (6, "25 or more"),
    ]  # fmt: skip


def test_the_ten_who_spent_most_are_known_in_each_slicer_cell(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Equal amounts are ranked by customer_id; each cell has its own ranks."""
    table = customers("country name", *[("Chile", "Ana")] * 12, ("Peru", "Bo"))
    happened = events(SPENT, *purchases(*[7] * 6, *[9] * 6, 1))

    top = result("top_spenders", "country cell_rank customer_id name spent", table, happened)

    assert [row[1:3] for row in top if row[0] == "Chile"] == [
        *[(rank, 6 + rank) for rank in range(1, 7)],
        *[(rank, rank - 6) for rank in range(7, RANKS + 1)],
    ]
    assert top[-1] == ("Peru", 1, 13, "Bo", Decimal(1))


def test_a_customer_who_spent_nothing_is_not_a_top_spender(customers: MakeCustomers, events: MakeEvents) -> None:
    """Nor is a customer who was refunded everything or more: a cell may have fewer than ten, or none."""
    happened = events(SPENT, *purchases(5, None, -2, 3), (4, "2026-05-02", "refund", -3))

    assert result("top_spenders", "customer_id", customers("name", *[("",)] * 4), happened) == [(1,)]


def test_spending_tenths_hold_all_customers_those_who_spent_most_first(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Twelve customers, two without events: the first tenth and the sixth have one more."""
    happened = events(SPENT, *purchases(*range(10, 110, 10)))

    shown = result(
        "spending_tenths", "spending_tenth tenth_customers tenth_spent", customers("name", *[("",)] * 12), happened
    )

    assert shown == [
        (1, 2, 190), (2, 1, 80), (3, 1, 70), (4, 1, 60), (5, 1, 50), (6, 2, 70), (7, 1, 20), (8, 1, 10), (9, 1, 0),
        (10, 1, 0),
    ]  # fmt: skip


def distribution(amounts: list[Decimal]) -> Distribution:
    in_order = sorted(amounts)
    lower = {value: in_order.index(value) for value in in_order}
    at = {
        rank: AtRank(value := in_order[rank - 1], lower[value], sum(in_order[: lower[value]], Decimal(0)))
        for rank in tenths.ranks(len(amounts))
    }
    return Distribution(len(amounts), sum(amounts, Decimal(0)), at)


@given(amounts=AMOUNTS)
@example(amounts=[Decimal(5)] * 25)
@example(amounts=[Decimal(5)])
@example(amounts=[])
def test_tenths_add_up_despite_equal_spending(amounts: list[Decimal]) -> None:
    """Counts differ by at most one, sums match the sorted amounts, and together they are the total."""
    shown = tenths.tenths(distribution(amounts))

    highest_first, begins = sorted(amounts, reverse=True), 0
    for _, count, spent in shown:
        assert spent == sum(highest_first[begins : begins + count], Decimal(0))
        begins += count
    assert begins == len(amounts)
    assert len(shown) == (10 if amounts else 0)
    assert max((row[1] for row in shown), default=0) - min((row[1] for row in shown), default=0) <= 1


def test_the_first_tenth_is_never_empty() -> None:
    """The share of the top 10% includes someone, even among three customers."""
    assert [row[1] for row in tenths.tenths(distribution([Decimal(1), Decimal(2), Decimal(3)]))] == [
        1, 0, 0, 1, 0, 0, 1, 0, 0, 0,
    ]  # fmt: skip
