"""
How much a purchase is worth: the Gamma-Gamma model of Fader and Hardie (2013).

The amounts of a customer's purchases vary around the customer's own mean by a gamma distribution of shape p. Means
vary between customers: their scales follow a gamma distribution (q, v). Amounts do not depend on purchase
frequency.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from customer360.operations.maximise import Floats, maximise

_STARTS: Final = ((3.0, 3.0, 1.0), (1.0, 2.0, 1.0), (10.0, 5.0, 0.5), (1.0, 10.0, 10.0))


@dataclass(frozen=True)
class SpendingCells:
    """Customers with the same spending, counted: a *mean* amount over *frequency* purchases after the first."""

    customers: Floats
    frequency: Floats
    mean: Floats


@dataclass(frozen=True)
class GammaGamma:
    """The model with its parameters; v is in units of the amounts."""

    p: float
    q: float
    v: float

    def expected_amount(self, frequency: Floats, total: Floats) -> Floats:
        """The expected amount of a purchase by a customer whose *frequency* repeat purchases sum to *total*."""
        x = np.asarray(frequency, dtype=np.float64)
        return np.asarray(self.p * (self.v + total) / (self.p * x + self.q - 1.0), dtype=np.float64)


def fit_gamma_gamma(cells: SpendingCells) -> GammaGamma | None:
    """
    The maximum likelihood model; None when the data do not determine its parameters, or when these make the mean
    of all amounts infinite (q up to 1).

    The fit scales amounts by their mean, so that the parameters are near 1 in any currency.
    """
    if not cells.customers.size:
        return None
    unit = float(cells.customers @ cells.mean / cells.customers.sum())
    found = maximise(Likelihood(replace(cells, mean=cells.mean / unit)).per_customer, _STARTS)
    if found is None or found[1] <= 1.0:
        return None
    p, q, v = map(float, found)
    return GammaGamma(p, q, v * unit)


class Likelihood:
    """
    The log-likelihood of (p, q, v) and its gradient, as a function.

    There are few distinct frequencies: terms that depend only on these are computed once for each.
    """

    def __init__(self, cells: SpendingCells) -> None:
        self._cells = cells
        self._counts, place = np.unique(cells.frequency, return_inverse=True)
        self._customers = np.bincount(place, weights=cells.customers, minlength=len(self._counts))
        self._total = cells.mean * cells.frequency
        self._log_mean, self._log_total = np.log(cells.mean), np.log(self._total)

    def __call__(self, parameters: Floats) -> tuple[float, Floats]:
        p, q, v = parameters
        x, weight = self._cells.frequency, self._cells.customers
        with_scale = np.log(v + self._total)
        value = p * x * self._log_total - self._log_mean + q * np.log(v) - (p * x + q) * with_scale
        slope = np.array(
            [
                weight @ (x * (self._log_total - with_scale)),
                weight @ (np.log(v) - with_scale),
                weight @ (q / v - (p * x + q) / (v + self._total)),
            ]
        )
        of_counts, slope_of_counts = self._of_counts(p, q)
        return float(weight @ value) + of_counts, slope + slope_of_counts

    def per_customer(self, parameters: Floats) -> tuple[float, Floats]:
        """The mean over customers, which is near 1 regardless of their number."""
        value, slope = self(parameters)
        customers = float(self._customers.sum())
        return value / customers, slope / customers

    def _of_counts(self, p: float, q: float) -> tuple[float, Floats]:
        """The part that depends only on the frequency."""
        from scipy.special import gammaln, psi

        x, customers = self._counts, self._customers
        value = gammaln(p * x + q) - gammaln(p * x) - gammaln(q)
        slopes = [x * (psi(p * x + q) - psi(p * x)), psi(p * x + q) - psi(q), np.zeros_like(x)]
        return float(customers @ value), np.array([customers @ slope for slope in slopes])
