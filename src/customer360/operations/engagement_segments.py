"""What customers do, counted and summed."""

from __future__ import annotations

from pyspark.sql import DataFrame

from customer360 import tables
from customer360.operations.segments import segments


def engagement_segments(customers: DataFrame) -> DataFrame:
    """
    One row per slicer cell, account age band, last login month and funnel stage that occurs among *customers*.

    Months and at most 21 countries bound the number of rows, not the customers.
    """
    return segments(customers, tables.ENGAGEMENT_SEGMENTS)
