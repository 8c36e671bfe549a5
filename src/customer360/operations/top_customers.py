"""The highest balances of each slicer cell."""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import conform

RANKS: Final = 10


def top_customers(customers: DataFrame, held: DataFrame) -> DataFrame:
    """
    The ten *customers* of each slicer cell with the highest balance, fewer where a cell has fewer.

    *held* is their customer_segments, which tell who can be among the ten. Equal balances rank by customer_id, so
    that each has a rank of its own; who has no balance has no rank.
    """
    highest_first = Window.partitionBy("cell").orderBy(F.desc("account_balance"), "customer_id")
    ranked = _contenders(customers, held).withColumn("cell_rank", F.row_number().over(highest_first))
    return conform(ranked.where(F.col("cell_rank") <= RANKS), tables.TOP_CUSTOMERS)


def _contenders(customers: DataFrame, held: DataFrame) -> DataFrame:
    """Those in the highest balance bands of their cell, down to where its tenth is: few are left to sort."""
    cell = F.struct(*tables.SLICERS).alias("cell")
    bands = held.groupBy(cell, "balance_band").agg(F.sum("balance_count").alias("customers"))
    from_above = Window.partitionBy("cell").orderBy(F.desc("balance_band"))
    higher = F.sum("customers").over(from_above) - F.col("customers")
    reached = bands.withColumn("higher", higher).where(F.col("higher") < RANKS)
    floors = reached.groupBy("cell").agg(F.min("balance_band").alias("floor"))
    known = customers.withColumn("cell", cell).join(F.broadcast(floors), "cell")
    return known.where(F.col("balance_band") >= F.col("floor"))
