"""Counts every row of a raw table once: as loaded, or as rejected for reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from customer360.errors import Refused
from customer360.own_data.checks import (
    DAMAGED_ID,
    DEDUCTION_ABOVE_ZERO,
    DIFFERS_FROM_STORED,
    DUPLICATE,
    FORGOTTEN,
    KIND_UNKNOWN,
    REFUND_ABOVE_ZERO,
    TOTALS,
    UNKNOWN_CUSTOMER,
)
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.parts import duckdb_in

_HINTS: Final = {
    "customer_id_unreadable": 'if ids are text, set in [columns]: customer_id = "hashed_id(`COLUMN`)"',
    "is_active_unreadable": "map the words to yes or no in [values.is_active]",
    DAMAGED_ID: "export the ids as text, with all their digits",
    KIND_UNKNOWN: "map the words to kinds in [values.kind]",
    DEDUCTION_ABOVE_ZERO: "redeemed and expired points must be negative; if they have no sign, set in [columns]: "
    "points = \"CASE WHEN `KIND` IN ('Redemption', 'Expiry') THEN -`POINTS` ELSE `POINTS` END\"",
    REFUND_ABOVE_ZERO: "refunds must be negative; if they have no sign, set in [columns]: "
    "amount = \"CASE WHEN `KIND` = 'Refund' THEN -`AMOUNT` ELSE `AMOUNT` END\"",
    UNKNOWN_CUSTOMER: "load the customers of these events too, or raise --max-rejected if they are not customers",
    DIFFERS_FROM_STORED: "to load all events again, use --replace instead of --append",
}
"""How to fix the rows with a reason."""
_OF_CELLS: Final = ("_unreadable", "_too_large")
"""The endings of reasons about the cell of one column."""
_NEEDED: Final = frozenset(
    {"customer_id", "order_date", "amount", "quantity", "unit_price", "event_id", "occurred_at"}
)
"""Columns that a mapping may require."""
_DISPENSABLE: Final = frozenset({"birth_date"})
"""Columns that no number of the report uses: customers are loaded without them rather than not at all."""
_MANY: Final = 0.05
"""From this share on, the column may be wrong rather than the rows."""
_LONGEST: Final = 40


@dataclass(frozen=True)
class Reason:
    """How many rows were rejected for a reason, the line of the first, and the cell that caused it, if any."""

    rows: int
    first_line: int | None
    example: str | None = None

    def __str__(self) -> str:
        place = f"first in line {self.first_line:,}" if self.first_line else ""
        return f"{place}: {self.example!r}" if place and self.example else place


@dataclass(frozen=True)
class Tally:
    """
    Every row of the raw table is counted once: as loaded, rejected, excluded or identical.

    An identical row equals another row, which is loaded instead.
    """

    rows_in: int
    rows_loaded: int
    rows_rejected: int
    customers: int
    events: int
    reasons: Mapping[str, Reason]
    cancelled_lines: int = 0
    rows_left_out: int = 0
    rows_identical: int = 0

    def with_left_out(self, rows: int) -> Tally:
        """The tally with *rows* excluded rows."""
        return replace(self, rows_in=self.rows_in + rows, rows_left_out=rows)

    def with_identical(self, rows: int) -> Tally:
        """The tally with *rows* identical rows."""
        return replace(self, rows_in=self.rows_in + rows, rows_identical=rows)

    @property
    def rejected_share(self) -> float:
        """
        The share of rejected rows, without excluded rows, totals and forgotten customers.

        Totals and forgotten customers do not show whether other rows are read correctly.
        """
        apart = sum(self.reasons[name].rows for name in (TOTALS, *FORGOTTEN) if name in self.reasons)
        return max(0, self.rows_rejected - apart) / max(1, self.rows_in - self.rows_left_out - apart)

    def require(self, max_rejected: float) -> None:
        """Raises: Customer360Error when more than the share *max_rejected* cannot be loaded, or no row can."""
        examined = self.rows_in - self.rows_left_out
        if self.rejected_share > max_rejected:
            raise Refused(
                f"{self.rows_rejected:,} of {examined:,} rows ({self.rejected_share:.1%}) cannot be loaded, "
                f"more than --max-rejected {100 * max_rejected:.4g}%: {self._why()}; nothing was changed"
            )
        if not self.rows_loaded and not self.rows_identical:
            excluded = f"{self.rows_left_out:,} excluded by keep.where or --as-of" if self.rows_left_out else ""
            why = ", ".join(filter(None, (self._why(), excluded)))
            raise Refused(f"no row can be loaded: {why}; nothing was changed")

    def dispensable(self, max_rejected: float) -> Mapping[str, Reason]:
        """The columns to omit, if too many rows are rejected and their cells are among the reasons."""
        if self.rejected_share <= max_rejected:
            return {}
        unread = {column: self.reasons.get(f"{column}{_OF_CELLS[0]}") for column in _DISPENSABLE}
        return {column: reason for column, reason in unread.items() if reason}

    @property
    def hint(self) -> str:
        """How to make more rows loadable, or ''."""
        hints = [hint for reason, hint in _HINTS.items() if reason in self.reasons]
        many = [name for name, reason in self.reasons.items() if reason.rows > _MANY * self.rows_in]
        columns = [name.removesuffix(end) for end in _OF_CELLS for name in many if name.endswith(end)]
        if optional := [f'{column} = ""' for column in dict.fromkeys(columns) if column not in _NEEDED]:
            hints.append(
                f"to load the rows without the column, set in [columns] of the mapping: {', '.join(optional)}"
            )
        if DUPLICATE in self.reasons and self.reasons[DUPLICATE].rows * 2 > self.rows_in:
            hints.append("if the rows are order lines, add --transactions")
        return "; ".join(hints)

    def _why(self) -> str:
        why = ", ".join(
            f"{name} ({', '.join(filter(None, (f'{reason.rows:,}', str(reason))))})"
            for name, reason in list(self.reasons.items())[:5]
        )
        return f"{why}; {self.hint}" if self.hint else why


def tallied(
    loaded: int, rejected: Sequence[Path], mapping: ColumnMapping, folder: Path, *, customers: int, events: int
) -> Tally:
    """The tally of *loaded* rows, of the *customers* and *events* in them, and of the files *rejected*."""
    with duckdb_in(folder) as duck:
        by_kind = duck.execute(_BY_KIND, [[str(file) for file in rejected]]).fetchall()
    kinds: dict[str, list[tuple[int, int | None, str | None]]] = {}
    for names, *kind in by_kind:
        for name in names.split(", "):
            kinds.setdefault(name, []).append((kind[0], kind[1], kind[2]))
    reasons = {name: _reason(name, found, mapping) for name, found in kinds.items()}
    most_first = dict(sorted(reasons.items(), key=lambda named: (-named[1].rows, named[0])))
    lost = sum(rows for _, rows, *_ in by_kind)
    return Tally(loaded + lost, loaded, lost, customers, events, most_first)


_BY_KIND: Final = """
    SELECT reasons, sum(lines)::BIGINT, min(source_line), arg_min(original_row, source_line)
    FROM read_parquet(?) GROUP BY reasons"""


def _reason(name: str, kinds: Sequence[tuple[int, int | None, str | None]], mapping: ColumnMapping) -> Reason:
    """The sum over all *kinds* of rows with a reason, with the cell of the first row."""
    first = min((kind for kind in kinds if kind[1] is not None), key=lambda kind: kind[1] or 0, default=None)
    line, row = (first[1], first[2]) if first else (None, None)
    return Reason(sum(rows for rows, *_ in kinds), line, _cell(name, row, mapping))


def _cell(reason: str, row: str | None, mapping: ColumnMapping) -> str | None:
    """The cell of *row* that caused *reason*, if it was a cell."""
    column = next((reason.removesuffix(end) for end in _OF_CELLS if reason.endswith(end)), None)
    cell = json.loads(row).get(mapping.columns.get(column)) if row and column else None
    return None if cell is None else cell.strip()[:_LONGEST]
