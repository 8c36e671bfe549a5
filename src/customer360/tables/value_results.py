"""The result tables of customer value: RFM segments, expected orders, and spending."""

from __future__ import annotations

from typing import Final

from customer360.tables.columns import Column
from customer360.tables.conditions import IsKnown
from customer360.tables.shorthand import (
    ID,
    ORDERED,
    SHOWN_ID,
    SLICER_COLUMNS,
    SLICERS,
    SPENT,
    band,
    column,
    customers,
    member,
    number,
    result,
    total,
)
from customer360.tables.sources import CUSTOMERS

RFM_MONTHS: Final = 24
"""Calendar months, including that of the as-of date, used for recency, frequency and monetary value."""
RFM_SEGMENT_NAMES: Final = (
    "Champions", "Loyal", "Cannot Lose", "At Risk", "Potential Loyalists", "Need Attention", "New", "Promising",
    "About to Sleep", "Hibernating", "No Recent Order",
)  # fmt: skip
"""The segments in display order."""

_OF_SEGMENT: Final = "RFM segment, see rfm_segments."


def _segment(description: str = _OF_SEGMENT) -> Column:
    return column(
        "rfm_segment",
        "text",
        description,
        ORDERED,
        required=True,
        allowed=RFM_SEGMENT_NAMES,
        heading="RFM Segment",
    )


def _score(name: str, best: str) -> Column:
    return column(
        f"{name}_score",
        "smallint",
        f"1 to 5, 5 = {best}; null without an order in the last {RFM_MONTHS} calendar months.",
        ORDERED,
        minimum=1,
        maximum=5,
    )


def _parameter(name: str, description: str) -> Column:
    return column(name, "numeric(24,10)", description, ORDERED)


EXPECTED: Final = (
    column(
        "expected_orders",
        "numeric(12,4)",
        "Expected days with an order in the next 12 months; null if there is no model or no order yet.",
        ORDERED,
        minimum=0,
    ),
    column(
        "expected_amount",
        "numeric(14,2)",
        "Expected amount of these orders before refunds; null if expected_orders or the amounts are unknown.",
        SPENT,
        minimum=0,
    ),
    column(
        "alive_probability",
        "numeric(5,4)",
        "Probability that the customer still buys, 0-1; null for customers who ordered on one day only, for whom "
        "the model always gives 1.",
        ORDERED,
        minimum=0,
        maximum=1,
        heading="Probability of Still Buying",
    ),
)
RFM: Final = (
    total("recent_orders", f"Orders in the last {RFM_MONTHS} calendar months.", ORDERED),
    column(
        "recent_amount",
        "numeric(22,2)",
        f"Amount of the orders in the last {RFM_MONTHS} calendar months, net of refunds.",
        SPENT,
        required=True,
    ),
    column(
        "order_recency_days",
        "integer",
        f"Days from the last order to the as-of date; null without one in the last {RFM_MONTHS} calendar months.",
        ORDERED,
        minimum=0,
        heading="Days since Last Order",
    ),
    _score("recency", "the most recent orders"),
    _score("frequency", "the most orders"),
    _score("monetary", "the largest amounts"),
    _segment(),
)

RFM_SEGMENTS: Final = result(
    "rfm_segments",
    "one row per RFM segment",
    "The RFM segments and their scores; every combination of scores belongs to exactly one segment.",
    ("rfm_segment",),
    member("rfm_segment", "Name of the segment.", ORDERED, allowed=RFM_SEGMENT_NAMES),
    number("segment_order", "smallint", "1 = shown first.", 1),
    column("meaning", "text", "Which customers are in it, in words.", required=True),
    role="dimension",
)

RFM_SCORES: Final = result(
    "rfm_scores",
    "one row per score of recency, frequency and monetary value",
    f"What each score means, over the customers with an order in the last {RFM_MONTHS} calendar months. Equal "
    "values share a score, so some scores may have no customers.",
    ("score_of", "score"),
    column(
        "score_of",
        "text",
        "'recency' in days, 'frequency' in orders, 'monetary' as an amount net of refunds.",
        ORDERED,
        required=True,
        allowed=("recency", "frequency", "monetary"),
    ),
    number("score", "smallint", "1 to 5, 5 = best.", 1, 5),
    number("customers_with_score", "bigint", "Customers who have the score.", 0),
    column("lowest", "numeric(22,2)", "The lowest value with this score; null without customers.", ORDERED),
    column("highest", "numeric(22,2)", "The highest value with this score; null without customers.", ORDERED),
    role="note",
)

_BOUGHT: Final = (IsKnown("recency_score"),)
_SCORED: Final = (IsKnown("expected_orders"),)
VALUE_SEGMENTS: Final = result(
    "value_segments",
    "one row per join month, loyalty status, activity, country and RFM segment that occurs",
    "Past and expected spending by RFM segment; small at any number of customers.",
    (*SLICERS, "rfm_segment"),
    *SLICER_COLUMNS,
    _segment(),
    customers(),
    total(
        "recent_buyers",
        f"Customers with an order in the last {RFM_MONTHS} calendar months.",
        ORDERED,
        counts=_BOUGHT,
    ),
    total("recent_orders", "Their orders in these months.", ORDERED, counts=_BOUGHT, sums="recent_orders"),
    total(
        "recent_amount",
        "Their amount in these months, net of refunds.",
        SPENT,
        minimum=None,
        sql_type="numeric(22,2)",
        counts=_BOUGHT,
        sums="recent_amount",
    ),
    total(
        "order_recency_days",
        "Days since the last order, summed over recent buyers.",
        ORDERED,
        counts=_BOUGHT,
        sums="order_recency_days",
    ),
    total("scored_customers", "Customers whose expected orders are known.", ORDERED, counts=_SCORED),
    total(
        "expected_orders",
        "Their expected days with an order in the next 12 months.",
        ORDERED,
        sql_type="numeric(22,4)",
        counts=_SCORED,
        sums="expected_orders",
    ),
    total(
        "expected_amount",
        "Their expected amount in the next 12 months, before refunds.",
        SPENT,
        sql_type="numeric(22,2)",
        counts=(IsKnown("expected_amount"),),
        sums="expected_amount",
    ),
)

