"""
How often customers buy and when they stop: the BG/NBD model of Fader, Hardie and Lee (2005).

While alive, each customer buys at their own rate, drawn from a gamma distribution (r, alpha). After each purchase
the customer leaves with their own probability, drawn from a beta distribution (a, b). Time is in weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from customer360.operations.maximise import Floats, maximise

_STARTS: Final = ((0.5, 5.0, 0.8, 2.0), (1.0, 1.0, 1.0, 1.0), (0.1, 20.0, 0.3, 5.0), (3.0, 30.0, 0.1, 2.0))
_SINGULAR: Final = 1e-6
"""An `a` closer to 1 than this would divide zero by zero; the expectation is continuous there."""
_QUICK: Final = 0.9
"""Up to here SciPy sums the hypergeometric series; beyond, its transformation may overflow."""
_MOST_TERMS: Final = 50_000
_YEAR: Final = 53.0
"""In weeks. Expectations are for a year, or for as long as the model was fitted on."""


@dataclass(frozen=True)
class BuyingCells:
    """
    Customers with the same history, counted: *frequency* purchases after the first, the last of them *recency*
    weeks after the first, which was *age* weeks ago. One entry per cell in each array.
    """

    customers: Floats
    frequency: Floats
    recency: Floats
    age: Floats


@dataclass(frozen=True)
class BgNbd:
    """The model with its parameters and their log-likelihood."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def alive_probability(self, frequency: Floats, recency: Floats, age: Floats) -> Floats:
        """The probability that the customer has not left; 1 for a customer who bought once."""
        from scipy.special import expit

        x = np.asarray(frequency, dtype=np.float64)
        later = (self.r + x) * np.log((self.alpha + age) / (self.alpha + recency))
        odds = np.log(self.a / np.where(x > 0, self.b + x - 1.0, 1.0)) + later
        return np.where(x > 0, np.asarray(expit(-odds), dtype=np.float64), 1.0)

    @np.errstate(over="ignore", invalid="ignore")  # the result is not a number then; see `is_finite`
    def purchases_if_alive(self, frequency: Floats, age: Floats, weeks: float) -> Floats:
        """
        The purchases expected in the next *weeks* from a customer who is alive today.

        Uses Euler's transformation of the published formula, whose hypergeometric function overflows beyond a few
        hundred purchases.
        """
        a = 1.0 + _SINGULAR if abs(self.a - 1.0) < _SINGULAR else self.a
        x, elapsed = np.asarray(frequency, dtype=np.float64), self.alpha + age
        share = np.broadcast_to(weeks / (elapsed + weeks), np.broadcast_shapes(x.shape, np.shape(elapsed)))
        series = _hypergeometric(a + self.b - 1.0 - self.r, a - 1.0, a + self.b + x - 1.0, share)
        left = np.power(elapsed / (elapsed + weeks), a - 1.0) * series
        return np.asarray((a + self.b + x - 1.0) / (a - 1.0) * (1.0 - left), dtype=np.float64)

    def is_finite(self, cells: BuyingCells, weeks: float) -> bool:
        """Whether the expectation is finite for all *cells*; poorly determined parameters may overflow."""
        return bool(np.all(np.isfinite(self.purchases_if_alive(cells.frequency, cells.age, weeks))))

    def expected_purchases(self, frequency: Floats, recency: Floats, age: Floats, weeks: float) -> Floats:
        """The purchases expected in the next *weeks* from a customer with this history."""
        return self.alive_probability(frequency, recency, age) * self.purchases_if_alive(frequency, age, weeks)


def _hypergeometric(a: float, b: float, c: Floats, z: Floats) -> Floats:
    """Gauss's 2F1 for *z* from 0 to 1."""
    from scipy.special import hyp2f1

    found = np.array(hyp2f1(a, b, c, np.minimum(z, _QUICK)), dtype=np.float64)
    late = z > _QUICK
    found[late] = _added_up(a, b, c[late], z[late])
    return found


