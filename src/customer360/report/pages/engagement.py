"""Customer Engagement: account age, retention, and when customers were last seen."""

from __future__ import annotations

from typing import Final

from customer360.report.customer_measures import FOLLOW_UP
from customer360.report.visuals import Page, Place, Visual
from customer360.tables import ACTIVITY_SEGMENTS, COHORT_RETENTION, ENGAGEMENT_SEGMENTS

_MONTHS_SHOWN: Final = {"months_since": (0, 1, 2, 3, 6, 9, 12, 18, 24, 36, 48)}

_CARDS: Final = (
    Visual(
        "monthly_active",
        "kpi",
        "Monthly Active Customers",
        ACTIVITY_SEGMENTS,
        Place(0, 0, 4, 3),
        ("last_monthly_active_customers",),
        subtitle="with a login, purchase or redemption",
        compare="monthly_active_customers_year_before",
        otherwise=(
            Visual(
                "engaged_customers",
                "card",
                "Customers",
                ENGAGEMENT_SEGMENTS,
                Place(0, 0, 4, 3),
                ("total_customers", "active_share"),
            ),
        ),
    ),
    Visual(
        "never_logged_in",
        "card",
        "No Recorded Login",
        ENGAGEMENT_SEGMENTS,
        Place(4, 0, 4, 3),
        ("customers_without_login", "average_login_recency"),
        subtitle="customers with no recorded login",
        otherwise=(
            Visual(
                "monthly_buyers",
                "kpi",
                "Monthly Buyers",
                ACTIVITY_SEGMENTS,
                Place(4, 0, 4, 3),
                ("last_buyers",),
                subtitle="customers with an order",
                compare="buyers_year_before",
            ),
        ),
    ),
    Visual(
        "out_of_order",
        "card",
        "Skipped a Stage",
        ENGAGEMENT_SEGMENTS,
        Place(8, 0, 4, 3),
        ("out_of_order_customers",),
        subtitle="skipped an earlier stage",
        otherwise=(
            Visual(
                "order_frequency",
                "kpi",
                "Mean Days between Orders",
                ACTIVITY_SEGMENTS,
                Place(8, 0, 4, 3),
                ("last_days_between_orders",),
                subtitle="gaps that ended in the last full month",
                compare="days_between_orders_year_before",
            ),
        ),
    ),
)
_ACCOUNT_AGE: Final = Visual(
    "account_age",
    "histogram",
    "Account Age",
    ENGAGEMENT_SEGMENTS,
    Place(0, 3, 6, 4),
    ("total_customers", "active_share", "average_login_recency"),
    ("account_age_band",),
    subtitle="customers by days since joining, in bands of equal width",
)
_FUNNEL: Final = Visual(
    "retention_funnel",
    "funnel",
    "Customer Retention Journey",
    ENGAGEMENT_SEGMENTS,
    Place(6, 3, 6, 4),
    ("total_customers", "share_of_first_stage", "share_of_previous_stage"),
    ("funnel_stage",),
    subtitle="customers who reached each stage without skipping one",
    otherwise=(
        Visual(
            "repeat_rate_by_month",
            "line",
            "Repeat Buyers by Month",
            ACTIVITY_SEGMENTS,
            Place(6, 3, 6, 4),
            ("repeat_rate", "repeat_buyers", "buyers"),
            ("activity_month",),
            subtitle="share of the month's buyers with an earlier order",
        ),
    ),
)
_BY_MONTH: Final = (
    Visual(
        "logins_by_month",
        "line",
        "Customers Who Logged In",
        ACTIVITY_SEGMENTS,
        Place(0, 7, 6, 5),
        ("login_customers", "monthly_active_customers"),
        ("activity_month",),
        subtitle="customers with a login in the month",
        is_optional=True,
        otherwise=(
            Visual(
                "active_by_month",
                "line",
                "Active Customers by Month",
                ACTIVITY_SEGMENTS,
                Place(0, 7, 6, 5),
                ("monthly_active_customers", "buyers"),
                ("activity_month",),
            ),
        ),
    ),
    Visual(
        "classic_retention",
        "heat_map",
        "Classic Retention",
        COHORT_RETENTION,
        Place(6, 7, 6, 5),
        ("classic_retained_share",),
        ("join_year", "months_since"),
        subtitle="share active in the n-th month after joining",
        only=_MONTHS_SHOWN,
        is_optional=True,
    ),
)
_LAST_SEEN: Final = (
    Visual(
        "last_login_trend",
        "line",
        "Last Login Trends",
        ENGAGEMENT_SEGMENTS,
        Place(0, 12, 6, 5),
        ("total_customers",),
        ("last_login_month",),
        subtitle="customers by month of last login: recency, not traffic, so it rises towards today",
        otherwise=(
            Visual(
                "buyers_by_month",
                "line",
                "Buyers by Month",
                ACTIVITY_SEGMENTS,
                Place(0, 12, 6, 5),
                ("buyers", "repeat_buyers", "orders"),
                ("activity_month",),
                subtitle="customers with an order in the month",
            ),
        ),
    ),
    Visual(
        "cohort_retention",
        "heat_map",
        "Unbounded Retention",
        COHORT_RETENTION,
        Place(6, 12, 6, 5),
        ("retained_share",),
        ("join_year", "months_since"),
        subtitle="share seen n or more months after joining, "
        f"once the whole year has had n + {FOLLOW_UP} full months",
        only=_MONTHS_SHOWN,
    ),
)

ENGAGEMENT: Final = Page(
    "engagement", "Customer Engagement", (*_CARDS, _ACCOUNT_AGE, _FUNNEL, *_BY_MONTH, *_LAST_SEEN)
)
