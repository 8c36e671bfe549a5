"""The values of activity in their order."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from customer360 import tables
from customer360.operations.conform import table_of
from customer360.operations.survey import Survey


def activities(spark: SparkSession, survey: Survey) -> DataFrame:
    """One row per activity that occurs: 'Active', 'Inactive', 'Unknown'."""
    rows = ((activity, order) for order, activity in enumerate(survey.activities, start=1))
    return table_of(spark, tables.ACTIVITIES, rows)
