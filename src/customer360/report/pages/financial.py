"""Financial Insights: what customers hold and what they spend; without balances, only what they spend."""

from __future__ import annotations

from typing import Final

from customer360.report.visuals import Page, Place, Visual
from customer360.tables import ACTIVITY_SEGMENTS, CUSTOMER_SEGMENTS, SPENDING_SEGMENTS, TOP_CUSTOMERS, TOP_SPENDERS

_BALANCE_AND_POINTS: Final = Visual(
    "balance_and_points",
    "heat_map",
    "Customers by Balance and Points",
    CUSTOMER_SEGMENTS,
    Place(0, 0, 7, 10),
    ("total_customers", "share_of_customers"),
    ("balance_band", "points_band"),
    subtitle="balance bands in rows, points bands in columns; customers with unknown values are excluded",
    otherwise=(
        Visual(
            "spending_and_orders",
            "heat_map",
            "Customers by Spending and Orders",
            SPENDING_SEGMENTS,
            Place(0, 0, 7, 10),
            ("total_customers", "share_of_customers"),
            ("spent_band", "orders_band"),
            subtitle="amount spent, net of refunds, in rows; number of orders in columns",
        ),
    ),
)
_BALANCE_BY_STATUS: Final = Visual(
    "balance_by_status",
    "bar",
    "Average Account Balance by Loyalty Status",
    CUSTOMER_SEGMENTS,
    Place(7, 0, 5, 4),
    ("average_balance", "total_balance", "total_customers"),
    ("loyalty_status",),
    otherwise=(
        Visual(
            "spent_by_status",
            "bar",
            "Average Amount Spent by Loyalty Status",
            SPENDING_SEGMENTS,
            Place(7, 0, 5, 4),
            ("spent_per_customer", "total_spent", "total_customers"),
            ("loyalty_status",),
        ),
        Visual(
            "spent_by_country",
            "bar",
            "Average Amount Spent by Country",
            SPENDING_SEGMENTS,
            Place(7, 0, 5, 4),
            ("spent_per_customer", "total_spent", "total_customers"),
            ("country",),
        ),
        Visual(
            "spent_by_join_year",
            "bar",
            "Average Amount Spent by Join Year",
            SPENDING_SEGMENTS,
            Place(7, 0, 5, 4),
            ("spent_per_customer", "total_spent", "total_customers"),
            ("join_year",),
        ),
    ),
)
_TOP_CUSTOMERS: Final = Visual(
    "top_customers",
    "table",
    "Top 10 Customers by Balance",
    TOP_CUSTOMERS,
    Place(7, 4, 5, 6),
    ("top_balance",),
    subtitle="highest balance first, within the filters",
    columns=("name", "loyalty_status", "source_id"),
    top=10,
    otherwise=(
        Visual(
            "top_spenders",
            "table",
            "Top 10 Customers by Amount Spent",
            TOP_SPENDERS,
            Place(7, 4, 5, 6),
            ("top_spent",),
            subtitle="highest first, net of refunds, within the filters",
            columns=("name", "loyalty_status", "source_id"),
            top=10,
        ),
    ),
)
_SPENDING: Final = (
    Visual(
        "spent_by_month",
        "area",
        "Amount Spent by Month",
        ACTIVITY_SEGMENTS,
        Place(0, 10, 8, 6),
        ("spent", "order_amount", "refunded", "orders", "average_order_value"),
        ("activity_month",),
        subtitle="amount of the month's orders less the month's refunds",
        is_optional=True,
    ),
    Visual(
        "last_spent",
        "kpi",
        "Amount Spent, Last Full Month",
        ACTIVITY_SEGMENTS,
        Place(8, 10, 4, 3),
        ("last_spent",),
        subtitle="net of refunds",
        compare="spent_year_before",
        is_optional=True,
    ),
    Visual(
        "last_order_value",
        "kpi",
        "Average Order Value, Last Full Month",
        ACTIVITY_SEGMENTS,
        Place(8, 13, 4, 3),
        ("last_average_order_value",),
        subtitle="before refunds",
        compare="average_order_value_year_before",
        is_optional=True,
    ),
)

FINANCIAL: Final = Page(
    "financial", "Financial Insights", (_BALANCE_AND_POINTS, _BALANCE_BY_STATUS, _TOP_CUSTOMERS, *_SPENDING)
)
