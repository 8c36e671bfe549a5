from datetime import date, datetime
from decimal import Decimal

import pytest

from customer360.errors import Customer360Error
from customer360.operations.survey import MOST_GENDERS, MOST_STATUSES, NAMED_COUNTRIES, survey

from .literals import AS_OF, known

pytestmark = pytest.mark.spark


def surveyed(table, **options):
    return survey(known(table), as_of=AS_OF, **options)


def test_bands_span_the_steps_of_nearly_all_positive_values(customers):
    """Of 200 balances two are tiny and two huge: 98% are from 10 to 100, and the rest get no separate bands."""
    balances = [("0.10",)] * 2 + [("10.00",)] * 98 + [("10.01",), ("100",)] * 49 + [(9_000_000,)] * 2

    found = surveyed(customers("account_balance", *balances))

    assert [(band.low, band.high) for band in found.account_balance.all()[2:]] == [
        (0, Decimal("0.1")),
        (Decimal("0.1"), Decimal("0.25")),
        (Decimal("0.25"), Decimal("0.5")),
        (Decimal("0.5"), 1),
        (1, Decimal("2.5")),
        (Decimal("2.5"), 5),
        (5, 10),
        (10, 25),
        (25, 50),
        (50, 100),
        (100, None),
    ]


def test_negative_and_zero_amounts_and_rejected_rows_do_not_affect_bands(customers):
    """Bands are for positive amounts; a row that is in no result does not affect them."""
    found = surveyed(
        customers(
            "account_balance loyalty_points",
            (-1000, 0),
            (0, 0),
            (None, None),
            (5000, -1),
        )
    )

    assert found.account_balance.edges == ()
    assert found.loyalty_points.edges == ()


def test_ages_reach_back_to_the_first_customer(customers):
    """The histogram of ages must include the oldest account."""
    found = surveyed(customers("join_date", (date(2025, 6, 30),), (None,), (AS_OF,)))

    assert found.first_join_date == date(2025, 6, 30)
    assert found.account_age_days.edges[-2] < 365 <= found.account_age_days.edges[-1]


def test_countries_come_by_customers_then_by_name(customers):
    """A randomly broken tie would reorder the axis from one refresh to the next."""
    found = surveyed(customers("country", ("Peru",), ("Chile",), ("日本",), ("日本",), ("Ägypten",)))

    assert found.countries == ("日本", "Chile", "Peru", "Ägypten")


def test_countries_beyond_the_named_ones_become_other(customers):
    """Free text in country must not blow up the segments; Other and Unknown come last, regardless of size."""
    many = [(f"Land {number:03}",) for number in range(150)]

    found = surveyed(customers("country", *many, ("Land 140",), *[(None,)] * 3))

    named = ["Land 140", *[f"Land {number:03}" for number in range(NAMED_COUNTRIES - 1)]]
    assert found.countries == (*named, "Other", "Unknown")


def test_exactly_as_many_countries_as_can_be_named_leave_no_other(customers):
    """Other is on the axis only if it has customers."""
    found = surveyed(customers("country", *[(f"Land {number:02}",) for number in range(NAMED_COUNTRIES)]))

    assert len(found.countries) == NAMED_COUNTRIES
    assert "Other" not in found.countries


def test_a_country_called_other_or_unknown_joins_that_member(customers):
    """Two members with the same name would break the key of the table countries."""
    found = surveyed(customers("country", ("Other",), ("Other",), ("Unknown",), (None,), ("Chile",)))

    assert found.countries == ("Chile", "Other", "Unknown")


@pytest.mark.parametrize(("column", "members"), [("country", "countries"), ("loyalty_status", "loyalty_statuses")])
def test_members_that_differ_in_letter_case_or_blanks_are_one_member(customers, column, members):
    """Power BI considers them equal and fails to refresh; the most frequent spelling is used."""
    texts = ["gold ", "GOLD", " Gold", "Gold\t", "\u00a0gold\u3000", "Perú", "PERÚ", "Perú", "unknown", "Unknown "]
    found = surveyed(customers(column, *[(text,) for text in texts]))

    assert sorted(getattr(found, members)) == ["Gold", "Perú", "Unknown"]


