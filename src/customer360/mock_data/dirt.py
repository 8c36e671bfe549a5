"""Real-world defects, added on purpose: each kind as data, and the function that distributes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.mock_data.columns import column, flags
from customer360.mock_data.draws import Draws, below, share

Spoil = Callable[[pa.RecordBatch, date], pa.Array]
"""The column with the defect in every row, from the clean rows and the as-of date."""


@dataclass(frozen=True)
class DirtKind:
    """A defect of one *column*; a row has at most one defect."""

    name: str
    description: str
    column: str
    spoil: Spoil


def soil(rows: pa.RecordBatch, as_of: date, dirt: float, draws: Draws) -> pa.RecordBatch:
    """
    The rows, with one defect in each of a share *dirt* of them; the others are unchanged.

    customer_id never changes: it is the table's key.
    """
    columns = {name: rows[name] for name in rows.schema.names}
    kind_of_row = (share(draws("dirt_kind")) * len(DIRT_KINDS)).astype(np.int64)
    dirty = below(draws("dirt"), dirt)
    for number, kind in enumerate(DIRT_KINDS):
        affected = flags(dirty & (kind_of_row == number))
        columns[kind.column] = pc.if_else(affected, kind.spoil(rows, as_of), columns[kind.column])
    return pa.record_batch(list(columns.values()), schema=rows.schema)


def _missing(name: str, column: str) -> DirtKind:
    def nothing(rows: pa.RecordBatch, _: date) -> pa.Array:
        return pa.nulls(len(rows), rows[column].type)

    return DirtKind(name, f"{column} is null.", column, nothing)


def _days_before_joining(rows: pa.RecordBatch, _: date) -> pa.Array:
    days = pc.subtract(rows["join_date"].cast(pa.int32()), _some_days(rows))
    return days.cast(pa.date32())


def _days_after_joining(rows: pa.RecordBatch, _: date) -> pa.Array:
    days = pc.add(rows["join_date"].cast(pa.int32()), _some_days(rows))
    return days.cast(pa.date32())


def _login_before_joining(rows: pa.RecordBatch, as_of: date) -> pa.Array:
    return _days_before_joining(rows, as_of).cast(pa.timestamp("us"))


def _login_in_future(rows: pa.RecordBatch, as_of: date) -> pa.Array:
    days = pc.add(pa.scalar(as_of, pa.date32()).cast(pa.int32()), _some_days(rows))
    return days.cast(pa.date32()).cast(pa.timestamp("us"))


def _some_days(rows: pa.RecordBatch) -> pa.Array:
    """1 to 60 days, by customer."""
    ids = rows["customer_id"].to_numpy()
    return column(pa.int32(), (1 + ids % 60).astype(np.int32))


DIRT_KINDS: Final = (
    DirtKind(
        "purchase_before_joining",
        "first_purchase is before join_date.",
        "first_purchase",
        _days_before_joining,
    ),
    DirtKind("login_before_joining", "last_login is before join_date.", "last_login", _login_before_joining),
    DirtKind("login_in_future", "last_login is after the as-of date.", "last_login", _login_in_future),
    DirtKind("birth_after_joining", "birth_date is after join_date.", "birth_date", _days_after_joining),
    DirtKind(
        "negative_points",
        "loyalty_points is negative.",
        "loyalty_points",
        lambda rows, _: pc.subtract(-1, rows["loyalty_points"]),
    ),
    DirtKind(
        "misspelt_email",
        "email contains no @.",
        "email",
        lambda rows, _: pc.replace_substring(rows["email"], "@", "."),
    ),
    DirtKind(
        "shouted_country",
        "country is in capitals, so that it looks like another country.",
        "country",
        lambda rows, _: pc.utf8_upper(rows["country"]),
    ),
    _missing("missing_email", "email"),
    _missing("missing_country", "country"),
    _missing("missing_join_date", "join_date"),
    _missing("missing_status", "loyalty_status"),
    _missing("missing_points", "loyalty_points"),
    _missing("missing_activity", "is_active"),
    _missing("missing_balance", "account_balance"),
)
"""Every kind of defect, all equally likely."""
