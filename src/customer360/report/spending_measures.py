"""The measures of what customers have spent, for data without balances, and of how concentrated spending is."""

from __future__ import annotations

from typing import Final

from customer360.report.customer_measures import TOTAL_CUSTOMERS
from customer360.report.dimensions import SPENDING_TENTH
from customer360.report.expressions import Above, Measure, OfTotal, Others, Ratio, Sum, Where
from customer360.report.parameters import SPENDING_THRESHOLD
from customer360.tables import TOP_SPENDERS

_NET: Final = "net of refunds"

TOTAL_SPENT: Final = Measure(
    "total_spent",
    "Total Amount Spent",
    Sum("spent_sum"),
    f"amount spent by customers, {_NET}",
    "currency",
    "amount",
    "Spending",
    good="up",
    note="from the first event to the as-of date",
)
SPENT_PER_CUSTOMER: Final = Measure(
    "spent_per_customer",
    "Average Amount Spent",
    Ratio(TOTAL_SPENT, TOTAL_CUSTOMERS),
    f"amount spent {_NET} ÷ customers",
    "currency",
    "amount",
    "Spending",
    good="up",
    note="customers without an order count as 0",
)
SHARE_OF_SPENT: Final = Measure(
    "share_of_spent",
    "% of Amount Spent",
    OfTotal(TOTAL_SPENT),
    "amount spent ÷ amount spent by all customers within the filters",
    "share",
    "percent",
    "Spending",
)
ORDERS_PLACED: Final = Measure(
    "orders_placed",
    "Orders Placed",
    Sum("orders_sum"),
    "orders up to the as-of date",
    "orders",
    folder="Spending",
    good="up",
)
ORDERS_PER_CUSTOMER: Final = Measure(
    "orders_per_customer",
    "Orders per Customer",
    Ratio(ORDERS_PLACED, TOTAL_CUSTOMERS),
    "orders ÷ customers",
    "orders",
    "decimal",
    "Spending",
    good="up",
    note="customers without an order count as 0",
)
CUSTOMERS_ABOVE_SPENDING: Final = Measure(
    "customers_above_spending",
    "Customers with Spending > X",
    Above(TOTAL_CUSTOMERS, SPENDING_THRESHOLD),
    "customers with net spending strictly above X",
    folder="Spending",
    good="up",
    note="exact at the edges of the spending bands; between edges, only where individual amounts can be read",
)
SHARE_ABOVE_SPENDING: Final = Measure(
    "share_above_spending",
    "% Customers with Spending > X",
    Ratio(CUSTOMERS_ABOVE_SPENDING, TOTAL_CUSTOMERS),
    "customers with net spending strictly above X ÷ all customers",
    "share",
    "percent",
    "Spending",
    good="up",
)
SHARE_ABOVE_SPENDING_OF_OTHERS: Final = Measure(
    "share_above_spending_of_others",
    "% Customers with Spending > X, Others",
    Others(SHARE_ABOVE_SPENDING),
    "the same share for all customers outside the filters; no value without a filter",
    "share",
    "percent",
    "Spending",
)
TOP_SPENT: Final = Measure(
    "top_spent",
    "Spending",
    Sum("spent", TOP_SPENDERS),
    f"amount spent by the customer, {_NET}",
    "currency",
    "amount",
    "Spending",
    note="stored for the ten top spenders of each slicer cell, so that a top ten is exact under any slicer",
)

# --- concentration -----------------------------------------------------------------------------------------

_OF_ALL: Final = "covers all customers: a customer's tenth depends on all the others, so no filter applies"

TENTH_CUSTOMERS: Final = Measure(
    "tenth_customers",
    "Customers in the Tenth",
    Sum("tenth_customers"),
    "customers in the tenth",
    folder="Concentration",
)
TENTH_SPENT: Final = Measure(
    "tenth_spent",
    "Amount Spent by the Tenth",
    Sum("tenth_spent"),
    f"amount spent by the customers in the tenth, {_NET}",
    "currency",
    "amount",
    "Concentration",
    note=_OF_ALL,
)
SHARE_OF_TENTH: Final = Measure(
    "share_of_tenth",
    "% of Spending by Tenth",
    OfTotal(TENTH_SPENT),
    "amount spent by the tenth ÷ amount spent by all customers",
    "share",
    "percent",
    "Concentration",
    note=_OF_ALL,
)
TOP_TENTH_SPENT: Final = Measure(
    "top_tenth_spent",
    "Amount Spent by the Top 10%",
    Where(TENTH_SPENT, SPENDING_TENTH, 1),
    f"amount spent by the top tenth of customers, {_NET}",
    "currency",
    "amount",
    "Concentration",
    note=_OF_ALL,
)
TOP_TENTH_SHARE: Final = Measure(
    "top_tenth_share",
    "% of Spending by the Top 10%",
    Ratio(TOP_TENTH_SPENT, TENTH_SPENT),
    "amount spent by the top tenth of customers ÷ amount spent by all",
    "share",
    "percent",
    "Concentration",
    note=_OF_ALL,
)
