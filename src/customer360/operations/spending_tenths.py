"""How concentrated spending is: the tenths of all customers, highest spenders first."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from pyspark.sql import DataFrame, SparkSession

from customer360 import tables
from customer360.operations.conform import table_of
from customer360.operations.distributions import Distribution

TENTHS: Final = 10


def ranks(customers: int) -> tuple[int, ...]:
    """How many *customers* spent less than those in the first tenth, in the first two, and so on; without 0."""
    return tuple(filter(None, (customers - end for end in _ends(customers))))


def _ends(customers: int) -> list[int]:
    """How many customers are in the first tenth, in the first two, and so on, rounded up cumulatively."""
    return [-(-customers * tenth // TENTHS) for tenth in range(1, TENTHS + 1)]


def spending_tenths(spark: SparkSession, spent: Distribution) -> DataFrame:
    """One row per tenth of all customers by what they *spent*, found at its `ranks`; none without customers."""
    return table_of(spark, tables.SPENDING_TENTHS, tenths(spent))


def tenths(spent: Distribution) -> list[tuple[int, int, Decimal]]:
    """
    Each tenth with its number, its customers and what they spent.

    Sums do not depend on how customers who spent the same amount are split between tenths. With fewer than ten
    customers, some tenths are empty.
    """
    if not spent.count:
        return []
    ends = [0, *_ends(spent.count)]
    lowest = [spent.total, *[spent.sum_of_lowest(spent.count - end) for end in ends[1:]]]
    return [
        (tenth, ends[tenth] - ends[tenth - 1], lowest[tenth - 1] - lowest[tenth]) for tenth in range(1, TENTHS + 1)
    ]
