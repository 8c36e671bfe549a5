"""Random customers and events of every kind, with every possible mistake."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pyarrow as pa

from customer360.tables import CUSTOMERS, EVENT_KINDS, EVENTS

FIRST_DAY: Final = date(2024, 11, 15)
LAST_DAY: Final = date(2026, 6, 30)
_TIERS: Final = ("Gold", "Silver", "Bronze", "gold", " Silver ", "", None)
_COUNTRIES: Final = ("Chile", "Peru", "CHILE", "Spain ", "other", "", None, *(f"Land {n}" for n in range(24)))
_MONEY: Final = (None, "0", "0.01", "12.50", "99.99", "1000.00")
_POINTS: Final = (None, 0, 1, 10, 250, 40, 10**11, 10**11 + 1)


class Ledger(NamedTuple):
    customers: pa.Table
    events: pa.Table


def random_ledger(seed: int, *, customers: int = 150, events: int = 2_500, has_flags: bool = True) -> Ledger:
    """
    A ledger with few days and few values, so that events share days, months are skipped and sums have several parts.

    Without *has_flags*, no customer has is_active, as in data derived from order lines.
    """
    chance = random.Random(seed)
    people = [_customer(chance, number, has_flags) for number in range(1, customers + 1)]
    happened = [_event(chance, number, customers) for number in range(1, events + 1)]
    return Ledger(
        pa.Table.from_pylist(people, schema=CUSTOMERS.arrow_schema),
        pa.Table.from_pylist(happened, schema=EVENTS.arrow_schema),
    )


def _customer(chance: random.Random, number: int, has_flags: bool) -> dict[str, Any]:
    joined = chance.choice([None, *[_day(chance, FIRST_DAY - timedelta(days=200))] * 9])
    start = joined or FIRST_DAY
    bought = chance.choice(
        [None, start, *[_day(chance, start)] * 3, start - timedelta(days=chance.choice([0, 0, 3]))]
    )
    seen = chance.choice([None, bought, *[_day(chance, start)] * 3])
    moment = seen and datetime.combine(seen, time(chance.randrange(24), 59, 59))
    return dict.fromkeys(CUSTOMERS.column_names) | {
        "customer_id": chance.choice([number] * 60 + [number // 2, None]),
        "gender": chance.choice(["female", "male", "male ", "", None]),
        "birth_date": chance.choice([None, *[_birth(chance)] * 4]),
        "country": chance.choice([*_COUNTRIES, "Chile", "Chile"]),
        "join_date": joined,
        "first_purchase": bought,
        "last_login": moment,
        "is_active": chance.choice([True, False, None]) if has_flags else None,
        "loyalty_status": chance.choice(_TIERS),
        "loyalty_points": chance.choice([None, 0, 10, 500, chance.choice([7, -1])]),
        "account_balance": chance.choice([None, Decimal("10.00")]),
    }


def _event(chance: random.Random, number: int, customers: int) -> dict[str, Any]:
    kind = chance.choice([*EVENT_KINDS, "login", "purchase"])
    sign = {"refund": -1, "redeem": -1, "expire": -1, "adjust": chance.choice([1, -1])}.get(kind, 1)
    sign *= chance.choice([1] * 40 + [-1])
    money, points = chance.choice(_MONEY), chance.choice(_POINTS[: chance.choice([6] * 30 + [8])])
    day = _day(chance, FIRST_DAY)
    return {
        "event_id": chance.choice([number] * 80 + [number // 2, None]),
        "customer_id": chance.choice([_mostly_low(chance, customers)] * 40 + [customers + 7, None]),
        "occurred_at": chance.choice([*[_moment(chance, day)] * 60, None, datetime(1899, 12, 31, 23, 59)]),
        "kind": chance.choice([*[kind] * 40, kind.upper(), "gift", " ", None]),
        "amount": sign * Decimal(money) if money and kind in {"purchase", "refund", "login"} else None,
        "points": sign * points if points is not None and kind not in {"login", "tier_change"} else None,
        "order_id": chance.choice([None, f"O{chance.randrange(40)}"]) if kind in {"purchase", "refund"} else None,
        "expires_on": chance.choice([None, day + timedelta(days=90)]) if kind in {"purchase", "earn"} else None,
        "loyalty_status": chance.choice([*_TIERS, "Platinum"]) if kind == "tier_change" else None,
    }


def _mostly_low(chance: random.Random, most: int) -> int:
    """A few customers have many events, and many have few."""
    return 1 + int(most * chance.random() ** 2)


def _day(chance: random.Random, first: date) -> date:
    return first + timedelta(days=chance.randint(0, max((LAST_DAY - first).days, 0)))


def _moment(chance: random.Random, day: date) -> datetime:
    """On the hour, so that some moments are equal; or the last moment of the day."""
    return datetime.combine(day, chance.choice([time(chance.randrange(24)), time(23, 59, 59, 999_999)]))


def _birth(chance: random.Random) -> date:
    """Around the birthdays at which an age band ends, including leap days."""
    years = chance.choice([18, 25, 35, 45, 55, 65])
    return chance.choice(
        [
            date(LAST_DAY.year - years, 6, chance.choice([29, 30])),
            date(LAST_DAY.year - years, 7, 1),
            date(2000, 2, 29),
            date(1930, 1, 1) + timedelta(days=chance.randrange(33_000)),
        ]
    )
