"""The meaning of each score of recency, frequency and monetary value."""

from __future__ import annotations

from functools import reduce
from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import conform
from customer360.operations.rfm import BEST

_SHOWN: Final = {"recency": "order_recency_days", "frequency": "recent_orders", "monetary": "recent_amount"}


def rfm_scores(customers: DataFrame) -> DataFrame:
    """
    One row per score of each kind, with the number of *customers* who have it and their lowest and highest values.

    Equal values share a score, so a score may be unused: its row has 0 customers and no values.
    """
    scores = [f"{name}_score" for name in _SHOWN]
    cells = customers.where(F.col("recency_score").isNotNull()).groupBy(*scores)
    counted = cells.agg(
        F.count("*").alias("customers"),
        *[F.min(value).cast("decimal(22,2)").alias(f"{name}_lowest") for name, value in _SHOWN.items()],
        *[F.max(value).cast("decimal(22,2)").alias(f"{name}_highest") for name, value in _SHOWN.items()],
    )
    every_score = customers.sparkSession.range(1, BEST + 1).select(F.col("id").cast("smallint").alias("score"))
    of_each = [_of(name, counted, every_score) for name in _SHOWN]
    return conform(reduce(DataFrame.unionByName, of_each), tables.RFM_SCORES)


def _of(name: str, cells: DataFrame, every_score: DataFrame) -> DataFrame:
    found = cells.groupBy(F.col(f"{name}_score").alias("score")).agg(
        F.sum("customers").alias("customers_with_score"),
        F.min(f"{name}_lowest").alias("lowest"),
        F.max(f"{name}_highest").alias("highest"),
    )
    joined = every_score.join(found, "score", "left").withColumn("score_of", F.lit(name))
    return joined.fillna(0, subset=["customers_with_score"])
