"""Sums of points that might not fit in 64 bits are rejected before anything is summed."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from pyspark.sql import Row, SparkSession

from customer360.errors import Customer360Error
from customer360.operations import summable
from customer360.operations.summable import all_points, most_points, require_summable

from .literals import MakeCustomers, MakeEvents, found


def test_points_whose_sum_might_overflow_are_refused() -> None:
    """A sum beyond 64 bits is an error on one engine and a negative number on another."""
    groups = [Row(most_points=10**11, all_points=9.2e18), Row(most_points=None, all_points=None)]
    require_summable("loyalty_points", "customers", 92_000_001, groups)

    with pytest.raises(
        Customer360Error,
        match=r"^loyalty_points are up to 100,000,000,000, and their sum over 100,000,000 customers .* above 92,233,720,368$",
    ):
        require_summable(
            "loyalty_points", "customers", 100_000_000, [*groups, Row(most_points=5, all_points=1e17)]
        )


def test_a_single_large_value_among_many_rows_is_accepted() -> None:
    """What counts is the actual sum, not the largest value times the number of rows."""
    many = Row(most_points=10**11, all_points=10**11 + 100_000_000 * 50.0)

    require_summable("the points of events", "events", 100_000_000, [many])


@pytest.mark.spark
@pytest.mark.both
def test_points_of_either_sign_add_to_what_the_sum_might_come_to(spark: SparkSession) -> None:
    """A partial sum of one sign may exceed a total that fits; the check itself does not overflow."""
    rows = spark.createDataFrame([(2**62,), (-(2**62),), (None,)], "points bigint")
    one = rows.agg(most_points("points"), all_points("points")).collect()

    assert one == [Row(most_points=2**62, all_points=2.0**63)]
    with pytest.raises(Customer360Error, match="the points of events are up to 4,611,686,018,427,387,904, and "):
        require_summable("the points of events", "events", 3, one)
    none = rows.where("points IS NULL").agg(most_points("points"), all_points("points")).collect()
    require_summable("the points of events", "events", 1, none)


@pytest.mark.spark
@pytest.mark.both
@pytest.mark.parametrize(
    ("held", "earned", "refused"),
    [(60, 60, None), (101, 1, "loyalty_points are up to 101"), (1, -101, "the points of events are up to 101")],
)
def test_points_of_customers_and_of_events_are_both_checked(
    monkeypatch: pytest.MonkeyPatch,
    customers: MakeCustomers,
    events: MakeEvents,
    held: int,
    earned: int,
    refused: str | None,
) -> None:
    monkeypatch.setattr(summable, "_LIMIT", 101)  # instead of 92 million rows
    sources = (
        customers("loyalty_points", (held,)),
        events("customer_id occurred_at kind points", (1, "2026-06-01", "adjust", earned)),
    )

    with pytest.raises(Customer360Error, match=f"^{refused}") if refused else nullcontext(), found(*sources):
        pass
