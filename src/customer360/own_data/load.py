"""From a source and a mapping to the rows that are loaded and those that are rejected, counted, with reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from customer360.errors import Customer360Error
from customer360.own_data import transactions
from customer360.own_data.checks import DUPLICATE
from customer360.own_data.columns import SOURCE_FILE, SOURCE_LINE
from customer360.own_data.duplicates import losers, repeated_ids
from customer360.own_data.evidence import with_formats
from customer360.own_data.examine import ORIGINAL_ROW, REASONS, examined, originals_of
from customer360.own_data.mapped import lenient, mapped
from customer360.own_data.mapping import CustomerMapping
from customer360.own_data.sources import Source
from customer360.tables import CUSTOMERS, REJECTED_CUSTOMERS, Table

MAX_REJECTED: Final = 0.05
_PLACE: Final = [SOURCE_LINE, SOURCE_FILE]


@dataclass(frozen=True)
class Reason:
    """How many rows were rejected for a reason, and the line of the first."""

    rows: int
    first_line: int | None


@dataclass(frozen=True)
class Tally:
    """Every row of the source is counted once: in *rows_loaded* or in *rows_rejected*."""

    rows_in: int
    rows_loaded: int
    rows_rejected: int
    customers: int
    reasons: Mapping[str, Reason]
    cancelled_lines: int = 0

    @property
    def rejected_share(self) -> float:
        return self.rows_rejected / self.rows_in

    def require(self, max_rejected: float) -> None:
        """Raises: Customer360Error when more than the share *max_rejected* cannot be loaded, or nothing can."""
        if self.rejected_share > max_rejected:
            raise Customer360Error(
                f"{self.rows_rejected:,} of {self.rows_in:,} rows ({self.rejected_share:.1%}) cannot be loaded, "
                f"more than --max-rejected {100 * max_rejected:.4g}%: {self._why()}; nothing was changed"
            )
        if not self.customers:
            raise Customer360Error(f"no row can be loaded: {self._why()}; nothing was changed")

    def _why(self) -> str:
        return ", ".join(
            f"{name} ({reason.rows:,}" + (f", first in line {reason.first_line:,})" if reason.first_line else ")")
            for name, reason in list(self.reasons.items())[:5]
        )


@dataclass(frozen=True)
class Loadable:
    """The *customers* and *rejected* rows of a source as their tables have them; the mapping has its formats."""

    customers: DataFrame
    rejected: DataFrame
    mapping: CustomerMapping
    tally: Tally

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the customers that the source fills, in the order of the table."""
        is_lines = self.mapping.transactions
        return transactions.derived_columns(self.mapping) if is_lines else self.mapping.present

    def facts(self) -> dict[str, Any]:
        """What is kept with the customers about where they come from."""
        columns = self.columns
        return {
            "columns": list(columns),
            "missing_columns": [name for name in CUSTOMERS.column_names if name not in columns],
            "status_order": list(self.mapping.status_order) or None,
            "transactions": self.mapping.transactions,
            "rows": self.tally.customers,
            "rows_in": self.tally.rows_in,
            "rows_rejected": self.tally.rows_rejected,
            "rejected": {name: reason.rows for name, reason in self.tally.reasons.items()},
        }


@contextmanager
def loadable(
    source: Source, mapping: CustomerMapping, spark: SparkSession, *, as_of: date, is_shared: bool = True
) -> Iterator[Loadable]:
    """
    The rows of *source* examined with *mapping*; what comes out may be used while the context is open.

    *as_of* is the last day that has happened; for *is_shared* see `Source.frame`.
    Raises: Customer360Error when the mapping does not work.
    """
    with ExitStack() as open_until_used:
        open_until_used.enter_context(lenient(spark))
        frame = source.frame(spark, is_shared=is_shared)
        rows = mapped(frame, mapping.require())
        mapping = with_formats(mapping, source, rows)
        found = _kept(examined(rows, mapping, as_of), open_until_used)
        if mapping.transactions:
            parts = _of_lines(found, mapping, open_until_used)
        else:
            parts = _of_customers(found, frame, mapping, open_until_used)
        customers = _conformed(parts.customers, CUSTOMERS)
        rejected = _conformed(parts.rejected, REJECTED_CUSTOMERS)
        yield Loadable(customers, rejected, mapping, _tally(parts))


