"""Events of the miniature customers, and the result tables built from them in plain Python."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any, Final

AS_OF: Final = date(2026, 6, 17)
FIRST_DAY: Final = date(2024, 3, 5)
"""The first possible day of events; many customers joined earlier."""

_KINDS: Final = ("purchase", "purchase", "login", "login", "login", "refund", "earn", "adjust", "redeem", "expire")
_ACTIVE: Final = {"login", "purchase", "redeem"}
_EARNING: Final = {"purchase", "refund", "earn", "adjust"}


@dataclass(frozen=True)
class Event:
    """What happened to a customer on a day."""

    customer_id: int
    day: date
    kind: str
    amount: Decimal | None = None
    points: int = 0

    @property
    def month(self) -> date:
        return self.day.replace(day=1)

    @property
    def is_active(self) -> bool:
        return self.kind in _ACTIVE


def events_of(customer: Mapping[Any, Any]) -> list[Event]:
    """The events of one customer, always the same: none, a few, or many."""
    return _events(customer["customer_id"], customer["join_date"])


@cache
def _events(number: int, joined: date | None) -> list[Event]:
    rng = random.Random(f"events of {number}")
    first = max(joined or FIRST_DAY, FIRST_DAY)
    days = (AS_OF - first).days
    found = [_event(rng, number, first, days) for _ in range(rng.choice([0, 1, 2, 6, 25]))]
    return sorted(found, key=lambda event: event.day)


def _event(rng: random.Random, number: int, first: date, days: int) -> Event:
    kind, day = rng.choice(_KINDS), first + timedelta(days=rng.randint(0, days))
    amount = Decimal(rng.randrange(1, 20_000)) / 100
    points = rng.randrange(1, 300)
    if kind == "purchase":
        return Event(number, day, kind, amount, points)
    if kind == "refund":
        return Event(number, day, kind, -amount, -points)
    if kind == "login":
        return Event(number, day, kind)
    sign = {"earn": 1, "adjust": rng.choice([1, -1]), "redeem": -1, "expire": -1}[kind]
    return Event(number, day, kind, points=sign * points)


def last_seen(customer: Mapping[Any, Any]) -> date | None:
    """The latest day with a login or another active event."""
    days = [event.day for event in events_of(customer) if event.is_active]
    if customer["last_login"]:
        days.append(customer["last_login"].date())
    return max(days, default=None)


def month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def days_of(month: date) -> int:
    """The number of days of *month* that have passed."""
    return min((month + timedelta(days=31)).replace(day=1) - timedelta(days=1), AS_OF).day


def customer_months(events: Iterable[Event], joined: date | None, first_month: date) -> dict[date, dict[str, Any]]:
    """One customer's activity by month; *first_month* is the first month of all events."""
    by_month: dict[date, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.day):
        by_month[event.month].append(event)
    seen: list[date] = []
    orders, last_login, last_order = 0, None, None
    found = {}
    for month, inside in by_month.items():
        is_active = any(event.is_active for event in inside)
        bought = [event for event in inside if event.kind == "purchase"]
        logins = sorted({event.day for event in inside if event.kind == "login"})
        login_gaps = _gaps(last_login, logins)
        order_gaps = _gaps(last_order, sorted({event.day for event in bought}))
        orders += len(bought)
        last_login = logins[-1] if logins else last_login
        last_order = bought[-1].day if bought else last_order
        is_new = is_active and not seen and (joined is None or joined >= first_month)
        is_retained = is_active and month_before(month) in seen
        found[month] = {
            "active_customers": int(is_active),
            "active_days": len({event.day for event in inside if event.is_active}),
            "possible_days": days_of(month) * is_active,
            "new_customers": int(is_new),
            "retained_customers": int(is_retained),
            "resurrected_customers": int(is_active and not is_new and not is_retained),
            "buyers": int(bool(bought)),
            "repeat_buyers": int(bool(bought) and orders >= 2),
            "orders": len(bought),
            "amount": sum((event.amount or Decimal(0) for event in bought), Decimal(0)),
            "refunds": sum(event.kind == "refund" for event in inside),
            "refunded": -sum(
                (event.amount or Decimal(0) for event in inside if event.kind == "refund"), Decimal(0)
            ),
            "earned": sum(event.points for event in inside if event.kind in _EARNING),
            "redeemed": -sum(event.points for event in inside if event.kind == "redeem"),
            "expired": -sum(event.points for event in inside if event.kind == "expire"),
            "login_customers": int(bool(logins)),
            "logins": len(logins),
            "login_gaps": len(login_gaps),
            "login_gap_days": sum(login_gaps),
            "order_gaps": len(order_gaps),
            "order_gap_days": sum(order_gaps),
        }
        if is_active:
            seen.append(month)
    return found


def _gaps(before: date | None, days: list[date]) -> list[int]:
    known = ([before] if before else []) + days
    return [(later - earlier).days for earlier, later in pairwise(known)]


def activity_segments(customers: Iterable[Mapping[Any, Any]], slicers: list[str]) -> list[dict[str, Any]]:
    """One row per month and slicer cell with events."""
    all_events = {customer["customer_id"]: events_of(customer) for customer in customers}
    first_month = min((event.month for events in all_events.values() for event in events), default=AS_OF)
    cells: dict[tuple[Any, ...], dict[str, Any]] = {}
    for customer in customers:
        months = customer_months(all_events[customer["customer_id"]], customer["join_date"], first_month)
        for month, sums in months.items():
            key = (month, *(customer[name] for name in slicers))
            cell = cells.setdefault(key, dict.fromkeys(sums, 0))
            for name, value in sums.items():
                cell[name] += value
    names = ("activity_month", *slicers)
    return [dict(zip(names, key, strict=True)) | sums for key, sums in cells.items()]


def tier_moves(customers: Iterable[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    """Each customer with a known tier got it on joining; every third had another one for half a year."""
    moves: dict[tuple[Any, ...], int] = defaultdict(int)
    for customer in customers:
        month, status = customer["join_month"], customer["loyalty_status"]
        if month is None or status == "Unknown":
            continue
        later = (month + timedelta(days=200)).replace(day=1)
        if customer["customer_id"] % 3 == 0 and later <= AS_OF and status != "Bronze":
            moves[month, None, "Bronze", customer["country"]] += 1
            moves[later, "Bronze", status, customer["country"]] += 1
        else:
            moves[month, None, status, customer["country"]] += 1
    names = ("month", "from_status", "to_status", "country")
    return [dict(zip(names, key, strict=True)) | {"moves": count} for key, count in moves.items()]
