"""The countries of the segment tables in their order."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from customer360 import tables
from customer360.operations.conform import table_of
from customer360.operations.survey import Survey


def countries(spark: SparkSession, survey: Survey) -> DataFrame:
    """One row per country that a segment can have, most customers first, then 'Other', then 'Unknown'."""
    rows = ((country, order) for order, country in enumerate(survey.countries, start=1))
    return table_of(spark, tables.COUNTRIES, rows)
