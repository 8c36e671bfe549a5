"""Every kind of source becomes the same raw table: text cells, and each row with its line and file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.own_data.columns import is_typed
from customer360.own_data.csv_rows import _BLOCK_BYTES
from customer360.own_data.raw_tables import RawTable, Reading, spool_file
from customer360.own_data.sniff import csv_shape


def rows_of(raw: RawTable) -> list[dict[str, Any]]:
    return [row for file in raw.files for row in raw.read(file).to_pylist()]


def read(path: Path, reading: Reading | None = None) -> list[dict[str, Any]]:
    with spool_file(path, reading) as raw:
        rows = rows_of(raw)
        assert len(rows) == raw.rows
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
def test_a_quote_that_is_never_closed_is_an_error_and_not_a_row(tmp_path: Path, rows: str) -> None:
    """It would swallow every row that follows."""
    path = tmp_path / "members.csv"
    path.write_text("id,name,city\n" + rows)

    with pytest.raises(Customer360Error, match="line [123].*with --quote none"):
        read(path)


ROWS = [f"{i},Name {i},2023-01-{i:02},{i}.00" for i in range(2, 29)]


def with_marks(*marked: tuple[int, str]) -> list[str]:
    """Rows; those at the positions in *marked* are replaced."""
    rows = list(ROWS)
    for place, row in marked:
        rows[place] = row
    return rows


@pytest.mark.parametrize(
    "rows",
    [
        with_marks((3, '5,"Bo,2023-01-05,5.00'), (8, '10,Zed",2023-01-10,10.00')),
        with_marks((3, '5,"Bo,2023-01-05,5.00'), (8, '10,"Zed",2023-01-10,10.00')),
        with_marks((3, '5,"Bo,2023-01-05,5.00'), (4, '6,Zed",2023-01-06,10.00')),
        with_marks((3, '5,Bo,2023-01-05,"5.00'), (8, '10,Zed,2023-01-10,10.00"')),
        with_marks((3, '"5,Bo,2023-01-05,5.00'), (8, '10",Zed,2023-01-10,10.00')),
        with_marks((3, '5,"Bo,2023-01-05,5.00')),
        with_marks((3, '5,"Bo,2023-01-05,5.00'), (8, '10,Zed,"2023-01-10",10.00')),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quotation_mark_never_swallows_rows_silently(tmp_path: Path, rows: list[str], end: str) -> None:
    """Regardless of the mark that ends it; if marks are plain characters, every line is a row."""
    path = tmp_path / "members.csv"
    path.write_bytes(end.join(["id,name,joined,balance", *rows, ""]).encode())

    with pytest.raises(Customer360Error, match=r"members.csv(, line 5:|: .* after line \d+; ).*--quote none"):
        read(path)
    assert [row["source_line"] for row in read(path, Reading(quote="none"))] == list(range(2, 29))


@pytest.mark.parametrize(
    "cell",
    [
        "12 Main St\nSpringfield, IL, US, 62701",
        "a, b, c\n\nd",
        "1.\n2.\n3.",
        "x\n1234",
        "Dear Ann,\n\nThanks, Bo,\nby, by",
    ],
)
def test_intended_line_breaks_stay_in_their_cell(tmp_path: Path, cell: str) -> None:
    """Addresses and notes have commas too."""
    path = tmp_path / "members.csv"
    path.write_text(f'id,name,note,balance\n1,Ann,"{cell}",5.00\n2,Bob,,6.00\n', newline="")

    assert [(row["note"], row["source_line"]) for row in read(path)] == [(cell, 2), ("", 3 + cell.count("\n"))]


def test_rows_in_a_cell_are_kept_with_quote_double(tmp_path: Path) -> None:
    """A note may contain a table."""
    path = tmp_path / "members.csv"
    path.write_text('id,note\n1,"a\n2,b"\n3,c\n')

    with pytest.raises(Customer360Error, match="line 2: a quotation mark turns several rows into one cell"):
        read(path)
    assert [row["note"] for row in read(path, Reading(quote="double"))] == ["a\n2,b", "c"]


@settings(max_examples=40)
@given(st.data(), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_line_breaks_in_quotes_are_kept_wherever_a_block_ends(
    tmp_path_factory: Any, data: Any, encoding: str
) -> None:
    """With blocks of a few bytes, the cells and lines are the same as with one block."""
    breaks = st.lists(st.sampled_from(["\r\n", "\n", "a", "é"]), max_size=5).map("".join)
    cells = data.draw(st.lists(breaks, min_size=1, max_size=60))
    path = tmp_path_factory.mktemp("csv") / "members.csv"
    rows = "".join(f'{number},"x{cell}y"\r\n' for number, cell in enumerate(cells))
    path.write_bytes(f"id,name\r\n{rows}".encode(encoding))
    expected, line = [], 2
    for number, cell in enumerate(cells):
        expected.append((str(number), f"x{cell}y", line))
        line += 1 + cell.count("\n")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("customer360.own_data.csv_rows._BLOCK_BYTES", data.draw(st.integers(32, 80)))
        found = read(path, Reading(encoding=encoding, quote="double"))

    assert [(row["id"], row["name"], row["source_line"]) for row in found] == expected


def test_a_carriage_return_at_the_end_of_a_block_of_the_real_size_loses_nothing(tmp_path: Path) -> None:
    """Arrow reads blocks of two million bytes."""
    path = tmp_path / "members.csv"
    start = 'id,name\r\n1,"'
    for shift in (-1, 0, 1):
        filling = "x" * (_BLOCK_BYTES - len(start) - 1 + shift)
        path.write_bytes(f'{start}{filling}\r\nend"\r\n2,b\r\n'.encode())

        assert [(row["name"][-5:], row["source_line"]) for row in read(path)] == [("\r\nend", 2), ("b", 4)]


@pytest.mark.parametrize(
    ("cell", "text"),
    [('="0012"', "0012"), ('"=""0012"""', "0012"), ("'7100123", "7100123"), ("'12.50", "12.50"), ("'t Hooft", "'t Hooft"),
     ("O'Neil", "O'Neil"), ('"=""a"" & b"', '="a" & b'), ("=1+1", "=1+1")],
)  # fmt: skip
def test_what_forces_a_number_to_be_text_in_a_spreadsheet_is_removed(tmp_path: Path, cell: str, text: str) -> None:
    """It does not belong to the value, and an id with it would be another id."""
    path = tmp_path / "members.csv"
    path.write_text(f"id,name\n{cell},x\n")

    assert [row["id"] for row in read(path)] == [text]