VALUE_HOLDOUT: Final = result(
    "value_holdout",
    "one row per RFM segment at the end of the calibration that occurs",
    "The test of the model: fitted on the first part of the events, its expected orders are compared with the "
    "actual orders of the rest. Orders count days with an order.",
    ("rfm_segment",),
    _segment("RFM segment at the end of the calibration."),
    total("holdout_customers", "Customers with an order by the end of the calibration.", ORDERED, minimum=1),
    total("holdout_expected", "Orders that the model expected from them.", ORDERED, sql_type="numeric(22,4)"),
    total("holdout_actual", "Orders that they placed.", ORDERED),
    total(
        "holdout_naive",
        "Orders if all customers had kept their rate of the calibration.",
        ORDERED,
        sql_type="numeric(22,4)",
    ),
    total("holdout_amount", "Amount of their orders, before refunds.", SPENT, sql_type="numeric(22,2)"),
)

VALUE_MODEL: Final = result(
    "value_model",
    "one row per fit of the model: on all events, and on those of the calibration",
    "The parameters of BG/NBD and Gamma-Gamma in weeks, the data they were fitted on, and the fit on the rest. "
    "Empty if too few customers have bought again.",
    ("fit",),
    column("fit", "text", "'all' or 'calibration'.", ORDERED, required=True, allowed=("all", "calibration")),
    column("until", "date", "The last day of the events it was fitted on.", ORDERED, required=True),
    number("customers", "bigint", "Customers with an order by then.", 1),
    number("repeat_customers", "bigint", "Customers with orders on two or more days.", 0),
    number("cells", "bigint", "Different combinations of frequency, recency and age.", 1),
    column("is_exact", "boolean", "True if fitted on days; false if on weeks, to limit the cells.", required=True),
    _parameter("r", "BG/NBD: shape of the rates of buying."),
    _parameter("alpha", "BG/NBD: scale of the rates of buying, in weeks."),
    _parameter("a", "BG/NBD: first shape of the probabilities of leaving."),
    _parameter("b", "BG/NBD: second shape of the probabilities of leaving."),
    _parameter("log_likelihood", "BG/NBD: log-likelihood, summed over customers."),
    number(
        "spending_customers",
        "bigint",
        "Repeat buyers with a positive mean amount; p, q and v are fitted on them.",
        0,
    ),
    _parameter("p", "Gamma-Gamma: shape of the amounts of an order; null without amounts."),
    _parameter("q", "Gamma-Gamma: shape of the mean amounts; null without amounts."),
    _parameter("v", "Gamma-Gamma: scale of the mean amounts; null without amounts."),
    column("holdout_days", "integer", "Days of the holdout; null for the fit on all events.", ORDERED, minimum=1),
    column(
        "correlation",
        "numeric(7,6)",
        "Correlation between each customer's expected and actual orders in the holdout.",
        ORDERED,
    ),
    column("naive_correlation", "numeric(7,6)", "The same, with orders at the rate of the calibration.", ORDERED),
    role="note",
)

SPENDING_SEGMENTS: Final = result(
    "spending_segments",
    "one row per join month, loyalty status, activity, country, spending band and orders band that occurs",
    "What customers have spent and how often they have ordered, for data without balances; small at any number of "
    "customers.",
    (*SLICERS, "spent_band", "orders_band"),
    *SLICER_COLUMNS,
    band("spent_band", "Band of the amount spent, net of refunds, see bands.", -1, SPENT),
    band("orders_band", "Band of the number of orders, see bands.", 0, ORDERED),
    customers(),
    total(
        "spent_sum",
        "Amount spent, net of refunds.",
        SPENT,
        minimum=None,
        sql_type="numeric(22,2)",
        counts=(),
        sums="spent",
    ),
    total("orders_sum", "Number of orders.", ORDERED, counts=(), sums="orders"),
)

TOP_SPENDERS: Final = result(
    "top_spenders",
    "one row per rank 1-10 of a join month, loyalty status, activity and country",
    "The ten top spenders of each slicer cell, so that a top ten is exact under any filter.",
    (*SLICERS, "cell_rank"),
    *SLICER_COLUMNS,
    number(
        "cell_rank", "smallint", "1 = most spent in the cell; equal amounts rank by customer_id.", 1, 10, SPENT
    ),
    ID,
    SHOWN_ID,
    column("name", "text", "Full name.", CUSTOMERS["name"], personal="name"),
    column("spent", "numeric(22,2)", "Amount spent, net of refunds.", SPENT, required=True, is_additive=True),
)

SPENDING_TENTHS: Final = result(
    "spending_tenths",
    "one row per tenth of all customers, top spenders first",
    "How concentrated spending is. Covers all customers: a customer's tenth depends on all the others, so no "
    "filter applies.",
    ("spending_tenth",),
    number("spending_tenth", "smallint", "1 = the tenth that spent most.", 1, 10, SPENT),
    total(
        "tenth_customers",
        "Customers in the tenth; if they do not divide by ten, some tenths have one fewer.",
        minimum=0,
    ),
    total("tenth_spent", "Amount they spent, net of refunds.", SPENT, minimum=None, sql_type="numeric(22,2)"),
)
