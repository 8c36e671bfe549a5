"""How concentrated spending is: the tenths of all customers, those who spent most first."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from pyspark.sql import DataFrame, SparkSession

from customer360 import tables
from customer360.operations.conform import table_of
from customer360.operations.distributions import Distribution

TENTHS: Final = 10


def ranks(customers: int) -> tuple[int, ...]:
    """How many of the *customers* spent less than those of the first tenth, of the first two, ...; without 0."""
    return tuple(filter(None, (customers - end for end in _ends(customers))))


def _ends(customers: int) -> list[int]:
    """How many customers the first tenth holds, the first two, ...: a tenth of them each, rounded up in all."""
    return [-(-customers * tenth // TENTHS) for tenth in range(1, TENTHS + 1)]


def spending_tenths(spark: SparkSession, spent: Distribution) -> DataFrame:
    """One row per tenth of all customers, of what they *spent*, found at its `ranks`; none without customers."""
    return table_of(spark, tables.SPENDING_TENTHS, tenths(spent))


def tenths(spent: Distribution) -> list[tuple[int, int, Decimal]]:
    """
    Each tenth with its customers and what they spent.

    Which of several customers who spent the same is in which tenth does not matter for the sums. Below ten
    customers some tenths are empty.
    """
    if not spent.count:
        return []
    ends = [0, *_ends(spent.count)]
    lowest = [spent.total, *[spent.sum_of_lowest(spent.count - end) for end in ends[1:]]]
    return [
        (tenth, ends[tenth] - ends[tenth - 1], lowest[tenth - 1] - lowest[tenth]) for tenth in range(1, TENTHS + 1)
    ]
