"""Values are transferred exactly between PostgreSQL, Arrow and Spark, including nulls."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from customer360.errors import Customer360Error
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.internal_schema import prepare_internal_schema
from customer360.postgres.read import read_table
from customer360.postgres.types import Field, arrow_schema, decimals, fields, fields_of
from customer360.tables import CUSTOMERS, TABLES

COLUMNS = (
    Field("a_bigint", "bigint"),
    Field("an_integer", "integer"),
    Field("a_smallint", "smallint"),
    Field("money", "numeric(12,2)"),
    Field("wide", "numeric(38,10)"),
    Field("words", "text"),
    Field("day", "date"),
    Field("moment", "timestamp"),
    Field("flag", "boolean"),
)


def whole(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def exact(digits: int, places: int) -> st.SearchStrategy[Decimal]:
    most = 10**digits - 1
    return st.integers(-most, most).map(lambda units: Decimal(units).scaleb(-places))


VALUES = st.tuples(
    *(
        st.none() | values
        for values in (
            whole(64),
            whole(32),
            whole(16),
            exact(12, 2),
            # Python's own arithmetic rounds beyond 28 digits, which would test Python.
            exact(28, 10),
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
            st.dates(date(1, 1, 1), date(9999, 12, 31)),
            st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)),
            st.booleans(),
        )
    )
)


@pytest.fixture(scope="module")
def table(server: Database) -> Database:
    """A table with a column of each type, in a database shared by the examples."""
    with server.connect() as connection:
        prepare_internal_schema(connection)
        definition = ", ".join(f"{column.name} {column.postgres_type}" for column in COLUMNS)
        connection.execute(f"CREATE TABLE customer360_internal.every_type ({definition})")
    return server


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALUES, min_size=1, max_size=20))
@pytest.mark.slow
def test_every_type_comes_back_as_it_went(table: Database, values: list[tuple[object, ...]]) -> None:
    """Through binary COPY both ways; also compared with what psycopg reads, independently of our code."""
    schema = arrow_schema(COLUMNS)
    columns = [
        pa.array(column, field.type) for column, field in zip(zip(*values, strict=True), schema, strict=True)
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=schema)
    with table.connect() as connection:
        connection.execute("TRUNCATE customer360_internal.every_type, customer360_internal.copied_parts")
    with writer(table) as copier:
        copier.copy_once("every_type", 0, [batch])

    ours = read_table(table, "customer360_internal.every_type", schema.names)
    with table.connect() as connection:
        theirs = connection.execute("SELECT * FROM customer360_internal.every_type").fetchall()

    assert [tuple(row.values()) for row in ours.to_pylist()] == values
    assert theirs == values


def test_decimals_are_built_from_cents_without_parsing() -> None:
    """The sign, the null and the largest 64-bit values survive the widening to 128 bits."""
    cents = pa.array([0, 1, -1, None, 2**63 - 1, -(2**63)], pa.int64())

    built = decimals(cents, pa.decimal128(19, 2))

    assert built.to_pylist() == [
        Decimal("0.00"), Decimal("0.01"), Decimal("-0.01"), None,
        Decimal("92233720368547758.07"), Decimal("-92233720368547758.08"),
    ]  # fmt: skip


def test_slices_of_cents_keep_their_nulls() -> None:
    """A batch may be a slice: its validity bits then start in the middle of a byte."""
    cents = pa.array([None, 1, None, 2, None], pa.int64()).slice(1, 3)

    assert decimals(cents, pa.decimal128(12, 2)).to_pylist() == [Decimal("0.01"), None, Decimal("0.02")]


def test_types_without_an_equivalent_are_transferred_as_text(database: Database) -> None:
    """Users' tables contain uuids, enumerations and JSON; they are read, not rejected."""
    with database.connect() as connection:
        connection.execute("CREATE TYPE tier AS ENUM ('low', 'high')")
        connection.execute(
            "CREATE TABLE odd AS SELECT '3c1c2b7e-2d2f-4a1e-9d9f-6d7f7ad1f0aa'::uuid AS id, 'high'::tier AS tier,"
            " '{\"a\": 1}'::jsonb AS extra, ARRAY[1, 2] AS list, 'x'::varchar(5) AS code, 1.5::real AS share"
        )

    assert read_table(database, "odd", ["id", "tier", "extra", "list", "code", "share"]).to_pylist() == [
        {"id": "3c1c2b7e-2d2f-4a1e-9d9f-6d7f7ad1f0aa", "tier": "high", "extra": '{"a": 1}', "list": "{1,2}",
         "code": "x", "share": 1.5}
    ]  # fmt: skip


def test_a_value_that_is_not_a_number_becomes_null(database: Database) -> None:
    """PostgreSQL's numeric supports NaN, a decimal does not."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE nan AS SELECT 'NaN'::numeric(12,2) AS money, 'NaN'::numeric AS wide")

    assert read_table(database, "nan", ["money", "wide"]).to_pylist() == [{"money": None, "wide": None}]


def test_a_missing_column_is_named_with_its_nearest(database: Database) -> None:
    """The most common mistake with someone else's table is a wrong name."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE members (customer_no bigint)")

    with pytest.raises(Customer360Error, match="members has no column 'customer_id'. Did you mean 'customer_no'?"):
        read_table(database, "members", ["customer_id"])


def test_a_missing_table_is_one_line(database: Database) -> None:
    """PostgreSQL's message has a second line with a caret."""
    with pytest.raises(Customer360Error, match='cannot read "missing"."members": relation .* does not exist$'):
        read_table(database, "missing.members", ["customer_id"])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_our_tables_have_the_types_they_say(database: Database, table) -> None:
    """tables.py, the database and Arrow must use the same types."""
    from customer360.postgres import ddl

    with database.connect() as connection:
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(table.schema)))
        for statement in ddl.create(table):
            connection.execute(statement)

        assert fields(connection, ddl.identifier(table)) == fields_of(table)


def test_customers_may_not_lack_their_key(database: Database) -> None:
    """`required` in tables.py is NOT NULL in the database."""
    from customer360.postgres import ddl

    with database.connect() as connection:
        for statement in ddl.create(CUSTOMERS):
            connection.execute(statement)
        connection.execute("CREATE TABLE rows PARTITION OF customers DEFAULT")
        with pytest.raises(psycopg.errors.NotNullViolation):
            connection.execute("INSERT INTO customers (name) VALUES ('no id')")
