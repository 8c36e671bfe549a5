"""An unreadable column is reported with its first value, its line and how to fix it, and never as missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from customer360.commands.load import LoadOutcome, PlanOutcome
from customer360.errors import Customer360Error
from customer360.own_data.hints import unread
from customer360.own_data.loadable import find_loadable
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.planning import plan_load
from customer360.own_data.raw_tables import spool_file
from customer360.own_data.request import Request
from customer360.pipeline.own_data import Load
from tests.own_data.test_load import AS_OF, found_in

EXACT = ColumnMapping({"customer_id": "customer_id", "name": "name", "join_date": "join_date"})


def said(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The output of a dry run of the file at *path*."""
    monkeypatch.chdir(path.parent)
    with spool_file(path) as raw:
        plan = plan_load(raw, Request(path, dry_run=True))
        found = find_loadable(raw, plan.mapping, as_of=AS_OF)
        return "\n".join([*PlanOutcome(plan).lines(), *LoadOutcome(Load(plan, found)).lines()])


@pytest.mark.parametrize(
    ("target", "header", "values", "note"),
    [
        ("join_date", "Member Since", ("", "5th of Foo"), "Member Since contains '5th of Foo' in line 3, which is not a date; use YYYY-MM-DD"),
        ("loyalty_points", "Points", ("n/a", "many"), "Points contains 'many' in line 3, which is not a number"),
        ("account_balance", "Revenue", ("98765432109.00", "98765432108.00"), "Revenue contains '98765432109.00' in line 2, which is out of range for numeric(12,2)"),
    ],
)  # fmt: skip
def test_an_unreadable_column_is_not_reported_as_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, header: str, values: tuple[str, str], note: str
) -> None:
    path = tmp_path / "members.csv"
    path.write_text(f"customer_id,name,{header}\n1,Ann,{values[0]}\n2,Bob,{values[1]}\n")

    text = said(path, monkeypatch)

    assert f"note: {note}" in text
    assert f"\nnot read: {target} ({header} contains " in text
    assert target not in next(line for line in text.splitlines() if line.startswith("not in your data: "))


def test_a_readable_or_blank_column_is_not_reported_as_unreadable(tmp_path: Path) -> None:
    """A column without any value is missing."""
    path = tmp_path / "members.csv"
    path.write_text("customer_id,name,Member Since,Points,Class\n1,Ann,,5,first\n")

    with spool_file(path) as raw:
        assert unread(ColumnMapping({"customer_id": "customer_id", "loyalty_points": "Points"}), raw) == []


def test_a_column_that_is_blank_at_first_is_mapped_by_its_later_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example if a shop introduced points after a thousand customers, or in the second file of a folder."""
    folder = tmp_path / "members"
    folder.mkdir()
    (folder / "a.csv").write_text("customer_id,name,Pts,Points\n" + "".join(f"{i},N,,\n" for i in range(1500)))
    (folder / "b.csv").write_text("customer_id,name,Points,Joined\n5000,Z,50,2024-01-01\n")

    monkeypatch.chdir(tmp_path)
    with spool_file(folder) as raw:
        columns = plan_load(raw, Request(folder, dry_run=True)).mapping.columns

    assert (columns["loyalty_points"], columns["join_date"]) == ("Points", "Joined")


def test_a_refusal_names_the_first_cell_and_the_line_of_the_mapping_that_omits_its_column(
    tmp_path: Path,
) -> None:
    """One unreadable optional column must not prevent the load."""
    path = tmp_path / "members.csv"
    path.write_text("customer_id,name,join_date\n1,Ann,99/99/9999\n2,Bob,x\n")

    with found_in(path, EXACT) as found, pytest.raises(Customer360Error) as refused:
        found.tally.require(0.05)

    assert "join_date_unreadable (2, first in line 2: '99/99/9999')" in str(refused.value)
    assert 'to load the rows without the column, set in [columns] of the mapping: join_date = ""' in str(
        refused.value
    )


def test_a_required_column_is_never_omitted(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("customer_id,name,join_date\nx,Ann,2024-01-01\n")

    with found_in(path, EXACT) as found:
        assert found.tally.hint == 'if ids are text, set in [columns]: customer_id = "hashed_id(`COLUMN`)"'


def test_numbers_that_are_read_as_dates_are_reported_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "members.csv"
    path.write_text("customer_id,name,created_at,last_login\n1,Ann,45292,1704067200\n2,Bob,44927,1672531200\n")

    text = said(path, monkeypatch)

    assert (
        "created_at contains numbers such as 45292, which are read as excel days: 2024-01-01; if they are not"
        in text
    )
    assert "last_login contains numbers such as 1704067200, which are read as epoch seconds: 2024-01-01" in text
    read_as = next(line for line in text.splitlines() if line.startswith("read as: "))
    assert {"join_date excel days", "last_login epoch seconds"} <= {*read_as[9:].split(", ")}
