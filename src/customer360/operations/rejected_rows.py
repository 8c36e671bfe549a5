"""The rows that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.checks import fails
from customer360.operations.conform import AS_READ, conform
from customer360.tables import Source
from customer360.tables.row_checks import IsForgotten

NOTHING: Final = "{}"
"""Marks the row of a forgotten customer."""
_TOLD: Final = pa.schema([("key", pa.string()), ("reasons", pa.string()), ("original_row", pa.string())])


def rejected_rows(checked: DataFrame, source: Source, table: str) -> DataFrame:
    """
    One row per *checked* row of *table* that fails a 'reject' check, with the names of all checks it fails.

    original_row has the columns that the operations read, including nulls, with timestamps to the microsecond.
    Python writes it, because engines write JSON differently. For a forgotten customer only the reason is kept.
    """
    forgotten = next((check.name for check in source.rejects if isinstance(check.condition, IsForgotten)), "")
    reasons = F.concat_ws(", ", *[F.when(fails(source, [check]), check.name) for check in source.rejects])
    read = [_as_read(name, checked.columns) for name in source.column_names if name in checked.columns]
    rejected = checked.where(fails(source, source.rejects)).select(
        F.col(source.key[0]).cast("string").alias("key"), reasons.alias("reasons"), F.struct(*read).alias("row")
    )
    rows = rejected.mapInArrow(
        partial(_with_original_rows, forgotten), "key string, reasons string, original_row string"
    )
    found = rows.withColumns({"source": F.lit(table), "found_by": F.lit("run")})
    return conform(found, tables.REJECTED_ROWS)


def _as_read(name: str, columns: list[str]) -> Column:
    return F.col(AS_READ + name if AS_READ + name in columns else name).alias(name)


def _with_original_rows(forgotten: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows = [_described(row, forgotten) for row in batch.to_pylist()]
        yield pa.RecordBatch.from_pylist(rows, _TOLD)


def _described(row: dict[str, Any], forgotten: str) -> dict[str, str | None]:
    if forgotten in row["reasons"].split(", "):
        return {"key": None, "reasons": forgotten, "original_row": NOTHING}
    return {"key": row["key"], "reasons": row["reasons"], "original_row": _as_json(row["row"])}


def _as_json(row: dict[str, Any]) -> str:
    return "{" + ",".join(f'"{name}":{_json(value)}' for name, value in row.items()) + "}"


def _json(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")  # JSON numbers are decimal, but Python's json would write a double
    if isinstance(value, datetime):
        value = value.isoformat(timespec="microseconds")
    elif isinstance(value, date):
        value = value.isoformat()
    return json.dumps(value, ensure_ascii=False)
