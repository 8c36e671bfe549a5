"""The BG/NBD model, against published results, integrals without simplification, and a simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta, gamma

from customer360.operations.bg_nbd import BgNbd, BuyingCells, Likelihood, fit_bg_nbd

from .cdnow_histories import HOLDOUT_WEEKS, Histories, histories_of_sample

HISTORIES = [(0, 0.0, 20.0), (3, 0.1, 0.3), (1, 0.5, 30.0), (2, 30.43, 38.86), (7, 20.0, 25.0), (25, 38.0, 38.5)]
PARAMETERS = [(0.243, 4.414, 0.793, 2.426), (1.5, 6.0, 1.0, 3.0), (0.6, 9.0, 2.5, 0.7)]


@pytest.fixture(scope="module")
def cdnow() -> Histories:
    return histories_of_sample()


def model(r: float, alpha: float, a: float, b: float) -> BgNbd:
    return BgNbd(r, alpha, a, b, log_likelihood=0.0)


def one(history: tuple[float, float, float]) -> list[Any]:
    """Frequency, recency and age of one customer."""
    return [np.array([float(value)]) for value in history]


def test_the_published_parameters_are_found(cdnow: Histories) -> None:
    """Fader, Hardie and Lee (2005), table 2: .243, 4.414, .793, 2.426, -9582.4; here to four digits."""
    found = fit_bg_nbd(cdnow.one_by_one)

    assert found is not None
    assert len(cdnow.age) == 2_357
    assert [found.r, found.alpha, found.a, found.b] == pytest.approx([0.2426, 4.4136, 0.7929, 2.4259], abs=5e-4)
    assert found.log_likelihood == pytest.approx(-9582.43, abs=5e-3)


def test_the_holdout_is_as_published(cdnow: Histories) -> None:
    """The level is 12% too low; continuing each customer's own rate is 56% too high."""
    found = fit_bg_nbd(cdnow.one_by_one)
    assert found is not None
    expected = found.expected_purchases(cdnow.frequency, cdnow.recency, cdnow.age, HOLDOUT_WEEKS)
    naive = cdnow.frequency / cdnow.age * HOLDOUT_WEEKS

    assert expected.sum() / cdnow.later.sum() == pytest.approx(0.879, abs=5e-4)
    assert np.corrcoef(expected, cdnow.later)[0, 1] == pytest.approx(0.626, abs=5e-4)
    assert naive.sum() / cdnow.later.sum() == pytest.approx(1.557, abs=5e-4)
    assert np.corrcoef(naive, cdnow.later)[0, 1] == pytest.approx(0.584, abs=5e-4)


def test_customers_counted_by_cell_lead_to_the_same_parameters(cdnow: Histories) -> None:
    """Grouping changes only the order of summation."""
    histories = np.stack([cdnow.frequency, cdnow.recency, cdnow.age])
    cells, customers = np.unique(histories, axis=1, return_counts=True)
    grouped = fit_bg_nbd(BuyingCells(customers.astype(float), *cells))
    alone = fit_bg_nbd(cdnow.one_by_one)

    assert grouped is not None
    assert alone is not None
    assert len(customers) == 1_016
    assert [grouped.r, grouped.alpha, grouped.a, grouped.b] == pytest.approx(
        [alone.r, alone.alpha, alone.a, alone.b], rel=1e-6
    )


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("history", HISTORIES)
def test_the_likelihood_is_the_integral_over_rates_and_probabilities(history, parameters) -> None:
    """With known rate and probability, a customer is either still alive or left right after the last purchase."""
    x, last, age = history
    r, alpha, a, b = parameters
    rates, leaving = gamma(r, scale=1 / alpha), beta(a, b)

    def mean_rate(until: float) -> float:
        return quad(lambda rate: rate**x * np.exp(-rate * until) * rates.pdf(rate), 0, np.inf, limit=200)[0]

    def mean_leaving(of) -> float:
        return sum(quad(lambda p: of(p) * leaving.pdf(p), *part, limit=200)[0] for part in [(0, 0.5), (0.5, 1)])

    integral = mean_leaving(lambda p: (1 - p) ** x) * mean_rate(age)
    if x:
        integral += mean_leaving(lambda p: p * (1 - p) ** (x - 1)) * mean_rate(last)
    value, _ = Likelihood(BuyingCells(np.ones(1), *one(history)))(np.array(parameters))

    assert value == pytest.approx(np.log(integral), rel=1e-5)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("history", HISTORIES)
def test_expected_purchases_are_the_integral_over_what_is_known_of_the_customer(history, parameters) -> None:
    """
    With a rate and a probability p, a customer who is alive buys (1 - exp(-rate p t)) / p times in t weeks; the rate
    of such a customer has a gamma distribution, whose Laplace transform is known.
    """
    x, _, age = history
    r, alpha, a, b = parameters
    leaving = beta(a, b + x)

    def purchases(p: float) -> float:
        return (1 - ((alpha + age) / (alpha + age + 52.0 * p)) ** (r + x)) / p * leaving.pdf(p)

    integral = sum(
        quad(purchases, *part, epsrel=1e-9, limit=300)[0] for part in [(0, 0.01), (0.01, 0.5), (0.5, 1)]
    )

    frequency, _, elapsed = one(history)
    assert model(*parameters).purchases_if_alive(frequency, elapsed, 52.0)[0] == pytest.approx(integral, rel=1e-5)


