"""Customer Overview: how many customers there are, and who they are."""

from __future__ import annotations

from typing import Final

from customer360.report.visuals import Page, Place, Visual
from customer360.tables import ACTIVITY_SEGMENTS, CUSTOMER_SEGMENTS, DEMOGRAPHIC_SEGMENTS

OVERVIEW: Final = Page(
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
            "card",
            "New Customers",
            CUSTOMER_SEGMENTS,
            Place(9, 0, 3, 2),
            ("new_customers",),
            subtitle="joined in the last 12 full months",
        ),
        Visual(
            "customers_by_status",
            "donut",
            "Customers by Loyalty Status",
            CUSTOMER_SEGMENTS,
            Place(0, 2, 4, 4),
            ("total_customers", "share_of_customers", "average_balance"),
            ("loyalty_status",),
            otherwise=(
                Visual(
                    "customers_by_activity",
                    "donut",
                    "Customers by Activity",
                    CUSTOMER_SEGMENTS,
                    Place(0, 2, 4, 4),
                    ("total_customers", "share_of_customers"),
                    ("activity",),
                ),
            ),
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
            otherwise=(
                Visual(
                    "active_share_by_year",
                    "bar",
                    "% Active by Join Year",
                    CUSTOMER_SEGMENTS,
                    Place(0, 6, 4, 4),
                    ("active_share", "active_customers", "total_customers"),
                    ("join_year",),
                ),
            ),
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
            otherwise=(
                Visual(
                    "orders_and_buyers",
                    "line",
                    "Orders by Month",
                    ACTIVITY_SEGMENTS,
                    Place(4, 6, 8, 4),
                    ("orders", "buyers", "spent"),
                    ("activity_month",),
                ),
            ),
        ),
        Visual(
            "customers_by_age",
            "column",
            "Customers by Age",
            DEMOGRAPHIC_SEGMENTS,
            Place(0, 10, 8, 4),
            ("total_customers", "share_of_customers"),
            ("age_band",),
            subtitle="age in whole years on the as-of date; 'Not stated' without a date of birth",
            is_optional=True,
        ),
        Visual(
            "customers_by_gender",
            "bar",
            "Customers by Gender",
            DEMOGRAPHIC_SEGMENTS,
            Place(8, 10, 4, 4),
            ("total_customers", "share_of_customers"),
            ("gender",),
            subtitle="number of customers by stated gender",
            is_optional=True,
        ),
    ),
)
