"""
Measures: every number of the report, defined once.

A measure is a name, an expression over additive columns, and what a reader must know of it: definition, unit,
format, which direction is good, how many customers it leaves out. `power_bi.dax` and `web.sql` render the
expressions; neither adds a definition of its own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from customer360.errors import Invalid, nearest
from customer360.report.dimensions import ACTIVITY, BALANCE_BAND
from customer360.report.expressions import (
    Above,
    Comparable,
    LastMonths,
    Latest,
    Measure,
    Missing,
    Observed,
    OfStage,
    OfTotal,
    Others,
    Parameter,
    Ratio,
    Sum,
    Where,
)
from customer360.tables import UNKNOWN

BALANCE_THRESHOLD: Final = Parameter("balance_threshold", "Balance Threshold", BALANCE_BAND, Decimal(10_000))
FOLLOW_UP: Final = 3
"""Full months that must follow a month of retention, so that whoever comes every other month can be seen."""

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
    note="the stored is_active, not behaviour; unknown flags are counted apart",
)
INACTIVE_CUSTOMERS: Final = Measure(
    "inactive_customers",
    "Inactive Customers",
    Where(TOTAL_CUSTOMERS, ACTIVITY, "Inactive"),
    "customers marked inactive in the source",
    good="down",
    note="unknown flags are counted apart",
)
UNKNOWN_ACTIVITY_CUSTOMERS: Final = Measure(
    "unknown_activity_customers",
    "Activity Unknown",
    Where(TOTAL_CUSTOMERS, ACTIVITY, UNKNOWN),
    "customers whose activity the source does not state",
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
    note="unknown flags stay in the denominator",
)
SHARE_OF_CUSTOMERS: Final = Measure(
    "share_of_customers",
    "% of Customers",
    OfTotal(TOTAL_CUSTOMERS),
    "customers ÷ all customers that the filters leave",
    "share",
    "percent",
)
NEW_CUSTOMERS: Final = Measure(
    "new_customers",
    "New Customers, Last 12 Months",
    LastMonths(TOTAL_CUSTOMERS, 12),
    "customers who joined in the last 12 full months",
    good="up",
    note="the month of the as-of date is full when that date is its last day",
)
JOINED_BEFORE: Final = Measure(
    "joined_before",
    "Customers Who Joined in the 12 Months Before",
    LastMonths(TOTAL_CUSTOMERS, 12, before=12),
    "customers who joined in the 12 months before the last 12 full months",
    hidden=True,
)
NEW_CUSTOMERS_BEFORE: Final = Measure(
    "new_customers_before",
    "New Customers, 12 Months Before",
    Comparable(JOINED_BEFORE, 24),
    "customers who joined in the 12 months before those",
    note="no value unless data and filters hold all 24 months, and under a filter by status or activity: nobody "
    "joins as Gold",
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
    "customers whose balance is strictly more than X",
    folder="Balance",
    good="up",
    note="X moves in steps, the edges of the balance bands, where the count is exact",
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
    note="customers without a known balance stay in the denominator; X moves in steps, the edges of the bands",
)
SHARE_ABOVE_THRESHOLD_OF_OTHERS: Final = Measure(
    "share_above_threshold_of_others",
    "% Customers with Balance > X, Others",
    Others(SHARE_ABOVE_THRESHOLD),
    "the same share over all customers outside the filters; no value without a filter",
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
    note="of the ten highest balances of each slicer cell, so that a top ten stays exact under any slicer",
)

# --- loyalty points ----------------------------------------------------------------------------------------

TOTAL_POINTS: Final = Measure(
    "total_points",
    "Total Loyalty Points Awarded",
    Sum("points_sum"),
    "points that customers currently hold",
    "points",
    folder="Loyalty points",
    good="up",
    note="points already spent are not in the data, so more were awarded; by join month, what they hold today",
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
    "Average Loyalty Points",
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
    "% of Loyalty Points",
    OfTotal(TOTAL_POINTS),
    "points held ÷ points of all customers that the filters leave",
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
    "Average Last Login Frequency",
    Ratio(DAYS_SINCE_LAST_LOGIN, CUSTOMERS_WITH_LOGIN),
    "average days since the last login, over customers with a login",
    "days",
    "decimal",
    "Engagement",
    note="recency, not frequency: one last login per customer tells only how long ago it was",
    good="down",
    left_out=CUSTOMERS_WITHOUT_LOGIN,
)
AVERAGE_LOGIN_RECENCY_OF_OTHERS: Final = Measure(
    "average_login_recency_of_others",
    "Average Last Login Frequency, Others",
    Others(AVERAGE_LOGIN_RECENCY),
    "the same average over all customers outside the filters; no value without a filter",
    "days",
    "decimal",
    "Engagement",
)
OUT_OF_ORDER_CUSTOMERS: Final = Measure(
    "out_of_order_customers",
    "Customers Who Skipped a Stage",
    Sum("out_of_order_customers"),
    "customers who reached a later funnel stage without an earlier one",
    folder="Engagement",
    note="the funnel counts them only up to the stage before the one they skipped",
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
    Sum("retained_customers"),
    "customers seen that many months after joining, or later",
    folder="Retention",
    hidden=True,
)
OBSERVED_CUSTOMERS: Final = Measure(
    "observed_customers",
    "Observed Cohort Customers",
    Observed(COHORT_CUSTOMERS, FOLLOW_UP),
    f"customers of the cohorts, where each has n + {FOLLOW_UP} full months since its month of joining",
    folder="Retention",
    hidden=True,
)
RETAINED_SHARE: Final = Measure(
    "retained_share",
    "% Retained",
    Ratio(RETAINED_CUSTOMERS, OBSERVED_CUSTOMERS),
    "customers seen n months after joining or later ÷ customers who joined",
    "share",
    "percent",
    "Retention",
    note=f"unbounded retention; month n needs n + {FOLLOW_UP} full months since joining in all cohorts of a row: "
    "newer ones have had no time to be seen again, and so a row is about the same customers throughout",
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
    "rows that the checks of the latest refresh looked at; a row counts once for each check",
    "rows",
    folder="Data",
)
ROWS_FAILED: Final = Measure(
    "rows_failed",
    "Rows Failed",
    Latest("rows_failed", total=True),
    "rows that failed a check of the latest refresh; a row counts once for each check that it fails",
    "rows",
    folder="Data",
    good="down",
)

MEASURES: Final = tuple(value for value in list(globals().values()) if isinstance(value, Measure))
"""Every measure defined above, in that order."""


def measure(name: str) -> Measure:
    """The measure called *name*; an unknown name is an error that says the nearest."""
    for candidate in MEASURES:
        if candidate.name == name:
            return candidate
    raise Invalid(f"'{name}' is not a measure.{nearest(name, [m.name for m in MEASURES])}")
