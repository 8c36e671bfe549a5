"""The measures of activity by month: who was active, who came back, who left, and classic retention."""

from __future__ import annotations

from typing import Final

from customer360.report.customer_measures import COHORT_CUSTOMERS
from customer360.report.expressions import (
    NOT_COMPARED,
    Known,
    LastClosedMonth,
    Less,
    MeanPerMonth,
    Measure,
    MonthBefore,
    Ratio,
    Sum,
)
from customer360.tables import ACTIVITY_SEGMENTS, COHORT_RETENTION

_ACTIVE: Final = "login, purchase or redemption"
_NOT_SUMMED: Final = "months do not add up: a customer active in two months is one customer"

MONTHLY_ACTIVE_CUSTOMERS: Final = Measure(
    "monthly_active_customers",
    "Monthly Active Customers",
    Sum("active_customers", ACTIVITY_SEGMENTS),
    f"customers with a {_ACTIVE} in the month",
    folder="Activity",
    good="up",
    note=f"new + retained + resurrected; {_NOT_SUMMED}",
    source="growth accounting",
)
MONTHLY_NEW_CUSTOMERS: Final = Measure(
    "monthly_new_customers",
    "New Active Customers",
    Sum("new_customers", ACTIVITY_SEGMENTS),
    "customers in their first active month",
    folder="Activity",
    good="up",
    note="customers who joined before the first month of events count as resurrected",
    source="growth accounting",
)
MONTHLY_RETAINED_CUSTOMERS: Final = Measure(
    "monthly_retained_customers",
    "Retained Active Customers",
    Sum("retained_customers", ACTIVITY_SEGMENTS),
    "active customers who were active in the month before",
    folder="Activity",
    good="up",
    note=_NOT_SUMMED,
    source="growth accounting",
)
MONTHLY_RESURRECTED_CUSTOMERS: Final = Measure(
    "monthly_resurrected_customers",
    "Resurrected Customers",
    Sum("resurrected_customers", ACTIVITY_SEGMENTS),
    "active customers who are not new and were not active in the month before",
    folder="Activity",
    good="up",
    note=_NOT_SUMMED,
    source="growth accounting",
)
ACTIVE_MONTH_BEFORE: Final = Measure(
    "active_month_before",
    "Active Customers of the Month Before",
    MonthBefore(MONTHLY_ACTIVE_CUSTOMERS),
    "customers who were active in the month before",
    folder="Activity",
    hidden=True,
)
NOT_RETAINED: Final = Measure(
    "not_retained_customers",
    "Customers Active the Month before and Not Retained",
    Less(ACTIVE_MONTH_BEFORE, (MONTHLY_RETAINED_CUSTOMERS,)),
    "customers active in the month before and not in this one",
    folder="Activity",
    hidden=True,
)
MONTHLY_CHURNED_CUSTOMERS: Final = Measure(
    "monthly_churned_customers",
    "Churned Customers",
    LastClosedMonth(NOT_RETAINED),
    "customers active in the month before and not in this one",
    folder="Activity",
    good="down",
    note="full months only; over several months, the last full one",
    source="growth accounting",
)
LAST_ACTIVE_CUSTOMERS: Final = Measure(
    "last_monthly_active_customers",
    "Active Customers, Last Full Month",
    LastClosedMonth(MONTHLY_ACTIVE_CUSTOMERS),
    f"customers with a {_ACTIVE} in the last full month",
    folder="Activity",
    good="up",
)
MEAN_ACTIVE_CUSTOMERS: Final = Measure(
    "mean_monthly_active_customers",
    "Active Customers per Month",
    MeanPerMonth(MONTHLY_ACTIVE_CUSTOMERS),
    "mean of the monthly active customers over full months",
    format="decimal",
    folder="Activity",
    good="up",
)
ACTIVE_DAYS_SUM: Final = Measure(
    "active_days",
    "Active Days",
    Sum("active_days", ACTIVITY_SEGMENTS),
    f"days with a {_ACTIVE}, summed over customers",
    "days",
    folder="Activity",
    hidden=True,
)
POSSIBLE_DAYS: Final = Measure(
    "possible_days",
    "Possible Days",
    Sum("possible_days", ACTIVITY_SEGMENTS),
    "days of the month so far, summed over the customers active in it",
    "days",
    folder="Activity",
    hidden=True,
)
STICKINESS: Final = Measure(
    "stickiness",
    "% Stickiness",
    Ratio(ACTIVE_DAYS_SUM, POSSIBLE_DAYS),
    "active days ÷ possible days of the customers active in the month",
    "share",
    "percent",
    "Activity",
    note="daily ÷ monthly active customers, as a ratio of sums; the current month counts only the days so far",
    good="up",
    source="DAU ÷ MAU of product analytics",
)
ACTIVE_YEAR_BEFORE: Final = Measure(
    "monthly_active_customers_year_before",
    "Active Customers, a Year Earlier",
    LastClosedMonth(MONTHLY_ACTIVE_CUSTOMERS, before=12),
    "active customers in the same month a year earlier",
    folder="Activity",
    note=NOT_COMPARED,
)
LOGIN_CUSTOMERS: Final = Measure(
    "login_customers",
    "Customers Who Logged In",
    Sum("login_customers"),
    "customers with a login in the month",
    folder="Activity",
    good="up",
    note=_NOT_SUMMED,
)
LOGINS: Final = Measure(
    "logins",
    "Logins",
    Sum("logins", ACTIVITY_SEGMENTS),
    "days with a login, summed over customers",
    "days",
    folder="Activity",
    good="up",
    note="several logins on one day count once",
)
LOGINS_PER_CUSTOMER: Final = Measure(
    "logins_per_active_customer",
    "Logins per Active Customer",
    Ratio(LOGINS, MONTHLY_ACTIVE_CUSTOMERS),
    "days with a login ÷ customers active in the month",
    "days",
    "decimal",
    "Activity",
    note=_NOT_SUMMED,
    good="up",
)
LOGIN_GAPS: Final = Measure(
    "login_gaps",
    "Gaps between Logins",
    Sum("login_gaps", ACTIVITY_SEGMENTS),
    "logins that follow an earlier one",
    "logins",
    folder="Activity",
    hidden=True,
)
LOGIN_GAP_DAYS: Final = Measure(
    "login_gap_days",
    "Days between Logins, Summed",
    Sum("login_gap_days", ACTIVITY_SEGMENTS),
    "days between a login and the previous one, summed",
    "days",
    folder="Activity",
    hidden=True,
)
DAYS_BETWEEN_LOGINS: Final = Measure(
    "days_between_logins",
    "Mean Days between Logins",
    Ratio(LOGIN_GAP_DAYS, LOGIN_GAPS),
    "mean days between a login and the previous one",
    "days",
    "decimal",
    "Activity",
    note="a gap counts in the month in which it ends; gaps that have not ended are excluded",
    good="down",
)
LAST_DAYS_BETWEEN_LOGINS: Final = Measure(
    "last_days_between_logins",
    "Mean Days between Logins, Last Full Month",
    LastClosedMonth(DAYS_BETWEEN_LOGINS),
    "mean days between logins, over the gaps that ended in the last full month",
    "days",
    "decimal",
    "Activity",
    good="down",
)
DAYS_BETWEEN_LOGINS_YEAR_BEFORE: Final = Measure(
    "days_between_logins_year_before",
    "Mean Days between Logins, a Year Earlier",
    LastClosedMonth(DAYS_BETWEEN_LOGINS, before=12),
    "mean days between logins in the same month a year earlier",
    "days",
    "decimal",
    "Activity",
    note=NOT_COMPARED,
)


# --- retention ---------------------------------------------------------------------------------------------

CLASSIC_RETAINED_CUSTOMERS: Final = Measure(
    "classic_retained_customers",
    "Customers Active in the n-th Month",
    Sum("active_customers", COHORT_RETENTION),
    "customers active in the n-th month after joining",
    folder="Retention",
    hidden=True,
)
COHORTS_WITH_EVENTS: Final = Measure(
    "cohorts_with_events",
    "Cohort Customers Whose n-th Month Has Events",
    Known(COHORT_CUSTOMERS, "active_customers"),
    "customers of the cohorts whose n-th month is covered by events",
    folder="Retention",
    hidden=True,
)
CLASSIC_RETAINED_SHARE: Final = Measure(
    "classic_retained_share",
    "% Retained (Classic)",
    Ratio(CLASSIC_RETAINED_CUSTOMERS, COHORTS_WITH_EVENTS),
    "customers active in the n-th month after joining ÷ customers who joined",
    "share",
    "percent",
    "Retention",
    note="classic retention, never more than unbounded; excludes cohorts whose n-th month is not over or precedes "
    "the first event",
    good="up",
    source="n-th month (classic) retention of product analytics",
)
