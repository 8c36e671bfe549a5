"""The highest balances of each slicer cell."""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import conform

RANKS: Final = 10


def top_customers(customers: DataFrame) -> DataFrame:
    """
    The ten *customers* of each slicer cell with the highest balance, fewer where a cell has fewer.

    Equal balances rank by customer_id, so that each has a rank of its own; who has no balance has no rank.
    """
    held = customers.where(F.col("account_balance").isNotNull()).withColumn("cell", F.struct(*tables.SLICERS))
    highest_first = Window.partitionBy("cell").orderBy(F.desc("account_balance"), "customer_id")
    ranked = _contenders(held).withColumn("cell_rank", F.row_number().over(highest_first))
    return conform(ranked.where(F.col("cell_rank") <= RANKS), tables.TOP_CUSTOMERS)


def _contenders(held: DataFrame) -> DataFrame:
    """
    Those who can be among the first ten: some thirty of each cell, so that there is little left to sort.

    Split a cell into ten groups and take the best of each: that is ten customers, so the tenth highest balance
    of the cell is not below the lowest of theirs. A cell with an empty group keeps everyone.
    """
    group = F.pmod(F.xxhash64("customer_id"), F.lit(RANKS)).alias("group")
    best = held.groupBy("cell", group).agg(F.max("account_balance").alias("best"))
    floors = best.groupBy("cell").agg(F.min("best").alias("floor"), F.count("*").alias("groups"))
    floors = floors.where(F.col("groups") == RANKS)
    joined = held.join(F.broadcast(floors), "cell", "left")
    return joined.where(F.col("floor").isNull() | (F.col("account_balance") >= F.col("floor")))
