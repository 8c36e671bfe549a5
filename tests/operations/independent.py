"""
Every result table, recomputed in plain Python directly from the definitions, one customer at a time.

Shares no code with the operations: if both agree on awkward customers, they agree on the definitions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.additive import ADDITIVE, OF_ENGAGEMENT

_OF_SPENDING = (
    *("value_segments", "value_holdout", "value_model", "spending_segments", "spending_tenths", "top_spenders"),
    *("rfm_scores", "rfm_segments"),
)
"""Without events they are empty."""

Row = dict[str, Any]
Table = list[tuple[Any, ...]]

UNKNOWN, OTHER, NOT_STATED = "Unknown", "Other", "Not stated"


def results(customers: list[Row], as_of: date) -> dict[str, Table]:
    """The rows of every table by its name, columns in the table's order, rows in any order."""
    existing = [row for row in customers if row["join_date"] is None or row["join_date"] <= as_of]
    repeated = {key for key, count in Counter(row["customer_id"] for row in existing).items() if count > 1}
    reasons = [(row, _reasons(row, repeated)) for row in existing]
    used = [_at(as_of, row) for row, why in reasons if not why]
    bands = _bands(used, as_of)
    countries = _countries(used)
    statuses = _members((row["loyalty_status"] for row in used), (UNKNOWN,))
    genders = _genders(used)
    told = [_told(row, as_of, bands, countries, statuses) | {"gender": genders(row)} for row in used]
    return {
        "customer_profiles": _pick(told, _PROFILE),
        "customer_contacts": _pick(used, ["customer_id", "source_id", "name", "email"]),
        "customer_segments": _segments(told, ["balance_band", "points_band"], ADDITIVE),
        "engagement_segments": _segments(
            told, ["account_age_band", "last_login_month", "funnel_stage"], ADDITIVE | OF_ENGAGEMENT
        ),
        "top_customers": _top(told),
        "cohort_retention": _retention(told, as_of),
        "customer_months": [],
        "activity_segments": [],
        "customer_moves": [],
        "tier_moves": [],
        "demographic_segments": _segments(told, ["age_band", "gender"], {"customers": len}),
        **{name: [] for name in _OF_SPENDING},
        "calendar_months": _calendar(used, as_of),
        "loyalty_statuses": _numbered(_statuses(told)),
        "activities": _numbered(
            [name for name in ("Active", "Inactive", UNKNOWN) if any(row["activity"] == name for row in told)]
        ),
        "countries": _numbered(countries),
        "bands": [row for name in bands for row in _band_rows(name, bands[name])] if used else [],
        "rejected_rows": [
            (
                "public.customers",
                "run",
                None if row["customer_id"] is None else str(row["customer_id"]),
                ", ".join(why),
                row,
            )
            for row, why in reasons
            if why
        ],
    }


def data_quality(customers: list[Row], as_of: date) -> dict[str, tuple[int, int]]:
    """For each check: rows examined, rows failed."""
    existing = [row for row in customers if row["join_date"] is None or row["join_date"] <= as_of]
    repeated = {key for key, count in Counter(row["customer_id"] for row in existing).items() if count > 1}
    reasons = [_reasons(row, repeated) for row in existing]
    used = [row for row, why in zip(existing, reasons, strict=True) if not why]
    rejects = {name: (len(existing), sum(name in why for why in reasons)) for name in _REASONS}
    return rejects | {
        name: (len(used), sum(bool(fails(row, as_of)) for row in used)) for name, fails in _WARNINGS.items()
    }


def _login_day(row: Row) -> date | None:
    return row["last_login"] and row["last_login"].date()


def _before(one: date | None, other: date | None) -> bool:
    return one is not None and other is not None and one < other


