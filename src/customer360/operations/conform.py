"""From and to the tables of `customer360.tables`: exactly their columns, in their order, with their types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from customer360.errors import Customer360Error
from customer360.tables import CUSTOMERS, Table

SOURCE_COLUMNS: Final = (
    "customer_id",
    "name",
    "country",
    "join_date",
    "first_purchase",
    "last_login",
    "is_active",
    "loyalty_status",
    "loyalty_points",
    "account_balance",
)
"""The columns that the operations read. Reading is what takes longest, so a reader need fetch no others."""


def source_rows(customers: DataFrame) -> DataFrame:
    """
    *customers* cut down to `SOURCE_COLUMNS`, each with its type in the source table.

    A last_login with a time zone becomes the moment in the session's time zone, which has to be UTC.
    """
    missing = [name for name in SOURCE_COLUMNS if name not in customers.columns]
    if missing:
        raise Customer360Error(
            f"the customers lack {', '.join(missing)}; the operations read {', '.join(SOURCE_COLUMNS)}."
        )
    return customers.select([F.col(name).cast(CUSTOMERS[name].spark_type).alias(name) for name in SOURCE_COLUMNS])


def conform(rows: DataFrame, table: Table) -> DataFrame:
    """The columns of *table* out of *rows*, in the table's order and types; other columns are dropped."""
    return rows.select([F.col(column.name).cast(column.spark_type).alias(column.name) for column in table.columns])


def table_of(spark: SparkSession, table: Table, rows: Iterable[tuple[Any, ...]]) -> DataFrame:
    """A small *table* from Python *rows*, whose values come in the order of its columns."""
    schema = ", ".join(f"{column.name} {column.spark_type}" for column in table.columns)
    return spark.createDataFrame(list(rows), schema)
