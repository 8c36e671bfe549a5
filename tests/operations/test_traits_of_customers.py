from datetime import date, datetime

import pytest

from customer360.operations.checks import checked
from customer360.operations.customer_history import with_history
from customer360.operations.customer_profiles import in_slicer_cells, known_customers
from customer360.operations.customer_profiles import with_traits as with_own_traits
from customer360.operations.survey import survey
from customer360.tables import CUSTOMERS

from .literals import AS_OF, in_cells, known, rows, with_traits

pytestmark = pytest.mark.spark


def test_rejected_rows_and_later_customers_are_excluded(customers):
    """Results contain only usable customers that exist at the as-of date."""
    table = customers(
        "customer_id join_date loyalty_points",
        (1, AS_OF, 0),
        (2, date(2026, 7, 1), 0),
        (3, AS_OF, -1),
        (None, AS_OF, 0),
        (5, None, None),
    )

    assert rows(known(table), "customer_id") == [(1,), (5,)]


def test_all_rows_of_a_duplicate_id_are_excluded(customers):
    """The key of customer_profiles is customer_id: two rows of one id could never be published."""
    table = customers("customer_id name", (1, "Ana"), (1, "Bo"), (2, "Cy"))

    rows_of_table = with_history(checked(table, CUSTOMERS, as_of=AS_OF, keys_are_unique=False), None, as_of=AS_OF)
    usable = known_customers(rows_of_table, as_of=AS_OF)

    assert rows(usable, "customer_id") == [(2,)]


def test_a_login_after_the_as_of_day_is_not_known_yet(customers):
    """Last month's report must be the same today as then; the whole as-of day is known."""
    table = customers(
        "last_login first_purchase",
        (datetime(2026, 6, 30, 23, 59, 59, 999999), date(2026, 6, 30)),
        (datetime(2026, 7, 1), date(2026, 7, 1)),
    )

    assert rows(known(table), "customer_id last_login first_purchase") == [
        (1, date(2026, 6, 30), date(2026, 6, 30)),
        (2, None, None),
    ]


def test_the_last_possible_day_has_a_month(customers):
    """Days before 1677 and after 2262 do not fit in 64 bits of nanoseconds, which some engines use."""
    table = customers("join_date last_login", (date(2262, 4, 12), datetime(9999, 12, 31, 23, 59, 59, 999999)))

    [found] = rows(with_traits(table, as_of=date(9999, 12, 31)), "join_month last_login_month account_age_days")

    assert found == (date(2262, 4, 1), date(9999, 12, 1), 2826144)


def test_ages_and_months_are_taken_at_the_as_of_date(customers):
    """Days count from the day of the event, regardless of the hour; a month is its first day."""
    table = customers(
        "join_date last_login",
        (date(2026, 6, 30), datetime(2026, 6, 30, 23, 59)),
        (date(2025, 6, 30), datetime(2026, 5, 31, 0, 0)),
        (None, None),
    )

    assert rows(
        in_cells(table), "customer_id account_age_days days_since_last_login join_month last_login_month"
    ) == [
        (1, 0, 0, date(2026, 6, 1), date(2026, 6, 1)),
        (2, 365, 30, date(2025, 6, 1), date(2026, 5, 1)),
        (3, None, None, None, None),
    ]


def test_every_customer_is_in_a_band_of_every_known_amount(customers):
    """Negative, zero and positive amounts have different bands; an unknown amount is in no band."""
    table = customers(
        "account_balance loyalty_points", (-5, 0), (0, 100), (10, 250), ("10.01", None), (None, None)
    )

    assert rows(in_cells(table), "customer_id balance_band points_band account_age_band") == [
        (1, -1, 0, None),
        (2, 0, 1, None),
        (3, 1, 2, None),
        (4, 2, None, None),
        (5, None, None, None),
    ]


def test_unknown_is_a_member_of_every_slicer(customers):
    """A slicer is a plain list of values, so null and blank need a name; surrounding blanks are ignored."""
    table = customers(
        "loyalty_status country is_active",
        ("Gold", " Chile", True),
        ("", "Unknown", False),
        (None, "   ", None),
    )

    assert rows(in_cells(table), "customer_id loyalty_status country activity") == [
        (1, "Gold", "Chile", "Active"),
        (2, "Unknown", "Unknown", "Inactive"),
        (3, "Unknown", "Unknown", "Unknown"),
    ]


def test_a_customer_is_under_the_member_as_the_survey_spells_it(customers):
    """Facts and members must match exactly, or a customer is in no bar."""
    table = customers(
        "loyalty_status country", ("GOLD ", "spain"), ("Gold", "Spain"), ("Gold", "\tSpain"), ("gold", "OTHER")
    )

    assert {row[1:] for row in rows(in_cells(table), "customer_id loyalty_status country")} == {
        ("Gold", "Spain"),
        ("Gold", "Other"),
    }


def test_a_country_beyond_the_named_ones_is_other(customers):
    """The segment tables stay small, regardless of the contents of country."""
    table = known(customers("country", ("Chile",), ("Peru",), (None,)))
    found = survey(table.where("country = 'Chile'"), as_of=AS_OF)

    placed = in_slicer_cells(with_own_traits(table, found, as_of=AS_OF))

    assert rows(placed, "customer_id country") == [(1, "Chile"), (2, "Other"), (3, "Unknown")]
