"""Every kind of source becomes the same: cells of text, each row with its line and file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.own_data.excel_rows import excel_batches
from customer360.own_data.sniff import csv_shape
from customer360.own_data.sources import Source, file_source


def rows_of(source: Source) -> list[dict[str, Any]]:
    return [row for file in source.files for row in source.read(file).to_pylist()]


def read(path: Path) -> list[dict[str, Any]]:
    with file_source(path) as source:
        rows = rows_of(source)
        assert len(rows) == source.rows
    return rows


def test_a_csv_row_has_the_line_that_an_editor_shows(tmp_path: Path) -> None:
    """Quoted line breaks, CRLF and blank lines count; a row that cannot be split keeps its text."""
    path = tmp_path / "members.csv"
    path.write_bytes(b'id,name\r\n1,"a\r\nb"\r\n\r\n2\r\n,\r\n3,c,d\r\n4,"e ""f"", g"\r\n5\r\n')

    rows = read(path)

    assert [(row["source_line"], row["id"], row["name"]) for row in rows if not row["source_problem"]] == [
        (2, "1", "a\r\nb"),
        (8, "4", 'e "f", g'),
    ]
    assert [(row["source_line"], row["source_text"]) for row in rows if row["source_problem"]] == [
        (5, "2"), (7, "3,c,d"), (9, "5"),
    ]  # fmt: skip
    assert {row["source_file"] for row in rows} == {"members.csv"}


@pytest.mark.parametrize(
    "rows", ['1,a,x\n2,b,"y\n3,c,z\n4,d,w\n', '1,a,x\n2,"b,y\n3,c,z\n4,d,w', '1,a,x\n2,b,"' + 9_000_000 * "y\n"]
)
def test_a_quote_that_is_never_closed_is_an_error_and_no_row(tmp_path: Path, rows: str) -> None:
    """It would swallow every row that follows."""
    path = tmp_path / "members.csv"
    path.write_text("id,name,city\n" + rows)

    with pytest.raises(Customer360Error, match="a quote that opens at or after line [123] is never closed"):
        read(path)


@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
def test_line_breaks_in_the_last_row_are_no_open_quote(tmp_path: Path, end: str) -> None:
    """The file may end right after it, or not."""
    path = tmp_path / "members.csv"
    path.write_bytes(b'id,name,city\r\n1,"a\nb",longer than that\r\n2,x,"one\ntwo"' + end.encode())

    assert [row["city"] for row in read(path)] == ["longer than that", "one\ntwo"]


def test_bytes_outside_the_given_encoding_are_an_error(tmp_path: Path) -> None:
    """A person who says utf-8 is told where it is not."""
    path = tmp_path / "members.csv"
    path.write_bytes(b"id,name\n" + b"1,a\n" * 300_000 + "2,Zoë\n".encode("cp1252"))
    from customer360.own_data.sources import Reading

    with (
        pytest.raises(Customer360Error, match="name another with --encoding"),
        file_source(path, Reading(encoding="utf-8")),
    ):
        pass


cell = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_any_table_that_a_program_writes_is_read_back(
    tmp_path_factory: Any, table: list[list[str]], end: str
) -> None:
    """Cell by cell and line by line, whatever is in them; rows without any value are none."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerow(["first column", "second", "third"])
    expected = []
    for row in table:
        line = text.getvalue().count("\n") + 1
        writer.writerow(row)
        expected += [(line, *row)] if any(row) else []
    path = tmp_path_factory.mktemp("csv") / "members.csv"
    path.write_bytes(text.getvalue().encode())
    if not expected:
        return

    shape = csv_shape(path, delimiter=",", encoding="utf-8")
    rows = read(path) if csv_shape(path) == shape else []

    assert [(row["source_line"], *(row[name] for name in shape.columns)) for row in rows] in (expected, [])


