"""The first guess is right for columns with common names."""

from __future__ import annotations

import pytest

from customer360.own_data.guess import guess
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.row_kinds import CUSTOMER_ROWS, ORDER_LINES, ROW_KINDS, RowKind


def guessed(values: dict[str, list[str]], kind: RowKind = CUSTOMER_ROWS) -> ColumnMapping:
    return guess(list(values), values, kind)


def test_every_column_of_customers_can_be_guessed() -> None:
    """A column added to the table without synonyms would never be found."""
    for kind in ROW_KINDS.values():
        assert set(kind.synonyms) | {"source_id"} == set(kind.targets)


def test_case_spaces_punctuation_and_the_kind_of_person_do_not_matter() -> None:
    """Programs write them differently."""
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


def test_adobe_xdm_loyalty_profiles_are_recognized() -> None:
    """Paths of the schema, with a tenant prefix."""
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


def test_values_can_rule_out_a_name() -> None:
    """A status with words other than yes and no is a tier; words are not points."""
    found = guessed({"id": ["1"], "status": ["Gold", "Silver"], "points": ["many"], "joined": ["2024-01-02"]})

    assert found.columns == {"customer_id": "id", "loyalty_status": "status", "join_date": "joined"}
    assert found.status_order == ("Silver", "Gold")


def test_names_and_dates_in_parts_become_an_expression() -> None:
    """Names, months, a year of leaving, and text ids."""
    found = guessed(
        {"Loyalty Number": ["AB-1"], "First Name": ["Ann"], "Last Name": ["Lee"], "Enrollment Year": ["2018"],
         "Enrollment Month": ["2"], "Cancellation Year": [], "Loyalty Card": ["Star", "Aurora", "Nova"]}
    )  # fmt: skip

    left = "filled(`Cancellation Year`)"
    assert found.columns == {
        "customer_id": "hashed_id(`Loyalty Number`)",
        "name": "concat_ws(' ', filled_text(`First Name`), filled_text(`Last Name`))",
        "join_date": "make_date(`Enrollment Year`, `Enrollment Month`, 1)",
        "is_active": f"{left} IS NULL OR coalesce(try_cast({left} AS double) > year(as_of_date()), false)",
        "loyalty_status": "Loyalty Card",
    }
    assert found.status_order == ("Star", "Nova", "Aurora")


IDS = [["7", "8", "9"], ["7", "7", "8"]]


@pytest.mark.parametrize(
    ("columns", "customer_id"),
    [
        (["id", "customer_id", "joined"], "customer_id"),
        (["ID", "Customer ID"], "Customer ID"),
        (["account_id", "customer_id"], "customer_id"),
        (["user_id", "customer_id"], "customer_id"),
        (["No", "Customer Number"], "Customer Number"),
        (["key", "Member No."], "Member No."),
        (["number", "Cust. Code"], "Cust. Code"),
        (["Account ID", "Contact ID"], "Contact ID"),
        (["id", "address.id", "company.id"], "id"),
        (["address.id", "customer_id"], "customer_id"),
        (["id", "user.id", "address.id"], "user.id"),
        (["data.customer.id", "data.order.id"], "data.customer.id"),
        (["order_id", "CustomerID"], "CustomerID"),
        (["Record ID", "Company ID"], "Record ID"),
        (["household_key", "DAY"], "household_key"),
        (["order_id", "customer_unique_id"], "customer_unique_id"),
        (["tier.id", "product.key"], None),
    ],
)
@pytest.mark.parametrize("kind", ROW_KINDS.values(), ids=ROW_KINDS)
def test_the_most_specific_name_is_the_customers_id(
    columns: list[str], customer_id: str | None, kind: RowKind
) -> None:
    """The target's own name, then a synonym with the person in it, then a bare id, in any order of columns."""
    for names in (columns, columns[::-1]):
        found = guessed({name: ["7", "8"] for name in names}, kind=kind)
        bare = not kind.is_per_customer and customer_id == "id"  # the id of the line or of the event
        assert found.columns.get("customer_id") == (None if bare else customer_id)


def test_the_one_of_two_ids_that_identifies_customers_is_used() -> None:
    """A list of customers may include the account that several of them share."""
    assert guessed({"user_id": ["3", "3"], "member_id": ["1", "2"]}).columns["customer_id"] == "member_id"
    assert guessed({"user_id": ["3", "4"], "member_id": ["1", "1"]}).columns["customer_id"] == "user_id"


