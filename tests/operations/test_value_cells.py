"""Customers counted by purchase history: what grouping preserves, and how little it shifts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from customer360.operations.bg_nbd import BgNbd, fit_bg_nbd
from customer360.operations.gamma_gamma import GammaGamma, fit_gamma_gamma
from customer360.operations.value_cells import buying_cells, spending_cells
from customer360.operations.value_scores import UNITS, with_scores
from tests.reference.ledgers import CDNOW_AS_OF, cdnow

from .cdnow_histories import Histories, histories

pytestmark = [pytest.mark.spark, pytest.mark.both]

COLUMNS = ("customer_id", "frequency", "recency", "age", "repeat_cents")


@pytest.fixture(scope="module")
def told() -> Histories:
    """The histories of all customers of CDNOW."""
    return histories(cdnow(), CDNOW_AS_OF)


@pytest.fixture(scope="module")
def rows(spark: SparkSession, told: Histories) -> DataFrame:
    days = [told.frequency, 7 * told.recency, 7 * told.age, 100 * told.repeat_amount]
    values = [np.arange(len(told.age)), *(np.rint(each).astype(np.int64) for each in days)]
    return spark.createDataFrame(pa.table(dict(zip(COLUMNS, values, strict=True))))


def table(spark: SparkSession, *rows: tuple[int, ...]) -> DataFrame:
    return spark.createDataFrame(
        pa.table({name: list(column) for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True)})
    )


def parameters(model: BgNbd | None) -> list[float]:
    assert model is not None
    return [model.r, model.alpha, model.a, model.b]


def test_customers_of_the_same_days_share_a_cell(spark) -> None:
    """A cell of days is exact; a cell of weeks has the mean of its customers."""
    same = [(number, 2, 14, 21, 500) for number in range(3)]
    customers = table(spark, *same, (3, 2, 20, 27, 500), (4, 0, 0, 27, 0))
    exact, weekly = buying_cells(customers), buying_cells(customers, most=2)

    assert (exact.days, weekly.days, exact.customers, weekly.repeat_customers) == (1, 7, 5, 4)
    assert [list(column) for column in as_columns(exact)] == [
        [1, 3, 1],
        [0, 2, 2],
        [0, 2, 20 / 7],
        [27 / 7, 3, 27 / 7],
    ]
    assert [list(column) for column in as_columns(weekly)] == [[1, 4], [0, 2], [0, 62 / 28], [27 / 7, 90 / 28]]


def as_columns(found: Any) -> list[Any]:
    return [found.cells.customers, found.cells.frequency, found.cells.recency, found.cells.age]


def test_cells_widen_until_they_are_few(rows: DataFrame) -> None:
    """In the end they differ only in frequency."""
    found = {most: buying_cells(rows, most=most) for most in (10**6, 8_000, 500, 60)}

    assert [each.days for each in found.values()] == sorted(each.days for each in found.values())
    assert all(len(each.cells.customers) <= most for most, each in found.items())
    assert {each.customers for each in found.values()} == {23_570}


def test_cells_of_weeks_shift_no_parameter_by_more_than_a_third_of_a_percent(
    rows: DataFrame, told: Histories
) -> None:
    """Cells of days shift none."""
    alone = parameters(fit_bg_nbd(told.one_by_one))
    exact, weekly = buying_cells(rows), buying_cells(rows, most=8_000)

    assert (exact.days, weekly.days) == (1, 7)
    assert parameters(fit_bg_nbd(exact.cells)) == pytest.approx(alone, rel=1e-6)
    assert parameters(fit_bg_nbd(weekly.cells)) == pytest.approx(alone, rel=3e-3)


def test_bins_of_amounts_shift_no_parameter_by_more_than_a_hundredth_of_a_percent(
    rows: DataFrame, told: Histories
) -> None:
    """They are log-spaced and have the mean of their customers."""
    binned, alone = fit_gamma_gamma(spending_cells(rows)), fit_gamma_gamma(told.repeat_buyers)

    assert binned is not None
    assert alone is not None
    assert [binned.p, binned.q, binned.v] == pytest.approx([alone.p, alone.q, alone.v], rel=1e-4)


def test_a_bin_is_less_than_a_percent_wide_and_excludes_zero_spending(spark) -> None:
    """Bins are computed with integers: cents at a power of two are in the upper bin on every engine."""
    cents = [0, 1, 2**15 - 1, 2**15, 10_000, 10_100, 10_201]
    found = spending_cells(table(spark, *[(number, 1, 7, 7, amount) for number, amount in enumerate(cents)]))

    assert sorted(found.mean) == [0.01, 100.0, 101.0, 102.01, 327.67, 327.68]
    assert found.customers.sum() == 6


def test_everybody_has_a_score_even_with_too_many_pairs(rows: DataFrame, told: Histories) -> None:
    """Their ages are in weeks then: expectations are slightly off, probabilities are exact."""
    model, amounts = BgNbd(0.25, 4.8, 0.7, 2.2, 0.0), GammaGamma(6.0, 3.7, 15.0)
    scored = with_scores(rows, model, amounts, days=364, most=800).toArrow().sort_by("customer_id")
    expected = model.expected_purchases(told.frequency, told.recency, told.age, 52.0)
    alive = model.alive_probability(told.frequency, told.recency, told.age)
    bought_again = told.frequency > 0

    assert scored.num_rows == 23_570
    np.testing.assert_allclose(np.array(scored["expected_units"]) / UNITS, expected, rtol=0.02, atol=1e-4)
    ours = np.array(scored["alive_units"].to_pylist(), dtype=float) / UNITS
    np.testing.assert_allclose(ours[bought_again], alive[bought_again], atol=5.1e-5)
    assert np.isnan(ours[~bought_again]).all()
