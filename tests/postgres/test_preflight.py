"""Obstacles to replacing rows are reported before the work, by name and with how to remove them."""

from __future__ import annotations

import re

import pytest
from psycopg.conninfo import make_conninfo

from customer360.errors import Customer360Error
from customer360.postgres.connection import Database
from customer360.postgres.preflight import require_replaceable
from customer360.postgres.publish import publication
from customer360.tables import CUSTOMERS, REFRESHES

pytestmark = pytest.mark.slow


def publish(database: Database) -> None:
    with publication(database, "test") as change:
        change.stage(CUSTOMERS)
        change.publish()


def told(database: Database) -> str:
    """The error line; empty when nothing is in the way."""
    with database.connect() as connection:
        try:
            require_replaceable(connection, [CUSTOMERS, REFRESHES])
        except Customer360Error as error:
            return str(error)
    return ""


def execute(database: Database, *statements: str) -> None:
    with database.connect() as connection:
        for statement in statements:
            connection.execute(statement.replace("LEAF", leaf(database)))


def leaf(database: Database) -> str:
    with database.connect() as connection:
        row = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass('public.customers')"
        ).fetchone()
    return str(row[0]) if row else ""


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        (
            "CREATE TABLE orders (customer_id bigint REFERENCES public.customers)",
            "orders has a foreign key on public.customers, .*: ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey",
        ),
        (
            "CREATE TABLE orders (customer_id bigint REFERENCES LEAF)",
            "orders has a foreign key on public.customers, .*: ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey",
        ),
        (
            "CREATE VIEW loud AS SELECT upper(name) FROM LEAF",
            r"the view loud reads customer360_internal\.customers_\w{8}, .* recreate it on public.customers",
        ),
        (
            "CREATE MATERIALIZED VIEW loud AS SELECT upper(name) FROM LEAF",
            "the view loud reads customer360_internal",
        ),
        (
            "CREATE TABLE mine PARTITION OF public.customers FOR VALUES IN (7)",
            "public.customers has the partition public.mine, .*: ALTER TABLE public.customers DETACH PARTITION public.mine",
        ),
    ],
)  # fmt: skip
def test_dependents_of_the_rows_are_named(database: Database, statement: str, line: str) -> None:
    """It would make detaching the old rows fail, minutes later."""
    publish(database)
    assert told(database) == ""
    execute(database, statement)

    assert re.match(line, told(database))


def test_an_older_shape_of_our_table_is_no_obstacle(database: Database) -> None:
    """An older version's table of customers is replaced together with its rows."""
    publish(database)
    execute(database, "ALTER TABLE public.customers ADD mine text")

    assert told(database) == ""


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("CREATE VIEW public.customers AS SELECT 1 AS customer_id", "public.customers is a view, not a table"),
        ("CREATE MATERIALIZED VIEW public.customers AS SELECT 1 AS customer_id", "is a materialised view, not"),
        ("CREATE SEQUENCE public.customers", "is a sequence, not a table; rename it"),
        (
            "CREATE TABLE public.customers (customer_id bigint)",
            "was not made by this version .*; rename it",
        ),
        (
            "CREATE SCHEMA analytics CREATE TABLE refreshes (refresh_id bigint) PARTITION BY LIST (refresh_id)",
            "analytics.refreshes cannot store rows of this version of customer360: it is partitioned; rename it",
        ),
        (
            "CREATE SCHEMA analytics CREATE TABLE refreshes (refresh_id text)",
            "analytics.refreshes .*: its column refresh_id is text, not bigint; rename it",
        ),
    ],
)
def test_another_object_with_the_name_is_reported(database: Database, statement: str, line: str) -> None:
    """It belongs to someone, and stays."""
    execute(database, statement)

    assert re.search(line, told(database))


@pytest.mark.parametrize("of", ["public.customers", "LEAF"])
def test_a_table_of_another_role_is_named_with_its_owner(database: Database, of: str) -> None:
    """Only an owner may detach and drop; other rights are not enough."""
    publish(database)
    execute(
        database,
        "DROP ROLE IF EXISTS grace_owner",
        "CREATE ROLE grace_owner LOGIN PASSWORD 'grace'",
        "GRANT ALL ON ALL TABLES IN SCHEMA public, customer360_internal TO grace_owner",
        "GRANT ALL ON SCHEMA public, customer360_internal TO grace_owner",
        f"ALTER TABLE {'LEAF' if of == 'public.customers' else 'public.customers'} OWNER TO grace_owner",
    )
    grace = Database(make_conninfo(database.url, user="grace_owner", password="grace"))
    name = of.replace("LEAF", leaf(database))
    try:
        assert told(grace).startswith(f"{name.removeprefix('public.')} belongs to customer360, and only its owner")
        assert told(grace).endswith(f"ALTER TABLE {name.removeprefix('public.')} OWNER TO grace_owner")
        execute(database, told(grace).partition("run: ")[2])
        assert told(grace) == ""
    finally:
        execute(database, "REASSIGN OWNED BY grace_owner TO customer360", "DROP OWNED BY grace_owner")
        execute(database, "DROP ROLE grace_owner")


def test_a_dependent_added_during_the_work_is_one_line(database: Database) -> None:
    """It did not exist at the first check."""
    publish(database)
    with (
        pytest.raises(Customer360Error, match="because view loud depends on table .*; nothing was changed"),
        publication(database, "test") as change,
    ):
        change.prepare([CUSTOMERS])
        change.stage(CUSTOMERS)
        execute(database, "CREATE VIEW loud AS SELECT name FROM LEAF")
        change.publish()
