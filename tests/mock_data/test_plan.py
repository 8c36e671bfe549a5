"""The plan: the values it accepts, and how a size is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.mock_data.plan import BLOCK_ROWS, MOST_CUSTOMERS, MOST_SEED, STORY, Plan, Tier, parse_size

AS_OF = date(2026, 6, 30)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("5000", 5_000),
        ("1_000", 1_000),
        ("100k", 100_000),
        ("10M", 10_000_000),
        ("2.5m", 2_500_000),
        (" 1B ", 1_000_000_000),
        ("0", 0),
    ],
)
def test_a_size_is_read_as_users_write_it(text: str, rows: int) -> None:
    """Nobody should have to count the zeros of ten million."""
    assert parse_size(text) == rows


@pytest.mark.parametrize("text", ["", "many", "-5", "1.5", "1.0005k", "10kk", "1__0", "1,000", "1e6", "k", "nan"])
def test_a_size_that_is_not_a_number_of_rows_is_refused_with_an_example(text: str) -> None:
    """A wrong guess could fill a disk."""
    with pytest.raises(Customer360Error, match=f"^invalid size '{text}'; write it like .*100k"):
        parse_size(text)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"customers": 0}, "invalid value 0 for customers; use a whole number from 1 to 1,000,000,000"),
        ({"customers": MOST_CUSTOMERS + 1}, "invalid value 1000000001 for customers; use a whole number"),
        ({"customers": 10.0}, "invalid value 10.0 for customers; use a whole number"),
        ({"customers": True}, "invalid value True for customers; use a whole number"),
        ({"seed": -1}, "invalid value -1 for seed; use a whole number from 0 to"),
        ({"seed": MOST_SEED + 1}, "invalid value 9223372036854775808 for seed; use a whole number"),
        ({"dirt": -0.1}, "invalid value -0.1 for dirt; use a share from 0 to 0.5"),
        ({"dirt": 0.6}, "invalid value 0.6 for dirt; use a share from 0 to 0.5"),
        ({"dirt": float("nan")}, "invalid value nan for dirt; use a share from 0 to 0.5"),
        ({"dirt": "5%"}, "invalid value '5%' for dirt; use a share from 0 to 0.5"),
        (
            {"as_of": date(1999, 12, 31)},
            "invalid value 1999-12-31 for as_of; use a date from 2000-01-01 to 2100-12-31",
        ),
        ({"as_of": date(2101, 1, 1)}, "invalid value 2101-01-01 for as_of; use a date"),
        ({"as_of": datetime(2026, 6, 30)}, "invalid value 2026-06-30 00:00:00 for as_of; use a date"),
        ({"as_of": "2026-06-30"}, "invalid value 2026-06-30 for as_of; use a date"),
        ({"as_of": None}, "invalid value None for as_of; use a date"),
    ],
)
def test_a_value_out_of_its_range_is_refused_when_the_plan_is_made(changed: dict[str, Any], message: str) -> None:
    """An error in the thousandth block would come hours too late."""
    with pytest.raises(Customer360Error) as refused:
        Plan(**{"customers": 10, "as_of": AS_OF, **changed})

    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_the_ends_of_every_range_are_allowed() -> None:
    """The message says 'from ... to ...', which is inclusive."""
    Plan(1, seed=0, as_of=date(2000, 1, 1), dirt=0)
    Plan(MOST_CUSTOMERS, seed=MOST_SEED, as_of=date(2100, 12, 31), dirt=0.5)


@given(st.integers(1, MOST_CUSTOMERS))
def test_the_blocks_contain_every_customer_once(customers: int) -> None:
    """Full blocks and a last one that is neither empty nor too long."""
    plan = Plan(customers, as_of=AS_OF)
    last = plan.block_rows(plan.blocks - 1)

    assert (plan.blocks - 1) * BLOCK_ROWS + last == customers
    assert 1 <= last <= BLOCK_ROWS


@pytest.mark.parametrize("block", [-1, 2])
def test_a_block_that_the_plan_does_not_have_is_refused(block: int) -> None:
    """A negative number must not count from the end."""
    with pytest.raises(Customer360Error, match=f"block {block} is not in the plan, which has blocks 0 to 1$"):
        Plan(BLOCK_ROWS + 1, as_of=AS_OF).block_rows(block)


@pytest.mark.parametrize("starts", [(), (10,), (0, 100, 100), (0, 500, 100)])
def test_tiers_must_rise_from_zero_points(starts: tuple[int, ...]) -> None:
    """Otherwise some customers would have no loyalty status, or the wrong one."""
    tiers = tuple(Tier(f"Tier {start}", start, (0, 1)) for start in starts)

    with pytest.raises(Customer360Error, match="must rise from 0"):
        replace(STORY, tiers=tiers)
