"""Recency, frequency and monetary value: scores and their segments."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from customer360.operations.distributions import distributions
from customer360.operations.ledger import EventRows, ledger_of
from customer360.operations.rfm import BEST, SCORES, ranks, score_edges, segments_at, values, with_rfm
from customer360.operations.rfm_segments import NO_RECENT_ORDER, SEGMENTS
from customer360.tables import RFM_SEGMENT_NAMES

from .literals import AS_OF, MakeCustomers, MakeEvents, found, result, rows

pytestmark = pytest.mark.spark

FEW = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
SCORED = "customer_id recency_score frequency_score monetary_score rfm_segment"
BUYERS = st.lists(
    st.tuples(
        st.integers(0, 9), st.integers(0, 4), st.integers(-200, 200).map(lambda cents: Decimal(cents) / 100)
    ),
    max_size=60,
)
"""Days since the last order, orders, amount; few distinct values, so that many are equal."""


def orders(*of_each: int) -> list[tuple[Any, ...]]:
    """Each customer's number of orders, on different days up to the as-of date."""
    return [
        (customer, str(AS_OF - timedelta(days=10 * number)), "purchase", 10 * customer)
        for customer, count in enumerate(of_each, start=1)
        for number in range(count)
    ]


def profiles(table: Any, happened: Any, columns: str = SCORED, **options: Any) -> list[tuple[Any, ...]]:
    return result("customer_profiles", columns, table, happened, **options)


