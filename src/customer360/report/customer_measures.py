"""The measures of customers as of the as-of date: who they are, what they hold, when they were last seen."""

from __future__ import annotations

from typing import Final

from customer360.report.dimensions import ACTIVITY
from customer360.report.expressions import (
    Above,
    LastMonths,
    Latest,
    Measure,
    Missing,
    Observed,
    OfStage,
    OfTotal,
    Others,
    Ratio,
    Sum,
    Where,
)
from customer360.report.parameters import BALANCE_THRESHOLD
from customer360.tables import ACTIVE_DAYS, COHORT_RETENTION, UNKNOWN

FOLLOW_UP: Final = 3
"""Full months that must follow a month of retention, so that customers who come every other month are seen."""

# --- customers ---------------------------------------------------------------------------------------------

TOTAL_CUSTOMERS: Final = Measure(
    "total_customers", "Total Customers", Sum("customers"), "number of customers", good="up"
)
ACTIVE_CUSTOMERS: Final = Measure(
    "active_customers",
    "Active Customers",
    Where(TOTAL_CUSTOMERS, ACTIVITY, "Active"),
    "customers marked active in the source",
    good="up",
    note="customers with an unknown flag are counted separately",
    by_behaviour=f"customers seen in the last {ACTIVE_DAYS} days",
)
INACTIVE_CUSTOMERS: Final = Measure(
    "inactive_customers",
    "Inactive Customers",
    Where(TOTAL_CUSTOMERS, ACTIVITY, "Inactive"),
    "customers marked inactive in the source",
    good="down",
    note="customers with an unknown flag are counted separately",
    by_behaviour=f"customers not seen in the last {ACTIVE_DAYS} days",
)
UNKNOWN_ACTIVITY_CUSTOMERS: Final = Measure(
    "unknown_activity_customers",
    "Activity Unknown",
    Where(TOTAL_CUSTOMERS, ACTIVITY, UNKNOWN),
    "customers whose activity is unknown",
    good="down",
)
ACTIVE_SHARE: Final = Measure(
    "active_share",
    "% Active Customers",
    Ratio(ACTIVE_CUSTOMERS, TOTAL_CUSTOMERS),
    "active customers ÷ all customers",
    "share",
    "percent",
    good="up",
    note="customers with an unknown flag stay in the denominator",
)
SHARE_OF_CUSTOMERS: Final = Measure(
    "share_of_customers",
    "% of Customers",
    OfTotal(TOTAL_CUSTOMERS),
    "customers ÷ all customers within the filters",
    "share",
    "percent",
)
NEW_CUSTOMERS: Final = Measure(
    "new_customers",
    "New Customers, Last 12 Months",
    LastMonths(TOTAL_CUSTOMERS, 12),
    "customers who joined in the last 12 full months",
    good="up",
    note="the month of the as-of date counts only if that date is its last day",
)

# --- balance -----------------------------------------------------------------------------------------------

