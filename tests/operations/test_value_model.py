"""Customer value through PySpark: CDNOW's published model, and every score compared with one without PySpark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from customer360.operations.bg_nbd import BgNbd
from customer360.operations.gamma_gamma import GammaGamma
from customer360.operations.run import EventRows, ResultTables, results
from customer360.operations.value_model import calibration_end
from tests.reference.ledgers import CDNOW_AS_OF, cdnow, cdnow_sample

from .cdnow_histories import CALIBRATION_END, Histories, histories
from .literals import MakeCustomers, MakeEvents, result, rows

pytestmark = [pytest.mark.spark, pytest.mark.slow]


@contextmanager
def valued(
    spark: SparkSession, lines: pa.Table, *, people: pa.Table | None = None, parts: int = 2
) -> Iterator[ResultTables]:
    """The results of CDNOW's *lines* for the customers in *people*, by default those in *lines*; an order is a day."""
    with duckdb.connect() as duck:
        duck.register("lines", lines)
        duck.register("people", people or lines)
        orders = duck.sql("""
            SELECT row_number() OVER (ORDER BY customer_id, bought_at) AS event_id, customer_id,
                bought_at AS occurred_at, 'purchase' AS kind, sum(amount)::DECIMAL(12, 2) AS amount
            FROM lines GROUP BY customer_id, bought_at
        """).to_arrow_table()
        customers = duck.sql(
            "SELECT customer_id, min(bought_at)::DATE AS join_date FROM people GROUP BY customer_id"
        ).to_arrow_table()
    events = EventRows(spark.createDataFrame(orders).repartition(parts), keys_are_unique=True)
    everybody = spark.createDataFrame(customers).repartition(parts)
    with results(everybody, as_of=CDNOW_AS_OF, keys_are_unique=True, events=events) as found:
        yield found


def fits_of(found: ResultTables) -> dict[str, dict[str, Any]]:
    return {row["fit"]: row.asDict() for row in found.tables["value_model"].collect()}


def sums(table: DataFrame, *columns: str) -> list[float]:
    told = table.toArrow()
    return [float(sum(value for value in told[name].to_pylist() if value is not None)) for name in columns]


def test_the_published_model_of_cdnow_comes_out_of_the_results(spark) -> None:
    """The sample's days are divided at the same month end as in the publication."""
    with valued(spark, cdnow_sample()) as found:
        fits = fits_of(found)
        expected, actual, naive = sums(
            found.tables["value_holdout"], "holdout_expected", "holdout_actual", "holdout_naive"
        )
    model = fits["calibration"]
    parameters = [float(model[name]) for name in ("r", "alpha", "a", "b")]
    of_amounts = [float(model[name]) for name in ("p", "q", "v")]

    assert (model["until"], model["holdout_days"], model["is_exact"]) == (CALIBRATION_END, 273, True)
    assert (model["customers"], model["repeat_customers"], model["spending_customers"]) == (2_357, 946, 946)
    assert parameters == pytest.approx([0.2426, 4.4136, 0.7929, 2.4259], abs=5e-4)
    assert float(model["log_likelihood"]) == pytest.approx(-9582.43, abs=5e-3)
    assert of_amounts == pytest.approx([6.25, 3.74, 15.44], abs=5e-3)
    assert expected / actual == pytest.approx(0.879, abs=5e-4)
    assert naive / actual == pytest.approx(1.557, abs=5e-4)
    assert float(model["correlation"]) == pytest.approx(0.626, abs=5e-4)
    assert float(model["naive_correlation"]) == pytest.approx(0.584, abs=5e-4)
    assert fits["all"]["until"] == CDNOW_AS_OF
    assert fits["all"]["holdout_days"] is None


def test_every_customer_of_cdnow_is_scored_as_without_pyspark(spark) -> None:
    """All 23,570 of them, to the last digit; customers who bought on one day have no probability."""
    lines = cdnow()
    columns = ("expected_orders", "expected_amount", "alive_probability")
    with valued(spark, lines) as found:
        model = fits_of(found)["all"]
        profiles = (
            found.tables["customer_profiles"].select("customer_id", *columns).toArrow().sort_by("customer_id")
        )
    scored = scores(histories(lines, CDNOW_AS_OF), model)

    assert profiles.num_rows == 23_570
    for name, most in zip(columns, (5.1e-5, 6e-3, 5.1e-5), strict=True):
        ours = np.array([np.nan if value is None else float(value) for value in profiles[name].to_pylist()])
        np.testing.assert_allclose(ours, scored[name], rtol=0, atol=most)


