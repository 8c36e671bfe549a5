"""Measures that one visual alone has: what it draws, what its subtitle says, what appears beside the pointer."""

from datetime import date

import pytest

from customer360.power_bi import model, values
from customer360.power_bi.project import files
from customer360.report.pages import REPORT
from customer360.tables import CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS
from tests import miniature
from tests.engines import MEMBERS
from tests.miniature import COUNTRIES
from tests.power_bi import dax_evaluator
from tests.power_bi.chosen import chosen, column_of
from tests.power_bi.dax_evaluator import Evaluator
from tests.power_bi.test_dax import MISSING, SOURCE

NOBODY = {("Country", "Country"): [{"no such country"}]}
VISUALS = {visual.name: visual for page in REPORT.pages for visual in page.visuals}
FILLED = [visual for page in REPORT.pages for visual in page.visuals if values.is_filled(visual)]


@pytest.mark.slow
@pytest.mark.parametrize("visual", FILLED, ids=lambda visual: visual.name)
def test_a_visual_draws_0_for_nobody_and_nothing_for_what_is_missing(semantic_model, visual):
    """A card, a month and a band of nobody; a column that the data lacks is no 0."""
    lacking = miniature.result_tables(miniature.profiles(miniature.customers(400, missing=MISSING)), MISSING)
    without = Evaluator(dax_evaluator.read(files(SOURCE), lacking))
    own = model.measure_name(visual.measure, visual.fact)

    assert Evaluator(semantic_model).measure(values.name(visual)) == Evaluator(semantic_model).measure(own)
    assert Evaluator(semantic_model, NOBODY).measure(values.name(visual)) == 0
    assert (without.measure(values.name(visual)) is None) == bool(visual.lacks(miniature.of_customers(MISSING)))


@pytest.mark.parametrize(
    ("name", "cuts", "known"),
    [
        ("balance_and_points", ("balance_band", "points_band"), "account_balance or loyalty_points"),
        ("acquisition", ("join_month",), "join_date"),
        ("points_by_month", ("join_month",), "join_date"),
        ("account_age", ("account_age_band",), "join_date"),
        ("last_login_trend", ("last_login_month",), "last_login"),
    ],
)
@pytest.mark.parametrize("filters", [{}, {"country": ["Kenya"]}])
def test_a_subtitle_counts_who_has_no_place_on_the_axes(semantic_model, tables, name, cuts, known, filters):
    """The page's filters count; the axis' own do not, which leave the unknown out already."""
    fact = ENGAGEMENT_SEGMENTS if name in ("account_age", "last_login_trend") else CUSTOMER_SEGMENTS
    rows = tables[fact.name]
    rows = rows[rows["country"].isin(filters.get("country", COUNTRIES))]
    without = int(rows[rows[list(cuts)].isna().any(axis=1)]["customers"].sum())
    axis = {column_of(cut): [set(MEMBERS.get(cut, [date(2025, 1, 1)]))] for cut in cuts}

    for context in (chosen(semantic_model, filters), {**chosen(semantic_model, filters), **axis}):
        shown = Evaluator(semantic_model, context).measure(f"Subtitle of {VISUALS[name].title}")
        assert (f"; {without:,} without {known} left out" in shown) == bool(without)
        assert ("left out" in shown.replace(VISUALS[name].definition, "")) == bool(without)


def test_the_share_beside_the_pointer_is_that_of_the_map(semantic_model, tables):
    """The page there is filtered by the cell: a share of what is selected would be 100 %."""
    cell = {("Balance Band", "Band"): [{3}], ("Points Band", "Band"): [{2}]}
    segments = tables["customer_segments"]
    inside = segments[(segments["balance_band"] == 3) & (segments["points_band"] == 2)]["customers"].sum()

    share = Evaluator(semantic_model, cell).measure(
        f"Tooltip of {VISUALS['balance_and_points'].title}: % of Customers"
    )

    assert share == pytest.approx(inside / segments["customers"].sum())


def test_a_kpi_says_its_further_numbers(semantic_model, tables):
    """It has no tooltip."""
    visual, segments = VISUALS["points_held"], tables["customer_segments"]
    average = segments["points_sum"].sum() / segments["points_count"].sum()
    without = segments["customers"].sum() - segments["points_count"].sum()

    shown = Evaluator(semantic_model).measure(f"Subtitle of {visual.title}")

    assert shown == (
        f"{visual.definition}; Average Loyalty Points: {average:,.1f}; Customers without Known Points: {without:,}"
    )


@pytest.mark.parametrize(("day", "said"), [(date(2026, 6, 30), ""), (date(2026, 6, 12), "; Jun 2026 is not over")])
@pytest.mark.parametrize("name", ["acquisition", "last_login_trend", "points_by_month"])
def test_a_month_that_is_not_over_is_named(tables, name, day, said):
    """The last point of the line is lower than it will be."""
    until = {**tables, "refreshes": tables["refreshes"].assign(as_of_date=day)}

    shown = Evaluator(dax_evaluator.read(files(SOURCE), until)).measure(f"Subtitle of {VISUALS[name].title}")

    assert ("is not over" in shown, said in shown) == (bool(said), True)
