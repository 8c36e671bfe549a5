"""RFM of the customers of CDNOW at the end of September 1997, compared with their later purchases."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.reference.ledgers import CDNOW_AS_OF, cdnow
from tests.reference.recomputed import recomputed_from_lines
from tests.reference.test_random_ledgers import found_by_operations

pytestmark = [pytest.mark.spark, pytest.mark.slow]

CALIBRATION_END = date(1997, 9, 30)


@pytest.fixture(scope="module")
def profiles(spark: SparkSession) -> pa.Table:
    """Every customer at the end of the calibration, with the `revenue` of the next nine months."""
    with recomputed_from_lines(cdnow(), CDNOW_AS_OF) as duck:
        customers, events = (duck.sql(f"FROM {name}").to_arrow_table() for name in ("customers", "events"))
        with found_by_operations(spark, customers, events, CALIBRATION_END) as found:
            duck.register("profiles", found.tables["customer_profiles"].toArrow())
        return duck.sql(f"""
            SELECT profiles.*, coalesce(revenue, 0) AS revenue FROM profiles LEFT JOIN (
                SELECT customer_id, sum(amount) AS revenue FROM lines
                WHERE bought_at::DATE > DATE '{CALIBRATION_END}' GROUP BY customer_id
            ) USING (customer_id)
        """).to_arrow_table()


def test_the_best_fifth_by_the_sum_of_the_scores_brings_two_thirds_of_what_is_bought_later(
    profiles: pa.Table,
) -> None:
    """Recency + frequency + monetary value, with ties broken by the last: the scores predict who will buy."""
    people = profiles.select(
        ["recency_score", "frequency_score", "monetary_score", "revenue", "customer_id", "spent"]
    ).to_pylist()
    people.sort(
        key=lambda one: (
            one["recency_score"] + one["frequency_score"] + one["monetary_score"],
            one["monetary_score"],
            one["spent"],
        ),
        reverse=True,
    )
    best = people[: len(people) // 5]

    share = sum(one["revenue"] for one in best) / sum(one["revenue"] for one in people)

    assert len(people) == 23_570
    assert share >= Decimal("0.65")


def test_every_customer_who_has_bought_is_in_one_segment_and_has_every_score(profiles: pa.Table) -> None:
    """All of them bought within the 24 months, so all have scores."""
    assert profiles["recency_score"].null_count == profiles["monetary_score"].null_count == 0
    assert "No Recent Order" not in set(profiles["rfm_segment"].to_pylist())


def test_one_time_buyers_share_the_lowest_score_of_frequency(profiles: pa.Table) -> None:
    """More than half have ordered once, so nobody has a score of 2 or 3."""
    scores = {one["frequency_score"] for one in profiles.select(["frequency_score"]).to_pylist()}
    once = {one["frequency_score"] for one in profiles.to_pylist() if one["orders"] == 1}

    assert once == {1}
    assert 2 not in scores
