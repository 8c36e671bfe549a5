"""Labels are accurate: no name contradicts its definition, and comparisons compare like with like."""

import re

import pytest

from customer360.report.expressions import LastClosedMonth, Others, sums_of
from customer360.report.measures import MEASURES, measure
from customer360.report.missing import OF_EVENTS, lacking
from customer360.report.pages import REPORT
from customer360.tables import ACTIVITY_SEGMENTS
from tests import event_level, miniature, row_level
from tests.miniature_events import month_before

ABOUT = {
    r"awarded|earned": {"earned"},
    r"held": {"points_sum", "earned", "redeemed", "expired", "points_count"},
    r"redeemed|redemption": {"redeemed", "earned"},
    r"expired|breakage": {"expired", "earned"},
    r"frequency": {"login_gap_days", "login_gaps", "order_gap_days", "order_gaps", "orders", "buyers"},
    r"days since|recency": {"recency_days_sum", "recency_count", "order_recency_days", "recent_buyers"},
    r"between logins": {"login_gap_days", "login_gaps"},
    r"between orders": {"order_gap_days", "order_gaps"},
    r"balance": {"account_balance", "balance_sum", "balance_count", "customers"},
    r"spent": {"amount", "refunded", "spent", "spent_sum", "tenth_spent", "recent_amount", "customers", "recent_buyers"},
    r"retained": {"retained_customers", "active_customers", "cohort_customers"},
    r"churned": {"active_customers", "retained_customers"},
    r"resurrected": {"resurrected_customers"},
    r"^outstanding|liability": {"earned", "redeemed", "expired"},
    r"^holdout": {"holdout_customers", "holdout_expected", "holdout_actual", "holdout_naive"},
}  # fmt: skip
"""Word in a label -> the columns that a number with this label may add up."""
VISUALS = {visual.name: visual for visual in REPORT.visuals}
SHOWN = [visual for page in REPORT.shown(()).pages for visual in page.visuals]
FLOWS = [visual for visual in VISUALS.values() if visual.kind == "flow"]
COMPARED = [visual for visual in VISUALS.values() if visual.compare]


def contradictions(text, of):
    """The words of *text* about columns other than those that the measure *of* adds up."""
    return [
        words
        for words, columns in ABOUT.items()
        if re.search(words, text, re.IGNORECASE) and not sums_of(of) <= columns
    ]


@pytest.mark.parametrize("one", MEASURES, ids=lambda one: one.name)
def test_the_label_of_a_measure_does_not_contradict_its_definition(one):
    """Points held are not points awarded, and recency is not frequency."""
    assert contradictions(one.label, one) == []


@pytest.mark.parametrize("visual", SHOWN, ids=lambda visual: visual.name)
def test_a_title_does_not_contradict_what_is_shown(visual):
    """With events, every requested number is exact."""
    assert contradictions(visual.title, visual.measure) == [] or visual.kind in {"flow", "matrix", "heat_map"}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("points_held", "currently held"),
        ("login_recency", "days since"),
        ("last_login_trend", "recency, not traffic"),
    ],
)
def test_a_proxy_under_the_name_of_the_brief_says_what_it_is(name, says):
    """The name stays, so the subtitle must explain it."""
    assert says in VISUALS[name].definition


def test_only_a_proxy_has_a_title_that_promises_more():
    """Each is listed here, shown only without events, and explained in its subtitle."""
    found = {one.name for one in VISUALS.values() if one.kind == "kpi" and contradictions(one.title, one.measure)}

    assert found == {"points_held", "login_recency"}
    assert all(not lacking(VISUALS[name].needs, OF_EVENTS) for name in found)


# --- units ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", MEASURES, ids=lambda one: one.name)
def test_a_number_has_the_unit_that_its_format_is_of(one):
    """A reader cannot tell whether "44.3" is a share, days or an amount."""
    assert one.unit
    assert (one.format == "percent") == (one.unit == "share")
    assert (one.format == "amount") == (one.unit == "currency")
    assert (one.format == "date") == (one.unit == "date")


