"""The checks of events: each fails a bad event and passes the nearest valid one."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from customer360.operations.checks import FAILED_CHECKS, bits, checked
from customer360.tables import EVENTS, MOST_POINTS
from customer360.tables.row_checks import LedgerCondition

from .literals import AS_OF, MakeCustomers, MakeEvents, failed, found, rows

pytestmark = [pytest.mark.spark, pytest.mark.slow]

JOINED = date(2026, 1, 10)
FORGOTTEN = 360
COMPLETE = {
    "customer_id": 1,
    "occurred_at": "2026-06-01 12:00",
    "kind": "purchase",
    "amount": 10,
    "points": 5,
    "order_id": "A",
    "loyalty_status": "Gold",
}
"""An event that passes every check; each case below changes only the relevant values."""

CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # check, what fails it, the nearest thing that passes
    ("event_id_missing", {"event_id": None}, {"event_id": 0}),
    ("event_customer_id_missing", {"customer_id": None}, {}),
    ("event_date_missing", {"occurred_at": None}, {}),
    ("event_date_before_1900", {"occurred_at": "1899-12-31 23:59"}, {"occurred_at": "1900-01-01"}),
    ("event_kind_missing", {"kind": None}, {"kind": "PURCHASE"}),
    ("event_kind_missing", {"kind": " "}, {}),
    ("event_kind_unknown", {"kind": "bought"}, {"kind": "Login"}),
    ("event_purchase_below_zero", {"amount": "-0.01"}, {"amount": 0}),
    ("event_purchase_below_zero", {"kind": "Purchase", "amount": -1}, {"kind": "login", "amount": -1}),
    ("event_refund_above_zero", {"kind": "refund", "points": 0}, {"kind": "refund", "points": 0, "amount": 0}),
    ("event_earned_below_zero", {"points": -1}, {"points": 0}),
    ("event_earned_below_zero", {"kind": "earn", "points": -1}, {"kind": "adjust", "points": -1}),
    ("event_deduction_above_zero", {"kind": "redeem", "points": 1}, {"kind": "redeem", "points": -1}),
    ("event_deduction_above_zero", {"kind": "expire", "points": 1}, {"kind": "expire", "points": 0}),
    (
        "event_deduction_above_zero",
        {"kind": "refund", "amount": 0, "points": 1},
        {"kind": "refund", "amount": -1, "points": 0},
    ),
    ("event_too_many_points", {"points": MOST_POINTS + 1}, {"points": MOST_POINTS}),
    (
        "event_too_few_points",
        {"kind": "adjust", "points": -MOST_POINTS - 1},
        {"kind": "adjust", "points": -MOST_POINTS},
    ),
    ("event_forgotten", {"customer_id": FORGOTTEN}, {"customer_id": FORGOTTEN + 1}),
    ("event_amount_missing", {"amount": None}, {"kind": "login", "amount": None}),
    ("event_amount_missing", {"kind": "refund", "points": 0, "amount": None}, {}),
    ("event_points_missing", {"kind": "redeem", "points": None}, {"kind": "redeem", "points": 0}),
    ("event_tier_missing", {"kind": "tier_change", "loyalty_status": " "}, {"kind": "tier_change"}),
]


def failed_checks(events: MakeEvents, *changes: dict[str, Any]) -> list[list[str]]:
    """The checks of single events that COMPLETE fails with each of *changes*."""
    given = [{**COMPLETE, "event_id": number, **change} for number, change in enumerate(changes)]
    numbered = [
        {**row, "expires_on": date(2026, 1, 1) + timedelta(days=number)} for number, row in enumerate(given)
    ]
    happened = events(" ".join(numbered[0]), *[tuple(row.values()) for row in numbered])
    checks = checked(happened, EVENTS, as_of=AS_OF, keys_are_unique=True, forgotten=[FORGOTTEN]).select(
        "expires_on", FAILED_CHECKS
    )
    found = [row[FAILED_CHECKS] for row in sorted(checks.collect(), key=lambda row: row["expires_on"])]
    return [[check.name for check in EVENTS.checks if number & bits(EVENTS, [check])] for number in found]


@pytest.fixture(scope="module")
def verdicts(events: MakeEvents) -> list[tuple[list[str], list[str]]]:
    """The checks that the failing and the passing event of every case fail, from one job."""
    found = failed_checks(events, *[change for _, fails, passes in CASES for change in (fails, passes)])
    return list(zip(found[::2], found[1::2], strict=True))


@pytest.mark.parametrize("case", range(len(CASES)), ids=[f"{name}-{fails}" for name, fails, _ in CASES])
def test_an_event_fails_exactly_the_checks_it_should(
    verdicts: list[tuple[list[str], list[str]]], case: int
) -> None:
    """The failing event fails the named check, and the nearest valid event does not."""
    name = CASES[case][0]
    fails, passes = verdicts[case]

    assert name in fails
    assert name not in passes


def test_a_complete_event_fails_nothing(events: MakeEvents) -> None:
    """Otherwise the cases above would not show which change a check detects."""
    assert failed_checks(events, {}) == [[]]


def test_every_check_has_a_case() -> None:
    """A new check must be shown to fail and to pass."""
    own_tests = {"event_id_duplicate", "event_not_a_whole_number"}
    own_tests |= {check.name for check in EVENTS.checks if isinstance(check.condition, LedgerCondition)}
    assert {name for name, _, _ in CASES} | own_tests == {check.name for check in EVENTS.checks}


def test_rejected_events_are_in_no_result_and_kept_unchanged(customers: MakeCustomers, events: MakeEvents) -> None:
    """With all their reasons and their source table, next to the rejected customers."""
    joined = customers("customer_id join_date loyalty_points", (1, JOINED, 0), (2, JOINED, -1))
    happened = events(
        "event_id customer_id occurred_at kind amount",
        (7, 1, "2026-06-01", "purchase", 10),
        (8, 9, "2026-06-01", "Bought", None),
        (8, 2, "2026-06-01", "purchase", "-0.10"),
    )

    with found(joined, happened, table="shop.events") as tables:
        rejected = rows(tables.tables["rejected_rows"], "source found_by key reasons original_row")
        months = rows(tables.tables["customer_months"], "customer_id amount")
        counted = tables.event_quality

    assert months == [(1, 10)]
    assert [row[:4] for row in rejected] == [
        ("public.customers", "run", "2", "negative_points"),
        ("shop.events", "run", "8", "event_id_duplicate, event_kind_unknown, event_customer_unknown"),
        ("shop.events", "run", "8", "event_id_duplicate, event_purchase_below_zero, event_customer_unknown"),
    ]
    assert json.loads(rejected[1][4])["kind"] == "Bought"
    assert list(json.loads(rejected[1][4])) == list(EVENTS.column_names)
    assert counted is not None
    assert (counted.rows_in, counted.rows_out, counted.rows_rejected, counted.rows_not_yet_known) == (3, 1, 2, 0)


def test_what_is_later_than_the_as_of_date_or_its_customer_is_not_known_yet(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """It is not checked and is not a duplicate; rows in = rows out + rejected + not yet known."""
    joined = customers("join_date", (JOINED,), (date(2026, 7, 1),))
    happened = events(
        "event_id customer_id occurred_at kind",
        (1, 1, "2026-06-30 23:59:59", "login"),
        (1, 1, "2026-07-01", "bought"),
        (2, 2, "2026-06-01", "login"),
        (3, 2, "2026-06-01", "bought"),
        (4, 3, "2026-06-01", "login"),
    )

    with found(joined, happened) as tables:
        counted = tables.event_quality
        rejected = rows(tables.tables["rejected_rows"], "key reasons")

    assert counted is not None
    assert (counted.rows_in, counted.rows_out, counted.rows_rejected, counted.rows_not_yet_known) == (5, 1, 1, 3)
    assert rejected == [("4", "event_customer_unknown")]


def test_whole_numbers_are_neither_rounded_nor_truncated(customers: MakeCustomers, events: MakeEvents) -> None:
    """Half a point is an error in the source, and a truncated id belongs to someone else."""
    happened = events(
        "customer_id occurred_at kind points", (1, "2026-06-01", "earn", 10), (1, "2026-06-01", "earn", 20)
    )
    with_halves = happened.withColumn("points", happened["points"].cast("decimal(20,1)") + 0.5)

    assert failed("event_not_a_whole_number", customers("join_date", (JOINED,)), with_halves) == (2, 2)
    assert failed("event_not_a_whole_number", customers("join_date", (JOINED,)), happened) == (2, 0)


def test_a_refund_needs_a_purchase_of_its_order_up_to_that_moment(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """By the same customer; without an order id, any purchase of the customer matches."""
    refund = ("2026-02-02", "refund")
    happened = events(
        "customer_id occurred_at kind order_id",
        (1, "2026-02-02", "purchase", "A"),
        (1, *refund, "A"),
        (1, *refund, None),
        (1, *refund, "B"),
        (1, "2026-02-01", "refund", "A"),
        (1, "2026-02-01", "refund", None),
        (2, *refund, "A"),
        (2, *refund, None),
    )

    assert failed("refund_without_purchase", customers("name", ("",), ("",)), happened) == (8, 5)


def test_more_points_than_the_balance_cannot_be_taken(customers: MakeCustomers, events: MakeEvents) -> None:
    """Points given at the same time count; later points and those of other customers do not."""
    happened = events(
        "customer_id occurred_at kind points",
        (1, "2026-01-31 12:00", "redeem", -100),
        (1, "2026-01-31 12:00", "earn", 100),
        (1, "2026-02-01 10:00", "redeem", -1),
        (1, "2026-02-01 11:00", "earn", 1),
        (2, "2026-01-01", "purchase", 50),
        (2, "2026-03-01", "adjust", -30),
        (2, "2026-03-02", "refund", -20),
        (3, "2026-01-01", "purchase", 50),
        (3, "2026-03-02", "expire", -51),
    )

    assert failed("points_above_balance", customers("name", *[("",)] * 3), happened) == (9, 2)


def test_events_before_joining_are_counted_and_used(customers: MakeCustomers, events: MakeEvents) -> None:
    """Many shops start their loyalty programme after their first sale."""
    joined = customers("join_date", (date(2026, 2, 10),), (None,))
    happened = events(
        "customer_id occurred_at kind",
        (1, "2026-01-05", "purchase"),
        (1, "2026-02-09 23:59", "purchase"),
        (1, "2026-02-10 00:00", "purchase"),
        (2, "1999-01-01", "purchase"),
    )

    assert failed("event_before_joining", joined, happened) == (4, 2)
    with found(joined, happened) as tables:
        assert rows(tables.tables["customer_profiles"], "customer_id orders") == [(1, 3), (2, 1)]
