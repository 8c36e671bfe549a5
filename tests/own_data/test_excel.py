"""One visible sheet of a workbook is read, cell by cell, regardless of the metadata in the file."""

from __future__ import annotations

import re
import sys
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from customer360.errors import Customer360Error
from customer360.own_data.columns import is_typed
from customer360.own_data.excel_rows import excel_rows
from customer360.own_data.raw_tables import Reading, spool_file


def read(path: Path, sheet: str | None = None) -> list[dict[str, Any]]:
    with spool_file(path, Reading(sheet=sheet)) as raw:
        return [row for file in raw.files for row in raw.read(file).to_pylist()]


def workbook(path: Path, *rows: list[Any]) -> Path:
    """An .xlsx file as a spreadsheet writes it, with a second sheet without customers."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet("Notes").append(["id", "not a customer"])
    book.save(path)
    return path


def test_the_first_sheet_of_a_workbook_is_read_cell_by_cell(tmp_path: Path) -> None:
    """Dates and numbers are exact, blank rows are skipped, and each row has its row number."""
    path = workbook(
        tmp_path / "members.xlsx",
        ["ID", "Joined", "Seen", "Balance", "Active", None],
        [1, date(2024, 1, 2), datetime(2024, 1, 2, 3, 4, 5), 12.5, True, "x"],
        [],
        ["", None],
        [2.0, "03/04/2024", None, "1.234,50", False],
    )

    rows = read(path)

    assert [[row[name] for name in ("ID", "Joined", "Seen", "Balance", "Active", "column_6")] for row in rows] == [
        ["1", "2024-01-02T00:00:00", "2024-01-02T03:04:05", "12.5", "True", "x"],
        ["2", "03/04/2024", None, "1.234,50", "False", None],
    ]
    assert [row["source_line"] for row in rows] == [2, 5]


def test_a_large_sheet_is_read_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet may have a million rows."""
    monkeypatch.setattr("customer360.own_data.excel_rows._ROWS_AT_ONCE", 3)
    path = workbook(tmp_path / "members.xlsx", ["id", "name"], *([i, f"M{i}"] for i in range(10)))

    assert [len(batch) for batch in excel_rows(path)[1]] == [3, 3, 3, 1]
    assert [row["id"] for row in read(path)] == [str(i) for i in range(10)]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "old.xls",
            b"\xd0\xcf\x11\xe0",
            "old.xls is an old Excel workbook, or one with a password; save it as .xlsx or CSV",
        ),
        ("broken.xlsx", b"no workbook", "cannot read broken.xlsx as Excel (File is not a zip file); save it"),
        ("cut.xlsx", None, "cannot read cut.xlsx as Excel"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_one_line(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    """With how to fix it."""
    path = tmp_path / name
    path.write_bytes(content or workbook(tmp_path / "whole.xlsx", ["id"], [1]).read_bytes()[:2_000])

    with pytest.raises(Customer360Error) as raised:
        read(path)

    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_error_for_an_empty_sheet_says_so(tmp_path: Path) -> None:
    """Often the rows are on another sheet."""
    with pytest.raises(
        Customer360Error, match="no visible sheet of members.xlsx contains a table .*'Sheet', 'Notes'"
    ):
        read(workbook(tmp_path / "members.xlsx"))


def test_excel_without_openpyxl_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an optional dependency."""
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    (tmp_path / "members.xlsx").write_bytes(b"PK")

    with pytest.raises(Customer360Error, match="install it with: pip install openpyxl"):
        read(tmp_path / "members.xlsx")


def changed(path: Path, part: str, pattern: bytes, by: bytes) -> Path:
    """The workbook with a part of its XML replaced, as other programs write it."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    assert re.search(pattern, parts[part])
    parts[part] = re.sub(pattern, by, parts[part], count=1)
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return path


@pytest.mark.parametrize("dimension", ["A1", "A1:B2", "A1:A4"])
def test_all_rows_and_columns_are_read_regardless_of_the_size_in_the_sheet(tmp_path: Path, dimension: str) -> None:
    """Programs write the size of the sheet before it is final."""
    path = workbook(tmp_path / "members.xlsx", ["id", "city", "name"], *([i, "Porto", f"M{i}"] for i in range(3)))
    changed(path, "xl/worksheets/sheet1.xml", rb'<dimension ref="[^"]*"', f'<dimension ref="{dimension}"'.encode())

    assert [(row["id"], row["name"]) for row in read(path)] == [("0", "M0"), ("1", "M1"), ("2", "M2")]


def sheets(path: Path, **rows: list[list[Any]]) -> Path:
    """A workbook with a sheet per argument; the one called hidden is hidden."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, cells in rows.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name == "hidden" else "visible"
        for row in cells:
            sheet.append(row)
    book.save(path)
    return path


TABLE: list[list[Any]] = [["id", "name"], [1, "Ann"]]


def test_the_first_visible_sheet_with_a_table_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    """Hidden sheets and cover pages are skipped."""
    path = sheets(
        tmp_path / "members.xlsx",
        hidden=[["id", "name"], [9, "Old"]],
        Cover=[["Report"], ["by Bo"]],
        Members=TABLE,
        Later=TABLE,
    )

    with spool_file(path) as raw:
        assert raw.rows == 1
        assert raw.description == (
            "Excel, sheet 'Members' (3 more sheets: 'hidden', hidden, 'Cover', 'Later'; --sheet chooses another)"
        )
    assert [row["name"] for row in read(path)] == ["Ann"]


def test_a_sheet_is_read_by_its_name_even_a_hidden_one(tmp_path: Path) -> None:
    """If you choose it."""
    path = sheets(tmp_path / "members.xlsx", Members=TABLE, hidden=[["id", "name"], [9, "Old"]])

    assert [row["name"] for row in read(path, "hidden")] == ["Old"]
    with pytest.raises(Customer360Error, match=r"members.xlsx has no sheet 'member'. Did you mean 'Members'\?"):
        read(path, "member")


def test_only_workbooks_have_sheets(tmp_path: Path) -> None:
    """Other files have no sheets."""
    (tmp_path / "a.csv").write_text("id,name\n1,Ann\n")

    with pytest.raises(Customer360Error, match="a.csv is not an Excel workbook; omit --sheet"):
        read(tmp_path / "a.csv", "Members")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [[1, date(2024, 1, 2), "Ann"], [2, date(2024, 1, 2), "Bob"]],
            "has no row of column names: it begins with",
        ),
    ],
)
def test_the_first_row_has_the_names_of_the_columns(tmp_path: Path, rows: list[list[Any]], said: str) -> None:
    """A row of values is an error, not a header."""
    with pytest.raises(Customer360Error) as raised:
        read(sheets(tmp_path / "members.xlsx", Sheet=rows))

    assert said in str(raised.value)


def test_a_formula_that_was_never_computed_is_not_an_empty_cell(tmp_path: Path) -> None:
    """Programs that write workbooks do not compute formulas; the error names the cell and what to do."""
    path = sheets(
        tmp_path / "members.xlsx", Members=[["id", "balance"], [1, 5], [2, "=B2*2"]], Notes=[["x"], ["=1+1"]]
    )

    with pytest.raises(
        Customer360Error, match="sheet 'Members', cell B3 contains a formula that was never computed"
    ):
        read(path)


@pytest.mark.parametrize(
    ("cell", "value"),
    [(rb'<c r="B3"><f>B2*2</f><v>10</v></c>', "10"), (rb'<c r="B3" t="str"><f>B2*2</f><v></v></c>', None)],
)
def test_a_formula_that_was_computed_is_its_value(tmp_path: Path, cell: bytes, value: str | None) -> None:
    """Including an empty text."""
    path = sheets(tmp_path / "members.xlsx", Members=[["id", "balance"], [1, 5], [2, "=B2*2"]])
    changed(path, "xl/worksheets/sheet1.xml", rb'<c r="B3".*?</c>', cell)

    assert [row["balance"] for row in read(path)] == ["5", value]


def test_a_cell_far_to_the_right_that_has_only_a_format_costs_nothing(tmp_path: Path) -> None:
    """16,000 empty columns are ignored."""
    book = openpyxl.Workbook()
    for row in (["id", "name", None, None], *([i, f"M{i}", None, "x"] for i in range(300))):
        book.active.append(row)
    book.active["XFD1"].font = Font(bold=True)
    book.active["XFD7"].font = Font(bold=True)
    book.save(tmp_path / "members.xlsx")

    with spool_file(tmp_path / "members.xlsx") as raw:
        assert (raw.rows, raw.columns) == (300, ("id", "name", "column_4"))


def test_numbers_dates_and_texts_are_distinguished_cell_by_cell(tmp_path: Path) -> None:
    """A number cell 12.345 has a decimal point, even next to a text 1.234; dates count from 1900 or 1904."""
    path = sheets(
        tmp_path / "a.xlsx",
        Members=[["id", "Balance", "at"], [1, 12.345, datetime(2024, 1, 2)], [2, "1.234", time(0, 0)]],
    )
    with spool_file(path) as raw:
        (rows,) = map(raw.read, raw.files)
        assert is_typed(rows, "Balance").to_pylist() == [True, False]
        assert rows["at"].to_pylist() == ["2024-01-02T00:00:00", "00:00:00"]
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for row in (["id", "at"], [1, datetime(2024, 1, 2)]):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")

    assert [row["at"] for row in read(tmp_path / "b.xlsx")] == ["2024-01-02T00:00:00"]
