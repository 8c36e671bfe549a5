"""Every row of a source looked at once: its values in their types, and all reasons why it cannot be loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from customer360.own_data import dates, numbers
from customer360.own_data.cells import arrow_type, cells
from customer360.own_data.checks import CUSTOMER_CHECKS, LINE_CHECKS, Rows, reasons
from customer360.own_data.columns import SOURCE_FILE, SOURCE_LINE, SOURCE_PROBLEM, SOURCE_TEXT
from customer360.own_data.mapped import MAPPED, Mapped
from customer360.own_data.mapping import COLUMN_OF, NEWEST_BY, CustomerMapping

REASONS: Final = "reasons"
ORIGINAL_ROW: Final = "original_row"
FROM_A_SOURCE: Final = f'{{"{SOURCE_LINE}":'
"""How the JSON of a row that was rejected when it was loaded begins, and of no other."""
NEWEST_MOMENT: Final = "newest_moment"
NEWEST_NUMBER: Final = "newest_number"


def in_arrow(frame: DataFrame, work: Callable[[pa.RecordBatch], pa.RecordBatch], schema: str) -> DataFrame:
    """
    *work* done on each batch of *frame*'s rows, inside Spark's tasks.

    Spark takes a dot in a name for a field of a struct here: so the columns travel by number.
    """
    names = list(frame.columns)

    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if len(batch):
                yield work(pa.record_batch(batch.columns, names=names))

    return frame.toDF(*(f"c{place}" for place in range(len(names)))).mapInArrow(task, schema)


def examined(rows: Mapped, mapping: CustomerMapping, as_of: date) -> DataFrame:
    """
    One row per row of the source: the values of the mapping's columns, those that it lacks null; its line and
    file; its reasons, '' for none; and when it has one, the row as it was.
    """
    schema = [f"`{column.name}` {column.spark_type}" for column in mapping.table_columns]
    schema += [f"{REASONS} string", f"{ORIGINAL_ROW} string", f"{SOURCE_LINE} long", f"{SOURCE_FILE} string"]
    schema += [f"{NEWEST_MOMENT} timestamp_ntz", f"{NEWEST_NUMBER} decimal(38,10)"]

    places = rows.places
    return in_arrow(rows.frame, lambda batch: _examined(batch, places, mapping, as_of), ", ".join(schema))


def _examined(
    batch: pa.RecordBatch, places: Mapping[str, str], mapping: CustomerMapping, as_of: date
) -> pa.RecordBatch:
    texts = {target: batch[place] for target, place in places.items()}
    found = {
        target: cells(text, COLUMN_OF[target], mapping.formats.get(target))
        for target, text in texts.items() if target != NEWEST_BY
    }  # fmt: skip
    checks = LINE_CHECKS if mapping.transactions else CUSTOMER_CHECKS
    failed = reasons(Rows(found, texts, as_of, len(batch)), checks)
    failed = pc.coalesce(batch[SOURCE_PROBLEM], failed)
    values = {
        column.name: found[column.name].values
        if column.name in found
        else pa.nulls(len(batch), arrow_type(column))
        for column in mapping.table_columns
    }
    return pa.record_batch(
        {
            **values,
            REASONS: failed,
            ORIGINAL_ROW: _originals(batch, failed),
            SOURCE_LINE: batch[SOURCE_LINE],
            SOURCE_FILE: batch[SOURCE_FILE],
            **_newest(texts.get(NEWEST_BY), mapping, len(batch)),
        }
    )


def _newest(texts: pa.Array | None, mapping: CustomerMapping, rows: int) -> dict[str, pa.Array]:
    """What tells the newest row, read as a moment, and as a number where it is none."""
    texts = pa.nulls(rows, pa.string()) if texts is None else pc.utf8_trim_whitespace(texts)
    moments = dates.moments(texts, mapping.formats.get(NEWEST_BY, dates.DAY_FIRST))
    rest = pc.if_else(pc.is_valid(moments), pa.scalar(None, pa.string()), texts)
    return {NEWEST_MOMENT: moments, NEWEST_NUMBER: numbers.numbers(rest, is_money=False)}


def _originals(batch: pa.RecordBatch, failed: pa.Array) -> pa.Array:
    """The rows that fail as JSON, with their line and file; null for the others."""
    is_bad = pc.not_equal(failed, "")
    own = [name for name in batch.schema.names if not name.startswith(MAPPED)]
    texts = iter([original_row(row) for row in batch.select(own).filter(is_bad).to_pylist()])
    return pa.array([next(texts) if bad else None for bad in is_bad.to_pylist()], pa.string())


def original_row(row: Mapping[str, Any]) -> str:
    """A row of the source as JSON: the line, the file and every cell; or the text that could not be split."""
    dropped = {SOURCE_PROBLEM, SOURCE_TEXT}
    where = {SOURCE_LINE: row[SOURCE_LINE], SOURCE_FILE: row[SOURCE_FILE]}
    if row[SOURCE_PROBLEM]:
        return json.dumps({**where, "text": row[SOURCE_TEXT]}, ensure_ascii=False)
    cells_as_they_were = {name: value for name, value in row.items() if name not in dropped}
    return json.dumps({**where, **cells_as_they_were}, ensure_ascii=False)


def originals_of(frame: DataFrame) -> DataFrame:
    """For rows that are rejected later, by others: their line and file, and the row as it was."""

    def write(batch: pa.RecordBatch) -> pa.RecordBatch:
        texts = [original_row(row) for row in batch.to_pylist()]
        return pa.record_batch(
            {SOURCE_LINE: batch[SOURCE_LINE], SOURCE_FILE: batch[SOURCE_FILE], ORIGINAL_ROW: texts}
        )

    return in_arrow(frame, write, f"{SOURCE_LINE} long, {SOURCE_FILE} string, {ORIGINAL_ROW} string")
