"""The source tables, with the checks of their rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final, Literal

from customer360.tables.columns import Column, Index, Source
from customer360.tables.row_checks import (
    Among,
    ComesBefore,
    Condition,
    Contradicts,
    DiffersFromEvents,
    HasDecimals,
    HasNoPurchase,
    IsAbove,
    IsBelow,
    IsBlank,
    IsForgotten,
    IsMissing,
    IsNotKnownYet,
    IsOtherThan,
    IsUnknownTo,
    LiesBefore,
    PrecedesJoining,
    Repeats,
    RowCheck,
    TakesMoreThanHeld,
    TakesSpentPoints,
)

SOURCE_SCHEMA: Final = "public"

EARLIEST_DATE: Final = date(1900, 1, 1)
MOST_POINTS: Final = 10**11
ACTIVE_DAYS: Final = 90
"""A customer is active by behaviour if fewer than this many days have passed since the last login."""


def _missing(name: str, column: str) -> RowCheck:
    return RowCheck(name, "warn", f"{column} is null.", IsMissing(column))


def _blank(column: str) -> RowCheck:
    return RowCheck(f"{column}_missing", "warn", f"{column} is null or blank.", IsBlank(column))


def _not_known_yet(column: str) -> RowCheck:
    text = f"{column} is after the as-of date; it counts as unknown."
    return RowCheck(f"{column}_after_as_of", "warn", text, IsNotKnownYet(column))


_CUSTOMER_CHECKS: Final = (
    RowCheck("customer_id_missing", "reject", "customer_id is null.", IsMissing("customer_id")),
    RowCheck(
        "customer_id_duplicate",
        "reject",
        "The customer_id occurs more than once; all of its rows are excluded, because any of them may be wrong.",
        Repeats("customer_id"),
    ),
    RowCheck(
        "not_a_whole_number",
        "reject",
        "customer_id or loyalty_points has decimals; whole numbers are neither rounded nor truncated.",
        HasDecimals(("customer_id", "loyalty_points")),
    ),
    RowCheck(
        "date_before_1900",
        "reject",
        "join_date, first_purchase or last_login is before 1900: a placeholder, not a date.",
        LiesBefore(("join_date", "first_purchase", "last_login"), EARLIEST_DATE),
    ),
    RowCheck(
        "first_purchase_before_join",
        "reject",
        "first_purchase is before join_date.",
        ComesBefore("first_purchase", "join_date"),
    ),
    RowCheck(
        "last_login_before_join",
        "reject",
        "The day of last_login is before join_date.",
        ComesBefore("last_login", "join_date"),
    ),
    RowCheck("negative_points", "reject", "loyalty_points is below zero.", IsBelow("loyalty_points", 0)),
    RowCheck(
        "too_many_points",
        "reject",
        f"loyalty_points is above {MOST_POINTS}; sums over millions of customers would overflow.",
        IsAbove("loyalty_points", MOST_POINTS),
    ),
    RowCheck(
        "forgotten",
        "reject",
        "The customer was forgotten with `customer360 forget`; no part of the row is kept.",
        IsForgotten("customer_id"),
    ),
    _missing("join_date_missing", "join_date"),
    _blank("country"),
    _blank("loyalty_status"),
    _missing("is_active_missing", "is_active"),
    _missing("balance_missing", "account_balance"),
    _missing("points_missing", "loyalty_points"),
    _missing("last_login_missing", "last_login"),
    _not_known_yet("last_login"),
    _not_known_yet("first_purchase"),
    RowCheck(
        "last_login_before_first_purchase",
        "warn",
        "The day of last_login is before first_purchase.",
        ComesBefore("last_login", "first_purchase"),
    ),
    RowCheck(
        "active_flag_contradicts_behaviour",
        "warn",
        "is_active contradicts the last login, which is known.",
        Contradicts("is_active", "last_login", ACTIVE_DAYS),
    ),
    RowCheck(
        "points_differ_from_events",
        "warn",
        "loyalty_points differ from the sum of the points of the customer's events.",
        DiffersFromEvents("loyalty_points"),
    ),
    RowCheck(
        "first_purchase_differs_from_events",
        "warn",
        "first_purchase differs from the day of the customer's first purchase event.",
        DiffersFromEvents("first_purchase"),
    ),
    RowCheck(
        "last_login_differs_from_events",
        "warn",
        "The day of last_login differs from that of the customer's last login event.",
        DiffersFromEvents("last_login"),
    ),
)

CUSTOMERS: Final = Source(
    SOURCE_SCHEMA,
    "customers",
    "one row per customer",
    "The customers today: who they are, when they joined, what they hold.",
    (
        Column("customer_id", "bigint", "Identifies the customer.", required=True),
        Column(
            "source_id",
            "text",
            "The customer's id in the source, unchanged ('00123'); null for mock data.",
            personal="name",
        ),
        Column("name", "text", "Full name.", personal="name"),
        Column(
            "email",
            "text",
            "E-mail address; mock data uses the reserved example domains of RFC 2606.",
            personal="contact",
        ),
        Column("gender", "text", "Gender as stated by the customer."),
        Column("birth_date", "date", "Day of birth.", personal="name"),
        Column("country", "text", "Country of residence."),
        Column("city", "text", "City of residence."),
        Column("join_date", "date", "Day the customer joined the programme."),
        Column("first_purchase", "date", "Day of the first purchase; null if none."),
        Column("last_login", "timestamp", "Time of the latest login, UTC; null if none."),
        Column("is_active", "boolean", "The stored flag: whether the customer counts as active."),
        Column("loyalty_status", "text", "Tier of the loyalty programme, such as Bronze, Silver or Gold."),
        Column("loyalty_points", "bigint", "Loyalty points held now, in points."),
        Column("account_balance", "numeric(12,2)", "Account balance now, in the data's currency."),
    ),
    key=("customer_id",),
    own_id="source_id",
    known_from="join_date",
    checks=_CUSTOMER_CHECKS,
)

EVENT_KINDS: Final = {
    "purchase": "An order: amount is the net sum of its lines, 0 or more; points are the points it earned.",
    "refund": "Money or goods returned: amount and points are 0 or less; order_id is that of the purchase.",
    "earn": "Points given as a bonus.",
    "adjust": "A correction of points, up or down.",
    "redeem": "Points spent, below 0.",
    "expire": "Points that lapsed unspent, below 0.",
    "login": "A visit; one per customer and day is enough.",
    "tier_change": "The customer moves to the tier in loyalty_status.",
}
"""The kinds of events and their meanings."""
ACTIVE_KINDS: Final = ("login", "purchase", "redeem")
"""The kinds that make a customer active; what happens to a customer, such as expiry, does not."""
EARNING_KINDS: Final = ("purchase", "refund", "earn", "adjust")
"""The kinds whose points add up to the points earned; held = earned - redeemed - expired."""


def _event(name: str, severity: Literal["reject", "warn"], description: str, condition: Condition) -> RowCheck:
    return RowCheck(f"event_{name}", severity, description, condition)


def _of(kinds: tuple[str, ...], condition: Condition) -> Among:
    return Among("kind", kinds, condition)


_EVENT_CHECKS: Final = (
    _event("id_missing", "reject", "event_id is null.", IsMissing("event_id")),
    _event(
        "id_duplicate",
        "reject",
        "The event_id occurs more than once; all of its rows are excluded, because any of them may be wrong.",
        Repeats("event_id"),
    ),
    _event("customer_id_missing", "reject", "customer_id is null.", IsMissing("customer_id")),
    _event("date_missing", "reject", "occurred_at is null.", IsMissing("occurred_at")),
    _event(
        "date_before_1900",
        "reject",
        "occurred_at is before 1900: a placeholder, not a date.",
        LiesBefore(("occurred_at",), EARLIEST_DATE),
    ),
    _event("kind_missing", "reject", "kind is null or blank.", IsBlank("kind")),
    _event(
        "kind_unknown",
        "reject",
        f"kind is not one of {', '.join(EVENT_KINDS)}.",
        IsOtherThan("kind", tuple(EVENT_KINDS)),
    ),
    _event(
        "not_a_whole_number",
        "reject",
        "event_id, customer_id or points has decimals; whole numbers are neither rounded nor truncated.",
        HasDecimals(("event_id", "customer_id", "points")),
    ),
    _event(
        "purchase_below_zero",
        "reject",
        "A purchase has an amount below zero; record it as a refund.",
        _of(("purchase",), IsBelow("amount", 0)),
    ),
    _event(
        "refund_above_zero", "reject", "A refund has an amount above zero.", _of(("refund",), IsAbove("amount", 0))
    ),
    _event(
        "earned_below_zero",
        "reject",
        "The points of a purchase or bonus are below zero.",
        _of(("purchase", "earn"), IsBelow("points", 0)),
    ),
    _event(
        "deduction_above_zero",
        "reject",
        "The points of a refund, a redemption or an expiry are above zero.",
        _of(("refund", "redeem", "expire"), IsAbove("points", 0)),
    ),
    _event("too_many_points", "reject", f"points are above {MOST_POINTS}.", IsAbove("points", MOST_POINTS)),
    _event("too_few_points", "reject", f"points are below -{MOST_POINTS}.", IsBelow("points", -MOST_POINTS)),
    _event(
        "forgotten",
        "reject",
        "The event's customer was forgotten with `customer360 forget`; no part of the row is kept.",
        IsForgotten("customer_id"),
    ),
    RowCheck(
        "event_customer_unknown",
        "reject",
        "customer_id does not match a customer in the results.",
        IsUnknownTo("customer_id", "public.customers"),
    ),
    _event(
        "amount_missing",
        "warn",
        "A purchase or refund has no amount.",
        _of(("purchase", "refund"), IsMissing("amount")),
    ),
    _event(
        "points_missing",
        "warn",
        "A redemption or an expiry has no points.",
        _of(("redeem", "expire"), IsMissing("points")),
    ),
    _event(
        "tier_missing",
        "warn",
        "A tier change has no new tier.",
        _of(("tier_change",), IsBlank("loyalty_status")),
    ),
    RowCheck("event_before_joining", "warn", "The event is before its customer's join_date.", PrecedesJoining()),
    RowCheck(
        "refund_without_purchase",
        "warn",
        "The refund has no earlier purchase of the same customer and order.",
        HasNoPurchase(),
    ),
    RowCheck(
        "points_above_balance",
        "warn",
        "The event takes more points than its customer holds at that time.",
        TakesMoreThanHeld(),
    ),
    RowCheck(
        "spent_points_expired",
        "warn",
        "The expired points had already been spent.",
        TakesSpentPoints(),
    ),
)

EVENTS: Final = Source(
    SOURCE_SCHEMA,
    "events",
    "one row per event",
    "What customers did and what happened to their points and tiers; append-only.",
    (
        Column("event_id", "bigint", "Identifies the event; the same id again is the same event.", required=True),
        Column("customer_id", "bigint", "The customer, as in public.customers.", required=True),
        Column("occurred_at", "timestamp", "Time of the event, UTC.", required=True),
        Column("kind", "text", f"What happened: one of {', '.join(EVENT_KINDS)}.", required=True),
        Column(
            "amount", "numeric(12,2)", "Amount of a purchase, or of a refund (below zero), in the data's currency."
        ),
        Column("points", "bigint", "Points given, or taken (below zero)."),
        Column("order_id", "text", "The order of a purchase or refund.", personal="name"),
        Column("expires_on", "date", "Day from which the points can no longer be spent; informational."),
        Column("loyalty_status", "text", "The new tier of a tier change."),
    ),
    key=("event_id",),
    indexes=(Index(("customer_id",)), Index(("occurred_at",), "brin")),
    known_from="occurred_at",
    checks=_EVENT_CHECKS,
    read_for_checks=("customer_id", "order_id", "expires_on"),
    is_optional=True,
)


def events_of(kind: str) -> Column:
    """The events of one *kind* as a dependency of a result, which the data may lack: "login events"."""
    words = kind.replace("_", " ")
    return replace(EVENTS["kind"], name=f"{words} events", description=f"Events of the kind {kind}.")


SOURCES: Final = (CUSTOMERS, EVENTS)
"""Every source, in the order in which they are filled."""
