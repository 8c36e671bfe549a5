from datetime import date, datetime
from decimal import Decimal

import pytest

from customer360.operations.cohort_retention import cohort_retention

from .literals import in_cells, rows

pytestmark = pytest.mark.spark


def retention(table, as_of):
    found = cohort_retention(in_cells(table, as_of=as_of), as_of=as_of)
    return rows(found, "join_month months_since cohort_customers retained_customers retained_share")


def test_who_is_seen_later_was_retained_all_the_while(customers):
    """One last login tells only when a customer was last seen: retention is unbounded and never rises."""
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
    """An as-of date is any day there is."""
    table = customers("join_date last_login", (date(2262, 3, 31), datetime(2262, 5, 1)))

    assert [row[1:4] for row in retention(table, date(2262, 6, 30))] == [
        (0, 1, 1),
        (1, 1, 1),
        (2, 1, 1),
        (3, 1, 0),
    ]


def test_a_month_that_is_not_over_is_not_reported_but_for_the_join_month(customers):
    """On 29 June many will still log in in June: a share for June would look like a fall."""
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
    """A cohort that has left has to be seen at zero."""
    table = customers("join_date", (date(2025, 12, 31),))

    assert [row[1:4] for row in retention(table, date(2026, 2, 28))] == [(0, 1, 1), (1, 1, 0), (2, 1, 0)]


def test_shares_are_rounded_half_up(customers):
    """1/128 is 0.0078125: a double or a banker's rounding would give 0.007812."""
    joined = (date(2026, 5, 1), None)
    table = customers("join_date last_login", (date(2026, 5, 1), datetime(2026, 6, 1)), *[joined] * 127)

    assert retention(table, date(2026, 6, 30))[1][4] == Decimal("0.007813")


def test_who_joined_at_an_unknown_time_is_in_no_cohort(customers):
    """There is no month to count from."""
    assert retention(customers("last_login", (datetime(2026, 6, 1),)), date(2026, 6, 30)) == []
