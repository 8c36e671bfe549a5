"""Every row of a source counted once: loaded, or rejected for reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from customer360.errors import Customer360Error
from customer360.own_data.checks import DAMAGED_ID, TOTALS
from customer360.own_data.parts import duckdb_in

_HINTS: Final = {
    "is_active_unreadable": "say in [values.is_active] which words mean yes or no",
    DAMAGED_ID: "export the ids as text, with all their digits",
}
"""What a person can do about a reason."""


@dataclass(frozen=True)
class Reason:
    """How many rows were rejected for a reason, and the line of the first."""

    rows: int
    first_line: int | None

    def __add__(self, other: Reason) -> Reason:
        lines = [line for line in (self.first_line, other.first_line) if line is not None]
        return Reason(self.rows + other.rows, min(lines, default=None))


@dataclass(frozen=True)
class Tally:
    """Every row of the source is counted once: in *rows_loaded*, *rows_rejected* or *rows_left_out*."""

    rows_in: int
    rows_loaded: int
    rows_rejected: int
    customers: int
    reasons: Mapping[str, Reason]
    cancelled_lines: int = 0
    rows_left_out: int = 0
    returned_orders: int = 0
    """Orders of which everything was paid back; their lines are among those left out."""

    def with_left_out(self, rows: int, returned_orders: int = 0) -> Tally:
        """The same with *rows* more that are left out, those of *returned_orders* among them."""
        return replace(self, rows_in=self.rows_in + rows, rows_left_out=rows, returned_orders=returned_orders)

    @property
    def rejected_share(self) -> float:
        """Of the rows that were not left out; a total says nothing of whether the others are read rightly."""
        totals = self.reasons[TOTALS].rows if TOTALS in self.reasons else 0
        return max(0, self.rows_rejected - totals) / max(1, self.rows_in - self.rows_left_out - totals)

    def require(self, max_rejected: float) -> None:
        """Raises: Customer360Error when more than the share *max_rejected* cannot be loaded, or nothing can."""
        looked_at = self.rows_in - self.rows_left_out
        if self.rejected_share > max_rejected:
            raise Customer360Error(
                f"{self.rows_rejected:,} of {looked_at:,} rows ({self.rejected_share:.1%}) cannot be loaded, "
                f"more than --max-rejected {100 * max_rejected:.4g}%: {self._why()}; nothing was changed"
            )
        if not self.customers:
            left_out = f"{self.rows_left_out:,} left out by keep.where or --as-of" if self.rows_left_out else ""
            why = ", ".join(filter(None, (self._why(), left_out)))
            raise Customer360Error(f"no row can be loaded: {why}; nothing was changed")

    @property
    def hint(self) -> str:
        """What makes more rows loadable, or nothing."""
        return "; ".join(hint for reason, hint in _HINTS.items() if reason in self.reasons)

    def _why(self) -> str:
        why = ", ".join(
            f"{name} ({reason.rows:,}" + (f", first in line {reason.first_line:,})" if reason.first_line else ")")
            for name, reason in list(self.reasons.items())[:5]
        )
        return f"{why}; {self.hint}" if self.hint else why


def tallied(customers: int, rejected: Sequence[Path], folder: Path, *, lines: int | None = None) -> Tally:
    """The count of *customers*, which stand for as many rows or for *lines*, and of the *rejected* rows' files."""
    query = "SELECT reasons, sum(lines)::BIGINT, min(source_line) FROM read_parquet(?) GROUP BY reasons"
    with duckdb_in(folder) as duck:
        by_kind = duck.execute(query, [[str(file) for file in rejected]]).fetchall()
    reasons: dict[str, Reason] = {}
    for names, rows, line in by_kind:
        for name in names.split(", "):
            reasons[name] = reasons.get(name, Reason(0, None)) + Reason(rows, line)
    most_first = dict(sorted(reasons.items(), key=lambda named: (-named[1].rows, named[0])))
    loaded, lost = customers if lines is None else lines, sum(rows for _, rows, _ in by_kind)
    return Tally(loaded + lost, loaded, lost, customers, most_first)
