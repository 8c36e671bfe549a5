"""The tiers of the loyalty programme in their order."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from customer360 import tables
from customer360.operations.conform import table_of
from customer360.operations.survey import Survey


def loyalty_statuses(spark: SparkSession, survey: Survey) -> DataFrame:
    """One row per loyalty status that occurs, numbered from the lowest tier up; 'Unknown' has the last number."""
    rows = ((status, order) for order, status in enumerate(survey.loyalty_statuses, start=1))
    return table_of(spark, tables.LOYALTY_STATUSES, rows)
