"""What customers hold, counted and summed."""

from __future__ import annotations

from pyspark.sql import DataFrame

from customer360 import tables
from customer360.operations.segments import segments


def customer_segments(customers: DataFrame) -> DataFrame:
    """
    One row per slicer cell, balance band and points band that occurs among *customers*.

    Bands and at most 21 countries bound the number of rows, not the customers.
    """
    return segments(customers, tables.CUSTOMER_SEGMENTS)
