"""From and to the tables of `customer360.tables`: exactly their columns, in their order, with their types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as t

from customer360 import tables
from customer360.errors import Invalid, nearest
from customer360.operations.conversions import converted, require_fitting
from customer360.tables import RESULT_TABLES, Source, Table, columns_read

AS_READ: Final = "as_read_"
"""Prefix of the columns that hold a whole number as it was read, where its type has decimals."""


def source_rows(rows: DataFrame, source: Source, results: Iterable[Table] = RESULT_TABLES) -> DataFrame:
    """
    *rows* cut down to the columns of *source* that *results* derive from, each with its type; null if lacking.

    A moment with a time zone becomes the one in the session's time zone, which has to be UTC. Whole numbers that
    come in a type with decimals are also kept as they were read, under `AS_READ` and their name. Amounts that are
    NaN or infinite are null. Raises: Customer360Error when they lack the key, or have nothing else, or when a
    column has a type that does not fit.
    """
    kinds = {field.name: field.dataType for field in rows.schema}
    wanted = [source[name] for name in columns_read(source, results)]
    require_columns(kinds, source, wanted, f"the {source.name}")
    require_fitting(source, {column: kinds[column.name] for column in wanted if column.name in kinds})
    as_read = [
        F.col(column.name).alias(AS_READ + column.name) for column in wanted if _has_decimals(column, kinds)
    ]
    return rows.select([_value(column, kinds).alias(column.name) for column in wanted] + as_read)


def require_columns(present: Collection[str], source: Source, wanted: Iterable[tables.Column], whose: str) -> None:
    """Raises: Customer360Error when *present* lack what is never null, or nothing of *wanted* can be said."""
    for name in {**dict.fromkeys(source.key), **{one.name: None for one in source.columns if one.required}}:
        if name not in present:
            raise Invalid(f"{whose} lack the column {name}.{nearest(name, present)}")
    told = [column.name for column in wanted if column.name not in source.ids]
    if not {*told} & {*present}:
        raise Invalid(
            f"{whose} have only {', '.join(present)}; the results need at least one of {', '.join(told)}"
        )


def _has_decimals(column: tables.Column, kinds: Mapping[str, t.DataType]) -> bool:
    return column.is_whole and isinstance(kinds.get(column.name), t.FractionalType)


def _value(column: tables.Column, kinds: Mapping[str, t.DataType]) -> Column:
    if column.name not in kinds:
        return F.lit(None).cast(column.spark_type)
    return converted(F.col(column.name), kinds[column.name], column.spark_type)


def conform(rows: DataFrame, table: Table) -> DataFrame:
    """The columns of *table* out of *rows*, in the table's order and types; other columns are dropped."""
    return rows.select([F.col(column.name).cast(column.spark_type).alias(column.name) for column in table.columns])


def table_of(spark: SparkSession, table: Table, rows: Iterable[tuple[Any, ...]]) -> DataFrame:
    """
    A small *table* from Python *rows*, whose values come in the order of its columns.

    By way of Arrow: of Python's rows Spark makes an RDD, whose first one in a session takes a second. In one part:
    Spark numbers parts before it cuts such rows into several, so that all would have the number 0.
    """
    kept = list(rows)
    schema = ", ".join(f"{column.name} {column.spark_type}" for column in table.columns)
    values = {column.name: [row[place] for row in kept] for place, column in enumerate(table.columns)}
    return spark.createDataFrame(pa.table(values), schema).coalesce(1)