@pytest.mark.parametrize(
    "one", [one for one in MEASURES if re.search(r"\bdays\b", one.label, re.IGNORECASE)], ids=lambda one: one.name
)
def test_days_have_the_unit_days(one):
    """The card says "12.3 days"."""
    assert one.unit == "days"


@pytest.mark.parametrize(
    "one",
    [one for one in MEASURES if "rate" in one.definition.split() or "÷" in one.definition],
    ids=lambda one: one.name,
)
def test_a_rate_has_a_unit_and_is_not_a_count(one):
    """A ratio of two numbers is never a number of customers."""
    assert one.unit != "customers"
    assert one.format != "count"


# --- comparisons ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("visual", COMPARED, ids=lambda visual: visual.name)
def test_a_badge_compares_two_numbers_of_one_kind(visual):
    """The difference between customers and days has no meaning; and the good direction must be defined."""
    shown, other = measure(visual.compared or visual.measures[0]), measure(visual.compare)

    assert visual.kind == "kpi"
    assert (shown.unit, shown.format) == (other.unit, other.format)
    assert shown.good


@pytest.mark.parametrize("visual", COMPARED, ids=lambda visual: visual.name)
def test_a_badge_compares_like_with_like(visual):
    """With the same month a year earlier, or with all other customers: never with something that had more time."""
    shown, other = measure(visual.compared or visual.measures[0]), measure(visual.compare).expression

    if isinstance(other, Others):
        assert other.of is shown
    else:
        assert isinstance(other, LastClosedMonth)
        assert other.before == 12
        assert shown.expression == LastClosedMonth(other.of)


def test_without_events_no_badge_compares_months():
    """Join months are not comparable: earlier ones had more time."""
    shown = [visual for page in REPORT.shown(OF_EVENTS).pages for visual in page.visuals]
    compared = [measure(visual.compare).expression for visual in shown if visual.compare]

    assert {type(one) for one in compared} == {Others}


# --- what adds up -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("visual", FLOWS, ids=lambda visual: visual.name)
def test_a_flow_is_cut_by_month_and_has_two_sides(visual):
    """It stacks months above and below zero, all in one unit."""
    units = {measure(name).unit for name in visual.all_measures}

    assert (visual.fact, visual.by) == (ACTIVITY_SEGMENTS, ("activity_month",))
    assert visual.above
    assert visual.below
    assert len(units) == 1


@pytest.fixture(scope="module")
def ledger():
    return event_level.kept(row_level.keep(miniature.profiles(miniature.customers(300)), {}), {})


def in_month(ledger, month, *names):
    one = event_level.Ledger(ledger.events, [month])
    return [value or 0 for value in event_level.says(names, one)]


@pytest.mark.parametrize("month", event_level.CALENDAR[-30:], ids=str)
def test_the_active_customers_of_a_month_are_the_new_retained_and_resurrected(ledger, month):
    """The bars above zero add up to the active customers; those below are the customers lost since last month."""
    flow = VISUALS["member_flow"]
    [active] = in_month(ledger, month, *flow.measures)
    [before] = in_month(ledger, month_before(month), *flow.measures)
    retained, *_ = above = in_month(ledger, month, *flow.above)

    assert active == sum(above)
    assert sum(in_month(ledger, month, *flow.below)) == (
        before - retained if month < event_level.OPEN_MONTH else 0
    )


@pytest.mark.parametrize("month", event_level.CALENDAR[-30:], ids=str)
def test_the_change_of_points_is_those_earned_less_those_redeemed_and_expired(ledger, month):
    """The bars of a month add up to the change, and all changes up to it to the outstanding points."""
    flow = VISUALS["points_flow"]
    [change] = in_month(ledger, month, *flow.measures)
    [before] = in_month(ledger, month_before(month), "outstanding_points")

    assert change == sum(in_month(ledger, month, *flow.above)) - sum(in_month(ledger, month, *flow.below))
    assert in_month(ledger, month, "outstanding_points") == [before + change]
