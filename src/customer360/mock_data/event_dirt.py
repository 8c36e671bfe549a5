"""Real-world defects of events: each kind as data, with the check that finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.mock_data.columns import column, flags, texts
from customer360.mock_data.draws import Draws, Indices, Integers, below, share
from customer360.mock_data.plan import EPOCH, MOST_CUSTOMERS
from customer360.tables import EVENT_KINDS

_MICROSECONDS_PER_DAY: Final = 86_400_000_000
_ZERO_OF_SPREADSHEETS: Final = date(1899, 12, 30)


@dataclass(frozen=True)
class CleanEvents:
    """Events without dirt, with the index of each one's kind, the day of joining and the points held before."""

    rows: pa.RecordBatch
    kind: Indices
    join_day: Integers
    held_before: Integers


Spoil = Callable[[CleanEvents], pa.Array]
"""The column with the defect in every row."""


@dataclass(frozen=True)
class EventDirtKind:
    """
    A defect of one *column* of events of some *kinds*; a row has at most one defect.

    *found_by* is the check that counts such rows. If *is_repeated*, the event is unchanged and repeated with the
    column changed.
    """

    name: str
    description: str
    column: str
    kinds: tuple[str, ...]
    found_by: str
    spoil: Spoil
    is_repeated: bool = False


def soil_events(clean: CleanEvents, dirt: float, draws: Draws) -> pa.RecordBatch:
    """
    The rows, with one defect in each of a share *dirt* of them; the others are unchanged.

    Repeated rows come after all others.
    """
    columns = {name: clean.rows[name] for name in clean.rows.schema.names}
    kind_of_row, dirty = _befalling(clean.kind, draws), below(draws("event_dirt"), dirt)
    repeated = []
    for number, kind in enumerate(EVENT_DIRT_KINDS):
        affected, spoilt = flags(dirty & (kind_of_row == number)), kind.spoil(clean)
        if kind.is_repeated:
            repeated.append(_with(clean.rows, kind.column, spoilt).filter(affected))
        else:
            columns[kind.column] = pc.if_else(affected, spoilt, columns[kind.column])
    rows = pa.record_batch(list(columns.values()), schema=clean.rows.schema)
    return pa.concat_batches([rows, *repeated])


def _befalling(kind: Indices, draws: Draws) -> Integers:
    """For each event, one of the defects that its kind can have, all equally likely."""
    possible = [
        [number for number, dirt in enumerate(EVENT_DIRT_KINDS) if name in dirt.kinds] for name in EVENT_KINDS
    ]
    counts = np.array([len(numbers) for numbers in possible])
    starts = np.cumsum(counts) - counts
    choice = (share(draws("event_dirt_kind")) * counts[kind]).astype(np.int64)
    befalling: Integers = np.concatenate(possible)[starts[kind] + choice]
    return befalling


def _with(rows: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    return rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), values)


def _missing(name: str, column: str, kinds: tuple[str, ...], found_by: str) -> EventDirtKind:
    def nothing(clean: CleanEvents) -> pa.Array:
        return pa.nulls(len(clean.rows), clean.rows[column].type)

    return EventDirtKind(name, f"{column} is null.", column, kinds, found_by, nothing)


def _opposite(name: str, description: str, column: str, kinds: tuple[str, ...], found_by: str) -> EventDirtKind:
    def negated(clean: CleanEvents) -> pa.Array:
        return pc.negate(clean.rows[column])

    return EventDirtKind(name, description, column, kinds, found_by, negated)


def _all(value: str) -> Spoil:
    return lambda clean: texts([value]).take(column(pa.int32(), np.zeros(len(clean.rows), dtype=np.int32)))


def _moments(days: Integers) -> pa.Array:
    return column(pa.timestamp("us"), days * _MICROSECONDS_PER_DAY)


def _some_days(clean: CleanEvents) -> Integers:
    """1 to 60 days, by event."""
    return 1 + np.arange(len(clean.rows), dtype=np.int64) % 60


def _day(day: date) -> int:
    return (day - EPOCH).days


def _points(values: Integers) -> pa.Array:
    return column(pa.int64(), values)


_ANY: Final = tuple(EVENT_KINDS)
_COMING: Final = ("login", "purchase")
REPEATED_IDS_FROM: Final = 1 << 19
"""Added to the id of a repeated event: more than a customer's number of events."""

EVENT_DIRT_KINDS: Final = (
    EventDirtKind(
        "repeated_order",
        "An order occurs twice, with different ids.",
        "event_id",
        ("purchase",),
        "points_differ_from_events",
        lambda clean: pc.add(clean.rows["event_id"], REPEATED_IDS_FROM),
        is_repeated=True,
    ),
    EventDirtKind(
        "unknown_customer",
        "customer_id belongs to no customer.",
        "customer_id",
        _ANY,
        "event_customer_unknown",
        lambda clean: pc.add(clean.rows["customer_id"], MOST_CUSTOMERS),
    ),
    EventDirtKind(
        "event_before_joining",
        "occurred_at is before the customer's join_date.",
        "occurred_at",
        _COMING,
        "event_before_joining",
        lambda clean: _moments(clean.join_day - _some_days(clean)),
    ),
    EventDirtKind(
        "placeholder_moment",
        "occurred_at is day zero of spreadsheets.",
        "occurred_at",
        ("login",),
        "event_date_before_1900",
        lambda clean: _moments(0 * _some_days(clean) + _day(_ZERO_OF_SPREADSHEETS)),
    ),
    EventDirtKind("unknown_kind", "kind is 'page_view'.", "kind", _ANY, "event_kind_unknown", _all("page_view")),
    EventDirtKind("blank_kind", "kind is blank.", "kind", _ANY, "event_kind_missing", _all(" ")),
    EventDirtKind(
        "refund_without_purchase",
        "order_id belongs to no order.",
        "order_id",
        ("refund",),
        "refund_without_purchase",
        lambda clean: pc.binary_join_element_wise(clean.rows["order_id"], *texts(["9", "-"])),
    ),
    EventDirtKind(
        "redeemed_above_balance",
        "points exceed what the customer has.",
        "points",
        ("redeem",),
        "points_above_balance",
        lambda clean: _points(-clean.held_before - 1),
    ),
    EventDirtKind(
        "expired_spent_points",
        "All of the customer's points expire, due or not.",
        "points",
        ("expire",),
        "spent_points_expired",
        lambda clean: _points(-clean.held_before),
    ),
    _opposite("negative_purchase", "amount is negative.", "amount", ("purchase",), "event_purchase_below_zero"),
    _opposite("positive_refund", "amount is positive.", "amount", ("refund",), "event_refund_above_zero"),
    _opposite("negative_bonus", "points are negative.", "points", ("earn",), "event_earned_below_zero"),
    _opposite(
        "positive_redemption", "points are positive.", "points", ("redeem", "expire"), "event_deduction_above_zero"
    ),
    _missing("missing_amount", "amount", ("purchase", "refund"), "event_amount_missing"),
    _missing("missing_taken_points", "points", ("redeem", "expire"), "event_points_missing"),
    _missing("missing_tier", "loyalty_status", ("tier_change",), "event_tier_missing"),
)
"""
Every kind of defect, all equally likely among those of an event's kind.

None is in the future: such an event would not be known yet, so no check would count it, and a run compares
customers with their events only if it knows all of them.
"""
