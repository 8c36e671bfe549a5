"""The highest spenders of each slicer cell."""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import conform
from customer360.operations.highest_in_cells import Amount, highest_in_cells

_SPENT: Final = Amount("spent", "spent_band", "customers")


def top_spenders(customers: DataFrame, spending: DataFrame) -> DataFrame:
    """
    The ten *customers* of each slicer cell who spent most, fewer where fewer have spent anything.

    *spending* is their spending_segments. Equal amounts are ranked by customer_id. Customers without orders, or
    with refunds of everything they paid, spent nothing and have no rank.
    """
    has_spent = F.col("spent_band") > 0
    highest = highest_in_cells(customers.where(has_spent), spending.where(has_spent), _SPENT)
    return conform(highest, tables.TOP_SPENDERS)
