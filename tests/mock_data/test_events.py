"""Events from customers: they lead to the customer's row, and are the same wherever they are made."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.mock_data.events import PORTION, generate_events
from customer360.mock_data.generate import generate_block
from customer360.mock_data.plan import BLOCK_ROWS, FIRST_AS_OF, LAST_AS_OF, STORY, Plan, Story, Tier
from customer360.postgres import types
from customer360.tables import EVENT_KINDS, EVENTS
from tests.mock_data.ledger_rules import exceptions
from tests.mock_data.mock_rows import AS_OF, all_events, all_rows

DIGEST_OF_EVERY_BLOCK = """
import hashlib, pickle, sys
from customer360.mock_data.events import generate_events
plan = pickle.loads(bytes.fromhex(sys.argv[1]))
for block in range(plan.blocks):
    print(hashlib.sha256(b"".join(rows.serialize() for rows in generate_events(plan, block))).hexdigest())
print("pandas" in sys.modules)
"""


def broken(customers: int, as_of: date = AS_OF, story: Story = STORY, **options: Any) -> dict[str, int]:
    """The broken rules between the customers of a plan and their events."""
    made = [make(customers, as_of, story=story, **options) for make in (all_rows, all_events)]
    return exceptions(made[0], made[1], as_of, story)


def digest(events: pa.Table) -> str:
    """A digest of the rows' values, regardless of how Arrow stores them."""
    return hashlib.sha256(repr(events.to_pylist()).encode()).hexdigest()[:16]


def test_the_columns_are_those_of_the_events_table_in_its_order() -> None:
    """The rows are copied into the table unchanged."""
    rows = next(generate_events(Plan(10, as_of=AS_OF), 0))

    assert rows.schema == types.arrow_schema(types.fields_of(EVENTS))
    rows.validate(full=True)


@pytest.mark.slow
def test_the_events_of_every_customer_lead_to_the_customers_row(customers: pa.Table, events: pa.Table) -> None:
    """For all customers: points, first purchase, last login, tier, and no impossible event."""
    assert exceptions(customers, events, AS_OF) == {}
    assert set(events["kind"].unique().to_pylist()) == set(EVENT_KINDS)


@pytest.mark.slow
def test_the_events_of_a_third_of_a_million_lead_to_the_rows_too() -> None:
    """Block by block, with another seed, so that rare cases occur."""
    plan = Plan(330_000, seed=11, as_of=date(2024, 2, 29))
    for block in range(plan.blocks):
        rows = pa.Table.from_batches([generate_block(plan, block)])
        assert exceptions(rows, pa.Table.from_batches(generate_events(plan, block)), plan.as_of) == {}


SPOILT: dict[str, Callable[[pa.Table], pa.Table]] = {
    "the points of the events add up to those held": lambda rows: _where(rows, "adjust", "points", 7),
    "a customer logs in once a day": lambda rows: pa.concat_tables([rows, rows]),
    "joining gives the first tier": lambda rows: rows.filter(pc.not_equal(rows["kind"], "tier_change")),
    "points lapse at visits, when they are due and unspent": lambda rows: _where(rows, "redeem", "points", -9_999),
    "a refund gives back at most its order": lambda rows: rows.filter(pc.not_equal(rows["kind"], "purchase")),
}


def _where(rows: pa.Table, kind: str, name: str, value: Any) -> pa.Table:
    changed = pc.if_else(pc.equal(rows["kind"], kind), pa.scalar(value, rows[name].type), rows[name])
    return rows.set_column(rows.schema.get_field_index(name), name, changed)


@pytest.mark.parametrize("rule", SPOILT)
def test_a_rule_finds_what_breaks_it(rule: str) -> None:
    """A rule that cannot be broken would prove nothing."""
    assert rule in exceptions(all_rows(5_000), SPOILT[rule](all_events(5_000)), AS_OF)


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(
    customers=st.integers(1, 400),
    seed=st.integers(0, 2**63 - 1),
    as_of=st.dates(FIRST_AS_OF, LAST_AS_OF),
    events_per_customer=st.sampled_from([1, 5, 20, 60]),
)
def test_the_events_of_any_plan_lead_to_the_rows(
    customers: int, seed: int, as_of: date, events_per_customer: int
) -> None:
    """By construction, not by luck; even for a plan of one customer."""
    assert broken(customers, as_of, seed=seed, events_per_customer=events_per_customer) == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"tiers": tuple(Tier(name, start, (0, 1)) for name, start in [("Neu", 0), ("Treu", 50), ("Gut", 9_000)])},
        {"tiers": (Tier("Member", 0, (0, 1)),)},
        {"welcome_points": 0},
        {"points_valid_days": 90},
        {"years": 1},
        {"monthly_hazard": ((0, 1_000.0),), "purchase_gap_days": ((0, 0), (1, 0))},
        {"never_purchase_share": 0.5, "never_logged_in_share": 1.0},
        {"events": replace(STORY.events, refund_share=0.9, redeem_share=0.9, bonus_share=0.9)},
        {"events": replace(STORY.events, wrong_credit_share=1.0, refund_share=1.0)},
        {"events": replace(STORY.events, redeem_from=0, redeem_step=1, least_recent_share=0.01)},
    ],
    ids=str,
)
def test_another_story_leads_to_its_rows_too(changed: dict[str, Any]) -> None:
    """The rules follow from how events are made, not from the figures."""
    assert broken(3_000, story=replace(STORY, **changed)) == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "at_least", "at_most"),
    [(1, 4, 5), (5, 4.8, 5.2), (7, 6.7, 7.3), (20, 19, 21), (50, 47, 53), (100, 94, 106)],
)
def test_customers_have_the_requested_number_of_events(wanted: int, at_least: float, at_most: float) -> None:
    """On average; there cannot be fewer than the rows imply."""
    assert at_least <= all_events(20_000, events_per_customer=wanted).num_rows / 20_000 <= at_most


