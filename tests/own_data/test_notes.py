"""The notes of the plan on columns that would change the numbers and are not used."""

from __future__ import annotations

import pytest

from customer360.own_data.guess import guess
from customer360.own_data.mapping import written
from customer360.own_data.notes import notes
from customer360.own_data.row_kinds import CUSTOMER_ROWS, ORDER_LINES, RowKind

LINES = {"customer_id": ["1", "2"], "date": ["2024-01-02"] * 2}
PRODUCT = {**LINES, "Quantity": ["2", "1"], "UnitPrice": ["10.00", "5.00"]}


def said(columns: dict[str, list[str]], kind: RowKind = ORDER_LINES) -> list[str]:
    mapping = guess(list(columns), columns, kind)
    return [note.text for note in notes(mapping, list(columns), columns)]


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({**PRODUCT, "Discount": ["0", "0.15"]}, "amount is quantity * unit_price * (1 - discount)"),
        ({**PRODUCT, "Discount": ["0", "15"]}, "Discount is not used; if it is a percentage of the price, set in [columns]: discount = \"`Discount` / 100\""),
        ({**PRODUCT, "discount_pct": ["15%"]}, "discount = \"replace(`discount_pct`, '%', '') / 100\""),
        ({**LINES, "amount": ["5"], "Discount": ["0.1"]}, "Discount is not used: amount is assumed to be net of the discount"),
    ],
)  # fmt: skip
def test_a_discount_is_used_or_named(columns: dict[str, list[str]], text: str) -> None:
    """The note has the line of the mapping that uses it."""
    (found,) = said(columns)
    assert text in found


def test_orders_that_may_not_count_are_shown_with_the_condition_that_excludes_them() -> None:
    """All values with their counts, and a line in the mapping that only needs its # removed."""
    columns = {
        **LINES,
        "amount": ["5", "5"],
        "order status": ["Approved", "Approved", "Cancelled", "it's returned"],
    }
    mapping = guess(list(columns), columns, kind=ORDER_LINES)
    (note,) = notes(mapping, list(columns), columns)

    assert note.where == "coalesce(`order status`, '') NOT IN ('Cancelled', 'it''s returned')"
    assert "order status has Approved (2), Cancelled (1), it's returned (1) in the first rows" in note.text
    assert f'# where = "{note.where}"' in written(mapping, "a.csv", columns, [note.where]).splitlines()


@pytest.mark.parametrize("values", [["paid", "shipped"], []])
def test_a_status_without_such_orders_is_not_mentioned(values: list[str]) -> None:
    """Otherwise every plan would have a note."""
    assert said({**LINES, "amount": ["5", "5"], "status": values}) == []


def test_a_status_that_is_neither_yes_nor_no_is_named_with_how_to_use_it() -> None:
    """Instead of rejecting its rows."""
    columns = {"customer_id": ["1"], "status": ["Active", "Pending"]}

    (text,) = said(columns, CUSTOMER_ROWS)
    assert text == (
        'status is not used: Pending may or may not mean active; set in [columns]: is_active = "status", '
        'and in [values.is_active]: "Pending" = "no"'
    )


@pytest.mark.parametrize(
    ("columns", "proposed"),
    [
        # Refunded amounts are subtracted separately, and after a partial return a purchase remains.
        ({"order status": ["Paid", "Cancelled", "Partially refunded"]}, ["NOT IN ('Cancelled')"]),
        ({"order status": ["Paid", "Refunded", "Void"], "refund amount": ["5.00"]}, ["NOT IN ('Void')"]),
        ({"order status": ["Paid", "Refunded"]}, ["NOT IN ('Refunded')"]),
        # A status with another name, and flags.
        ({"Attendee Status": ["Attending", "Refunded"]}, ["coalesce(`Attendee Status`, '') NOT IN ('Refunded')"]),
        ({"Refunded?": ["0", "1"]}, ["lower(coalesce(`Refunded?`, '')) NOT IN ('1')"]),
        ({"Refunded?": ["0", "0"], "note": ["refund it", "x"]}, []),
    ],
)
def test_a_condition_for_cancelled_orders_is_proposed(columns: dict[str, list[str]], proposed: list[str]) -> None:
    """One line of the mapping excludes it; nothing is excluded silently."""
    every = {**LINES, "amount": ["5", "5"], **columns}
    mapping = guess(list(every), every, kind=ORDER_LINES)
    wheres = [note.where for note in notes(mapping, list(every), every) if note.where]

    assert len(wheres) == len(proposed)
    assert all(text in where for text, where in zip(proposed, wheres, strict=True))
