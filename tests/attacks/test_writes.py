"""A DataFrame's rows in a table of other types: converted like PostgreSQL's INSERT, or refused in one line."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from psycopg import sql
from pyspark.sql.types import StructType

from customer360.errors import Customer360Error
from customer360.postgres import standalone, types
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from tests.statements import execute, fetch

TABLE = 'crm."My Table"'


@pytest.fixture(autouse=True)
def _schema(database: Database) -> None:
    execute(database, "CREATE SCHEMA crm")


def schema_of(columns: str) -> StructType:
    """A schema without a session, which Spark's own parser would require."""
    spelled = {"int": "integer", "bigint": "long"}
    fields = [column.split() for column in columns.split(", ")]
    return StructType.fromJson(
        {"fields": [{"name": n, "type": spelled.get(k, k), "nullable": True, "metadata": {}} for n, k in fields]}
    )


def staged(database: Database, table: str, schema: str, rows: Mapping[str, Sequence[Any]]) -> tuple[str, int]:
    """Stages the rows as the tasks of a write do."""
    name, columns = standalone.stage(database, table, schema_of(schema))
    batch = pa.record_batch(dict(rows), schema=types.arrow_schema(columns))
    try:
        with writer(database) as copier:
            return name, copier.copy_once(name, 0, [batch], shown=table)
    except Customer360Error:
        standalone.drop(database, name)  # as Spark does
        raise


def write(
    database: Database, table: str, schema: str, rows: Mapping[str, Sequence[Any]], *, overwrite: bool = False
) -> None:
    standalone.move(database, staged(database, table, schema, rows)[0], table, _count(rows), overwrite=overwrite)


def _count(rows: Mapping[str, Sequence[Any]]) -> int:
    return len(next(iter(rows.values())))


def require_nothing_left(database: Database) -> None:
    """Asserts that there is no staging table, and no signature of one."""
    left = "SELECT relname FROM pg_class WHERE relname LIKE 'write\\_%' AND relkind = 'r'"
    assert fetch(database, left) == []
    assert fetch(database, "SELECT * FROM customer360_internal.copied_parts") == []


TEXTS = {
    "money": ["-$999.99", "$1,234.56"],
    "oid": ["1234", "0"],
    "interval": ["1 day 12:34:56.7", "-2 years"],
    "uuid": ["3c1c2b7e-2d2f-4a1e-9d9f-6d7f7ad1f0aa", "61626364-6566-6768-696a-6b6c6d6e6f70"],
    "jsonb": ['{"a": [1, null]}', "null"],
    "json": ['{"a":  1}', "[]"],
    "macaddr": ["08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff"],
    "pg_lsn": ["0/16B374", "FFFFFFFF/FFFFFFFF"],
    "inet": ["10.0.0.1/8", "::1"],
    "integer[]": ["{1,2,NULL}", "{}"],
    "text[]": ['{"a,b",c}', "{}"],
    "crm.tier": ["low", "high"],
    "char(3)": ["DEU", "FR"],
    "varchar(3)": ["DEU", "FR"],
    "bit(3)": ["101", "000"],
    "bit varying(5)": ["101", ""],
    "time": ["12:34:56.789", "00:00:00"],
    "timetz": ["12:34:56+02", "00:00:00+00"],
    "int4range": ["[1,5)", "empty"],
    "tsvector": ["'a' 'b'", ""],
    "point": ["(1,2)", "(0,0)"],
    "numeric": ["1e30", "NaN"],
    "boolean": ["true", "false"],
    "date": ["2026-06-30", "infinity"],
    "timestamp": ["2026-06-30 01:02:03.000004", "-infinity"],
    "bigint": ["9223372036854775807", "-1"],
    "double precision": ["0.1", "Infinity"],
    "crm.short": ["abc", "x"],
}


@pytest.mark.parametrize("kind", TEXTS)
def test_text_is_read_as_the_type_of_its_column(database: Database, kind: str) -> None:
    """Text read from a table can be written to one: money, uuid, jsonb, arrays, with their lengths."""
    execute(
        database,
        "CREATE TYPE crm.tier AS ENUM ('low', 'high')",
        "CREATE DOMAIN crm.short AS varchar(3) CHECK (value <> 'no')",
        f"CREATE TABLE {TABLE} (place int, v {kind})",
    )

    write(database, TABLE, "place int, v string", {"place": [1, 2, 3], "v": [*TEXTS[kind], None]})

    expected = [(place, text) for place, text in enumerate(TEXTS[kind], 1)]
    check = sql.SQL("SELECT v::text, {}::{}::text FROM {} WHERE place = {}")
    with database.connect() as connection:
        for place, text in expected:
            found = check.format(sql.Literal(text), sql.SQL(kind), sql.SQL(TABLE), sql.Literal(place))
            stored, meant = connection.execute(found).fetchone() or (None, None)
            assert stored == meant
    assert fetch(database, f"SELECT v FROM {TABLE} WHERE place = 3") == [(None,)]
    require_nothing_left(database)