_REASONS: dict[str, Callable[[Row, set[int]], bool]] = {
    "customer_id_missing": lambda row, _: row["customer_id"] is None,
    "customer_id_duplicate": lambda row, repeated: (
        row["customer_id"] is not None and row["customer_id"] in repeated
    ),
    "date_before_1900": lambda row, _: any(
        _before(day, date(1900, 1, 1)) for day in (row["join_date"], row["first_purchase"], _login_day(row))
    ),
    "first_purchase_before_join": lambda row, _: _before(row["first_purchase"], row["join_date"]),
    "last_login_before_join": lambda row, _: _before(_login_day(row), row["join_date"]),
    "negative_points": lambda row, _: row["loyalty_points"] is not None and row["loyalty_points"] < 0,
    "too_many_points": lambda row, _: row["loyalty_points"] is not None and row["loyalty_points"] > 10**11,
}


def _reasons(row: Row, repeated: set[int]) -> list[str]:
    return [name for name, fails in _REASONS.items() if fails(row, repeated)]


def _contradicts(row: Row, as_of: date) -> bool:
    day = _login_day(row)
    if day is None or day > as_of or row["is_active"] is None:
        return False
    return row["is_active"] != (day > as_of - timedelta(days=90))


_WARNINGS: dict[str, Callable[[Row, date], bool]] = {
    "join_date_missing": lambda row, _: row["join_date"] is None,
    "country_missing": lambda row, _: not (row["country"] or "").strip(),
    "loyalty_status_missing": lambda row, _: not (row["loyalty_status"] or "").strip(),
    "is_active_missing": lambda row, _: row["is_active"] is None,
    "balance_missing": lambda row, _: row["account_balance"] is None,
    "points_missing": lambda row, _: row["loyalty_points"] is None,
    "last_login_missing": lambda row, _: row["last_login"] is None,
    "last_login_after_as_of": lambda row, as_of: _before(as_of, _login_day(row)),
    "first_purchase_after_as_of": lambda row, as_of: _before(as_of, row["first_purchase"]),
    "last_login_before_first_purchase": lambda row, as_of: (
        _before(_login_day(row), row["first_purchase"]) and row["first_purchase"] <= as_of
    ),
    "active_flag_contradicts_behaviour": _contradicts,
}


def _at(as_of: date, row: Row) -> Row:
    row = dict(row)
    if _before(as_of, _login_day(row)):
        row["last_login"] = None
    if _before(as_of, row["first_purchase"]):
        row["first_purchase"] = None
    return row


def _bands(used: list[Row], as_of: date) -> dict[str, list[Decimal]]:
    """The upper edges of each column's bands."""
    joined = [row["join_date"] for row in used if row["join_date"] is not None]
    return {
        "account_balance": _amount_edges([row["account_balance"] for row in used]),
        "loyalty_points": _amount_edges([row["loyalty_points"] for row in used]),
        "account_age_days": _age_edges((as_of - min(joined)).days if joined else 0),
        "spent": [],
        "orders": [Decimal(edge) for edge in (1, 3, 6, 12, 24)],
        "age_years": [Decimal(limit - 1) for limit in _AGES],
    }


def _amount_edges(values: Iterable[Decimal | None]) -> list[Decimal]:
    positive = sorted(value for value in values if value is not None and value > 0)
    if not positive:
        return []
    steps = [Decimal(f"{digits}e{power}") for power in range(-1, 12) for digits in ("1", "2.5", "5")]

    def first_reaching(share: str) -> int:
        return next(
            place
            for place, step in enumerate(steps)
            if sum(value <= step for value in positive) >= Decimal(share) * len(positive)
        )

    first, last = first_reaching("0.01"), first_reaching("0.99")
    return steps[max(first, last - 10) : last + 1]


def _age_edges(oldest: int) -> list[Decimal]:
    width = next(width for width in (1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500) if width * 20 >= oldest)
    edges = [width]
    while edges[-1] < oldest:
        edges.append(edges[-1] + width)
    return [Decimal(edge) for edge in edges]


def _band(value: Decimal | int | None, edges: list[Decimal], *, amounts: bool) -> int | None:
    if value is None:
        return None
    if amounts and value < 0:
        return -1
    if amounts and value == 0:
        return 0
    return 1 + sum(value > edge for edge in edges)


def _age_band(born: date | None, as_of: date) -> int:
    if born is None or born > as_of:
        return 2 + len(_AGES)
    years = as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))
    return 1 + sum(years >= limit for limit in _AGES)


_AGES = (18, 25, 35, 45, 55, 65)


