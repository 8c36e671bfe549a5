from datetime import date, datetime
from decimal import Decimal

import pytest

from customer360 import tables
from customer360.operations.customer_profiles import customer_profiles

from .literals import rows, with_traits

pytestmark = pytest.mark.spark


def test_a_profile_has_everything_except_the_name(customers):
    """Analysts get the customer's figures without personal data."""
    table = customers(
        "source_id name country join_date first_purchase last_login is_active loyalty_status loyalty_points "
        "account_balance birth_date gender",
        (
            "C-001",
            "Ana",
            "Chile",
            date(2026, 6, 1),
            date(2026, 6, 2),
            datetime(2026, 6, 20, 8),
            True,
            "Gold",
            30,
            Decimal("9.99"),
            date(1990, 7, 1),
            "female ",
        ),
    )

    profile = customer_profiles(with_traits(table))

    assert profile.columns == list(tables.CUSTOMER_PROFILES.column_names)
    assert profile.collect()[0].asDict() == {
        "customer_id": 1,
        "source_id": "C-001",
        "join_date": date(2026, 6, 1),
        "is_out_of_order": False,
        "last_login_month": date(2026, 6, 1),
        "order_recency_days": None,
        "recent_amount": Decimal("0.00"),
        "recent_orders": 0,
        "loyalty_status": "Gold",
        "country": "Chile",
        "is_active": True,
        "is_active_by_behaviour": True,
        "account_age_days": 29,
        "account_age_band": 6,
        "account_balance": Decimal("9.99"),
        "balance_band": 1,
        "loyalty_points": 30,
        "points_band": 1,
        "days_since_last_login": 10,
        "funnel_stage": 4,
        "last_seen": date(2026, 6, 20),
        "orders": 0,
        "spent": Decimal(0),
        "last_purchase": None,
        "spent_band": 0,
        "orders_band": 0,
        "logins_90_days": 0,
        "recency_score": None,
        "frequency_score": None,
        "monetary_score": None,
        "rfm_segment": "No Recent Order",
        "expected_orders": None,
        "expected_amount": None,
        "alive_probability": None,
        "age_band": 4,
        "gender": "female",
        "join_month": date(2026, 6, 1),
        "activity": "Active",
        "status_member": "Gold",
        "country_member": "Chile",
    }


def test_unknown_values_stay_null_in_a_profile(customers):
    """Zero is a balance, null is unknown; only columns that are always known are never null."""
    (profile,) = customer_profiles(with_traits(customers("name", ("Ana",)))).collect()

    always_known = {name for name, value in profile.asDict().items() if value is not None}

    required = {column.name for column in tables.CUSTOMER_PROFILES.columns if column.required}
    assert always_known == required | {"spent_band", "orders_band"}


def test_a_profile_keeps_country_and_status_as_they_are_stored(customers):
    """A profile is about one customer; the slicer members, which are for counting, are separate columns."""
    profiles = customer_profiles(with_traits(customers("country loyalty_status", ("", None), (" Chile", "Gold"))))

    assert rows(profiles, "customer_id country loyalty_status country_member status_member") == [
        (1, "", None, "Unknown", "Unknown"),
        (2, " Chile", "Gold", "Chile", "Gold"),
    ]


def test_a_customer_is_called_what_the_source_calls_them_unless_it_is_an_e_mail_address(customers):
    """Readers of the results see no contact data; the source table keeps the address."""
    table = customers("source_id", ("00123",), ("ana@example.com",), (None,), (" ",))

    assert rows(customer_profiles(with_traits(table)), "customer_id source_id") == [
        (1, "00123"),
        (2, "2"),
        (3, "3"),
        (4, "4"),
    ]
