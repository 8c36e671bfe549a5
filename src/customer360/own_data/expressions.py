"""The right sides of a mapping that are Spark SQL: evaluated by Spark, or one line for what cannot work."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyspark.errors import ParseException, PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as t

from customer360.errors import Customer360Error, nearest
from customer360.own_data.columns import PROVENANCE, SOURCE_LINE
from customer360.own_data.guess import quoted
from customer360.own_data.mapped import MAPPED, expressions, with_sides
from customer360.own_data.mapping import CustomerMapping
from customer360.own_data.row_only import require_row_only
from customer360.own_data.sources import FILE_ROWS, Source, arrow_schema, write_parquet

_ANSI: Final = "spark.sql.ansi.enabled"
_LONGEST: Final = 160


def evaluated(
    source: Source, mapping: CustomerMapping, spark: SparkSession, *, is_shared: bool = True
) -> tuple[Source, CustomerMapping]:
    """
    *source* with a column more for each expression of *mapping*, and *mapping* naming these columns.

    With *is_shared* Spark's tasks read and write the source's folder; without, as on a cluster, the rows are sent
    to them and back. Raises: Customer360Error for an expression that does not work.
    """
    wanted = expressions(mapping, source.columns)
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
    more = replace(source, folder=folder, columns=(*source.columns, *made), typed=source.typed | typed)
    return more, with_sides(mapping, {target: MAPPED + target for target in wanted})


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
    require_row_only(target, text)
    if re.fullmatch(r"[\w .-]+", text) and not re.fullmatch(r"\s*(?i:null|true|false|[-.\d]+)\s*", text):
        _require_meaning(source, target, text)
    try:
        column = F.expr(text)
        schema = source.select(column.alias(target)).schema
    except ParseException as error:
        raise Customer360Error(f"the mapping of {target} does not parse: {_caret(text, error)}") from None
    except PySparkException as error:
        raise Customer360Error(
            f"the mapping of {target} does not work: {_analysis(source, text, error)}"
        ) from None
    if isinstance(schema[0].dataType, (t.ArrayType, t.MapType, t.StructType, t.BinaryType)):
        raise Customer360Error(
            f"the mapping of {target} gives a {schema[0].dataType.simpleString()}; give one value, such as text"
        )
    return column


def _require_meaning(source: DataFrame, target: str, text: str) -> None:
    """What looks like a name and is no column is a mistake in the name, unless Spark can make sense of it."""
    try:
        _ = source.select(F.expr(text)).schema
    except PySparkException:
        raise Customer360Error(
            f"the mapping of {target}: the source has no column '{text}'.{nearest(text, _own(source))}"
        ) from None


def _caret(text: str, error: ParseException) -> str:
    """The expression with a mark where it went wrong: all in one line, for errors have one."""
    message = _first_line(str(error))
    place = re.search(r"\(line 1, pos (\d+)\)", str(error))
    if place is None:
        return f"{message}; {text!r}"
    at = min(int(place[1]), len(text))
    return f"{message}, at ^ in {text[:at]}^{text[at:]}"


def _analysis(source: DataFrame, text: str, error: PySparkException) -> str:
    parameters: dict[str, Any] = error.getMessageParameters() or {}
    name = re.sub(r"^`|`$", "", parameters.get("objectName", ""))
    if "UNRESOLVED_COLUMN" in str(error) and name:
        return f"the source has no column '{name}'.{nearest(name, _own(source))}"
    if "UNRESOLVED_ROUTINE" in str(error):
        return f"Spark SQL has no function {parameters.get('routineName', '')} in {text!r}"
    return f"{_first_line(str(error))} in {text!r}"


def _own(source: DataFrame) -> list[str]:
    return [name for name in source.columns if name not in PROVENANCE]


def _first_line(message: str) -> str:
    line = next(iter(message.strip().splitlines()), "")
    line = re.sub(r"^\[[A-Z_.]+\]\s*", "", line)
    line = re.sub(r"\s*SQLSTATE: \w+.*$", "", line).strip()
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