TOTAL_BALANCE: Final = Measure(
    "total_balance",
    "Total Account Balance",
    Sum("balance_sum"),
    "sum of account_balance",
    "currency",
    "amount",
    "Balance",
)
CUSTOMERS_WITH_BALANCE: Final = Measure(
    "customers_with_balance",
    "Customers with a Known Balance",
    Sum("balance_count"),
    "customers whose account_balance is known",
    folder="Balance",
    hidden=True,
)
CUSTOMERS_WITHOUT_BALANCE: Final = Measure(
    "customers_without_balance",
    "Customers without a Known Balance",
    Missing("balance_count"),
    "customers whose account_balance is null",
    folder="Balance",
    good="down",
)
AVERAGE_BALANCE: Final = Measure(
    "average_balance",
    "Average Account Balance",
    Ratio(TOTAL_BALANCE, CUSTOMERS_WITH_BALANCE),
    "sum of balances ÷ customers with a known balance",
    "currency",
    "amount",
    "Balance",
    good="up",
    left_out=CUSTOMERS_WITHOUT_BALANCE,
)
CUSTOMERS_ABOVE_THRESHOLD: Final = Measure(
    "customers_above_threshold",
    "Customers with Balance > X",
    Above(TOTAL_CUSTOMERS, BALANCE_THRESHOLD),
    "customers with a balance strictly above X",
    folder="Balance",
    good="up",
    note="exact at the edges of the balance bands; between edges, only where individual balances can be read",
)
SHARE_ABOVE_THRESHOLD: Final = Measure(
    "share_above_threshold",
    "% Customers with Balance > X",
    Ratio(CUSTOMERS_ABOVE_THRESHOLD, TOTAL_CUSTOMERS),
    "customers with a balance strictly above X ÷ all customers",
    "share",
    "percent",
    "Balance",
    good="up",
    note="customers without a known balance stay in the denominator",
)
SHARE_ABOVE_THRESHOLD_OF_OTHERS: Final = Measure(
    "share_above_threshold_of_others",
    "% Customers with Balance > X, Others",
    Others(SHARE_ABOVE_THRESHOLD),
    "the same share for all customers outside the filters; no value without a filter",
    "share",
    "percent",
    "Balance",
)
TOP_BALANCE: Final = Measure(
    "top_balance",
    "Account Balance",
    Sum("account_balance"),
    "balance of the account",
    "currency",
    "amount",
    "Balance",
    note="stored for the ten highest balances of each slicer cell, so that a top ten is exact under any slicer",
)

# --- loyalty points ----------------------------------------------------------------------------------------

TOTAL_POINTS: Final = Measure(
    "total_points",
    "Loyalty Points Held",
    Sum("points_sum"),
    "points that customers currently hold",
    "points",
    folder="Loyalty points",
    good="up",
    note="excludes points already spent or expired, so more have been awarded",
)
CUSTOMERS_WITH_POINTS: Final = Measure(
    "customers_with_points",
    "Customers with Known Points",
    Sum("points_count"),
    "customers whose loyalty_points are known",
    folder="Loyalty points",
    hidden=True,
)
CUSTOMERS_WITHOUT_POINTS: Final = Measure(
    "customers_without_points",
    "Customers without Known Points",
    Missing("points_count"),
    "customers whose loyalty_points are null",
    folder="Loyalty points",
    good="down",
)
AVERAGE_POINTS: Final = Measure(
    "average_points",
    "Average Loyalty Points Held",
    Ratio(TOTAL_POINTS, CUSTOMERS_WITH_POINTS),
    "points held ÷ customers with known points",
    "points",
    "decimal",
    "Loyalty points",
    good="up",
    left_out=CUSTOMERS_WITHOUT_POINTS,
)
SHARE_OF_POINTS: Final = Measure(
    "share_of_points",
    "% of Loyalty Points Held",
    OfTotal(TOTAL_POINTS),
    "points held ÷ points held by all customers within the filters",
    "share",
    "percent",
    "Loyalty points",
)

# --- engagement --------------------------------------------------------------------------------------------

