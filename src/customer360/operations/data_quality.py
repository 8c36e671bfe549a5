"""Counts of what the checks found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame

from customer360.operations.checks import FAILED_CHECKS, bits
from customer360.tables import RowCheck, Source
from customer360.tables.row_checks import IsUnknownTo, LedgerCondition


@dataclass(frozen=True)
class CheckCount:
    """How many rows a check examined, and how many of these failed."""

    check: RowCheck
    rows_checked: int
    rows_failed: int


@dataclass(frozen=True)
class DataQuality:
    """The row counts of one read of a source; rows_in = rows_out + rows_rejected + rows_not_yet_known."""

    rows_out: int
    rows_rejected: int
    rows_not_yet_known: int
    checks: tuple[CheckCount, ...]
    """One per check of the source, in its order."""

    @property
    def rows_in(self) -> int:
        return self.rows_out + self.rows_rejected + self.rows_not_yet_known

    def rows_failed(self, check_name: str) -> int:
        return next(count.rows_failed for count in self.checks if count.check.name == check_name)


def data_quality(
    checked: DataFrame, source: Source, in_ledger: Mapping[str, tuple[int, int]] | None = None
) -> DataQuality:
    """The counts of *checked* rows of *source*, as in `quality_of`; runs one small query."""
    found = checked.groupBy(FAILED_CHECKS).count().collect()
    return quality_of({row[FAILED_CHECKS]: row["count"] for row in found}, source, in_ledger)


def quality_of(
    counts: Mapping[int | None, int], source: Source, in_ledger: Mapping[str, tuple[int, int]] | None = None
) -> DataQuality:
    """
    What each check of *source* found, from *counts* of rows by their `failed_checks`.

    A 'reject' check examines every row known at the as-of date; a 'warn' check examines the rows that are used. So
    balance_missing is exactly the number of customers that an average balance excludes. *in_ledger* has the checks
    against a customer's events, by name, with the rows examined and failed; a check missing from it examined none.
    """
    known = {failed: count for failed, count in counts.items() if failed is not None}
    rejects = bits(source, source.rejects)
    used = {failed: count for failed, count in known.items() if not failed & rejects}

    def count(check: RowCheck) -> CheckCount:
        if isinstance(check.condition, LedgerCondition) and not isinstance(check.condition, IsUnknownTo):
            return CheckCount(check, *(in_ledger or {}).get(check.name, (0, 0)))
        looked_at = known if check.severity == "reject" else used
        failed = sum(count for failed, count in looked_at.items() if failed & bits(source, [check]))
        return CheckCount(check, sum(looked_at.values()), failed)

    rows_out, rows_known = sum(used.values()), sum(known.values())
    checks = tuple(map(count, source.checks))
    return DataQuality(rows_out, rows_known - rows_out, counts.get(None, 0), checks)
