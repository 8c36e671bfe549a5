"""
The checks that reject a row of your own data, as data; every row is checked once and keeps all its reasons.

A row that passes also passes every 'reject' check of the operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data.cells import BIRTH, Cells, Mask, mask
from customer360.own_data.columns import may_contain
from customer360.own_data.csv_rows import WRONG_FIELDS
from customer360.own_data.json_rows import NOT_AN_OBJECT
from customer360.tables import CUSTOMERS, EARLIEST_DATE, EVENTS, SOURCES, Column, RowCheck
from customer360.tables.forgotten import IDS, NOBODY, Forgotten
from customer360.tables.row_checks import (
    Among,
    ComesBefore,
    Condition,
    IsAbove,
    IsBelow,
    IsBlank,
    IsForgotten,
    IsMissing,
    IsOtherThan,
    IsUnknownTo,
    LedgerCondition,
    LiesBefore,
    Repeats,
)

_SHORTENED: Final = 11
"""The exponent from which a spreadsheet shortens a number."""


@dataclass(frozen=True)
class ParsedRows:
    """*count* rows to check: the texts and the cells of each mapped column, and the as-of date."""

    cells: Mapping[str, Cells]
    texts: Mapping[str, pa.Array]
    as_of: date
    count: int
    is_total: Mask | None = None
    """Rows that are labelled as a total and describe no customer; see `totals`."""
    is_of_currency: Mask | None = None
    """Rows whose amounts are in the chosen currency, if there is one."""
    ids: Sequence[pa.Array] = ()
    """The texts of the columns that the customer_id is built from."""
    forgotten: Forgotten = NOBODY
    """The forgotten customers, whose rows are rejected."""

    def day(self, column: str) -> pa.Array:
        """A date column, or the day of a moment; all null when the raw table has no such column."""
        if column not in self.cells:
            return pa.nulls(self.count, pa.date32())
        return self.cells[column].values.cast(pa.date32(), safe=False)

    @property
    def no_rows(self) -> Mask:
        """A mask that is false for every row."""
        return np.zeros(self.count, dtype=bool)


@dataclass(frozen=True)
class CellCheck:
    """A reason to reject a row: *failed* is true for the rows that have it."""

    name: str
    description: str
    failed: Callable[[ParsedRows], Mask]


def _unreadable(column: str) -> Callable[[ParsedRows], Mask]:
    return lambda rows: rows.cells[column].unreadable if column in rows.cells else rows.no_rows


def _too_large(column: str) -> Callable[[ParsedRows], Mask]:
    return lambda rows: rows.cells[column].too_large if column in rows.cells else rows.no_rows


def _null_byte(rows: ParsedRows) -> Mask:
    found = [mask(pc.match_substring(text, "\0")) for text in rows.texts.values() if may_contain(text, b"\0")]
    return np.logical_or.reduce(found) if found else rows.no_rows


def _totals(rows: ParsedRows) -> Mask:
    return rows.no_rows if rows.is_total is None else rows.is_total


def _other_currency(rows: ParsedRows) -> Mask:
    return rows.no_rows if rows.is_of_currency is None else ~rows.is_of_currency


def _share_taken_off(rows: ParsedRows) -> Mask:
    if "discount" not in rows.cells:
        return rows.no_rows
    share = rows.cells["discount"].values
    return mask(pc.or_(pc.less(share, 0), pc.greater(share, 1)))


def _lacks(column: str) -> Callable[[ParsedRows], Mask]:
    return lambda rows: _blank(rows, column)


def _lacks_amount(rows: ParsedRows) -> Mask:
    if "order_amount" in rows.cells:  # another line of the order may have it
        return rows.no_rows
    return _blank(rows, "amount") & (_blank(rows, "quantity") | _blank(rows, "unit_price"))


def _damaged(rows: ParsedRows) -> Mask:
    """Ids without their last digits: spreadsheets show six of twelve or more, as in 1.23457E+12."""
    found = [_is_shortened(texts) for texts in rows.ids if may_contain(texts, b"E") or may_contain(texts, b"e")]
    return np.logical_or.reduce(found) if found else rows.no_rows


def _is_shortened(texts: pa.Array) -> Mask:
    parts = pc.extract_regex(texts, r"^\s*-?\d(?:[.,](?P<fraction>\d+))?[eE]\+?(?P<exponent>\d{1,2})\s*$")
    exponent = pc.if_else(pc.is_valid(parts), pc.struct_field(parts, "exponent"), "0").cast(pa.int64())
    is_short = pc.less(pc.binary_length(pc.struct_field(parts, "fraction")), exponent)
    return mask(pc.and_(is_short, pc.greater_equal(exponent, _SHORTENED)))


def _blank(rows: ParsedRows, column: str) -> Mask:
    if column not in rows.cells:
        return ~rows.no_rows
    found = rows.cells[column]
    blank: Mask = mask(pc.is_null(found.values)) & ~found.unreadable & ~found.too_large
    return blank


def _any_day(columns: Iterable[str], failed: Callable[[pa.Array, date], pa.Array]) -> Callable[[ParsedRows], Mask]:
    def check(rows: ParsedRows) -> Mask:
        found: Mask = np.logical_or.reduce([mask(failed(rows.day(column), rows.as_of)) for column in columns])
        return found

    return check


def _comes_before(column: str, other: str) -> Callable[[ParsedRows], Mask]:
    return lambda rows: mask(pc.less(rows.day(column), rows.day(other)))


def _compared(
    column: str, failed: Callable[[pa.Array, int], pa.Array], limit: int
) -> Callable[[ParsedRows], Mask]:
    return lambda rows: mask(failed(rows.cells[column].values, limit)) if column in rows.cells else rows.no_rows


def day_after(day: date) -> date:
    """The next day, up to `date.max`."""
    return day + timedelta(days=day < date.max)


_KINDS: Final = {"boolean": "yes or no", "date": "a date", "timestamp": "a date"}
_HINTS: Final = {"is_active": "; map other words in [values.is_active]"}


def _kind(column: Column) -> str:
    return "a whole number" if column.is_whole else _KINDS.get(column.type, "an amount")


def of_cells(columns: Iterable[Column]) -> Iterator[CellCheck]:
    """The checks that the cells of *columns* are valid for their types."""
    for column in columns:
        if column.is_text:
            continue
        yield CellCheck(
            f"{column.name}_unreadable",
            f"The cell is not {_kind(column)}{_HINTS.get(column.name, '')}.",
            _unreadable(column.name),
        )
        if column.is_whole or column.digits:
            yield CellCheck(
                f"{column.name}_too_large", f"The cell is out of range for {column.type}.", _too_large(column.name)
            )


WRONG_SHAPE: Final = {
    WRONG_FIELDS: "The line has more or fewer fields than there are columns.",
    NOT_AN_OBJECT: "The line is not a JSON object.",
}
"""The reasons of rows that could not be split into columns, to which no other check applies."""

DUPLICATE, EVENT_DUPLICATE = (
    next(check.name for check in source.rejects if isinstance(check.condition, Repeats)) for source in SOURCES
)
DUPLICATE_MEANS: Final = "Another row has the same customer_id; only the newest by `newest_by`, if set, is kept."
EVENT_DUPLICATE_MEANS: Final = "Another row has the same event_id and different values; none of them is loaded."
UNKNOWN_CUSTOMER: Final = next(check.name for check in EVENTS.rejects if isinstance(check.condition, IsUnknownTo))
UNKNOWN_CUSTOMER_MEANS: Final = "No customer has this id as customer_id, source_id or e-mail address."
COLLISION: Final = "customer_id_collision"
COLLISION_MEANS: Final = (
    "Another id in the file has the same hash, so two customers would be merged; use numeric ids."
)
NEGATIVE_POINTS, TOO_MANY_POINTS = (
    check.name for check in CUSTOMERS.rejects if isinstance(check.condition, (IsBelow, IsAbove))
)
TOTALS: Final = "totals_row"
AMOUNT_TOO_LARGE: Final = "event_amount_too_large"
EVENT_COLLISION: Final = "event_id_collision"
DIFFERS_FROM_STORED: Final = "event_differs_from_stored"
DIFFERS_FROM_STORED_MEANS: Final = (
    "A stored event has the same event_id and different values; --append does not change stored events."
)
KIND_UNKNOWN: Final = "event_kind_unknown"
REFUND_ABOVE_ZERO: Final = "event_refund_above_zero"
DEDUCTION_ABOVE_ZERO: Final = "event_deduction_above_zero"
TOO_MANY_EVENT_POINTS: Final = "event_too_many_points"
TOO_FEW_EVENT_POINTS: Final = "event_too_few_points"
_MEANINGS: Final = {check.name: check.description for check in EVENTS.rejects}
OF_ORDERS: Final = {
    AMOUNT_TOO_LARGE: f"The total of the order is out of range for {EVENTS['amount'].type}.",
    EVENT_COLLISION: "The key of another event has the same hash, so two events would be merged.",
    **{name: _MEANINGS[name] for name in (DEDUCTION_ABOVE_ZERO, TOO_MANY_EVENT_POINTS, TOO_FEW_EVENT_POINTS)},
}
"""The reasons to reject an order with all its lines."""
_TOO_EARLY: Final = next(check.name for check in CUSTOMERS.rejects if isinstance(check.condition, LiesBefore))

DAMAGED_ID: Final = "customer_id_damaged"
ID_DAMAGED: Final = CellCheck(
    DAMAGED_ID,
    "A spreadsheet shortened the id, as in 1.23457E+12; its last digits are lost. Export the ids as text.",
    _damaged,
)
NULL_BYTE: Final = CellCheck(
    "null_byte", "A cell contains a null byte, which PostgreSQL cannot store.", _null_byte
)
TOTALS_ROW: Final = CellCheck(
    TOTALS,
    "The row is labelled Total, Sum or similar, and has no customer or has the sum of all other amounts.",
    _totals,
)
OTHER_CURRENCY: Final = CellCheck(
    "other_currency",
    "The amount is not in the currency of `[keep] currency`, or has no currency.",
    _other_currency,
)


def of_dates(*columns: str) -> tuple[CellCheck, CellCheck]:
    """The checks of the date and timestamp *columns*, and of the birth date."""
    return (
        CellCheck(
            _TOO_EARLY,
            "birth_date, join_date, first_purchase, last_login or order_date is before 1900: a placeholder.",
            _any_day((*columns, BIRTH), lambda day, _: pc.less(day, EARLIEST_DATE)),
        ),
        in_future(*columns, BIRTH),
    )


def in_future(*columns: str) -> CellCheck:
    """The check that the date and timestamp *columns* are not in the future."""
    return CellCheck(
        "date_in_future",
        "A date is more than one day after the as-of date; one day is allowed for time zones.",
        _any_day(columns, lambda day, as_of: pc.greater(day, day_after(as_of))),
    )


def _rendered(check: RowCheck) -> Iterator[CellCheck]:
    """A check of a source in Arrow, if it needs one row only."""
    if failed := _fails(check.condition):
        yield CellCheck(check.name, check.description, failed)


def _fails(condition: Condition | LedgerCondition) -> Callable[[ParsedRows], Mask] | None:
    """None for checks across rows, and for decimals in whole numbers, which are found while cells are read."""
    match condition:
        case IsMissing(column) | IsBlank(column):
            return _lacks(column)
        case IsBelow(column, limit):
            return _compared(column, pc.less, limit)
        case IsAbove(column, limit):
            return _compared(column, pc.greater, limit)
        case ComesBefore(column, other):
            return _comes_before(column, other)
        case LiesBefore(columns, earliest):
            return _any_day(columns, lambda day, _: pc.less(day, earliest))
        case IsOtherThan(column, values):
            return lambda rows: ~_is_among(rows, column, values) & ~_blank(rows, column)
        case IsForgotten(column):
            return lambda rows: _is_forgotten(rows, {column, *IDS})
        case Among(column, values, inner):
            inner_fails = _fails(inner)
            return inner_fails and (lambda rows: _is_among(rows, column, values) & inner_fails(rows))
        case _:
            return None


def _is_forgotten(rows: ParsedRows, columns: Iterable[str]) -> Mask:
    found = rows.no_rows
    for column in columns if rows.forgotten else ():
        if column in rows.cells:
            values = rows.cells[column].values
            theirs = rows.forgotten.among(column, pc.unique(values).to_pylist())
            found = found | mask(pc.is_in(values, pa.array(sorted(theirs, key=str), values.type)))
    return found


def _is_among(rows: ParsedRows, column: str, values: Sequence[str]) -> Mask:
    """Ignores letter case, as the operations do."""
    if column not in rows.cells:
        return rows.no_rows
    return mask(pc.is_in(pc.utf8_lower(rows.cells[column].values), pa.array(values)))


DISCOUNT_NO_SHARE: Final = CellCheck(
    "discount_out_of_range", "discount is below 0 or above 1; divide a percentage by 100.", _share_taken_off
)
ORDER_DATE_MISSING: Final = CellCheck("order_date_missing", "The line has no date.", _lacks("order_date"))
AMOUNT_MISSING: Final = CellCheck(
    "amount_missing", "The line has neither an amount nor a quantity with a unit price.", _lacks_amount
)
ID_MISSING, *OF_VALUES = (
    one for check in CUSTOMERS.rejects if not isinstance(check.condition, LiesBefore) for one in _rendered(check)
)
FORGOTTEN: Final = frozenset(
    check.name for source in SOURCES for check in source.rejects if isinstance(check.condition, IsForgotten)
)
"""The reasons of rows that are rejected without a trace of their values."""
OF_FORGOTTEN: Final = next(
    one for check in CUSTOMERS.rejects if isinstance(check.condition, IsForgotten) for one in _rendered(check)
)
OF_EVENTS: Final = tuple(one for check in EVENTS.rejects for one in _rendered(check))


def reasons(rows: ParsedRows, checks: Iterable[CellCheck]) -> pa.Array:
    """The names of the checks that each row fails, separated by a comma and a space; '' for none."""
    checks = tuple(checks)
    bits = np.zeros(rows.count, dtype=np.int64)
    for number, check in enumerate(checks):
        bits |= check.failed(rows).astype(np.int64) << number
    if not bits.any():
        return pa.repeat(pa.scalar(""), rows.count)
    kinds, kind_of_row = np.unique(bits, return_inverse=True)
    names = [
        ", ".join(check.name for number, check in enumerate(checks) if int(kind) >> number & 1) for kind in kinds
    ]
    return pa.array(names, pa.string()).take(pa.array(kind_of_row))