@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
def test_line_breaks_in_the_last_row_are_not_an_open_quote(tmp_path: Path, end: str) -> None:
    """The file may or may not end right after it."""
    path = tmp_path / "members.csv"
    path.write_bytes(b'id,name,city\r\n1,"a\nb",longer than that\r\n2,x,"one\ntwo"' + end.encode())

    assert [row["city"] for row in read(path)] == ["longer than that", "one\ntwo"]


def test_bytes_outside_the_given_encoding_are_an_error(tmp_path: Path) -> None:
    """With --encoding utf-8, the error says which line is not UTF-8."""
    path = tmp_path / "members.csv"
    path.write_bytes(b"id,name\n" + b"1,a\n" * 300_000 + "2,Zoë\n".encode("cp1252"))
    with (
        pytest.raises(Customer360Error, match="set the encoding with --encoding"),
        spool_file(path, Reading(encoding="utf-8")),
    ):
        pass


# What spreadsheets put around a number to keep it as text is removed: ="0012" and '0012.
cell = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8).filter(
    lambda text: not re.match(r"""\s*(="|'\d)""", text)
)


@settings(max_examples=60)
@given(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_any_table_that_a_program_writes_is_read_back(
    tmp_path_factory: Any, table: list[list[str]], end: str
) -> None:
    """Cell by cell and line by line, with any content; empty rows are skipped."""
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
    rows = read(path, Reading(quote="double")) if csv_shape(path) == shape else []

    assert [(row["source_line"], *(row[name] for name in shape.columns)) for row in rows] in (expected, [])


def test_json_lines_keep_numbers_as_written_and_open_objects(tmp_path: Path) -> None:
    """As in exports of profiles; a broken line is a row with a problem."""
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


LAID_OUT = {
    "in one line": '[{"id": 1, "points": 1.50}, {"id": 2, "points": null}]',
    "pretty": '\n[\n {\n  "id": 1,\n  "points": 1.50\n },\n {\n  "id": 2, "points": null\n }\n]\n',
    "under a key": '{"total": 2, "customers": [{"id": 1, "points": 1.50},\n{"id": 2, "points": null}], "next": {"a": [1]}}',
    "under a key in one line": '{"customers": [{"id": 1, "points": 1.50}, {"id": 2, "points": null}]}',
    "one after another": '{\n "id": 1,\n "points": 1.50\n}\n{\n "id": 2,\n "points": null\n}\n',
    "after a mark": '\ufeff[{"id": 1, "points": 1.50}, {"id": 2}]',
}


@pytest.mark.parametrize("text", LAID_OUT.values(), ids=LAID_OUT)
def test_json_objects_are_rows_in_any_layout(tmp_path: Path, text: str) -> None:
    """As in API responses and pretty-printed files; numbers stay as they are written."""
    path = tmp_path / "members.json"
    path.write_text(text)

    assert [(row["id"], row["points"]) for row in read(path)] == [("1", "1.50"), ("2", None)]


def test_the_rows_of_a_pretty_array_have_the_lines_on_which_they_begin(tmp_path: Path) -> None:
    path = tmp_path / "members.json"
    path.write_text('[\n  {\n    "id": 1\n  },\n  7,\n  {"id": 2}\n]')

    rows = read(path)

    assert [(row["source_line"], row["id"]) for row in rows if not row["source_problem"]] == [(2, "1"), (6, "2")]
    assert [(row["source_line"], row["source_text"]) for row in rows if row["source_problem"]] == [(5, "7")]


def test_a_long_array_is_read_in_chunks(tmp_path: Path) -> None:
    """A value may span two chunks anywhere."""
    path = tmp_path / "members.json"
    path.write_text(json.dumps([{"id": i, "name": "n" * (i % 97)} for i in range(20_000)], indent=1))

    rows = read(path)

    assert [(row["id"], len(row["name"])) for row in rows] == [(str(i), i % 97) for i in range(20_000)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"customers": [{"id": 1}], "orders": [{"id": 2}]}', "line 1: the object has several arrays of objects .customers, orders."),
        ('{\n"a": [{"id": 1}]}\n{\n"a": [{"id": 2}]}', "line 3: several objects contain arrays; write one object per line"),
        ('[{"id": 1},\n{"id": 2', "line 2: invalid JSON "),
        ('[{"id": 1}\n{"id": 2}]', "line 2: missing ',' before "),
    ],
)  # fmt: skip
def test_json_that_is_damaged_or_several_tables_is_refused_with_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "members.json"
    path.write_text(text)

    with pytest.raises(Customer360Error, match=said):
        read(path)


