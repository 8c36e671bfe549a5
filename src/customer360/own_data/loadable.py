"""Splits a raw table, with a mapping, into rows to load and rejected rows, and counts both with reasons."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from customer360.own_data.currencies import require_one_currency
from customer360.own_data.duplicates import drop_identical, reject_collisions, reject_duplicates
from customer360.own_data.evidence import file_formats
from customer360.own_data.known_customers import join_customers
from customer360.own_data.mapped import MAPPED, column_of, sides, with_sides
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.parts import Examined, examine, last_day
from customer360.own_data.raw_tables import RawTable
from customer360.own_data.row_kinds import ORDER_LINES
from customer360.own_data.stored_events import Stored, drop_stored
from customer360.own_data.sums import reject_sums
from customer360.own_data.tally import Reason, Tally, tallied
from customer360.own_data.transactions import Derived, derive
from customer360.tables import CUSTOMERS, EVENTS, Source
from customer360.tables.forgotten import NOBODY, Forgotten


@dataclass(frozen=True)
class Loadable:
    """
    The result of examining a raw table: Parquet *files* with the rows of each table, and with the *rejected* rows.

    The files exist as long as the raw table does. The mapping includes the formats.
    """

    files: Mapping[Source, Sequence[Path]]
    rejected: Sequence[Path]
    mapping: ColumnMapping
    tally: Tally
    last_day: date | None
    """The last day on which something happened; None without any date."""
    given_up: Mapping[str, Reason] = field(default_factory=dict)
    """The columns that are omitted because too many of their cells cannot be read."""
    from_events: tuple[str, ...] = ()
    """The columns of the customers that are filled from the events loaded with them."""

    def columns(self, table: Source) -> tuple[str, ...]:
        """The columns of *table* that are filled, in its order."""
        filled = self.mapping.kind.filled(table, self.mapping.present)
        if table is not CUSTOMERS or not self.from_events:
            return filled
        return tuple(name for name in table.column_names if name in {*filled, *self.from_events})

    def missing_columns(self, table: Source) -> list[str]:
        """The columns of *table* that are not filled."""
        known = {*self.columns(table), *self.mapping.kind.aids}
        return [name for name in table.column_names if name not in known]

    def rows(self, table: Source) -> int:
        """The number of rows of *table*."""
        return self.tally.events if table is EVENTS else self.tally.customers

    def facts(self, table: Source) -> dict[str, Any]:
        """The origin of the rows of *table*, stored with them."""
        return {
            "columns": list(self.columns(table)),
            "missing_columns": self.missing_columns(table),
            "status_order": list(self.mapping.status_order) or None,
            "transactions": {*self.files} == {*ORDER_LINES.fills},  # customers and their own events
            "last_day": self.last_day,
            "rows": self.rows(table),
            "rows_in": self.tally.rows_in,
            "rows_rejected": self.tally.rows_rejected,
            "rows_left_out": self.tally.rows_left_out,
            "rows_identical": self.tally.rows_identical,
            "rejected": {name: reason.rows for name, reason in self.tally.reasons.items()},
        }


def find_loadable(
    raw: RawTable,
    mapping: ColumnMapping,
    *,
    as_of: date,
    known: Sequence[Path] | None = None,
    stored: Stored | None = None,
    forgotten: Forgotten = NOBODY,
) -> Loadable:
    """
    Examines the rows of *raw* with *mapping*, whose right-hand sides are columns; see `evaluate.evaluated`.

    *known* are files of the customers that the events belong to; *stored* finds events that are already in the
    database when these are appended. Rows of *forgotten* customers are rejected without a trace of their values.
    Raises: Customer360Error when the mapping is invalid for these rows.
    """
    mapping = mapping.require()
    mapping = with_sides(mapping, {t: column_of(side, raw.columns) or side for t, side in sides(mapping).items()})
    formats = file_formats(mapping, raw, as_of)
    mapping = _with_labels(replace(mapping, formats=formats.shown()))
    require_one_currency(raw, mapping)
    folder = Path(tempfile.mkdtemp(dir=raw.folder.parent))
    seen = examine(raw, mapping, formats, as_of, folder, forgotten)
    parts = seen.parts
    if seen.has_totals:
        reject_sums(parts, raw, mapping)
    if mapping.is_hashed:
        reject_collisions(parts, mapping, raw, folder)
    if known is not None:
        join_customers(parts, mapping, raw, folder, known)
    if mapping.kind is ORDER_LINES:
        derived = derive(parts, mapping, folder, has_customers=known is not None, stored=stored)
        return _of_lines(seen, derived, mapping, folder)
    identical = drop_identical(parts, mapping, folder)
    reject_duplicates(parts, mapping, raw, folder)
    if stored:
        identical += drop_stored(parts, mapping, raw, folder, stored)
    return _of_rows(seen, mapping, folder, identical, as_of)


def _of_lines(seen: Examined, derived: Derived, mapping: ColumnMapping, folder: Path) -> Loadable:
    rejected = [*(part.rejected for part in seen.parts), *derived.rejected]
    customers, events = (_row_count(derived.files.get(table, ())) for table in (CUSTOMERS, EVENTS))
    tally = tallied(derived.lines, rejected, mapping, folder, customers=customers, events=events)
    tally = replace(tally, cancelled_lines=derived.returned).with_left_out(seen.left_out)
    tally = tally.with_identical(derived.identical)
    return Loadable(derived.files, rejected, mapping, tally, last_day(EVENTS, derived.files[EVENTS], folder))


def _of_rows(seen: Examined, mapping: ColumnMapping, folder: Path, identical: int, as_of: date) -> Loadable:
    """The result if each row of the source is one row of the table."""
    table = mapping.kind.table
    files, rejected = [part.good for part in seen.parts], [part.rejected for part in seen.parts]
    rows = _row_count(files)
    customers, events = (rows, 0) if mapping.kind.is_per_customer else (0, rows)
    tally = tallied(rows, rejected, mapping, folder, customers=customers, events=events)
    tally = tally.with_left_out(seen.left_out).with_identical(identical)
    left_by = as_of if "left_date" in mapping.present else None
    return Loadable({table: files}, rejected, mapping, tally, last_day(table, files, folder, left_by))


def _with_labels(mapping: ColumnMapping) -> ColumnMapping:
    """*mapping* with the id's column added to the columns that may label a row as a total."""
    column = mapping.columns.get("customer_id", MAPPED)
    return mapping if column.startswith(MAPPED) else replace(mapping, labels=(column, *mapping.labels))


def _row_count(files: Sequence[Path]) -> int:
    return sum(pq.read_metadata(file).num_rows for file in files)
