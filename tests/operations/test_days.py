"""Days of a month as bits: every function compared with plain Python."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from customer360.operations import days

pytestmark = pytest.mark.spark

MONTH = date(2026, 1, 1)
CHANCE = random.Random(7)
MASKS = [0, *[1 << place for place in range(31)], days.ALL, *[CHANCE.getrandbits(31) for _ in range(200)]]


def days_of(mask: int) -> list[date | None]:
    return [MONTH + timedelta(days=place) for place in range(31) if mask >> place & 1]


def test_the_first_and_the_last_day_are_derived_from_the_bits(spark: SparkSession) -> None:
    """For each single day, all days, and random ones: in either half of a number with two sets of days."""
    table = spark.createDataFrame(
        [(mask, mask << days.MOST_DAYS | days.ALL) for mask in MASKS], "low long, high long"
    )
    month, low, high = F.lit(MONTH), days.lower(F.col("low")), days.upper(F.col("high"))
    told = [days.first(month, low), days.last(month, low), days.first(month, high), days.last(month, high)]

    found = table.select("low", *[column.alias(f"told_{place}") for place, column in enumerate(told)]).collect()

    expected = {mask: (days_of(mask) or [None])[:: max(len(days_of(mask)) - 1, 1)] for mask in MASKS}
    for mask, *ends in found:
        first, last = expected[mask][0], expected[mask][-1]
        assert ends == [first, last, first, last], bin(mask)


def test_days_within_a_span_are_counted_over_the_months_that_it_touches(spark: SparkSession) -> None:
    """From the middle of a month to that of a later one, inclusive."""
    since, until = date(2025, 12, 30), date(2026, 2, 2)
    rows = [
        (date(2025, 11, 1), days.ALL),
        (date(2025, 12, 1), days.ALL),
        (MONTH, days.ALL),
        (date(2026, 2, 1), 0b110),
    ]
    table = spark.createDataFrame(rows, "month date, bits long").coalesce(1)

    counted = days.count_within(F.col("month"), F.col("bits"), since, until)

    assert [row[0] for row in table.select(counted).collect()] == [0, 2, 31, 1]
