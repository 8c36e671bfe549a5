"""The highest balances of each slicer cell."""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame

from customer360 import tables
from customer360.operations.conform import conform
from customer360.operations.highest_in_cells import Amount, highest_in_cells

_BALANCE: Final = Amount("account_balance", "balance_band", "balance_count")


def top_customers(customers: DataFrame, held: DataFrame) -> DataFrame:
    """
    The ten *customers* of each slicer cell with the highest balance, fewer where a cell has fewer.

    *held* is their customer_segments. Equal balances are ranked by customer_id; customers without one have no
    rank.
    """
    return conform(highest_in_cells(customers, held, _BALANCE), tables.TOP_CUSTOMERS)
