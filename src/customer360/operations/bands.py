"""The bands that the other tables number."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from customer360 import tables
from customer360.operations.conform import table_of
from customer360.operations.survey import Survey


def bands(spark: SparkSession, survey: Survey) -> DataFrame:
    """One row per banded column and band, in rising order, also for a band that nobody falls into."""
    rows = [
        (banded.banded_column, band.number, band.low, band.high, band.label)
        for banded in survey.bands
        for band in banded.all()
    ]
    return table_of(spark, tables.BANDS, rows)