def test_json_lines_keep_numbers_as_written_and_open_objects(tmp_path: Path) -> None:
    """As exports of profiles have them; a broken line is a row with a problem."""
    path = tmp_path / "profiles.jsonl.gz"
    lines = [
        json.dumps({"id": 1, "loyalty": {"points": 1.50, "tier": "Gold"}, "active": True}),
        "",
        "{broken",
        json.dumps({"id": 2, "extra": None, "list": [1, "a"]}),
    ]
    path.write_bytes(gzip.compress("\n".join(lines).replace("1.5,", "1.50,").encode()))

    first, broken, second = sorted(read(path), key=lambda row: row["source_line"])

    assert (first["id"], first["loyalty.points"], first["loyalty.tier"], first["active"]) == (
        "1",
        "1.50",
        "Gold",
        "true",
    )
    assert (broken["source_line"], broken["source_problem"], broken["source_text"]) == (
        3,
        "not_a_json_object",
        "{broken",
    )
    assert (second["source_line"], second["id"], second["list"], second["loyalty.tier"]) == (
        4,
        "2",
        '["1", "a"]',
        None,
    )


def test_a_json_array_is_refused_with_the_command_that_splits_it(tmp_path: Path) -> None:
    """A common mistake."""
    path = tmp_path / "members.json"
    path.write_text('[{"id": 1}]')

    with pytest.raises(Customer360Error, match="write one object per line"):
        read(path)


def test_parquet_becomes_text_that_reads_back_exactly(tmp_path: Path) -> None:
    """Typed values have one way to be written."""
    path = tmp_path / "members.parquet"
    columns = {
        "id": pa.array([1, None]),
        "joined": pa.array([date(2024, 1, 2), None]),
        "seen": pa.array([datetime(2024, 1, 2, 3, 4, 5, 600), None]),
        "balance": pa.array([Decimal("12.50"), None]),
        "active": pa.array([True, None]),
        "tags": pa.array([["a"], None]),
    }
    pq.write_table(pa.table(columns), path)

    first, _ = read(path)

    assert [first[name] for name in columns] == [
        "1", "2024-01-02", "2024-01-02 03:04:05.000600", "12.50", "true", "['a']",
    ]  # fmt: skip
    assert first["source_line"] == 1


def test_a_directory_is_the_files_in_it_by_the_names_of_their_columns(tmp_path: Path) -> None:
    """In whatever order; a column that one of them lacks is null there."""
    (tmp_path / "a.csv").write_text("id,name\n1,Ann\n")
    (tmp_path / "b.csv").write_text("city;name;id\nPorto;Bob;2\n")

    rows = sorted(read(tmp_path), key=lambda row: row["id"])

    assert [(row["id"], row["name"], row["city"], row["source_file"], row["source_line"]) for row in rows] == [
        ("1", "Ann", None, "a.csv", 2),
        ("2", "Bob", "Porto", "b.csv", 2),
    ]


def test_columns_that_differ_in_case_only_are_one_and_a_mapping_is_no_data(tmp_path: Path) -> None:
    """Files of the same kind, months apart; and the mapping that an earlier load wrote beside them."""
    (tmp_path / "a.csv").write_text("ID,Name\n1,Ann\n")
    (tmp_path / "b.csv").write_text("name,id\nBob,2\n")
    (tmp_path / "exports.mapping.toml").write_text("[columns]\n")

    with file_source(tmp_path) as source:
        assert source.columns == ("ID", "Name")
        assert source.rows == 2
    assert [(row["ID"], row["Name"]) for row in read(tmp_path)] == [("1", "Ann"), ("2", "Bob")]


