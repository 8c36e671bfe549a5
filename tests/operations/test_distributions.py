"""Values at ranks, compared with sorting all values."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from customer360.operations.distributions import AtRank, Distribution, distributions

pytestmark = pytest.mark.spark

FEW = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
LARGEST = Decimal("9" * 20 + ".99")
AMOUNTS = st.decimals(-LARGEST, LARGEST, places=2)
CLOSE = st.integers(0, 300).map(lambda cents: Decimal(100_000 - cents) / 100)
TIED = st.sampled_from([Decimal(0), Decimal("0.01"), Decimal(-5), Decimal(5)])


def found(
    spark: SparkSession, values: Sequence[Any], ranks: Sequence[int], type_: str = "decimal(22,2)"
) -> Distribution:
    rows = spark.createDataFrame([(value,) for value in values], f"value {type_}")
    return distributions(rows, {"value": lambda _: ranks})["value"]


def at_rank(values: Sequence[Decimal], rank: int) -> AtRank:
    in_order = sorted(values)
    lower = bisect_left(in_order, in_order[rank - 1])
    return AtRank(in_order[rank - 1], lower, sum(in_order[:lower], Decimal(0)))


@FEW
@given(values=st.lists(AMOUNTS | CLOSE | TIED, min_size=1, max_size=120), chance=st.randoms(use_true_random=False))
@example(values=[Decimal(1)], chance=None)
@example(values=[LARGEST, LARGEST - Decimal("0.01"), -LARGEST], chance=None)
def test_the_value_at_a_rank_is_that_of_all_values_in_order(spark, values, chance):
    """Exact to the cent for debts, for amounts in the same bin, and for amounts that are the same double."""
    every = range(1, len(values) + 1)
    ranks = chance.sample(every, min(7, len(values))) if chance else every

    distribution = found(spark, values, ranks)

    assert dict(distribution.at) == {rank: at_rank(values, rank) for rank in ranks}
    assert (distribution.count, distribution.total) == (len(values), sum(values))
    for rank in ranks:
        assert distribution.sum_of_lowest(rank) == sum(sorted(values)[:rank])


def test_nulls_have_no_rank(spark: SparkSession) -> None:
    """Customers without a value are not among the lowest."""
    distribution = found(spark, [None, 3, None, 1], [1, 2], "bigint")

    assert distribution == Distribution(
        2, Decimal(4), {1: AtRank(Decimal(1), 0, Decimal(0)), 2: AtRank(Decimal(3), 1, Decimal(1))}
    )


@pytest.mark.parametrize("values", [[], [None, None]])
def test_without_values_there_are_no_ranks(spark: SparkSession, values: list[None]) -> None:
    distribution = found(spark, values, [])

    assert distribution == Distribution(0, Decimal(0), {})
    assert distribution.sum_of_lowest(0) == 0


def test_every_column_has_ranks_of_its_own_count(spark: SparkSession) -> None:
    """Two queries in total, regardless of the number of columns."""
    rows = spark.createDataFrame([(1, 10), (2, None), (3, 30)], "one int, other bigint")

    of_all = distributions(rows, {"one": lambda count: [count], "other": lambda count: [1, count]})

    assert {name: {rank: at.value for rank, at in one.at.items()} for name, one in of_all.items()} == {
        "one": {3: 3},
        "other": {1: 10, 2: 30},
    }
