"""Numbers are read exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.own_data.numbers import COMMA, POINT, STYLES, number_evidence, numbers, parting


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
        ("Fr. 120.-", POINT, "120"),
        ("Fr. 1'250.\u2013", POINT, "1250"),
        ("kr 120,-", COMMA, "120"),
        ("kr 1 250,-", COMMA, "1250"),
        ("45,--", COMMA, "45"),
        ("1.250,\u2014 €", COMMA, "1250"),
        ("99:-", POINT, "99"),
        ("-120.-", POINT, "-120"),
        ("(120.-)", POINT, "-120"),
        ("120.00-", POINT, "-120"),
        ("120,00-", COMMA, "-120"),
        ("$ -", POINT, "0"),
        (" $-   ", POINT, "0"),
        ("\u2013 €", COMMA, "0"),
        ("CHF --", POINT, "0"),
        ("9" * 40, POINT, "9" * 25),
    ],
)
def test_what_people_write_is_read(text: str, style: str, number: str) -> None:
    """Currencies, thousands, brackets, exponents; a number too long for any column stays too long."""
    assert one(text, style) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "M12",
        "1,2",
        "1,23,4",
        "1.2.3",
        "NaN",
        "inf",
        "1e400",
        "--5",
        "5 apples",
        "$",
        "-",
        "1 234,567",
        "1,234E+3",
    ],
)
def test_an_invalid_number_is_not_read(text: str) -> None:
    """A comma that separates nothing is not a mark of thousands."""
    assert one(text) is None


WRITINGS = {
    "plain": "{sign}{whole}{mark}{cents}",
    "grouped": "{sign}{grouped}{mark}{cents}",
    "currency in front": "{sign}€ {grouped}{mark}{cents}",
    "currency behind": "{sign}{grouped}{mark}{cents} kr",
    "sign behind": "{grouped}{mark}{cents}{sign}",
    "sign after the currency": "$ {sign}{grouped}{mark}{cents}",
}
GROUPS = {POINT: (",", "'", "\u2019", " ", "\u00a0", "\u202f"), COMMA: (".", "'", " ", "\u00a0", "\u202f")}


@given(
    st.decimals(-(10**12), 10**12, places=2),
    st.sampled_from(sorted(WRITINGS)),
    st.sampled_from((POINT, COMMA)),
    st.data(),
)
def test_every_amount_reads_back_however_it_is_written(
    amount: Decimal, writing: str, style: str, data: Any
) -> None:
    """In either style, with any mark of thousands, sign and currency; cents reveal the decimal mark."""
    whole, cents = f"{abs(amount):.2f}".split(".")
    grouped = f"{int(whole):,}".replace(",", data.draw(st.sampled_from(GROUPS[style])))
    text = WRITINGS[writing].format(
        sign="-" if amount < 0 else "",
        whole=whole,
        grouped=grouped,
        mark="." if style == POINT else ",",
        cents=cents,
    )

    assert one(text, style) == amount
    assert number_evidence(pa.array([text])).possible == (style,)


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from((POINT, COMMA)),
    st.sampled_from(["-", "--", "\u2013", "\u2014"]),
    st.data(),
)
def test_a_dash_in_place_of_cents_is_not_a_sign(amount: int, style: str, dash: str, data: Any) -> None:
    """Swiss price lists write 120.- for 120.00."""
    grouped = f"{abs(amount):,}".replace(",", data.draw(st.sampled_from(GROUPS[style])))
    text = f"{'-' if amount < 0 else ''}{grouped}{'.' if style == POINT else ','}{dash}"

    assert one(text, style) == amount
    assert number_evidence(pa.array([text])).possible == (style,)


@given(st.text(max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    """With any text in a cell of any column."""
    text = text.encode("utf-8", "replace").decode()
    for style in (POINT, COMMA):
        one(text, style)
    number_evidence(pa.array([text]))


def test_the_decimal_mark_is_decided_by_the_values() -> None:
    """Two digits after a mark prove it; three do not."""
    point = number_evidence(pa.array(["1,234", "12.50", "7", None]))
    comma = number_evidence(pa.array(["€ 1.234", "12,5", "1.234.567"]))

    assert point.counts == {frozenset({POINT}): 1, frozenset(STYLES): 1}
    assert point.example == "1,234"
    assert comma.counts == {frozenset({COMMA}): 2, frozenset(STYLES): 1}


@pytest.mark.parametrize(
    "text", ["1250.000", "0.125", "012.345", "1.2345", "1'250.125", "1.234E+3", "120.-", "1,250.125"]
)
def test_a_mark_that_cannot_separate_thousands_is_decimal(text: str) -> None:
    """Four digits before it, not exactly three after it, another mark of thousands, an exponent."""
    swapped = text.translate(str.maketrans(",.", ".,"))

    assert number_evidence(pa.array([text])).possible == (POINT,)
    assert number_evidence(pa.array([swapped])).possible == (COMMA,)
    assert one(text) == one(swapped, COMMA)
    assert one(text, COMMA) is None
    assert one(swapped) is None


@pytest.mark.parametrize("text", ["A. 12", "Ltd.", "1.2.3", "v1.25", "12,34,5"])
def test_an_invalid_number_proves_nothing_about_the_decimal_mark(text: str) -> None:
    """A stray word must not decide the style of all amounts."""
    assert number_evidence(pa.array([text])).possible == STYLES


@pytest.mark.parametrize(
    ("texts", "style"),
    [
        (["250", "1.234"], COMMA),
        (["250", "1,234"], POINT),
        (["250", "10.000"], COMMA),
        (["250.000", "10.000"], None),
        (["250", "1250", "1.234"], None),
        (["250", "1,234", "1.234"], None),
    ],
)
def test_marks_of_thousands_are_recognized_by_the_numbers_below_1000(texts: list[str], style: str | None) -> None:
    """These have no mark; if every number has one, it may also be the decimal mark."""
    assert parting(number_evidence(pa.array(texts)).hints) == style


def test_a_currency_in_a_column_that_is_not_money_is_invalid() -> None:
    """An id of $5 is invalid."""
    assert numbers(pa.array(["$5"]), is_money=False)[0].as_py() is None