def test_a_source_is_called_by_its_name_wherever_a_person_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mapping is called like it."""
    (tmp_path / "a.csv").write_text("id,name\n1,Ann\n")
    monkeypatch.chdir(tmp_path)

    with file_source(Path()) as source:
        assert source.name == tmp_path.name


def test_what_was_typed_is_known_to_be_written_in_one_way(tmp_path: Path) -> None:
    """In Parquet; a column that is text in one of the files is not."""
    pq.write_table(pa.table({"id": [1], "balance": [1.234], "name": ["Ann"]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"id": [2], "balance": ["1.234"]}), tmp_path / "b.parquet")

    with file_source(tmp_path) as source:
        assert source.typed == {"id"}


def test_a_key_called_like_our_own_columns_is_a_column_like_any_other(tmp_path: Path) -> None:
    """Nothing that a person brings is written over."""
    (tmp_path / "a.jsonl").write_text('{"id": 1, "source_line": "x", "SOURCE_FILE": "y"}\n')

    (row,) = read(tmp_path / "a.jsonl")

    assert (row["source_line"], row["source_file"]) == (1, "a.jsonl")
    assert (row["source_line_2"], row["SOURCE_FILE_2"]) == ("x", "y")


def test_a_long_source_is_kept_in_several_files_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that they can be worked on at once."""
    monkeypatch.setattr("customer360.own_data.sources.FILE_ROWS", 1_000)
    path = tmp_path / "members.csv"
    path.write_text("id,name\n" + "".join(f"{i},{'x' * 1_000}\n" for i in range(9_000)))

    with file_source(path) as source:
        assert len(source.files) > 2
    assert [(row["id"], row["source_line"]) for row in read(path)] == [(str(i), i + 2) for i in range(9_000)]


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    """With a way out."""
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "a.csv").write_text("id,name\n1,Ann\n")
    (tmp_path / "mixed" / "b.parquet").write_bytes(b"PAR1")
    (tmp_path / "empty").mkdir()
    (tmp_path / "only_header.csv").write_text("id,name\n")
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"id,name\n" + bytes(range(65, 91)) * 5_000)[:60])

    for name, said in {
        "nothing.csv": "there is no file",
        "mixed": "files of several kinds \\(csv, parquet\\)",
        "empty": "holds no file",
        "only_header.csv": "holds no rows",
        "broken.parquet": "cannot read",
        "cut.csv.gz": "cut.csv.gz",
    }.items():
        with pytest.raises(Customer360Error, match=said):
            read(tmp_path / name)


def workbook(path: Path, *rows: list[Any]) -> Path:
    """An .xlsx as a spreadsheet programme writes it, with a second sheet that says nothing of customers."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet("Notes").append(["id", "not a customer"])
    book.save(path)
    return path


def test_excel_is_its_first_sheet_cell_by_cell(tmp_path: Path) -> None:
    """Dates and numbers as they are, blank rows left out, each row with the number that is beside it."""
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


def test_a_large_sheet_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet may have a million rows."""
    monkeypatch.setattr("customer360.own_data.excel_rows._ROWS_AT_ONCE", 3)
    path = workbook(tmp_path / "members.xlsx", ["id", "name"], *([i, f"M{i}"] for i in range(10)))

    assert [len(batch) for batch in excel_batches(path)] == [3, 3, 3, 1]
    assert [row["id"] for row in read(path)] == [str(i) for i in range(10)]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("old.xls", b"\xd0\xcf\x11\xe0", "old.xls is of an old kind of Excel; save it as .xlsx or CSV"),
        ("broken.xlsx", b"no workbook", "cannot read broken.xlsx as Excel (File is not a zip file); save it"),
        ("cut.xlsx", None, "cannot read cut.xlsx as Excel"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_one_line(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    """With a way out."""
    path = tmp_path / name
    path.write_bytes(content or workbook(tmp_path / "whole.xlsx", ["id"], [1]).read_bytes()[:2_000])

    with pytest.raises(Customer360Error) as raised:
        read(path)

    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_empty_sheet_is_said_to_be_empty(tmp_path: Path) -> None:
    """Often the rows are on another sheet."""
    with pytest.raises(Customer360Error, match="the first sheet of members.xlsx is empty"):
        read(workbook(tmp_path / "members.xlsx"))


def test_excel_without_openpyxl_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no dependency: few need it."""
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    (tmp_path / "members.xlsx").write_bytes(b"PK")

    with pytest.raises(Customer360Error, match="install it with: pip install openpyxl"):
        read(tmp_path / "members.xlsx")
