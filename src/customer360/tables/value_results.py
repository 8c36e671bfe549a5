"""The result tables about what customers are worth: RFM segments, customer value, and who spends how much."""

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
"""Calendar months, that of the as-of date included, whose orders make recency, frequency and monetary value."""
RFM_SEGMENT_NAMES: Final = (
    "Champions", "Loyal", "Cannot Lose", "At Risk", "Potential Loyalists", "Need Attention", "New", "Promising",
    "About to Sleep", "Hibernating", "No Recent Order",
)  # fmt: skip
"""The segments in the order in which they are shown."""

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
        f"1 to 5, 5 = {best}; null without an order in the {RFM_MONTHS} months.",
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
        "Days with an order expected in the next 12 months; null where there is no model, or no order yet.",
        ORDERED,
        minimum=0,
    ),
    column(
        "expected_amount",
        "numeric(14,2)",
        "Amount of these orders, before refunds; null where expected_orders or the amounts are not known.",
        SPENT,
        minimum=0,
    ),
    column(
        "alive_probability",
        "numeric(5,4)",
        "Probability that the customer still buys; null for those who ordered on one day only, for whom the model "
        "always says 1.",
        ORDERED,
        minimum=0,
        maximum=1,
        heading="Probability of Being Alive",
    ),
)
RFM: Final = (
    total("recent_orders", f"Orders in the {RFM_MONTHS} months.", ORDERED),
    column(
        "recent_amount",
        "numeric(22,2)",
        f"Amount of the orders in the {RFM_MONTHS} months, net of refunds.",
        SPENT,
        required=True,
    ),
    column(
        "order_recency_days",
        "integer",
        f"Days from the last order to the as-of date; null without one in the {RFM_MONTHS} months.",
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
    "The segments and the scores that lead to them: disjoint, and one for every combination.",
    ("rfm_segment",),
    member("rfm_segment", "Name of the segment.", ORDERED, allowed=RFM_SEGMENT_NAMES),
    number("segment_order", "smallint", "1 = the segment shown first.", 1),
    column("meaning", "text", "Who is in it, in words.", required=True),
    role="dimension",
)

RFM_SCORES: Final = result(
    "rfm_scores",
    "one row per score of recency, frequency and monetary value",
    f"What each score stands for, over the customers with an order in the {RFM_MONTHS} months. Equal values share "
    "a score, so some scores may not occur: their customers are 0.",
    ("score_of", "score"),
    column(
        "score_of",
        "text",
        "'recency' in days, 'frequency' in orders, 'monetary' as an amount net of refunds.",
        ORDERED,
        required=True,
        allowed=("recency", "frequency", "monetary"),
    ),
    number("score", "smallint", "1 to 5, 5 is best.", 1, 5),
    number("customers_with_score", "bigint", "Customers who have the score.", 0),
    column("lowest", "numeric(22,2)", "The lowest value with this score; null where nobody has it.", ORDERED),
    column("highest", "numeric(22,2)", "The highest value with this score; null where nobody has it.", ORDERED),
    role="note",
)

_BOUGHT: Final = (IsKnown("recency_score"),)
_SCORED: Final = (IsKnown("expected_orders"),)
VALUE_SEGMENTS: Final = result(
    "value_segments",
    "one row per join month, loyalty status, activity, country and RFM segment that occurs",
    "What customers have spent and are expected to, by RFM segment; small however many customers there are.",
    (*SLICERS, "rfm_segment"),
    *SLICER_COLUMNS,
    _segment(),
    customers(),
    total("recent_buyers", f"Customers with an order in the {RFM_MONTHS} months.", ORDERED, counts=_BOUGHT),
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
        "Days since the last order, summed over the recent buyers.",
        ORDERED,
        counts=_BOUGHT,
        sums="order_recency_days",
    ),
    total("scored_customers", "Customers whose expected orders are known.", ORDERED, counts=_SCORED),
    total(
        "expected_orders",
        "Their orders expected in the next 12 months.",
        ORDERED,
        sql_type="numeric(22,4)",
        counts=_SCORED,
        sums="expected_orders",
    ),
    total(
        "expected_amount",
        "The amount expected in the next 12 months.",
        SPENT,
        sql_type="numeric(22,2)",
        counts=(IsKnown("expected_amount"),),
        sums="expected_amount",
    ),
)

