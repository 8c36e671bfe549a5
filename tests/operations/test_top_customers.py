from datetime import date
from decimal import Decimal

import pytest

from customer360.operations.highest_in_cells import RANKS
from customer360.operations.segments import customer_segments
from customer360.operations.top_customers import top_customers

from .literals import in_cells, rows

pytestmark = pytest.mark.spark


def top(customers):
    customers = in_cells(customers)
    return top_customers(customers, customer_segments(customers))


def test_each_slicer_cell_has_its_own_ranks(customers):
    """The top ten under any filter are among the top tens of the remaining cells."""
    table = customers(
        "name country join_date account_balance",
        ("Ana", "Chile", date(2026, 5, 1), 10),
        ("Bo", "Chile", date(2026, 5, 31), 30),
        ("Cy", "Peru", date(2026, 5, 31), 20),
        ("Di", None, None, -1),
    )

    assert rows(top(table), "country cell_rank customer_id name account_balance") == [
        ("Chile", 1, 2, "Bo", Decimal(30)),
        ("Chile", 2, 1, "Ana", Decimal(10)),
        ("Peru", 1, 3, "Cy", Decimal(20)),
        ("Unknown", 1, 4, "Di", Decimal(-1)),
    ]


def test_equal_balances_rank_by_customer_id(customers):
    """The same data must give the same ten, regardless of partitions."""
    table = customers("customer_id account_balance", *[(number, 5) for number in range(40, 0, -1)])

    assert rows(top(table), "cell_rank customer_id") == [(rank, rank) for rank in range(1, RANKS + 1)]


def test_no_more_than_ten_of_a_cell_are_kept_and_they_are_the_highest(customers):
    """The ten highest of 500 balances, even though most of the cell is never sorted."""
    table = customers("customer_id account_balance", *[(number, number * 7 % 500) for number in range(1, 501)])

    found = rows(top(table), "cell_rank account_balance")

    assert found == [(rank, Decimal(500 - rank)) for rank in range(1, RANKS + 1)]


def test_the_tenth_may_lie_below_the_bands_of_the_nine_before(customers):
    """Negative and zero balances are the lowest bands: none of the ten is excluded before ranking."""
    balances = [*[90_000] * 5, 700, 30, 30, 0, -20, -5, -20]
    table = customers("account_balance", *[(balance,) for balance in balances])

    found = [balance for _, balance in rows(top(table), "cell_rank account_balance")]

    assert found == [Decimal(balance) for balance in sorted(balances, reverse=True)[:RANKS]]


def test_a_customer_without_a_balance_has_no_rank(customers):
    """An unknown balance is not a low one."""
    assert rows(top(customers("account_balance", (None,), (0,))), "customer_id") == [(2,)]
