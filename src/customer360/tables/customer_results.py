"""The result tables built from the customers."""

from __future__ import annotations

from typing import Final

from customer360.tables.columns import Index
from customer360.tables.conditions import Among, IsKnown
from customer360.tables.shorthand import (
    ACTIVITY,
    ACTIVITY_VALUES,
    BALANCE,
    BORN,
    COUNTRY,
    FLAG,
    FUNNEL,
    GENDER,
    HAPPENED,
    ID,
    JOINED,
    LAST_SEEN,
    LOGGED_IN,
    NOT_STATED,
    ORDERED,
    POINTS,
    SEEN,
    SHOWN_ID,
    SLICER_COLUMNS,
    SLICERS,
    SPENT,
    STATUS,
    band,
    column,
    customers,
    number,
    result,
    total,
)
from customer360.tables.sources import ACTIVE_DAYS, ACTIVE_KINDS, CUSTOMERS, events_of
from customer360.tables.value_results import EXPECTED, RFM

AGE_BAND: Final = number(
    "age_band", "smallint", f"Band of the age in years, see bands; the last is '{NOT_STATED}'.", 1, None, BORN
)
_HAS_BALANCE: Final = (IsKnown("account_balance"),)
_HAS_POINTS: Final = (IsKnown("loyalty_points"),)
_HAS_LOGGED_IN: Final = (IsKnown("days_since_last_login"),)
_SUMS: Final = (
    customers(),
    column(
        "balance_sum",
        "numeric(22,2)",
        "Sum of account_balance over customers whose balance is known.",
        BALANCE,
        required=True,
        is_additive=True,
        counts=_HAS_BALANCE,
        sums="account_balance",
    ),
    total("balance_count", "Customers whose account_balance is known.", BALANCE, counts=_HAS_BALANCE),
    total(
        "points_sum",
        "Sum of loyalty_points over customers whose points are known.",
        POINTS,
        counts=_HAS_POINTS,
        sums="loyalty_points",
    ),
    total("points_count", "Customers whose loyalty_points are known.", POINTS, counts=_HAS_POINTS),
    total(
        "recency_days_sum",
        "Days since the last login on the as-of date, summed over customers.",
        LOGGED_IN,
        counts=_HAS_LOGGED_IN,
        sums="days_since_last_login",
    ),
    total("recency_count", "Customers whose last login is known.", LOGGED_IN, counts=_HAS_LOGGED_IN),
)

CUSTOMER_PROFILES: Final = result(
    "customer_profiles",
    "one row per customer known at the as-of date",
    "Each customer's ages, bands and funnel stage, without name or address.",
    ("customer_id",),
    ID,
    SHOWN_ID,
    column("join_date", "date", "Day the customer joined.", JOINED),
    column("loyalty_status", "text", "Tier of the loyalty programme.", STATUS),
    column("country", "text", "Country of residence, as stored.", COUNTRY),
    column("is_active", "boolean", "The stored flag; null means unknown.", FLAG, heading="Marked Active"),
    column(
        "is_active_by_behaviour",
        "boolean",
        f"Whether the customer was last seen less than {ACTIVE_DAYS} days before the as-of date.",
        LAST_SEEN,
        required=True,
        heading="Active by Behaviour",
    ),
    column(
        "account_age_days",
        "integer",
        "Days from join_date to the as-of date.",
        JOINED,
        minimum=0,
        heading="Days since Joining",
    ),
    band("account_age_band", "Band of account_age_days, see bands.", 1, JOINED),
    column("account_balance", "numeric(12,2)", "Account balance, in the data's currency.", BALANCE),
    band("balance_band", "Band of account_balance, see bands; null if the balance is unknown.", -1, BALANCE),
    column("loyalty_points", "bigint", "Loyalty points held.", POINTS, minimum=0),
    band("points_band", "Band of loyalty_points, see bands; null if the points are unknown.", 0, POINTS),
    column(
        "days_since_last_login",
        "integer",
        "Days from last_login to the as-of date; null if none.",
        LOGGED_IN,
        minimum=0,
        heading="Days since Last Login",
    ),
    number(
        "funnel_stage",
        "smallint",
        "Deepest stage reached without a gap: 1 joined, 2 first purchase, 3 logged in on a later day, 4 active.",
        1,
        4,
        *FUNNEL,
    ),
    column(
        "is_out_of_order",
        "boolean",
        "Whether the customer reached a funnel stage without an earlier one.",
        *FUNNEL,
        required=True,
        heading="Skipped a Stage",
    ),
    column("last_login_month", "date", "First day of the month of the last login; null if none.", LOGGED_IN),
    column(
        "last_seen",
        "date",
        f"The latest day with a login or another active event ({', '.join(ACTIVE_KINDS)}); null if none.",
        LAST_SEEN,
    ),
    total("orders", "Orders up to the as-of date.", ORDERED),
    total(
        "spent",
        "Amount of the orders, net of refunds, in the data's currency.",
        SPENT,
        minimum=None,
        sql_type="numeric(22,2)",
        heading="Amount Spent",
    ),
    column("last_purchase", "date", "Day of the last order; null if none.", ORDERED),
    band("spent_band", "Band of spent, see bands.", -1, SPENT),
    band("orders_band", "Band of orders, see bands.", 0, ORDERED),
    number(
        "logins_90_days",
        "integer",
        "Days with a login in the 90 days up to the as-of date.",
        0,
        90,
        events_of("login"),
        heading="Logins in 90 Days",
    ),
    *RFM,
    *EXPECTED,
    AGE_BAND,
    column("gender", "text", f"Gender as stated; '{NOT_STATED}' if null.", GENDER, required=True),
    column("join_month", "date", "First day of the month of join_date, as in the segments.", JOINED),
    column("activity", "text", "Activity, as in the segments.", ACTIVITY, required=True, allowed=ACTIVITY_VALUES),
    column("status_member", "text", "Loyalty status, as in the segments.", STATUS, required=True),
    column("country_member", "text", "Country, as in the segments.", COUNTRY, required=True),
    role="profile",
)

