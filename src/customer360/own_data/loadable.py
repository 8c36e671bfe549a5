"""From a raw table and a mapping to the rows that are loaded and those that are rejected, counted with reasons."""

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
from customer360.own_data.mapped import MAPPED, column_of, sides, with_sides
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.parts import examine, last_day
from customer360.own_data.raw_tables import RawTable
from customer360.own_data.row_kinds import ORDER_LINES
from customer360.own_data.sums import reject_sums
from customer360.own_data.tally import Reason, Tally, tallied
from customer360.own_data.transactions import derive_customers
from customer360.tables import Source


@dataclass(frozen=True)
class Loadable:
    """
    The *customers* and the *rejected* rows of a raw table: Parquet files with their tables' columns, and more.

    They are there as long as the raw table is. The mapping has its formats.
    """

    customers: Sequence[Path]
    rejected: Sequence[Path]
    mapping: ColumnMapping
    tally: Tally
    last_day: date | None
    """The last day on which something happened to a customer; None without any date."""
    given_up: Mapping[str, Reason] = field(default_factory=dict)
    """The columns that the customers are loaded without, because too many of their cells cannot be read."""

    @property
    def table(self) -> Source:
        """The table that the raw table fills."""
        return self.mapping.kind.fills

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that the raw table fills, in its order."""
        return self.mapping.kind.filled(self.mapping.present)

    @property
    def missing_columns(self) -> list[str]:
        """Those that it does not fill."""
        return [name for name in self.table.column_names if name not in {*self.columns, *self.mapping.kind.aids}]

    def facts(self) -> dict[str, Any]:
        """What is kept with the customers about where they come from."""
        return {
            "columns": list(self.columns),
            "missing_columns": self.missing_columns,
            "status_order": list(self.mapping.status_order) or None,
            "transactions": self.mapping.kind is ORDER_LINES,
            "last_day": self.last_day,
            "rows": self.tally.customers,
            "rows_in": self.tally.rows_in,
            "rows_rejected": self.tally.rows_rejected,
            "rows_left_out": self.tally.rows_left_out,
            "rows_identical": self.tally.rows_identical,
            "rejected": {name: reason.rows for name, reason in self.tally.reasons.items()},
        }


def find_loadable(raw: RawTable, mapping: ColumnMapping, *, as_of: date) -> Loadable:
    """
    The rows of *raw* examined with *mapping*, whose right sides are columns; see `expressions.evaluated`.

    *as_of* is the last day that has happened. Raises: Customer360Error when the mapping does not work.
    """
    mapping = mapping.require()
    mapping = with_sides(mapping, {t: column_of(side, raw.columns) or side for t, side in sides(mapping).items()})
    formats = file_formats(mapping, raw, as_of)
    mapping = _with_labels(replace(mapping, formats=formats.shown()))
    require_one_currency(raw, mapping)
    folder = Path(tempfile.mkdtemp(dir=raw.folder.parent))
    seen = examine(raw, mapping, formats, as_of, folder)
    parts = seen.parts
    if seen.has_totals:
        reject_sums(parts, raw, mapping)
    if mapping.is_hashed:
        reject_collisions(parts, raw, folder)
    rejected = [part.rejected for part in parts]
    if mapping.kind is ORDER_LINES:
        derived = derive_customers(parts, mapping, folder)
        rejected.append(derived.rejected)
        tally = tallied(_row_count([derived.customers]), rejected, mapping, folder, lines=derived.lines)
        tally = replace(tally, cancelled_lines=derived.cancelled)
        tally = tally.with_left_out(seen.left_out + derived.returned_lines, derived.returned_orders)
        return Loadable([derived.customers], rejected, mapping, tally, last_day([derived.customers], folder))
    identical = drop_identical(parts, mapping, folder)
    reject_duplicates(parts, raw, folder, keeps_newest=mapping.newest_by is not None)
    customers = [part.good for part in parts]
    tally = tallied(_row_count(customers), rejected, mapping, folder).with_left_out(seen.left_out)
    tally = tally.with_identical(identical)
    left_by = as_of if "left_date" in mapping.present else None
    return Loadable(customers, rejected, mapping, tally, last_day(customers, folder, left_by))


def _with_labels(mapping: ColumnMapping) -> ColumnMapping:
    """*mapping* with the column of its id among those in which a row may call itself a total."""
    column = mapping.columns.get("customer_id", MAPPED)
    return mapping if column.startswith(MAPPED) else replace(mapping, labels=(column, *mapping.labels))


def _row_count(files: Sequence[Path]) -> int:
    return sum(pq.read_metadata(file).num_rows for file in files)
