from datetime import date, datetime
from decimal import Decimal

import pytest

from customer360 import tables
from customer360.operations.segments import customer_segments, demographic_segments, engagement_segments

from .literals import in_cells, rows

pytestmark = pytest.mark.spark


def test_customers_of_one_key_are_one_row_with_their_sums(customers):
    """Two customers who differ only in summed values share a row; a third in another band has a separate row."""
    table = customers(
        "country join_date account_balance loyalty_points last_login is_active",
        ("Chile", date(2026, 5, 1), "6.00", 30, datetime(2026, 6, 29), True),
        ("Chile", date(2026, 5, 31), "9.99", 40, None, True),
        ("Chile", date(2026, 5, 31), "10.01", 40, None, True),
    )

    assert rows(
        customer_segments(in_cells(table)),
        "balance_band customers balance_sum balance_count points_sum points_count recency_days_sum recency_count",
    ) == [
        (1, 2, Decimal("15.99"), 2, 70, 2, 1, 1),
        (2, 1, Decimal("10.01"), 1, 40, 1, 0, 0),
    ]


def test_unknown_values_make_the_sum_and_its_count_zero(customers):
    """Null would break sums over segments; a sum of 0 with a count of 0 says that there is no average."""
    (segment,) = customer_segments(in_cells(customers("name", ("Ana",), ("Bo",)))).collect()

    assert segment.asDict() == {
        "join_month": None,
        "loyalty_status": "Unknown",
        "activity": "Unknown",
        "country": "Unknown",
        "balance_band": None,
        "points_band": None,
        "customers": 2,
        "balance_sum": 0,
        "balance_count": 0,
        "points_sum": 0,
        "points_count": 0,
        "recency_days_sum": 0,
        "recency_count": 0,
    }


def test_what_customers_do_is_counted_by_stage_and_month_of_last_login(customers):
    """The funnel, the histogram of ages and the login trend all read these rows."""
    table = customers(
        "join_date first_purchase last_login is_active",
        (date(2026, 5, 1), date(2026, 5, 1), datetime(2026, 5, 31, 23), True),
        (date(2026, 5, 1), date(2026, 5, 1), datetime(2026, 6, 1, 0), True),
        (date(2026, 5, 1), None, datetime(2026, 6, 1, 0), True),
        (date(2026, 5, 1), None, datetime(2026, 6, 2, 0), True),
    )

    assert rows(
        engagement_segments(in_cells(table)),
        "last_login_month funnel_stage customers recency_days_sum out_of_order_customers",
    ) == [
        (date(2026, 5, 1), 4, 1, 30, 0),
        (date(2026, 6, 1), 1, 2, 57, 2),
        (date(2026, 6, 1), 4, 1, 29, 0),
    ]


def test_customers_are_counted_by_age_and_gender(customers):
    """An unknown age or gender is a separate member, not zero."""
    table = customers(
        "birth_date gender",
        (date(2008, 7, 1), "Female"),
        (date(2008, 6, 30), "female"),
        (date(1961, 6, 30), "Female"),
        (None, " "),
        (date(2030, 1, 1), None),
    )

    assert rows(demographic_segments(in_cells(table)), "age_band gender customers") == [
        (1, "Female", 1),
        (2, "Female", 1),
        (7, "Female", 1),
        (8, "Not stated", 2),
    ]


@pytest.mark.parametrize("operation", [customer_segments, engagement_segments])
def test_segments_have_one_row_per_key(customers, operation):
    """A duplicate key would be counted twice wherever segments are joined."""
    table = customers(
        "country loyalty_status is_active",
        ("Chile", "Gold", None),
        (" ", "Gold", None),
        (None, "Gold", None),
        ("Unknown", "Gold", None),
    )

    segments = operation(in_cells(table))

    key = tables.CUSTOMER_SEGMENTS.key if operation is customer_segments else tables.ENGAGEMENT_SEGMENTS.key
    assert segments.count() == segments.select(*key).distinct().count() == 2
