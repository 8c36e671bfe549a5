"""The customer value model's expectations for each customer, as PySpark columns."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360.operations.bg_nbd import BgNbd
from customer360.operations.gamma_gamma import GammaGamma
from customer360.operations.value_cells import DAYS_OF_WEEK, coarsened

MOST_PAIRS: Final = 500_000
"""Pairs of frequency and age; with more, ages are in weeks, then twice as long, and a pair has its mean age."""
UNITS: Final = 10_000
"""Orders and probabilities are in ten-thousandths."""
_MOST_CENTS: Final = 10**14
"""Larger amounts do not fit their column and become null."""


def with_scores(
    histories: DataFrame, model: BgNbd, amounts: GammaGamma | None, *, days: int, most: int = MOST_PAIRS
) -> DataFrame:
    """
    The `histories_at` a day with the *model*'s expectations for each customer in the next *days*: as many rows.

    `expected_units` are orders and `alive_units` the probability of being alive, in ten-thousandths, the latter
    null for customers who bought once; `expected_cents` is the amount, null without *amounts*. They are whole
    numbers, because the last bit of a double depends on the engine.

    The hypergeometric part of the expectation depends only on frequency and age: it is computed once for each pair
    and joined. The rest is arithmetic, exact for each customer.
    """
    alive = _alive_probability(model)
    scored = _with_purchases_if_alive(histories, model, days / DAYS_OF_WEEK, most)
    scored = scored.withColumn("expected_orders", F.col("purchases_if_alive") * alive)
    return scored.select(
        *histories.columns,
        _whole(F.col("expected_orders") * UNITS).alias("expected_units"),
        F.when(F.col("frequency") > 0, _whole(alive * UNITS)).alias("alive_units"),
        _expected_cents(amounts).alias("expected_cents"),
    )


def _with_purchases_if_alive(histories: DataFrame, model: BgNbd, weeks: float, most: int) -> DataFrame:
    found, span = coarsened(lambda days: _pairs(histories, days), most)
    frequency, customers, age = (
        found[name].to_numpy().astype(np.float64) for name in ("frequency", "customers", "age_days")
    )
    expected = model.purchases_if_alive(frequency, age / customers / DAYS_OF_WEEK, weeks)
    pairs = pa.table({"pair": found["pair"], "purchases_if_alive": expected})
    known = F.broadcast(histories.sparkSession.createDataFrame(pairs))
    return histories.withColumn("pair", _pair(span)).join(known, "pair")


def _pairs(histories: DataFrame, span: int) -> DataFrame:
    return histories.groupBy(_pair(span).alias("pair")).agg(
        F.min("frequency").alias("frequency"),
        F.count("*").alias("customers"),
        F.sum("age").alias("age_days"),
    )


def _pair(span: int) -> Column:
    """Frequency and age, in steps of *span* days, as one number, which joins faster."""
    return F.expr(f"frequency * {1 << 20} + age div {span}")


def _alive_probability(model: BgNbd) -> Column:
    x, weeks = F.col("frequency"), float(DAYS_OF_WEEK)
    until_today = (model.alpha + F.col("age") / weeks) / (model.alpha + F.col("recency") / weeks)
    odds = F.lit(model.a) / (x + (model.b - 1.0)) * F.pow(until_today, x + model.r)
    return F.when(x > 0, 1.0 / (1.0 + odds)).otherwise(1.0)


def _expected_cents(amounts: GammaGamma | None) -> Column:
    if amounts is None:
        return F.lit(None).cast("bigint")
    total = F.col("repeat_cents") / 100.0
    of_order = amounts.p * (amounts.v + total) / (F.col("frequency") * amounts.p + (amounts.q - 1.0))
    cents = F.col("expected_orders") * of_order * 100.0
    return F.when(cents < _MOST_CENTS, _whole(cents))


def _whole(value: Column) -> Column:
    return F.floor(value + 0.5).cast("bigint")