def scores(told: Histories, model: dict[str, Any]) -> dict[str, Any]:
    r, alpha, a, b, p, q, v = (float(model[name]) for name in ("r", "alpha", "a", "b", "p", "q", "v"))
    orders = BgNbd(r, alpha, a, b, log_likelihood=0.0)
    expected = orders.expected_purchases(told.frequency, told.recency, told.age, 52.0)
    alive = orders.alive_probability(told.frequency, told.recency, told.age)
    return {
        "expected_orders": expected,
        "expected_amount": expected * GammaGamma(p, q, v).expected_amount(told.frequency, told.repeat_amount),
        "alive_probability": np.where(told.frequency > 0, alive, np.nan),
    }


def test_customers_of_each_segment_at_the_end_of_the_calibration_are_all_that_had_bought(spark) -> None:
    """Nobody is counted twice, and customers who came later have no holdout."""
    with valued(spark, cdnow()) as found:
        told = found.tables["value_holdout"].toArrow()

    assert sum(told["holdout_customers"].to_pylist()) == 23_570
    assert sum(told["holdout_actual"].to_pylist()) == 19_684
    assert len(set(told["rfm_segment"].to_pylist())) == told.num_rows > 5


@pytest.mark.parametrize(
    ("first", "as_of", "end"),
    [
        (date(1997, 1, 1), date(1998, 6, 30), date(1997, 9, 30)),
        (date(2026, 1, 1), date(2026, 12, 31), date(2026, 6, 30)),
        (date(2026, 1, 20), date(2026, 12, 31), date(2026, 6, 30)),
        (date(2026, 3, 1), date(2026, 12, 31), date(2026, 7, 31)),
        (date(2026, 5, 1), date(2026, 12, 31), date(2026, 8, 31)),
        (date(2026, 8, 1), date(2026, 12, 31), None),
        (None, date(2026, 12, 31), None),
    ],
)
def test_the_calibration_ends_at_the_month_end_nearest_to_the_middle(first, as_of, end) -> None:
    """Unless a half would be shorter than a quarter of a year."""
    assert calibration_end(first, as_of) == end


def test_there_is_no_model_with_few_repeat_buyers(customers: MakeCustomers, events: MakeEvents) -> None:
    """With 99 by the end of the calibration, the parameters would be luck."""
    happened = events(
        "customer_id occurred_at kind",
        *[
            (number, day, "purchase")
            for number in range(1, 100)
            for day in ("2025-01-01", "2025-03-05", "2026-01-07")
        ],
        *[(number, day, "purchase") for number in range(100, 500) for day in ("2025-12-01", "2026-03-05")],
    )
    people = customers("name", *[("",)] * 500)

    assert result("value_model", "fit", people, happened) == []
    assert result("value_holdout", "rfm_segment", people, happened) == []
    assert set(result("customer_profiles", "expected_orders alive_probability", people, happened)) == {
        (None, None)
    }


def test_there_is_no_model_of_missing_amounts(spark) -> None:
    """Orders still have expectations; amounts are unknown, which is not zero."""
    lines = cdnow_sample()
    unknown = lines.set_column(3, "amount", pa.nulls(lines.num_rows, lines["amount"].type))
    with valued(spark, unknown) as found:
        fits = fits_of(found)
        profiles = rows(found.tables["customer_profiles"], "expected_amount expected_orders")

    assert float(fits["calibration"]["r"]) == pytest.approx(0.2426, abs=5e-4)
    assert {fit["p"] for fit in fits.values()} == {None}
    assert {amount for amount, _ in profiles} == {None}
    assert None not in {orders for _, orders in profiles}


def test_what_is_expected_does_not_depend_on_partitions_nor_on_the_order_of_rows(spark) -> None:
    """Identical bytes: sums of doubles would differ in their last digits."""
    lines = cdnow_sample()
    shuffled = lines.take(np.random.default_rng(7).permutation(lines.num_rows))

    assert everything(spark, lines, parts=1) == everything(spark, shuffled, parts=5)


def everything(spark: SparkSession, lines: pa.Table, *, parts: int) -> dict[str, list[str]]:
    names = ("value_model", "value_holdout", "value_segments", "customer_profiles")
    with valued(spark, lines, parts=parts) as found:
        return {name: sorted(map(repr, found.tables[name].collect())) for name in names}


def test_unknown_customers_are_not_part_of_the_model(spark) -> None:
    """Their events are rejected here as everywhere."""
    with valued(spark, cdnow(), people=cdnow_sample()) as found:
        assert fits_of(found)["all"]["customers"] == 2_357
