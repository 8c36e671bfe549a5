"""Several rows with the same customer_id: which one is kept."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from customer360.own_data.columns import SOURCE_FILE, SOURCE_LINE
from customer360.own_data.examine import NEWEST_MOMENT, NEWEST_NUMBER, REASONS


def repeated_ids(examined: DataFrame) -> DataFrame:
    """The ids that occur in more than one row."""
    ids = examined.where(F.col("customer_id").isNotNull()).groupBy("customer_id").count()
    return ids.where(F.col("count") > 1).select("customer_id")


def losers(examined: DataFrame, repeated: DataFrame, *, keeps_newest: bool) -> DataFrame:
    """
    The line and file of every row that gives way to another with the same id.

    The newest of those that can be loaded stays, and of equally new ones the last; unless *keeps_newest*, none
    does, for nobody can tell which is right.
    """
    twins = examined.join(repeated, "customer_id", "left_semi")
    if keeps_newest:
        newest_first = Window.partitionBy("customer_id").orderBy(
            F.col(REASONS) != "",
            F.col(NEWEST_MOMENT).desc_nulls_last(),
            F.col(NEWEST_NUMBER).desc_nulls_last(),
            F.col(SOURCE_FILE).desc(),
            F.col(SOURCE_LINE).desc(),
        )
        twins = twins.withColumn("place", F.row_number().over(newest_first)).where(F.col("place") > 1)
    return twins.select(SOURCE_LINE, SOURCE_FILE)