def _genders(used: list[Row]) -> Callable[[Row], str]:
    own = (OTHER, NOT_STATED)
    spelt = _members((row["gender"] for row in used), own)
    counts = Counter(spelt[_stated(row).lower()] for row in used)
    named = sorted((name for name in counts if name not in own), key=lambda name: (-counts[name], name))[:12]

    def gender(row: Row) -> str:
        name = spelt[_stated(row).lower()]
        return name if name in (*named, NOT_STATED) else OTHER

    return gender


def _stated(row: Row) -> str:
    return (row["gender"] or "").strip() or NOT_STATED


def _band_rows(name: str, edges: list[Decimal]) -> Table:
    zero = Decimal(0)
    lows = [zero, *edges]
    rows: Table = [(name, band, low, high) for band, (low, high) in enumerate(zip(lows, edges), start=1)]  # noqa: B905
    if name == "account_age_days":
        return rows
    if name == "age_years":
        return [*rows, (name, len(edges) + 1, lows[-1], None), (name, len(edges) + 2, None, None)]
    if name == "orders":
        return [(name, 0, None, zero), *rows, (name, len(edges) + 1, lows[-1], None)]
    return [(name, -1, None, zero), (name, 0, None, zero), *rows, (name, len(edges) + 1, lows[-1], None)]


def _or_unknown(text: str | None) -> str:
    return (text or "").strip() or UNKNOWN


def _members(texts: Iterable[str | None], own: Iterable[str]) -> dict[str, str]:
    """For each lower-case text, its most frequent spelling; the predefined members *own* keep their spelling."""
    counts = Counter(map(_or_unknown, texts))
    spelt: dict[str, str] = {}
    for text in sorted(counts, key=lambda text: (-counts[text], text)):
        spelt.setdefault(text.lower(), text)
    return spelt | {name.lower(): name for name in own}


def _countries(used: list[Row]) -> list[str]:
    spelt = _members((row["country"] for row in used), (OTHER, UNKNOWN))
    counts = Counter(spelt[_or_unknown(row["country"]).lower()] for row in used)
    named = sorted(
        (name for name in counts if name not in (UNKNOWN, OTHER)), key=lambda name: (-counts[name], name)
    )
    last = [OTHER] if len(named) > 19 or OTHER in counts else []
    return [*named[:19], *last, *([UNKNOWN] if UNKNOWN in counts else [])]


def _told(
    row: Row, as_of: date, bands: dict[str, list[Decimal]], countries: list[str], statuses: dict[str, str]
) -> Row:
    joined, bought, seen = row["join_date"], row["first_purchase"], _login_day(row)
    age = (as_of - joined).days if joined else None
    unseen = (as_of - seen).days if seen else None
    met = [
        True,
        bought is not None,
        bought is not None and seen is not None and seen > bought,
        bool(row["is_active"]),
    ]
    stage = met.index(False) if False in met else 4
    known = {name.lower(): name for name in countries}
    return row | {
        "account_age_days": age,
        "account_age_band": _band(age, bands["account_age_days"], amounts=False),
        "balance_band": _band(row["account_balance"], bands["account_balance"], amounts=True),
        "points_band": _band(row["loyalty_points"], bands["loyalty_points"], amounts=True),
        "days_since_last_login": unseen,
        "is_active_by_behaviour": seen is not None and seen > as_of - timedelta(days=90),
        "funnel_stage": stage,
        "out_of_order": any(met[stage:]),
        "last_seen": seen,
        "orders": 0,
        "spent": 0,
        "last_purchase": None,
        "spent_band": 0,
        "orders_band": 0,
        "logins_90_days": 0,
        "recent_orders": 0,
        "recent_amount": 0,
        "order_recency_days": None,
        "rfm_segment": "No Recent Order",
        **dict.fromkeys(_NOT_SCORED),
        "age_band": _age_band(row["birth_date"], as_of),
        "join_month": joined and joined.replace(day=1),
        "last_login_month": seen and seen.replace(day=1),
        "activity": {True: "Active", False: "Inactive", None: UNKNOWN}[row["is_active"]],
        "status": statuses[_or_unknown(row["loyalty_status"]).lower()],
        "place": known.get(_or_unknown(row["country"]).lower(), OTHER),
        "source_id": str(row["customer_id"]) if "@" in (row["source_id"] or "@") else row["source_id"],
    }


