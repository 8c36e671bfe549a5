"""The events of customers: read once, checked, and summed by customer and month."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.checks import FAILED_CHECKS, bits, checked, fails
from customer360.operations.conform import source_rows
from customer360.operations.event_months import KIND_NUMBER, event_months, used_events
from customer360.operations.summable import all_points, most_points, require_summable
from customer360.spark.keep import kept
from customer360.tables import CUSTOMERS, EVENT_KINDS, EVENTS, columns_read, events_of
from customer360.tables.row_checks import IsUnknownTo

_OPTIONAL: Final = tuple(EVENTS[name] for name in columns_read(EVENTS) if name not in EVENTS.ids)
_KINDS: Final = tuple(events_of(kind) for kind in EVENT_KINDS)
ALL_MISSING: Final = (*_OPTIONAL, *_KINDS)
"""What is missing from data without events."""
_UNKNOWN: Final = tuple(check for check in EVENTS.checks if isinstance(check.condition, IsUnknownTo))
_STATE: Final = "is_known_customer"


@dataclass(frozen=True)
class EventRows:
    """
    The events as read from *table*.

    *keys_are_unique* means that event_id has a unique index. *customers_are_derived* means that the customers were
    derived from these events, so their points and first purchase are those known at the as-of date.
    """

    rows: DataFrame
    table: str = EVENTS.full_name
    keys_are_unique: bool = False
    customers_are_derived: bool = False
    forgotten: Collection[int] = ()
    """The forgotten customers, whose events are rejected."""


@dataclass(frozen=True)
class Ledger:
    """
    The checked *rows* of events, the `event_months` of those that pass, and counts.

    *counts* are the numbers of rows by `failed_checks`; *missing* are the columns and kinds that do not occur in
    the rows that are used.
    """

    rows: DataFrame
    months: DataFrame
    counts: Mapping[int | None, int]
    missing: tuple[tables.Column, ...]
    is_complete: bool
    """Whether no event is after the as-of date."""

    @property
    def used(self) -> DataFrame:
        return used_events(self.rows)

    @property
    def rows_used(self) -> int:
        rejects = bits(EVENTS, EVENTS.rejects)
        return sum(count for failed, count in self.counts.items() if failed is not None and not failed & rejects)

    @property
    def rejects(self) -> bool:
        """Whether any row fails a 'reject' check."""
        return any(failed & bits(EVENTS, EVENTS.rejects) for failed in self.counts if failed)


@contextmanager
def ledger_of(events: EventRows, *, as_of: date) -> Iterator[Ledger]:
    """The ledger of *events*, regardless of their customers, kept until the `with` ends."""
    rows = checked(
        source_rows(events.rows, EVENTS), EVENTS, as_of=as_of, keys_are_unique=events.keys_are_unique,
        forgotten=events.forgotten,
    )  # fmt: skip
    with kept(rows) as held, kept(event_months(used_events(held), as_of=as_of)) as months:
        yield _counted(held, months)


def with_owners(ledger: Ledger, customers: DataFrame) -> Ledger:
    """
    *ledger* with events rejected if none of the checked *customers* has their customer_id, and not known yet if
    their customer is not known yet.

    Rows are examined again only if any of them fails a 'reject' check or has an unknown customer.
    """
    if not ledger.rejects and not _has_strangers(ledger, customers):
        return ledger
    is_used = F.coalesce(~fails(CUSTOMERS, CUSTOMERS.rejects), F.lit(False))
    states = customers.where(is_used | F.col(FAILED_CHECKS).isNull()).groupBy("customer_id")
    marked = ledger.rows.join(states.agg(F.bool_or(is_used).alias(_STATE)), "customer_id", "left")
    found = _counted(marked.withColumn(FAILED_CHECKS, _with_owner()).drop(_STATE), ledger.months)
    return replace(found, is_complete=ledger.is_complete)


def _has_strangers(ledger: Ledger, customers: DataFrame) -> bool:
    known = customers.where(~fails(CUSTOMERS, CUSTOMERS.rejects)).select("customer_id")
    return not ledger.months.select("customer_id").distinct().join(known, "customer_id", "left_anti").isEmpty()


def _with_owner() -> Column:
    """The failed checks, including that for an unknown customer; null if the customer is not known yet."""
    failed = F.col(FAILED_CHECKS)
    is_unknown = F.col(_STATE).isNull() & F.col("customer_id").isNotNull()
    with_unknown = failed.bitwiseOR(F.lit(bits(EVENTS, _UNKNOWN)))
    return F.when(is_unknown, with_unknown).when(F.coalesce(F.col(_STATE), F.lit(True)), failed)


def _counted(rows: DataFrame, months: DataFrame) -> Ledger:
    """The ledger of *rows* with their counts, from one small query."""
    groups = rows.groupBy(FAILED_CHECKS, KIND_NUMBER).agg(
        F.count("*").alias("events"),
        *[F.count(column.name).alias(column.name) for column in _OPTIONAL],
        most_points("points"),
        all_points("points"),
    ).collect()  # fmt: skip
    counts = dict.fromkeys((row[FAILED_CHECKS] for row in groups), 0)
    for row in groups:
        counts[row[FAILED_CHECKS]] += row["events"]
    rejects = bits(EVENTS, EVENTS.rejects)
    used = [row for row in groups if row[FAILED_CHECKS] is not None and not row[FAILED_CHECKS] & rejects]
    require_summable("the points of events", "events", sum(row["events"] for row in used), used)
    return Ledger(rows, months, counts, _missing(used), not counts.get(None))


def _missing(used: Iterable[Row]) -> tuple[tables.Column, ...]:
    used = list(used)
    kinds = {row[KIND_NUMBER] for row in used}
    columns = [column for column in _OPTIONAL if not any(row[column.name] for row in used)]
    return (*columns, *[kind for number, kind in enumerate(_KINDS) if number not in kinds])
