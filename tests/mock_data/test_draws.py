"""Random numbers are the same everywhere, and follow their distribution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.mock_data.draws import (
    Choice,
    Draws,
    Quantiles,
    below,
    exponential,
    lifetimes,
    lognormal,
    percentiles,
    positions,
    share,
)

DRAWS = Draws(seed=7, block=0, rows=200_000)
LOWEST_AND_HIGHEST = np.array([0, 2**32 - 1], dtype=np.uint32)


def test_the_numbers_never_change() -> None:
    """A release with other numbers changes everyone's mock data, which must be announced, not accidental."""
    assert Draws(seed=7, block=3, rows=3)("city").tolist() == [427774215, 819094583, 625020540]


@given(st.integers(0, 1_000), st.integers(1, 1_000))
def test_fewer_rows_get_a_prefix_of_the_numbers(fewer: int, more: int) -> None:
    """So a smaller plan is a prefix of a larger one."""
    whole = Draws(seed=7, block=0, rows=fewer + more)("city")

    assert np.array_equal(Draws(seed=7, block=0, rows=fewer)("city"), whole[:fewer])


@pytest.mark.parametrize(
    ("draws", "attribute"),
    [(Draws(8, 0, 1_000), "city"), (Draws(7, 1, 1_000), "city"), (Draws(7, 0, 1_000), "country")],
)
def test_seed_block_and_attribute_each_have_their_own_numbers(draws: Draws, attribute: str) -> None:
    """Two columns from the same numbers would be correlated."""
    first, second = share(Draws(7, 0, 1_000)("city")), share(draws(attribute))

    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


def test_a_probability_of_zero_never_happens_and_one_always_does() -> None:
    """The ends are exact, regardless of rounding."""
    assert not below(LOWEST_AND_HIGHEST, 0).any()
    assert below(LOWEST_AND_HIGHEST, 1).all()


def test_shares_lie_from_zero_to_below_one() -> None:
    """A share of exactly one would be an index past the end."""
    assert share(LOWEST_AND_HIGHEST).tolist() == [0, 1 - 2**-32]


@pytest.mark.parametrize(
    ("distribution", "measure", "expected"),
    [
        (lognormal(0.8), np.median, 1),
        (lognormal(0.8), lambda values: np.log(values).std(), 0.8),
        (exponential(30), np.mean, 30),
        (exponential(30), np.std, 30),
        (percentiles([(0, 10), (0.5, 20), (1, 100)]), np.median, 20),
        (percentiles([(0, 10), (0.5, 20), (1, 100)]), np.mean, 0.5 * 15 + 0.5 * 60),
        (positions([1, 3]), lambda values: (values >= 1).mean(), 0.75),
    ],
)
def test_a_distribution_is_drawn_as_described(
    distribution: Quantiles, measure: Callable[[object], float], expected: float
) -> None:
    """The story's figures mean what they say."""
    assert measure(distribution(DRAWS("value"))) == pytest.approx(expected, rel=0.02)


def test_lifetimes_follow_the_rate_of_leaving_of_each_stretch() -> None:
    """Of the customers who reach a stretch, the rate that leaves per unit of time is the given one."""
    times = lifetimes([(0, 0.10), (6, 0.02)])(DRAWS("value"))

    early = (times < 6).sum() / np.minimum(times, 6).sum()
    late = (times >= 6).sum() / np.maximum(times - 6, 0).sum()
    assert early == pytest.approx(0.10, rel=0.02)
    assert late == pytest.approx(0.02, rel=0.02)


def test_an_effect_of_value_can_be_reversed() -> None:
    """The higher a customer's value, the shorter the gap between logins."""
    assert np.all(np.diff(lognormal(-0.5)(np.sort(DRAWS("value")))) <= 0)


def test_a_bounded_distribution_stays_within_its_bounds() -> None:
    """Nobody joins before the first day or after the as-of date."""
    values = positions([1, 1, 1])(LOWEST_AND_HIGHEST)

    assert values.min() >= 0
    assert values.max() < 3


def test_a_choice_is_made_by_weight_within_its_group() -> None:
    """A city must be in the customer's country."""
    choice = Choice([1, 3], [1, 1, 2])
    group = (np.arange(DRAWS.rows) % 2).astype(np.int16)

    chosen = choice(DRAWS("city"), group)

    shares = [np.bincount(chosen[group == number], minlength=5) / (DRAWS.rows / 2) for number in (0, 1)]
    assert shares[0] == pytest.approx([0.25, 0.75, 0, 0, 0], abs=0.01)
    assert shares[1] == pytest.approx([0, 0, 0.25, 0.25, 0.5], abs=0.01)


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=20))
def test_every_choice_is_one_of_the_options(weights: list[float]) -> None:
    """Regardless of the sum of the weights after rounding."""
    chosen = Choice(weights)(LOWEST_AND_HIGHEST)

    assert chosen.tolist() == [0, len(weights) - 1]
