"""The style of a column is decided by its values, by the other columns, or by you; never by chance."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from customer360.errors import Customer360Error
from customer360.own_data.dates import date_evidence
from customer360.own_data.formats import formats
from customer360.own_data.numbers import number_evidence
from customer360.own_data.styles import Evidence


def days(*texts: str) -> Evidence:
    return date_evidence(pa.array(texts), pa.array(range(2, len(texts) + 2)), latest=date(2026, 6, 30))


def amounts(*texts: str) -> Evidence:
    return number_evidence(pa.array(texts), pa.array(range(2, len(texts) + 2)))


def test_values_with_one_reading_decide_for_the_others() -> None:
    """A few values that contradict nearly all others are errors and rejected as unreadable."""
    found = formats(
        {
            "join_date": days(*["04/14/2024"] * 99, "14/04/2024", "03/04/2024"),
            "account_balance": amounts("250.125", "10.000", "1250.000"),
        }
    )

    assert found == {"join_date": "month first", "account_balance": "decimal point"}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (
            ["1,234", "12.50", "12,5", "13,5"],
            (
                "a.csv, line 2: account_balance 1,234 can be read as decimal point or decimal comma "
                "(unambiguous values: 1 decimal point, 2 decimal comma); choose with --decimal point or --decimal comma"
            ),
        ),
        (
            ["12.50", "12,5"],
            (
                "a.csv: account_balance mixes styles (unambiguous values: 1 decimal point, 1 decimal comma); "
                "choose with --decimal point or --decimal comma"
            ),
        ),
    ],
)
def test_values_that_contradict_each_other_decide_nothing(texts: list[str], said: str) -> None:
    """Unless nearly all are of one kind."""
    with pytest.raises(Customer360Error) as raised:
        formats({"account_balance": amounts(*texts)}, file="a.csv")

    assert str(raised.value) == said


def test_an_ambiguous_column_has_the_style_of_the_others() -> None:
    """A file comes from one program."""
    found = formats({"join_date": days("03/04/2024"), "last_login": days("04/14/2024")})

    assert found == {"join_date": "month first", "last_login": "month first"}


@pytest.mark.parametrize(
    ("column", "evidence", "said"),
    [
        (
            "join_date",
            days("03/04/2024"),
            (
                "line 2: join_date 03/04/2024 can be read as day first or month first; "
                "choose with --dates day-first or --dates month-first"
            ),
        ),
        (
            "join_date",
            days("2019-02-11", "19-02-11"),
            (
                "line 3: join_date 19-02-11 can be read as day first or year first; "
                "choose with --dates day-first or --dates year-first"
            ),
        ),
        (
            "account_balance",
            amounts("1.234"),
            (
                "line 2: account_balance 1.234 can be read as decimal point or decimal comma; "
                "choose with --decimal point or --decimal comma"
            ),
        ),
        (
            "loyalty_points",
            amounts("250.000", "10.000"),
            "line 2: loyalty_points 250.000 can be read as decimal point or decimal comma; ",
        ),
    ],
)
def test_a_column_that_remains_ambiguous_is_an_error(column: str, evidence: Evidence, said: str) -> None:
    """A swapped day and month, or a factor of 1000, would go unnoticed."""
    with pytest.raises(Customer360Error) as raised:
        formats({column: evidence}, {"loyalty_points"}, file="a.csv")

    assert said in str(raised.value)


def test_unambiguous_columns_need_no_decision() -> None:
    """12 and 2024-01-02 have one reading."""
    assert formats({"loyalty_points": amounts("12"), "join_date": days("2024-01-02")}, {"loyalty_points"}) == {}


def test_marks_separate_thousands_of_whole_numbers_if_smaller_numbers_have_none() -> None:
    """1.234 points next to 250 are 1234, which proves nothing about amounts."""
    points = {"loyalty_points": amounts("250", "1.234")}

    assert formats(points, {"loyalty_points"}) == {"loyalty_points": "decimal comma"}
    with pytest.raises(Customer360Error, match="loyalty_points"):
        formats(points)
    with pytest.raises(Customer360Error, match="account_balance"):
        formats({**points, "account_balance": amounts("1.234")}, {"loyalty_points"})


def test_points_that_contradict_the_amounts_are_an_error() -> None:
    """1.234 next to 250 looks like thousands, and next to 12.50 like a fraction."""
    with pytest.raises(Customer360Error, match="line 3: loyalty_points 1.234 can be"):
        formats(
            {"loyalty_points": amounts("250", "1.234"), "account_balance": amounts("12.50")}, {"loyalty_points"}
        )