CUSTOMER_SEGMENTS: Final = result(
    "customer_segments",
    "one row per join month, loyalty status, activity, country, balance band and points band that occurs",
    "What customers hold, counted and summed, for the value visuals; small at any number of customers.",
    (*SLICERS, "balance_band", "points_band"),
    *SLICER_COLUMNS,
    band("balance_band", "Band of account_balance, see bands; null if unknown.", -1, BALANCE),
    band("points_band", "Band of loyalty_points, see bands; null if unknown.", 0, POINTS),
    *_SUMS,
)

ENGAGEMENT_SEGMENTS: Final = result(
    "engagement_segments",
    "one row per join month, loyalty status, activity, country, account age band, last login month and "
    "funnel stage that occurs",
    "What customers do, counted and summed, for the engagement visuals; small at any number of customers.",
    (*SLICERS, "account_age_band", "last_login_month", "funnel_stage"),
    *SLICER_COLUMNS,
    band("account_age_band", "Band of account_age_days, see bands; null if unknown.", 1, JOINED),
    column("last_login_month", "date", "First day of the month of last_login; null if unknown.", LOGGED_IN),
    number("funnel_stage", "smallint", "Deepest funnel stage reached without a gap, 1-4.", 1, 4, *FUNNEL),
    *_SUMS,
    total(
        "out_of_order_customers",
        "Customers who reached a funnel stage without an earlier one.",
        *FUNNEL,
        counts=(Among("is_out_of_order", (True,)),),
    ),
)

CUSTOMER_CONTACTS: Final = result(
    "customer_contacts",
    "one row per customer known at the as-of date",
    "Who each customer is and how to reach them. Only the role customer360_people may read it.",
    ("customer_id",),
    ID,
    column(
        "source_id",
        "text",
        "The customer's id in the source, unchanged.",
        CUSTOMERS["source_id"],
        personal="contact",
    ),
    column("name", "text", "Full name.", CUSTOMERS["name"], personal="name"),
    column("email", "text", "E-mail address.", CUSTOMERS["email"], personal="contact"),
    role="profile",
    indexes=(Index(("source_id",)), Index(("name",), folded=True), Index(("email",), folded=True)),
)

TOP_CUSTOMERS: Final = result(
    "top_customers",
    "one row per rank 1-10 of a join month, loyalty status, activity and country",
    "The ten highest balances of each slicer cell, so that a top ten is exact under any filter.",
    (*SLICERS, "cell_rank"),
    *SLICER_COLUMNS,
    number(
        "cell_rank",
        "smallint",
        "1 = highest balance of the cell; equal balances rank by customer_id.",
        1,
        10,
        BALANCE,
    ),
    ID,
    SHOWN_ID,
    column("name", "text", "Full name.", CUSTOMERS["name"], personal="name"),
    column("account_balance", "numeric(12,2)", "Account balance.", BALANCE, required=True, is_additive=True),
)

COHORT_RETENTION: Final = result(
    "cohort_retention",
    "one row per join month and number of months since, up to the last complete month",
    "Retention of the customers who joined in a month. Unbounded: the share seen n or more months later. Classic: "
    "the share active in the n-th month.",
    ("join_month", "months_since"),
    column("join_month", "date", "First day of the cohort's month.", JOINED, required=True),
    number("months_since", "smallint", "Months since the join month; 0 is the join month itself.", 0, None, *SEEN),
    total(
        "cohort_customers",
        "Customers who joined in the month.",
        *SEEN,
        minimum=1,
        except_over=("months_since",),
        counts=(),
    ),
    total(
        "retained_customers",
        "Cohort customers seen in that month or later.",
        *SEEN,
        except_over=("months_since",),
        counts=(),
    ),
    number("retained_share", "numeric(7,6)", "retained_customers / cohort_customers, 0-1.", 0, 1, *SEEN),
    column(
        "active_customers",
        "bigint",
        "Cohort customers active in that month; null if the events do not go back that far.",
        JOINED,
        HAPPENED,
        minimum=0,
        is_additive=True,
        counts=(Among("is_active", (True,)),),
        except_over=("months_since",),
    ),
    column(
        "active_share",
        "numeric(7,6)",
        "active_customers / cohort_customers, 0-1.",
        JOINED,
        HAPPENED,
        minimum=0,
        maximum=1,
    ),
)

DEMOGRAPHIC_SEGMENTS: Final = result(
    "demographic_segments",
    "one row per join month, loyalty status, activity, country, age band and gender that occurs",
    "Customers by age and gender, counted.",
    (*SLICERS, "age_band", "gender"),
    *SLICER_COLUMNS,
    AGE_BAND,
    column("gender", "text", f"Gender as stated; '{NOT_STATED}' if null.", GENDER, required=True),
    customers(),
)
