"""
The meaning of each measure of events, computed from single events: the reference for every renderer.

Shares nothing with the renderers or the miniature tables: no sums by month, no SQL, no DAX.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import chain, pairwise
from typing import Any, Final

from customer360.report.dimensions import Between, Filters
from tests import row_level
from tests.miniature_events import AS_OF, Event, days_of, events_of, month_before
from tests.row_level import Rows

FIRST_MONTH: Final = date(2024, 3, 1)
"""The month of the first event."""
OPEN_MONTH: Final = date(2026, 6, 1)
"""The month of the as-of date, which is not over."""
CALENDAR: Final = [date(year, month, 1) for year in range(2020, 2027) for month in range(1, 13)][:78]
"""The months up to that of the as-of date; customers join from 2021."""


class Events:
    """The events of some customers, by month and by customer."""

    def __init__(self, rows: Rows) -> None:
        self.late = {row["customer_id"] for row in rows if (row["join_date"] or AS_OF) >= FIRST_MONTH}
        self.by_customer = [events_of(row) for row in rows]
        self.by_month: dict[date, list[Event]] = {}
        for event in chain(*self.by_customer):
            self.by_month.setdefault(event.month, []).append(event)

    @cached_property
    def active(self) -> dict[date, set[int]]:
        return {
            month: {event.customer_id for event in events if event.kind in ("login", "purchase", "redeem")}
            for month, events in self.by_month.items()
        }

    @cached_property
    def gaps(self) -> dict[str, list[tuple[date, int]]]:
        """For each kind, the month in which each gap ends, and its days."""
        return {
            kind: [
                (later.replace(day=1), (later - earlier).days)
                for events in self.by_customer
                for earlier, later in pairwise(sorted({event.day for event in events if event.kind == kind}))
            ]
            for kind in ("login", "purchase")
        }


@dataclass(frozen=True)
class Ledger:
    """The events of some customers, viewed in some months."""

    events: Events
    months: list[date]
    is_of_today: bool = False
    """Whether the customers were selected by today's status or activity."""
    price: Decimal = Decimal("0.01")
    """The price of a point."""

    def of(self, *kinds: str, months: Iterable[date] | None = None) -> list[Event]:
        """The events of *kinds* in the months in view, or in other *months*."""
        return [
            event
            for month in (self.months if months is None else months)
            for event in self.events.by_month.get(month, ())
            if event.kind in kinds
        ]

    @property
    def last(self) -> date | None:
        return max(self.months, default=None)

    @property
    def closed(self) -> list[date]:
        return [month for month in self.months if FIRST_MONTH <= month < OPEN_MONTH]

    def to_date(self, *kinds: str) -> int:
        """The points up to the last month in view."""
        months = [month for month in CALENDAR if self.last and month <= self.last]
        return sum(event.points for event in self.of(*kinds, months=months))

    def active(self, month: date) -> set[int]:
        return self.events.active.get(month, set())

    def buyers(self, month: date) -> set[int]:
        return {event.customer_id for event in self.of("purchase", months=[month])}

    def logged_in(self, month: date) -> set[int]:
        return {event.customer_id for event in self.of("login", months=[month])}

    def new(self, month: date) -> set[int]:
        before = set().union(*(self.active(earlier) for earlier in CALENDAR if earlier < month))
        return (self.active(month) - before) & self.events.late

    def days(self, *kinds: str) -> int:
        """The number of days with any event of *kinds*, summed over customers."""
        return len({(event.customer_id, event.day) for event in self.of(*kinds)})

    def gaps(self, kind: str) -> list[int]:
        return [days for month, days in self.events.gaps[kind] if month in self.months]


def _share(of: float | Decimal, to: float | Decimal) -> float | None:
    return float(of) / float(to) if to else None


def _of_month(count: Callable[[Ledger, date], int]) -> Callable[[Ledger], int]:
    """*count* in the only month in view."""

    def counted(ledger: Ledger) -> int:
        [month] = ledger.months
        return count(ledger, month)

    return counted


def _retained(ledger: Ledger, month: date) -> set[int]:
    return ledger.active(month) & ledger.active(month_before(month))


def _resurrected(ledger: Ledger, month: date) -> set[int]:
    return ledger.active(month) - ledger.new(month) - _retained(ledger, month)


def _repeat(ledger: Ledger, month: date) -> set[int]:
    so_far = ledger.of("purchase", months=[one for one in CALENDAR if one <= month])
    orders = Counter(event.customer_id for event in so_far)
    return {who for who in ledger.buyers(month) if orders[who] >= 2}


def _churned(ledger: Ledger) -> int | None:
    months = [month for month in ledger.months if month < OPEN_MONTH]
    if not months:
        return None
    return len(ledger.active(month_before(max(months))) - ledger.active(max(months)))


def _last(meaning: Callable[[Ledger], Any], years_before: int = 0) -> Callable[[Ledger], Any]:
    """*meaning* in the last full month, or in the same month of an earlier year if the two are comparable."""

    def of_month(ledger: Ledger) -> Any:
        full = [month for month in ledger.months if month < OPEN_MONTH]
        if not full:
            return None
        month = max(full).replace(year=max(full).year - years_before)
        if years_before and (ledger.is_of_today or month <= FIRST_MONTH):
            return None
        return meaning(replace(ledger, months=[month]))

    return of_month


def _mean(count: Callable[[Ledger, date], set[int]]) -> Callable[[Ledger], float | None]:
    return lambda ledger: _share(sum(len(count(ledger, month)) for month in ledger.closed), len(ledger.closed))


def _amount(ledger: Ledger, kind: str) -> Decimal:
    return sum((event.amount or Decimal(0) for event in ledger.of(kind)), Decimal(0))


