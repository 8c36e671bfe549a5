"""The highest balances of each slicer cell."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import Final

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import conform

RANKS: Final = 10
_OF_FLOOR: Final = "floor_"


def top_customers(customers: DataFrame, held: DataFrame) -> DataFrame:
    """
    The ten *customers* of each slicer cell with the highest balance, fewer where a cell has fewer.

    *held* is their customer_segments, which tell who can be among the ten. Equal balances rank by customer_id, so
    that each has a rank of its own; who has no balance has no rank.
    """
    highest_first = Window.partitionBy(*tables.SLICERS).orderBy(F.desc("account_balance"), "customer_id")
    ranked = _contenders(customers, held).withColumn("cell_rank", F.row_number().over(highest_first))
    return conform(ranked.where(F.col("cell_rank") <= RANKS), tables.TOP_CUSTOMERS)


def _contenders(customers: DataFrame, held: DataFrame) -> DataFrame:
    """Those in the highest balance bands of their cell, down to where its tenth is: few are left to sort."""
    bands = held.groupBy(*tables.SLICERS, "balance_band").agg(F.sum("balance_count").alias("customers"))
    from_above = Window.partitionBy(*tables.SLICERS).orderBy(F.desc("balance_band"))
    higher = F.sum("customers").over(from_above) - F.col("customers")
    reached = bands.withColumn("higher", higher).where(F.col("higher") < RANKS)
    floors = reached.groupBy(*[F.col(slicer).alias(_OF_FLOOR + slicer) for slicer in tables.SLICERS]).agg(
        F.min("balance_band").alias("floor")
    )
    same_cell = [F.col(slicer).eqNullSafe(F.col(_OF_FLOOR + slicer)) for slicer in tables.SLICERS]
    known = customers.join(F.broadcast(floors), reduce(and_, same_cell))
    return known.where(F.col("balance_band") >= F.col("floor"))
