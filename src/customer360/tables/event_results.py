"""The result tables built from the events: what customers did in each month."""

from __future__ import annotations

from typing import Final

from customer360.tables.columns import Index
from customer360.tables.conditions import Among, AtLeast
from customer360.tables.shorthand import (
    COUNTRY,
    HAPPENED,
    ID,
    KIND,
    ORDERED,
    SLICER_COLUMNS,
    SLICERS,
    SPENT,
    column,
    number,
    result,
    total,
)
from customer360.tables.sources import ACTIVE_KINDS, EVENTS, events_of

_ONE_DAY: Final = "several on one day count once"
_COUNTS: Final = (
    total("orders", "Orders: purchase events.", ORDERED, sums="orders"),
    total("amount", "Amount of the orders before refunds.", SPENT, sql_type="numeric(22,2)", sums="amount"),
    total("refunds", "Refund events.", events_of("refund"), sums="refunds"),
    total(
        "refunded",
        "Amount refunded, as a number of 0 or more.",
        events_of("refund"),
        sql_type="numeric(22,2)",
        sums="refunded",
    ),
    total(
        "earned",
        "Points earned: from purchases, refunds, bonuses and corrections.",
        EVENTS["points"],
        minimum=None,
        sums="earned",
    ),
    total("redeemed", "Points redeemed, as a number of 0 or more.", events_of("redeem"), sums="redeemed"),
    total("expired", "Points expired, as a number of 0 or more.", events_of("expire"), sums="expired"),
    total("logins", f"Days with a login; {_ONE_DAY}.", events_of("login"), sums="logins"),
    total(
        "login_gaps",
        "Gaps between login days that end in the month.",
        events_of("login"),
        sums="login_gaps",
    ),
    total("login_gap_days", "Total days of these gaps.", events_of("login"), sums="login_gap_days"),
    total("order_gaps", "Gaps between days with an order that end in the month.", ORDERED, sums="order_gaps"),
    total("order_gap_days", "Total days of these gaps.", ORDERED, sums="order_gap_days"),
)
"""The columns that add up over customers and months."""

CUSTOMER_MONTHS: Final = result(
    "customer_months",
    "one row per customer and month with any event",
    "What each customer did in a month; every monthly figure is summed from it.",
    ("customer_id", "month"),
    ID,
    column("month", "date", "First day of the month.", HAPPENED, required=True),
    column(
        "is_active",
        "boolean",
        f"Whether there was a {', '.join(ACTIVE_KINDS[:-1])} or {ACTIVE_KINDS[-1]} event in the month.",
        HAPPENED,
        KIND,
        required=True,
    ),
    number("active_days", "smallint", "Days of the month on which the customer was active.", 0, 31, HAPPENED),
    column(
        "is_new",
        "boolean",
        "Whether it is the first active month of a customer who joined in or after the first month of events, or "
        "whose join date is unknown.",
        HAPPENED,
        required=True,
    ),
    column("is_retained", "boolean", "Active, and active in the month before.", HAPPENED, required=True),
    column(
        "is_resurrected",
        "boolean",
        "Active, but neither new nor active in the month before.",
        HAPPENED,
        required=True,
    ),
    column(
        "is_repeat_buyer",
        "boolean",
        "Whether an order in the month is not the customer's first.",
        ORDERED,
        required=True,
    ),
    *_COUNTS,
    role="profile",
    indexes=(Index(("month",), "brin"),),
)

_OF_A_MONTH: Final = ("activity_month",)
ACTIVITY_SEGMENTS: Final = result(
    "activity_segments",
    "one row per activity month, join month, loyalty status, activity and country that occurs",
    "What happened in each month, counted and summed, by today's value of each slicer. At most "
    "m(m + 1)/2 × tiers × 3 × countries rows for m months, plus events before joining, at any number of "
    "customers.",
    ("activity_month", *SLICERS),
    column("activity_month", "date", "First day of the month in which it happened.", HAPPENED, required=True),
    *SLICER_COLUMNS,
    total(
        "active_customers",
        "Customers active in the month.",
        HAPPENED,
        except_over=_OF_A_MONTH,
        counts=(Among("is_active", (True,)),),
    ),
    total(
        "active_days",
        "Days with activity, summed over customers.",
        HAPPENED,
        sums="active_days",
        counts=(Among("is_active", (True,)),),
    ),
    total(
        "possible_days",
        "Active customers × days of the month; for the month of the as-of date, days up to that date.",
        HAPPENED,
    ),
    total(
        "new_customers",
        "Customers in their first active month; see customer_months.",
        HAPPENED,
        counts=(Among("is_new", (True,)),),
    ),
    total(
        "retained_customers",
        "Active customers who were active in the month before.",
        HAPPENED,
        except_over=_OF_A_MONTH,
        counts=(Among("is_retained", (True,)),),
    ),
    total(
        "resurrected_customers",
        "Active customers who are not new and were not active in the month before.",
        HAPPENED,
        except_over=_OF_A_MONTH,
        counts=(Among("is_resurrected", (True,)),),
    ),
    total(
        "login_customers",
        "Customers with a login in the month.",
        events_of("login"),
        except_over=_OF_A_MONTH,
        counts=(AtLeast("logins", 1),),
    ),
    total(
        "buyers",
        "Customers with an order in the month.",
        ORDERED,
        except_over=_OF_A_MONTH,
        counts=(AtLeast("orders", 1),),
    ),
    total(
        "repeat_buyers",
        "Buyers with an order in the month that is not their first.",
        ORDERED,
        except_over=_OF_A_MONTH,
        counts=(Among("is_repeat_buyer", (True,)),),
    ),
    *_COUNTS,
)

TIER_MOVES: Final = result(
    "tier_moves",
    "one row per month, tier before, tier after and country that occurs",
    "Moves between tiers, counted. The moves into a tier less the moves out of it, up to a month, are the number "
    "of customers in the tier at that time.",
    ("month", "from_status", "to_status", "country"),
    column("month", "date", "First day of the month of the move.", events_of("tier_change"), required=True),
    column("from_status", "text", "The tier before; null for a customer's first tier.", events_of("tier_change")),
    column("to_status", "text", "The tier after.", EVENTS["loyalty_status"], required=True),
    column("country", "text", "Country, as in the segments.", COUNTRY, required=True),
    total("moves", "Number of moves.", events_of("tier_change"), minimum=1, sums="moves"),
)

CUSTOMER_MOVES: Final = result(
    "customer_moves",
    "one row per customer, month, tier before and tier after that occurs",
    "Each customer's moves between tiers; tier_moves is summed from it.",
    (),
    ID,
    column("month", "date", "First day of the month of the move.", events_of("tier_change"), required=True),
    column("from_status", "text", "The tier before; null for the first tier.", events_of("tier_change")),
    column("to_status", "text", "The tier after.", EVENTS["loyalty_status"], required=True),
    number("moves", "smallint", "Number of such moves in the month.", 1, None, events_of("tier_change")),
    role="profile",
    indexes=(Index(("customer_id",)),),
)
