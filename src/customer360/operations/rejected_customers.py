"""The rows that could not be used."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.checks import REJECT_BITS, REJECTS, bit, fails
from customer360.operations.conform import AS_READ, SOURCE_COLUMNS, conform


def rejected_customers(checked: DataFrame) -> DataFrame:
    """
    One row per *checked* row that fails a 'reject' check, with the names of all those it fails.

    original_row holds the columns that the operations read, nulls included, moments to the microsecond.
    """
    reasons = [F.when(fails(bit(check)), check.name) for check in REJECTS]
    original_row = F.to_json(
        F.struct([_as_read(name, checked.columns) for name in SOURCE_COLUMNS]),
        {"ignoreNullFields": "false", "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"},
    )
    rejected = checked.where(fails(REJECT_BITS)).select(
        "customer_id", F.concat_ws(", ", *reasons).alias("reasons"), original_row.alias("original_row")
    )
    return conform(rejected, tables.REJECTED_CUSTOMERS)


def _as_read(name: str, columns: list[str]) -> Column:
    return F.col(AS_READ + name if AS_READ + name in columns else name).alias(name)
