from datetime import date, datetime
from decimal import Decimal

import pytest

from customer360.operations.cohort_retention import cohort_retention
from customer360.operations.conform import table_of
from customer360.tables import ACTIVITY_SEGMENTS

from .literals import in_cells, result, rows

pytestmark = pytest.mark.spark


def retention(table, as_of):
    in_no_month = table_of(table.sparkSession, ACTIVITY_SEGMENTS, ())
    found = cohort_retention(in_cells(table, as_of=as_of), in_no_month, as_of=as_of, first_event=None)
    return rows(found, "join_month months_since cohort_customers retained_customers retained_share")


def test_a_customer_seen_later_was_retained_until_then(customers):
    """The last login is only when a customer was last seen: retention is unbounded and never rises."""
    april = date(2026, 4, 15)
    table = customers(
        "join_date last_login",
        (april, datetime(2026, 4, 30, 23)),
        (april, datetime(2026, 6, 1, 0)),
        (april, None),
    )

    assert retention(table, date(2026, 6, 30)) == [
        (date(2026, 4, 1), 0, 3, 3, Decimal("1.000000")),
        (date(2026, 4, 1), 1, 3, 1, Decimal("0.333333")),
        (date(2026, 4, 1), 2, 3, 1, Decimal("0.333333")),
    ]


def test_months_are_counted_in_any_century(customers):
    """An as-of date can be any day."""
    table = customers("join_date last_login", (date(2262, 3, 31), datetime(2262, 5, 1)))

    assert [row[1:4] for row in retention(table, date(2262, 6, 30))] == [
        (0, 1, 1),
        (1, 1, 1),
        (2, 1, 1),
        (3, 1, 0),
    ]


def test_an_incomplete_month_is_not_reported_except_the_join_month(customers):
    """On 29 June, some customers will still log in in June: a share for June would look like a drop."""
    table = customers(
        "join_date last_login",
        (date(2026, 5, 1), datetime(2026, 6, 29)),
        (date(2026, 6, 1), datetime(2026, 6, 29)),
    )

    assert retention(table, date(2026, 6, 29)) == [
        (date(2026, 5, 1), 0, 1, 1, Decimal(1)),
        (date(2026, 6, 1), 0, 1, 1, Decimal(1)),
    ]
    assert (date(2026, 5, 1), 1, 1, 1, Decimal(1)) in retention(table, date(2026, 6, 30))


def test_nobody_seen_is_a_share_of_zero_and_not_a_missing_row(customers):
    """A cohort that has left must be shown at zero."""
    table = customers("join_date", (date(2025, 12, 31),))

    assert [row[1:4] for row in retention(table, date(2026, 2, 28))] == [(0, 1, 1), (1, 1, 0), (2, 1, 0)]


def test_shares_are_rounded_half_up(customers):
    """1/128 is 0.0078125: a double or banker's rounding would give 0.007812."""
    joined = (date(2026, 5, 1), None)
    table = customers("join_date last_login", (date(2026, 5, 1), datetime(2026, 6, 1)), *[joined] * 127)

    assert retention(table, date(2026, 6, 30))[1][4] == Decimal("0.007813")


def test_a_customer_who_joined_at_an_unknown_time_is_in_no_cohort(customers):
    """There is no month to count from."""
    assert retention(customers("last_login", (datetime(2026, 6, 1),)), date(2026, 6, 30)) == []


CLASSIC = "join_month months_since cohort_customers retained_customers active_customers active_share"


def test_classic_retention_counts_customers_active_in_exactly_that_month(customers, events):
    """Unbounded retention also counts them in every earlier month: the two answer different questions."""
    april = date(2026, 4, 15)
    happened = events(
        "customer_id occurred_at kind",
        (1, "2026-04-15", "purchase"),
        (1, "2026-06-30", "purchase"),
        (2, "2026-05-31", "redeem"),
        (3, "2026-05-31", "expire"),
    )

    found = result("cohort_retention", CLASSIC, customers("join_date", *[(april,)] * 3), happened)

    third = Decimal("0.333333")
    assert found == [
        (date(2026, 4, 1), 0, 3, 3, 1, third),
        (date(2026, 4, 1), 1, 3, 2, 1, third),
        (date(2026, 4, 1), 2, 3, 1, 1, third),
    ]


def test_before_the_first_event_activity_is_unknown(customers, events):
    """Zero would mean that a whole cohort had left; months of a cohort without any event are unknown too."""
    joined = customers("join_date", (date(2026, 3, 15),), (date(2026, 5, 1),))
    happened = events("customer_id occurred_at kind", (1, "2026-05-31", "login"))

    found = result("cohort_retention", "join_month months_since active_customers", joined, happened)

    march, may = date(2026, 3, 1), date(2026, 5, 1)
    assert found == [(march, 0, None), (march, 1, None), (march, 2, 1), (march, 3, 0), (may, 0, 0), (may, 1, 0)]


def test_activity_before_joining_is_in_no_month_of_the_cohort(customers, events):
    """Months since joining begin at 0, in which everyone is retained by joining."""
    happened = events("customer_id occurred_at kind", (1, "2026-04-30", "purchase"))

    found = result("cohort_retention", CLASSIC, customers("join_date", (date(2026, 5, 1),)), happened)

    assert found == [(date(2026, 5, 1), 0, 1, 1, 0, Decimal(0)), (date(2026, 5, 1), 1, 1, 0, 0, Decimal(0))]
