"""The segments that result from the scores of recency and frequency."""

from __future__ import annotations

from functools import reduce
from typing import Final, NamedTuple

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import table_of
from customer360.tables import RFM_MONTHS, RFM_SEGMENT_NAMES

NO_RECENT_ORDER: Final = RFM_SEGMENT_NAMES[-1]


class Segment(NamedTuple):
    """The customers with one of these scores of *recency* and one of *frequency*."""

    name: str
    recency: tuple[int, ...]
    frequency: tuple[int, ...]
    meaning: str


SEGMENTS: Final = (
    Segment("Champions", (5,), (4, 5), "They ordered most recently, and they order often."),
    Segment("Loyal", (3, 4), (4, 5), "They order often, and their last order was not long ago."),
    Segment("Cannot Lose", (1, 2), (5,), "They used to order most often, and have not ordered for a long time."),
    Segment("At Risk", (1, 2), (3, 4), "They used to order often, and have not ordered for a long time."),
    Segment("Potential Loyalists", (4, 5), (2, 3), "They ordered recently, and several times."),
    Segment("Need Attention", (3,), (3,), "They are in the middle, in how recently and in how often they order."),
    Segment("New", (5,), (1,), "They ordered most recently, and have the fewest orders."),
    Segment("Promising", (4,), (1,), "They ordered recently, and have the fewest orders."),
    Segment("About to Sleep", (3,), (1, 2), "Their last order was a while ago, and they have few orders."),
    Segment("Hibernating", (1, 2), (1, 2), "They have not ordered for a long time, and have few orders."),
    Segment(NO_RECENT_ORDER, (), (), f"They have no order in the last {RFM_MONTHS} months, or none at all."),
)  # fmt: skip
"""In display order; every pair of scores belongs to one of them."""


def rfm_segment() -> Column:
    """The segment of a customer's recency_score and frequency_score."""
    recency, frequency = F.col("recency_score"), F.col("frequency_score")
    named = reduce(
        lambda found, one: found.when(recency.isin(*one.recency) & frequency.isin(*one.frequency), one.name),
        SEGMENTS[:-1],
        F.when(recency.isNull(), NO_RECENT_ORDER),
    )
    return named.otherwise(NO_RECENT_ORDER)


def rfm_segments(spark: SparkSession) -> DataFrame:
    """One row per segment, including segments without customers."""
    rows = [(one.name, order, one.meaning) for order, one in enumerate(SEGMENTS, start=1)]
    return table_of(spark, tables.RFM_SEGMENTS, rows)
