"""The customers with the highest amounts in each slicer cell, found without sorting all customers."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import Final, NamedTuple

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from customer360 import tables

RANKS: Final = 10
_OF_FLOOR: Final = "floor_"


class Amount(NamedTuple):
    """An amount of customers, its *band*, and the segment column that counts the customers who *have_it*."""

    name: str
    band: str
    have_it: str


def highest_in_cells(customers: DataFrame, segments: DataFrame, amount: Amount) -> DataFrame:
    """
    The ten *customers* of each slicer cell with the highest *amount*, and their `cell_rank`.

    A cell with fewer customers has fewer ranks. Equal amounts are ranked by customer_id, so ranks are unique. The
    *segments* of the customers show which bands can contain the ten.
    """
    highest_first = Window.partitionBy(*tables.SLICERS).orderBy(F.desc(amount.name), "customer_id")
    contenders = _contenders(customers, segments, amount)
    ranked = contenders.withColumn("cell_rank", F.row_number().over(highest_first))
    return ranked.where(F.col("cell_rank") <= RANKS)


def _contenders(customers: DataFrame, segments: DataFrame, amount: Amount) -> DataFrame:
    """The customers in the highest bands of their cell, down to the band of the tenth: few are left to sort."""
    bands = segments.groupBy(*tables.SLICERS, amount.band).agg(F.sum(amount.have_it).alias("customers"))
    from_above = Window.partitionBy(*tables.SLICERS).orderBy(F.desc(amount.band))
    higher = F.sum("customers").over(from_above) - F.col("customers")
    reached = bands.withColumn("higher", higher).where(F.col("higher") < RANKS)
    floors = reached.groupBy(*[F.col(slicer).alias(_OF_FLOOR + slicer) for slicer in tables.SLICERS]).agg(
        F.min(amount.band).alias("floor")
    )
    same_cell = [F.col(slicer).eqNullSafe(F.col(_OF_FLOOR + slicer)) for slicer in tables.SLICERS]
    known = customers.join(F.broadcast(floors), reduce(and_, same_cell))
    return known.where(F.col(amount.band) >= F.col("floor"))
