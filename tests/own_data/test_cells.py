"""A cell is valid, blank or invalid, and these are never confused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from customer360.own_data.cells import cells
from customer360.tables import CUSTOMERS


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("customer_id", " 7 ", 7),
        ("customer_id", "17850.0", 17850),
        ("customer_id", "9223372036854775807", 2**63 - 1),
        ("loyalty_points", "1,234", 1234),
        ("account_balance", "0.005", Decimal("0.01")),
        ("account_balance", "9999999999.99", Decimal("9999999999.99")),
        ("is_active", "Yes", True),
        ("is_active", "0", False),
        ("join_date", "2024-01-02 23:59", date(2024, 1, 2)),
        ("name", " Ann ", "Ann"),
        ("name", "NA", "NA"),
    ],
)
def test_a_value_is_read_in_the_type_of_its_column(column: str, text: str, value: Any) -> None:
    """Amounts are rounded to cents, half away from zero."""
    found = cells(pa.array([text]), CUSTOMERS[column])

    assert found.values[0].as_py() == value
    assert not found.unreadable[0]
    assert not found.too_large[0]


@pytest.mark.parametrize("column", ["customer_id", "account_balance", "is_active", "join_date", "last_login"])
@pytest.mark.parametrize("text", [None, "", "  ", "NULL", "NaN", "n/a", "\\N", "-", "\u2013", "---"])
def test_what_exports_write_for_a_missing_value_is_null(column: str, text: str | None) -> None:
    """It is not an error."""
    found = cells(pa.array([text], pa.string()), CUSTOMERS[column])

    assert found.values[0].as_py() is None
    assert not found.unreadable[0]


@pytest.mark.parametrize(
    ("column", "text"),
    [("customer_id", "12.5"), ("customer_id", "1.234"), ("account_balance", "x"), ("is_active", "maybe"),
     ("join_date", "2024-02-30"), ("account_balance", "inf")],
)  # fmt: skip
def test_anything_else_is_unreadable(column: str, text: str) -> None:
    """Not rounded, not rolled over, not guessed."""
    found = cells(pa.array([text]), CUSTOMERS[column])

    assert found.values[0].as_py() is None
    assert found.unreadable[0]
    assert not found.too_large[0]


@pytest.mark.parametrize(
    ("column", "text"),
    [("customer_id", str(2**63)), ("account_balance", "9999999999.995"), ("account_balance", "-1e10"),
     ("loyalty_points", "9" * 60)],
)  # fmt: skip
def test_a_number_out_of_range_for_the_type_is_too_large(column: str, text: str) -> None:
    """It has its own reason, as the number may be correct."""
    found = cells(pa.array([text]), CUSTOMERS[column])

    assert found.values[0].as_py() is None
    assert found.too_large[0]
    assert not found.unreadable[0]