def test_a_simulated_process_is_recovered_and_foretold() -> None:
    """40,000 customers who buy and leave according to the model: parameters, expected purchases, who is alive."""
    truth = (0.8, 7.0, 0.9, 2.5)
    cells, later, is_alive = simulated(40_000, *truth, weeks=39.0)
    found = fit_bg_nbd(cells)
    assert found is not None
    history = (cells.frequency, cells.recency, cells.age)

    assert [found.r, found.alpha, found.a, found.b] == pytest.approx(truth, rel=0.15)
    assert found.expected_purchases(*history, 39.0).sum() == pytest.approx(later.sum(), rel=0.03)
    assert found.alive_probability(*history).sum() == pytest.approx(is_alive.sum(), rel=0.03)
    for few, many in [(0, 0), (1, 1), (2, 4), (5, 1_000)]:
        some = (cells.frequency >= few) & (cells.frequency <= many)
        assert found.expected_purchases(*history, 39.0)[some].mean() == pytest.approx(later[some].mean(), rel=0.1)


def simulated(customers: int, r: float, alpha: float, a: float, b: float, *, weeks: float):
    """Cells of one customer each, their purchases in the next *weeks*, and who is alive at the cell's age."""
    draw = np.random.default_rng(7)
    rate, leaves = draw.gamma(r, 1 / alpha, customers), draw.beta(a, b, customers)
    age = draw.uniform(20.0, 60.0, customers)
    frequency, recency, later = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    now, stays, left_at = np.zeros(customers), np.ones(customers, dtype=bool), np.full(customers, np.inf)
    while stays.any():
        now = np.where(stays, now + draw.exponential(1 / np.maximum(rate, 1e-12)), np.inf)
        early, late = now <= age, (now > age) & (now <= age + weeks)
        frequency, recency, later = frequency + early, np.where(early, now, recency), later + late
        goes = (early | late) & (draw.random(customers) < leaves)
        left_at, stays = np.where(goes, now, left_at), (early | late) & ~goes
    return BuyingCells(np.ones(customers), frequency, recency, age), later, left_at > age


positive = st.floats(0.2, 20.0)


@given(st.tuples(positive, positive, positive, positive))
def test_the_derivative_is_that_of_the_likelihood(parameters: tuple[float, ...]) -> None:
    """A wrong derivative would only make the search slow, or end early."""
    cells = BuyingCells(
        np.arange(1.0, 7.0), *(np.array(column, dtype=float) for column in zip(*HISTORIES, strict=True))
    )
    here = np.array(parameters)
    likelihood = Likelihood(cells)
    _, slope = likelihood(here)
    steps = np.diag(1e-5 * here)
    measured = [(likelihood(here + step)[0] - likelihood(here - step)[0]) / (2 * step.sum()) for step in steps]

    assert slope == pytest.approx(measured, rel=1e-4, abs=1e-4)


@given(
    st.tuples(positive, positive, positive, positive), st.integers(0, 3_000), st.floats(0, 4_000), st.floats(0, 1)
)
def test_expectations_are_numbers_for_any_history(parameters, x: int, age: float, share: float) -> None:
    """The published formula overflows beyond a few hundred purchases."""
    frequency, recency, elapsed = one((x, age * share if x else 0.0, age))
    alive = model(*parameters).alive_probability(frequency, recency, elapsed)[0]
    expected = model(*parameters).expected_purchases(frequency, recency, elapsed, 52.0)[0]

    assert 0 <= alive <= 1
    assert -1e-6 <= expected < (52 * (parameters[0] + x) / (parameters[1] + age)) * (1 + 1e-6) + 1e-6


def test_who_bought_once_is_always_alive() -> None:
    """Customers leave only after a repeat purchase."""
    assert model(*PARAMETERS[0]).alive_probability(*one((0, 0.0, 500.0)))[0] == 1


def test_expected_purchases_do_not_jump_where_the_formula_divides_by_zero() -> None:
    frequency, recency, age = one((3, 10.0, 20.0))
    models = [model(0.5, 5.0, a, 2.0) for a in (1 - 1e-4, 1 - 1e-9, 1, 1 + 1e-4)]
    near = [each.expected_purchases(frequency, recency, age, 52.0)[0] for each in models]

    assert near == pytest.approx([near[0]] * 4, rel=1e-3)


@pytest.mark.parametrize(
    ("frequency", "recency"),
    [([0, 0, 0], [0, 0, 0]), ([5, 5, 5], [20, 20, 20])],
    ids=["nobody bought again", "all buy at the same rate"],
)
def test_there_is_no_model_where_a_parameter_runs_away(frequency, recency) -> None:
    """Its value would not be supported by the data."""
    cells = BuyingCells(np.full(3, 100.0), np.array(frequency, float), np.array(recency, float), np.full(3, 20.0))

    assert fit_bg_nbd(cells) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("a", [1e3, 1e4, 9e4])
def test_parameters_that_run_away_are_said_to_tell_nothing_without_a_warning(a: float) -> None:
    """The product of an underflow and an overflow is not a number."""
    cells = BuyingCells(*map(np.array, ([1.0, 1.0], [0.0, 200.0], [0.0, 50.0], [1.0, 60.0])))
    found = model(0.5, 100.0, a, 2 * a)

    assert found.is_finite(cells, 53.0) == bool(
        np.isfinite(found.purchases_if_alive(cells.frequency, cells.age, 53.0)).all()
    )
    assert found.is_finite(cells, 53.0) == (a < 1e4)


def test_there_is_no_model_without_customers() -> None:
    assert fit_bg_nbd(BuyingCells(*[np.zeros(0)] * 4)) is None
