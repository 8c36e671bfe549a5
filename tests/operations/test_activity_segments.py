"""What happened in each month, by today's slicer members."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from customer360.tables import ACTIVITY_SEGMENTS

from .literals import AS_OF, MakeCustomers, MakeEvents, found, result, rows

pytestmark = pytest.mark.spark

JAN, FEB, JUNE = date(2026, 1, 1), date(2026, 2, 1), date(2026, 6, 1)


def test_customers_of_a_cell_are_counted_and_what_they_did_is_summed(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """One row for the two of Chile; a customer with only expiries in a month is in its row but not active."""
    table = customers("country join_date", ("Chile", JAN), (" chile", JAN), ("Peru", JAN))
    happened = events(
        "customer_id occurred_at kind amount points",
        (1, "2026-01-05", "purchase", 10, 5),
        (1, "2026-01-06", "purchase", 5, None),
        (2, "2026-01-05", "purchase", 1, None),
        (2, "2026-01-31", "refund", -1, 0),
        (3, "2026-01-05", "expire", None, -3),
    )

    columns = (
        "country active_customers active_days possible_days new_customers buyers repeat_buyers orders amount refunds "
        "refunded earned expired order_gaps order_gap_days"
    )
    assert result("activity_segments", columns, table, happened) == [
        ("Chile", 2, 3, 62, 2, 2, 1, 3, Decimal(16), 1, Decimal(1), 5, 0, 1, 1),
        ("Peru", 0, 0, 0, 0, 0, 0, 0, Decimal(0), 0, Decimal(0), 0, 3, 0, 0),
    ]


def test_customers_with_a_login_in_the_month_are_counted_once(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """A customer who logs in twice counts once; one who is active without a login does not count."""
    happened = events(
        "customer_id occurred_at kind",
        (1, "2026-01-05", "login"),
        (1, "2026-01-06", "login"),
        (2, "2026-01-05", "purchase"),
    )

    columns = "activity_month active_customers login_customers logins"
    assert result("activity_segments", columns, customers("name", ("",), ("",)), happened) == [(JAN, 2, 1, 2)]


@pytest.mark.parametrize(("as_of", "days"), [(date(2026, 6, 12), 12), (AS_OF, 30), (date(2026, 7, 9), 30)])
def test_a_month_that_is_not_over_has_as_many_possible_days_as_have_passed(
    customers: MakeCustomers, events: MakeEvents, as_of: date, days: int
) -> None:
    """With all 30 days, the share of days with activity would rise until the end of the month."""
    happened = events("customer_id occurred_at kind", (1, "2026-06-10", "login"))

    columns = "activity_month active_days possible_days"
    assert result("activity_segments", columns, customers("name", ("",)), happened, as_of=as_of) == [
        (JUNE, 1, days)
    ]


def test_tier_activity_and_country_are_those_of_today(customers: MakeCustomers, events: MakeEvents) -> None:
    """As in every slicer: the row shows the activity of customers who are Gold now."""
    table = customers("join_date loyalty_status is_active country", (JAN, "Gold", False, None))
    happened = events(
        "customer_id occurred_at kind loyalty_status",
        (1, "2026-01-05", "login", None),
        (1, "2026-02-05", "tier_change", "Gold"),
    )

    columns = "activity_month join_month loyalty_status activity country active_customers"
    assert result("activity_segments", columns, table, happened) == [
        (JAN, JAN, "Gold", "Inactive", "Unknown", 1),
        (FEB, JAN, "Gold", "Inactive", "Unknown", 0),
    ]


def test_without_a_stored_flag_activity_is_the_behaviour(customers: MakeCustomers, events: MakeEvents) -> None:
    """A shop's customers must not all be Unknown; all tables of a refresh have the same members."""
    happened = events("customer_id occurred_at kind", (1, "2026-06-05", "purchase"), (2, "2026-01-05", "purchase"))

    with found(customers("name", *[("",)] * 3), happened) as tables:
        assert rows(tables.tables["activities"], "activity") == [("Active",), ("Inactive",)]
        assert rows(tables.tables["customer_profiles"], "customer_id activity is_active_by_behaviour") == [
            (1, "Active", True),
            (2, "Inactive", False),
            (3, "Inactive", False),
        ]
        assert rows(tables.tables["activity_segments"], "activity active_customers") == [
            ("Active", 1),
            ("Inactive", 1),
        ]


def test_every_active_customer_is_new_retained_or_resurrected() -> None:
    """So the three can be stacked in a chart; none of the sums can be added over months."""
    columns = {column.name: column for column in ACTIVITY_SEGMENTS.columns}

    assert columns["new_customers"].except_over == ()
    of_a_month = ("active_customers", "retained_customers", "resurrected_customers", "login_customers", "buyers")
    for name in (*of_a_month, "repeat_buyers"):
        assert columns[name].except_over == ("activity_month",)
