"""How customers moved between tiers."""

from __future__ import annotations

from datetime import date

import pytest

from .literals import MakeCustomers, MakeEvents, result

pytestmark = pytest.mark.spark

COLUMNS = "month from_status to_status country moves"
JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))


def test_a_move_goes_from_the_tier_before_to_the_next(customers: MakeCustomers, events: MakeEvents) -> None:
    """A customer's first move has no tier before; moves of one kind and month are counted together, in any order."""
    table = customers("country loyalty_status", ("Chile", "Gold"), ("Chile", "Silver"), ("Peru", "Bronze"))
    happened = events(
        "customer_id occurred_at kind loyalty_status",
        (1, "2026-03-01", "tier_change", "Gold"),
        (1, "2026-01-05 10:00", "tier_change", "Bronze"),
        (1, "2026-01-05 11:00", "tier_change", "Silver"),
        (2, "2026-01-31", "tier_change", "bronze "),
        (2, "2026-02-01", "tier_change", "SILVER"),
        (3, "2026-01-31", "tier_change", "Bronze"),
    )

    assert result("tier_moves", COLUMNS, table, happened) == [
        (JAN, None, "Bronze", "Chile", 2),
        (JAN, None, "Bronze", "Peru", 1),
        (JAN, "Bronze", "Silver", "Chile", 1),
        (FEB, "Bronze", "Silver", "Chile", 1),
        (MAR, "Silver", "Gold", "Chile", 1),
    ]


def test_the_same_tier_again_is_not_a_move(customers: MakeCustomers, events: MakeEvents) -> None:
    """Programmes confirm a tier every year; events without a tier or of another kind are not moves."""
    happened = events(
        "customer_id occurred_at kind loyalty_status",
        (1, "2026-01-05", "tier_change", "Gold"),
        (1, "2026-02-05", "tier_change", "gold"),
        (1, "2026-02-06", "tier_change", None),
        (1, "2026-02-07", "login", "Silver"),
        (1, "2026-03-05", "tier_change", "Silver"),
    )

    assert result("tier_moves", COLUMNS, customers("loyalty_status", ("Silver",)), happened) == [
        (JAN, None, "Gold", "Unknown", 1),
        (MAR, "Gold", "Silver", "Unknown", 1),
    ]


def test_a_tier_that_nobody_has_today_keeps_its_name(customers: MakeCustomers, events: MakeEvents) -> None:
    """Otherwise a programme that renamed its tiers would appear to have moved everyone to Other."""
    happened = events(
        "customer_id occurred_at kind loyalty_status",
        *[(1, f"2026-01-{day:02}", "tier_change", f"Tier {day:02}") for day in range(1, 4)],
    )

    found = result("tier_moves", "from_status to_status", customers("loyalty_status", ("Gold",)), happened)
    assert found == [(None, "Tier 01"), ("Tier 01", "Tier 02"), ("Tier 02", "Tier 03")]


def test_the_moves_into_a_tier_less_those_out_of_it_are_its_customers(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """So the sum up to a month is the stock of that month."""
    happened = events(
        "customer_id occurred_at kind loyalty_status",
        *[(number, "2026-01-05", "tier_change", "Bronze") for number in (1, 2, 3)],
        (2, "2026-02-05", "tier_change", "Gold"),
        (3, "2026-02-05", "tier_change", "Gold"),
        (3, "2026-03-05", "tier_change", "Bronze"),
    )
    table = customers("loyalty_status", ("Bronze",), ("Gold",), ("Bronze",))

    moves = result("tier_moves", "from_status to_status moves", table, happened)

    def stock(tier: str) -> int:
        return sum(count * ((to == tier) - (since == tier)) for since, to, count in moves)

    assert (stock("Bronze"), stock("Gold")) == (2, 1)
