"""The request for a load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, TypedDict

from customer360.errors import Invalid, nearest
from customer360.own_data import dates, numbers
from customer360.own_data.formats import OPTIONS
from customer360.own_data.raw_tables import Reading
from customer360.own_data.row_kinds import CUSTOMER_ROWS, EVENT_ROWS, ORDER_LINES, RowKind
from customer360.settings import MAX_REJECTED

_DAY_ORDERS: Final = {option: style for style, option in OPTIONS.items() if style in dates.STYLES}
_DECIMALS: Final = {option: style for style, option in OPTIONS.items() if style in numbers.STYLES}


_QUOTES: Final = ("double", "backslash", "none")


class SourceOptions(TypedDict, total=False):
    """The options of a source: how to read a file, or what to read from a database."""

    from_database: str | None
    table: str | None
    query: str | None
    delimiter: str | None
    encoding: str | None
    quote: str | None
    sheet: str | None
    skip_lines: int
    dates: str | None
    decimal: str | None


@dataclass(frozen=True)
class Request:
    """
    The source, how to read it, and what may be replaced; each field is the option of the same name.

    A *mapping* is a file, or the content of one. With *keeps_mapping*, a guess is saved in the current folder,
    and an existing mapping there is used. Raises: Customer360Error for an invalid value.
    """

    path: Path | None = None
    from_database: str | None = field(default=None, repr=False)
    table: str | None = None
    query: str | None = None
    transactions: bool | None = None
    mapping: Path | Mapping[str, Any] | None = None
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
    keeps_mapping: bool = True
    is_of_events: bool = False
    """Whether the rows are events of known customers, not customers."""
    append: bool = False

    def __post_init__(self) -> None:
        for name, valid in (("dates", _DAY_ORDERS), ("decimal", _DECIMALS), ("quote", _QUOTES)):
            _require_one_of(name, getattr(self, name), valid)
        if not 0 <= self.max_rejected <= 1:
            raise Invalid(f"invalid max_rejected {self.max_rejected:g}; use a share from 0 to 1, such as 0.05")

    @property
    def kind(self) -> RowKind | None:
        """The kind of the rows; None to detect it."""
        if self.transactions is None:
            return None
        return ORDER_LINES if self.transactions else self.kinds[0]

    @property
    def kinds(self) -> tuple[RowKind, ...]:
        """The possible kinds of the rows."""
        return (EVENT_ROWS if self.is_of_events else CUSTOMER_ROWS, ORDER_LINES)

    @property
    def reading(self) -> Reading:
        """How to read the file."""
        return Reading(self.delimiter, self.encoding, self.quote, self.sheet, self.skip_lines)

    @property
    def styles(self) -> tuple[str | None, str | None]:
        """How to read dates and numbers; None to detect it."""
        return _DAY_ORDERS.get(self.dates or ""), _DECIMALS.get(self.decimal or "")


def _require_one_of(name: str, value: str | None, valid: Iterable[str]) -> None:
    if value is not None and value not in (known := list(valid)):
        raise Invalid(f"invalid {name} '{value}'.{nearest(value, known)}")
