"""Bands: few, readable, right-closed, and the same for the same data."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.bands import AGES, MOST_AGE_BANDS, MOST_EDGES, ORDERS, STEPS, Band, Bands, age_bands, amount_bands

EURO = Bands("account_balance", (Decimal(10), Decimal(25), Decimal(50)), of_amounts=True)
COUNTS = st.dictionaries(st.integers(0, len(STEPS)), st.integers(0, 10**9), max_size=40)
CENTS = st.integers(-(10**12), 10**12).map(lambda cents: Decimal(cents) / 100)


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (Decimal("-0.01"), -1), (Decimal(0), 0), (Decimal("0.01"), 1), (Decimal(10), 1), (Decimal("10.01"), 2),
        (Decimal(50), 3), (Decimal("50.01"), 4),
    ],
)  # fmt: skip
def test_an_edge_belongs_to_the_band_below_it(value: Decimal, band: int) -> None:
    """Right-closed, so that `balance > X` is exact at every edge X."""
    assert EURO.number(value) == band


def test_zero_and_below_are_separate_bands() -> None:
    """Empty and overdrawn accounts are cases of their own, not the low end of a range."""
    labels = [(band.number, band.label) for band in EURO.all()]

    assert labels == [(-1, "below 0"), (0, "0"), (1, "0–10"), (2, "10–25"), (3, "25–50"), (4, "over 50")]


@given(COUNTS, CENTS)
def test_every_amount_is_in_exactly_one_band(counts: dict[int, int], value: Decimal) -> None:
    """For any data, no bands overlap and none is missing."""
    bands = amount_bands("account_balance", counts)
    holding = [
        band.number
        for band in bands.all()
        if (band.number == -1 and value < 0)
        or (band.number == 0 and value == 0)
        or (
            band.number > 0
            and band.low is not None
            and band.low < value
            and (band.high is None or value <= band.high)
        )
    ]

    assert holding == [bands.number(value)]
    assert len(bands.edges) <= MOST_EDGES


@given(COUNTS, CENTS)
def test_above_an_edge_is_the_same_as_bands_from_it_on(counts: dict[int, int], value: Decimal) -> None:
    """This is how '% of customers with a balance above X' is computed from bands."""
    bands = amount_bands("account_balance", counts)
    low = next(band.low for band in bands.all() if band.number == bands.number(value))

    for edge in bands.edges:
        assert (value > edge) == (low is not None and low >= edge)


def test_edges_contain_all_but_the_tails() -> None:
    """Two outliers in a thousand do not stretch the axis over empty decades."""
    inside = STEPS.index(Decimal(100))
    counts = {0: 1, inside: 500, inside + 1: 498, len(STEPS) - 1: 1}

    assert amount_bands("loyalty_points", counts).edges == (Decimal(100), Decimal(250))


def test_bands_follow_the_scale_of_the_currency() -> None:
    """Yen and euros have the same number of bands, with other edges."""
    euro = {STEPS.index(Decimal(10)) + i: 100 for i in range(6)}
    yen = {step + 6: count for step, count in euro.items()}

    assert [edge * 100 for edge in amount_bands("b", euro).edges] == list(amount_bands("b", yen).edges)


def test_no_positive_amounts_still_give_bands() -> None:
    """A new shop, or one where every account is empty."""
    assert [band.label for band in amount_bands("account_balance", {}).all()] == ["below 0", "0", "over 0"]


@given(st.integers(0, 60_000))
def test_ages_have_few_bands_of_equal_width_from_the_first_day(oldest: int) -> None:
    """The areas of a histogram are comparable only if its bins have equal widths."""
    bands = age_bands("account_age_days", oldest)
    widths = {band.high - band.low for band in bands.all() if band.high is not None and band.low is not None}

    assert len(widths) == 1
    assert len(bands.edges) <= MOST_AGE_BANDS
    assert bands.number(0) == 1
    assert bands.number(oldest) == len(bands.all())


def test_the_number_of_orders_has_bands_of_whole_numbers() -> None:
    """Nobody has fewer than zero orders, so there is no lower band."""
    numbers = [ORDERS.number(orders) for orders in (0, 1, 2, 3, 4, 6, 7, 12, 13, 24, 25, 10_000)]

    assert numbers == [0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert ORDERS.all()[:2] == (Band(0, None, Decimal(0), "0"), Band(1, Decimal(0), Decimal(1), "1"))


def test_what_is_not_stated_is_in_the_band_after_the_last() -> None:
    """ "Not stated" is an answer when ages are asked for, and a chart shows it."""
    assert AGES.all()[-1] == Band(8, None, None, "Not stated")
    assert [AGES.number(years) for years in (0, 17, 18, 64, 65, None)] == [1, 1, 2, 6, 7, 8]
    assert EURO.number(None) is None


def test_days_are_written_in_full():
    """Nobody says 1k days."""
    labels = [band.label for band in age_bands("account_age_days", 4_100).all()]

    assert labels[:2] == ["0–250", "250–500"]
    assert labels[4] == "1,000–1,250"


@pytest.mark.parametrize(("value", "label"), [(1_000, "over 1k"), (2_500_000, "over 2.5M"), (500, "over 500")])
def test_large_edges_are_written_short_and_exact(value: int, label: str) -> None:
    """An axis has little space."""
    assert Bands("b", (Decimal(value),), of_amounts=True).all()[-1].label == label
