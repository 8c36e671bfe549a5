"""Money that customers spent, to the cent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.row_kinds import ORDER_LINES
from tests.own_data.test_load import customers, found_in, reasons

PRODUCT = {"customer_id": "id", "order_date": "day", "quantity": "n", "unit_price": "price"}


def lines(folder: Path, *rows: str, header: str = "id,day,n,price") -> Path:
    path = folder / "lines.csv"
    path.write_text("\n".join([header, *rows]))
    return path


@pytest.mark.parametrize(
    ("prices", "balance"),
    [
        (["0.335"] * 3, "1.01"),  # 1.005; line by line it would be 1.02, half to even 1.00
        (["0.0025"] * 4, "0.01"),  # line by line nothing
        (["0.333333"] * 3, "1.00"),
        (["2.675", "0"], "2.68"),
        (["-0.335"] * 3, "-1.01"),
        (["10.001", "-0.0005", "-0.0005"], "10.00"),
    ],
)
@pytest.mark.parametrize("is_product", [True, False])
def test_cents_are_rounded_once_half_away_from_zero(
    tmp_path: Path, prices: list[str], balance: str, is_product: bool
) -> None:
    """As PostgreSQL rounds numeric: of the sum of a customer's lines, not of each."""
    path = lines(tmp_path, *(f"1,2024-01-0{i},1,{price}" for i, price in enumerate(prices, start=1)))
    columns = PRODUCT if is_product else {"customer_id": "id", "order_date": "day", "amount": "price"}

    mapping = ColumnMapping(columns, kind=ORDER_LINES).with_styles("decimal point")
    with found_in(path, mapping) as found:
        assert customers(found)[1]["account_balance"] == Decimal(balance)


def test_a_share_is_taken_off_the_product(tmp_path: Path) -> None:
    """Of a cancelled line too; an amount is less the discount already; a share lies from 0 to 1."""
    path = lines(
        tmp_path, "1,2024-01-02,3,10.00,0.15,", "1,2024-01-03,-1,10.00,0.15,", "2,2024-01-03,1,10.00,,",
        "3,2024-01-03,1,10.00,0.5,9.99", "4,2024-01-03,1,10.00,15,", "4,2024-01-03,1,10.00,-0.1,", header="id,day,n,price,off,paid",
    )  # fmt: skip
    mapping = ColumnMapping({**PRODUCT, "discount": "off", "amount": "paid"}, kind=ORDER_LINES)

    with found_in(path, mapping) as found:
        balances = {key: row["account_balance"] for key, row in customers(found).items()}
        assert balances == {1: Decimal("17.00"), 2: Decimal("10.00"), 3: Decimal("9.99")}
        assert reasons(found) == {6: {"discount_no_share"}, 7: {"discount_no_share"}}


def test_numbers_beyond_all_sums_reject_their_customer(tmp_path: Path) -> None:
    """Rather than end the load."""
    largest = "999999999999"
    path = lines(
        tmp_path, f"1,2024-01-02,{largest},{largest}", f"1,2024-01-02,{largest},{largest}", "2,2024-01-02,1,5"
    )

    with found_in(path, ColumnMapping(PRODUCT, kind=ORDER_LINES)) as found:
        assert {key: row["account_balance"] for key, row in customers(found).items()} == {2: 5}
        assert found.tally.reasons["account_balance_too_large"].rows == 2
