"""The report's definition: it has every promised visual, and mistakes are errors when it is built."""

from dataclasses import replace

import pytest

from customer360.errors import Customer360Error
from customer360.report.missing import OF_EVENTS
from customer360.report.pages import REPORT
from customer360.report.visuals import Page, Place, Report, Visual
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    COHORT_RETENTION,
    CUSTOMER_SEGMENTS,
    CUSTOMERS,
    ENGAGEMENT_SEGMENTS,
    EVENTS,
)

VISUALS = REPORT.visuals


def a_visual(**changes):
    visual = Visual("v", "card", "Customers", CUSTOMER_SEGMENTS, Place(0, 0, 3, 2), ("total_customers",))
    return replace(visual, **changes)


def a_report(*visuals, slicers=()):
    return Report("Small", slicers, (Page("one", "One", visuals),))


@pytest.mark.parametrize(
    ("page", "kinds"),
    [
        ("overview", {"card": 4, "donut": 1, "line": 1, "bar": 2, "column": 2}),
        ("financial", {"bar": 1, "heat_map": 1, "table": 1, "area": 1, "kpi": 2}),
        ("engagement", {"histogram": 1, "funnel": 1, "line": 2, "card": 2, "kpi": 1, "heat_map": 2}),
        ("activity", {"area": 2, "treemap": 1, "kpi": 3, "parameter": 1}),
        ("loyalty", {"card": 4, "parameter": 1, "flow": 2, "heat_map": 1}),
        ("value", {"card": 4, "bar": 1, "matrix": 3, "column": 1}),
    ],
)
def test_each_page_has_its_visuals(page, kinds):
    """The brief asks for four pages and their charts; two more are about events."""
    shown = [visual.kind for each in REPORT.pages if each.name == page for visual in each.visuals]

    assert {kind: shown.count(kind) for kind in shown} == kinds


def test_the_pages_of_the_brief_come_first_under_its_names():
    """Readers of the brief look for them there."""
    assert [page.title for page in REPORT.pages] == [
        "Customer Overview",
        "Financial Insights",
        "Customer Engagement",
        "Transaction & Activity Trends",
        "Loyalty Programme",
        "Customer Value",
    ]


def test_a_page_slices_by_status_activity_country_and_join_date():
    """The same four on every page."""
    assert REPORT.slicers == ("loyalty_status", "activity", "country", "join_month")


@pytest.mark.parametrize("visual", VISUALS, ids=lambda visual: visual.name)
def test_a_title_and_its_definition_fit_above_a_visual(visual):
    """At about eight pixels a character for the title and six below it; a truncated definition is useless."""
    pixels = visual.place.width * 120 - 32

    assert len(visual.title) <= pixels / 8
    assert len(visual.definition) <= pixels / 6
    assert visual.definition[0] == visual.definition[0].upper()


def test_a_visual_names_the_columns_that_it_needs():
    """Data without points loses the visuals of points, and no others."""
    lost = {visual.name for visual in VISUALS if CUSTOMERS["loyalty_points"] in visual.needs}

    assert lost == {"balance_and_points", "points_held", "points_by_join_month", "points_by_status"}


def test_a_visual_may_require_more_than_its_measure_needs():
    """Points by join month have a separate place only below points by month of earning."""
    requiring = a_visual(requires=(EVENTS["points"],))

    assert requiring.lacks(OF_EVENTS) == (EVENTS["points"],)
    assert a_visual().lacks(OF_EVENTS) == ()


def test_the_tooltip_has_the_number_of_omitted_customers():
    """An average is never shown without the number of customers that it omits."""
    visual = a_visual(measures=("average_balance",))

    assert [one.name for one in visual.tooltip_measures] == ["customers_without_balance"]