def test_equally_common_spellings_of_a_member_leave_the_choice_to_the_alphabet(customers):
    """A random choice would rename a tier from one refresh to the next."""
    assert surveyed(customers("country", ("spain",), ("Spain",), ("SPAIN",))).countries == ("SPAIN",)


def test_the_spellings_of_a_country_count_together_for_its_place(customers):
    """Split in three, the largest country would drop in rank, perhaps into Other."""
    found = surveyed(customers("country", ("Chile",), ("Chile",), ("peru",), ("Peru",), ("PERU",)))

    assert found.countries == ("PERU", "Chile")


def test_a_given_order_of_statuses_holds_regardless_of_letter_case(customers):
    """Users write the order by hand."""
    found = surveyed(customers("loyalty_status", ("GOLD",), ("bronze",)), status_order=["Bronze", "Gold"])

    assert found.loyalty_statuses == ("bronze", "GOLD")


def test_statuses_rise_by_their_mean_points(customers):
    """Tiers are earned by points, so their order can be derived; customers without points do not count."""
    found = surveyed(
        customers(
            "loyalty_status loyalty_points",
            ("Gold", 100),
            ("Gold", None),
            ("Bronze", 60),
            ("Bronze", 20),
            ("Silver", 60),
        )
    )

    assert found.loyalty_statuses == ("Bronze", "Silver", "Gold")


def test_equal_points_leave_the_order_to_balances_and_then_to_names(customers):
    """Data without points still gets a deterministic order; a status with no known values is lowest."""
    found = surveyed(
        customers(
            "loyalty_status loyalty_points account_balance",
            ("b", 10, 5),
            ("a", 10, 5),
            ("rich", 10, 6),
            (None, 999, 9),
            ("empty", None, None),
        )
    )

    assert found.loyalty_statuses == ("empty", "a", "b", "rich", "Unknown")


def test_a_given_order_of_statuses_wins(customers):
    """If points are spent, a high tier may have few; statuses missing from the given order follow it."""
    table = customers("loyalty_status loyalty_points", ("Gold", 1), ("Bronze", 5), (None, 0), ("Guest", 0))

    found = surveyed(table, status_order=["Bronze", "Silver", "Gold"])

    assert found.loyalty_statuses == ("Bronze", "Gold", "Guest", "Unknown")


def test_a_column_that_cannot_be_a_tier_is_refused(customers):
    """A name mapped to loyalty_status would make as many segments as customers."""
    table = customers("loyalty_status", *[(f"Person {number}",) for number in range(MOST_STATUSES + 1)])

    with pytest.raises(Customer360Error, match=r"^loyalty_status has more than 50 different values"):
        surveyed(table)


def test_only_activities_that_occur_are_members(customers):
    """A slicer offers no choice without customers."""
    assert surveyed(customers("is_active", (None,), (True,))).activities == ("Active", "Unknown")


def test_without_a_stored_flag_the_behaviour_tells_who_is_active(customers):
    """A shop has no is_active, but its customers must not all be unknown."""
    seen, long_ago = datetime(2026, 6, 1), datetime(2026, 1, 1)

    by_flag = surveyed(customers("is_active last_login", (True, long_ago), (None, seen)))
    by_behaviour = surveyed(customers("last_login", (seen,), (long_ago,), (None,)))
    by_nothing = surveyed(customers("name", ("Ana",)))

    assert (by_flag.activities, by_flag.activity_from) == (("Active", "Unknown"), "is_active")
    assert (by_behaviour.activities, by_behaviour.activity_from) == (
        ("Active", "Inactive"),
        "is_active_by_behaviour",
    )
    assert (by_nothing.activities, by_nothing.activity_from) == (("Unknown",), "is_active")


def test_at_most_a_dozen_genders_are_named(customers):
    """Free text in gender must not blow up the segments."""
    many = [(f"Gender {number:02}",) for number in range(20)]

    found = surveyed(customers("gender", ("X",), ("x",), ("x",), (None,), ("other",), ("Not stated",), *many))

    assert found.genders == ("x", *[f"Gender {number:02}" for number in range(MOST_GENDERS - 1)])


def test_without_customers_there_are_no_members_and_no_bands(customers):
    """An empty table gives empty results, not an exception."""
    found = surveyed(customers(""))

    assert (found.first_join_date, found.loyalty_statuses, found.activities, found.countries) == (None, (), (), ())
    assert found.bands == ()
