"""Parameters: numbers that the reader sets."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from customer360.report.dimensions import BALANCE_BAND, SPENT_BAND, Dimension


@dataclass(frozen=True)
class Parameter:
    """
    A number that the reader sets, from 0 to *most*.

    With *of*, it is a threshold over bands: a sum over whole bands is exact at their edges. Between two edges it
    is exact only if the customers' own values can be read, from *column* of customer_profiles.
    """

    name: str
    label: str
    of: Dimension | None
    default: Decimal
    column: str = ""
    most: Decimal = Decimal(10) ** 16
    digits: int = 2
    """Digits after the decimal point."""


BALANCE_THRESHOLD: Final = Parameter(
    "balance_threshold", "Balance Threshold", BALANCE_BAND, Decimal(10_000), "account_balance"
)
SPENDING_THRESHOLD: Final = Parameter(
    "spending_threshold", "Spending Threshold", SPENT_BAND, Decimal(100), "spent"
)
POINT_PRICE: Final = Parameter("point_price", "Price of a Point", None, Decimal("0.01"), most=Decimal(1), digits=4)

PARAMETERS: Final = (BALANCE_THRESHOLD, SPENDING_THRESHOLD, POINT_PRICE)
