"""
The report: its pages, visuals and slicers, defined once for Power BI and for the browser.

The first two pages and the last read customer_segments, the third engagement_segments, so that a click on one
visual narrows the others of its page; only a table of customers and the retention of cohorts read their own.
"""

from __future__ import annotations

from typing import Final

from customer360.report.measures import FOLLOW_UP
from customer360.report.visuals import Page, Place, Report, Visual
from customer360.tables import COHORT_RETENTION, CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS, TOP_CUSTOMERS

_OVERVIEW: Final = Page(
    "overview",
    "Customer Overview",
    (
        Visual(
            "total_customers",
            "card",
            "Total Customers",
            CUSTOMER_SEGMENTS,
            Place(0, 0, 3, 2),
            ("total_customers",),
        ),
        Visual(
            "active_customers",
            "card",
            "Active Customers",
            CUSTOMER_SEGMENTS,
            Place(3, 0, 3, 2),
            ("active_customers", "active_share", "unknown_activity_customers"),
        ),
        Visual(
            "inactive_customers",
            "card",
            "Inactive Customers",
            CUSTOMER_SEGMENTS,
            Place(6, 0, 3, 2),
            ("inactive_customers", "unknown_activity_customers"),
        ),
        Visual(
            "new_customers",
            "kpi",
            "New Customers",
            CUSTOMER_SEGMENTS,
            Place(9, 0, 3, 2),
            ("new_customers",),
            subtitle="joined in the last 12 full months",
            compare="new_customers_before",
        ),
        Visual(
            "customers_by_status",
            "donut",
            "Customers by Loyalty Status",
            CUSTOMER_SEGMENTS,
            Place(0, 2, 4, 4),
            ("total_customers", "share_of_customers", "average_balance"),
            ("loyalty_status",),
        ),
        Visual(
            "acquisition",
            "line",
            "Customer Acquisition",
            CUSTOMER_SEGMENTS,
            Place(4, 2, 8, 4),
            ("total_customers", "active_share"),
            ("join_month",),
            subtitle="customers by the month they joined",
        ),
        Visual(
            "active_share_by_status",
            "bar",
            "% Active by Loyalty Status",
            CUSTOMER_SEGMENTS,
            Place(0, 6, 4, 4),
            ("active_share", "active_customers", "total_customers"),
            ("loyalty_status",),
        ),
        Visual(
            "customers_by_country",
            "column",
            "Customers by Country",
            CUSTOMER_SEGMENTS,
            Place(4, 6, 8, 4),
            ("total_customers", "share_of_customers", "average_balance"),
            ("country",),
            subtitle="number of customers; smaller countries count as Other",
        ),
    ),
)

_FINANCIAL: Final = Page(
    "financial",
    "Financial Insights",
    (
        Visual(
            "balance_and_points",
            "heat_map",
            "Customers by Balance and Points",
            CUSTOMER_SEGMENTS,
            Place(0, 0, 7, 10),
            ("total_customers", "share_of_customers"),
            ("balance_band", "points_band"),
            subtitle="balance bands in rows, points bands in columns; customers with unknown values are left out",
        ),
        Visual(
            "balance_by_status",
            "bar",
            "Average Account Balance by Loyalty Status",
            CUSTOMER_SEGMENTS,
            Place(7, 0, 5, 4),
            ("average_balance", "total_balance", "total_customers"),
            ("loyalty_status",),
        ),
        Visual(
            "top_customers",
            "table",
            "Top 10 Customers by Balance",
            TOP_CUSTOMERS,
            Place(7, 4, 5, 6),
            ("top_balance",),
            subtitle="highest balance first, within the filters",
            columns=("name", "loyalty_status", "source_id"),
            top=10,
        ),
    ),
)

