from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from customer360.bands import Bands, age_bands
from customer360.operations.dimensions import activities, bands, calendar_months, countries, loyalty_statuses
from customer360.operations.survey import Survey

pytestmark = pytest.mark.spark

SURVEY = Survey(
    first_join_date=date(2025, 11, 30),
    first_event=None,
    loyalty_statuses=("Bronze", "Gold", "Unknown"),
    activities=("Active", "Unknown"),
    countries=("日本", "Other"),
    genders=(),
    account_balance=Bands("account_balance", (Decimal("2.5"), Decimal(5)), of_amounts=True),
    loyalty_points=Bands("loyalty_points", (), of_amounts=True),
    account_age_days=age_bands("account_age_days", 2),
)


def in_order(table):
    """The rows in their original order, which dimension tables define."""
    return [tuple(row) for row in table.collect()]


def test_members_are_numbered_in_the_order_of_the_survey(spark):
    """Axes and slicers sort by these numbers, so they start at 1 without gaps."""
    assert in_order(loyalty_statuses(spark, SURVEY)) == [("Bronze", 1), ("Gold", 2), ("Unknown", 3)]
    assert in_order(activities(spark, SURVEY)) == [("Active", 1), ("Unknown", 2)]
    assert in_order(countries(spark, SURVEY)) == [("日本", 1), ("Other", 2)]


def test_the_calendar_has_every_month_up_to_that_of_the_as_of_date(spark):
    """A month in which nobody joined must be on the axis as an empty month, in English in any locale."""
    assert in_order(calendar_months(spark, SURVEY, as_of=date(2026, 2, 1))) == [
        (date(2025, 11, 1), 2025, "2025 Q4", "Nov 2025"),
        (date(2025, 12, 1), 2025, "2025 Q4", "Dec 2025"),
        (date(2026, 1, 1), 2026, "2026 Q1", "Jan 2026"),
        (date(2026, 2, 1), 2026, "2026 Q1", "Feb 2026"),
    ]


def test_the_calendar_starts_at_the_first_event_if_that_is_earlier(spark):
    """Customers who joined at an unknown time may have events, whose months must be on the axis."""
    earlier, later = replace(SURVEY, first_event=date(2025, 10, 31)), replace(SURVEY, first_event=date(2026, 2, 1))
    only_events = replace(earlier, first_join_date=None)

    firsts = [
        in_order(calendar_months(spark, found, as_of=date(2026, 2, 1)))[0][0]
        for found in (earlier, later, only_events)
    ]

    assert firsts == [date(2025, 10, 1), date(2025, 11, 1), date(2025, 10, 1)]


def test_every_band_is_listed_even_if_it_is_empty(spark):
    """A heat map without empty rows would hide bands without customers."""
    assert in_order(bands(spark, SURVEY)) == [
        ("account_balance", -1, None, Decimal(0), "below 0"),
        ("account_balance", 0, None, Decimal(0), "0"),
        ("account_balance", 1, Decimal(0), Decimal("2.5"), "0–2.5"),
        ("account_balance", 2, Decimal("2.5"), Decimal(5), "2.5–5"),
        ("account_balance", 3, Decimal(5), None, "over 5"),
        ("loyalty_points", -1, None, Decimal(0), "below 0"),
        ("loyalty_points", 0, None, Decimal(0), "0"),
        ("loyalty_points", 1, Decimal(0), None, "over 0"),
        ("account_age_days", 1, Decimal(0), Decimal(1), "0–1"),
        ("account_age_days", 2, Decimal(1), Decimal(2), "1–2"),
        ("spent", -1, None, Decimal(0), "below 0"),
        ("spent", 0, None, Decimal(0), "0"),
        ("spent", 1, Decimal(0), None, "over 0"),
        ("orders", 0, None, Decimal(0), "0"),
        ("orders", 1, Decimal(0), Decimal(1), "1"),
        ("orders", 2, Decimal(1), Decimal(3), "2–3"),
        ("orders", 3, Decimal(3), Decimal(6), "4–6"),
        ("orders", 4, Decimal(6), Decimal(12), "7–12"),
        ("orders", 5, Decimal(12), Decimal(24), "13–24"),
        ("orders", 6, Decimal(24), None, "25 or more"),
        ("age_years", 1, Decimal(0), Decimal(17), "under 18"),
        ("age_years", 2, Decimal(17), Decimal(24), "18–24"),
        ("age_years", 3, Decimal(24), Decimal(34), "25–34"),
        ("age_years", 4, Decimal(34), Decimal(44), "35–44"),
        ("age_years", 5, Decimal(44), Decimal(54), "45–54"),
        ("age_years", 6, Decimal(54), Decimal(64), "55–64"),
        ("age_years", 7, Decimal(64), None, "65 and over"),
        ("age_years", 8, None, None, "Not stated"),
    ]