def test_more_events_than_possible_are_as_many_as_possible() -> None:
    """A customer whose last visit is on the day of the first purchase cannot have two hundred events."""
    gone = replace(STORY, monthly_hazard=((0, 1_000.0),))

    assert 4 < all_events(2_000, story=gone, events_per_customer=200).num_rows / 2_000 < 100


def test_no_events_are_made_when_none_are_requested() -> None:
    """Zero means none, not as few as possible."""
    assert all_events(1_000, events_per_customer=0).num_rows == 0


@pytest.mark.parametrize("events_per_customer", [0, 5, 100])
def test_the_events_change_no_customer(events_per_customer: int) -> None:
    """They are derived from the rows, not the other way round."""
    assert all_rows(1_000, events_per_customer=events_per_customer).equals(all_rows(1_000))


def test_the_rows_of_the_default_seed_never_change() -> None:
    """Figures from mock data stay the same after an upgrade, on any machine."""
    assert digest(all_rows(1_000)) == "bf19f7460fa54d7d"
    assert digest(all_events(1_000)) == "76b44a20ec8cb0fe"


def test_the_events_of_the_second_customer_make_sense() -> None:
    """What the digest covers: joined, bought, visited and bought again."""
    told = [
        (row["occurred_at"].isoformat(), row["kind"], row["points"], row["amount"], row["order_id"])
        for row in all_events(2).to_pylist()
        if row["customer_id"] == 2
    ]

    assert told == [
        ("2025-10-22T07:00:31", "tier_change", None, None, None),
        ("2025-10-22T07:00:31", "login", None, None, None),
        ("2025-10-22T07:00:31", "earn", 100, None, None),
        ("2025-11-12T20:22:24", "login", None, None, None),
        ("2025-11-12T20:57:30", "purchase", 69, Decimal("6.95"), "2-1"),
        ("2025-12-21T19:44:37", "login", None, None, None),
        ("2025-12-21T19:52:23", "purchase", 57, Decimal("5.72"), "2-2"),
    ]


@pytest.mark.slow
def test_a_block_is_the_same_in_every_order_and_process() -> None:
    """Spark runs blocks anywhere, possibly twice; pandas is not imported, because it doubles a worker's start."""
    plan = Plan(BLOCK_ROWS + 100, as_of=AS_OF, events_per_customer=5)
    backwards = [
        hashlib.sha256(b"".join(rows.serialize() for rows in generate_events(plan, block))).hexdigest()
        for block in reversed(range(plan.blocks))
    ]

    there = subprocess.run(
        [sys.executable, "-c", DIGEST_OF_EVERY_BLOCK, pickle.dumps(plan).hex()],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert there.stdout.split() == [*reversed(backwards), "False"]


def test_a_smaller_plan_is_the_beginning_of_a_larger_one() -> None:
    """The events of some customers stay the same among more customers, even at the end of a portion."""
    smaller, larger = all_events(PORTION + 700), all_events(2 * PORTION + 50)

    assert larger.slice(0, smaller.num_rows).equals(smaller)


def test_another_seed_gives_other_events() -> None:
    """Otherwise a repeated experiment would repeat its random numbers."""
    first, second = all_events(500), all_events(500, seed=8)

    moments = [
        set(zip(rows["customer_id"].to_pylist(), rows["occurred_at"].to_pylist(), strict=True))
        for rows in (first, second)
    ]
    assert len(moments[0] & moments[1]) < 10


def test_a_block_beyond_the_plan_is_refused() -> None:
    """It would be events of nobody."""
    with pytest.raises(Customer360Error, match="block 1 is not in the plan"):
        next(generate_events(Plan(10, as_of=AS_OF), 1))
