"""
The gates: what makes the mock customers believable, measured on the rows themselves.

Every target range was measured on real public data (bank balances, online retail, airline tiers, telco churn).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from customer360.mock_data.countries import ascii_fold
from customer360.mock_data.plan import STORY, Story

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

REPORT_COLUMNS: Final = (
    "name",
    "email",
    "birth_date",
    "join_date",
    "first_purchase",
    "last_login",
    "is_active",
    "loyalty_status",
    "loyalty_points",
    "account_balance",
)
"""The columns of the customers table that the report reads."""

_CHURN_DAYS: Final = 90
_DAYS_PER_MONTH: Final = 365.25 / 12
_EPOCH: Final = date(1970, 1, 1)
_NOVEMBER, _FEBRUARY = 11, 2


@dataclass(frozen=True)
class Gate:
    """
    A figure of the data and the inclusive range in which it is believable; NaN is outside any range.

    *source* is the origin of the range, with the value measured there.
    """

    name: str
    value: float
    low: float
    high: float
    description: str
    source: str = ""

    @property
    def passed(self) -> bool:
        return self.low <= self.value <= self.high


def realism_report(customers: pa.Table, as_of: date, story: Story = STORY) -> list[Gate]:
    """
    Every gate, measured on all *customers* (with at least the `REPORT_COLUMNS`) as of *as_of*.

    Shares are 0-1, of the customers whose value is known. Recency is compared with the account balance, the only
    amount of money in a customer's row.
    """
    rows = _Rows.of(customers, as_of)
    return [
        _integrity(rows),
        *_balances(rows),
        *_correlations(rows),
        _recency_spread(rows),
        *_tiers(rows, customers["loyalty_status"], story),
        _active(customers["is_active"]),
        _hazard(rows),
        _season(customers["join_date"]),
        _never_purchased(rows),
        _emails(customers["name"], customers["email"]),
    ]


@dataclass(frozen=True)
class _Rows:
    """The columns as numbers, days counted from 1970-01-01, NaN where null."""

    as_of: float
    born: Floats
    joined: Floats
    purchased: Floats
    seen: Floats
    points: Floats
    balance: Floats

    @classmethod
    def of(cls, customers: pa.Table, as_of: date) -> _Rows:
        names = ("birth_date", "join_date", "first_purchase", "last_login")
        days = [_numbers(customers[name].cast(pa.date32()).cast(pa.int32())) for name in names]
        amounts = [_numbers(customers[name]) for name in ("loyalty_points", "account_balance")]
        return cls((as_of - _EPOCH).days, *days, *amounts)

    @property
    def recency(self) -> Floats:
        """Days from the last login to the as-of date."""
        return self.as_of - self.seen


def _numbers(column: pa.ChunkedArray) -> Floats:
    numbers: Floats = column.cast(pa.float64()).to_numpy()
    return numbers


def _integrity(rows: _Rows) -> Gate:
    wrong = (rows.born >= rows.joined) | (rows.joined > rows.purchased) | (rows.purchased > rows.seen)
    wrong |= (rows.joined > rows.seen) | (np.isnan(rows.seen) & ~np.isnan(rows.purchased))
    for days in (rows.joined, rows.purchased, rows.seen):
        wrong |= days > rows.as_of
    rule = "Rows that violate birth < join <= first purchase <= last login <= as-of date."
    return Gate("integrity violations", int(wrong.sum()), 0, 0, rule)


def _balances(rows: _Rows) -> list[Gate]:
    positive = np.sort(rows.balance[rows.balance > 0])
    count, total = len(positive), positive.sum()
    ranks = np.arange(1, count + 1)
    gini = ratio(2 * (ranks * positive).sum(), count * total) - ratio(count + 1, count)
    top = ratio(positive[count - count // 10 :].sum(), total)
    return [
        Gate("Gini of balances", gini, 0.50, 0.72, "Inequality of the positive balances, 0-1."),
        Gate("top 10 % of balances", top, 0.35, 0.61, "Share of all positive balances in the largest tenth."),
    ]


def _correlations(rows: _Rows) -> list[Gate]:
    points = _spearman(rows.points, rows.balance)
    recency = _spearman(rows.recency, rows.balance)
    return [
        Gate("points and balance", points, 0.6, 1.0, "Spearman correlation of points and balance."),
        Gate("recency and value", recency, -0.6, -0.4, "Spearman correlation of days since login and balance."),
    ]


def _recency_spread(rows: _Rows) -> Gate:
    recency = rows.recency[~np.isnan(rows.recency)]
    spread = ratio(recency.std(), recency.mean()) if len(recency) else np.nan
    return Gate("recency spread", spread, 0.9, 1.2, "Standard deviation of days since login / their mean.")


def _tiers(rows: _Rows, statuses: pa.ChunkedArray, story: Story) -> list[Gate]:
    """One gate per tier, and one for their order: the smallest step from a tier's mean balance to the next."""
    members = [_flags(pc.equal(statuses, tier.name)) for tier in story.tiers]
    known = len(statuses) - statuses.null_count
    means = [
        ratio(np.nansum(rows.balance[those]), (rows.balance[those] == rows.balance[those]).sum())
        for those in members
    ]
    step = min((ratio(upper, lower) for lower, upper in pairwise(means)), default=np.nan)
    return [
        *(
            Gate(f"{tier.name} share", ratio(those.sum(), known), *tier.expected_share, "Share of the customers.")
            for tier, those in zip(story.tiers, members, strict=True)
        ),
        Gate(
            "balance rises with tier",
            step,
            1.1,
            np.inf,
            "Smallest ratio of a tier's mean balance to that of the tier below.",
        ),
    ]