def test_names_that_differ_only_in_letter_case_are_one_column(tmp_path: Path) -> None:
    """Unless one object has both; then each keeps its value."""
    path = tmp_path / "members.jsonl"
    path.write_text('{"id": 1, "Name": "Ann"}\n{"id": 2, "name": "Bob"}\n{"id": 3, "NAME": "Cy"}\n')
    both = tmp_path / "both.jsonl"
    both.write_text('{"id": 1, "Name": "Ann"}\n{"id": 2, "name": "b", "Name": "Bob"}\n')

    assert [row["Name"] for row in read(path)] == ["Ann", "Bob", "Cy"]
    assert [(row["Name"], row["name_2"]) for row in read(both)] == [("Ann", None), ("Bob", "b")]


def test_parquet_becomes_text_that_reads_back_exactly(tmp_path: Path) -> None:
    """Each typed value has exactly one text."""
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
    """In any order; a column that one of them lacks is null there."""
    (tmp_path / "a.csv").write_text("id,name\n1,Ann\n")
    (tmp_path / "b.csv").write_text("city;name;id\nPorto;Bob;2\n")

    rows = sorted(read(tmp_path), key=lambda row: row["id"])

    assert [(row["id"], row["name"], row["city"], row["source_file"], row["source_line"]) for row in rows] == [
        ("1", "Ann", None, "a.csv", 2),
        ("2", "Bob", "Porto", "b.csv", 2),
    ]


