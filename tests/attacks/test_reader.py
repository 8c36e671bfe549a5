"""The role customer360_reader of Power BI and the dashboard reads only results; customer360_people little more."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360.errors import Customer360Error
from customer360.postgres import catalog, types
from customer360.postgres.connection import Database
from customer360.postgres.ddl import named
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.postgres.read import read_table
from customer360.postgres.reader import read_only
from tests.attacks.inputs import HOSTILE, Tried

CHANGES = (
    "CREATE TABLE analytics.mine (a int)", "CREATE TABLE public.mine (a int)", "CREATE TABLE mine (a int)", "CREATE SCHEMA mine",
    "CREATE TEMPORARY TABLE mine (a int)", "CREATE VIEW public.mine AS SELECT 1", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE ROLE mine", "CREATE DATABASE mine", "CREATE EXTENSION dblink", "SELECT lo_create(0)", "SELECT lo_from_bytea(0, 'a')",
    "INSERT INTO analytics.refreshes SELECT * FROM analytics.refreshes", "UPDATE analytics.customer_segments SET customers = 0",
    "DELETE FROM analytics.top_customers", "TRUNCATE analytics.bands", "DROP TABLE analytics.bands", "ALTER TABLE analytics.bands ADD x int",
    "COMMENT ON TABLE analytics.bands IS 'x'", "GRANT customer360 TO customer360_reader", "ALTER ROLE customer360_reader SUPERUSER",
    "SET ROLE customer360", "SET SESSION AUTHORIZATION customer360", "ALTER SYSTEM SET port = 1", "SELECT pg_reload_conf()",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'customer360'", "COPY (SELECT 1) TO '/tmp/mine'",
    "COPY analytics.bands FROM PROGRAM 'id'", "COPY (SELECT 1) TO PROGRAM 'id'", "DO $$ BEGIN LOCK TABLE analytics.bands IN ACCESS EXCLUSIVE MODE; END $$",
    "DO $$ BEGIN EXECUTE 'CREATE TABLE public.mine (a int)'; END $$", "INSERT INTO analytics.people_access VALUES (now(), 'eve', 'list', '', 0)", "SET ROLE customer360_people",
    "DELETE FROM analytics.people_access", "UPDATE analytics.people_access SET who = 'eve'", "DROP TABLE analytics.people_access", "REFRESH MATERIALIZED VIEW mine", "CREATE SEQUENCE mine", "CREATE TYPE mine AS (a int)",
)  # fmt: skip
LOOKS = (
    "TABLE public.customers", "SELECT email FROM public.customers", "TABLE public.events", "TABLE analytics.rejected_rows", "SELECT * FROM pg_authid", "SELECT * FROM pg_shadow",
    "SELECT pg_read_file('postgresql.conf')", "SELECT pg_ls_dir('.')", "SELECT pg_stat_file('PG_VERSION')", "SELECT lo_import('/etc/passwd')",
    "SELECT * FROM pg_statistic", "TABLE customer360_internal.copied_parts", "TABLE analytics.customer_contacts", "TABLE analytics.people_access",
    "SELECT name FROM analytics.customer_contacts",
)  # fmt: skip


SEEN_BY_PEOPLE = (
    "TABLE public.events", "TABLE analytics.customer_contacts", "SELECT name FROM analytics.customer_contacts", "SET ROLE customer360_people",
    "INSERT INTO analytics.people_access VALUES (now(), 'eve', 'list', '', 0)",
)  # fmt: skip


@pytest.fixture(scope="module")
def people(embedded: EmbeddedPostgres) -> Database:
    return embedded.people_database()


@pytest.fixture(scope="module")
def reader(embedded: EmbeddedPostgres) -> Database:
    return embedded.reader_database()


def fingerprint(embedded: EmbeddedPostgres) -> list[tuple[object, ...]]:
    """Every relation and role of the database with its rights, and the rows of two tables."""
    query = """
        SELECT oid::text, relname::text, relowner::text, relacl::text FROM pg_class
        WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
        UNION ALL SELECT rolname, rolsuper::text, rolpassword, rolcanlogin::text FROM pg_authid
        UNION ALL SELECT 'rows', md5(string_agg(c::text, '' ORDER BY customer_id)), '', '' FROM public.customers c
        UNION ALL SELECT 'rows', md5(string_agg(r::text, '' ORDER BY refresh_id)), '', '' FROM analytics.refreshes r
        ORDER BY 1
    """
    with embedded.database().connect() as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("statement", [*CHANGES, *LOOKS])
def test_the_reader_changes_nothing_and_sees_no_customer(
    embedded: EmbeddedPostgres, reader: Database, statement: str
) -> None:
    """Even after it has requested read-write mode."""
    require_refused(embedded, reader, statement)


@pytest.mark.parametrize("statement", [one for one in (*CHANGES, *LOOKS) if one not in SEEN_BY_PEOPLE])
def test_a_user_who_may_see_people_changes_nothing_and_sees_nothing_else(
    embedded: EmbeddedPostgres, people: Database, statement: str
) -> None:
    """The log is append-only, even for the user whose access it records."""
    require_refused(embedded, people, statement)


def require_refused(embedded: EmbeddedPostgres, database: Database, statement: str) -> None:
    before = fingerprint(embedded)
    with database.connect() as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.Error) as refused:
            connection.execute(statement)

    assert refused.value.sqlstate in {"42501", "25006", "42P01", "3F000", "42704"}, refused.value
    assert fingerprint(embedded) == before


def test_the_reader_finds_no_email_address_anywhere(embedded: EmbeddedPostgres, reader: Database) -> None:
    """In no table, view or statistic that it may read."""
    relations = """
        SELECT format('%I.%I', relnamespace::regnamespace, relname) FROM pg_class
        WHERE relkind IN ('r', 'v', 'm', 'p', 'f') AND has_table_privilege(oid, 'SELECT')
          AND has_schema_privilege(relnamespace, 'USAGE')
    """
    found, looked = [], 0
    with reader.connect() as connection:
        for (relation,) in connection.execute(relations).fetchall():
            query = sql.SQL("SELECT count(*) FROM {} AS r WHERE r::text ~ '@example[.](com|org|net)'").format(
                sql.SQL(relation)
            )
            looked += 1
            if catalog.value(connection, query):
                found.append(relation)

    assert looked > 100
    assert found == []
    with embedded.people_database().connect() as connection:
        known = "SELECT count(*) FROM analytics.customer_contacts WHERE email ~ '@example[.](com|org|net)'"
        assert catalog.value(connection, known) > 100


@pytest.mark.parametrize("name", ["postgres", "template1"])
def test_readers_cannot_connect_to_other_databases(reader: Database, people: Database, name: str) -> None:
    """There they could create temporary tables."""
    for database in (reader, people):
        with pytest.raises(Customer360Error, match="permission denied for database"):
            Database(make_conninfo(database.url, dbname=name)).connect()


def test_the_dashboards_connection_is_read_only_and_limited_in_time(embedded: EmbeddedPostgres) -> None:
    """Regardless of the URL's user, even the owner."""
    for database in (embedded.database(), embedded.reader_database()):
        with read_only(database).connect() as connection:
            assert catalog.value(connection, "SHOW default_transaction_read_only") == "on"
            assert catalog.value(connection, "SHOW statement_timeout") == "2min"
            assert catalog.value(connection, "SELECT current_user") == "customer360_reader"
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute("CREATE TABLE public.mine (a int)")


