"""The source tables as literals."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import pytest
from pyspark.sql import DataFrame, SparkSession

from customer360.tables import CUSTOMERS, EVENTS, Source, columns_read

from .literals import MakeCustomers, MakeEvents, moment

_AMOUNTS: Final = ("account_balance", "amount")


@pytest.fixture(scope="session")
def customers(spark: SparkSession) -> MakeCustomers:
    """
    Makes rows of the source table: `customers("name country", ("Ana", "Chile"), ...)`.

    Unnamed columns are null in every row; customers are numbered from 1 unless customer_id is named; balances may be
    whole numbers.
    """

    def make(header: str, *rows: tuple[Any, ...]) -> DataFrame:
        return _table(spark, CUSTOMERS, header, rows)

    return make


@pytest.fixture(scope="session")
def events(spark: SparkSession) -> MakeEvents:
    """
    Makes events: `events("customer_id occurred_at kind", (1, "2026-06-01", "login"), ...)`.

    Like `customers`; times are texts of a day or a second.
    """

    def make(header: str, *rows: tuple[Any, ...]) -> DataFrame:
        names = header.split()
        at = names.index("occurred_at") if "occurred_at" in names else None
        if at is not None:
            rows = tuple((*row[:at], moment(row[at]), *row[at + 1 :]) for row in rows)
        return _table(spark, EVENTS, header, rows)

    return make


def _table(spark: SparkSession, source: Source, header: str, rows: Iterable[tuple[Any, ...]]) -> DataFrame:
    columns = columns_read(source)
    schema = ", ".join(f"{name} {source[name].spark_type}" for name in columns)
    given = [
        {source.key[0]: number, **dict(zip(header.split(), row, strict=True))}
        for number, row in enumerate(rows, start=1)
    ]
    for row in given:
        row.update({name: Decimal(row[name]) for name in _AMOUNTS if row.get(name) is not None})
    return spark.createDataFrame([[row.get(name) for name in columns] for row in given], schema)