def test_columns_that_differ_only_in_case_are_one_and_a_mapping_is_not_data(tmp_path: Path) -> None:
    """Files of the same kind from different months, and the mapping that an earlier load wrote next to them."""
    (tmp_path / "a.csv").write_text("ID,Name\n1,Ann\n")
    (tmp_path / "b.csv").write_text("name,id\nBob,2\n")
    (tmp_path / "exports.mapping.toml").write_text("[columns]\n")

    with spool_file(tmp_path) as raw:
        assert raw.columns == ("ID", "Name")
        assert raw.rows == 2
    assert [(row["ID"], row["Name"]) for row in read(tmp_path)] == [("1", "Ann"), ("2", "Bob")]


def test_the_name_of_a_source_does_not_depend_on_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mapping is named after it."""
    (tmp_path / "a.csv").write_text("id,name\n1,Ann\n")
    monkeypatch.chdir(tmp_path)

    with spool_file(Path()) as raw:
        assert raw.name == tmp_path.name


def test_typed_fractional_numbers_are_marked_cell_by_cell(tmp_path: Path) -> None:
    """Their point is a decimal point, regardless of texts next to them, even if the files of a folder differ."""
    pq.write_table(pa.table({"id": [1], "Balance": [1.234], "name": ["Ann"]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"id": [2], "balance": ["1.234"]}), tmp_path / "b.parquet")
    (tmp_path / "c.jsonl").write_text('{"id": 1, "x": 1.234, "y": "1.234"}\n{"id": 2, "x": "1.234", "y": 5}\n')

    def typed(path: Path) -> list[tuple[str, ...]]:
        with spool_file(path) as raw:
            return [
                tuple(name for name in raw.columns if is_typed(rows, name)[place].as_py())
                for rows in map(raw.read, raw.files)
                for place in range(len(rows))
            ]

    assert typed(tmp_path / "c.jsonl") == [("x",), ()]
    (tmp_path / "c.jsonl").unlink()
    assert typed(tmp_path) == [("Balance",), ()]


def test_floats_keep_all_their_digits(tmp_path: Path) -> None:
    """Ids that pandas converted to floats are whole numbers."""
    pq.write_table(pa.table({"id": [1234567890123456.0, 2.0**53 - 1, -7.0, 0.5]}), tmp_path / "a.parquet")

    assert [row["id"] for row in read(tmp_path / "a.parquet")] == [
        "1234567890123456",
        "9007199254740991",
        "-7",
        "0.5",
    ]


def test_bytes_that_are_not_text_change_no_other_value(tmp_path: Path) -> None:
    """Valid UTF-8 is text; other bytes are shown as in PostgreSQL, so that different values stay different."""
    values = pa.array(["Zoë".encode(), b"\xe9\x00", None, b"\xea"], pa.binary())
    pq.write_table(pa.table({"id": [1, 2, 3, 4], "name": values}), tmp_path / "a.parquet")

    assert [row["name"] for row in read(tmp_path / "a.parquet")] == ["Zoë", "\\xe900", None, "\\xea"]


def test_timestamps_of_old_parquet_reach_beyond_the_nanoseconds(tmp_path: Path) -> None:
    """Spark and Impala wrote INT96; 9999-12-31 must not become a day of 1816."""
    moments = [
        datetime(2600, 1, 1),
        datetime(9999, 12, 31),
        datetime(1600, 1, 1, 2, 3, 4, 5),
        datetime(2024, 1, 2),
    ]
    table = pa.table({"at": pa.array(moments, pa.timestamp("us"))})
    pq.write_table(table, tmp_path / "a.parquet", use_deprecated_int96_timestamps=True)

    assert [datetime.fromisoformat(row["at"]) for row in read(tmp_path / "a.parquet")] == moments


def test_a_key_called_like_our_own_columns_is_a_column_like_any_other(tmp_path: Path) -> None:
    """No column of yours is overwritten."""
    (tmp_path / "a.jsonl").write_text('{"id": 1, "source_line": "x", "SOURCE_FILE": "y"}\n')

    (row,) = read(tmp_path / "a.jsonl")

    assert (row["source_line"], row["source_file"]) == (1, "a.jsonl")
    assert (row["source_line_2"], row["SOURCE_FILE_2"]) == ("x", "y")


def test_a_long_source_is_kept_in_several_files_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that they can be processed in parallel."""
    monkeypatch.setattr("customer360.own_data.raw_tables.FILE_ROWS", 1_000)
    path = tmp_path / "members.csv"
    path.write_text("id,name\n" + "".join(f"{i},{'x' * 1_000}\n" for i in range(9_000)))

    with spool_file(path) as raw:
        assert len(raw.files) > 2
    assert [(row["id"], row["source_line"]) for row in read(path)] == [(str(i), i + 2) for i in range(9_000)]


