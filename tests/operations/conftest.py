"""The source table as a literal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from customer360.tables import CUSTOMERS, columns_read

from .literals import MakeCustomers


@pytest.fixture(scope="session")
def customers(spark: SparkSession) -> MakeCustomers:
    """
    Makes rows of the source table: `customers("name country", ("Ana", "Chile"), ...)`.

    A column that is not named is null in every row; customers are numbered from 1 unless customer_id is named;
    balances may be whole numbers.
    """
    schema = ", ".join(f"{name} {CUSTOMERS[name].spark_type}" for name in columns_read(CUSTOMERS))

    def make(header: str, *rows: tuple[Any, ...]) -> DataFrame:
        given = [
            {"customer_id": number, **dict(zip(header.split(), row, strict=True))}
            for number, row in enumerate(rows, start=1)
        ]
        for row in given:
            if row.get("account_balance") is not None:
                row["account_balance"] = Decimal(row["account_balance"])
        return spark.createDataFrame(
            [[row.get(name) for name in columns_read(CUSTOMERS)] for row in given], schema
        )

    return make