VALUE_HOLDOUT: Final = result(
    "value_holdout",
    "one row per RFM segment at the end of the calibration that occurs",
    "The test of the model: fitted on the first part of the events, its expected orders beside the orders of the "
    "rest. Orders count days with an order.",
    ("rfm_segment",),
    _segment("RFM segment at the end of the calibration."),
    total("holdout_customers", "Customers with an order by the end of the calibration.", ORDERED, minimum=1),
    total("holdout_expected", "Orders that the model expected of them.", ORDERED, sql_type="numeric(22,4)"),
    total("holdout_actual", "Orders that they placed.", ORDERED),
    total(
        "holdout_naive",
        "Orders expected if everybody went on at the rate of the calibration.",
        ORDERED,
        sql_type="numeric(22,4)",
    ),
    total("holdout_amount", "Amount of their orders, before refunds.", SPENT, sql_type="numeric(22,2)"),
)

VALUE_MODEL: Final = result(
    "value_model",
    "one row per fit of the model: on all events, and on those of the calibration",
    "The parameters of BG/NBD and Gamma-Gamma in weeks, what they were fitted on, and the error on the rest. "
    "Empty where too few customers have bought again.",
    ("fit",),
    column("fit", "text", "'all' or 'calibration'.", ORDERED, required=True, allowed=("all", "calibration")),
    column("until", "date", "The last day of the events it was fitted on.", ORDERED, required=True),
    number("customers", "bigint", "Customers with an order by then.", 1),
    number("repeat_customers", "bigint", "Those with orders on two days or more.", 0),
    number("cells", "bigint", "Different combinations of frequency, recency and age.", 1),
    column(
        "is_exact", "boolean", "Whether days were told apart, or weeks, as cells were too many.", required=True
    ),
    _parameter("r", "BG/NBD: shape of the rates of buying."),
    _parameter("alpha", "BG/NBD: scale of the rates of buying, in weeks."),
    _parameter("a", "BG/NBD: first shape of the probabilities of leaving."),
    _parameter("b", "BG/NBD: second shape of the probabilities of leaving."),
    _parameter("log_likelihood", "BG/NBD: logarithm of the likelihood, summed over customers."),
    number(
        "spending_customers", "bigint", "Repeat buyers with a positive mean amount, on whom p, q, v are fitted.", 0
    ),
    _parameter("p", "Gamma-Gamma: shape of the amounts of an order; null without amounts."),
    _parameter("q", "Gamma-Gamma: shape of the mean amounts; null without amounts."),
    _parameter("v", "Gamma-Gamma: scale of the mean amounts; null without amounts."),
    column("holdout_days", "integer", "Days of the holdout; null for the fit on all events.", ORDERED, minimum=1),
    column(
        "correlation",
        "numeric(7,6)",
        "Correlation over customers of expected and actual orders in the holdout.",
        ORDERED,
    ),
    column("naive_correlation", "numeric(7,6)", "The same of the rate of the calibration, carried on.", ORDERED),
    role="note",
)

SPENDING_SEGMENTS: Final = result(
    "spending_segments",
    "one row per join month, loyalty status, activity, country, spending band and orders band that occurs",
    "What customers have spent and how often they have ordered, for data without balances; small however many "
    "customers there are.",
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
    "The ten who spent most in each slicer cell, so that a top ten stays exact under any filter.",
    (*SLICERS, "cell_rank"),
    *SLICER_COLUMNS,
    number("cell_rank", "smallint", "1 = most spent in the cell; equals rank by customer_id.", 1, 10, SPENT),
    ID,
    SHOWN_ID,
    column("name", "text", "Full name.", CUSTOMERS["name"], personal="name"),
    column("spent", "numeric(22,2)", "Amount spent, net of refunds.", SPENT, required=True, is_additive=True),
)

SPENDING_TENTHS: Final = result(
    "spending_tenths",
    "one row per tenth of all customers, those who spent most first",
    "How concentrated spending is. Of all customers together: which tenth someone is in depends on all others, so "
    "no filter applies.",
    ("spending_tenth",),
    number("spending_tenth", "smallint", "1 = the tenth that spent most.", 1, 10, SPENT),
    total(
        "tenth_customers",
        "Customers in the tenth; where they do not divide by ten, some have one fewer.",
        minimum=0,
    ),
    total("tenth_spent", "Amount they spent, net of refunds.", SPENT, minimum=None, sql_type="numeric(22,2)"),
)
