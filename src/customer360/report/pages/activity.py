"""Transaction & Activity Trends: points, login frequency, and customers who hold or spend more than X."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from customer360.report.visuals import Page, Place, Visual
from customer360.tables import ACTIVITY_SEGMENTS, CUSTOMER_SEGMENTS, EVENTS, SPENDING_SEGMENTS

_AWARDED: Final = Visual(
    "points_awarded",
    "kpi",
    "Total Loyalty Points Awarded",
    ACTIVITY_SEGMENTS,
    Place(0, 0, 3, 3),
    ("points_earned", "last_points_earned"),
    subtitle="points earned since the first event",
    compared="last_points_earned",
    compare="points_earned_year_before",
    otherwise=(
        Visual(
            "points_held",
            "kpi",
            "Total Loyalty Points Awarded",
            CUSTOMER_SEGMENTS,
            Place(0, 0, 3, 3),
            ("total_points", "average_points", "customers_without_points"),
            subtitle="points currently held, excluding points spent",
        ),
        Visual(
            "spent",
            "kpi",
            "Total Amount Spent",
            ACTIVITY_SEGMENTS,
            Place(0, 0, 3, 3),
            ("spent", "last_spent"),
            subtitle="net of refunds, since the first event",
            compared="last_spent",
            compare="spent_year_before",
        ),
    ),
)
_FREQUENCY: Final = Visual(
    "login_frequency",
    "kpi",
    "Average Last Login Frequency",
    ACTIVITY_SEGMENTS,
    Place(3, 0, 3, 3),
    ("days_between_logins", "last_days_between_logins"),
    subtitle="mean days between logins",
    compared="last_days_between_logins",
    compare="days_between_logins_year_before",
    otherwise=(
        Visual(
            "login_recency",
            "kpi",
            "Average Last Login Frequency",
            CUSTOMER_SEGMENTS,
            Place(3, 0, 3, 3),
            ("average_login_recency",),
            subtitle="mean days since the last login",
            compare="average_login_recency_of_others",
        ),
        Visual(
            "days_between_orders",
            "kpi",
            "Average Order Frequency",
            ACTIVITY_SEGMENTS,
            Place(3, 0, 3, 3),
            ("days_between_orders", "last_days_between_orders"),
            subtitle="mean days between orders",
            compared="last_days_between_orders",
            compare="days_between_orders_year_before",
        ),
    ),
)
_ABOVE: Final = (
    Visual(
        "balance_above",
        "kpi",
        "% Customers with Balance > X",
        CUSTOMER_SEGMENTS,
        Place(6, 0, 3, 3),
        ("share_above_threshold", "customers_above_threshold", "customers_without_balance"),
        subtitle="of all customers",
        compare="share_above_threshold_of_others",
        otherwise=(
            Visual(
                "spending_above",
                "kpi",
                "% Customers with Spending > X",
                SPENDING_SEGMENTS,
                Place(6, 0, 3, 3),
                ("share_above_spending", "customers_above_spending"),
                subtitle="of all customers",
                compare="share_above_spending_of_others",
            ),
        ),
    ),
    Visual(
        "balance_threshold",
        "parameter",
        "Balance Threshold (X)",
        CUSTOMER_SEGMENTS,
        Place(9, 0, 3, 3),
        ("share_above_threshold",),
        subtitle="drag, or type any amount",
        otherwise=(
            Visual(
                "spending_threshold",
                "parameter",
                "Spending Threshold (X)",
                SPENDING_SEGMENTS,
                Place(9, 0, 3, 3),
                ("share_above_spending",),
                subtitle="drag, or type any amount",
            ),
        ),
    ),
)
_BY_JOIN_MONTH: Final = Visual(
    "points_by_join_month",
    "area",
    "Loyalty Points by Join Month",
    CUSTOMER_SEGMENTS,
    Place(0, 3, 8, 8),
    ("total_points", "average_points", "total_customers"),
    ("join_month",),
    subtitle="points currently held, by join month; newer customers have had less time to earn",
)
_POINTS: Final = (
    Visual(
        "points_by_month",
        "area",
        "Monthly Loyalty Points Earned",
        ACTIVITY_SEGMENTS,
        Place(0, 3, 8, 4),
        ("points_earned", "points_redeemed", "points_expired"),
        ("activity_month",),
        subtitle="points from purchases, refunds, bonuses and corrections",
        otherwise=(
            _BY_JOIN_MONTH,
            Visual(
                "orders_by_month",
                "area",
                "Orders by Month",
                ACTIVITY_SEGMENTS,
                Place(0, 3, 8, 8),
                ("orders", "buyers", "purchase_frequency", "average_order_value"),
                ("activity_month",),
            ),
        ),
    ),
    replace(_BY_JOIN_MONTH, place=Place(0, 7, 8, 4), requires=(EVENTS["points"],), is_optional=True),
    Visual(
        "points_by_status",
        "treemap",
        "Loyalty Points by Status",
        CUSTOMER_SEGMENTS,
        Place(8, 3, 4, 8),
        ("total_points", "share_of_points", "average_points"),
        ("loyalty_status",),
        otherwise=(
            Visual(
                "spent_share_by_status",
                "treemap",
                "Amount Spent by Loyalty Status",
                SPENDING_SEGMENTS,
                Place(8, 3, 4, 8),
                ("total_spent", "share_of_spent", "spent_per_customer"),
                ("loyalty_status",),
            ),
            Visual(
                "spent_share_by_country",
                "treemap",
                "Amount Spent by Country",
                SPENDING_SEGMENTS,
                Place(8, 3, 4, 8),
                ("total_spent", "share_of_spent", "spent_per_customer"),
                ("country",),
            ),
            Visual(
                "spent_share_by_join_year",
                "treemap",
                "Amount Spent by Join Year",
                SPENDING_SEGMENTS,
                Place(8, 3, 4, 8),
                ("total_spent", "share_of_spent", "spent_per_customer"),
                ("join_year",),
            ),
        ),
    ),
)

ACTIVITY: Final = Page("activity", "Transaction & Activity Trends", (_AWARDED, _FREQUENCY, *_ABOVE, *_POINTS))
