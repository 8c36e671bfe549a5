"""Values of any type as values of the source table's types, the same on every engine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as t

from customer360 import tables
from customer360.errors import Invalid
from customer360.tables import Source

_MOMENTS: Final = (t.DateType, t.TimestampType, t.TimestampNTZType, t.StringType)
_FITTING: Final[Mapping[str, tuple[str, tuple[type[t.DataType], ...]]]] = {
    "boolean": ("a boolean", (t.BooleanType, t.NumericType, t.StringType)),
    "date": ("a date", _MOMENTS),
    "timestamp": ("a timestamp", _MOMENTS),
    "text": ("a text", (t.AtomicType,)),
}
"""
What each type of a source is made of; a text of any of them, and every other type of a number.

Engines differ in what else they convert: some make a day of any number, counted from 1970.
"""
_A_NUMBER: Final = ("a number", (t.NumericType, t.StringType))
_EXACT: Final = 2.0**53
"""Doubles below it hold every whole number."""


def require_fitting(source: Source, kinds: Mapping[tables.Column, t.DataType]) -> None:
    """Raises: Customer360Error when a column of *source* comes with a type, in *kinds*, that does not fit."""
    for column, kind in kinds.items():
        wanted, fitting = _FITTING.get(column.type, _A_NUMBER)
        if not isinstance(kind, (*fitting, t.NullType)):
            raise Invalid(
                f"column '{column.name}' of the {source.name} is {kind.simpleString()}; "
                f"convert it to {wanted} or text, for example in a view"
            )


def converted(value: Column, kind: t.DataType, wanted: str) -> Column:
    """
    *value*, which has the type *kind*, as the type *wanted* of the source table, in Spark's words.

    A moment with a time zone falls on its day in the session's. Amounts that are NaN or infinite are null.
    """
    if isinstance(kind, (t.DoubleType, t.FloatType)) and wanted == "string":
        return _plain_text(value)
    if isinstance(kind, (t.DoubleType, t.FloatType)) and wanted.startswith("decimal"):
        return _in_cents(value.cast("double")).cast(wanted)
    if isinstance(kind, t.DecimalType) and wanted == "boolean":
        return value != 0
    if isinstance(kind, t.StringType) and wanted == "date":
        return value.cast("timestamp_ntz").cast(wanted)  # some take no blanks around a day, nor a time after a T
    if isinstance(kind, t.TimestampType):
        return value.cast("timestamp").cast(wanted)  # in the session's time zone, not in one that a file names
    return value.cast(wanted)


def _plain_text(number: Column) -> Column:
    """Whole numbers without decimals, as PostgreSQL writes them: 10000000, neither 1.0E7 nor 10000000.0."""
    is_whole = (number == F.rint(number)) & (F.abs(number) < _EXACT)
    whole = F.when(is_whole, number).cast("bigint").cast("string")
    return F.when(is_whole, whole).otherwise(number.cast("string"))


def _in_cents(number: Column) -> Column:
    """
    *number* rounded half up to two decimals as it reads, so that 1.005 becomes 1.01; null for NaN and infinity.

    Engines round doubles differently. A half is told by comparing: 100.5 / 100 is the very double of 1.005.
    """
    size = F.abs(number)
    cents = F.rint(size * 100)
    rounded = cents + F.when(size >= (cents + 0.5) / 100, 1).when(size < (cents - 0.5) / 100, -1).otherwise(0)
    return F.when(size < math.inf, F.signum(number) * rounded / 100)