EARNING: Final = ("purchase", "refund", "earn", "adjust")
ALL_POINTS: Final = (*EARNING, "redeem", "expire")


def _points(ledger: Ledger, *kinds: str) -> int:
    return sum(event.points for event in ledger.of(*kinds))


def _possible(ledger: Ledger) -> int:
    return sum(len(ledger.active(month)) * days_of(month) for month in ledger.months)


_IN_MONTHS: Final[dict[str, Callable[[Ledger], Any]]] = {
    "monthly_active_customers": _of_month(lambda one, month: len(one.active(month))),
    "monthly_new_customers": lambda one: sum(len(one.new(month)) for month in one.months),
    "monthly_retained_customers": _of_month(lambda one, month: len(_retained(one, month))),
    "monthly_resurrected_customers": _of_month(lambda one, month: len(_resurrected(one, month))),
    "active_month_before": lambda one: len(one.active(month_before(one.last))) if one.last else None,
    "not_retained_customers": _of_month(
        lambda one, month: len(one.active(month_before(month)) - one.active(month))
    ),
    "monthly_churned_customers": _churned,
    "mean_monthly_active_customers": _mean(Ledger.active),
    "active_days": lambda one: one.days("login", "purchase", "redeem"),
    "possible_days": _possible,
    "stickiness": lambda one: _share(one.days("login", "purchase", "redeem"), _possible(one)),
    "login_customers": _of_month(lambda one, month: len(one.logged_in(month))),
    "logins": lambda one: one.days("login"),
    "logins_per_active_customer": lambda one: _share(one.days("login"), len(one.active(one.months[0]))),
    "login_gaps": lambda one: len(one.gaps("login")),
    "login_gap_days": lambda one: sum(one.gaps("login")),
    "days_between_logins": lambda one: _share(sum(one.gaps("login")), len(one.gaps("login"))),
    "buyers": _of_month(lambda one, month: len(one.buyers(month))),
    "repeat_buyers": _of_month(lambda one, month: len(_repeat(one, month))),
    "repeat_rate": lambda one: _share(len(_repeat(one, one.months[0])), len(one.buyers(one.months[0]))),
    "mean_buyers": _mean(Ledger.buyers),
    "orders": lambda one: len(one.of("purchase")),
    "order_amount": lambda one: _amount(one, "purchase"),
    "refunds": lambda one: len(one.of("refund")),
    "refunded": lambda one: -_amount(one, "refund"),
    "spent": lambda one: _amount(one, "purchase") + _amount(one, "refund"),
    "average_order_value": lambda one: _share(_amount(one, "purchase"), len(one.of("purchase"))),
    "purchase_frequency": lambda one: _share(len(one.of("purchase")), len(one.buyers(one.months[0]))),
    "order_gaps": lambda one: len(one.gaps("purchase")),
    "order_gap_days": lambda one: sum(one.gaps("purchase")),
    "days_between_orders": lambda one: _share(sum(one.gaps("purchase")), len(one.gaps("purchase"))),
    "points_earned": lambda one: _points(one, *EARNING),
    "points_redeemed": lambda one: -_points(one, "redeem"),
    "points_expired": lambda one: -_points(one, "expire"),
    "points_change": lambda one: _points(one, *ALL_POINTS),
    "outstanding_points": lambda one: one.to_date(*ALL_POINTS),
    "points_liability": lambda one: one.to_date(*ALL_POINTS) * one.price,
    "points_earned_to_date": lambda one: one.to_date(*EARNING),
    "points_redeemed_to_date": lambda one: -one.to_date("redeem"),
    "points_expired_to_date": lambda one: -one.to_date("expire"),
    "redemption_rate": lambda one: _share(-one.to_date("redeem"), one.to_date(*EARNING)),
    "breakage": lambda one: _share(-one.to_date("expire"), one.to_date(*EARNING)),
}


_LAST: Final = {
    "last_monthly_active_customers": "monthly_active_customers",
    "last_days_between_logins": "days_between_logins",
    "last_buyers": "buyers",
    "last_spent": "spent",
    "last_average_order_value": "average_order_value",
    "last_days_between_orders": "days_between_orders",
    "last_points_earned": "points_earned",
}
_YEAR_BEFORE: Final = {
    "monthly_active_customers_year_before": "monthly_active_customers",
    "days_between_logins_year_before": "days_between_logins",
    "buyers_year_before": "buyers",
    "spent_year_before": "spent",
    "average_order_value_year_before": "average_order_value",
    "days_between_orders_year_before": "days_between_orders",
    "points_earned_year_before": "points_earned",
}
MEANINGS: Final = {
    **_IN_MONTHS,
    **{name: _last(_IN_MONTHS[of]) for name, of in _LAST.items()},
    **{name: _last(_IN_MONTHS[of], years_before=1) for name, of in _YEAR_BEFORE.items()},
}


def says(names: Iterable[str], ledger: Ledger) -> tuple[object, ...]:
    """The values of the measures *names* for *ledger*."""
    return tuple(MEANINGS[name](ledger) for name in names)


def kept(rows: Rows, filters: Filters, parameters: row_level.Parameters = row_level.DEFAULTS) -> Ledger:
    """The events within *filters*: of the customers and the months that they keep."""
    others = {name: members for name, members in filters.items() if name != "activity_month"}
    wanted = filters.get("activity_month", CALENDAR)
    months = [month for month in CALENDAR if _is_in(month, wanted)]
    is_of_today = not {"loyalty_status", "activity"}.isdisjoint(filters)
    return Ledger(Events(row_level.keep(rows, others)), months, is_of_today, Decimal(parameters["point_price"]))


def _is_in(month: date, kept: Any) -> bool:
    return kept.first <= month <= kept.last if isinstance(kept, Between) else month in kept
