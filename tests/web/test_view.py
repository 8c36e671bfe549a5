"""The query of a URL: slicers, clicked marks and X are accepted, everything else is refused clearly."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from customer360.errors import Customer360Error
from customer360.report.dimensions import Between
from customer360.report.missing import OF_EVENTS
from customer360.web.store import hold
from customer360.web.view import page_of, view
from tests.web.published import WHOLE, miniature_results

OVERVIEW, FINANCIAL, ENGAGEMENT = WHOLE.pages[:3]


def visual(page, name):
    return next(visual for visual in page.visuals if visual.name == name)


# --- valid queries ----------------------------------------------------------------------------------------------


def test_nothing_chosen_filters_nothing(results):
    """The URL of a page without a query."""
    shown = view(OVERVIEW, [], results)

    assert all(shown.filters(visual) == visual.only for visual in OVERVIEW.visuals)
    assert shown.parameters == {}


def test_several_members_of_one_slicer_are_all_selected(results):
    """Each repetition of a name selects one more member."""
    shown = view(OVERVIEW, [("country", "Kenya"), ("activity", "Active"), ("country", "Chile")], results)

    assert shown.slicers == {"country": ["Kenya", "Chile"], "activity": ["Active"]}


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025-01..2025-06", date(2025, 1, 1), date(2025, 6, 1)),
        ("2025-01..", date(2025, 1, 1), date.max),
        ("..2025-06", date.min, date(2025, 6, 1)),
        ("..", date.min, date.max),
    ],
)
def test_a_range_of_months_may_be_open(results, text, first, last):
    """Either end may be omitted."""
    assert view(OVERVIEW, [("join_month", text)], results).slicers == {"join_month": Between(first, last)}


def test_a_clicked_mark_filters_every_visual_but_its_own(results):
    """The other marks of the visual can still be clicked."""
    shown = view(OVERVIEW, [("pick.customers_by_status", "Gold")], results)

    filters = {visual.name: shown.filters(visual) for visual in OVERVIEW.visuals}

    assert filters.pop("customers_by_status") == {}
    assert set(map(str, filters.values())) == {str({"loyalty_status": ["Gold"]})}


def test_a_clicked_cell_filters_by_its_row_and_its_column(results):
    """Keys are in the order of the axes."""
    shown = view(FINANCIAL, [("pick.balance_and_points", "3,2")], results)

    assert shown.filters(visual(FINANCIAL, "balance_by_status")) == {"balance_band": [3], "points_band": [2]}


def test_a_clicked_mark_and_a_slicer_of_the_same_dimension_intersect(results):
    """Gold was clicked, then excluded by the slicer: no customers match, rather than all."""
    query = [("pick.customers_by_status", "Gold"), ("loyalty_status", "Silver"), ("loyalty_status", "Gold")]
    assert view(OVERVIEW, query, results).filters(visual(OVERVIEW, "acquisition")) == {"loyalty_status": ["Gold"]}

    query = [("pick.customers_by_status", "Gold"), ("loyalty_status", "Silver")]
    assert view(OVERVIEW, query, results).filters(visual(OVERVIEW, "acquisition")) == {"loyalty_status": []}


def test_a_clicked_month_outside_the_range_leaves_nobody(results):
    """A member and a range of the same dimension."""
    picked = ("pick.acquisition", "2025-03-01")

    inside = view(OVERVIEW, [("join_month", "2025-01..2025-06"), picked], results)
    outside = view(OVERVIEW, [("join_month", "2025-04..2025-06"), picked], results)

    total = visual(OVERVIEW, "total_customers")
    assert inside.filters(total) == {"join_month": [date(2025, 3, 1)]}
    assert outside.filters(total) == {"join_month": []}


def test_a_parameter_is_any_number_from_zero(results):
    """Several can be set, each by its name."""
    query = [("balance_threshold", "2500.50"), ("point_price", "0.0125")]

    assert view(OVERVIEW, query, results).parameters == {
        "balance_threshold": Decimal("2500.50"),
        "point_price": Decimal("0.0125"),
    }
    assert view(OVERVIEW, query, results).key != view(OVERVIEW, query[:1], results).key


def test_the_same_view_has_the_same_key_in_any_order(results):
    """An answer is cached only once."""
    query = [("country", "Kenya"), ("activity", "Active"), ("pick.acquisition", "2025-03-01")]

    assert view(OVERVIEW, query, results).key == view(OVERVIEW, reversed(query), results).key
    assert view(OVERVIEW, query, results).key != view(OVERVIEW, query[:2], results).key
    assert view(OVERVIEW, [], results).key != view(FINANCIAL, [], results).key


# --- refused queries --------------------------------------------------------------------------------------------


def test_an_unknown_page_names_the_pages(results):
    """Only the pages that have data."""
    with pytest.raises(
        Customer360Error, match="unknown page 'sales'; the pages are overview, financial, engagement"
    ):
        page_of("sales", results)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("country", "Narnia", "there is no country 'Narnia' in this data; available: Chile, Kenya, Norway, Other, Unknown"),
        ("country", "", "there is no country '' in this data"),
        ("contry", "Kenya", "unknown parameter 'contry'; this page accepts loyalty_status, activity, country"),
        ("join_month", "2025-01", "invalid join_month; use one range of months, such as 2020-01..2021-12"),
        ("join_month", "2025-13..", "invalid join_month; use one range of months"),
        ("join_month", "2025-1..", "invalid join_month; use one range of months"),
        ("join_month", "2025-06..2025-01", "join_month ends before it starts; write the earlier month first"),
        ("balance_threshold", "much", "invalid balance_threshold; use one number from 0 to 1e+16, such as 10000"),
        ("balance_threshold", "-1", "invalid balance_threshold; use one number from 0"),
        ("balance_threshold", "NaN", "invalid balance_threshold; use one number from 0"),
        ("balance_threshold", "1e99", "invalid balance_threshold; use one number from 0"),
        ("point_price", "2", "invalid point_price; use one number from 0 to 1, such as 0.01"),
        ("pick.customers_by_status", "Diamond", "there is no loyalty status 'Diamond' in this data; available: Bronze"),
        (
            "pick.customers_by_status",
            "Gold,1",
            "invalid mark of pick.customers_by_status; give one value of each dimension (loyalty_status), separated",
        ),
        ("pick.acquisition", "2025-03", "there is no join month '2025-03' in this data"),
        ("pick.total_customers", "1", "page 'overview' has no visual 'total_customers' to pick marks in; available: customers_"),
        ("pick.balance_by_status", "Gold", "page 'overview' has no visual 'balance_by_status' to pick marks in"),
    ],
)  # fmt: skip
def test_an_invalid_query_is_refused_with_the_valid_values(results, name, value, says):
    """In one line, for the page and for scripts."""
    with pytest.raises(Customer360Error) as error:
        view(OVERVIEW, [(name, value)], results)

    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_two_ranges_of_months_are_refused(results):
    """It would be unclear which one applies."""
    with pytest.raises(Customer360Error, match="one range"):
        view(OVERVIEW, [("join_month", "2025-01.."), ("join_month", "..2025-06")], results)


def test_two_cells_are_refused(results):
    """The rows and columns of two cells would make four."""
    with pytest.raises(Customer360Error, match=r"pick\.balance_and_points takes only one mark"):
        view(FINANCIAL, [("pick.balance_and_points", "3,2"), ("pick.balance_and_points", "4,1")], results)


def test_an_invalid_text_is_shown_shortened_and_printable(results):
    """A message never contains control characters."""
    with pytest.raises(Customer360Error) as error:
        view(OVERVIEW, [("country", "\x1b[31m" + "x" * 5_000)], results)

    assert "\x1b" not in str(error.value)
    assert len(str(error.value)) < 300


def test_every_page_of_the_report_is_found(results):
    """By the name in its URL."""
    assert [page_of(page.name, results) for page in WHOLE.pages] == list(WHOLE.pages)


def test_a_page_without_data_says_what_is_missing():
    """A bookmark from another shop or the mock data leads to an explanation, not to an empty page."""
    without = hold(miniature_results(200, no_events=OF_EVENTS))

    with pytest.raises(Customer360Error) as error:
        page_of("loyalty", without)

    assert str(error.value) == (
        "page 'loyalty' has nothing to show, because it needs events and points of events: not in your data; "
        "the pages are overview, financial, engagement, activity"
    )