def _active(flags: pa.ChunkedArray) -> Gate:
    active = ratio(pc.sum(flags).as_py() or 0, len(flags) - flags.null_count)
    return Gate("active share", active, 0.40, 0.65, "Share of customers flagged is_active.")


def _hazard(rows: _Rows) -> Gate:
    """
    Leavers per month of membership, in months 0-6 relative to months after 48.

    A customer has left, on the day of the last login, if that is more than 90 days ago; everyone counts as a
    member from joining to the last login. Customers who never logged in are excluded.
    """
    months = (rows.seen - rows.joined) / _DAYS_PER_MONTH
    months, left = months[months >= 0], (rows.recency > _CHURN_DAYS)[months >= 0]
    early = ratio((left & (months < 6)).sum(), np.minimum(months, 6).sum())
    late = ratio((left & (months >= 48)).sum(), np.maximum(months - 48, 0).sum())
    rule = "Monthly rate of leaving in the first 6 months / after 48 months."
    return Gate("early hazard", ratio(early, late), 3.0, np.inf, rule)


def _season(joined: pa.ChunkedArray) -> Gate:
    months = np.bincount(pc.month(joined).drop_null().to_numpy(), minlength=13)
    rise = ratio(months[_NOVEMBER], months[_FEBRUARY])
    return Gate("November joins", rise, 1.5, np.inf, "Joins in all Novembers / joins in all Februaries.")


def _never_purchased(rows: _Rows) -> Gate:
    share = ratio(np.isnan(rows.purchased).sum(), len(rows.purchased))
    return Gate("never purchased", share, 0.10, 0.25, "Share of customers without a first purchase.")


def _emails(names: pa.ChunkedArray, emails: pa.ChunkedArray) -> Gate:
    known = pc.and_(names.is_valid(), emails.is_valid())
    surnames = pc.replace_substring_regex(names.filter(known), r"^.*\s", "").combine_chunks().dictionary_encode()
    folded = np.array([ascii_fold(surname) for surname in surnames.dictionary.to_pylist()], dtype=object)
    pairs = zip(folded[surnames.indices.to_numpy()], emails.filter(known).to_pylist(), strict=True)
    share = ratio(sum(surname in email for surname, email in pairs), len(surnames))
    return Gate("e-mail fits the name", share, 0.95, 1.0, "Share of addresses that contain the surname.")


def _mean(values: Floats) -> float:
    return ratio(np.nansum(values), np.count_nonzero(~np.isnan(values)))


def _flags(column: pa.ChunkedArray) -> Flags:
    """False where null."""
    flags: Flags = pc.fill_null(column, False).to_numpy()
    return flags


def _spearman(first: Floats, second: Floats) -> float:
    known = ~(np.isnan(first) | np.isnan(second))
    if known.sum() < 2:
        return float("nan")
    a, b = (_ranks(values[known]) for values in (first, second))
    a, b = a - a.mean(), b - b.mean()
    return ratio((a * b).sum(), np.sqrt((a * a).sum() * (b * b).sum()))


def _ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[place]
    return ranks


def ratio(part: Any, whole: Any) -> float:
    """NaN instead of an error for a division by zero."""
    return float(part / whole) if whole else float("nan")