def test_a_source_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    """With how to fix it."""
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "a.csv").write_text("id,name\n1,Ann\n")
    (tmp_path / "mixed" / "b.parquet").write_bytes(b"PAR1")
    (tmp_path / "empty").mkdir()
    (tmp_path / "only_header.csv").write_text("id,name\n")
    (tmp_path / "unended_header.csv").write_text("id,name")
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"id,name\n" + bytes(range(65, 91)) * 5_000)[:60])

    for name, said in {
        "nothing.csv": "file not found: ",
        "mixed": "files of several kinds \\(csv, parquet\\)",
        "empty": "contains no file",
        "only_header.csv": "contains no rows",
        "unended_header.csv": "contains no rows",
        "broken.parquet": "cannot read",
        "cut.csv.gz": "cut.csv.gz",
        "/dev/zero": "/dev/zero is not a regular file",
    }.items():
        with pytest.raises(Customer360Error, match=said):
            read(tmp_path / name)


ESCAPED = 'id,name,path\n1,"Ada \\"The Ace\\" Lind",C:\\x\n2,"Bo, \\"B\\"",\\N\n3,"a\\\\",z\n4,Cy,"two\nlines"\n'


@pytest.mark.parametrize("reading", [None, Reading(quote="backslash")], ids=["found", "said"])
def test_a_backslash_escapes_a_quotation_mark(tmp_path: Path, reading: Reading | None) -> None:
    """As in MySQL and many programs; other backslashes are plain characters."""
    path = tmp_path / "members.csv"
    path.write_text(ESCAPED)

    assert [(row["source_line"], row["name"], row["path"]) for row in read(path, reading)] == [
        (2, 'Ada "The Ace" Lind', "C:\\x"),
        (3, 'Bo, "B"', "\\N"),
        (4, "a\\", "z"),
        (5, "Cy", "two\nlines"),
    ]


def test_a_backslash_that_is_not_in_the_first_rows_is_an_error(tmp_path: Path) -> None:
    """Otherwise mangled names would be loaded."""
    path = tmp_path / "members.csv"
    path.write_text(
        "id,name\n" + "".join(f"{i},Name {i}\n" for i in range(30_000)) + '30000,"Ada \\"Ace\\" Lind"\n'
    )

    with pytest.raises(
        Customer360Error, match="line 30,002: backslash .* --quote backslash if .*, or --quote double"
    ):
        read(path)
    assert read(path, Reading(quote="backslash"))[-1]["name"] == 'Ada "Ace" Lind'


def test_a_backslash_at_the_end_of_a_cell_is_not_an_escape(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text('id,path\n1,"C:\\dir\\"\n2,"C:\\a ""b"" c"\n')

    assert [row["path"] for row in read(path)] == ["C:\\dir\\", 'C:\\a "b" c']


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("id    name      joined\n1     Ann Lee   2024-01-02\n22    Bob       2024-01-03\n", None),
        ("  id joined\n   1 2024-01-02\n  22 2024-01-03\n", None),
        ("id joined\n1 2024-01-02\n22\t 2024-01-03\n", Reading(delimiter=" ")),
    ],
    ids=["two blanks or more", "any number", "said"],
)
def test_columns_may_be_separated_by_blanks(tmp_path: Path, text: str, reading: Reading | None) -> None:
    path = tmp_path / "members.txt"
    path.write_text(text)

    rows = read(path, reading)

    assert [(row["source_line"], row["id"], row["joined"]) for row in rows] == [
        (2, "1", "2024-01-02"),
        (3, "22", "2024-01-03"),
    ]
    assert rows[0].get("name", "Ann Lee") == "Ann Lee"


def test_skipped_lines_count_towards_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text('Report "x\n\nid,name\n1,Ann\n')

    assert [(row["source_line"], row["id"]) for row in read(path, Reading(skip_lines=2))] == [(4, "1")]