def _added_up(a: float, b: float, c: Floats, z: Floats) -> Floats:
    """Sums the series term by term until the remainder is negligible."""
    total, term = np.ones_like(z), np.ones_like(z)
    for n in range(_MOST_TERMS):
        term = term * ((a + n) * (b + n) / (c + n) / (n + 1.0) * z)
        total += term
        if not np.any(np.abs(term) > 1e-14 * np.abs(total) * (1.0 - z)):
            break
    return total


def fit_bg_nbd(cells: BuyingCells) -> BgNbd | None:
    """The maximum likelihood model; None when the data do not determine its parameters."""
    customers = float(cells.customers.sum())
    likelihood = Likelihood(cells)
    found = maximise(likelihood.per_customer, _STARTS) if customers else None
    if found is None:
        return None
    r, alpha, a, b = map(float, found)
    model = BgNbd(r, alpha, a, b, likelihood(found)[0])
    return model if model.is_finite(cells, float(cells.age.max()) + _YEAR) else None


class Likelihood:
    """
    The log-likelihood of (r, alpha, a, b) and its gradient, as a function.

    There are few distinct frequencies: terms that depend only on these are computed once for each.
    """

    def __init__(self, cells: BuyingCells) -> None:
        self._cells = cells
        self._counts, self._place = np.unique(cells.frequency, return_inverse=True)
        self._customers = np.bincount(self._place, weights=cells.customers, minlength=len(self._counts))

    def __call__(self, parameters: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = parameters
        cells, weight, purchases = self._cells, self._cells.customers, r + self._cells.frequency
        to_end, to_last = np.log(alpha + cells.age), np.log(alpha + cells.recency)
        odds = self._left_at_once(a, b)[self._place] + purchases * (to_end - to_last)
        small = np.exp(-np.abs(odds))
        is_left = np.where(odds > 0, 1.0, small) / (1.0 + small)
        is_alive = 1.0 - is_left
        either = np.maximum(odds, 0.0) + np.log1p(small) - purchases * to_end
        left = np.bincount(self._place, weights=weight * is_left, minlength=len(self._counts))
        slope = np.array(
            [
                -weight @ (is_alive * to_end + is_left * to_last),
                -weight
                @ (purchases * ((1.0 - is_left) / (alpha + cells.age) + is_left / (alpha + cells.recency))),
                left.sum() / a,
                -left @ (1.0 / np.where(self._counts > 0, b + self._counts - 1.0, np.inf)),
            ]
        )
        of_counts, slope_of_counts = self._of_counts(r, alpha, a, b)
        return float(weight @ either) + of_counts, slope + slope_of_counts

    def per_customer(self, parameters: Floats) -> tuple[float, Floats]:
        """The mean over customers, which is near 1 regardless of their number."""
        value, slope = self(parameters)
        customers = float(self._customers.sum())
        return value / customers, slope / customers

    def _left_at_once(self, a: float, b: float) -> Floats:
        """For each frequency, the log-odds of having left after a last purchase today."""
        bought = self._counts > 0
        return np.where(bought, np.log(a / np.where(bought, b + self._counts - 1.0, 1.0)), -np.inf)

    def _of_counts(self, r: float, alpha: float, a: float, b: float) -> tuple[float, Floats]:
        """The part that depends only on the frequency."""
        from scipy.special import gammaln, psi

        counts, customers = self._counts, self._customers
        value = (
            gammaln(r + counts) - gammaln(r) + r * np.log(alpha)
            + gammaln(a + b) + gammaln(b + counts) - gammaln(b) - gammaln(a + b + counts)
        )  # fmt: skip
        together = psi(a + b) - psi(a + b + counts)
        slopes = [
            psi(r + counts) - psi(r) + np.log(alpha),
            np.full_like(counts, r / alpha),
            together,
            together + psi(b + counts) - psi(b),
        ]
        return float(customers @ value), np.array([customers @ slope for slope in slopes])
