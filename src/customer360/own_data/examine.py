"""Examines every row of a raw table once: its typed values, and all reasons why it cannot be loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data import dates, numbers
from customer360.own_data.cells import Cells, cells, filled, mask, none
from customer360.own_data.checks import ParsedRows, reasons
from customer360.own_data.columns import (
    SOURCE_FILE,
    SOURCE_LINE,
    SOURCE_PROBLEM,
    SOURCE_TEXT,
    SOURCE_TYPED,
    is_typed,
)
from customer360.own_data.currencies import is_of_currency
from customer360.own_data.mapped import MAPPED, texts
from customer360.own_data.mapping import NEWEST_BY, WHERE, ColumnMapping
from customer360.own_data.totals import LABELLED, empty, labelled
from customer360.tables import Column
from customer360.tables.forgotten import NOBODY, Forgotten

REASONS: Final = "reasons"
ORIGINAL_ROW: Final = "original_row"
HASHED: Final = "hashed_text"
"""The text that a customer_id is the hash of; null if it is not a hash."""
NEWEST_MOMENT: Final = "newest_moment"
NEWEST_NUMBER: Final = "newest_number"


def examined(
    batch: pa.RecordBatch,
    mapping: ColumnMapping,
    formats: Mapping[str, str],
    as_of: date,
    forgotten: Forgotten = NOBODY,
) -> pa.RecordBatch:
    """
    One row per row of *batch*: the values of the mapping's columns (null if unmapped), its line and file, its
    reasons ('' for none), and the values that decide which row is newest. *formats* are those of the rows' file.
    """
    found_texts = texts(batch, mapping)
    newest = found_texts.pop(NEWEST_BY, None)
    found_texts.pop(WHERE, None)
    found = {
        target: _cells(batch, mapping.columns.get(target), text, mapping.kind[target], formats.get(target), as_of)
        for target, text in found_texts.items()
    }
    if "left_date" in found and "is_active" not in found:
        found["is_active"] = _still_there(found["left_date"], as_of)
    labels = labelled(batch, mapping.labels)
    is_total, is_kept = empty(batch, found_texts, mapping, labels), is_of_currency(found_texts, mapping)
    ids = [batch[name] for name in mapping.labels]
    failed = reasons(
        ParsedRows(found, found_texts, as_of, len(batch), is_total, is_kept, ids, forgotten),
        mapping.kind.checks,
    )
    values = {
        column.name: found[column.name].values if column.name in found else pa.nulls(len(batch), column.arrow_type)
        for column in mapping.kind.columns
    }
    return pa.record_batch(
        {
            **values,
            REASONS: pc.coalesce(batch[SOURCE_PROBLEM], failed),
            LABELLED: pa.array(labels),
            HASHED: _same_id(ids[0]) if mapping.is_hashed else pa.nulls(len(batch), pa.string()),
            SOURCE_LINE: batch[SOURCE_LINE],
            SOURCE_FILE: batch[SOURCE_FILE],
            **_newest(newest, formats.get(NEWEST_BY), len(batch)),
        }
    )


def _still_there(left: Cells, as_of: date) -> Cells:
    """Whether customers are active, by their left_date; a day after *as_of* has not happened yet."""
    values = pc.fill_null(pc.greater(left.values, pa.scalar(as_of)), True)
    return Cells(values, none(values), none(values))


def _cells(
    batch: pa.RecordBatch, side: str | None, text: pa.Array, column: Column, style: str | None, as_of: date
) -> Cells:
    """The cells of a column in its *style*; typed numbers always have a decimal point."""
    found = cells(text, column, style, latest=as_of)
    if side is None or style != numbers.COMMA or not pc.any(typed := is_typed(batch, side)).as_py():
        return found
    plain, is_plain = cells(text, column, numbers.POINT), mask(typed)
    return Cells(
        pc.if_else(typed, plain.values, found.values),
        np.where(is_plain, plain.unreadable, found.unreadable),
        np.where(is_plain, plain.too_large, found.too_large),
    )


def _newest(texts: pa.Array | None, style: str | None, rows: int) -> dict[str, pa.Array]:
    """The values of `newest_by`, read as timestamps, and as numbers where they are not."""
    texts = pa.nulls(rows, pa.string()) if texts is None else filled(texts)
    moments = dates.moments(texts, style or dates.DAY_FIRST)
    rest = pc.if_else(pc.is_valid(moments), pa.scalar(None, pa.string()), texts)
    return {NEWEST_MOMENT: moments, NEWEST_NUMBER: numbers.numbers(rest, is_money=False)}


def originals(batch: pa.RecordBatch) -> pa.Array:
    """The rows of a raw table as JSON, with line and file."""
    own = [name for name in batch.schema.names if not name.startswith(MAPPED)]
    return pa.array([original_row(row) for row in batch.select(own).to_pylist()], pa.string())


def original_row(row: Mapping[str, Any]) -> str:
    """A row of the raw table as JSON: its line, its file and every cell, or the text that could not be split."""
    dropped = {SOURCE_PROBLEM, SOURCE_TEXT, SOURCE_TYPED}
    where = {SOURCE_LINE: row[SOURCE_LINE], SOURCE_FILE: row[SOURCE_FILE]}
    if row[SOURCE_PROBLEM]:
        return json.dumps({**where, "text": row[SOURCE_TEXT]}, ensure_ascii=False)
    cells_as_they_were = {name: value for name, value in row.items() if name not in dropped}
    return json.dumps({**where, **cells_as_they_were}, ensure_ascii=False)


def _same_id(texts: pa.Array) -> pa.Array:
    """*texts*, trimmed and in lower case; equal results are the same id."""
    texts = pc.utf8_trim_whitespace(texts)
    if pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return pc.ascii_lower(texts)
    # The lower case of some letters is several letters, which Arrow does not support.
    return pa.array([text if text is None else text.lower() for text in texts.to_pylist()], pa.string())
