"""From and to the tables of `customer360.tables`: exactly their columns, in their order, with their types."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DoubleType, FloatType, FractionalType, TimestampType

from customer360.errors import Customer360Error, nearest
from customer360.tables import CUSTOMERS, Table

SOURCE_COLUMNS: Final = (
    "customer_id",
    "source_id",
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

KEY: Final = "customer_id"
IDS: Final = (KEY, "source_id")
AS_READ: Final = "as_read_"
"""Prefix of the columns that hold a whole number as it was read, where its type has decimals."""

_EXACT: Final = 2.0**53
"""Doubles below it hold every whole number."""


def source_rows(customers: DataFrame) -> DataFrame:
    """
    *customers* cut down to `SOURCE_COLUMNS`, each with its type in the source table; null where they lack one.

    A last_login with a time zone becomes the moment in the session's time zone, which has to be UTC. Whole numbers
    that come in a type with decimals are also kept as they were read, under `AS_READ` and their name.
    Raises: Customer360Error when they lack the id, or have nothing else.
    """
    require(customers.columns, "the customers")
    as_read = [F.col(name).alias(AS_READ + name) for name in _with_decimals(customers)]
    return customers.select([_value(name, customers).alias(name) for name in SOURCE_COLUMNS] + as_read)


def require(columns: Collection[str], whose: str) -> None:
    """Raises: Customer360Error when *columns* lack the id, or have nothing that results can say of a customer."""
    if KEY not in columns:
        raise Customer360Error(f"{whose} lack the column {KEY}.{nearest(KEY, columns)}")
    told = [name for name in SOURCE_COLUMNS if name not in IDS]
    if not {*told} & {*columns}:
        raise Customer360Error(
            f"{whose} have only {', '.join(columns)}; the results need at least one of {', '.join(told)}"
        )


def _with_decimals(customers: DataFrame) -> list[str]:
    whole = [name for name in SOURCE_COLUMNS if CUSTOMERS[name].type == "bigint"]
    return [
        field.name
        for field in customers.schema
        if field.name in whole and isinstance(field.dataType, FractionalType)
    ]


def _value(name: str, customers: DataFrame) -> Column:
    wanted = CUSTOMERS[name].type
    value = _read(name, wanted, customers.schema[name].dataType) if name in customers.columns else F.lit(None)
    return value.cast(CUSTOMERS[name].spark_type)


def _read(name: str, wanted: str, found: DataType) -> Column:
    """The column, so that a cast to the type *wanted* gives the same on every engine."""
    value = F.col(name)
    if isinstance(found, TimestampType):
        return value.cast("timestamp")  # in the session's time zone, not in one that a file names
    if isinstance(found, (DoubleType, FloatType)) and wanted == "text":
        return _plain_text(value)
    if isinstance(found, (DoubleType, FloatType)) and wanted.startswith("numeric"):
        return _in_cents(value.cast("double"))
    return value


def _plain_text(number: Column) -> Column:
    """Whole numbers without decimals, as PostgreSQL writes them: 10000000, neither 1.0E7 nor 10000000.0."""
    is_whole = (number == F.rint(number)) & (F.abs(number) < _EXACT)
    return F.when(is_whole, F.when(is_whole, number).cast("bigint").cast("string")).otherwise(
        number.cast("string")
    )


def _in_cents(number: Column) -> Column:
    """
    *number* rounded half up to two decimals as it reads, so that 1.005 becomes 1.01; null for NaN and infinity.

    Engines round doubles differently. A half is told by comparing: 100.5 / 100 is the very double of 1.005.
    """
    size = F.abs(number)
    cents = F.rint(size * 100)
    rounded = cents + F.when(size >= (cents + 0.5) / 100, 1).when(size < (cents - 0.5) / 100, -1).otherwise(0)
    return F.when(size < float("inf"), F.signum(number) * rounded / 100)


def conform(rows: DataFrame, table: Table) -> DataFrame:
    """The columns of *table* out of *rows*, in the table's order and types; other columns are dropped."""
    return rows.select([F.col(column.name).cast(column.spark_type).alias(column.name) for column in table.columns])


def table_of(spark: SparkSession, table: Table, rows: Iterable[tuple[Any, ...]]) -> DataFrame:
    """
    A small *table* from Python *rows*, whose values come in the order of its columns.

    By way of Arrow: of Python's rows Spark makes an RDD, whose first one in a session takes a second.
    """
    kept = list(rows)
    schema = ", ".join(f"{column.name} {column.spark_type}" for column in table.columns)
    values = {column.name: [row[place] for row in kept] for place, column in enumerate(table.columns)}
    return spark.createDataFrame(pa.table(values), schema)