@pytest.mark.parametrize(
    ("column", "kind", "values", "said"),
    [
        ("int", "string", ["1", "abc"], "column 'v' is integer and cannot store 'abc': invalid input syntax"),
        ("int", "bigint", [1, 2**31], "column 'v' is integer and cannot store '2147483648': integer out of range"),
        ("smallint", "int", [40000, 1], "column 'v' is smallint and cannot store '40000': smallint out of range"),
        ("numeric(5,2)", "decimal(12,4)", [Decimal("1000.0000")], "is numeric and cannot store '1000.0000': numeric f"),
        ("int", "decimal(12,1)", [Decimal("12.7")], "cannot store '12.7': part of it would be lost"),
        ("bigint", "double", [1e15, 0.5], "cannot store '0.5': part of it would be lost"),
        ("int", "double", [float("nan")], "cannot store 'NaN': integer out of range"),
        ("date", "timestamp_ntz", [datetime(2026, 6, 30, 1)], "cannot store '2026-06-30 01:00:00': part of it"),
        ("real", "double", [1e300], "is real and cannot store '1e\\+300': value out of range"),
        ("real", "double", [1e-300], "is real and cannot store '1e-300': value out of range"),
        ("char(3)", "string", ["DEU", "DEUX"], "is bpchar and cannot store 'DEUX': value too long for type character"),
        ("varchar(3)", "string", ["four"], "cannot store 'four': value too long for type character varying\\(3\\)"),
        ("bit(3)", "string", ["1011"], "cannot store '1011': bit string length 4 does not match type bit\\(3\\)"),
        ("uuid", "string", ["abcdefghijklmnop"], "is uuid and cannot store 'abcdefghijklmnop': invalid input syntax"),
        ("money", "string", ["12345678 "], None),
        ("jsonb", "string", ["{}", "{'a'"], "is jsonb and cannot store '{'a'': invalid input syntax for type json"),
        ("int[]", "string", ["1,2"], "cannot store '1,2': malformed array literal"),
        ("crm.tier", "string", ["lower"], "is crm.tier and cannot store 'lower': invalid input value for enum"),
        ("crm.short", "string", ["yes", "no"], "is crm.short and cannot store 'no': value for domain crm.short viol"),
        ("regclass", "string", ["missing"], "is regclass and cannot store 'missing': relation \"missing\" does not"),
        ("text", "string", ["a\0b"], "crm.\"My Table\": invalid byte sequence .* in the column 'v'; nothing was"),
        ("boolean", "int", [1], "column \"v\" is of type boolean but expression is of type integer"),
        ("bytea", "int", [1], "column \"v\" is of type bytea but expression is of type integer"),
    ],
)  # fmt: skip
def test_a_value_that_its_column_cannot_store_is_named(
    database: Database, column: str, kind: str, values: list[Any], said: str | None
) -> None:
    """With the column, the value and the requested table; nothing is changed or left behind."""
    execute(
        database,
        "CREATE TYPE crm.tier AS ENUM ('low', 'high')",
        "CREATE DOMAIN crm.short AS varchar(3) CHECK (value <> 'no')",
        f"CREATE TABLE {TABLE} (before text, v {column})",
        f"INSERT INTO {TABLE} VALUES ('old', NULL)",
    )
    rows = {"before": ["x"] * len(values), "v": values}
    if said is None:
        write(database, TABLE, f"before string, v {kind}", rows)
        return

    with pytest.raises(Customer360Error, match=said) as refusal:
        write(database, TABLE, f"before string, v {kind}", rows, overwrite=True)

    assert "\n" not in str(refusal.value)
    assert "write_" not in str(refusal.value)
    assert fetch(database, f"SELECT * FROM {TABLE}") == [("old", None)]
    require_nothing_left(database)


def test_the_first_of_many_values_is_found(database: Database) -> None:
    """By bisection, not one by one."""
    execute(database, f"CREATE TABLE {TABLE} (v int)")
    values = [str(number) for number in range(5000)]
    values[3777], values[4000] = "three", "four"

    with pytest.raises(Customer360Error, match="cannot store 'three'"):
        write(database, TABLE, "v string", {"v": values})


def test_a_decimal_is_rounded_as_insert_does(database: Database) -> None:
    """To the decimals of its column; NaN is a numeric too."""
    execute(database, f"CREATE TABLE {TABLE} (place int, v numeric(12,2))")

    write(database, TABLE, "place int, v decimal(22,12)", {"place": [1], "v": [Decimal("1.005000000001")]})
    write(database, TABLE, "place int, v double", {"place": [2, 3], "v": [2.5, float("nan")]})

    assert fetch(database, f"SELECT v::text FROM {TABLE} ORDER BY place") == [("1.01",), ("2.50",), ("NaN",)]


