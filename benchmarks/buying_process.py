"""Histories of customers who buy, leave and spend according to the customer value model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Integers = NDArray[np.int64]

_R, _ALPHA, _A, _B = 0.404, 6.73, 0.297, 0.995
"""As fitted on mock customers, in weeks."""
_P, _Q, _V = 4.0, 3.0, 30.0
_OLDEST = 2_921
_PORTION = 500_000


def histories(customers: int) -> pa.Table:
    """One row per customer: frequency, recency and age in days, as in `operations.order_histories`, and cents."""
    portions = range(0, customers, _PORTION)
    return pa.concat_tables([_portion(first, min(_PORTION, customers - first)) for first in portions])


def _portion(first: int, customers: int) -> pa.Table:
    draw = np.random.default_rng(first)
    age = draw.integers(0, _OLDEST, customers, endpoint=True)
    frequency, recency = _bought(draw, age)
    scale = draw.gamma(_Q, 1 / _V, customers)
    total = draw.gamma(np.maximum(_P * frequency, 1e-9)) / scale
    return pa.table(
        {
            "customer_id": np.arange(first + 1, first + customers + 1),
            "frequency": frequency,
            "recency": recency,
            "age": age,
            "repeat_cents": np.where(frequency > 0, np.rint(100 * total), 0).astype(np.int64),
        }
    )


def _bought(draw: np.random.Generator, age: Integers) -> tuple[Integers, Integers]:
    """The number of days with an order after the first, and the last of them."""
    weekly, leaves = draw.gamma(_R, 1 / _ALPHA, len(age)), draw.beta(_A, _B, len(age))
    frequency, recency = np.zeros_like(age), np.zeros_like(age)
    now: NDArray[Any] = np.zeros(len(age))
    there = np.arange(len(age))
    while len(there):
        now = now + 7 * draw.exponential(1 / np.maximum(weekly[there], 1e-12))
        is_early = now < age[there] + 1
        there, now = there[is_early], now[is_early]
        day = np.floor(now).astype(np.int64)
        frequency[there] += day > recency[there]
        recency[there] = day
        stays = draw.random(len(there)) >= leaves[there]
        there, now = there[stays], now[stays]
    return frequency, recency
