"""Text is stored and read unchanged, regardless of client encoding settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360.errors import Customer360Error
from customer360.postgres.connection import Database
from customer360.postgres.copy import INTERNAL_SCHEMA, LEDGER, writer
from customer360.postgres.read import read_table


@contextmanager
def latin1(server: Database) -> Iterator[Database]:
    """A database that stores text in Latin-1."""
    with server.connect() as connection:
        connection.execute(
            "CREATE DATABASE latin1 TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
        )
    yield Database(make_conninfo(server.url, dbname="latin1"))
    with server.connect() as connection:
        connection.execute("DROP DATABASE latin1 WITH (FORCE)")


def copied_and_read(database: Database, *names: str) -> list[str]:
    """The *names* after a round trip through a staging table."""
    with database.connect() as connection:
        connection.execute(f"CREATE SCHEMA {INTERNAL_SCHEMA}; CREATE TABLE {INTERNAL_SCHEMA}.names_0 (name text)")
        connection.execute(sql.SQL("CREATE TABLE {} (staging text, part int, rows bigint)").format(LEDGER))
        with writer(database) as copier:
            copier.copy_once("names_0", 0, [pa.record_batch({"name": names})])
        in_server = connection.execute(f"SELECT name FROM {INTERNAL_SCHEMA}.names_0").fetchall()
    read = read_table(database, f"{INTERNAL_SCHEMA}.names_0", ["name"])["name"].to_pylist()
    assert [name for (name,) in in_server] == read
    return read


def test_a_latin1_database_is_read_and_written_correctly_and_refuses_other_characters(server: Database) -> None:
    """Rows are transferred in UTF-8, and PostgreSQL converts them."""
    with latin1(server) as database:
        assert copied_and_read(database, "Jürgen", "España") == ["Jürgen", "España"]

        with (
            pytest.raises(
                Customer360Error, match='names: .*no equivalent in encoding "LATIN1" .*; nothing was published'
            ),
            writer(database) as copier,
        ):
            copier.copy_once("names_0", 1, [pa.record_batch({"name": ["Łukasz"]})])


@pytest.mark.parametrize("asked", ["environment", "database", "role"])
def test_text_is_transferred_in_utf8_regardless_of_client_encoding(
    database: Database, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    """A setting of the environment, the database or the role would store names with wrong characters."""
    parts = database.parts
    with database.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS latin")
        connection.execute("CREATE ROLE latin SUPERUSER LOGIN PASSWORD 'latin'")
        if asked != "environment":
            of = {"database": f"DATABASE {parts['dbname']}", "role": "ROLE latin"}[asked]
            connection.execute(f"ALTER {of} SET client_encoding = 'LATIN1'")
    monkeypatch.delenv("PGCLIENTENCODING", raising=False)
    if asked == "environment":
        monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    url = f"postgresql://latin:latin@{parts['host']}:{parts['port']}/{parts['dbname']}"

    assert copied_and_read(Database(url), "Łukasz Żółć") == ["Łukasz Żółć"]

    with database.connect() as connection:
        connection.execute("DROP OWNED BY latin CASCADE")
        connection.execute("DROP ROLE latin")
