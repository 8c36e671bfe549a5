"""What customers did in each month: one rule per test."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from .literals import MakeCustomers, MakeEvents, result

pytestmark = pytest.mark.spark

JAN, FEB, MAR, APR, MAY, JUNE = (date(2026, month, 1) for month in range(1, 7))
MARKS = "customer_id month is_active is_new is_retained is_resurrected"
NEW, RETAINED, RESURRECTED = (True, True, False, False), (True, False, True, False), (True, False, False, True)
INACTIVE = (False, False, False, False)


def test_the_first_active_month_is_new_the_next_retained_and_one_after_a_pause_resurrected(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Every active month is exactly one of the three."""
    happened = events(
        "customer_id occurred_at kind",
        (1, "2026-01-31 23:59:59", "login"),
        (1, "2026-02-01", "purchase"),
        (1, "2026-04-30", "redeem"),
        (1, "2026-05-01", "login"),
    )

    assert result("customer_months", MARKS, customers("join_date", (JAN,)), happened) == [
        (1, JAN, *NEW),
        (1, FEB, *RETAINED),
        (1, APR, *RESURRECTED),
        (1, MAY, *RETAINED),
    ]


def test_a_customer_who_joined_before_the_first_event_is_resurrected_and_not_new(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Their earlier activity is unknown; customers who joined in that month, or at an unknown time, are new."""
    joined = customers("join_date", (date(2025, 12, 31),), (JAN,), (None,))
    logins = [(number, "2026-02-03", "login") for number in (1, 2, 3)]
    happened = events("customer_id occurred_at kind", (2, "2026-01-31", "earn"), *logins)

    assert result("customer_months", MARKS, joined, happened) == [
        (1, FEB, *RESURRECTED),
        (2, JAN, *INACTIVE),
        (2, FEB, *NEW),
        (3, FEB, *NEW),
    ]


@pytest.mark.parametrize("kind", ["refund", "earn", "adjust", "expire", "tier_change"])
def test_passive_events_do_not_resurrect_a_customer(
    customers: MakeCustomers, events: MakeEvents, kind: str
) -> None:
    """Points that expire in March are not a visit: the month has a row, but the customer is not active."""
    happened = events(
        "customer_id occurred_at kind",
        (1, "2026-01-05", "login"),
        (1, "2026-02-05", kind),
        (1, "2026-03-05", "login"),
    )

    assert result("customer_months", f"{MARKS} active_days", customers("join_date", (JAN,)), happened) == [
        (1, JAN, *NEW, 1),
        (1, FEB, *INACTIVE, 0),
        (1, MAR, *RESURRECTED, 1),
    ]


def test_several_logins_of_a_day_are_one_and_a_day_with_several_kinds_is_one_active_day(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Sources differ in how many logins per day they record."""
    happened = events(
        "customer_id occurred_at kind",
        (1, "2026-01-01 00:00:00", "login"),
        (1, "2026-01-01 23:59:59", "login"),
        (1, "2026-01-01 12:00:00", "purchase"),
        (1, "2026-01-31 12:00:00", "redeem"),
        (1, "2026-01-30 12:00:00", "login"),
    )

    assert result("customer_months", "active_days logins orders", customers("join_date", (JAN,)), happened) == [
        (3, 2, 1)
    ]


def test_kinds_are_recognised_regardless_of_letter_case(customers: MakeCustomers, events: MakeEvents) -> None:
    """LOGIN means login."""
    happened = events("customer_id occurred_at kind", (1, "2026-01-01", "LOGIN"), (1, "2026-01-02", "Purchase"))

    assert result("customer_months", "logins orders", customers("join_date", (JAN,)), happened) == [(1, 1)]


def test_gaps_run_from_day_to_day_over_months_without_any(customers: MakeCustomers, events: MakeEvents) -> None:
    """A gap belongs to the month in which it ends: 5 Jan to 20 Jan, to 3 Mar, to 4 Mar, to 31 Mar; per customer."""
    logins = ["2026-01-20", "2026-01-05", "2026-03-31", "2026-03-03", "2026-03-04 08:00", "2026-03-04 09:00"]
    happened = events(
        "customer_id occurred_at kind",
        *[(2, day, "login") for day in logins],
        (1, "2025-12-01", "login"),
        (2, "2026-02-10", "purchase"),
        (3, "2026-04-01", "login"),
    )

    columns = "customer_id month login_gaps login_gap_days order_gaps"
    assert result("customer_months", columns, customers("name", *[("",)] * 3), happened) == [
        (1, date(2025, 12, 1), 0, 0, 0),
        (2, JAN, 1, 15, 0),
        (2, FEB, 0, 0, 0),
        (2, MAR, 3, (11 + 28 + 3) + 1 + 27, 0),
        (3, APR, 0, 0, 0),
    ]


def test_gaps_between_orders_are_between_days_with_one(customers: MakeCustomers, events: MakeEvents) -> None:
    """Two orders on one day are two orders, but not a gap of zero days."""
    days = ["2026-01-31", "2026-02-01 10:00", "2026-02-01 11:00", "2026-02-28"]
    happened = events("customer_id occurred_at kind", *[(1, day, "purchase") for day in days])

    columns = "month orders order_gaps order_gap_days is_repeat_buyer"
    assert result("customer_months", columns, customers("name", ("",)), happened) == [
        (JAN, 1, 0, 0, False),
        (FEB, 3, 2, 28, True),
    ]


def test_a_repeat_buyer_has_an_order_in_the_month_that_is_not_the_first(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Two orders in the first month are enough; a month without an order has no buyer."""
    happened = events(
        "customer_id occurred_at kind",
        (1, "2026-01-05", "purchase"),
        (1, "2026-02-05", "login"),
        (1, "2026-03-05", "purchase"),
        (2, "2026-01-05 10:00", "purchase"),
        (2, "2026-01-05 11:00", "purchase"),
    )

    columns = "customer_id month is_repeat_buyer"
    assert result("customer_months", columns, customers("name", ("",), ("",)), happened) == [
        (1, JAN, False),
        (1, FEB, False),
        (1, MAR, True),
        (2, JAN, True),
    ]


def test_amounts_are_those_of_orders_and_refunds_are_separate(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Net and gross amounts both follow; an unknown amount adds nothing, and other kinds do not count."""
    happened = events(
        "customer_id occurred_at kind amount",
        (1, "2026-01-05", "purchase", "9999999999.99"),
        (1, "2026-01-06", "purchase", "0.01"),
        (1, "2026-01-07", "purchase", None),
        (1, "2026-01-08", "refund", "-0.02"),
        (1, "2026-01-09", "refund", None),
        (1, "2026-01-10", "login", 77),
    )

    columns = "orders amount refunds refunded"
    assert result("customer_months", columns, customers("name", ("",)), happened) == [
        (3, Decimal("10000000000.00"), 2, Decimal("0.02"))
    ]


def test_points_are_earned_redeemed_and_expired(customers: MakeCustomers, events: MakeEvents) -> None:
    """Purchases, refunds, bonuses and corrections earn points; those of a login do not count."""
    happened = events(
        "customer_id occurred_at kind points",
        (1, "2026-01-05", "purchase", 100),
        (1, "2026-01-06", "refund", -10),
        (1, "2026-01-07", "earn", 5),
        (1, "2026-01-08", "adjust", -1),
        (1, "2026-01-09", "redeem", -30),
        (1, "2026-01-10", "expire", -20),
        (1, "2026-01-11", "login", 1000),
        (1, "2026-01-12", "purchase", None),
    )

    assert result("customer_months", "earned redeemed expired", customers("name", ("",)), happened) == [
        (94, 30, 20)
    ]


def test_only_customers_in_the_results_have_months(customers: MakeCustomers, events: MakeEvents) -> None:
    """Not unknown customers, nor those who join later, nor rejected rows."""
    table = customers("customer_id loyalty_points join_date", (1, 0, JAN), (2, -1, JAN), (3, 0, date(2026, 7, 1)))
    happened = events(
        "customer_id occurred_at kind", *[(number, "2026-01-05", "login") for number in (1, 2, 3, 4, None)]
    )

    assert result("customer_months", "customer_id", table, happened) == [(1,)]


def test_nothing_after_the_as_of_date_has_happened_yet(customers: MakeCustomers, events: MakeEvents) -> None:
    """Last month's report is the same today as then; the whole as-of day is known."""
    happened = events(
        "customer_id occurred_at kind", (1, "2026-01-05 23:59:59.999999", "login"), (1, "2026-01-06", "login")
    )

    columns = "month logins"
    assert result("customer_months", columns, customers("name", ("",)), happened, as_of=date(2026, 1, 5)) == [
        (JAN, 1)
    ]


@pytest.mark.parametrize("day", [date(2026, 1, 31), date(2024, 2, 29), date(2262, 5, 31), date(1900, 1, 1)])
def test_every_day_of_a_month_counts_in_any_century(
    customers: MakeCustomers, events: MakeEvents, day: date
) -> None:
    """The days of a month are the bits of a number, up to the 31st."""
    happened = events("customer_id occurred_at kind", (1, day.isoformat(), "login"))
    first = day.replace(day=1)

    assert result("customer_profiles", "last_seen", customers("name", ("",)), happened, as_of=day) == [(day,)]
    assert result("customer_months", "month active_days", customers("name", ("",)), happened, as_of=day) == [
        (first, 1)
    ]
