"""The definitions themselves: complete, readable, and clear about what they need."""

import pytest

from customer360.errors import Customer360Error
from customer360.report.expressions import Sum, columns_of, facts_of, needs
from customer360.report.measures import MEASURES, measure
from customer360.tables import CUSTOMER_SEGMENTS, CUSTOMERS, ENGAGEMENT_SEGMENTS
from tests import row_level

NOT_ADDITIVE = {"cell_rank", "refresh_id", "band"}


def test_every_measure_has_a_home():
    """A measure whose columns no fact holds could be computed nowhere."""
    homeless = [m.name for m in MEASURES if not facts_of(m)]

    assert homeless == []


def test_names_and_labels_are_unique():
    """Power BI refuses two measures of one name anywhere in a model, whatever the case."""
    assert len({m.name for m in MEASURES}) == len(MEASURES)
    assert len({m.label.lower() for m in MEASURES}) == len(MEASURES)


@pytest.mark.parametrize("m", MEASURES, ids=lambda m: m.name)
def test_a_measure_says_what_it_is(m):
    """The definition is a subtitle: one line without a full stop; the description is made of sentences."""
    assert m.definition.strip()
    assert not m.definition.endswith(".")
    assert "\n" not in m.definition
    assert m.description.endswith(".")


@pytest.mark.parametrize("m", [m for m in MEASURES if m.format == "percent"], ids=lambda m: m.name)
def test_a_percentage_is_called_one(m):
    """A reader must see from the name that a number is a share."""
    assert (m.label[0], m.unit) == ("%", "share")


@pytest.mark.parametrize("m", MEASURES, ids=lambda m: m.name)
def test_the_columns_a_measure_needs_are_columns_of_customers(m):
    """They are compared with a person's own data, so they must be names that data can have."""
    assert needs(m) <= set(CUSTOMERS.columns)


def test_a_value_measure_is_also_worked_out_from_single_customers():
    """Without a second opinion in `row_level`, nobody would notice that a new measure is wrong."""
    asked = [m for m in MEASURES if {CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS}.intersection(facts_of(m))]
    compared_by_stage = ("share_of_first_stage", "share_of_previous_stage")

    assert [m.name for m in asked if m.name not in (*row_level.MEANINGS, *compared_by_stage)] == []


def test_what_a_measure_needs_follows_from_its_expression():
    """Own data without a column turns off exactly what depends on it."""
    needed = {name: needs(measure(name)) for name in ("total_customers", "average_balance", "active_share")}

    assert needed == {
        "total_customers": frozenset(),
        "average_balance": {CUSTOMERS["account_balance"]},
        "active_share": {CUSTOMERS["is_active"]},
    }


def test_a_ratio_of_customers_says_whom_it_leaves_out():
    """An average without the count of its nulls passes for one over everybody."""
    averages = [m for m in MEASURES if m.label.startswith("Average") and "Others" not in m.label]

    assert [m.name for m in averages if m.left_out is None] == []
    assert averages


def test_sums_are_of_additive_columns_only():
    """A rank, an id or a band number adds up to nothing."""
    summed = {m.expression.column for m in MEASURES if isinstance(m.expression, Sum)}

    assert summed.isdisjoint(NOT_ADDITIVE)


def test_a_value_measure_can_be_taken_from_either_segment_table():
    """The same definition serves a balance axis and an account-age axis."""
    assert facts_of(measure("average_balance"))[:2] == (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS)
    assert "balance_band" in columns_of(measure("share_above_threshold"))
    assert facts_of(measure("share_above_threshold")) == (CUSTOMER_SEGMENTS,)


def test_an_unknown_measure_names_the_nearest():
    """A typing mistake ends in one line."""
    with pytest.raises(Customer360Error, match="Did you mean 'average_balance'"):
        measure("averge_balance")
