"""Encoded rows, compared with what PostgreSQL reads from them; whole types are in test_types."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal

import pyarrow as pa
import pytest
from psycopg import sql

from customer360.postgres import binary_copy
from customer360.postgres.connection import Database


def stored(database: Database, batch: pa.RecordBatch, types: str) -> list[tuple[object, ...]]:
    """The contents of a table of *types*, with the column names of *batch*, after copying it."""
    names = batch.schema.names
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, types.split("; "), strict=True))
    order = binary_copy.in_quick_order(batch)
    with database.connect() as connection:
        connection.execute(sql.SQL("CREATE TEMPORARY TABLE copied (place serial, {})").format(sql.SQL(columns)))
        with connection.cursor().copy(f"COPY copied ({', '.join(order)}) FROM STDIN (FORMAT binary)") as copy:
            for piece in binary_copy.encoded([batch.select(order)]):
                copy.write(piece)
        return connection.execute(f"SELECT {', '.join(names)} FROM copied ORDER BY place").fetchall()


@pytest.mark.parametrize(
    ("precision", "scale"),
    [(12, 2), (1, 0), (18, 18), (15, 3), (18, 0), (19, 0), (22, 2), (38, 0), (38, 37), (3, 3)],
)
def test_decimals_keep_every_digit(database: Database, precision: int, scale: int) -> None:
    """Both ways of splitting off digits, and every position of the decimal point within a group of four."""
    most = 10**precision - 1
    units = [0, 1, -1, 10, -10_000, 9_999, most, -most, most // 7, -(most // 3), None]
    values = [None if unit is None else Decimal(f"{unit}e-{scale}") for unit in units if abs(unit or 0) <= most]
    batch = pa.record_batch({"n": pa.array(values, pa.decimal128(precision, scale))})

    assert stored(database, batch, f"numeric({precision},{scale})") == [(value,) for value in values]
    assert stored(database, batch.slice(3, 5), "numeric") == [(value,) for value in values[3:8]]


def test_zeros_at_either_end_are_not_stored(database: Database) -> None:
    """A numeric of two digits takes no more space than one that PostgreSQL created itself."""
    batch = pa.record_batch(
        {"n": pa.array([Decimal("0.00"), Decimal("7.00"), Decimal("-0.30")], pa.decimal128(38, 2))}
    )

    with database.connect() as connection:
        made = connection.execute("SELECT pg_column_size(n::numeric) FROM (VALUES (0.00), (7.00), (-0.30)) v (n)")
        sizes = [size for (size,) in made.fetchall()]
        connection.execute("CREATE TABLE n (n numeric)")
        with connection.cursor().copy("COPY n FROM STDIN (FORMAT binary)") as copy:
            copy.write(b"".join(binary_copy.encoded([batch])))
        stored = connection.execute("SELECT pg_column_size(n) FROM n").fetchall()

    # A value in a row has a header of one byte; a value on its own has four.
    assert [size for (size,) in stored] == [size - 3 for size in sizes]


def test_nulls_and_slices_of_every_kind(database: Database) -> None:
    """The validity bits of a slice start within a byte, and its texts within their buffer."""
    columns = {
        "t": pa.array(["a", None, "", "ß", "the end"]),
        "b": pa.array([True, None, False, True, None]),
        "d": pa.array([date(1999, 12, 31), date(2000, 1, 1), None, date(1, 1, 1), date(9999, 12, 31)]),
        "z": pa.array([datetime(1960, 1, 1, tzinfo=timezone.utc), None, None, None, datetime.now(timezone.utc)],
                      pa.timestamp("us", tz="UTC")),
        "f": pa.array([0.1, None, float("inf"), -0.0, 1e300]),
        "r": pa.array([1.5, 2.5, None, 3.5, -1.5], pa.float32()),
        "y": pa.array([b"\0", None, b"", b"PGCOPY", b"\xff"]),
        "n": pa.array([None] * 5, pa.int16()),
    }  # fmt: skip
    batch = pa.record_batch(columns)
    types = "text; boolean; date; timestamptz; double precision; real; bytea; smallint"
    rows = list(zip(*(column.to_pylist() for column in columns.values()), strict=True))

    assert stored(database, batch, types) == rows
    for first in range(1, 5):
        assert stored(database, batch.slice(first, 2), types) == rows[first : first + 2]


def test_a_large_batch_is_split(database: Database) -> None:
    """A gigabyte of texts must not become one byte string, whose offsets are 32-bit numbers."""
    batch = pa.record_batch({"n": pa.array(range(2_000)), "t": pa.array([f"{i}" * 1_000 for i in range(2_000)])})

    _, *pieces, _ = (len(piece) for piece in binary_copy.encoded([batch]))

    assert len(pieces) > 2
    assert max(pieces) < 2 * sum(pieces) / len(pieces)
    assert stored(database, batch, "bigint; text") == [(i, f"{i}" * 1_000) for i in range(2_000)]


def test_a_type_without_an_encoding_is_refused() -> None:
    """Bytes of another type would be copied as garbage."""
    with pytest.raises(TypeError, match="list"):
        list(binary_copy.encoded([pa.record_batch({"l": pa.array([[1]])})]))
