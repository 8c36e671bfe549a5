"""The format of a text file is detected from its content."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from customer360.errors import Customer360Error
from customer360.own_data.sniff import csv_shape

TEXT = "id;name;joined\n1;Zoë;2024-01-02\n2;Ana, Rui;2024-01-03\n"


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_the_encoding_is_detected_from_the_bytes(tmp_path: Path, encoding: str, found: str, pack) -> None:
    """You rarely know the encoding of a file that you receive."""
    path = tmp_path / "members.csv"
    path.write_bytes(pack(TEXT.encode(encoding)))

    shape = csv_shape(path)

    assert (shape.encoding, shape.delimiter, shape.columns) == (found, ";", ("id", "name", "joined"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_with_which_lines_agree(tmp_path: Path, delimiter: str) -> None:
    """Decimal commas and commas in names are not delimiters."""
    rows = [["id", "balance, total", "name"], ["1", "12,50", "O'Neil; Ann"], ["2", "1,00", "a|b"]]
    path = tmp_path / "members.csv"
    path.write_text("\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows))

    assert csv_shape(path).delimiter == delimiter


def test_a_header_may_span_lines_and_come_after_a_hint_and_blank_lines(tmp_path: Path) -> None:
    """Spreadsheets write `sep=;` and column names with line breaks."""
    path = tmp_path / "members.csv"
    path.write_text('\nsep=;\n"id";"joined\non";id;\n1;2024-01-02;x;y\n')

    shape = csv_shape(path)

    assert shape.columns == ("id", "joined\non", "id_2", "column_4")
    assert shape.lines_before_rows == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty; export it again"),
        ("\n\n", "is empty; export it again"),
        ("id\n1\n", "has only one column when split at ','"),
        ("1,2024-01-02,7.5\n2,2024-01-03,8\n", "has no line of column names"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused_with_how_to_fix_it(tmp_path: Path, content: str, said: str) -> None:
    """Before any row is read."""
    path = tmp_path / "members.csv"
    path.write_text(content)

    with pytest.raises(Customer360Error, match=said):
        csv_shape(path)


def test_a_wrong_delimiter_names_the_likely_one(tmp_path: Path) -> None:
    """The file shows the right one."""
    path = tmp_path / "members.csv"
    path.write_text(TEXT)

    with pytest.raises(Customer360Error, match="try --delimiter ';'"):
        csv_shape(path, delimiter=",")


def test_a_wrong_encoding_names_the_option(tmp_path: Path) -> None:
    """A given encoding is used until it fails."""
    path = tmp_path / "members.csv"
    path.write_bytes(TEXT.encode("cp1252"))

    with pytest.raises(Customer360Error, match="cannot read .* as ascii .*set another encoding with --encoding"):
        csv_shape(path, encoding="ascii")
    with pytest.raises(Customer360Error, match="set another encoding with --encoding"):
        csv_shape(path, encoding="nonsense")


@pytest.mark.parametrize("hint", ["sep=;", "SEP=;", '"sep=;"'])
def test_a_hint_of_the_delimiter_is_not_a_header(tmp_path: Path, hint: str) -> None:
    """In any spelling of spreadsheets."""
    path = tmp_path / "members.csv"
    path.write_text(f"{hint}\r\n{TEXT}")

    assert (csv_shape(path).columns, csv_shape(path).lines_before_rows) == (("id", "name", "joined"), 2)


@pytest.mark.parametrize(
    "content",
    [
        'id,"name,joined\n1,Ann,2024-01-02\n2,Bob,2024-01-03\n',
        'id,"name,joined\n1,"Ann",2024-01-02\n',
        'id,"name,joined\n1,Ann",2024-01-02\n',
        'id,name,"joined\n' + "1,Ann,2024-01-02\n" * 10_000,
    ],
    ids=["to the end", "to the next mark", "to a mark before a delimiter", "over 131,072 characters"],
)
def test_a_quotation_mark_in_the_header_swallows_no_rows(tmp_path: Path, content: str) -> None:
    """They would become part of a column's name."""
    path = tmp_path / "members.csv"
    path.write_text(content)

    with pytest.raises(Customer360Error, match="members.csv, line 1: unclosed quotation mark .* --quote none"):
        csv_shape(path)
    assert csv_shape(path, quote="none").lines_before_rows == 1


PREAMBLES = {
    "a title": "Customer report\nMade: 2024-05-01\n\n",
    "comments": "# made by crm\n# 2024-05-01\n#\n",
    "cells": '"Account:","Loyalty"\n"As of:","2024-05-01"\n\n',
}


@pytest.mark.parametrize("preamble", PREAMBLES.values(), ids=PREAMBLES)
def test_lines_above_the_column_names_are_skipped_and_named(tmp_path: Path, preamble: str) -> None:
    """As in reports, whose first line is not a row of column names."""
    path = tmp_path / "members.csv"
    path.write_text(f"{preamble}id,name,joined\n1,Ann,2024-01-02\n2,Bob,2024-01-03\n")

    found, told = csv_shape(path), csv_shape(path, skip_lines=3)

    for shape in (found, told):
        assert (shape.columns, shape.lines_before_rows) == (("id", "name", "joined"), 4)
    assert "above the column names" in str(found)
    assert "above" not in str(told)


@pytest.mark.parametrize(
    "text",
    [
        "id,name\n1,Ann\n2,Bob,x\n",
        "id;name;x\n1;a\n2;b\n3;c\n",
        "name,joined\n1,Ann,2024\n2,Bob,2024\n3,Cy,2024\n",
    ],
)
def test_column_names_above_longer_or_shorter_rows_are_not_a_title(tmp_path: Path, text: str) -> None:
    path = tmp_path / "members.csv"
    path.write_text(text)

    assert csv_shape(path).lines_before_rows == 1


def test_a_delimiter_at_the_end_of_every_row_is_a_column_without_a_name(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("id,name\n1,Ann,\n2,Bob,\n")

    assert csv_shape(path).columns == ("id", "name", "column_3")


def test_a_second_byte_order_mark_does_not_belong_to_a_name(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text('\ufeff\ufeff"id","name"\n1,Ann\n')

    assert csv_shape(path).columns == ("id", "name")
