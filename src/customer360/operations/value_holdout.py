"""What the customer value model would have expected in a holdout, next to what happened."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations_with_replacement
from typing import Any, Final

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from customer360.operations.value_scores import UNITS
from customer360.tables import RFM_SEGMENT_NAMES

_EXPECTED, _NAIVE, _ACTUAL, _CENTS = "expected_units", "naive_units", "later_orders", "later_cents"
_COMPARED: Final = (_EXPECTED, _NAIVE, _ACTUAL)
_PRODUCTS: Final = tuple(combinations_with_replacement(_COMPARED, 2))


@dataclass(frozen=True)
class Holdout:
    """The rows of value_holdout, and the correlations of expected and actual values over all customers."""

    days: int
    rows: list[tuple[Any, ...]]
    correlation: Decimal | None
    naive_correlation: Decimal | None


def holdout_of(scored: DataFrame, segments: DataFrame, days: int) -> Holdout:
    """
    The holdout of the *scored* `past_histories` over its *days*, by the rfm_segment in *segments*.

    The naive expectation continues each customer's own rate: frequency by age. Sums are of whole numbers, so that
    they do not depend on partitions.
    """
    in_segments = scored.join(segments.select("customer_id", "rfm_segment"), "customer_id", "left")
    segment = F.coalesce("rfm_segment", F.lit(RFM_SEGMENT_NAMES[-1])).alias("rfm_segment")
    sums = [F.sum(name).alias(name) for name in (*_COMPARED, _CENTS)]
    products = [_sum_of_products(one, other) for one, other in _PRODUCTS]
    found = (
        in_segments.withColumn(_NAIVE, _naive_units(days))
        .groupBy(segment)
        .agg(F.count("*").alias("customers"), *sums, *products)
        .collect()
    )
    in_order = sorted(found, key=lambda row: RFM_SEGMENT_NAMES.index(row["rfm_segment"]))
    rows = [_row(row) for row in in_order]
    return Holdout(days, rows, _correlation(found, _EXPECTED), _correlation(found, _NAIVE))


def _naive_units(days: int) -> Column:
    """Rounded half up. Customers who first bought on the last day of the calibration have no rate yet."""
    rate = F.expr(f"(frequency * {2 * days * UNITS} + age) div (2 * age)")
    return F.when(F.col("age") > 0, rate).otherwise(0)


def _sum_of_products(one: str, other: str) -> Column:
    return F.sum((F.col(one) * F.col(other)).cast("decimal(20,0)")).alias(f"{one}_by_{other}")


def _row(row: Row) -> tuple[Any, ...]:
    """A row of value_holdout, its values in the order of the columns."""
    return (
        row["rfm_segment"], row["customers"], Decimal(row[_EXPECTED]) / UNITS, row[_ACTUAL],
        Decimal(row[_NAIVE]) / UNITS, Decimal(row[_CENTS]) / 100,
    )  # fmt: skip


def _correlation(found: Iterable[Row], of: str) -> Decimal | None:
    """Pearson's correlation, from exact sums; None if one of the two does not vary."""
    rows = list(found)

    def total(name: str) -> int:
        return sum(int(row[name]) for row in rows)

    def covariance(one: str, other: str) -> int:
        return total("customers") * total(f"{one}_by_{other}") - total(one) * total(other)

    variances = covariance(of, of) * covariance(_ACTUAL, _ACTUAL)
    if variances <= 0:
        return None
    return Decimal(covariance(of, _ACTUAL) / math.sqrt(variances)).quantize(Decimal("1e-6"))