_ENGAGEMENT: Final = Page(
    "engagement",
    "Customer Engagement",
    (
        Visual(
            "engaged_customers",
            "card",
            "Customers",
            ENGAGEMENT_SEGMENTS,
            Place(0, 0, 4, 2),
            ("total_customers", "active_share"),
        ),
        Visual(
            "never_logged_in",
            "card",
            "No Recorded Login",
            ENGAGEMENT_SEGMENTS,
            Place(4, 0, 4, 2),
            ("customers_without_login", "average_login_recency"),
            subtitle="customers with no recorded login",
        ),
        Visual(
            "out_of_order",
            "card",
            "Skipped a Stage",
            ENGAGEMENT_SEGMENTS,
            Place(8, 0, 4, 2),
            ("out_of_order_customers",),
            subtitle="reached a later funnel stage without an earlier one",
        ),
        Visual(
            "account_age",
            "histogram",
            "Account Age",
            ENGAGEMENT_SEGMENTS,
            Place(0, 2, 6, 4),
            ("total_customers", "active_share", "average_login_recency"),
            ("account_age_band",),
            subtitle="customers by days since joining, in bands of equal width",
        ),
        Visual(
            "retention_funnel",
            "funnel",
            "Retention Funnel",
            ENGAGEMENT_SEGMENTS,
            Place(6, 2, 6, 3),
            ("total_customers", "share_of_first_stage", "share_of_previous_stage"),
            ("funnel_stage",),
            subtitle="customers who reached each stage without skipping one",
        ),
        Visual(
            "last_login_trend",
            "line",
            "Last Logins",
            ENGAGEMENT_SEGMENTS,
            Place(0, 6, 6, 4),
            ("total_customers",),
            ("last_login_month",),
            subtitle="customers by the month last seen: recency, not traffic, so it rises towards today",
        ),
        Visual(
            "cohort_retention",
            "heat_map",
            "Cohort Retention",
            COHORT_RETENTION,
            Place(6, 5, 6, 5),
            ("retained_share",),
            ("join_year", "months_since"),
            subtitle="share seen again n or more months after joining, "
            f"once the whole year has had n + {FOLLOW_UP} full months",
            only={"months_since": (0, 1, 2, 3, 6, 9, 12, 18, 24, 36, 48)},
        ),
    ),
)

_ACTIVITY: Final = Page(
    "activity",
    "Transaction & Activity Trends",
    (
        Visual(
            "points_held",
            "kpi",
            "Total Loyalty Points Awarded",
            CUSTOMER_SEGMENTS,
            Place(0, 0, 3, 3),
            ("total_points", "average_points", "customers_without_points"),
            subtitle="points currently held, without those already spent",
        ),
        Visual(
            "login_recency",
            "kpi",
            "Average Last Login Frequency",
            CUSTOMER_SEGMENTS,
            Place(3, 0, 3, 3),
            ("average_login_recency",),
            subtitle="average days since the last login",
            compare="average_login_recency_of_others",
        ),
        Visual(
            "balance_above",
            "kpi",
            "% Customers with Balance > X",
            CUSTOMER_SEGMENTS,
            Place(6, 0, 3, 3),
            ("share_above_threshold", "customers_above_threshold", "customers_without_balance"),
            subtitle="of all customers",
            compare="share_above_threshold_of_others",
        ),
        Visual(
            "balance_threshold",
            "parameter",
            "Balance Threshold (X)",
            CUSTOMER_SEGMENTS,
            Place(9, 0, 3, 3),
            ("share_above_threshold",),
            subtitle="moves in steps: the edges of the balance bands",
        ),
        Visual(
            "points_by_month",
            "area",
            "Loyalty Points by Join Month",
            CUSTOMER_SEGMENTS,
            Place(0, 3, 8, 7),
            ("total_points", "average_points", "total_customers"),
            ("join_month",),
            subtitle="points currently held, by the month customers joined; newer ones have had less time to earn",
        ),
        Visual(
            "points_by_status",
            "treemap",
            "Loyalty Points by Status",
            CUSTOMER_SEGMENTS,
            Place(8, 3, 4, 7),
            ("total_points", "share_of_points", "average_points"),
            ("loyalty_status",),
        ),
    ),
)

REPORT: Final = Report(
    "Customer 360",
    ("loyalty_status", "activity", "country", "join_month"),
    (_OVERVIEW, _FINANCIAL, _ENGAGEMENT, _ACTIVITY),
)
