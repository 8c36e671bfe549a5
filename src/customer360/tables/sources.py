"""The sources: the tables that come from outside, with the checks of their rows."""

from __future__ import annotations

from datetime import date
from typing import Final

from customer360.tables.columns import Column, Source
from customer360.tables.row_checks import (
    ComesBefore,
    Contradicts,
    HasDecimals,
    IsAbove,
    IsBelow,
    IsBlank,
    IsMissing,
    IsNotKnownYet,
    LiesBefore,
    Repeats,
    RowCheck,
)

SOURCE_SCHEMA: Final = "public"

EARLIEST_DATE: Final = date(1900, 1, 1)
MOST_POINTS: Final = 10**11
ACTIVE_DAYS: Final = 90
"""A customer is active by behaviour when less than this many days have passed since the last login."""


def _missing(name: str, column: str) -> RowCheck:
    return RowCheck(name, "warn", f"{column} is null.", IsMissing(column))


def _blank(column: str) -> RowCheck:
    return RowCheck(f"{column}_missing", "warn", f"{column} is null or blank.", IsBlank(column))


def _not_known_yet(column: str) -> RowCheck:
    text = f"{column} lies after the as-of date; it counts as not known."
    return RowCheck(f"{column}_after_as_of", "warn", text, IsNotKnownYet(column))


_CUSTOMER_CHECKS: Final = (
    RowCheck("customer_id_missing", "reject", "customer_id is null.", IsMissing("customer_id")),
    RowCheck(
        "customer_id_duplicate",
        "reject",
        "The customer_id occurs more than once; all of its rows are left out, as nobody can tell which is right.",
        Repeats("customer_id"),
    ),
    RowCheck(
        "not_a_whole_number",
        "reject",
        "customer_id or loyalty_points has decimals; whole numbers are neither rounded nor cut.",
        HasDecimals(("customer_id", "loyalty_points")),
    ),
    RowCheck(
        "date_before_1900",
        "reject",
        "join_date, first_purchase or last_login lies before 1900: a placeholder, not a date.",
        LiesBefore(("join_date", "first_purchase", "last_login"), EARLIEST_DATE),
    ),
    RowCheck(
        "first_purchase_before_join",
        "reject",
        "first_purchase lies before join_date.",
        ComesBefore("first_purchase", "join_date"),
    ),
    RowCheck(
        "last_login_before_join",
        "reject",
        "The day of last_login lies before join_date.",
        ComesBefore("last_login", "join_date"),
    ),
    RowCheck("negative_points", "reject", "loyalty_points is below zero.", IsBelow("loyalty_points", 0)),
    RowCheck(
        "too_many_points",
        "reject",
        f"loyalty_points is above {MOST_POINTS}: more than sums can hold for millions of customers.",
        IsAbove("loyalty_points", MOST_POINTS),
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
        "The day of last_login lies before first_purchase.",
        ComesBefore("last_login", "first_purchase"),
    ),
    RowCheck(
        "active_flag_contradicts_behaviour",
        "warn",
        "is_active says otherwise than the last login, which is known.",
        Contradicts("is_active", "last_login", ACTIVE_DAYS),
    ),
)

CUSTOMERS: Final = Source(
    SOURCE_SCHEMA,
    "customers",
    "one row per customer",
    "The customers as they stand: who they are, when they joined, what they hold.",
    (
        Column("customer_id", "bigint", "Identifies the customer.", required=True),
        Column(
            "source_id",
            "text",
            "What the source calls the customer, unchanged ('00123'); null for mock data.",
            personal="name",
        ),
        Column("name", "text", "Full name.", personal="name"),
        Column(
            "email",
            "text",
            "E-mail address; mock data uses the reserved example domains of RFC 2606.",
            personal="contact",
        ),
        Column("gender", "text", "Gender as the customer stated it."),
        Column("birth_date", "date", "Day of birth.", personal="name"),
        Column("country", "text", "Country of residence."),
        Column("city", "text", "City of residence."),
        Column("join_date", "date", "Day the customer joined the programme."),
        Column("first_purchase", "date", "Day of the first purchase; null when there was none."),
        Column("last_login", "timestamp", "Moment of the latest login, UTC; null when there was none."),
        Column("is_active", "boolean", "The stored flag: whether the customer counts as active."),
        Column("loyalty_status", "text", "Tier of the loyalty programme, such as Bronze, Silver or Gold."),
        Column("loyalty_points", "bigint", "Points held now, in points."),
        Column("account_balance", "numeric(12,2)", "Balance of the account now, in the data's currency."),
    ),
    key=("customer_id",),
    own_id="source_id",
    known_from="join_date",
    checks=_CUSTOMER_CHECKS,
)

SOURCES: Final = (CUSTOMERS,)
"""Every source, in the order in which they are filled."""