_NOT_SCORED = (
    *("recency_score", "frequency_score", "monetary_score"),
    *("expected_orders", "expected_amount", "alive_probability"),
)
_PROFILE = [
    *("customer_id", "source_id", "join_date", "loyalty_status", "country", "is_active", "is_active_by_behaviour"),
    *("account_age_days", "account_age_band", "account_balance", "balance_band", "loyalty_points", "points_band"),
    *(
        "days_since_last_login",
        "funnel_stage",
        "out_of_order",
        "last_login_month",
        "last_seen",
        "orders",
        "spent",
        "last_purchase",
    ),
    *("spent_band", "orders_band", "logins_90_days", "recent_orders", "recent_amount", "order_recency_days"),
    *(*_NOT_SCORED[:3], "rfm_segment", *_NOT_SCORED[3:]),
    *("age_band", "gender", "join_month", "activity", "status", "place"),
]
_CELL = ["join_month", "status", "activity", "place"]


def _pick(told: list[Row], columns: list[str]) -> Table:
    return [tuple(row[column] for column in columns) for row in told]


def _by(told: list[Row], columns: list[str]) -> dict[tuple[Any, ...], list[Row]]:
    groups = defaultdict(list)
    for row in told:
        groups[tuple(row[column] for column in columns)].append(row)
    return groups


def _segments(told: list[Row], further: list[str], added: dict[str, Callable[[list[Row]], Any]]) -> Table:
    cells = _by(told, _CELL + further)
    return [(*key, *(of(members) for of in added.values())) for key, members in cells.items()]


def _top(told: list[Row]) -> Table:
    top: Table = []
    for key, members in _by([row for row in told if row["account_balance"] is not None], _CELL).items():
        members.sort(key=lambda row: (-row["account_balance"], row["customer_id"]))
        for rank, row in enumerate(members[:10], start=1):
            top.append((*key, rank, row["customer_id"], row["source_id"], row["name"], row["account_balance"]))
    return top


def _month_number(day: date) -> int:
    return 12 * day.year + day.month - 1


def _retention(told: list[Row], as_of: date) -> Table:
    tomorrow = as_of + timedelta(days=1)
    first_open = _month_number(tomorrow)  # the month of tomorrow is not over
    cohorts = _by([row for row in told if row["join_month"]], ["join_month"])
    retention = []
    for (month,), members in cohorts.items():
        for n in range(max(1, first_open - _month_number(month))):
            stayed = sum(n == 0 or _seen_after(row, month, n) for row in members)
            share = (Decimal(stayed) / len(members)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
            retention.append((month, n, len(members), stayed, share, None, None))
    return retention


def _seen_after(row: Row, month: date, n: int) -> bool:
    seen = row["last_login_month"]
    return seen is not None and _month_number(seen) >= _month_number(month) + n


def _calendar(used: list[Row], as_of: date) -> Table:
    joined = [row["join_date"] for row in used if row["join_date"]]
    months, day = [], min(joined, default=date.max).replace(day=1)
    while day <= as_of:
        months.append((day, day.year, f"{day.year} Q{(day.month + 2) // 3}", day.strftime("%b %Y")))
        day = (day + timedelta(days=31)).replace(day=1)
    return months


def _statuses(told: list[Row]) -> list[str]:
    def mean(members: list[Row], column: str) -> Decimal:
        known = [row[column] for row in members if row[column] is not None]
        return Decimal(sum(known)) / len(known) if known else Decimal("-Infinity")

    groups = {status: members for (status,), members in _by(told, ["status"]).items()}
    return sorted(
        groups,
        key=lambda status: (
            status == UNKNOWN,
            mean(groups[status], "loyalty_points"),
            mean(groups[status], "account_balance"),
            status,
        ),
    )


def _numbered(names: list[str]) -> Table:
    return [(name, number) for number, name in enumerate(names, start=1)]
