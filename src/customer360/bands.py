"""
Bands: how a column of amounts, points or days is divided into a few readable ranges.

Amounts and points use 1-2.5-5 steps per decade, which suits any currency scale; days use bands of equal width, so
that the areas of a histogram are comparable. Every band is right-closed, (low, high]. Negative values have a
separate band, and so has exactly zero; null is in no band and counted separately, unless the bands have one for
it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from customer360.tables import NOT_STATED

STEPS: Final = tuple(
    Decimal(mantissa).scaleb(exponent) for exponent in range(-1, 12) for mantissa in ("1", "2.5", "5")
)
"""Every possible edge of an amount: 0.1, 0.25, 0.5, 1, 2.5 ... 5 x 10^11."""

MOST_EDGES: Final = 11
MOST_AGE_BANDS: Final = 20
_TAIL: Final = Decimal("0.01")


@dataclass(frozen=True)
class Band:
    """
    One band: its number, its edges and its label.

    *low* is null for the bands below and at zero, so that `value > x` equals `low >= x` for every edge x; *high*
    is null for the highest band.
    """

    number: int
    low: Decimal | None
    high: Decimal | None
    label: str


@dataclass(frozen=True)
class Bands:
    """
    The bands of one column: number 1 ends at the first of *edges*, the next at the second, and so on.

    With *of_amounts*, zero is band 0, everything below it is band -1, and one more band is above the last edge.
    Without it (days, years), zero belongs to band 1. Nothing is above the last edge, unless the bands have their
    own *labels*: one for each band, including that of zero but not that below zero. Null is in the band after the
    last, labelled *of_null*, or in no band if *of_null* is empty.
    """

    banded_column: str
    edges: tuple[Decimal, ...]
    of_amounts: bool
    labels: tuple[str, ...] = ()
    of_null: str = ""

    def number(self, value: Decimal | int | None) -> int | None:
        """The band of *value*: the reference that every engine must match."""
        if value is None:
            return self.number_of_null
        if self.of_amounts and value <= 0:
            return -1 if value < 0 else 0
        return bisect_left(self.edges, value) + 1

    @property
    def number_of_null(self) -> int | None:
        """The band of null values; None if they are in no band."""
        return len(self.edges) + 2 if self.of_null else None

    def all(self) -> tuple[Band, ...]:
        """Every band, in ascending order; a band may be empty."""
        bands = self._labelled() if self.labels else self._of_edges()
        null = self.number_of_null
        return bands if null is None else (*bands, Band(null, None, None, self.of_null))

    def _labelled(self) -> tuple[Band, ...]:
        zero, lowest = Decimal(0), 0 if self.of_amounts else 1
        lows: list[Decimal | None] = [zero, *self.edges]
        highs: list[Decimal | None] = [*self.edges, None]
        if self.of_amounts:
            lows, highs = [None, *lows], [zero, *highs]
        return tuple(map(Band, range(lowest, lowest + len(lows)), lows, highs, self.labels))

    def _of_edges(self) -> tuple[Band, ...]:
        zero, written = Decimal(0), _short if self.of_amounts else "{:,f}".format
        bands = [Band(-1, None, zero, "below 0"), Band(0, None, zero, "0")] if self.of_amounts else []
        for number, (low, high) in enumerate(pairwise((zero, *self.edges)), start=1):
            bands.append(Band(number, low, high, f"{written(low)}–{written(high)}"))
        if self.of_amounts:
            last = self.edges[-1] if self.edges else zero
            bands.append(Band(len(self.edges) + 1, last, None, f"over {_short(last)}"))
        return tuple(bands)


AGES: Final = Bands(
    "age_years",
    tuple(map(Decimal, (17, 24, 34, 44, 54, 64))),
    of_amounts=False,
    labels=("under 18", "18–24", "25–34", "35–44", "45–54", "55–64", "65 and over"),
    of_null=NOT_STATED,
)
"""The bands of ages in whole years, as is usual in surveys."""

ORDERS: Final = Bands(
    "orders",
    tuple(map(Decimal, (1, 3, 6, 12, 24))),
    of_amounts=True,
    labels=("0", "1", "2–3", "4–6", "7–12", "13–24", "25 or more"),
)
"""The bands of the number of orders, which is never negative."""


def amount_bands(banded_column: str, counts: Mapping[int, int]) -> Bands:
    """
    Bands for amounts or points: the steps that contain 98% of the positive values.

    *counts* has the number of positive values in each step: `counts[i]` of them in (STEPS[i-1], STEPS[i]]. They
    are exact counts, not estimated percentiles, so that the same data gives the same bands regardless of
    partitions. At most `MOST_EDGES` edges; if more would be needed, the lowest are omitted.
    """
    total = sum(counts.values())
    if not total:
        return Bands(banded_column, (), of_amounts=True)
    first = _step_reaching(counts, _TAIL * total)
    last = _step_reaching(counts, (1 - _TAIL) * total)
    first = max(first, last - MOST_EDGES + 1)
    return Bands(banded_column, STEPS[first : last + 1], of_amounts=True)


def age_bands(banded_column: str, oldest: int) -> Bands:
    """At most `MOST_AGE_BANDS` bands of equal width from 0 to *oldest* days; the first includes 0."""
    width = next(step for step in STEPS if step >= 1 and step == int(step) and step * MOST_AGE_BANDS >= oldest)
    bands = max(1, -(-oldest // int(width)))
    return Bands(banded_column, tuple(width * n for n in range(1, bands + 1)), of_amounts=False)


def _step_reaching(counts: Mapping[int, int], target: Decimal) -> int:
    """The first step with at least *target* values up to it."""
    seen = 0
    for step in range(len(STEPS)):
        seen += counts.get(step, 0)
        if seen >= target:
            return step
    return len(STEPS) - 1


def _short(value: Decimal) -> str:
    """1000 -> 1k, 2500000 -> 2.5M; the digits stay exact."""
    for size, suffix in ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k")):
        if value >= size:
            return f"{(value / size).normalize():f}{suffix}"
    return f"{value.normalize():f}"
