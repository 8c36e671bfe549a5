"""A KPI compares a month with the same month a year earlier if both are comparable, or says why it does not."""

from datetime import date

import pytest

from customer360.report.dimensions import Between
from customer360.web.answers import answer
from customer360.web.comparison import comparison
from customer360.web.view import View
from tests.web.published import WHOLE

OF_MONTHS = [
    (page, visual) for page in WHOLE.pages for visual in page.visuals if visual.compare.endswith("_year_before")
]
KPI = next(visual for _, visual in OF_MONTHS if visual.name == "monthly_active")
OF_OTHERS = next(visual for visual in WHOLE.visuals if visual.compare.endswith("_of_others"))
CARD = next(visual for visual in WHOLE.visuals if visual.kind == "card" and not visual.compare)

MAY = {"compared": date(2026, 5, 1), "compare": date(2025, 5, 1)}


def in_months(first, last):
    return {"activity_month": Between(first, last)}


@pytest.mark.parametrize(
    "filters",
    [{}, {"country": ["Kenya"]}, {"join_month": Between(date(2023, 1, 1), date(2025, 1, 1))}],
    ids=["everyone", "a country", "months of joining"],
)
def test_the_last_full_month_is_compared_with_that_of_a_year_earlier(results, filters):
    """Country and month of joining do not change."""
    assert comparison(KPI, filters, results) == {"months": MAY, "reason": None}


def test_the_month_is_the_last_full_one_in_the_filters(results):
    """Not the month of the as-of date, which has not ended."""
    months = {"compared": date(2025, 12, 1), "compare": date(2024, 12, 1)}

    assert comparison(KPI, in_months(date(2025, 2, 1), date(2025, 12, 1)), results)["months"] == months
    assert comparison(KPI, in_months(date(2025, 2, 1), date(2026, 6, 1)), results)["months"] == MAY


def test_an_incomplete_month_is_not_compared(results):
    """Half a month would always look like a decline."""
    assert comparison(KPI, {"activity_month": [date(2026, 6, 1)]}, results) == {
        "months": None,
        "reason": "no full month",
    }


@pytest.mark.parametrize("filters", [{"loyalty_status": ["Gold"]}, {"activity": ["Active"]}])
def test_filters_by_today_are_not_compared_with_a_year_ago(results, filters):
    """Not all customers who are Gold today were Gold then."""
    assert comparison(KPI, filters, results) == {
        "months": None,
        "reason": "May 2026: no comparison under a filter by status or activity",
    }


def test_nothing_is_compared_with_the_first_month_of_the_events(results):
    """It may be incomplete, so the first comparison is with the second month."""
    assert results.first_month == date(2024, 3, 1)
    too_early = comparison(KPI, {"activity_month": [date(2025, 3, 1)]}, results)
    first = comparison(KPI, {"activity_month": [date(2025, 4, 1)]}, results)

    assert too_early == {"months": None, "reason": "Mar 2025: no full month a year earlier"}
    assert first["months"] == {"compared": date(2025, 4, 1), "compare": date(2024, 4, 1)}


@pytest.mark.parametrize("visual", [OF_OTHERS, CARD], ids=["held against the others", "held against nothing"])
def test_other_visuals_name_no_months(results, visual):
    """They do not compare months."""
    assert comparison(visual, {}, results) == {}


@pytest.mark.parametrize(
    "slicers",
    [
        {},
        {"country": ["Kenya", "Norway"]},
        {"loyalty_status": ["Gold"]},
        {"activity": ["Active", "Unknown"], "country": ["Kenya"]},
        {"join_month": Between(date(2022, 1, 1), date(2024, 12, 1))},
    ],
    ids=lambda slicers: "-".join(slicers) or "everyone",
)
@pytest.mark.parametrize(("page", "visual"), OF_MONTHS, ids=[visual.name for _, visual in OF_MONTHS])
def test_a_compared_value_comes_with_its_months(results, page, visual, slicers):
    """The months compared in SQL are the months shown on the page."""
    shown = answer(View(page, slicers), results)["visuals"][visual.name]

    assert (shown["values"][visual.compare] is None) == (shown["months"] is None)
    assert (shown["months"] is None) == bool(shown["reason"])