@pytest.mark.parametrize(
    "own", ["id", "ID", "Id", "no", "Number", "key", "code", "order_id", "Order Number", "Invoice", "order.id"]
)
def test_an_orders_own_id_is_never_the_customer(own: str) -> None:
    """Neither next to a customer or an e-mail address, nor if it differs on every line."""
    orders = {own: ["9001", "9001", "9002"], "date": ["2024-01-02"] * 3, "amount": ["1.00"] * 3}
    distinct = {**orders, own: ["9001", "9002", "9003"]}

    assert guessed({**orders, "user_id": ["1", "1", "2"]}, kind=ORDER_LINES).columns["customer_id"] == "user_id"
    by_email = guessed({**orders, "Email": ["a@b.c", "a@b.c", "d@e.f"]}, kind=ORDER_LINES)
    assert by_email.columns["customer_id"] == "hashed_id(lower(`Email`))"
    assert "customer_id" not in guessed(distinct, kind=ORDER_LINES).columns


def test_lines_may_call_the_customer_just_id() -> None:
    """As in old lists of purchases: a repeated id, and no other column for a person."""
    found = guessed({"id": ["4", "4", "9"], "date": ["19970101"] * 3, "amount": ["29.33"] * 3}, kind=ORDER_LINES)

    assert found.columns["customer_id"] == "id"


def test_the_orders_of_a_shop_system_are_understood() -> None:
    """Name is the order number; Total is only on the first line of an order, so the items are counted."""
    found = guessed(
        {"Name": ["#1001", "#1001", "#1002"], "Email": ["a@b.c", "a@b.c", "d@e.f"], "Financial Status": ["paid", "paid"],
         "Currency": ["EUR", "EUR"], "Total": ["35.00", "10.00"], "Created at": ["2024-01-02 09:59:00 +0100"] * 3,
         "Lineitem quantity": ["1", "2", "1"], "Lineitem name": ["Mug", "Cup", "Mug"], "Lineitem price": ["10.00"] * 3,
         "Billing Name": ["Ada Lind", "Bo Ek"], "Billing Country": ["PT", "SE"], "Id": ["55", "56"]},
        kind=ORDER_LINES,
    )  # fmt: skip

    assert found.columns == {
        "customer_id": "hashed_id(lower(`Email`))", "order_date": "Created at", "quantity": "Lineitem quantity",
        "unit_price": "Lineitem price", "name": "Billing Name", "email": "Email", "country": "Billing Country",
        "currency": "Currency",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        (
            ["Account Name", "First Name", "Last Name"],
            "concat_ws(' ', filled_text(`First Name`), filled_text(`Last Name`))",
        ),
        (["customer.name", "first_name", "last_name"], "customer.name"),
        (["Name", "First Name", "Last Name"], "Name"),
        (["Account Name"], "Account Name"),
        (["Company Name", "product.name", "tier.name"], None),
        (["Contact Name", "Company"], "Contact Name"),
    ],
)
def test_a_persons_name_is_not_that_of_a_firm_or_a_thing(columns: list[str], name: str | None) -> None:
    """First and last name take precedence over the account's name."""
    found = guessed({"Contact ID": ["1"], **{column: ["Ada"] for column in columns}})

    assert found.columns.get("name") == name


@pytest.mark.parametrize(
    ("columns", "is_active", "loyalty_status"),
    [
        ({"State": ["ON", "ON"]}, None, None),
        ({"State": ["ON", "QC"]}, None, None),
        ({"state": ["active", "inactive"]}, "state", None),
        ({"status": ["Active", "Inactive", "Pending"]}, None, None),
        ({"status": ["Active", "cancelled"]}, "status", None),
        ({"status": ["1", "0"]}, "status", None),
        ({"status": ["Gold", "Silver"]}, None, "status"),
        ({"Account Status": ["open", "frozen"]}, None, "Account Status"),
        ({"active": ["Y", "N"], "status": ["Gold"]}, "active", "status"),
        ({"Loyalty Status": ["active"], "status": ["active"]}, "status", "Loyalty Status"),
        ({"status": ["NULL", "Active"]}, "status", None),
    ],
)
def test_only_words_of_activity_mean_activity(
    columns: dict[str, list[str]], is_active: str | None, loyalty_status: str | None
) -> None:
    """A province is not activity, nor is a word that may mean either."""
    found = guessed({"id": ["1"], **columns}).columns

    assert (found.get("is_active"), found.get("loyalty_status")) == (is_active, loyalty_status)


