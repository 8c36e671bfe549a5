"""Measures of single visuals: their drawn values, subtitles and tooltips."""

from datetime import date

import pytest

from customer360.power_bi import model, values
from customer360.power_bi.project import files
from customer360.report.measures import measure
from customer360.report.missing import OF_EVENTS
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
SHOWN = [visual for page in REPORT.shown(()).pages for visual in page.visuals]
VISUALS = {visual.name: visual for visual in SHOWN}
FILLED = [visual for visual in SHOWN if values.is_filled(visual)]


@pytest.fixture(scope="module")
def lacking_model():
    """The model over customers without two columns."""
    lacking = miniature.result_tables(miniature.profiles(miniature.customers(400, missing=MISSING)), MISSING)
    return dax_evaluator.read(files(SOURCE), lacking)


@pytest.mark.slow
@pytest.mark.parametrize("visual", FILLED, ids=lambda visual: visual.name)
def test_a_visual_draws_0_without_customers_and_nothing_for_missing_data(semantic_model, lacking_model, visual):
    """A card, a month and a band without customers are 0; a missing column is not."""
    without = Evaluator(lacking_model)
    own = Evaluator(semantic_model).measure(model.measure_name(values.drawn(visual), visual.fact))

    assert Evaluator(semantic_model).measure(values.name(visual)) == (own or 0)
    assert Evaluator(semantic_model, NOBODY).measure(values.name(visual)) == 0
    assert (without.measure(values.name(visual)) is None) == bool(visual.lacks(miniature.of_customers(MISSING)))


@pytest.mark.parametrize(
    ("name", "cuts", "known"),
    [
        ("balance_and_points", ("balance_band", "points_band"), "account_balance or loyalty_points"),
        ("acquisition", ("join_month",), "join_date"),
        ("points_by_join_month", ("join_month",), "join_date"),
        ("account_age", ("account_age_band",), "join_date"),
        ("last_login_trend", ("last_login_month",), "last_login"),
    ],
)
@pytest.mark.parametrize("filters", [{}, {"country": ["Kenya"]}])
def test_a_subtitle_counts_customers_without_a_place_on_the_axes(
    semantic_model, tables, name, cuts, known, filters
):
    """The filters of the page apply, but not those of the axis, which already exclude unknown values."""
    fact = ENGAGEMENT_SEGMENTS if name in ("account_age", "last_login_trend") else CUSTOMER_SEGMENTS
    rows = tables[fact.name]
    rows = rows[rows["country"].isin(filters.get("country", COUNTRIES))]
    without = int(rows[rows[list(cuts)].isna().any(axis=1)]["customers"].sum())
    axis = {column_of(cut): [set(MEMBERS.get(cut, [date(2025, 1, 1)]))] for cut in cuts}

    for context in (chosen(semantic_model, filters), {**chosen(semantic_model, filters), **axis}):
        shown = Evaluator(semantic_model, context).measure(f"Subtitle of {VISUALS[name].title}")
        assert (f"; {without:,} without {known} left out" in shown) == bool(without)
        assert ("left out" in shown.replace(VISUALS[name].definition, "")) == bool(without)


def test_months_before_the_events_are_empty_and_later_ones_without_any_are_0(semantic_model, tables):
    """Before the first event nothing is known; after it, a month without points has 0 points."""
    month, without = ("Activity Calendar", "Activity Month"), date(2025, 4, 1)
    segments = tables["activity_segments"]
    quiet = {**tables, "activity_segments": segments[segments["activity_month"] != without]}
    evaluator = Evaluator(dax_evaluator.read(files(SOURCE), quiet))

    def drawn(day):
        return evaluator.measure("Value of Monthly Loyalty Points Earned", {month: [{day}]})

    assert [drawn(date(2024, 2, 1)), drawn(without)] == [None, 0]
    assert drawn(date(2024, 3, 1)) > 0


def test_the_bars_of_a_flow_add_up_to_its_measure(semantic_model, tables):
    """Bars above zero less bars below zero, month by month."""
    visual = VISUALS["points_flow"]
    names = [measure(name).label for name in visual.above] + list(values.below(visual))
    evaluator = Evaluator(semantic_model)

    for month in sorted(set(tables["activity_segments"]["activity_month"]))[-6:]:
        axis = {("Activity Calendar", "Activity Month"): [{month}]}
        parts = [evaluator.measure(name, axis) or 0 for name in names]
        assert sum(parts) == evaluator.measure(visual.measure.label, axis)
        assert max(parts[1:]) <= 0


def test_the_share_in_the_tooltip_is_a_share_of_the_heat_map(semantic_model, tables):
    """The tooltip page is filtered by the cell, so a share of the selection would be 100%."""
    cell = {("Balance Band", "Band"): [{3}], ("Points Band", "Band"): [{2}]}
    segments = tables["customer_segments"]
    inside = segments[(segments["balance_band"] == 3) & (segments["points_band"] == 2)]["customers"].sum()

    share = Evaluator(semantic_model, cell).measure(
        f"Tooltip of {VISUALS['balance_and_points'].title}: % of Customers"
    )

    assert share == pytest.approx(inside / segments["customers"].sum())


def test_the_subtitle_of_a_kpi_has_its_other_numbers(tables):
    """A KPI has no tooltip."""
    segments = tables["customer_segments"]
    average = segments["points_sum"].sum() / segments["points_count"].sum()
    without = segments["customers"].sum() - segments["points_count"].sum()

    built = dax_evaluator.read(files(SOURCE, OF_EVENTS), {**tables, **miniature.notes(no_events=OF_EVENTS)})

    shown = Evaluator(built).measure("Subtitle of Total Loyalty Points Awarded")

    assert shown == (
        "Points currently held, excluding points spent; "
        f"Average Loyalty Points Held: {average:,.1f}; Customers without Known Points: {without:,}"
    )


@pytest.mark.parametrize(("day", "said"), [(date(2026, 6, 30), ""), (date(2026, 6, 12), "; Jun 2026 is not over")])
@pytest.mark.parametrize("name", ["acquisition", "last_login_trend", "points_by_month"])
def test_a_month_that_is_not_over_is_named(tables, name, day, said):
    """The last point of the line is lower than it will be at the end of the month."""
    until = {**tables, "refreshes": tables["refreshes"].assign(as_of_date=day)}

    shown = Evaluator(dax_evaluator.read(files(SOURCE), until)).measure(f"Subtitle of {VISUALS[name].title}")

    assert ("is not over" in shown, said in shown) == (bool(said), True)
