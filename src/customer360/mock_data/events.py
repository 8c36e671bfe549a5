"""From a customer's row to the events that lead to it: Arrow record batches ordered by customer and time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.mock_data.columns import column, decimals, indices, texts
from customer360.mock_data.draws import Draws, Integers
from customer360.mock_data.event_dirt import CleanEvents, soil_events
from customer360.mock_data.generate import members_of
from customer360.mock_data.ledger import KINDS, NOTHING, Ledger, ledger
from customer360.mock_data.plan import BLOCK_ROWS, Plan, Story
from customer360.mock_data.visits import Members, Pace
from customer360.tables import EVENTS

SCHEMA: Final = EVENTS.arrow_schema
"""The columns of the events table, in its order."""
PORTION: Final = 5_000
"""Customers whose events are made at a time: few enough that a column fits in the CPU cache."""
IDS_PER_CUSTOMER: Final = 1 << 20
"""A customer's event ids start at customer_id times this: below 2^53, so exact in any program."""

_SAMPLE: Final = PORTION
"""The number of customers used to calibrate how often customers visit."""
_FIRST_GUESS: Final = 0.01
_OFTEN: Final = 10.0
"""The highest rate of visits a day: a customer has at most one a day."""
_GUESSES: Final = 8
_CLOSE: Final = 0.005
_MICROSECONDS: Final = 1_000_000


def generate_events(plan: Plan, block: int) -> Iterator[pa.RecordBatch]:
    """
    The events of the customers of one block, one batch per `PORTION` of them; columns as in `SCHEMA`.

    They lead to the customers' clean rows. The same plan gives the same bytes in every process and on every
    machine.
    Raises: Customer360Error when the plan has no such block.
    """
    members = members_of(plan, block)
    if not plan.events_per_customer:
        return
    pace = _pace(replace(plan, customers=_SAMPLE, dirt=0.0))
    for first in range(0, len(members.points), PORTION):
        some = members[first : first + PORTION]
        draws = Draws(plan.seed, (block * BLOCK_ROWS + first) // PORTION, len(some.points))
        happened = ledger(plan.story, plan.as_of, some, draws, pace)
        rows = _rows(plan.story, some.customer_id, happened)
        yield _soiled(plan, some, happened, rows, draws) if plan.dirt else rows


@lru_cache(maxsize=4)
def _pace(plan: Plan) -> Pace:
    """How much customers do, so that they have the mean number of events that *plan* asks for."""
    members, draws = members_of(plan, 0), Draws(plan.seed, 0, _SAMPLE)

    def mean(pace: Pace) -> float:
        return len(ledger(plan.story, plan.as_of, members, draws, pace).member) / _SAMPLE

    wanted, fewest, unhurried = plan.events_per_customer, mean(Pace(0.0, quiet=1.0)), mean(Pace(0.0))
    if wanted <= unhurried:
        return Pace(0.0, quiet=min((unhurried - wanted) / max(unhurried - fewest, _CLOSE), 1.0))
    frequency = _FIRST_GUESS
    for _ in range(_GUESSES):
        found = mean(Pace(frequency))
        if abs(found / wanted - 1) < _CLOSE or found <= unhurried:
            break
        frequency = min(frequency * (wanted - unhurried) / (found - unhurried), _OFTEN)
    return Pace(frequency)


def _soiled(plan: Plan, members: Members, happened: Ledger, rows: pa.RecordBatch, draws: Draws) -> pa.RecordBatch:
    taken = np.where(happened.points == NOTHING, 0, happened.points)
    clean = CleanEvents(rows, happened.kind, members.join_day[happened.member], happened.held - taken)
    return soil_events(clean, plan.dirt, Draws(draws.seed, draws.block, len(rows)))


def _rows(story: Story, customer_ids: Integers, happened: Ledger) -> pa.RecordBatch:
    customer_id = customer_ids[happened.member]
    columns = {
        "event_id": column(pa.int64(), customer_id * IDS_PER_CUSTOMER + happened.by_customer.place),
        "customer_id": column(pa.int64(), customer_id),
        "occurred_at": column(SCHEMA.field("occurred_at").type, happened.moment * _MICROSECONDS),
        "kind": texts(KINDS).take(indices(happened.kind)),
        "amount": decimals(SCHEMA.field("amount").type, happened.cents, happened.cents != NOTHING),
        "points": column(pa.int64(), happened.points, happened.points != NOTHING),
        "order_id": _order_ids(customer_id, happened.order),
        "expires_on": column(pa.date32(), happened.expires_day.astype(np.int32), happened.expires_day != NOTHING),
        "loyalty_status": texts(tier.name for tier in story.tiers).take(
            indices(happened.tier.astype(np.int16), happened.tier != NOTHING)
        ),
    }
    return pa.record_batch([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _order_ids(customer_id: Integers, order: Integers) -> pa.Array:
    """Such as 1017-3, the customer's third order; null where there is none."""
    has_order = order != NOTHING
    numbers = [column(pa.int64(), one[has_order]).cast(pa.string()) for one in (customer_id, order)]
    names = pc.binary_join_element_wise(*numbers, *texts(["-"]))
    places = np.cumsum(has_order, dtype=np.int32) - np.int32(1)
    return names.take(column(pa.int32(), places, has_order))
