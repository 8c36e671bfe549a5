"""
Random numbers that depend only on (seed, attribute, block), and the tables that turn them into values.

Rows are computed only by look-ups and + - x ÷, never by a machine's own exp or log, so that the same seed gives
the same bytes on every machine and with every version of NumPy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint32]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Indices = NDArray[np.int16]

_STEPS: Final = 8_192
_OUTERMOST: Final = 1 / (16 * _STEPS)  # an unbounded distribution is cut at these probabilities
_FOREVER: Final = 1e6
_CHOICE_BITS: Final = 12
_CHOICE_SHIFT: Final = np.uint32(32 - _CHOICE_BITS)


@dataclass(frozen=True)
class Draws:
    """The random numbers of one block: `draws("email")` are those of the attribute 'email', one per row."""

    seed: int
    block: int
    rows: int

    def __call__(self, attribute: str) -> Bits:
        """
        Uniform 32-bit numbers from the attribute's own stream.

        The numbers of consecutive blocks are 2^192 apart; a shorter block gets a prefix of its numbers.
        """
        digest = hashlib.blake2b(f"{self.seed}/{attribute}".encode(), digest_size=16).digest()
        counter = np.array([0, 0, 0, self.block], dtype=np.uint64)
        stream = np.random.Philox(key=np.frombuffer(digest, dtype="<u8").astype(np.uint64), counter=counter)
        raw = stream.random_raw(-(-self.rows // 2))
        return raw.astype("<u8", copy=False).view("<u4")[: self.rows]


def share(bits: Bits) -> Floats:
    """The numbers as shares, 0 <= share < 1."""
    return np.multiply(bits, 2.0**-32, dtype=np.float64)


def below(bits: Bits, probability: float) -> NDArray[np.bool_]:
    """True with the given *probability*."""
    return bits < probability * 2.0**32


class Quantiles:
    """A distribution, sampled by its inverse: linear between 8193 knots."""

    def __init__(self, inverse: Callable[[Floats], Floats]) -> None:
        probabilities = np.clip(np.linspace(0, 1, _STEPS + 1), _OUTERMOST, 1 - _OUTERMOST)
        # single precision drops the last digits, in which the machines' maths libraries differ
        knots = inverse(probabilities).astype(np.float32).astype(np.float64)
        self._rises: Floats = np.diff(knots)
        self._offsets: Floats = knots[:-1] - self._rises * np.arange(_STEPS)

    def __call__(self, bits: Bits) -> Floats:
        """One value per number."""
        value = np.multiply(bits, _STEPS * 2.0**-32, dtype=np.float64)
        step = value.astype(np.intp)
        value *= self._rises.take(step)
        value += self._offsets.take(step)
        return value


@cache
def _normal(probability: float) -> float:
    return NormalDist().inv_cdf(probability)


def lognormal(sd: float) -> Quantiles:
    """Lognormal with median 1; *sd* is that of the logarithm, and a negative one reverses the order."""
    return Quantiles(lambda probabilities: np.exp([sd * _normal(p) for p in probabilities]))


def exponential(mean: float) -> Quantiles:
    """Waiting times of the given mean."""
    return Quantiles(lambda probabilities: -mean * np.log1p(-probabilities))


def lifetimes(hazard: Sequence[tuple[float, float]]) -> Quantiles:
    """Times until leaving, at the rates in *hazard*: (from this time on, rate), the first from time 0."""
    times = np.array([*(start for start, _ in hazard), _FOREVER])
    rates = np.array([rate for _, rate in hazard])
    survived = np.concatenate(([0.0], np.cumsum(np.diff(times) * rates)))
    return Quantiles(lambda probabilities: np.interp(-np.log1p(-probabilities), survived, times))


def percentiles(points: Sequence[tuple[float, float]]) -> Quantiles:
    """A distribution that is linear between (share, value) points."""
    shares, values = zip(*points, strict=True)
    return Quantiles(lambda probabilities: np.interp(probabilities, shares, values))


def positions(weights: Sequence[float]) -> Quantiles:
    """Positions 0 <= x < len(weights), uniform within each unit; units have these *weights*."""
    shares = np.concatenate(([0.0], np.cumsum(weights) / np.sum(weights)))
    return Quantiles(lambda probabilities: np.interp(probabilities, shares, np.arange(len(shares))))


class Choice:
    """A weighted choice from one of several concatenated lists, the groups."""

    def __init__(self, *groups: Sequence[float]) -> None:
        starts = np.cumsum([0, *(len(weights) for weights in groups)])
        slots = [start + _slots(weights) for start, weights in zip(starts, groups, strict=False)]
        self._slots: Indices = np.concatenate(slots).astype(np.int16)

    def __call__(self, bits: Bits, group: Indices | int = 0) -> Indices:
        """One index per number, from the start of the first group's list."""
        slot = (bits >> _CHOICE_SHIFT).astype(np.intp)
        slot += np.left_shift(group, _CHOICE_BITS, dtype=np.intp)
        indices: Indices = self._slots[slot]
        return indices


def _slots(weights: Sequence[float]) -> Integers:
    """4096 indices, each as often as its weight."""
    middles = (np.arange(1 << _CHOICE_BITS) + 0.5) / (1 << _CHOICE_BITS)
    return np.searchsorted(np.cumsum(weights) / np.sum(weights), middles)
