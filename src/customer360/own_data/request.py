"""What a person asks of a load."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from customer360.own_data import dates, numbers
from customer360.own_data.formats import OPTIONS
from customer360.own_data.sources import Reading
from customer360.settings import MAX_REJECTED

_DAY_ORDERS: Final = {option: style for style, option in OPTIONS.items() if style in dates.STYLES}
_DECIMALS: Final = {option: style for style, option in OPTIONS.items() if style in numbers.STYLES}


@dataclass(frozen=True)
class Request:
    """The source, how to read it, and what may be replaced; each field is what the option of its name says."""

    path: Path | None = None
    from_database: str | None = field(default=None, repr=False)
    table: str | None = None
    query: str | None = None
    transactions: bool | None = None
    mapping: Path | None = None
    delimiter: str | None = None
    encoding: str | None = None
    quote: str | None = None
    sheet: str | None = None
    skip_lines: int = 0
    dates: str | None = None
    decimal: str | None = None
    as_of: date | None = None
    max_rejected: float = MAX_REJECTED
    replace: bool = False
    allow_shrink: bool = False
    yes: bool = False
    dry_run: bool = False

    @property
    def reading(self) -> Reading:
        """How to read the file."""
        return Reading(self.delimiter, self.encoding, self.quote, self.sheet, self.skip_lines)

    @property
    def styles(self) -> tuple[str | None, str | None]:
        """How to read the dates and the numbers; None is found."""
        return _DAY_ORDERS.get(self.dates or ""), _DECIMALS.get(self.decimal or "")