@pytest.mark.parametrize(
    ("column", "values", "target"),
    [
        ("churned_at", ["NULL", "NULL", "2024-05-01"], "left_date"),
        ("End Date", ["31.12.2099", "01.02.2024"], "left_date"),
        ("cancelled_at", [], "left_date"),
        ("cancelled_at", ["N/A", "-"], "left_date"),
    ],
)
def test_a_day_of_leaving_is_read_as_a_date(column: str, values: list[str], target: str) -> None:
    """By the rules for cells, with any text for a missing value."""
    assert guessed({"id": ["1"], column: values}).columns[target] == column


def test_a_column_with_the_exact_name_is_used_even_if_the_first_rows_prove_nothing() -> None:
    """Unreadable cells are rejected with a reason, and later rows may fill blank ones."""
    found = guessed({"customer_id": ["1"], "loyalty_points": [], "account_balance": ["a lot"]})

    assert found.columns == {
        "customer_id": "customer_id", "loyalty_points": "loyalty_points", "account_balance": "account_balance",
    }  # fmt: skip


PRODUCT = {"Quantity": ["2", "1"], "UnitPrice": ["10.00", "5.00"]}


@pytest.mark.parametrize(
    ("columns", "targets"),
    [
        ({**PRODUCT, "Discount": ["0", "0.15"]}, {"quantity", "unit_price", "discount"}),
        ({**PRODUCT, "Discount": ["0", "15"]}, {"quantity", "unit_price"}),
        ({**PRODUCT, "Discount": ["0%", "15%"]}, {"quantity", "unit_price"}),
        ({**PRODUCT, "Sales": ["17", "5"], "Discount": ["0", "0.15"]}, {"quantity", "unit_price", "amount"}),
        ({**PRODUCT, "Order Total": ["25.00", "25.00"]}, {"quantity", "unit_price"}),
        ({"Quantity": ["2", "1"], "total_price": ["20.00", "5.00"]}, {"quantity", "amount"}),
    ],
)
def test_only_a_share_is_used_as_a_discount(columns: dict[str, list[str]], targets: set[str]) -> None:
    """An amount is net of the discount; the total of an order is not that of a line."""
    found = guessed({"Customer ID": ["1", "2"], "Date": ["2024-01-02"] * 2, **columns}, kind=ORDER_LINES)

    assert set(found.columns) == {"customer_id", "order_date", *targets}


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
    """A price next to a quantity is a unit price."""
    found = guessed({"Customer ID": ["17850.0"], "InvoiceDate": ["12/1/2010 8:26"], **columns}, kind=ORDER_LINES)

    assert found.columns == {"customer_id": "Customer ID", "order_date": "InvoiceDate", **amount}
    found.require()


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        # Websites, shops, CRMs, points of sale and loyalty programs without a recipe.
        (
            {"First Name": ["Ann"], "Last Name": ["Berg"], "Email 1": ["a@example.com"], "Phone 1": ["'+49"],
             "Address 1 - City": ["Porto"], "Address 1 - Country": ["PT"], "Labels": ["x"],
             "Created At (UTC+0)": ["2025-03-05 10:11"], "Email subscriber status": ["Subscribed"],
             "Last Activity": ["Purchased"], "Last Activity Date (UTC+0)": ["2026-01-02 11:12"]},
            {"customer_id": "hashed_id(lower(`Email 1`))", "email": "Email 1", "city": "Address 1 - City",
             "country": "Address 1 - Country", "join_date": "Created At (UTC+0)",
             "last_login": "Last Activity Date (UTC+0)"},
        ),
        (
            {"Record Id": ["zcrm_52"], "Contact Owner": ["Ines"], "First Name": ["Ann"], "Last Name": ["Berg"],
             "Account Name": ["Kettle"], "Email": ["a@example.com"], "Date of Birth": ["1990-02-03"],
             "Created Time": ["2025-03-05 10:11:12"], "Modified Time": ["2026-01-01 10:00:00"],
             "Contact Name": ["Ann Berg"], "Last Activity Time": ["2026-01-02 11:12:13"],
             "Mailing City": ["Porto"], "Mailing Country": ["Portugal"]},
            {"customer_id": "hashed_id(`Record Id`)", "name": "Contact Name", "email": "Email",
             "birth_date": "Date of Birth", "join_date": "Created Time", "last_login": "Last Activity Time",
             "city": "Mailing City", "country": "Mailing Country"},
        ),
        (
            {"Person - ID": ["88"], "Person - Name": ["Ann Berg"], "Person - Organization": ["Acme"],
             "Person - Email - Work": ["a@example.com"], "Person - Person created": ["2025-03-05 10:11:12"],
             "Person - Last activity date": ["2026-01-12"]},
            {"customer_id": "Person - ID", "name": "Person - Name", "email": "Person - Email - Work",
             "join_date": "Person - Person created", "last_login": "Person - Last activity date"},
        ),
        (
            {"ID": ["1"], "Social title": ["Mr."], "First name": ["Ann"], "Last name": ["Berg"],
             "Email address": ["a@example.com"], "Sales": ["€1,234.50"], "Enabled": ["1"],
             "Registration": ["2025-03-05 10:11:12"], "Last visit": ["2026-01-02 11:12:13"]},
            {"customer_id": "ID", "email": "Email address", "account_balance": "Sales", "is_active": "Enabled",
             "join_date": "Registration", "last_login": "Last visit"},
        ),
        (
            {"Email": ["a@example.com"], "Points balance": ["120"], "VIP tier": ["Gold"],
             "Member status": ["member"], "Created at": ["2025-03-05T10:11:12Z"]},
            {"customer_id": "hashed_id(lower(`Email`))", "email": "Email", "loyalty_points": "Points balance",
             "loyalty_status": "VIP tier", "join_date": "Created at"},
        ),
        (
            {"Member no.": ["00100"], "Member name": ["Ann Berg"], "E-mail": ["a@example.com"],
             "Joined on": ["2026-09-18"], "Spent to date (EUR)": ["2801.39"], "Remarks": []},
            {"customer_id": "Member no.", "name": "Member name", "email": "E-mail", "join_date": "Joined on",
             "account_balance": "Spent to date (EUR)"},
        ),
    ],
)  # fmt: skip
def test_exports_without_a_recipe_are_guessed(columns: dict[str, list[str]], expected: dict[str, str]) -> None:
    """By the usual names of such tools, ignoring brackets after a name and text before a dash."""
    found = guessed(columns).columns

    assert {target: side for target, side in found.items() if target in expected} == expected
    assert set(found) - set(expected) <= {"name"}, "a first and a last name"


