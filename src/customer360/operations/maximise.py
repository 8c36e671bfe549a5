"""The maximum of a likelihood over positive parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Likelihood: TypeAlias = Callable[[Floats], tuple[float, Floats]]
"""From parameters to their log-likelihood per customer and its gradient."""

BOUND: Final = 1e5
"""A parameter at this number, or at its inverse, means that the data do not determine it."""
_NEAR: Final = 0.05
_MOST_ITERATIONS: Final = 500


def maximise(likelihood: Likelihood, starts: Sequence[Sequence[float]]) -> Floats | None:
    """
    The positive parameters with the highest *likelihood*, searched from each of *starts* until a search succeeds.

    Deterministic. None when no search succeeds, or when the maximum is at a bound.
    """
    for start in starts:
        found = _search(likelihood, np.log(start))
        if found is not None:
            return found
    return None


def _search(likelihood: Likelihood, start: Floats) -> Floats | None:
    """Searches over logarithms: their derivative is that of the parameter times the parameter."""
    from scipy.optimize import minimize

    def lost(logarithms: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logarithms)
        value, slope = likelihood(parameters)
        return -value, -slope * parameters

    limit = float(np.log(BOUND))
    found = minimize(
        lost, start, jac=True, method="L-BFGS-B", bounds=[(-limit, limit)] * len(start),
        options={"maxiter": _MOST_ITERATIONS, "ftol": 1e-15, "gtol": 1e-9},
    )  # fmt: skip
    is_found = np.isfinite(found.fun) and found.nit > 0 and np.max(np.abs(found.jac)) < 1e-5
    is_inside = np.max(np.abs(found.x)) < limit - _NEAR
    return np.exp(found.x) if is_found and is_inside else None
