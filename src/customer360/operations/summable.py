"""Whether sums of points fit in 64 bits; beyond that, some engines fail and others wrap around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, Row
from pyspark.sql import functions as F

from customer360.errors import Invalid

MOST_POINTS: Final = "most_points"
ALL_POINTS: Final = "all_points"
_LIMIT: Final = 2**63
_ROUNDING: Final = 2**-20
"""Far more than the rounding error of a floating point sum of billions of whole numbers."""


def most_points(name: str) -> Column:
    """The largest number of points, regardless of sign."""
    return F.max(F.abs(name)).alias(MOST_POINTS)


def all_points(name: str) -> Column:
    """The sum of the points regardless of sign, an upper bound for the sum of any subset."""
    return F.sum(F.abs(F.col(name).cast("double"))).alias(ALL_POINTS)


def require_summable(points: str, rows: str, count: int, groups: Sequence[Row]) -> None:
    """
    Raises: Customer360Error when a sum of the points in *groups* might not fit.

    *points* and *rows* name the points and their *count* rows in the message.
    """
    if sum(row[ALL_POINTS] or 0 for row in groups) < _LIMIT * (1 - _ROUNDING):
        return
    most = max(row[MOST_POINTS] or 0 for row in groups)
    raise Invalid(
        f"{points} are up to {most:,}, and their sum over {count:,} {rows} may not fit in 64 bits; "
        f"correct values above {(_LIMIT - 1) // count:,}"
    )