def test_a_refund_is_an_amount_and_not_a_flag() -> None:
    """A 1 in a column "Refunded?" is a flag, not one euro."""
    lines = {
        "order id": ["1", "2"],
        "email": ["a@example.com"] * 2,
        "date": ["2024-01-02"] * 2,
        "total": ["5.00"] * 2,
    }

    assert "refunded" not in guessed({**lines, "Refunded?": ["1", "0"]}, kind=ORDER_LINES).columns
    assert (
        guessed({**lines, "Refund amount": ["1.50", "0"]}, kind=ORDER_LINES).columns["refunded"] == "Refund amount"
    )


def test_points_with_fractions_are_money() -> None:
    """A loyalty balance may be points or money, and unreadable rows would be rejected."""
    assert "loyalty_points" not in guessed({"id": ["1"] * 2, "loyalty balance": ["12.50", "3"]}).columns
    assert guessed({"id": ["1"], "loyalty balance": ["12"]}).columns["loyalty_points"] == "loyalty balance"


def test_a_blank_column_gives_way_to_another_of_the_same_meaning() -> None:
    """Exports have several address columns and fill one."""
    found = guessed({"Buyer Email": [], "Purchase Email": ["a@example.com"], "joined": ["2024-01-02"]})

    assert found.columns["email"] == "Purchase Email"


def test_a_number_of_purchases_is_not_money() -> None:
    """Total purchases may be a count or money; only money has cents or a currency."""
    for values, is_money in ((["3", "12"], False), (["3.50", "12"], True), (["€ 3", "€ 12"], True)):
        found = guessed({"id": ["1", "2"], "Total purchases": values}).columns
        assert ("account_balance" in found) == is_money, values
