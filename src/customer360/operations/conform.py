"""Conversion from and to the tables of `customer360.tables`: exactly their columns, order and types."""

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
"""Prefix of the columns with a whole number as read, if its type has decimals."""


def source_rows(rows: DataFrame, source: Source, results: Iterable[Table] = RESULT_TABLES) -> DataFrame:
    """
    *rows* reduced to the columns of *source* that *results* derive from, with their types; null if missing.

    A timestamp with a time zone is converted to the session's time zone, which must be UTC. Whole numbers in a
    type with decimals are also kept as read, in a column named `AS_READ` and their name. NaN and infinite amounts
    become null. Raises: Customer360Error when the rows lack the key, have only the key, or have a column of an
    unsuitable type.
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
    """Raises: Customer360Error when *present* lack a required column, or every one of *wanted*."""
    for name in {**dict.fromkeys(source.key), **{one.name: None for one in source.columns if one.required}}:
        if name not in present:
            raise Invalid(f"{whose} lack the column {name}.{nearest(name, present)}")
    useful = [column.name for column in wanted if column.name not in source.ids]
    if not {*useful} & {*present}:
        raise Invalid(
            f"{whose} have only {', '.join(present)}; the results need at least one of {', '.join(useful)}"
        )


def _has_decimals(column: tables.Column, kinds: Mapping[str, t.DataType]) -> bool:
    return column.is_whole and isinstance(kinds.get(column.name), t.FractionalType)


def _value(column: tables.Column, kinds: Mapping[str, t.DataType]) -> Column:
    if column.name not in kinds:
        return F.lit(None).cast(column.spark_type)
    return converted(F.col(column.name), kinds[column.name], column.spark_type)


def conform(rows: DataFrame, table: Table) -> DataFrame:
    """The columns of *table* from *rows*, in the table's order and types; other columns are dropped."""
    return rows.select([F.col(column.name).cast(column.spark_type).alias(column.name) for column in table.columns])


def table_of(spark: SparkSession, table: Table, rows: Iterable[tuple[Any, ...]]) -> DataFrame:
    """
    A small *table* from Python *rows*, whose values are in the order of its columns.

    Goes through Arrow, because Spark turns Python rows into an RDD, and the first RDD of a session takes a second.
    Uses one partition, because Spark numbers partitions before it splits such rows, so that all would have the
    number 0.
    """
    kept = list(rows)
    schema = ", ".join(f"{column.name} {column.spark_type}" for column in table.columns)
    values = {column.name: [row[place] for row in kept] for place, column in enumerate(table.columns)}
    return spark.createDataFrame(pa.table(values), schema).coalesce(1)
