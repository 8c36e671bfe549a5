"""Customers as literal tables, and results as lists of tuples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from pyspark.sql import DataFrame

from customer360.operations import customer_profiles as operation
from customer360.operations.checks import checked
from customer360.operations.customer_profiles import in_slicer_cells, known_customers
from customer360.operations.survey import survey
from customer360.tables import CUSTOMERS

AS_OF = date(2026, 6, 30)

MakeCustomers = Callable[..., DataFrame]


def known(customers: DataFrame, *, as_of: date = AS_OF) -> DataFrame:
    """*customers* as the survey and the traits expect them: checked, the unusable left out."""
    return known_customers(checked(customers, CUSTOMERS, as_of=as_of, keys_are_unique=True), as_of=as_of)


def with_traits(customers: DataFrame, *, as_of: date = AS_OF) -> DataFrame:
    """*customers* with everything said about each, in bands from their own survey."""
    usable = known(customers, as_of=as_of)
    return operation.with_traits(usable, survey(usable, as_of=as_of), as_of=as_of)


def in_cells(customers: DataFrame, *, as_of: date = AS_OF) -> DataFrame:
    """*customers* as the segment tables expect them, under the members of their own survey."""
    return in_slicer_cells(with_traits(customers, as_of=as_of), survey(known(customers, as_of=as_of), as_of=as_of))


def rows(table: DataFrame, columns: str) -> list[tuple[Any, ...]]:
    """The named columns of every row, in an order that does not depend on partitions; nulls come first."""
    found = [tuple(row) for row in table.select(columns.split()).collect()]
    return sorted(found, key=lambda row: [(value is not None, value) for value in row])