def test_no_table_or_column_name_becomes_a_statement(embedded: EmbeddedPostgres, tried: Tried) -> None:
    """Names are quoted, wherever they come from: one line, and nothing changes."""
    database, before = embedded.database(), fingerprint(embedded)
    for name in HOSTILE:
        for table in (name, f"public.{name}", f"{name}.customers"):
            with pytest.raises(Customer360Error):
                read_table(database, table, ["customer_id"])
            tried("table")
        with pytest.raises(Customer360Error):
            read_table(database, "public.customers", [name])
        tried("column")

    assert fingerprint(embedded) == before


AWKWARD = [
    'a"b',
    "a'b",
    "a%b",
    "%s",
    "a b",
    "{}",
    "{0}",
    "--",
    "; DROP TABLE x",
    "é",
    "SELECT",
    "a\\b",
    "$1",
    "a\nb",
]


def test_a_table_with_hostile_names_is_read_like_any_other(embedded: EmbeddedPostgres, tried: Tried) -> None:
    """They are names in someone's database."""
    database = embedded.database()
    for name in AWKWARD:
        table = f"awkward.{name}"
        with database.connect() as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS awkward")
            connection.execute(
                sql.SQL("CREATE TABLE {} AS SELECT 7 AS {}, 'x' AS other").format(
                    named(table), sql.Identifier(name)
                )
            )
            assert catalog.value(connection, sql.SQL("SELECT count(*) FROM {}").format(named(table))) == 1
            assert [field.name for field in types.fields(connection, named(table))] == [name, "other"]
        assert read_table(database, table, [name])[name].to_pylist() == [7]
        tried("read")
    with database.connect() as connection:
        connection.execute("DROP SCHEMA awkward CASCADE")
