"""The first guess is right for columns that are called what people call them."""

from __future__ import annotations

import pytest

from customer360.own_data.guess import SYNONYMS, guess
from customer360.own_data.mapping import CustomerMapping
from customer360.tables import CUSTOMERS


def guessed(values: dict[str, list[str]], *, transactions: bool = False) -> CustomerMapping:
    return guess(list(values), values, transactions=transactions)


def test_every_column_of_customers_can_be_guessed() -> None:
    """A column that is added to the table without a name that people give it would never be found."""
    assert set(SYNONYMS) | {"source_id"} == set(CUSTOMERS.column_names)


def test_case_spaces_punctuation_and_the_kind_of_person_do_not_matter() -> None:
    """As exports of different programs write them."""
    found = guessed(
        {"Customer ID": ["1"], "MEMBER_SINCE": ["2024-01-02"], "last-seen": ["2024-01-02"], "Tier Name": ["Gold"],
         "Points (balance)": ["5"], "Total Spent": ["€ 1.234,50"], "Active?": ["Y"], "favourite colour": ["red"]}
    )  # fmt: skip

    assert found.columns == {
        "customer_id": "Customer ID", "join_date": "MEMBER_SINCE", "last_login": "last-seen",
        "loyalty_status": "Tier Name", "loyalty_points": "Points (balance)", "account_balance": "Total Spent",
        "is_active": "Active?",
    }  # fmt: skip
    assert found.newest_by == "last-seen"
    assert "birth_date" in found.missing


def test_adobe_xdm_loyalty_profiles_are_known() -> None:
    """Paths of the schema, with a tenant in front."""
    found = guessed(
        {"_acme.loyalty.loyaltyID": ["1"], "person.name.fullName": ["Ann"], "personalEmail.address": ["a@example.com"],
         "homeAddress.country": ["PT"], "_acme.loyalty.joinDate": ["2024-01-02T00:00:00Z"],
         "_acme.loyalty.points": ["5"], "_acme.loyalty.tier": ["gold"], "_acme.loyalty.status": ["active"]}
    )  # fmt: skip

    assert found.columns == {
        "customer_id": "_acme.loyalty.loyaltyID", "name": "person.name.fullName", "email": "personalEmail.address",
        "country": "homeAddress.country", "join_date": "_acme.loyalty.joinDate",
        "loyalty_points": "_acme.loyalty.points", "loyalty_status": "_acme.loyalty.tier",
        "is_active": "_acme.loyalty.status",
    }  # fmt: skip


def test_values_speak_against_a_name() -> None:
    """A status of words that are not yes or no is a tier; points that are words are none."""
    found = guessed({"id": ["1"], "status": ["Gold", "Silver"], "points": ["many"], "joined": ["2024-01-02"]})

    assert found.columns == {"customer_id": "id", "loyalty_status": "status", "join_date": "joined"}
    assert found.status_order == ("Silver", "Gold")


def test_what_is_in_parts_becomes_an_expression() -> None:
    """Names, months, an end of membership, and ids that are no numbers."""
    found = guessed(
        {"Loyalty Number": ["AB-1"], "First Name": ["Ann"], "Last Name": ["Lee"], "Enrollment Year": ["2018"],
         "Enrollment Month": ["2"], "Cancellation Year": [], "Loyalty Card": ["Star", "Aurora", "Nova"]}
    )  # fmt: skip

    assert found.columns == {
        "customer_id": "CASE WHEN trim(`Loyalty Number`) <> '' THEN xxhash64(trim(`Loyalty Number`)) END",
        "name": "concat_ws(' ', `First Name`, `Last Name`)",
        "join_date": "make_date(`Enrollment Year`, `Enrollment Month`, 1)",
        "is_active": "coalesce(trim(`Cancellation Year`), '') = ''",
        "loyalty_status": "Loyalty Card",
    }
    assert found.status_order == ("Star", "Nova", "Aurora")


@pytest.mark.parametrize(
    ("columns", "amount"),
    [
        ({"Quantity": ["6"], "Price": ["2.55"]}, {"quantity": "Quantity", "unit_price": "Price"}),
        ({"Quantity": ["6"], "UnitPrice": ["2.55"]}, {"quantity": "Quantity", "unit_price": "UnitPrice"}),
        ({"Quantity": ["6"], "Price": ["2.55"], "Amount": ["15.3"]},
         {"quantity": "Quantity", "unit_price": "Price", "amount": "Amount"}),
        ({"Total": ["15.3"]}, {"amount": "Total"}),
    ],
)  # fmt: skip
def test_lines_have_an_amount_or_a_quantity_and_a_price(
    columns: dict[str, list[str]], amount: dict[str, str]
) -> None:
    """A price beside a quantity is that of a piece."""
    found = guessed({"Customer ID": ["17850.0"], "InvoiceDate": ["12/1/2010 8:26"], **columns}, transactions=True)

    assert found.columns == {"customer_id": "Customer ID", "order_date": "InvoiceDate", **amount}
    found.require()
