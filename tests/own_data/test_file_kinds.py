"""The content of a file takes precedence over its name; unsupported kinds are named with how to fix it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from customer360.errors import Customer360Error
from customer360.own_data.raw_tables import RawTable, Reading, spool_file
from tests.own_data.test_raw_tables import read

TEXT = "id,name\n1,Ann\n2,Zoë\n"
TABLE = pa.table({"id": [1, 2], "name": ["Ann", "Zoë"]})


def named(path: Path) -> list[tuple[str, str]]:
    return [(row["id"], row["name"]) for row in read(path)]


def zipped(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def workbook() -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in (["id", "name"], [1, "Ann"], [2, "Zoë"]):
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def parquet() -> bytes:
    content = io.BytesIO()
    pq.write_table(TABLE, content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.csv.gz", gzip.compress(TEXT.encode(), mtime=0)),
        ("m.csv.bz2", bz2.compress(TEXT.encode())),
        ("m.csv.xz", lzma.compress(TEXT.encode())),
        ("m.csv.zst", pa.compress(TEXT.encode(), "zstd", asbytes=True)),
        ("m.csv.zip", zipped(**{"members.csv": TEXT, "__MACOSX/._members.csv": "x"})),
        ("m.zip", zipped(**{"export/members.jsonl": '{"id": 1, "name": "Ann"}\n{"id": 2, "name": "Zoë"}\n'})),
        ("m.csv", workbook()),
        ("m.xlsm", workbook()),
        ("m", parquet()),
        ("m.csv", parquet()),
    ],
    ids=["gz", "bz2", "xz", "zst", "zip", "zip of JSON", "workbook called CSV", "macros", "Parquet without a name", "Parquet called CSV"],
)  # fmt: skip
def test_a_compressed_or_misnamed_file_is_read_by_its_content(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    assert named(path) == [("1", "Ann"), ("2", "Zoë")]


def feather() -> bytes:
    content = io.BytesIO()
    pyarrow.feather.write_feather(TABLE, content)
    return content.getvalue()


def orc() -> bytes:
    content = io.BytesIO()
    pyarrow.orc.write_table(TABLE, content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.zip", zipped(a=TEXT, b=TEXT), "m.zip is an archive of 2 files .a, b.; unpack it, and load the folder"),
        ("m.ods", zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet", x=""), "OpenDocument file; save it as .xlsx"),
        ("m.feather", feather(), "Arrow .Feather. file; save it as Parquet"),
        ("m.orc", orc(), "ORC file; save it as Parquet"),
        ("m.db", b"SQLite format 3\0" + bytes(100), "SQLite database; export the table"),
        ("m.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is an old Excel workbook, or one with a password; save it as"),
        ("m.xls", b"<html><body><table><tr><td>1</td></tr></table>", "web page .HTML.; open it in Excel"),
        ("m.csv", b"<?xml version='1.0'?><a/>", "is XML; export the table as CSV"),
        ("m.pdf", b"%PDF-1.7\n", "is a PDF"),
        ("m.tar.gz", gzip.compress(b"members.csv" + bytes(246) + b"ustar" + bytes(300), mtime=0), "tar archive; unpack it"),
        ("m.parquet.gz", gzip.compress(parquet(), mtime=0), "is a compressed Parquet or zip file; unpack it"),
        ("m.zip", zipped(**{"m.parquet": "PAR1"}), "is a compressed Parquet or zip file; unpack it"),
    ],
)  # fmt: skip
def test_an_unsupported_kind_is_named_in_one_line_with_how_to_fix_it(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(Customer360Error, match=said) as refused:
        read(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("header", ["ORC_ID,name", "BZhandler,name", "GIFT,name", "Obj,name", "FEA1,name"])
def test_a_header_that_begins_like_another_kind_is_a_header(tmp_path: Path, header: str) -> None:
    (tmp_path / "m.csv").write_text(f"{header}\n1,Ann\n")

    assert len(read(tmp_path / "m.csv")) == 1


def source_of(folder: Path, **files: str) -> RawTable:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    with spool_file(folder, Reading()) as raw:
        return raw


def test_other_files_next_to_the_data_are_skipped_and_named(tmp_path: Path) -> None:
    raw = source_of(
        tmp_path, **{"a.csv": TEXT, "b.csv": TEXT, "README.md": "# x", "desktop.ini": "[x]", ".hidden": "x", "_SUCCESS": "", "old/c.csv": TEXT}
    )  # fmt: skip

    assert (raw.rows, raw.description) == (
        4,
        "2 files of CSV, utf-8, comma-separated (not read: README.md, desktop.ini, old/)",
    )


def test_the_names_of_folders_are_columns(tmp_path: Path) -> None:
    """As Hive and Spark write them; the file's own columns take precedence."""
    for name, text in {
        "country=ES/year=2024/part-0.csv": "id,year\n1,1999\n",
        "country=Cabo%20Verde/part-0.csv": "id\n2\n",
        "country=__HIVE_DEFAULT_PARTITION__/part-0.csv": "id\n3\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(
            text.replace("id\n", "id,x\n").replace("2\n", "2,\n").replace("3\n", "3,\n")
            if "year=" not in name
            else text
        )

    found = {row["id"]: (row["country"], row["year"], row["source_file"]) for row in read(tmp_path)}

    assert found == {
        "1": ("ES", "1999", "country=ES/year=2024/part-0.csv"),
        "2": ("Cabo Verde", None, "country=Cabo%20Verde/part-0.csv"),
        "3": (None, None, "country=__HIVE_DEFAULT_PARTITION__/part-0.csv"),
    }


def test_the_fields_of_structs_are_columns(tmp_path: Path) -> None:
    rows = [{"id": 1, "address": {"city": "Rome", "geo": {"lat": 1.5}}}, {"id": 2, "address": None}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "m.parquet")

    assert [(row["address.city"], row["address.geo.lat"]) for row in read(tmp_path / "m.parquet")] == [
        ("Rome", "1.5"),
        (None, None),
    ]


def test_sixteen_bytes_are_a_uuid(tmp_path: Path) -> None:
    ids = pa.array([bytes(range(16)), None], pa.binary(16))
    pq.write_table(pa.table({"id": ids, "name": ["Ann", "Bob"]}), tmp_path / "m.parquet")

    assert [row["id"] for row in read(tmp_path / "m.parquet")] == ["00010203-0405-0607-0809-0a0b0c0d0e0f", None]
