"""What the checks found, counted."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame

from customer360.operations.checks import FAILED_CHECKS, bits
from customer360.tables import RowCheck, Source


@dataclass(frozen=True)
class CheckCount:
    """How many rows a check looked at, and how many of these failed."""

    check: RowCheck
    rows_checked: int
    rows_failed: int


@dataclass(frozen=True)
class DataQuality:
    """The rows of one reading of a source; rows_in = rows_out + rows_rejected + rows_not_yet_joined."""

    rows_out: int
    rows_rejected: int
    rows_not_yet_joined: int
    checks: tuple[CheckCount, ...]
    """One per check of the source, in its order."""

    @property
    def rows_in(self) -> int:
        return self.rows_out + self.rows_rejected + self.rows_not_yet_joined

    def rows_failed(self, check_name: str) -> int:
        return next(count.rows_failed for count in self.checks if count.check.name == check_name)


def data_quality(checked: DataFrame, source: Source) -> DataQuality:
    """
    The counts of *checked* rows of *source*; runs one small query.

    A 'reject' check looks at every row that is known at the as-of date, a 'warn' check at those that are used: so
    balance_missing is the very number of customers that an average balance leaves out.
    """
    found = checked.groupBy(FAILED_CHECKS).count().collect()
    rows = {row[FAILED_CHECKS]: row["count"] for row in found}
    not_yet_joined, rejects = rows.pop(None, 0), bits(source, source.rejects)
    used = {failed: count for failed, count in rows.items() if not failed & rejects}

    def count(check: RowCheck) -> CheckCount:
        looked_at = rows if check.severity == "reject" else used
        failed = sum(count for failed, count in looked_at.items() if failed & bits(source, [check]))
        return CheckCount(check, sum(looked_at.values()), failed)

    rows_out = sum(used.values())
    return DataQuality(rows_out, sum(rows.values()) - rows_out, not_yet_joined, tuple(map(count, source.checks)))