def test_scores_rank_the_most_recent_the_most_frequent_and_the_largest_highest(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Five buyers who differ in everything have all five scores; the earliest has the lowest recency score."""
    table = customers("name", *[("",)] * 6)
    happened = events(
        "customer_id occurred_at kind amount",
        *[(1, f"2026-01-0{day}", "purchase", 1) for day in range(1, 6)],
        *[(2, f"2026-02-0{day}", "purchase", 2) for day in range(1, 5)],
        *[(3, f"2026-03-0{day}", "purchase", 5) for day in range(1, 4)],
        *[(4, f"2026-04-0{day}", "purchase", 20) for day in range(1, 3)],
        (5, "2026-05-01", "purchase", 100),
    )

    assert profiles(table, happened) == [
        (1, 1, 5, 1, "Cannot Lose"),
        (2, 2, 4, 2, "At Risk"),
        (3, 3, 3, 3, "Need Attention"),
        (4, 4, 2, 4, "Potential Loyalists"),
        (5, 5, 1, 5, "New"),
        (6, None, None, None, NO_RECENT_ORDER),
    ]


def test_equal_values_share_the_lowest_score_and_unused_scores_have_rows(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Four of six have one order: they are the lowest two thirds, so nobody has a frequency score of 2, 3 or 4."""
    table = customers("name", *[("",)] * 6)
    happened = events("customer_id occurred_at kind amount", *orders(1, 1, 1, 1, 2, 3))

    with found(table, happened) as made:
        assert rows(made.tables["customer_profiles"], "customer_id frequency_score") == [
            *[(customer, 1) for customer in (1, 2, 3, 4)],
            (5, 5),
            (6, 5),
        ]
        scores = rows(made.tables["rfm_scores"], "score_of score customers_with_score lowest highest")

    assert [row[1:] for row in scores if row[0] == "frequency"] == [
        (1, 4, 1, 1), (2, 0, None, None), (3, 0, None, None), (4, 0, None, None), (5, 2, 2, 3),
    ]  # fmt: skip
    assert [row[1:] for row in scores if row[0] == "recency"] == [
        (1, 6, 0, 0), *[(score, 0, None, None) for score in (2, 3, 4, 5)],
    ]  # fmt: skip
    assert [row[1:] for row in scores if row[0] == "monetary"] == [
        (1, 1, 10, 10), (2, 1, 20, 20), (3, 1, 30, 30), (4, 1, 40, 40), (5, 2, 100, 180),
    ]  # fmt: skip


def test_only_the_24_months_that_end_with_that_of_the_as_of_date_count(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Whole months: from 1 July 2024 as of 30 June 2026; an order on the day before counts only in `spent`."""
    table = customers("name", ("",), ("",))
    happened = events(
        "customer_id occurred_at kind amount",
        (1, "2024-06-30", "purchase", 100),
        (1, "2024-07-01", "purchase", 7),
        (1, "2026-06-30", "refund", -2),
        (2, "2024-06-30", "purchase", 100),
    )

    with found(table, happened) as made:
        assert rows(made.tables["customer_profiles"], "customer_id monetary_score orders spent rfm_segment") == [
            (1, 5, 2, Decimal(105), "Champions"),
            (2, None, 1, Decimal(100), NO_RECENT_ORDER),
        ]
        columns = "rfm_segment customers recent_buyers recent_orders recent_amount order_recency_days"
        assert rows(made.tables["value_segments"], columns) == [
            ("Champions", 1, 1, 1, Decimal(5), 729),
            (NO_RECENT_ORDER, 1, 0, 0, Decimal(0), 0),
        ]


def test_a_refund_without_a_recent_order_counts_in_no_segment(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """The amount of a segment is divided by its recent buyers, so it includes only theirs."""
    happened = events(
        "customer_id occurred_at kind amount", (1, "2024-06-30", "purchase", 9), (1, "2024-07-05", "refund", -9)
    )

    columns = "rfm_segment recent_buyers recent_amount"
    assert result("value_segments", columns, customers("name", ("",)), happened) == [
        (NO_RECENT_ORDER, 0, Decimal(0))
    ]


def test_a_past_as_of_date_scores_by_what_was_known_then(customers: MakeCustomers, events: MakeEvents) -> None:
    table = customers("name", ("",), ("",))
    happened = events(
        "customer_id occurred_at kind amount", (1, "2026-01-05", "purchase", 1), (2, "2026-03-05", "purchase", 1)
    )

    assert profiles(table, happened, as_of=date(2026, 2, 1)) == [
        (1, 5, 5, 5, "Champions"),
        (2, None, None, None, NO_RECENT_ORDER),
    ]


def test_the_segments_at_the_end_of_an_earlier_month_are_those_of_a_run_of_that_day(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """The model's holdout is shown by the segments at its start."""
    day = date(2026, 4, 30)
    table = customers("name", *[("",)] * 5)
    happened = events("customer_id occurred_at kind amount event_id", *[
        (customer, str(AS_OF - timedelta(days=13 * number)), "purchase", customer, 100 * customer + number)
        for customer in range(1, 6) for number in range(customer % 3, 3 + customer)
    ])  # fmt: skip

    expected = profiles(table, happened, as_of=day)

    with ledger_of(EventRows(happened), as_of=AS_OF) as ledger:
        assert rows(segments_at(ledger.months, table, day), SCORED) == [row for row in expected if row[1]]


@FEW
@given(buyers=BUYERS)
@example(buyers=[(3, 1, Decimal(5))] * 7)
@example(buyers=[(day, 1 + day % 4, Decimal(day)) for day in range(4)])
@example(buyers=[])
def test_every_score_is_a_fifth_of_the_lowest_rank_among_the_buyers(spark, buyers):
    """⌈5 × rank ÷ buyers⌉, where equal values share the lowest rank: the definition, one customer at a time."""
    given = [
        (number, AS_OF - timedelta(days=days), count, amount)
        for number, (days, count, amount) in enumerate(buyers)
    ]
    table = spark.createDataFrame(
        given, "customer_id int, last_purchase date, recent_orders bigint, recent_amount decimal(22,2)"
    )
    edges = score_edges(distributions(table.select(*values()), dict.fromkeys(SCORES, ranks)))

    recent = [row for row in given if row[2]]
    expected = [
        (row[0], *[_score([other[place] for other in recent], row[place]) for place in (1, 2, 3)]) if row[2]
        else (row[0], None, None, None)
        for row in given
    ]  # fmt: skip
    scored = with_rfm(table, edges, as_of=AS_OF)
    assert rows(scored, "customer_id recency_score frequency_score monetary_score") == expected
    assert {row[0] for row in rows(scored.where("recent_orders = 0"), "rfm_segment")} <= {NO_RECENT_ORDER}


def _score(values: list[Any], value: Any) -> int:
    lowest_rank = 1 + sum(other < value for other in values)
    return -(-BEST * lowest_rank // len(values))


def test_every_pair_of_scores_leads_to_exactly_one_segment() -> None:
    """Disjoint and complete; customers without scores are in the last segment."""
    led_to = [pair for one in SEGMENTS for pair in product(one.recency, one.frequency)]
    scores = range(1, BEST + 1)

    assert sorted(led_to) == [*product(scores, scores)]
    assert tuple(one.name for one in SEGMENTS) == RFM_SEGMENT_NAMES
    assert SEGMENTS[-1][1:3] == ((), ())


def test_the_segments_are_listed_in_order_and_described(customers: MakeCustomers, events: MakeEvents) -> None:
    """Including segments without customers."""
    happened = events("customer_id occurred_at kind amount", *orders(1))

    listed = result("rfm_segments", "segment_order rfm_segment meaning", customers("name", ("",)), happened)

    assert [row[:2] for row in listed] == [*enumerate(RFM_SEGMENT_NAMES, start=1)]
    assert all(row[2].startswith("The") and row[2].endswith(".") for row in listed)


def test_without_a_recent_order_there_are_scores_that_nobody_has(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """With events but no purchases, everybody is in the segment without a recent order."""
    happened = events("customer_id occurred_at kind", (1, "2026-06-01", "login"))

    with found(customers("name", ("",), ("",)), happened) as made:
        assert len(rows(made.tables["rfm_scores"], "score")) == len(SCORES) * BEST
        assert {row[0] for row in rows(made.tables["rfm_scores"], "customers_with_score")} == {0}
        assert {row[0] for row in rows(made.tables["value_segments"], "rfm_segment")} == {NO_RECENT_ORDER}
