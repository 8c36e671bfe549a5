"""Which rows of a source are loaded, and which customers are active."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from customer360.errors import Customer360Error
from customer360.own_data.evaluate import evaluated
from customer360.own_data.loadable import find_loadable
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.raw_tables import spool_file
from customer360.tables import CUSTOMERS
from tests.own_data.test_load import AS_OF, customers, found_in, reasons

BALANCES = ColumnMapping({"customer_id": "id", "account_balance": "balance"})


def written(folder: Path, text: str) -> Path:
    path = folder / "members.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("left", "is_active"),
    [
        ("", True), ("NULL", True), ("N/A", True), ("-", True), ("\u2014", True), ("none", True), ("2099-12-31", True),
        ("9999-12-31", True), ("2026-07-01", True), ("2026-06-30", False), ("2024-05-01", False),
        ("2024-05-01 10:00", False),
    ],
)  # fmt: skip
def test_a_customer_is_active_until_the_day_of_leaving_has_come(
    tmp_path: Path, left: str, is_active: bool
) -> None:
    """As of the load: a placeholder is not a date, and a future date has not come yet."""
    path = written(tmp_path, f"customer_id,join_date,churned_at\n1,2023-01-05,{left}\n2,2023-01-05,2024-05-01\n")

    with found_in(path) as found:
        assert {key: row["is_active"] for key, row in customers(found).items()} == {1: is_active, 2: False}
        assert "is_active" in found.columns(CUSTOMERS)
        assert found.last_day == max(
            date(2024, 5, 1), date.fromisoformat(left[:10]) if not is_active else date.min
        )
        assert "left_date" not in {*found.columns(CUSTOMERS), *found.missing_columns(CUSTOMERS)}


def test_a_year_of_leaving_is_compared_with_the_as_of_year(tmp_path: Path) -> None:
    """An expression uses the as-of date of the load, not today."""
    path = written(
        tmp_path,
        "id,joined,cancellation_year\n1,2023-01-05,\n2,2023-01-05,2024\n3,2023-01-05,2027\n4,2023-01-05,n/a\n",
    )

    with spool_file(path) as raw:
        mapping = ColumnMapping(
            {"customer_id": "id", "join_date": "joined",
             "is_active": "filled(cancellation_year) IS NULL OR try_cast(cancellation_year AS double) > year(as_of_date())"}
        )  # fmt: skip
        found = find_loadable(*evaluated(raw, mapping, as_of=AS_OF), as_of=AS_OF)
        active = {key: row["is_active"] for key, row in customers(found).items()}
    assert active == {1: True, 2: False, 3: True, 4: True}


def test_placeholders_are_missing_values_in_guessed_expressions(tmp_path: Path) -> None:
    """In text ids and names in parts; but a person may be called Null or Na."""
    people = ["NULL,Ada,Lind", "a-1,Ada,NULL", "a-2,NULL,N/A", "a-3,Na,Null", "-,Bo,Ek", "a-4,,"]
    path = written(
        tmp_path, "member id,first name,last name,joined\n" + "".join(f"{p},2023-01-05\n" for p in people)
    )

    with found_in(path) as found:
        names = [row["name"] or None for row in customers(found).values()]
        assert sorted(map(str, names)) == ["Ada", "Na Null", "None", "None"]
        assert reasons(found) == {2: {"customer_id_missing"}, 6: {"customer_id_missing"}}


def test_a_missing_text_is_missing_however_it_is_written(tmp_path: Path) -> None:
    """Both in a column and in an expression."""
    path = written(tmp_path, "id,balance,country\n1,5,NULL\n2,5,N/A\n3,5,NA\n4,5,Null\n5,5,\\N\n")

    with found_in(path, ColumnMapping({**BALANCES.columns, "country": "country"})) as found:
        countries = [row["country"] for row in customers(found).values()]
    assert countries == [None, None, "NA", "Null", None]


def test_words_that_are_neither_yes_nor_no_are_rejected_with_how_to_fix_it(tmp_path: Path) -> None:
    """The error names the section of the mapping that maps them."""
    path = written(tmp_path, "id,balance,is_active\n1,5,active\n2,5,pending\n")

    refused = pytest.raises(
        Customer360Error, match=r"line 3: 'pending'\); map the words to yes or no in \[values.is_active\]"
    )
    with refused, found_in(path, ColumnMapping({**BALANCES.columns, "is_active": "is_active"})) as found:
        found.tally.require(0.05)


def test_rows_that_do_not_meet_the_condition_are_excluded_and_counted(tmp_path: Path) -> None:
    """Rows in = loaded + rejected + excluded; an excluded duplicate rejects no other row."""
    path = written(tmp_path, "id,balance,kind\n1,5,test\n1,6,real\n2,7,real\nx,8,real\n3,9,\n4\n")
    mapping = replace(BALANCES, where="kind <> 'test'")

    with found_in(path, mapping) as found:
        tally = found.tally
        assert {key: row["account_balance"] for key, row in customers(found).items()} == {1: 6, 2: 7, 3: 9}
        assert reasons(found) == {5: {"customer_id_unreadable"}, 7: {"wrong_number_of_fields"}}
    assert (tally.rows_in, tally.rows_loaded, tally.rows_rejected, tally.rows_left_out) == (6, 3, 2, 1)
    assert tally.rejected_share == 2 / 5
    assert found.facts(CUSTOMERS)["rows_left_out"] == 1


def test_a_condition_may_be_a_column_of_yes_and_no(tmp_path: Path) -> None:
    """If the column is blank, the row is excluded."""
    path = written(tmp_path, "id,balance,consent\n1,5,yes\n2,6,no\n3,7,\n4,8,Y\n")

    with found_in(path, replace(BALANCES, where="consent")) as found:
        assert set(customers(found)) == {1, 4}
        assert found.tally.rows_left_out == 2
    none = pytest.raises(Customer360Error, match="no row can be loaded: 4 excluded by keep.where")
    with none, found_in(path, replace(BALANCES, where="balance")) as found:
        found.tally.require(1)


def test_an_expression_that_is_not_a_condition_is_refused(tmp_path: Path) -> None:
    """It would exclude all rows."""
    path = written(tmp_path, "id,balance\n1,5\n")

    refused = pytest.raises(Customer360Error, match="the expression for where returns string; write a condition")
    with refused, found_in(path, replace(BALANCES, where="upper(balance)")):
        pass


def test_the_newest_row_is_kept_with_expressions_too(tmp_path: Path) -> None:
    """newest_by stays a column if another right-hand side is an expression."""
    path = written(tmp_path, "id,balance,version\n1,5,1\n1,6,2\n")
    mapping = ColumnMapping({"customer_id": "id", "account_balance": "balance * 2"}, newest_by="version")

    with found_in(path, mapping) as found:
        assert customers(found)[1]["account_balance"] == 12
