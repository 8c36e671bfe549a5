"""Customer Value: the best customers, their expected orders, and how reliable the expectation is."""

from __future__ import annotations

from typing import Final

from customer360.report.visuals import Page, Place, Visual
from customer360.tables import SPENDING_TENTHS, VALUE_HOLDOUT, VALUE_SEGMENTS

_CARDS: Final = (
    Visual(
        "expected_orders",
        "card",
        "Expected Orders",
        VALUE_SEGMENTS,
        Place(0, 0, 3, 2),
        ("expected_orders", "expected_orders_per_customer", "scored_customers"),
        subtitle="in the next 12 months",
        is_optional=True,
    ),
    Visual(
        "expected_amount",
        "card",
        "Expected Amount",
        VALUE_SEGMENTS,
        Place(3, 0, 3, 2),
        ("expected_amount", "expected_amount_per_customer", "scored_customers"),
        subtitle="in the next 12 months, before refunds",
        is_optional=True,
    ),
    Visual(
        "holdout_ratio",
        "card",
        "Model Test",
        VALUE_HOLDOUT,
        Place(6, 0, 3, 2),
        ("holdout_ratio", "naive_ratio", "holdout_expected", "holdout_actual"),
        subtitle="expected as % of actual orders",
        is_optional=True,
    ),
    Visual(
        "concentration",
        "card",
        "Spending by the Top 10%",
        SPENDING_TENTHS,
        Place(9, 0, 3, 2),
        ("top_tenth_share", "top_tenth_spent"),
        subtitle="% of the amount spent by all",
        is_optional=True,
    ),
)
_SEGMENTS: Final = (
    Visual(
        "customers_by_segment",
        "bar",
        "Customers by RFM Segment",
        VALUE_SEGMENTS,
        Place(0, 2, 5, 6),
        ("total_customers", "share_of_customers", "share_of_recent_amount"),
        ("rfm_segment",),
        subtitle="by recency and frequency in the last 24 months",
        requires=VALUE_SEGMENTS["recent_buyers"].derived_from,
        is_optional=True,
    ),
    Visual(
        "segment_details",
        "matrix",
        "Spending and Recency by RFM Segment",
        VALUE_SEGMENTS,
        Place(5, 2, 7, 6),
        (
            "share_of_recent_amount",
            "recent_amount_per_buyer",
            "recent_orders_per_buyer",
            "average_order_recency",
        ),
        ("rfm_segment",),
        subtitle="customers with an order in the last 24 calendar months",
        is_optional=True,
    ),
    Visual(
        "expected_by_segment",
        "matrix",
        "Expected in the Next 12 Months",
        VALUE_SEGMENTS,
        Place(0, 8, 6, 6),
        ("expected_orders_per_customer", "expected_amount_per_customer", "expected_amount"),
        ("rfm_segment",),
        subtitle="customers with an order so far; see also the model test",
        is_optional=True,
    ),
    Visual(
        "holdout_by_segment",
        "matrix",
        "Model Test: Expected and Actual Orders",
        VALUE_HOLDOUT,
        Place(6, 8, 6, 6),
        ("holdout_expected", "holdout_actual", "holdout_ratio", "naive_ratio"),
        ("rfm_segment",),
        subtitle="fitted on the first half of events, tested on the second; segments at its start",
        is_optional=True,
    ),
)
_TENTHS: Final = Visual(
    "spending_by_tenth",
    "column",
    "Spending by Tenth of Customers",
    SPENDING_TENTHS,
    Place(0, 14, 12, 4),
    ("share_of_tenth", "tenth_spent", "tenth_customers"),
    ("spending_tenth",),
    subtitle="share of the amount spent by all customers, top spenders first; no filter applies",
    is_optional=True,
)

VALUE: Final = Page("value", "Customer Value", (*_CARDS, *_SEGMENTS, _TENTHS))
