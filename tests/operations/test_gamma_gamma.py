"""The Gamma-Gamma model, against the published result and integrals without simplification."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma

from customer360.operations.gamma_gamma import GammaGamma, Likelihood, SpendingCells, fit_gamma_gamma

from .cdnow_histories import histories_of_sample

CELLS = SpendingCells(np.array([1.0, 3.0, 2.0]), np.array([1.0, 2.0, 9.0]), np.array([35.0, 4.5, 120.0]))
positive = st.floats(0.2, 20.0)


@pytest.fixture(scope="module")
def cdnow() -> SpendingCells:
    return histories_of_sample().repeat_buyers


def test_the_published_parameters_are_found(cdnow: SpendingCells) -> None:
    """Fader and Hardie (2013): 6.25, 3.74, 15.44."""
    found = fit_gamma_gamma(cdnow)

    assert found is not None
    assert len(cdnow.mean) == 946
    assert [found.p, found.q, found.v] == pytest.approx([6.25, 3.74, 15.44], abs=5e-3)


def test_another_currency_changes_only_the_scale(cdnow: SpendingCells) -> None:
    """Amounts in rupiah give the same shape parameters as amounts in dollars."""
    found, other = fit_gamma_gamma(cdnow), fit_gamma_gamma(replace(cdnow, mean=cdnow.mean * 16_000))

    assert found is not None
    assert other is not None
    assert [other.p, other.q, other.v / 16_000] == pytest.approx([found.p, found.q, found.v], rel=1e-6)


@pytest.mark.parametrize(("x", "mean"), [(1, 35.0), (3, 12.0), (12, 80.0)])
def test_the_likelihood_is_the_integral_over_the_scales_of_customers(x: int, mean: float) -> None:
    """With a known scale, the mean of x amounts also has a gamma distribution."""
    p, q, v = 6.25, 3.74, 15.44
    scales = gamma(q, scale=1 / v)
    integral, _ = quad(
        lambda scale: gamma(p * x, scale=1 / (scale * x)).pdf(mean) * scales.pdf(scale), 0, 5, limit=200
    )
    cell = SpendingCells(np.ones(1), np.array([float(x)]), np.array([mean]))
    value, _ = Likelihood(cell)(np.array([p, q, v]))

    assert value == pytest.approx(np.log(integral), rel=1e-6)


@pytest.mark.parametrize(("x", "mean"), [(0, 0.0), (1, 35.0), (12, 80.0)])
def test_the_expected_amount_is_the_integral_over_what_is_known_of_the_customer(x: int, mean: float) -> None:
    """With a scale s, a purchase is worth p / s on average."""
    p, q, v = 6.25, 3.74, 15.44
    scales = gamma(q + p * x, scale=1 / (v + mean * x))
    integral, _ = quad(lambda scale: p / scale * scales.pdf(scale), 0, 5, limit=200)

    assert GammaGamma(p, q, v).expected_amount(np.array([x]), np.array([mean * x]))[0] == pytest.approx(
        integral, rel=1e-6
    )


@given(st.tuples(positive, positive, positive))
def test_the_derivative_is_that_of_the_likelihood(parameters: tuple[float, ...]) -> None:
    here = np.array(parameters)
    likelihood = Likelihood(CELLS)
    _, slope = likelihood(here)
    measured = [
        (likelihood(here + step)[0] - likelihood(here - step)[0]) / (2 * step.sum())
        for step in np.diag(1e-5 * here)
    ]

    assert slope == pytest.approx(measured, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("mean", [np.full(500, 20.0), 1.0 / np.linspace(1e-6, 1.0, 500) ** 3])
def test_there_is_no_model_if_amounts_do_not_determine_one(mean) -> None:
    """Amounts all equal, so that a shape diverges; or so unequal that their mean is not finite."""
    assert fit_gamma_gamma(SpendingCells(np.ones(500), np.full(500, 2.0), mean)) is None


def test_there_is_no_model_without_customers() -> None:
    assert fit_gamma_gamma(SpendingCells(*[np.zeros(0)] * 3)) is None
