"""The definitions are complete, readable, and clear about what they need."""

import pytest

from customer360.errors import Customer360Error
from customer360.report.customer_measures import TOTAL_CUSTOMERS
from customer360.report.expressions import (
    Cumulative,
    MeanPerMonth,
    Measure,
    OfTotal,
    Others,
    Sum,
    columns_of,
    facts_of,
    must_be_cut_by,
    needs,
    parts,
)
from customer360.report.measures import MEASURES, measure
from customer360.report.missing import CAN_BE_MISSING, called, members
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    COHORT_RETENTION,
    CUSTOMER_SEGMENTS,
    CUSTOMERS,
    ENGAGEMENT_SEGMENTS,
    EVENTS,
)
from tests import event_level, row_level
from tests.engines import OF_SINGLE_CUSTOMERS

NOT_ADDITIVE = {"cell_rank", "refresh_id", "band"}


def test_every_measure_has_a_home():
    """A measure could not be computed if no fact had its columns."""
    homeless = [m.name for m in MEASURES if not facts_of(m)]

    assert homeless == []


def test_names_and_labels_are_unique():
    """Power BI rejects two measures with the same name in a model, regardless of letter case."""
    assert len({m.name for m in MEASURES}) == len(MEASURES)
    assert len({m.label.lower() for m in MEASURES}) == len(MEASURES)


@pytest.mark.parametrize("m", MEASURES, ids=lambda m: m.name)
def test_a_measure_says_what_it_is(m):
    """The definition is a subtitle: one line without a full stop; the description has full sentences."""
    assert m.definition.strip()
    assert not m.definition.endswith(".")
    assert "\n" not in m.definition
    assert m.description.endswith(".")


@pytest.mark.parametrize("m", [m for m in MEASURES if m.format == "percent"], ids=lambda m: m.name)
def test_the_name_of_a_percentage_has_a_percent_sign(m):
    """A reader must see from the name that the number is a share."""
    assert (m.label[0], m.unit) == ("%", "share")


@pytest.mark.parametrize("m", MEASURES, ids=lambda m: m.name)
def test_a_measure_needs_only_things_that_data_can_lack(m):
    """Its needs are compared with the user's data: columns of a source, or kinds of events."""
    assert {column for needed in needs(m) for column in members(needed)} <= set(CAN_BE_MISSING)


def test_a_value_measure_is_also_computed_from_single_customers():
    """Without an independent calculation in `row_level`, an error in a new measure would go unnoticed."""
    asked = [m for m in MEASURES if {*OF_SINGLE_CUSTOMERS, ACTIVITY_SEGMENTS}.intersection(facts_of(m))]
    compared_by_stage = ("share_of_first_stage", "share_of_previous_stage")
    known = (*row_level.MEANINGS, *event_level.MEANINGS, *compared_by_stage)

    assert [m.name for m in asked if m.name not in known] == []


def test_subtrahends_are_not_needed():
    """A shop without refunds still has spending, and a programme without expiry still has points held."""
    needed = {name: {called(one) for one in needs(measure(name))} for name in ("spent", "outstanding_points")}

    assert needed == {"spent": {"amount of events"}, "outstanding_points": {"points of events", "events"}}


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("retained_customers", [COHORT_RETENTION]),
        ("monthly_retained_customers", [ACTIVITY_SEGMENTS]),
        ("classic_retained_customers", [COHORT_RETENTION]),
        ("monthly_active_customers", [ACTIVITY_SEGMENTS]),
    ],
)
def test_columns_with_the_same_name_in_two_tables_are_separate(name, facts):
    """Retained customers of a cohort and of a month are different."""
    assert list(facts_of(measure(name))) == facts


@pytest.mark.parametrize(
    ("name", "over"),
    [
        ("orders", set()),
        ("stickiness", set()),
        ("monthly_new_customers", set()),
        ("monthly_active_customers", {"activity_month"}),
        ("purchase_frequency", {"activity_month"}),
        ("repeat_rate", {"activity_month"}),
        ("monthly_churned_customers", set()),
        ("last_monthly_active_customers", set()),
        ("mean_buyers", set()),
        ("retained_share", {"months_since"}),
        ("classic_retained_share", {"months_since"}),
    ],
)
def test_the_columns_say_what_does_not_add_up_over_months(name, over):
    """A customer active in two months is one customer, in ratios too; a mean or the last month is one number."""
    assert must_be_cut_by(measure(name)) == over


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (Cumulative(measure("buyers")), "'buyers' does not add up over activity_month"),
        (Others(measure("repeat_rate")), "'repeat_rate' does not add up over activity_month"),
        (OfTotal(measure("monthly_active_customers")), "does not add up over activity_month"),
        (OfTotal(measure("cohort_customers")), "does not add up over months_since"),
        (MeanPerMonth(measure("stickiness")), "'stickiness' is not a sum"),
        (Sum("retained_share"), "analytics.cohort_retention.retained_share does not add up"),
        (Sum("cell_rank"), "analytics.top_customers.cell_rank does not add up"),
    ],
)
def test_an_invalid_sum_is_rejected_when_it_is_defined(expression, message):
    """Not when somebody reads a number that counts a customer twice."""
    with pytest.raises(Customer360Error, match=message):
        Measure("mine", "Mine", expression, "a definition")


def test_a_measure_of_months_is_marked_as_such():
    """Under a filter by tier it covers customers who are Gold today; a balance is always of today."""
    assert measure("monthly_active_customers").is_of_months
    assert measure("outstanding_points").is_of_months
    assert not measure("average_balance").is_of_months
    assert not measure("retained_share").is_of_months


def test_what_a_measure_needs_follows_from_its_expression():
    """Data without a column disables exactly what depends on it."""
    needed = {name: needs(measure(name)) for name in ("total_customers", "average_balance", "active_share")}

    assert needed == {
        "total_customers": frozenset(),
        "average_balance": {CUSTOMERS["account_balance"]},
        "active_share": {(CUSTOMERS["is_active"], CUSTOMERS["last_login"], EVENTS["occurred_at"])},
    }


def test_a_ratio_of_customers_counts_those_it_omits():
    """Without the count of its nulls, an average would look like one over all customers."""
    of_customers = [m for m in MEASURES if ACTIVITY_SEGMENTS not in facts_of(m)]
    averages = [m for m in of_customers if m.label.startswith("Average") and "Others" not in m.label]
    averages = [m for m in averages if TOTAL_CUSTOMERS not in parts(m)]

    assert [m.name for m in averages if m.left_out is None] == []
    assert averages


def test_sums_are_of_additive_columns_only():
    """The sum of ranks, ids or band numbers has no meaning."""
    summed = {m.expression.column for m in MEASURES if isinstance(m.expression, Sum)}

    assert summed.isdisjoint(NOT_ADDITIVE)


def test_a_value_measure_can_be_computed_from_either_segment_table():
    """The same definition serves a balance axis and an account-age axis."""
    assert facts_of(measure("average_balance"))[:2] == (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS)
    assert "balance_band" in columns_of(measure("share_above_threshold"))
    assert facts_of(measure("share_above_threshold")) == (CUSTOMER_SEGMENTS,)


def test_the_error_for_an_unknown_measure_names_the_nearest():
    """A typing mistake gives an error of one line."""
    with pytest.raises(Customer360Error, match="Did you mean 'average_balance'"):
        measure("averge_balance")