@pytest.mark.parametrize(
    ("visual", "message"),
    [
        (a_visual(measures=("total_custmers",)), "visual 'v' on page 'one': .*Did you mean 'total_customers'"),
        (a_visual(by=("contry",)), "visual 'v' on page 'one': .*Did you mean 'country'"),
        (a_visual(compare="nothing_like_it"), "is not a measure"),
        (a_visual(fact=ENGAGEMENT_SEGMENTS, measures=("share_above_threshold",)), "has no balance_band"),
        (a_visual(by=("account_age_band",)), "customer_segments is not cut by 'account_age_band'"),
        (
            a_visual(fact=COHORT_RETENTION, measures=("retained_customers",), by=("join_month",)),
            "retained_customers of 'retained_customers' does not add up over months_since; cut the visual by it",
        ),
        (
            a_visual(fact=ACTIVITY_SEGMENTS, measures=("monthly_active_customers",), by=("country",)),
            "activity_month; cut the visual by it, or use last_monthly_active_customers or mean_monthly_active",
        ),
        (
            a_visual(fact=ACTIVITY_SEGMENTS, measures=("login_customers",), by=("join_year",)),
            "activity_segments.login_customers of 'login_customers' does not add up over activity_month",
        ),
        (
            a_visual(kind="flow", fact=ACTIVITY_SEGMENTS, measures=("orders",), above=("buyers",)),
            "activity_segments.buyers of 'buyers' does not add up over activity_month",
        ),
        (
            a_visual(fact=ACTIVITY_SEGMENTS, measures=("orders",), compared="last_buyers", compare="buyers"),
            "activity_segments.buyers of 'buyers' does not add up over activity_month",
        ),
        (a_visual(compared="nothing_like_it"), "is not a measure"),
        (a_visual(below=("nothing_like_it",)), "is not a measure"),
        (a_visual(otherwise=(a_visual(name="w", by=("contry",)),)), "visual 'w' on page 'one': .*'country'"),
        (
            a_visual(fact=ACTIVITY_SEGMENTS, measures=("orders", "purchase_frequency")),
            "buyers of 'purchase_frequency' does not add up over activity_month",
        ),
        (a_visual(place=Place(10, 0, 3, 2)), "leaves the grid of 12 columns"),
        (a_visual(place=Place(-1, 0, 3, 2)), "leaves the grid"),
        (a_visual(place=Place(0, 0, 0, 2)), "leaves the grid"),
    ],
)
def test_the_error_for_a_mistake_in_a_visual_is_one_line_that_says_where(visual, message):
    """The mistake is found when the report is built, not when a page stays blank."""
    with pytest.raises(Customer360Error, match=message):
        a_report(visual)


@pytest.mark.parametrize(
    ("measures", "by"),
    [
        (("monthly_active_customers", "repeat_rate"), ("activity_month",)),
        (("monthly_active_customers",), ("activity_month", "country")),
        (("mean_monthly_active_customers", "last_buyers", "monthly_churned_customers"), ("country",)),
        (("orders", "spent", "outstanding_points"), ()),
    ],
)
def test_by_month_per_month_and_the_last_month_are_valid(measures, by):
    """Each covers different customers, or is a single number."""
    assert a_report(a_visual(fact=ACTIVITY_SEGMENTS, measures=measures, by=by))


def test_a_page_has_as_many_rows_as_it_needs():
    """One more visual needs no redesign."""
    page = Page("one", "One", (a_visual(place=Place(0, 40, 12, 3)), a_visual(name="w")))

    assert page.rows == 43
    assert Report("Small", (), (page,)).pages == (page,)


def test_two_visuals_in_one_place_are_rejected():
    """The covered one could never be clicked."""
    below = a_visual(name="w", place=Place(2, 1, 3, 2))

    with pytest.raises(Customer360Error, match="'v' on page 'one' and visual 'w' overlap"):
        a_report(a_visual(), below)


def test_two_visuals_with_one_name_are_rejected():
    """Ids, links and exports are derived from the name."""
    with pytest.raises(Customer360Error, match="two visuals are called 'v'"):
        a_report(a_visual(), a_visual(place=Place(3, 0, 3, 2)))


def test_a_slicer_must_be_a_dimension():
    """A slicer without members would filter nothing."""
    with pytest.raises(Customer360Error, match="'status' is not a dimension"):
        a_report(a_visual(), slicers=("status",))
