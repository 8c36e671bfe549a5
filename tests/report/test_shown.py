"""The data decides which parts of the report are shown: alternatives, optional visuals, rows and pages."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.report.missing import CAN_BE_MISSING, OF_EVENTS
from customer360.report.pages import REPORT
from customer360.report.visuals import Page, Place, Report, Visual
from customer360.tables import ACTIVITY_SEGMENTS, CUSTOMER_SEGMENTS, CUSTOMERS, EVENT_KINDS, EVENTS, events_of

OF_A_SHOP = (
    *(CUSTOMERS[name] for name in ("account_balance", "loyalty_points", "last_login", "is_active")),
    *(EVENTS[name] for name in ("points", "loyalty_status")),
    *(events_of(kind) for kind in EVENT_KINDS if kind not in ("purchase", "refund")),
)
"""The columns missing from a shop that has orders, but no balances, points or logins."""
CAN_BE_NULL = [column for column in CUSTOMERS.columns if not column.required]
OF_SOME_EVENTS = [column for column in OF_EVENTS if not column.required]
BASICS = {
    "overview": [
        "total_customers", "active_customers", "inactive_customers", "new_customers", "customers_by_status",
        "acquisition", "active_share_by_status", "customers_by_country", "customers_by_age", "customers_by_gender",
    ],
}  # fmt: skip
VALUE = {
    "value": [
        "expected_orders", "expected_amount", "holdout_ratio", "concentration", "customers_by_segment",
        "segment_details", "expected_by_segment", "holdout_by_segment", "spending_by_tenth",
    ],
}  # fmt: skip


def names(missing):
    return {page.name: [visual.name for visual in page.visuals] for page in REPORT.shown(missing).pages}


def a_visual(name="v", **changes):
    visual = Visual(name, "card", "Customers", CUSTOMER_SEGMENTS, Place(0, 0, 3, 2), ("total_customers",))
    return replace(visual, **changes)


def of_events(name="orders", **changes):
    return a_visual(name, fact=ACTIVITY_SEGMENTS, measures=("orders",), **changes)


# --- the report -------------------------------------------------------------------------------------------------


def test_with_events_the_exact_numbers_take_the_main_places():
    """Points earned, days between logins, members by month."""
    assert names(()) == BASICS | VALUE | {
        "financial": [
            "balance_and_points", "balance_by_status", "top_customers", "spent_by_month", "last_spent",
            "last_order_value",
        ],
        "engagement": [
            "monthly_active", "never_logged_in", "out_of_order", "account_age", "retention_funnel",
            "logins_by_month", "classic_retention", "last_login_trend", "cohort_retention",
        ],
        "activity": [
            "points_awarded", "login_frequency", "balance_above", "balance_threshold", "points_by_month",
            "points_by_join_month", "points_by_status",
        ],
        "loyalty": [
            "outstanding_points", "points_liability", "point_price", "redemption_rate", "breakage", "points_flow",
            "tier_moves", "member_flow",
        ],
    }  # fmt: skip


def test_without_events_numbers_from_the_customers_rows_take_their_place():
    """The pages about events are omitted."""
    assert names(OF_EVENTS) == BASICS | {
        "financial": ["balance_and_points", "balance_by_status", "top_customers"],
        "engagement": [
            "engaged_customers", "never_logged_in", "out_of_order", "account_age", "retention_funnel",
            "last_login_trend", "cohort_retention",
        ],
        "activity": [
            "points_held", "login_recency", "balance_above", "balance_threshold", "points_by_join_month",
            "points_by_status",
        ],
    }  # fmt: skip


def test_a_shop_sees_spending_instead_of_balances():
    """And orders instead of logins, and spending instead of points; no visual is empty."""
    assert names(OF_A_SHOP) == BASICS | VALUE | {
        "financial": [
            "spending_and_orders", "spent_by_status", "top_spenders", "spent_by_month", "last_spent",
            "last_order_value",
        ],
        "engagement": [
            "monthly_active", "monthly_buyers", "order_frequency", "account_age", "repeat_rate_by_month",
            "active_by_month", "classic_retention", "buyers_by_month", "cohort_retention",
        ],
        "activity": [
            "spent", "days_between_orders", "spending_above", "spending_threshold", "orders_by_month",
            "spent_share_by_status",
        ],
        "loyalty": ["member_flow"],
    }  # fmt: skip
    shown = [visual for page in REPORT.shown(OF_A_SHOP).pages for visual in page.visuals]
    assert [visual.name for visual in shown if visual.lacks(OF_A_SHOP)] == []


def test_a_file_of_order_lines_alone_fills_every_visual():
    """It has neither tiers nor countries; visuals are cut by other dimensions instead."""
    missing = [*OF_A_SHOP, *(CUSTOMERS[name] for name in ("loyalty_status", "country", "gender", "birth_date"))]
    shown = [visual for page in REPORT.shown(missing).pages for visual in page.visuals]

    assert [visual.name for visual in shown if visual.lacks(missing)] == []


def test_without_tiers_a_shop_is_cut_by_country():
    """A bar chart with one bar says nothing."""
    shown = names((*OF_A_SHOP, CUSTOMERS["loyalty_status"]))

    assert "spent_by_country" in shown["financial"]
    assert "spent_share_by_country" in shown["activity"]


def test_with_empty_data_the_pages_of_the_brief_say_what_is_missing():
    """Each of their visuals names the columns that it needs; optional visuals are omitted."""
    shown = names(CAN_BE_MISSING)

    assert list(shown) == ["overview", "financial", "engagement", "activity"]
    without_events = names(OF_EVENTS)
    assert shown == without_events | {"overview": without_events["overview"][:-2]}


@settings(max_examples=25)
@given(
    of_customers=st.sets(st.sampled_from(CAN_BE_NULL)),
    some=st.sets(st.sampled_from(OF_SOME_EVENTS)),
    has_events=st.booleans(),
)
def test_the_report_is_valid_for_any_missing_data(of_customers, some, has_events):
    """Names are unique and nothing overlaps: a shown report is checked like any other. No row is empty."""
    missing = {*of_customers, *(some if has_events else OF_EVENTS)}

    for page in REPORT.shown(missing).pages:
        assert {row for visual in page.visuals for row in visual.place.rows} == set(range(page.rows))
        for visual in page.visuals:
            assert not (visual.is_optional and visual.lacks(missing)), visual.name


# --- the rules --------------------------------------------------------------------------------------------------


def test_the_first_alternative_that_lacks_nothing_is_chosen():
    """In the order of definition; the chosen one has no alternatives itself."""
    held = a_visual("held", measures=("total_points",))
    visual = of_events(otherwise=(held, a_visual("customers")))

    assert visual.chosen(()) is visual
    assert visual.chosen(OF_EVENTS) is held
    assert visual.chosen((*OF_EVENTS, CUSTOMERS["loyalty_points"])).name == "customers"


def test_if_no_alternative_fits_the_one_without_events_says_what_is_missing():
    """A user without events and points is asked for points, because they need only a column."""
    visual = of_events(otherwise=(a_visual("held", measures=("total_points",)),))

    assert visual.chosen((*OF_EVENTS, CUSTOMERS["loyalty_points"])).name == "held"


def test_an_optional_visual_is_omitted_and_a_plain_one_is_not():
    """The visuals of the brief never disappear silently."""
    assert of_events(is_optional=True).chosen(OF_EVENTS) is None
    assert of_events().chosen(OF_EVENTS).name == "orders"


def test_empty_rows_are_removed():
    """A gap in a page looks like an error."""
    page = Page(
        "one",
        "One",
        (
            of_events(place=Place(0, 0, 12, 2), is_optional=True),
            a_visual("w", place=Place(0, 2, 6, 4)),
            of_events("o", place=Place(6, 2, 6, 3), is_optional=True),
            of_events("p", place=Place(0, 6, 12, 3), is_optional=True),
            a_visual("x", place=Place(0, 9, 12, 1)),
        ),
    )

    shown = Report("Small", (), (page,)).shown(OF_EVENTS).pages[0]

    assert {visual.name: visual.place for visual in shown.visuals} == {
        "w": Place(0, 0, 6, 4),
        "x": Place(0, 4, 12, 1),
    }
    assert shown.rows == 5


def test_a_page_without_visuals_is_omitted():
    """A title alone is not a page."""
    pages = Page("one", "One", (a_visual(),)), Page("two", "Two", (of_events(is_optional=True),))
    report = Report("Small", (), pages)

    assert [page.name for page in report.shown(()).pages] == ["one", "two"]
    assert [page.name for page in report.shown(OF_EVENTS).pages] == ["one"]


def test_two_alternatives_may_share_a_name_if_only_one_is_shown():
    """Points by join month have two places: instead of points by month, and below them."""
    either = of_events(otherwise=(a_visual("held"),))
    below = a_visual("held", place=Place(0, 2, 3, 2))

    assert Report(
        "S", (), (Page("one", "One", (either, replace(below, requires=(EVENTS["points"],), is_optional=True))),)
    )
    with pytest.raises(Customer360Error, match="two visuals are called 'held'"):
        Report("S", (), (Page("one", "One", (either, below)),))


def test_alternatives_in_one_place_must_each_fit():
    """One that is too tall would cover its neighbour, but only in other data."""
    tall = a_visual("tall", place=Place(0, 0, 3, 4))

    with pytest.raises(Customer360Error, match="'tall' on page 'one' and visual 'w' overlap"):
        Report(
            "S", (), (Page("one", "One", (of_events(otherwise=(tall,)), a_visual("w", place=Place(0, 2, 3, 2)))),)
        )