@dataclass(frozen=True)
class _Parts:
    """The rows of both tables before they are cut to their columns; `lines` says how many rows one stands for."""

    customers: DataFrame
    rejected: DataFrame


def _kept(frame: DataFrame, until: ExitStack) -> DataFrame:
    frame = frame.persist()
    until.callback(frame.unpersist)
    return frame


def _of_customers(found: DataFrame, source: DataFrame, mapping: CustomerMapping, until: ExitStack) -> _Parts:
    one = F.lit(1).alias(transactions.LINES)
    good, bad = found.where(F.col(REASONS) == ""), found.where(F.col(REASONS) != "")
    repeated = _kept(repeated_ids(found), until)
    if repeated.isEmpty():
        return _Parts(good.select("*", one), bad.select("*", one))
    losing = _kept(losers(found, repeated, keeps_newest=mapping.newest_by is not None), until)
    originals = originals_of(source.join(losing, _PLACE, "left_semi"))
    lost = good.drop(ORIGINAL_ROW, REASONS).join(originals, _PLACE).withColumn(REASONS, F.lit(DUPLICATE))
    twice = losing.withColumn("twin", F.lit(DUPLICATE))
    bad = bad.join(twice, _PLACE, "left").withColumn(REASONS, F.concat_ws(", ", REASONS, "twin")).drop("twin")
    kept = good.join(losing, _PLACE, "left_anti")
    return _Parts(kept.select("*", one), _kept(bad.unionByName(lost).select("*", one), until))


def _of_lines(found: DataFrame, mapping: CustomerMapping, until: ExitStack) -> _Parts:
    bad = found.where(F.col(REASONS) != "").withColumn(transactions.LINES, F.lit(1).cast("long"))
    customers = _kept(transactions.customers_of(found.where(F.col(REASONS) == ""), mapping), until)
    columns = ["customer_id", REASONS, ORIGINAL_ROW, transactions.LINES]
    out_of_range = customers.where(F.col(REASONS) != "").select(
        *columns, F.lit(None).cast("long").alias(SOURCE_LINE)
    )
    return _Parts(
        customers.where(F.col(REASONS) == ""), bad.select(*columns, SOURCE_LINE).unionByName(out_of_range)
    )


def _tally(parts: _Parts) -> Tally:
    cancelled = transactions.CANCELLED in parts.customers.columns
    customers, loaded, taken_off = parts.customers.select(
        F.count("*"),
        F.coalesce(F.sum(transactions.LINES), F.lit(0)),
        F.coalesce(F.sum(transactions.CANCELLED), F.lit(0)) if cancelled else F.lit(0),
    ).collect()[0]
    by_kind = parts.rejected.groupBy(REASONS).agg(F.sum(transactions.LINES), F.min(SOURCE_LINE)).collect()
    reasons: dict[str, Reason] = {}
    for names, rows, line in by_kind:
        for name in names.split(", "):
            reasons[name] = _together(reasons.get(name), Reason(rows, line))
    rejected = sum(rows for _, rows, _ in by_kind)
    most_first = dict(sorted(reasons.items(), key=lambda named: (-named[1].rows, named[0])))
    return Tally(loaded + rejected, loaded, rejected, customers, most_first, taken_off)


def _together(first: Reason | None, second: Reason) -> Reason:
    if first is None:
        return second
    lines = [line for line in (first.first_line, second.first_line) if line is not None]
    return Reason(first.rows + second.rows, min(lines, default=None))


def _conformed(rows: DataFrame, table: Table) -> DataFrame:
    """The columns of *table*, null where *rows* lack them."""
    return rows.select(
        [
            (F.col(column.name) if column.name in rows.columns else F.lit(None))
            .cast(column.spark_type)
            .alias(column.name)
            for column in table.columns
        ]
    )
