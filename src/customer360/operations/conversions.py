"""Converts values of any type to the source table's types, the same on every engine."""

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
The types that convert to each type of a source; text always does, and numeric types convert to each other.

Engines differ in other conversions: some turn any number into a day, counted from 1970.
"""
_A_NUMBER: Final = ("a number", (t.NumericType, t.StringType))
_EXACT: Final = 2.0**53
"""Doubles represent every whole number below it."""


def require_fitting(source: Source, kinds: Mapping[tables.Column, t.DataType]) -> None:
    """Raises: Customer360Error when a column of *source* has an unsuitable type in *kinds*."""
    for column, kind in kinds.items():
        wanted, fitting = _FITTING.get(column.type, _A_NUMBER)
        if not isinstance(kind, (*fitting, t.NullType)):
            raise Invalid(
                f"column '{column.name}' of the {source.name} is {kind.simpleString()}; "
                f"convert it to {wanted} or text, for example in a view"
            )


def converted(value: Column, kind: t.DataType, wanted: str) -> Column:
    """
    *value* of the type *kind*, converted to the source table's type *wanted*, in Spark's notation.

    The day of a timestamp with a time zone is that in the session's time zone. NaN and infinite amounts become
    null.
    """
    if isinstance(kind, (t.DoubleType, t.FloatType)) and wanted == "string":
        return _plain_text(value)
    if isinstance(kind, (t.DoubleType, t.FloatType)) and wanted.startswith("decimal"):
        return _in_cents(value.cast("double")).cast(wanted)
    if isinstance(kind, t.DecimalType) and wanted == "boolean":
        return value != 0
    if isinstance(kind, t.StringType) and wanted == "date":
        return value.cast("timestamp_ntz").cast(wanted)  # some reject blanks around a day, or a time after a T
    if isinstance(kind, t.TimestampType):
        return value.cast("timestamp").cast(wanted)  # in the session's time zone, not in one named by a file
    return value.cast(wanted)


def _plain_text(number: Column) -> Column:
    """Whole numbers without decimals, as PostgreSQL prints them: 10000000, not 1.0E7 or 10000000.0."""
    is_whole = (number == F.rint(number)) & (F.abs(number) < _EXACT)
    whole = F.when(is_whole, number).cast("bigint").cast("string")
    return F.when(is_whole, whole).otherwise(number.cast("string"))


def _in_cents(number: Column) -> Column:
    """
    *number* rounded half up to two decimals as printed, so that 1.005 becomes 1.01; null for NaN and infinity.

    Engines round doubles differently. A half is detected by comparison: 100.5 / 100 is the same double as 1.005.
    """
    size = F.abs(number)
    cents = F.rint(size * 100)
    rounded = cents + F.when(size >= (cents + 0.5) / 100, 1).when(size < (cents - 0.5) / 100, -1).otherwise(0)
    return F.when(size < math.inf, F.signum(number) * rounded / 100)
