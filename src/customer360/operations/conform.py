"""From and to the tables of `customer360.tables`: exactly their columns, in their order, with their types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as t

from customer360.errors import Customer360Error, nearest
from customer360.operations.conversions import converted, require_fitting
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


def source_rows(customers: DataFrame) -> DataFrame:
    """
    *customers* cut down to `SOURCE_COLUMNS`, each with its type in the source table; null where they lack one.

    A last_login with a time zone becomes the moment in the session's time zone, which has to be UTC. Whole numbers
    that come in a type with decimals are also kept as they were read, under `AS_READ` and their name. A NaN or an
    infinite balance is null. Raises: Customer360Error when they lack the id, or have nothing else, or when a
    column has a type that does not fit.
    """
    kinds = {field.name: field.dataType for field in customers.schema}
    require(kinds, "the customers")
    require_fitting({name: kinds[name] for name in SOURCE_COLUMNS if name in kinds})
    as_read = [F.col(name).alias(AS_READ + name) for name in _with_decimals(kinds)]
    return customers.select([_value(name, kinds).alias(name) for name in SOURCE_COLUMNS] + as_read)


def require(columns: Collection[str], whose: str) -> None:
    """Raises: Customer360Error when *columns* lack the id, or have nothing that results can say of a customer."""
    if KEY not in columns:
        raise Customer360Error(f"{whose} lack the column {KEY}.{nearest(KEY, columns)}")
    told = [name for name in SOURCE_COLUMNS if name not in IDS]
    if not {*told} & {*columns}:
        raise Customer360Error(
            f"{whose} have only {', '.join(columns)}; the results need at least one of {', '.join(told)}"
        )


def _with_decimals(kinds: Mapping[str, t.DataType]) -> list[str]:
    whole = [name for name in SOURCE_COLUMNS if CUSTOMERS[name].type == "bigint"]
    return [name for name in kinds if name in whole and isinstance(kinds[name], t.FractionalType)]


def _value(name: str, kinds: Mapping[str, t.DataType]) -> Column:
    wanted = CUSTOMERS[name].spark_type
    return converted(F.col(name), kinds[name], wanted) if name in kinds else F.lit(None).cast(wanted)


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
