"""Dirt in events: the requested amount, one defect per row, found by the check that each kind names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from customer360.mock_data.event_dirt import EVENT_DIRT_KINDS, REPEATED_IDS_FROM, EventDirtKind
from customer360.mock_data.events import IDS_PER_CUSTOMER
from customer360.mock_data.plan import MOST_CUSTOMERS
from customer360.tables import EVENT_KINDS, EVENTS, SOURCES
from tests.mock_data.mock_rows import all_events, all_rows

CUSTOMERS = 4_000
DIRT = 0.1

LOOKS_LIKE: dict[str, Callable[[dict[str, Any], dict[str, Any], date], bool]] = {
    "unknown_customer": lambda row, _, __: row["customer_id"] > MOST_CUSTOMERS,
    "event_before_joining": lambda row, _, joined: date(1900, 1, 1) < row["occurred_at"].date() < joined,
    "placeholder_moment": lambda row, _, __: row["occurred_at"] == datetime(1899, 12, 30),
    "unknown_kind": lambda row, _, __: row["kind"] == "page_view",
    "blank_kind": lambda row, _, __: not row["kind"].strip(),
    "refund_without_purchase": lambda row, clean, _: row["order_id"] == f"{clean['order_id']}-9",
    "redeemed_above_balance": lambda row, clean, _: (
        (row["points"] or 0) < clean["points"] and row["kind"] == "redeem"
    ),
    "expired_spent_points": lambda row, clean, _: (
        (row["points"] or 0) < clean["points"] and row["kind"] == "expire"
    ),
    "negative_purchase": lambda row, _, __: row["kind"] == "purchase" and (row["amount"] or 0) < 0,
    "positive_refund": lambda row, _, __: row["kind"] == "refund" and (row["amount"] or 0) > 0,
    "negative_bonus": lambda row, _, __: row["kind"] == "earn" and row["points"] < 0,
    "positive_redemption": lambda row, _, __: (row["points"] or 0) > 0,
    "missing_amount": lambda row, _, __: row["amount"] is None,
    "missing_taken_points": lambda row, _, __: row["points"] is None,
    "missing_tier": lambda row, _, __: row["loyalty_status"] is None,
}


@pytest.fixture(scope="module")
def clean() -> pa.Table:
    return all_events(CUSTOMERS)


@pytest.fixture(scope="module")
def dirty() -> pa.Table:
    return all_events(CUSTOMERS, dirt=DIRT)


@pytest.fixture(scope="module")
def changed(clean: pa.Table, dirty: pa.Table) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The rows with a defect, each with its clean row."""
    before = {row["event_id"]: row for row in clean.to_pylist()}
    rows = [(row, before.get(row["event_id"])) for row in dirty.to_pylist()]
    return [(row, was) for row, was in rows if was and row != was]


def repeated(dirty: pa.Table) -> pa.Table:
    return dirty.filter(
        pc.greater_equal(pc.bit_wise_and(dirty["event_id"], IDS_PER_CUSTOMER - 1), REPEATED_IDS_FROM)
    )


def test_the_requested_share_of_events_is_dirty(clean: pa.Table, dirty: pa.Table, changed: list[Any]) -> None:
    """Repeated events count as dirty, and are additional."""
    twice = repeated(dirty).num_rows

    assert dirty.num_rows == clean.num_rows + twice
    assert (len(changed) + twice) / clean.num_rows == pytest.approx(DIRT, abs=0.006)


def test_a_dirty_event_has_one_defect(changed: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """So the number of defects equals the number of rows with a defect."""
    assert {sum(row[name] != was[name] for name in row) for row, was in changed} == {1}


def test_ids_stay_unique(dirty: pa.Table) -> None:
    """The table's key requires it: an event delivered twice has two ids."""
    assert pc.count_distinct(dirty["event_id"]).as_py() == dirty.num_rows
    assert dirty["event_id"].null_count == 0


def test_a_repeated_order_differs_from_the_first_only_in_its_id(clean: pa.Table, dirty: pa.Table) -> None:
    """Like an export that was delivered twice."""
    before = {row["event_id"]: row for row in clean.to_pylist()}
    twice = repeated(dirty).to_pylist()

    assert len(twice) > 50
    for row in twice:
        first = before[row["event_id"] - REPEATED_IDS_FROM]
        assert first["kind"] == "purchase"
        assert {**first, "event_id": row["event_id"]} == row


@pytest.mark.parametrize(
    "kind", [one for one in EVENT_DIRT_KINDS if not one.is_repeated], ids=lambda one: one.name
)
def test_every_kind_of_defect_occurs_and_looks_as_described(
    kind: EventDirtKind, changed: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    """A kind that never occurs would leave its check untested."""
    joined = dict(
        zip(*(all_rows(CUSTOMERS)[name].to_pylist() for name in ("customer_id", "join_date")), strict=True)
    )
    touched = [(row, was) for row, was in changed if row[kind.column] != was[kind.column]]

    found = [was for row, was in touched if LOOKS_LIKE[kind.name](row, was, joined[was["customer_id"]])]
    assert len(found) >= 3
    assert {was["kind"] for was in found} <= {*kind.kinds}


def test_more_dirt_keeps_the_dirt_there_was(dirty: pa.Table, clean: pa.Table) -> None:
    """A cleaner mock table differs from a dirtier one only in rows where the latter has a defect."""
    before = {row["event_id"]: row for row in clean.to_pylist()}
    more = {row["event_id"]: row for row in all_events(CUSTOMERS, dirt=0.3).to_pylist()}

    assert all(more[row["event_id"]] == row for row in dirty.to_pylist() if before.get(row["event_id"]) != row)


def test_every_kind_is_described_and_names_an_existing_column_and_check() -> None:
    """`--help` and the documentation are generated from this list."""
    checks = {check.name for source in SOURCES for check in source.checks}
    assert len({kind.name for kind in EVENT_DIRT_KINDS}) == len(EVENT_DIRT_KINDS)
    for kind in EVENT_DIRT_KINDS:
        assert kind.description.endswith(".")
        assert kind.column in EVENTS.column_names
        assert {*kind.kinds} <= {*EVENT_KINDS}
        assert kind.found_by in checks
