"""The measures of orders: how many, by how many customers, for how much, and how much was refunded."""

from __future__ import annotations

from typing import Final

from customer360.report.expressions import (
    NOT_COMPARED,
    LastClosedMonth,
    Less,
    MeanPerMonth,
    Measure,
    Ratio,
    Sum,
)
from customer360.tables import ACTIVITY_SEGMENTS

_NOT_SUMMED: Final = "months do not add up: a customer who buys in two months is one customer"

BUYERS: Final = Measure(
    "buyers",
    "Buyers",
    Sum("buyers", ACTIVITY_SEGMENTS),
    "customers with an order in the month",
    folder="Orders",
    good="up",
    note=_NOT_SUMMED,
)
REPEAT_BUYERS: Final = Measure(
    "repeat_buyers",
    "Repeat Buyers",
    Sum("repeat_buyers", ACTIVITY_SEGMENTS),
    "buyers with an order in the month that is not their first",
    folder="Orders",
    good="up",
    note=_NOT_SUMMED,
)
REPEAT_RATE: Final = Measure(
    "repeat_rate",
    "% Repeat Buyers",
    Ratio(REPEAT_BUYERS, BUYERS),
    "buyers with an order that is not their first ÷ buyers of the month",
    "share",
    "percent",
    "Orders",
    good="up",
    source="repeat purchase rate of retail",
)
LAST_BUYERS: Final = Measure(
    "last_buyers",
    "Buyers, Last Full Month",
    LastClosedMonth(BUYERS),
    "customers with an order in the last full month",
    folder="Orders",
    good="up",
)
MEAN_BUYERS: Final = Measure(
    "mean_buyers",
    "Buyers per Month",
    MeanPerMonth(BUYERS),
    "mean of the monthly buyers over full months",
    format="decimal",
    folder="Orders",
    good="up",
)
ORDERS: Final = Measure(
    "orders",
    "Orders",
    Sum("orders", ACTIVITY_SEGMENTS),
    "number of orders",
    "orders",
    folder="Orders",
    good="up",
    note="an order counts once, regardless of how many lines it has",
)
ORDER_AMOUNT: Final = Measure(
    "order_amount",
    "Order Amount",
    Sum("amount", ACTIVITY_SEGMENTS),
    "amount of the orders before refunds",
    "currency",
    "amount",
    "Orders",
    good="up",
)
REFUNDS: Final = Measure(
    "refunds",
    "Refunds",
    Sum("refunds", ACTIVITY_SEGMENTS),
    "number of refunds",
    "refunds",
    folder="Orders",
    good="down",
    note="counted in the month of the refund, not of the order",
)
REFUNDED: Final = Measure(
    "refunded",
    "Amount Refunded",
    Sum("refunded", ACTIVITY_SEGMENTS),
    "amount returned to customers",
    "currency",
    "amount",
    "Orders",
    good="down",
    note="counted in the month of the refund, not of the order",
)
SPENT: Final = Measure(
    "spent",
    "Amount Spent",
    Less(ORDER_AMOUNT, (REFUNDED,)),
    "amount of the orders less refunds",
    "currency",
    "amount",
    "Orders",
    good="up",
)
AVERAGE_ORDER_VALUE: Final = Measure(
    "average_order_value",
    "Average Order Value",
    Ratio(ORDER_AMOUNT, ORDERS),
    "amount of the orders before refunds ÷ orders",
    "currency",
    "amount",
    "Orders",
    good="up",
    source="average order value (AOV) of retail",
)
PURCHASE_FREQUENCY: Final = Measure(
    "purchase_frequency",
    "Purchase Frequency",
    Ratio(ORDERS, BUYERS),
    "orders ÷ buyers of the month",
    "orders",
    "decimal",
    "Orders",
    note=_NOT_SUMMED,
    good="up",
    source="purchase frequency of retail",
)
ORDER_GAPS: Final = Measure(
    "order_gaps",
    "Gaps between Orders",
    Sum("order_gaps", ACTIVITY_SEGMENTS),
    "days with an order that follow an earlier one",
    "days",
    folder="Orders",
    hidden=True,
)
ORDER_GAP_DAYS: Final = Measure(
    "order_gap_days",
    "Days between Orders, Summed",
    Sum("order_gap_days", ACTIVITY_SEGMENTS),
    "days between a day with an order and the previous one, summed",
    "days",
    folder="Orders",
    hidden=True,
)
DAYS_BETWEEN_ORDERS: Final = Measure(
    "days_between_orders",
    "Mean Days between Orders",
    Ratio(ORDER_GAP_DAYS, ORDER_GAPS),
    "mean days between a day with an order and the previous one",
    "days",
    "decimal",
    "Orders",
    note="a gap counts in the month in which it ends; gaps that have not ended are excluded",
    good="down",
)
LAST_SPENT: Final = Measure(
    "last_spent",
    "Amount Spent, Last Full Month",
    LastClosedMonth(SPENT),
    "amount of the orders of the last full month less its refunds",
    "currency",
    "amount",
    "Orders",
    good="up",
)
SPENT_YEAR_BEFORE: Final = Measure(
    "spent_year_before",
    "Amount Spent, a Year Earlier",
    LastClosedMonth(SPENT, before=12),
    "amount spent in the same month a year earlier",
    "currency",
    "amount",
    "Orders",
    note=NOT_COMPARED,
)
LAST_ORDER_VALUE: Final = Measure(
    "last_average_order_value",
    "Average Order Value, Last Full Month",
    LastClosedMonth(AVERAGE_ORDER_VALUE),
    "amount of the orders before refunds ÷ orders, in the last full month",
    "currency",
    "amount",
    "Orders",
    good="up",
)
ORDER_VALUE_YEAR_BEFORE: Final = Measure(
    "average_order_value_year_before",
    "Average Order Value, a Year Earlier",
    LastClosedMonth(AVERAGE_ORDER_VALUE, before=12),
    "average order value of the same month a year earlier",
    "currency",
    "amount",
    "Orders",
    note=NOT_COMPARED,
)
BUYERS_YEAR_BEFORE: Final = Measure(
    "buyers_year_before",
    "Buyers, a Year Earlier",
    LastClosedMonth(BUYERS, before=12),
    "customers with an order in the same month a year earlier",
    folder="Orders",
    note=NOT_COMPARED,
)
LAST_DAYS_BETWEEN_ORDERS: Final = Measure(
    "last_days_between_orders",
    "Mean Days between Orders, Last Full Month",
    LastClosedMonth(DAYS_BETWEEN_ORDERS),
    "mean days between orders, over the gaps that ended in the last full month",
    "days",
    "decimal",
    "Orders",
    good="down",
)
DAYS_BETWEEN_ORDERS_YEAR_BEFORE: Final = Measure(
    "days_between_orders_year_before",
    "Mean Days between Orders, a Year Earlier",
    LastClosedMonth(DAYS_BETWEEN_ORDERS, before=12),
    "mean days between orders in the same month a year earlier",
    "days",
    "decimal",
    "Orders",
    note=NOT_COMPARED,
)