DAYS_SINCE_LAST_LOGIN: Final = Measure(
    "days_since_last_login",
    "Days since Last Login, Summed",
    Sum("recency_days_sum"),
    "days since the last login, summed over customers",
    "days",
    folder="Engagement",
    hidden=True,
)
CUSTOMERS_WITH_LOGIN: Final = Measure(
    "customers_with_login",
    "Customers with a Login",
    Sum("recency_count"),
    "customers whose last_login is known",
    folder="Engagement",
    hidden=True,
)
CUSTOMERS_WITHOUT_LOGIN: Final = Measure(
    "customers_without_login",
    "Customers without a Login",
    Missing("recency_count"),
    "customers with no recorded login",
    folder="Engagement",
    good="down",
)
AVERAGE_LOGIN_RECENCY: Final = Measure(
    "average_login_recency",
    "Mean Days since Last Login",
    Ratio(DAYS_SINCE_LAST_LOGIN, CUSTOMERS_WITH_LOGIN),
    "mean days since the last login, over customers with a login",
    "days",
    "decimal",
    "Engagement",
    note="recency, not frequency: a last login shows only how long ago it was",
    good="down",
    left_out=CUSTOMERS_WITHOUT_LOGIN,
)
AVERAGE_LOGIN_RECENCY_OF_OTHERS: Final = Measure(
    "average_login_recency_of_others",
    "Mean Days since Last Login, Others",
    Others(AVERAGE_LOGIN_RECENCY),
    "the same mean for all customers outside the filters; no value without a filter",
    "days",
    "decimal",
    "Engagement",
)
OUT_OF_ORDER_CUSTOMERS: Final = Measure(
    "out_of_order_customers",
    "Customers Who Skipped a Stage",
    Sum("out_of_order_customers"),
    "customers who reached a funnel stage without an earlier one",
    folder="Engagement",
    note="the funnel counts them only up to the stage before the one they skipped; most are active and have not "
    "logged in after the day of their first purchase",
    good="down",
)
SHARE_OF_FIRST_STAGE: Final = Measure(
    "share_of_first_stage",
    "% of First Stage",
    OfStage(TOTAL_CUSTOMERS, "first"),
    "customers who reached the stage ÷ customers who joined",
    "share",
    "percent",
    "Engagement",
    good="up",
)
SHARE_OF_PREVIOUS_STAGE: Final = Measure(
    "share_of_previous_stage",
    "% of Previous Stage",
    OfStage(TOTAL_CUSTOMERS, "previous"),
    "customers who reached the stage ÷ customers who reached the one before",
    "share",
    "percent",
    "Engagement",
    good="up",
)

# --- retention ---------------------------------------------------------------------------------------------

COHORT_CUSTOMERS: Final = Measure(
    "cohort_customers",
    "Cohort Customers",
    Sum("cohort_customers"),
    "customers who joined in the cohort's months",
    folder="Retention",
    hidden=True,
)
RETAINED_CUSTOMERS: Final = Measure(
    "retained_customers",
    "Retained Customers",
    Sum("retained_customers", COHORT_RETENTION),
    "customers seen n months after joining or later",
    folder="Retention",
    hidden=True,
)
OBSERVED_CUSTOMERS: Final = Measure(
    "observed_customers",
    "Observed Cohort Customers",
    Observed(COHORT_CUSTOMERS, FOLLOW_UP),
    f"customers of the cohorts, if each has had n + {FOLLOW_UP} full months since joining",
    folder="Retention",
    hidden=True,
)
RETAINED_SHARE: Final = Measure(
    "retained_share",
    "% Retained (Unbounded)",
    Ratio(RETAINED_CUSTOMERS, OBSERVED_CUSTOMERS),
    "customers seen n months after joining or later ÷ customers who joined",
    "share",
    "percent",
    "Retention",
    note=f"unbounded retention; month n is shown once all cohorts of a row have had n + {FOLLOW_UP} full months "
    "since joining, so that every cell of a row covers the same customers and all had time to be seen again",
    good="up",
)

# --- freshness and quality ---------------------------------------------------------------------------------

AS_OF_DATE: Final = Measure(
    "as_of_date",
    "Data as of",
    Latest("as_of_date"),
    "the last day treated as known in the latest refresh",
    "date",
    "date",
    "Data",
)
ROWS_REJECTED: Final = Measure(
    "rows_rejected",
    "Rows Rejected",
    Latest("rows_rejected"),
    "rows of the source table that the latest refresh could not use",
    "rows",
    folder="Data",
    good="down",
)
ROWS_CHECKED: Final = Measure(
    "rows_checked",
    "Rows Checked",
    Latest("rows_checked", total=True),
    "rows checked by the latest refresh; a row counts once for each check",
    "rows",
    folder="Data",
)
ROWS_FAILED: Final = Measure(
    "rows_failed",
    "Rows Failed",
    Latest("rows_failed", total=True),
    "rows that failed a check of the latest refresh; a row counts once for each failed check",
    "rows",
    folder="Data",
    good="down",
)
