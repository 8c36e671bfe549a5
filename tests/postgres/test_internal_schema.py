"""What killed and failed runs leave in the internal schema is dropped, and nothing else is."""

from __future__ import annotations

import time

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from customer360.postgres import internal_schema
from customer360.postgres.connection import Database
from customer360.postgres.internal_schema import create_staging, leftovers
from customer360.postgres.publish import publication
from tests.postgres.test_publish import LETTERS, PAIRS, fill, internal_tables, ledger, publish_letters

pytestmark = pytest.mark.slow


def test_the_next_run_drops_the_leftovers_of_a_killed_one(database: Database) -> None:
    """A kill leaves staging tables behind, which nobody reads."""
    publish_letters(database, "old")
    with database.connect() as connection:
        for name in ("letters_dead", "write_1000000000_dead", f"write_{int(time.time())}_alive"):
            create_staging(connection, name, SQL("(letter text)"))
        connection.execute("INSERT INTO customer360_internal.copied_parts VALUES ('letters_dead', 0, 5)")

    publish_letters(database, "new")

    left = internal_tables(database)
    assert not [name for name in left if "dead" in name]
    assert len([name for name in left if "alive" in name]) == 1
    with database.connect() as connection:
        signed = connection.execute("SELECT DISTINCT staging FROM customer360_internal.copied_parts").fetchall()
    assert signed == [(name,) for name in left if "alive" not in name]


def test_only_staging_tables_are_dropped(database: Database) -> None:
    """A table that someone keeps there, or a partition detached to keep its rows, belongs to them."""
    publish_letters(database, "kept")
    (kept,) = internal_tables(database)
    with database.connect() as connection:
        connection.execute("CREATE TABLE customer360_internal.my_backup AS SELECT * FROM results.letters")
        connection.execute("CREATE TABLE customer360_internal.letters_0badcafe (letter text)")
        connection.execute(f"ALTER TABLE results.letters DETACH PARTITION customer360_internal.{kept}")
        create_staging(connection, "letters_11111111", SQL("(letter text)"))
        connection.execute("COMMENT ON TABLE customer360_internal.letters_11111111 IS 'mine now'")

    for letter in "ab":
        publish_letters(database, letter)

    others = {kept, "my_backup", "letters_0badcafe", "letters_11111111"}
    assert others < {*internal_tables(database)}
    with database.connect() as connection:
        assert leftovers(connection) == (set(), others)
        assert connection.execute(f"SELECT letter FROM customer360_internal.{kept}").fetchall() == [("kept",)]


def test_a_stopped_run_ends_tasks_that_continue_to_copy(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python tasks cannot be interrupted, and may copy for minutes rows that nobody will publish."""
    monkeypatch.setattr(internal_schema, "_COPYING_ON", "100ms")
    with database.connect("customer360 copy") as task, database.connect("psql") as person:
        with pytest.raises(KeyboardInterrupt), publication(database, "test") as change:
            hold(task, change.stage(LETTERS))
            hold(person, kept := change.stage(PAIRS))
            raise KeyboardInterrupt

        with pytest.raises(psycopg.errors.AdminShutdown):
            task.execute("SELECT 1")
        person.execute("SELECT 1")
        assert internal_tables(database) == [kept]


def hold(session: psycopg.Connection[object], staging: str) -> None:
    session.execute("BEGIN")
    session.execute(SQL("SELECT FROM {}").format(Identifier("customer360_internal", staging)))


def test_a_failed_run_removes_its_rows_from_the_ledger(database: Database) -> None:
    """They would stay forever: nothing refers to the staging table any more."""
    with pytest.raises(RuntimeError), publication(database, "test") as change:
        fill(database, change, LETTERS, letter=["new"])
        raise RuntimeError("something broke")

    assert ledger(database) == []
