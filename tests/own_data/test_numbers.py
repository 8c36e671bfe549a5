"""Numbers are read exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.own_data.numbers import COMMA, POINT, number_evidence, numbers


def one(text: str, style: str = POINT) -> Decimal | None:
    found: Decimal | None = numbers(pa.array([text]), style)[0].as_py()
    return found


@pytest.mark.parametrize(
    ("text", "style", "number"),
    [
        ("1234.5", POINT, "1234.5"),
        ("1,234.50", POINT, "1234.5"),
        ("1.234,50", COMMA, "1234.5"),
        ("1 234,50", COMMA, "1234.5"),
        ("1\u202f234,50 €", COMMA, "1234.5"),
        ("1'234.50", POINT, "1234.5"),
        ("12,34,567", POINT, "1234567"),
        ("$1,234.50", POINT, "1234.5"),
        ("-$5", POINT, "-5"),
        ("$ -5", POINT, "-5"),
        ("EUR 5", POINT, "5"),
        ("5 zł", POINT, "5"),
        ("(12.30)", POINT, "-12.3"),
        ("12-", POINT, "-12"),
        ("\u221212", POINT, "-12"),
        ("+7", POINT, "7"),
        (".5", POINT, "0.5"),
        ("-.5", POINT, "-0.5"),
        ("5.", POINT, "5"),
        ("1.5E+3", POINT, "1500"),
        ("0.30000000000000004", POINT, "0.3"),
        ("0007", POINT, "7"),
        ("9" * 40, POINT, "9" * 25),
    ],
)
def test_what_people_write_is_read(text: str, style: str, number: str) -> None:
    """Currencies, thousands, brackets, exponents; what is too long for any column stays too long."""
    assert one(text, style) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "abc", "M12", "1,2", "1,23,4", "1.2.3", "NaN", "inf", "1e400", "--5", "5 apples", "$"]
)
def test_what_is_no_number_is_not_read(text: str) -> None:
    """A comma that parts nothing is no thousand."""
    assert one(text) is None


@given(st.decimals(-(10**12), 10**12, places=2))
def test_every_amount_reads_back(amount: Decimal) -> None:
    """With thousands, in both styles."""
    shown = f"{amount:,.2f}"
    assert one(shown) == amount
    assert one(shown.replace(",", "_").replace(".", ",").replace("_", "."), COMMA) == amount


@given(st.text(max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    """Whatever stands in a cell, in any column."""
    text = text.encode("utf-8", "replace").decode()
    for style in (POINT, COMMA):
        one(text, style)
    number_evidence(pa.array([text]))


def test_the_decimal_mark_is_decided_by_the_values() -> None:
    """Three digits after a mark say nothing, two do."""
    point = number_evidence(pa.array(["1,234", "12.50", "7", None]))
    comma = number_evidence(pa.array(["€ 1.234", "12,5", "1.234.567"]))

    assert (point.point, point.comma, point.either, point.example) == (1, 0, 1, "1,234")
    assert (comma.point, comma.comma, comma.either) == (0, 2, 1)


def test_a_currency_in_a_column_that_is_no_money_is_no_number() -> None:
    """An id of $5 is a mistake."""
    assert numbers(pa.array(["$5"]), is_money=False)[0].as_py() is None
