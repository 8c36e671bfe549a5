"""How a column is written is decided by its values, by those of the others, or by a person; never by chance."""

from __future__ import annotations

import pytest

from customer360.errors import Customer360Error
from customer360.own_data.dates import DateEvidence
from customer360.own_data.formats import formats
from customer360.own_data.numbers import NumberEvidence


def test_most_values_decide() -> None:
    """The others are then unreadable, and rejected with this as their reason."""
    found = formats({"join_date": DateEvidence(1, 99, 5, "03/04/2024"), "account_balance": NumberEvidence(0, 3)})

    assert found == {"join_date": "month first", "account_balance": "decimal comma"}


def test_a_column_that_can_be_read_either_way_is_written_as_the_others_are() -> None:
    """One file comes from one place."""
    found = formats({"join_date": DateEvidence(either=3), "last_login": DateEvidence(month_first=1)})

    assert found == {"join_date": "month first", "last_login": "month first"}


@pytest.mark.parametrize(
    ("column", "evidence", "said"),
    [
        (
            "join_date",
            DateEvidence(either=1, example="03/04/2024"),
            "such as 03/04/2024; say which with --dates day-first",
        ),
        (
            "account_balance",
            NumberEvidence(either=1, example="1.234"),
            "such as 1.234; say which with --decimal point",
        ),
    ],
)
def test_where_nothing_decides_a_person_is_asked(
    column: str, evidence: DateEvidence | NumberEvidence, said: str
) -> None:
    """A month for a day, a thousand for one: nobody would notice."""
    with pytest.raises(Customer360Error, match=said):
        formats({column: evidence})


def test_whole_numbers_and_columns_without_doubt_need_no_decision() -> None:
    """12 is 12, and 1,234 points are a thousand and some."""
    assert (
        formats({"loyalty_points": NumberEvidence(either=2), "join_date": DateEvidence()}, {"loyalty_points"})
        == {}
    )


def test_a_point_in_whole_numbers_parts_thousands() -> None:
    """1.234 points are a thousand and some too; which says nothing about amounts."""
    found = {"loyalty_points": NumberEvidence(either=2, example="1.234")}

    assert formats(found, {"loyalty_points"}) == {"loyalty_points": "decimal comma"}
    with pytest.raises(Customer360Error, match="account_balance"):
        formats({**found, "account_balance": NumberEvidence(either=1, example="1.234")}, {"loyalty_points"})
