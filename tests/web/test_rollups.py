"""Coarser copies of a fact give the same numbers, and have no column that does not add up."""

import pytest

from customer360.report.dimensions import ACTIVITY_MONTH, dimensions_of
from customer360.tables import ACTIVITY_SEGMENTS, COHORT_RETENTION, SLICERS, TOP_CUSTOMERS
from customer360.web.rollups import SEGMENTS, rollups, statement
from customer360.web.sql import Query

OF_A_MONTH = {"active_customers", "retained_customers", "resurrected_customers", "login_customers", "buyers"}
"""Columns that count a customer once in each month."""
COPIES = [(fact, copy) for fact in SEGMENTS for copy in rollups(fact)]


def test_additive_facts_with_every_slicer_are_summed():
    """Shares and lists of customers are not; counts of customers by month are, but keep their months."""
    assert ACTIVITY_SEGMENTS in SEGMENTS
    assert {COHORT_RETENTION, TOP_CUSTOMERS}.isdisjoint(SEGMENTS)
    assert all({*SLICERS} <= {*fact.column_names} for fact in SEGMENTS)


@pytest.mark.parametrize(("fact", "copy"), COPIES, ids=[copy.name for _, copy in COPIES])
def test_a_copy_is_coarser_and_has_only_columns_that_add_up(fact, copy):
    """A customer active in three months would count three times."""
    left_out = {cut.column for cut in dimensions_of(fact)} - {*copy.column_names}

    assert left_out
    assert all(left_out.isdisjoint(column.except_over) for column in copy.columns)


def test_without_months_there_are_no_counts_by_month():
    """Sums of events are kept; with months, all columns are."""
    by_months = {
        has: [one for one in rollups(ACTIVITY_SEGMENTS) if _has_months(one) == has] for has in (True, False)
    }

    assert all(by_months.values())
    for copy in by_months[False]:
        assert OF_A_MONTH.isdisjoint(copy.column_names)
        assert {"active_days", "new_customers"} <= {*copy.column_names}
    for copy in by_months[True]:
        assert {*copy.column_names} >= OF_A_MONTH


def _has_months(table):
    return ACTIVITY_MONTH.name in table.column_names


def test_counts_by_month_are_read_with_their_months(results):
    """Even if nothing else needs the months; sums of events are read from fewer rows."""
    counted = results.smallest(ACTIVITY_SEGMENTS, {"country", "active_customers"})
    happened = results.smallest(ACTIVITY_SEGMENTS, {"country", "active_days"})

    assert ACTIVITY_MONTH.name in counted.column_names
    assert ACTIVITY_MONTH.name not in happened.column_names
    assert results.sizes[happened] < results.sizes[counted]


@pytest.mark.parametrize(("fact", "copy"), COPIES, ids=[copy.name for _, copy in COPIES])
def test_a_copy_has_the_sums_of_its_fact(results, fact, copy):
    """Row by row the result of grouping the fact, with the same types."""
    cuts = {cut.column for cut in dimensions_of(fact)}
    sums = ", ".join(f"sum({name})" for name in copy.column_names if name not in cuts)
    types = {column.name: column.type for column in fact.columns}

    def rows(text):
        return results.rows(Query(text, ()))

    assert rows(f"SELECT {sums} FROM {copy.full_name}") == rows(f"SELECT {sums} FROM {fact.full_name}")
    assert sorted(rows(f"FROM {copy.full_name}"), key=str) == sorted(rows(statement(copy, fact)), key=str)
    assert all(column.type == types[column.name] for column in copy.columns)
