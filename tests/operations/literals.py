"""Customers and events as literal tables, and results as lists of tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from pyspark.sql import DataFrame

from customer360.operations import customer_profiles as operation
from customer360.operations.checks import checked
from customer360.operations.customer_history import with_history
from customer360.operations.customer_profiles import in_slicer_cells, known_customers
from customer360.operations.run import EventRows, ResultTables, results
from customer360.operations.survey import survey
from customer360.operations.value_tables import valued, with_expected
from customer360.tables import CUSTOMERS

AS_OF = date(2026, 6, 30)

MakeCustomers = Callable[..., DataFrame]
MakeEvents = Callable[..., DataFrame]


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@contextmanager
def found(
    customers: DataFrame, events: DataFrame, *, as_of: date = AS_OF, **of_events: Any
) -> Iterator[ResultTables]:
    """The results of *customers* and *events*, without unique indexes unless *of_events* sets them."""
    with results(customers, as_of=as_of, events=EventRows(events, **of_events)) as tables:
        yield tables


def result(name: str, columns: str, *sources: DataFrame, **options: Any) -> list[tuple[Any, ...]]:
    """The named columns of every row of the table *name* from customers and events."""
    with found(*sources, **options) as tables:
        return rows(tables.tables[name], columns)


def failed(check: str, *sources: DataFrame, **options: Any) -> tuple[int, int]:
    """The numbers of rows of customers or events that *check* examined and that failed."""
    with found(*sources, **options) as tables:
        qualities = [tables.data_quality, tables.event_quality]
    counts = [count for quality in qualities if quality for count in quality.checks]
    [count] = [count for count in counts if count.check.name == check]
    return count.rows_checked, count.rows_failed


def known(customers: DataFrame, *, as_of: date = AS_OF) -> DataFrame:
    """*customers* as the survey and the traits expect them: checked, without rejected rows."""
    rows = checked(customers, CUSTOMERS, as_of=as_of, keys_are_unique=True)
    return known_customers(with_history(rows, None, as_of=as_of), as_of=as_of)


def with_traits(customers: DataFrame, *, as_of: date = AS_OF) -> DataFrame:
    """*customers* with all their traits, in bands from their own survey."""
    usable = known(customers, as_of=as_of)
    with valued(
        operation.with_traits(usable, survey(usable, as_of=as_of), as_of=as_of), None, as_of=as_of
    ) as worth:
        return with_expected(worth.customers, worth)


def in_cells(customers: DataFrame, *, as_of: date = AS_OF) -> DataFrame:
    """*customers* as the segment tables expect them, with the members of their own survey."""
    return in_slicer_cells(with_traits(customers, as_of=as_of))


def rows(table: DataFrame, columns: str) -> list[tuple[Any, ...]]:
    """The named columns of every row, in an order that does not depend on partitions; nulls come first."""
    found = [tuple(row) for row in table.select(columns.split()).collect()]
    return sorted(found, key=lambda row: [(value is not None, value) for value in row])
