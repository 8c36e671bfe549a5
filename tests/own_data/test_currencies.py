"""Amounts in several currencies are never summed silently."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from customer360.errors import Customer360Error
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.row_kinds import ORDER_LINES
from tests.own_data.test_load import customers, found_in, reasons, spent

BALANCES = ColumnMapping({"customer_id": "id", "account_balance": "balance"})


def members(folder: Path, *amounts: str, header: str = "id;balance") -> Path:
    path = folder / "members.csv"
    path.write_text(f"{header}\n" + "".join(f"{i};{amount}\n" for i, amount in enumerate(amounts, start=1)))
    return path


@pytest.mark.parametrize(
    ("amounts", "rows"),
    [
        (["10.00 EUR", "10.00 USD", "20.00 USD", "1500 JPY", "£10.00"], "USD 2, EUR 1, GBP 1, JPY 1"),
        (["€ 1", "€ 2", "$3"], "EUR 2, USD 1"),
        (["EUR 1.00", "£2.00", "£3"], "GBP 2, EUR 1"),
        (["R$ 1,00", "zł 2,00", "2,00 zł"], "PLN 2, BRL 1"),
        (["CA$1", "A$2", "US$3", "NZ$4", "$5"], "USD 2, AUD 1, CAD 1, NZD 1"),
        (["Rp1.000", "EUR12.50", "12.50CHF", "Fr. 3", "kr 4"], "CHF 2, EUR 1, IDR 1, KR 1"),
    ],
)
def test_amounts_in_several_currencies_are_refused_with_the_rows_of_each(
    tmp_path: Path, amounts: list[str], rows: str
) -> None:
    """In one line that says both ways to fix it."""
    with pytest.raises(Customer360Error) as raised, found_in(members(tmp_path, *amounts), BALANCES):
        pass

    assert f"currencies (rows: {rows}); choose one in the mapping with [keep] currency" in str(raised.value)
    assert '[constants] currency = "EUR"' in str(raised.value)


@pytest.mark.parametrize(
    "amounts", [["€ 1.00", "2.00 EUR", "eur 3.00", "4.00"], ["$1", "USD 2", "3"], ["1", "2"], ["1e1", "", "n/a"]]
)
def test_signs_and_codes_of_one_currency_are_the_same(tmp_path: Path, amounts: list[str]) -> None:
    """Also next to cells that name none."""
    with found_in(members(tmp_path, *amounts), BALANCES) as found:
        assert found.tally.rows_loaded == len(amounts)


@pytest.mark.parametrize("mapped", [{}, {"currency": "Currency"}])
def test_a_column_of_currencies_counts_too(tmp_path: Path, mapped: dict[str, str]) -> None:
    """Even if the mapping does not mention it."""
    path = members(tmp_path, "1;EUR", "2;usd", "3;", header="id;balance;Currency")
    mapping = ColumnMapping({**BALANCES.columns, **mapped})

    several = pytest.raises(Customer360Error, match=r"cannot sum amounts in 2 currencies \(rows: EUR 1, USD 1\)")
    with several, found_in(path, mapping):
        pass
    with found_in(path, ColumnMapping(mapping.columns, {"currency": "EUR"})) as found:
        assert found.tally.rows_loaded == 3


def test_one_currency_may_be_chosen_and_rows_in_others_are_rejected(tmp_path: Path) -> None:
    """Rows without a currency are rejected too, as theirs is unknown."""
    path = members(tmp_path, "1 EUR", "€ 2", "$3", "4", "x")
    mapping = ColumnMapping(BALANCES.columns, currency="eur")

    with found_in(path, mapping) as found:
        assert {key: row["account_balance"] for key, row in customers(found).items()} == {1: 1, 2: 2}
        assert reasons(found) == {
            4: {"other_currency"}, 5: {"other_currency"}, 6: {"other_currency", "account_balance_unreadable"},
        }  # fmt: skip


def test_the_currencies_of_lines_are_those_of_prices_and_of_a_column(tmp_path: Path) -> None:
    """A line that contradicts itself is not in the chosen currency."""
    path = tmp_path / "lines.csv"
    path.write_text("id,day,n,price,cur\n1,2024-01-02,2,$1.50,USD\n1,2024-01-03,1,€1,EUR\n2,2024-01-03,1,€1,USD\n")
    columns = {"customer_id": "id", "order_date": "day", "quantity": "n", "unit_price": "price", "currency": "cur"}

    several = pytest.raises(Customer360Error, match=r"\(rows: EUR 2, USD 2\)")
    with several, found_in(path, ColumnMapping(columns, kind=ORDER_LINES)):
        pass
    with found_in(path, ColumnMapping(columns, kind=ORDER_LINES, currency="USD")) as found:
        assert spent(found) == {1: Decimal("3.00")}
        assert reasons(found) == {3: {"other_currency"}, 4: {"other_currency"}}
