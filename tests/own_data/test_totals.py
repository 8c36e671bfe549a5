"""A total row is not a customer."""

from __future__ import annotations

from pathlib import Path

import pytest

from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.row_kinds import ORDER_LINES
from tests.own_data.test_load import customers, found_in, reasons

ROWS = "1,Ada,2023-01-05,100.00\n2,Bo,2023-02-06,200.00\n3,Cy,2023-03-07,300.00\n"
FULL = ColumnMapping({"customer_id": "id", "name": "name", "join_date": "joined", "account_balance": "balance"})


def members(folder: Path, more: str, header: str = "id,name,joined,balance", rows: str = ROWS) -> Path:
    path = folder / "members.csv"
    path.write_text(f"{header}\n{rows}{more}\n")
    return path


@pytest.mark.parametrize(
    "word",
    [
        "Total",
        "TOTAL:",
        "Grand Total",
        "Totals",
        "Summe",
        "Gesamtergebnis",
        "Total general",
        "Sum",
        "Total (3)",
        "Итого",
    ],
)
def test_a_row_that_is_called_a_total_and_names_no_customer_is_rejected(tmp_path: Path, word: str) -> None:
    """In its id, or in the first column if the id is blank."""
    with found_in(members(tmp_path, f"{word},,,600.00"), FULL) as found:
        assert set(customers(found)) == {1, 2, 3}
        assert reasons(found) == {5: {"customer_id_unreadable", "totals_row"}}

    rows = "Ada,1,100.00\nBo,2,200.00\n"
    by_name = ColumnMapping({"customer_id": "id", "name": "name", "account_balance": "balance"})
    with found_in(members(tmp_path, f"{word},,300.00", "name,id,balance", rows), by_name) as found:
        assert reasons(found) == {4: {"customer_id_missing", "totals_row"}}


def test_somebody_called_sum_is_kept(tmp_path: Path) -> None:
    """With their own id, and an amount that is not the sum."""
    by_name = ColumnMapping({"customer_id": "id", "name": "name", "account_balance": "balance"})
    with found_in(
        members(tmp_path, "Sum,17,5.00", "name,id,balance", "Ada,1,9.00\nBo,2,9.00\n"), by_name
    ) as found:
        assert set(customers(found)) == {1, 2, 17}


def test_with_text_ids_a_total_is_not_hashed_into_a_customer(tmp_path: Path) -> None:
    """It would be the largest customer of all."""
    rows = "".join(f"C-{row}\n" for row in ROWS.splitlines())
    path = members(tmp_path, "Grand Total,,,600.00", "customer_id,name,joined,balance", rows)

    with found_in(path) as found:
        assert (found.tally.customers, found.tally.rows_rejected) == (3, 1)
        assert reasons(found) == {5: {"totals_row"}}


@pytest.mark.parametrize("is_sum", [True, False])
def test_a_customer_called_total_is_kept_unless_the_amount_is_the_sum_of_all_others(
    tmp_path: Path, is_sum: bool
) -> None:
    """A company may have this name."""
    rows = "".join(f"C-{row}\n" for row in ROWS.splitlines())
    path = members(
        tmp_path, f"Total,All,2023-03-08,{'600.00' if is_sum else '600.50'}", "id,name,joined,balance", rows
    )

    with found_in(path, ColumnMapping({**FULL.columns, "customer_id": "hashed_id(id)"})) as found:
        assert found.tally.customers == (3 if is_sum else 4)
        assert reasons(found) == ({5: {"totals_row"}} if is_sum else {})


@pytest.mark.parametrize(("total", "customers_left"), [("33.33", 2), ("33.50", 3)])
def test_in_lists_of_ids_and_amounts_only_the_sum_decides(tmp_path: Path, total: str, customers_left: int) -> None:
    """For order lines, the sum of their products, rounded to cents."""
    path = tmp_path / "lines.csv"
    path.write_text(f"who,day,n,price\nA,2024-01-02,2,5.555\nB,2024-01-02,1,22.22\nTotal,2024-01-02,1,{total}\n")
    mapping = ColumnMapping(
        {"customer_id": "hashed_id(who)", "order_date": "day", "quantity": "n", "unit_price": "price"},
        kind=ORDER_LINES,
    )

    with found_in(path, mapping) as found:
        assert found.tally.customers == customers_left