@pytest.mark.parametrize(
    ("definition", "schema", "said"),
    [
        ("(id int GENERATED ALWAYS AS IDENTITY)", "id int", 'cannot insert a non-DEFAULT value into column "id"'),
        (
            "(a int, b int GENERATED ALWAYS AS (a) STORED)",
            "b int",
            "cannot insert a non-DEFAULT value into column",
        ),
        ("AS SELECT 1 AS a, 2 AS b", "a int, c int", "crm.t has no column 'c'. Valid: a, b."),
    ],
)
def test_an_unwritable_table_is_refused_before_any_row_is_copied(
    database: Database, definition: str, schema: str, said: str
) -> None:
    """PostgreSQL plans the INSERT beforehand."""
    execute(database, f"CREATE TABLE crm.t {definition}")

    with pytest.raises(Customer360Error, match=said):
        standalone.stage(database, "crm.t", schema_of(schema))
    require_nothing_left(database)


def test_a_view_accepts_rows_if_postgresql_does(database: Database) -> None:
    """A view over a join does not accept rows."""
    execute(
        database,
        "CREATE TABLE crm.t (a int)",
        "CREATE VIEW crm.simple AS SELECT a FROM crm.t",
        "CREATE VIEW crm.joined AS SELECT t.a FROM crm.t t, crm.t u",
    )

    write(database, "crm.simple", "a int", {"a": [1]}, overwrite=True)
    assert fetch(database, "SELECT a FROM crm.t") == [(1,)]
    with pytest.raises(
        Customer360Error, match='crm.joined does not accept the rows: cannot insert into view "joined"'
    ):
        write(database, "crm.joined", "a int", {"a": [1]})


@pytest.mark.parametrize(
    ("table", "schema", "said"),
    [
        ("nosuch.t", "a int", "there is no schema nosuch for nosuch.t; create it with CREATE SCHEMA"),
        ("crm.t", ", ".join(f"c{n} int" for n in range(1601)), "tables can have at most 1600 columns"),
        ("crm.t", f"{'a' * 64} int, {'a' * 65} int", 'column "a+" specified more than once'),
    ],
)
def test_a_table_that_cannot_be_created_is_refused_before_any_row_is_copied(
    database: Database, table: str, schema: str, said: str
) -> None:
    """Copying may take hours."""
    with pytest.raises(Customer360Error, match=said):
        standalone.stage(database, table, schema_of(schema))
    require_nothing_left(database)


def two_at_once(database: Database, table: str, *, overwrite: bool) -> list[str]:
    """The errors of two writers that move their staged rows at the same time."""
    names = [
        staged(database, table, "id bigint, who string", {"id": [1, 2, 3], "who": [who] * 3})[0] for who in "AB"
    ]
    heard = ["", ""]
    start = threading.Barrier(2)

    def move(place: int) -> None:
        start.wait()
        try:
            standalone.move(database, names[place], table, 3, overwrite=overwrite)
            heard[place] = "ok"
        except Customer360Error as error:
            heard[place] = str(error)

    threads = [threading.Thread(target=move, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return heard


@pytest.mark.parametrize("made", ["(id bigint, who text)", "(id bigint PRIMARY KEY, who text)", None])
def test_the_later_of_two_simultaneous_overwrites_stays(database: Database, made: str | None) -> None:
    """A DELETE does not see rows that another writer commits meanwhile: so the second waits before it deletes."""
    if made:
        execute(database, f"CREATE TABLE crm.t {made}", "INSERT INTO crm.t VALUES (9, 'old')")
    for _ in range(3):
        assert two_at_once(database, "crm.t", overwrite=True) == ["ok", "ok"]

        assert fetch(database, "SELECT count(*), count(DISTINCT who) FROM crm.t") == [(3, 1)]
    require_nothing_left(database)


def test_two_simultaneous_first_writes_create_the_table_once(database: Database) -> None:
    """The second one finds the table already created."""
    assert two_at_once(database, "crm.t", overwrite=False) == ["ok", "ok"]

    assert fetch(database, "SELECT who, count(*) FROM crm.t GROUP BY who ORDER BY who") == [("A", 3), ("B", 3)]
    require_nothing_left(database)


def test_an_overwrite_waits_for_other_writers(database: Database) -> None:
    """Rows that they commit after it started are deleted too: otherwise they would stay next to the new rows."""
    execute(database, "CREATE TABLE crm.t (id bigint)")
    name, rows = staged(database, "crm.t", "id bigint", {"id": [1]})
    with database.connect() as other:
        with other.transaction():
            other.execute("INSERT INTO crm.t VALUES (7)")
            moving = threading.Thread(
                target=standalone.move, args=(database, name, "crm.t", rows), kwargs={"overwrite": True}
            )
            moving.start()
            moving.join(0.2)
            assert moving.is_alive()
        moving.join()

    assert fetch(database, "SELECT id FROM crm.t") == [(1,)]


def test_a_table_created_by_someone_else_meanwhile_leaves_nothing(database: Database) -> None:
    """With columns that differ from the staged ones."""
    name, rows = staged(database, "crm.t", "id bigint", {"id": [1]})
    execute(database, "CREATE TABLE crm.t (number int)")

    with pytest.raises(Customer360Error, match="crm.t has no column 'id'"):
        standalone.move(database, name, "crm.t", rows, overwrite=False)
    require_nothing_left(database)
