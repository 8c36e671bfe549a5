"""Small cells: the remaining numbers of an answer reveal no count of too few customers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer360.report.customer_measures import (
    ACTIVE_SHARE,
    AVERAGE_BALANCE,
    SHARE_OF_PREVIOUS_STAGE,
    TOTAL_CUSTOMERS,
)
from customer360.tables import CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS
from customer360.web.counted import counts_of
from customer360.web.small_cells import Cells, hidden, stages, without_small

SMALLEST = 5
COUNTS = st.lists(st.one_of(st.integers(0, 9), st.integers(0, 60)), min_size=1, max_size=9)
LIMITS = st.integers(3, 8)


def solutions(counts, signs, smallest):
    """The lowest and highest possible count at each index, given the shown numbers and the total."""
    least = dict.fromkeys(signs, 1)
    most = {place: smallest - 1 if sign == "below" else float("inf") for place, sign in signs.items()}
    left = sum(counts[place] for place in signs)
    return {
        place: (
            max(least[place], left - sum(most[one] for one in signs if one != place)),
            min(most[place], left - sum(least[one] for one in signs if one != place)),
        )
        for place in signs
    }


def with_more_known(counts, signs, smallest):
    """The same for a reader who knows the rules: a count withheld together with a "below" is at least N."""
    if "below" not in signs.values():
        return solutions(counts, signs, smallest)
    big = [place for place, sign in signs.items() if sign == "withheld"]
    reduced = [count - smallest + 1 if place in big else count for place, count in enumerate(counts)]
    return solutions(reduced, signs, smallest)


# --- one line of marks ------------------------------------------------------------------------------------------


@given(COUNTS, LIMITS)
@settings(max_examples=500)
def test_the_total_and_all_other_marks_reveal_no_small_count(counts, smallest):
    """Unless the total itself is below, and so not shown, or shows that each mark is one customer."""
    signs = hidden(counts, [range(len(counts))], smallest)

    assert all(place in signs for place, count in enumerate(counts) if 0 < count < smallest)
    assert all(counts[place] for place in signs)
    if sum(counts) < smallest or sum(counts) == sum(map(bool, counts)):
        return
    for find in (solutions, with_more_known):
        for place, (low, high) in find(counts, signs, smallest).items():
            if counts[place] < smallest:
                assert low < high, (counts, signs)


@given(COUNTS, LIMITS)
def test_a_count_shown_as_below_is_below(counts, smallest):
    """Zero is never suppressed, and nothing is suppressed without a small count."""
    signs = hidden(counts, [range(len(counts))], smallest)

    assert all(0 < counts[place] < smallest for place, sign in signs.items() if sign == "below")
    assert signs or not any(0 < count < smallest for count in counts)
    assert not signs or any(0 < count < smallest for count in counts)


@pytest.mark.parametrize(
    ("counts", "left_out"),
    [
        ([40, 12, 30], {}),
        ([40, 12, 3], {1: "withheld", 2: "below"}),
        ([40, 12, 3, 4], {2: "below", 3: "below"}),
        ([40, 12, 1, 2], {1: "withheld", 2: "below", 3: "below"}),
        ([40, 4, 4], {0: "withheld", 1: "below", 2: "below"}),  # 8 in two marks below 5 is 4 and 4
        ([40, 5, 1], {0: "withheld", 1: "withheld", 2: "below"}),  # 6 is 1 and at least 5
        ([5, 1], {0: "withheld", 1: "withheld"}),  # nothing more to withhold: neither is shown as below
        ([40, 0, 0], {}),
        ([3], {0: "below"}),
        ([1, 1, 1, 1, 1], dict.fromkeys(range(5), "withheld")),  # the only case that cannot be avoided
    ],
)
def test_the_next_smallest_is_withheld_too(counts, left_out):
    """If only one or too few are suppressed, or if their sum allows only one solution."""
    assert hidden(counts, [range(len(counts))], SMALLEST) == left_out


def test_a_mark_that_another_visual_shows_is_not_the_one_withheld():
    """The other visual would reveal it."""
    assert hidden([40, 12, 3], [range(3)], SMALLEST, shown=[1]) == {0: "withheld", 2: "below"}


# --- rows and columns -------------------------------------------------------------------------------------------

TABLES = st.integers(2, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.one_of(st.integers(0, 7), st.integers(0, 40)), min_size=width, max_size=width),
        min_size=2,
        max_size=5,
    )
)


@given(TABLES, LIMITS)
@settings(max_examples=300)
def test_no_row_or_column_reveals_one_of_its_cells(table, smallest):
    """Together with its total, if that is not below itself."""
    width = len(table[0])
    counts = [count for line in table for count in line]
    lines = [[*range(start, start + width)] for start in range(0, len(counts), width)]
    columns = [[*range(start, len(counts), width)] for start in range(width)]

    signs = hidden(counts, [*lines, *columns], smallest)

    for group in (*lines, *columns):
        found = [counts[place] for place in group]
        inside = {at: signs[place] for at, place in enumerate(group) if place in signs}
        if sum(found) < smallest or sum(found) == sum(map(bool, found)):
            continue
        for place, (low, high) in solutions(found, inside, smallest).items():
            if found[place] < smallest:
                assert low < high, (table, inside)


# --- stages -----------------------------------------------------------------------------------------------------


@given(COUNTS.map(lambda counts: sorted(counts, reverse=True)), LIMITS)
def test_no_two_shown_stages_differ_by_a_small_count(counts, smallest):
    """Their difference, the customers who went no further, is a count too."""
    signs = stages(counts, smallest)
    shown = [count for place, count in enumerate(counts) if place not in signs]

    assert not any(0 < count < smallest for count in shown)
    assert not any(0 < one - other < smallest for one, other in pairwise(shown))


def test_a_share_of_a_suppressed_stage_is_suppressed():
    """The share of the previous stage would reveal it."""
    counts = counts_of(SHARE_OF_PREVIOUS_STAGE, ENGAGEMENT_SEGMENTS)
    rows = [{"n_customers": number} for number in (100, 98, 60)]
    data = {"keys": {"funnel_stage": [1, 2, 3]}, "values": {"share_of_previous_stage": [1.0, 0.98, 60 / 98]}}

    kept = without_small(data, {SHARE_OF_PREVIOUS_STAGE: counts}, Cells(rows, [range(3)], nested=True), SMALLEST)

    assert kept["values"] == {"share_of_previous_stage": [1.0, None, None]}
    assert kept["withheld"] == {"share_of_previous_stage": [1, 2]}


# --- the counts behind a number ---------------------------------------------------------------------------------


def counts_in(measure, fact=CUSTOMER_SEGMENTS):
    counts = counts_of(measure, fact)
    assert counts
    return counts


def card(measure, value, **counts):
    rows = [{name: counts.get(name, 0) for one in counts_in(measure) for name in names(one)}]
    data = {"values": {measure.name: value}}
    return without_small(data, {measure: counts_in(measure)}, Cells(rows), SMALLEST)


def names(count):
    return [part.name for part in count.parts]


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, {"values": {"total_customers": 0}}), (5, {"values": {"total_customers": 5}})],
)
def test_zero_stays_zero_and_enough_are_shown(number, shown):
    """Zero customers identify nobody."""
    assert card(TOTAL_CUSTOMERS, number, n_customers=number) == shown


def test_a_small_count_is_shown_as_below():
    """It has no number."""
    kept = card(TOTAL_CUSTOMERS, 3, n_customers=3)

    assert kept == {"values": {"total_customers": None}, "below": {"total_customers": [0]}}


def test_an_average_over_few_customers_is_withheld():
    """It would reveal the approximate value of each of them."""
    kept = card(AVERAGE_BALANCE, 10.5, n_balance_count=4)

    assert kept == {"values": {"average_balance": None}, "withheld": {"average_balance": [0]}}


def test_a_share_that_reveals_a_small_rest_is_withheld():
    """98 % of 100 reveals that 2 are not active."""
    active, inactive, unknown = names(counts_in(ACTIVE_SHARE)[0])
    few = card(ACTIVE_SHARE, 0.98, **{active: 98, inactive: 2, unknown: 0, "n_customers": 100})
    many = card(
        ACTIVE_SHARE, 0.9, **{active: 90, inactive: 10, "n_customers": 100, f"less__n_customers__{active}": 10}
    )

    assert few["values"] == {"active_share": None}
    assert many["values"] == {"active_share": 0.9}


def test_a_number_without_counted_customers_is_withheld():
    """For example, bonus points in a month without active customers: it is unknown whose they are."""
    assert card(AVERAGE_BALANCE, 10.5, n_balance_count=0)["values"] == {"average_balance": None}
