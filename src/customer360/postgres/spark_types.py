"""PostgreSQL types and their Spark equivalents."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyspark.sql import types as t
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import DataType, StructType

from customer360.errors import Invalid
from customer360.postgres.types import Field, arrow_schema


def spark_schema(columns: Sequence[Field]) -> StructType:
    """The schema of a DataFrame with these columns, all nullable."""
    return from_arrow_schema(arrow_schema(columns), prefer_timestamp_ntz=True)


def struct_type(schema: StructType | pa.Schema) -> StructType:
    """The schema that an engine passes to a source: Spark's own, or from Sail that of the Arrow batches."""
    if isinstance(schema, StructType):
        return schema
    return from_arrow_schema(schema, prefer_timestamp_ntz=True)


def postgres_type(name: str, kind: DataType) -> str:
    """
    The PostgreSQL type for a Spark column; text for a column of nulls only.

    Raises: Customer360Error for arrays, maps and structs.
    """
    if isinstance(kind, t.DecimalType):
        return f"numeric({kind.precision},{kind.scale})"
    twins: dict[type[DataType], str] = {
        t.LongType: "bigint", t.IntegerType: "integer", t.ShortType: "smallint", t.ByteType: "smallint",
        t.BooleanType: "boolean", t.StringType: "text", t.DateType: "date", t.TimestampNTZType: "timestamp",
        t.TimestampType: "timestamp with time zone", t.DoubleType: "double precision", t.FloatType: "real",
        t.BinaryType: "bytea", t.NullType: "text",
    }  # fmt: skip
    if type(kind) not in twins:
        raise Invalid(
            f"column '{name}' is {kind.simpleString()}, which PostgreSQL cannot store; "
            "convert it to text first, for example with to_json"
        )
    return twins[type(kind)]
