"""The measures of customer value: RFM segments, expected orders, and how well the model predicted."""

from __future__ import annotations

from typing import Final

from customer360.report.expressions import Measure, Missing, OfTotal, Ratio, Sum
from customer360.tables import RFM_MONTHS, VALUE_SEGMENTS

_WINDOW: Final = f"in the last {RFM_MONTHS} calendar months"
_MODEL: Final = "BG/NBD (Fader, Hardie and Lee, 2005)"
_AMOUNTS: Final = "BG/NBD and Gamma-Gamma (Fader and Hardie, 2013)"
_NEXT: Final = "in the next 12 months"

# --- RFM ---------------------------------------------------------------------------------------------------

RECENT_BUYERS: Final = Measure(
    "recent_buyers",
    "Recent Buyers",
    Sum("recent_buyers"),
    f"customers with an order {_WINDOW}",
    folder="RFM",
    good="up",
)
RECENT_ORDERS: Final = Measure(
    "recent_orders",
    "Recent Orders",
    Sum("recent_orders"),
    f"orders {_WINDOW}",
    "orders",
    folder="RFM",
    good="up",
)
RECENT_AMOUNT: Final = Measure(
    "recent_amount",
    "Recent Amount Spent",
    Sum("recent_amount"),
    f"amount spent {_WINDOW}, net of refunds",
    "currency",
    "amount",
    "RFM",
    good="up",
)
SHARE_OF_RECENT_AMOUNT: Final = Measure(
    "share_of_recent_amount",
    "% of Recent Amount",
    OfTotal(RECENT_AMOUNT),
    "recent amount ÷ recent amount of all customers within the filters",
    "share",
    "percent",
    "RFM",
)
RECENT_AMOUNT_PER_BUYER: Final = Measure(
    "recent_amount_per_buyer",
    "Recent Amount per Buyer",
    Ratio(RECENT_AMOUNT, RECENT_BUYERS),
    f"amount spent net of refunds {_WINDOW} ÷ recent buyers",
    "currency",
    "amount",
    "RFM",
    good="up",
    source="monetary value of RFM",
)
RECENT_ORDERS_PER_BUYER: Final = Measure(
    "recent_orders_per_buyer",
    "Recent Orders per Buyer",
    Ratio(RECENT_ORDERS, RECENT_BUYERS),
    f"orders {_WINDOW} ÷ recent buyers",
    "orders",
    "decimal",
    "RFM",
    good="up",
    source="frequency of RFM",
)
ORDER_RECENCY_DAYS: Final = Measure(
    "order_recency_days",
    "Days since Last Order, Summed",
    Sum("order_recency_days"),
    "days since the last order, summed over recent buyers",
    "days",
    folder="RFM",
    hidden=True,
)
AVERAGE_ORDER_RECENCY: Final = Measure(
    "average_order_recency",
    "Mean Days since Last Order",
    Ratio(ORDER_RECENCY_DAYS, RECENT_BUYERS),
    f"mean days since the last order, over buyers {_WINDOW}",
    "days",
    "decimal",
    "RFM",
    good="down",
    source="recency of RFM",
)

# --- what is expected --------------------------------------------------------------------------------------

SCORED_CUSTOMERS: Final = Measure(
    "scored_customers",
    "Scored Customers",
    Sum("scored_customers"),
    "customers with at least one order, scored by the model",
    folder="Customer value",
)
NOT_SCORED_CUSTOMERS: Final = Measure(
    "not_scored_customers",
    "Customers Not Scored",
    Missing("scored_customers"),
    "customers without an order, whom the model cannot score",
    folder="Customer value",
)
EXPECTED_ORDERS: Final = Measure(
    "expected_orders",
    "Expected Orders",
    Sum("expected_orders", VALUE_SEGMENTS),
    f"expected days with an order {_NEXT}",
    "orders",
    "decimal",
    "Customer value",
    note="an expectation, not a promise; see also the holdout",
    left_out=NOT_SCORED_CUSTOMERS,
    source=_MODEL,
)
EXPECTED_AMOUNT: Final = Measure(
    "expected_amount",
    "Expected Amount",
    Sum("expected_amount", VALUE_SEGMENTS),
    f"expected amount of orders {_NEXT}, before refunds",
    "currency",
    "amount",
    "Customer value",
    note="an expectation, not a promise; see also the holdout; excludes customers who have not ordered yet",
    left_out=NOT_SCORED_CUSTOMERS,
    source=_AMOUNTS,
)
EXPECTED_ORDERS_PER_CUSTOMER: Final = Measure(
    "expected_orders_per_customer",
    "Expected Orders per Customer",
    Ratio(EXPECTED_ORDERS, SCORED_CUSTOMERS),
    f"expected days with an order {_NEXT} ÷ customers with an order so far",
    "orders",
    "decimal",
    "Customer value",
    source=_MODEL,
)
EXPECTED_AMOUNT_PER_CUSTOMER: Final = Measure(
    "expected_amount_per_customer",
    "Expected Amount per Customer",
    Ratio(EXPECTED_AMOUNT, SCORED_CUSTOMERS),
    f"expected amount {_NEXT} ÷ customers with an order so far",
    "currency",
    "amount",
    "Customer value",
    source=_AMOUNTS,
)

# --- the holdout -------------------------------------------------------------------------------------------

_HOLDOUT: Final = "the second half of the events, which the model had not seen"

HOLDOUT_CUSTOMERS: Final = Measure(
    "holdout_customers",
    "Customers in the Holdout",
    Sum("holdout_customers"),
    "customers with an order in the first half of the events",
    folder="Customer value",
)
HOLDOUT_EXPECTED: Final = Measure(
    "holdout_expected",
    "Holdout: Expected Orders",
    Sum("holdout_expected"),
    "orders that the model, fitted on the first half of the events, expected in the second half",
    "orders",
    "decimal",
    "Customer value",
    source=_MODEL,
)
HOLDOUT_ACTUAL: Final = Measure(
    "holdout_actual",
    "Holdout: Actual Orders",
    Sum("holdout_actual"),
    f"days with an order in {_HOLDOUT}",
    "orders",
    folder="Customer value",
)
HOLDOUT_NAIVE: Final = Measure(
    "holdout_naive",
    "Holdout: Naive Orders",
    Sum("holdout_naive"),
    "orders in the holdout if all customers had kept their rate of the first half",
    "orders",
    "decimal",
    "Customer value",
)
HOLDOUT_RATIO: Final = Measure(
    "holdout_ratio",
    "% of Actual Orders (Model)",
    Ratio(HOLDOUT_EXPECTED, HOLDOUT_ACTUAL),
    "orders expected ÷ orders placed in the holdout",
    "share",
    "percent",
    "Customer value",
    note="100% is exact; below 100%, customers ordered more than the model expected",
)
NAIVE_RATIO: Final = Measure(
    "naive_ratio",
    "% of Actual Orders (Naive)",
    Ratio(HOLDOUT_NAIVE, HOLDOUT_ACTUAL),
    "orders at the rate of the first half ÷ orders placed in the holdout",
    "share",
    "percent",
    "Customer value",
    note="the baseline: a useful model is closer to 100% than this",
)
