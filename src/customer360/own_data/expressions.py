"""The right sides of a mapping that are Spark SQL: evaluated by Spark, or one line for what cannot work."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as t

from customer360.errors import Customer360Error
from customer360.own_data.columns import SOURCE_LINE
from customer360.own_data.mapped import MAPPED, harmless, with_made
from customer360.own_data.mapping import WHERE, CustomerMapping
from customer360.own_data.row_only import quoted
from customer360.own_data.sources import FILE_ROWS, Source, arrow_schema, write_parquet

_ANSI: Final = "spark.sql.ansi.enabled"
_LONGEST: Final = 160


def evaluated(
    source: Source,
    mapping: CustomerMapping,
    spark: SparkSession,
    *,
    as_of: date | None = None,
    is_shared: bool = True,
) -> tuple[Source, CustomerMapping]:
    """
    *source* with a column more for each expression of *mapping*, and *mapping* naming these columns.

    *as_of* is what as_of_date() gives. With *is_shared* Spark's tasks read and write the source's folder; without,
    as on a cluster, the rows are sent to them and back. Raises: Customer360Error for an expression that does not
    work.
    """
    wanted = harmless(mapping, source.columns, as_of=as_of)
    with _lenient(spark):
        frame = _frame(source, spark, is_shared=is_shared)
        made = {MAPPED + target: _expression(frame, target, text) for target, text in wanted.items()}
        kinds = frame.select([column.alias(name) for name, column in made.items()]).schema
        texts = {name: column.cast("string") for name, column in made.items()}
        try:
            folder = _written(frame.withColumns(texts), source, (*source.columns, *made), is_shared=is_shared)
        except PySparkException as error:
            raise Customer360Error(f"the mapping cannot be evaluated: {_first_line(str(error))}") from None
    typed = {field.name for field in kinds if not isinstance(field.dataType, t.StringType)}
    return with_made(source, mapping, wanted, folder, typed)


@contextmanager
def _lenient(spark: SparkSession) -> Iterator[None]:
    """Expressions give null where a cell is not what they expect, rather than end the load."""
    before = spark.conf.get(_ANSI)
    spark.conf.set(_ANSI, "false")
    try:
        yield
    finally:
        spark.conf.set(_ANSI, before or "true")


def _frame(source: Source, spark: SparkSession, *, is_shared: bool) -> DataFrame:
    schema = arrow_schema(source.columns)
    if not is_shared:
        return spark.createDataFrame(pa.Table.from_batches(source.batches(), schema))
    kinds = {SOURCE_LINE: t.LongType()}
    spark_schema = t.StructType([t.StructField(name, kinds.get(name, t.StringType())) for name in schema.names])
    return spark.read.schema(spark_schema).parquet(source.folder.as_uri())


def _written(frame: DataFrame, source: Source, columns: tuple[str, ...], *, is_shared: bool) -> Path:
    """The rows of *frame* as a folder of Parquet files like that of *source*, and beside it."""
    schema = arrow_schema(columns)
    frame = frame.select([quoted(name) for name in schema.names])
    folder = Path(tempfile.mkdtemp(dir=source.folder.parent))
    if is_shared:
        frame.write.option("maxRecordsPerFile", FILE_ROWS).mode("overwrite").parquet(folder.as_uri())
    else:
        for number, batch in enumerate(frame.toArrow().cast(schema).to_batches(FILE_ROWS)):
            write_parquet(folder / f"{number:09}.parquet", pa.Table.from_batches([batch]))
    return folder


def _expression(source: DataFrame, target: str, text: str) -> Column:
    try:
        column = F.expr(text)
        schema = source.select(column.alias(target)).schema
    except PySparkException as error:
        raise Customer360Error(
            f"the mapping of {target} does not work: {_first_line(str(error))} in {text!r}"
        ) from None
    if target == WHERE and not isinstance(schema[0].dataType, t.BooleanType):
        kind = schema[0].dataType.simpleString()
        raise Customer360Error(f"the mapping of where gives a {kind}; give a condition, such as x <> 'y'")
    if isinstance(schema[0].dataType, (t.ArrayType, t.MapType, t.StructType, t.BinaryType)):
        raise Customer360Error(
            f"the mapping of {target} gives a {schema[0].dataType.simpleString()}; give one value, such as text"
        )
    return column


def _first_line(message: str) -> str:
    line = next(iter(message.strip().splitlines()), "")
    line = re.sub(r"^\[[A-Z_.]+\]\s*", "", line)
    line = re.sub(r"\s*SQLSTATE: \w+.*$", "", line).strip()
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
