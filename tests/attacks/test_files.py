"""Any file gives rows, rejected rows with their reasons, or one line; and the file is unchanged."""

from __future__ import annotations

import gzip
import io
import random
from contextlib import redirect_stderr
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.own_data.evaluate import evaluated
from customer360.own_data.guess import guess
from customer360.own_data.loadable import find_loadable
from customer360.own_data.raw_tables import Reading, spool_file
from tests.attacks.command_line import customer360, nothing_to_reach
from tests.attacks.inputs import ARGUMENTS, HOSTILE, TEXTS, Tried, attack

AS_OF = date(2026, 6, 30)
CSV = (
    b"customer_id,name,email,join_date,last_login,is_active,loyalty_status,loyalty_points,account_balance\n"
    b'1,"Ada, L.",ada@example.com,2020-01-02,2026-05-01 10:00:00,true,Gold,100,12.50\n'
    b"2,Bob,bob@example.com,2021-03-04,,false,Silver,,-3\n"
)
JSON = b'{"customer_id": 1, "join_date": "2020-01-02", "loyalty": {"points": 5}}\n{"customer_id": 2, "join_date": null}\n'
ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "cp1252",
    "latin-1",
    "cp037",
    "utf-7",
    "shift_jis",
]


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(
        pa.table({"customer_id": [1, 2], "join_date": [AS_OF, None], "account_balance": [1.5, float("nan")]}), file
    )
    return file.getvalue()


PARQUET = parquet()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def ending(path: Path, content: bytes, reading: Reading | None = None) -> str:
    """The result for a file with *content*: every row loaded or rejected, or one line."""
    path.write_bytes(content)
    try:
        with redirect_stderr(io.StringIO()), spool_file(path, reading) as raw:
            mapping = guess(raw.columns, raw.sample()).require()
            found = find_loadable(*evaluated(raw, mapping, as_of=AS_OF), as_of=AS_OF)
            tally = found.tally
            assert tally.customers + tally.rows_rejected + tally.rows_identical == tally.rows_in == raw.rows
            return "loaded" if found.tally.customers else "rejected"
    except Customer360Error:
        return "refused"
    finally:
        assert path.read_bytes() == content
        path.unlink()


@attack(400)
@given(
    content=st.binary(max_size=300),
    ends=st.sampled_from([".csv", ".json", ".parquet", ".csv.gz", ".xlsx", "", ".txt"]),
)
def test_any_bytes_are_read_or_refused(folder: Path, tried: Tried, content: bytes, ends: str) -> None:
    """With any file name extension."""
    tried(ending(folder / f"any{ends}", content))


@attack(150)
@given(seed=st.integers(0, 2**32), cuts=st.integers(1, 8), kind=st.sampled_from(["csv", "json", "csv.gz"]))
def test_a_damaged_file_is_read_or_refused(folder: Path, tried: Tried, seed: int, cuts: int, kind: str) -> None:
    """Bytes flipped, removed and duplicated in a valid file."""
    right = {"csv": CSV, "json": JSON, "csv.gz": gzip.compress(CSV, mtime=0)}[kind]
    tried(ending(folder / f"damaged.{kind}", damaged(right, seed, cuts)))


@attack(250)
@given(seed=st.integers(0, 2**32), cuts=st.integers(1, 8))
def test_a_damaged_parquet_file_is_read_or_refused(folder: Path, tried: Tried, seed: int, cuts: int) -> None:
    """It is binary, with sizes and offsets that a reader follows."""
    tried(ending(folder / "damaged.parquet", damaged(PARQUET, seed, cuts)))


def damaged(content: bytes, seed: int, cuts: int) -> bytes:
    draw, found = random.Random(seed), bytearray(content)
    for _ in range(cuts):
        at = draw.randrange(len(found))
        match draw.randrange(4):
            case 0:
                found[at] ^= 1 << draw.randrange(8)
            case 1:
                found[at : at + draw.randrange(20)] = b""
            case 2:
                found[at:at] = draw.choice(HOSTILE).encode("utf-8", "surrogatepass")[:50]
            case _:
                found[at:at] = found[at : at + draw.randrange(40)]
        found = found or bytearray(b"\n")
    return bytes(found)


CELLS = TEXTS | st.sampled_from(
    [
        "1",
        "2",
        "2020-01-02",
        "03/04/2021",
        "29.02.2023",
        "1,234.5",
        "1.234,5",
        "Gold",
        "true",
        "0001-01-01",
        "9999-12-31",
        "1e99",
        "-1",
    ]
)
NAMES = st.sampled_from(
    ["customer_id", "join_date", "last_login", "account_balance", "loyalty_points", "is_active", "name"]
)


@attack(400)
@given(
    header=st.lists(NAMES | TEXTS, min_size=2, max_size=5),
    rows=st.lists(st.lists(CELLS, max_size=6), max_size=5),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
)
def test_any_cells_are_read_or_rejected(
    folder: Path, tried: Tried, header: list[str], rows: list[list[str]], delimiter: str
) -> None:
    """Rows that are too long or too short, unclosed quotes, duplicate column names."""
    lines = [delimiter.join(["customer_id", "join_date", *header]), *map(delimiter.join, rows)]
    tried(ending(folder / "cells.csv", "\n".join(lines).encode("utf-8", "surrogatepass")))


@attack(250)
@given(
    text=st.text(max_size=40),
    written=st.sampled_from(ENCODINGS),
    said=st.sampled_from([None, None, *ENCODINGS]) | ARGUMENTS,
    delimiter=st.sampled_from([None, ",", ";", "\t", "x", " ", "\\"]),
)
def test_a_wrong_encoding_or_delimiter_is_reported(
    folder: Path, tried: Tried, text: str, written: str, said: str | None, delimiter: str | None
) -> None:
    """Written in one encoding, declared as another, or as an unknown one."""
    content = f"{CSV.decode()}3,{text},,2020-01-02,,,,,\n".encode(written, "replace")
    tried(ending(folder / "encoded.csv", content, Reading(delimiter, said)))


def test_a_file_does_not_control_the_terminal(tmp_path: Path, tried: Tried) -> None:
    """The names of columns, cells and the file itself are shown before anything is loaded."""
    steering = "\x1b[2J\x1b]0;owned\x07\u202e\x9b31m"
    (tmp_path / "members.csv").write_text(
        f"customer_id,join_date,{steering}\n1,2020-01-02,{steering}\n{steering},x,y\n"
    )
    with nothing_to_reach(tmp_path):
        ended = customer360("load", "members.csv", "--dry-run", "--max-rejected", "100%")
    tried(ended.code)

    assert ended.code == 0, ended.stderr
    assert all(line.isprintable() for line in (ended.stdout + ended.stderr).splitlines()), ascii(ended.stdout)
