"""What PostgreSQL reports, in one line with the advice for its SQLSTATE; every failure here is a real one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360.errors import Customer360Error, failures
from customer360.postgres.connection import Database

pytestmark = pytest.mark.slow

WIDE = "CREATE TABLE wide ({})".format(", ".join(f"c{i} bigint DEFAULT 1" for i in range(1_200)))
PARENT = "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent)"
FILL_BOTH = "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)"
PEOPLE = "CREATE TABLE people (id int PRIMARY KEY CHECK (id > 0), name text NOT NULL, code char(2))"

SAID: list[tuple[str, list[str], str, str]] = [
    # SQLSTATE, statements (the last one fails), the server's words, the advice
    ("0A000", ["CREATE TABLE t (a int)", "ALTER TABLE t ALTER COLUMN ctid TYPE text"], "cannot alter system column", "not support"),
    ("21000", ["SELECT (SELECT generate_series(1, 2))"], "more than one row returned by a subquery", "Correct the query."),
    ("22001", [PEOPLE, "INSERT INTO people VALUES (1, 'Ada', 'GBR')"], "value too long for type character(2)", "Correct the value"),
    ("22003", ["SELECT 3000000000::bigint::int"], "integer out of range", "Correct the value"),
    ("22012", ["SELECT 1 / 0"], "division by zero", "Correct the value"),
    ("22021", ["SELECT convert_from('\\xff', 'UTF8')"], 'invalid byte sequence for encoding "UTF8": 0xff', "Correct the value"),
    ("22P02", ["SELECT 'abc'::int"], 'invalid input syntax for type integer: "abc"', "Correct the value"),
    ("23502", [PEOPLE, "INSERT INTO people VALUES (1, NULL, 'GB')"], 'null value in column "name"', "change the constraint"),
    ("23503", [PARENT, FILL_BOTH, "DELETE FROM parent"], 'on table "child" (Key (id)=(1) is still referenced', "foreign key"),
    ("23505", [PARENT, FILL_BOTH, "INSERT INTO parent VALUES (1)"], "(Key (id)=(1) already exists)", "Remove the duplicate"),
    ("23514", [PEOPLE, "INSERT INTO people VALUES (-1, 'Ada', 'GB')"], 'check constraint "people_id_check"', "change the constraint"),
    ("25006", ["SET default_transaction_read_only = on", "CREATE TABLE t (a int)"], "in a read-only transaction", "connect to the primary"),
    ("25P02", ["BEGIN", "SELECT 1 / 0", "SELECT 1"], "current transaction is aborted", "again"),
    ("2BP01", [PEOPLE, "CREATE VIEW names AS SELECT name FROM people", "DROP TABLE people"], "view names depends on table people", "Drop what depends on it"),
    ("3F000", ["CREATE TABLE missing.t (a int)"], 'schema "missing" does not exist', "Create the schema"),
    ("42501", [PEOPLE, "SET ROLE pg_monitor", "SELECT * FROM people"], "permission denied for table people", "customer360 doctor"),
    ("42501", [PEOPLE, "SET ROLE pg_monitor", "DROP TABLE people"], "must be owner of table people", "ownership"),
    ("42601", ["SELEC 1"], 'syntax error at or near "SELEC"', "Correct the name or the query."),
    ("42703", [PEOPLE, "SELECT nam FROM people"], 'column "nam" does not exist', "Correct the name or the query."),
    ("42883", ["SELECT nosuch(1)"], "function nosuch(integer) does not exist (No function matches", "Correct the name"),
    ("42P01", ["SELECT * FROM peple"], 'relation "peple" does not exist', "schema included"),
    ("42P07", [PEOPLE, PEOPLE], 'relation "people" already exists', "Rename or drop"),
    ("54000", [WIDE, "INSERT INTO wide DEFAULT VALUES"], "row is too big: size 9,".replace(",", ""), "fixed limit of PostgreSQL"),
    ("54011", ["CREATE TABLE t ({})".format(", ".join(f"c{i} int" for i in range(1_601)))], "at most 1600 columns", "fixed limit"),
    ("57014", ["SET statement_timeout = 50", "SELECT pg_sleep(5)"], "due to statement timeout", "statement_timeout to 0"),
    ("57P01", ["SELECT pg_terminate_backend(pg_backend_pid())"], "terminating connection", "can be reached"),
    ("P0001", ["DO $$BEGIN RAISE 'no' USING DETAIL = 'since noon', HINT = 'wait'; END$$"], "no (since noon; wait)", "trigger"),
    # Raised by the server itself, without a full disk or an exhausted server
    ("53100", ["DO $$BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END$$"], "could not extend file", "Free space on the server's disk"),
    ("53200", ["DO $$BEGIN RAISE 'out of memory' USING ERRCODE = '53200'; END$$"], "out of memory", "more memory"),
    ("53300", ["DO $$BEGIN RAISE 'too many clients' USING ERRCODE = '53300'; END$$"], "too many clients", "raise max_connections"),
    ("XX001", ["DO $$BEGIN RAISE 'invalid page' USING ERRCODE = 'XX001'; END$$"], "invalid page", "may be damaged"),
]  # fmt: skip


@contextmanager
def explained(sqlstate: str) -> Iterator[list[str]]:
    """The line for the failure in the body, which must have that SQLSTATE."""
    said: list[str] = []
    try:
        with failures.plain("app@db/crm"):
            yield said
    except Customer360Error as error:
        before = list(failures.history(error))
        assert sqlstate in {getattr(step, "sqlstate", None) for step in before}, before
        said.append(str(error))


def executed(connection: psycopg.Connection[Any], statements: list[str]) -> None:
    for statement in statements[:-1]:
        with suppress(psycopg.errors.DivisionByZero):  # leaves a failed transaction
            connection.execute(statement)
    connection.execute(statements[-1])


@pytest.mark.parametrize(
    ("sqlstate", "statements", "words", "way"), SAID, ids=[f"{s[0]} {s[2][:30]}" for s in SAID]
)
def test_what_the_server_refuses_is_one_line_with_its_words_and_the_fix(
    database: Database, sqlstate: str, statements: list[str], words: str, way: str
) -> None:
    """By the code, so that it works for servers in other languages too."""
    with explained(sqlstate) as said, database.connect() as connection:
        executed(connection, statements)

    assert said, "nothing failed"
    assert said[0].startswith("app@db/crm: ")
    assert words in said[0]
    assert way in said[0].partition("published data is intact. ")[2]
    assert "\n" not in said[0]
    assert "Ada" not in said[0]


READ = [
    ("22012", "SELECT CASE WHEN i = 300000 THEN 1 / (i - 300000) ELSE i END FROM generate_series(1, 300001) i", "division by zero"),
    ("22P02", "SELECT 'abc'::int", 'type integer: "abc"'),
    ("42P01", "SELECT * FROM peple", 'relation "peple" does not exist'),
    ("57P01", "SELECT pg_terminate_backend(pg_backend_pid())", "terminating connection due to administrator command"),
]  # fmt: skip


@pytest.mark.parametrize(("sqlstate", "query", "words"), READ, ids=[found[0] for found in READ])
def test_what_is_read_as_arrow_fails_with_the_same_codes_and_words(
    database: Database, sqlstate: str, query: str, words: str
) -> None:
    """Even after the first rows have arrived."""
    with explained(sqlstate) as said, closing(database.connect_arrow()) as connection:
        list(connection.batches(sql.SQL(query)))

    assert words in said[0]
    assert said[0].startswith(f"{database.where}: ")
    assert "\n" not in said[0]


def interleaved(database: Database, first: list[str], second: list[str]) -> Callable[[], None]:
    """The failure of two sessions that execute *first* and *second*, one statement each in turn."""

    def both() -> None:
        with database.connect() as one, database.connect() as two:
            for statement in ("CREATE TABLE a AS SELECT 1 AS x", "CREATE TABLE b AS SELECT 1 AS x"):
                one.execute(statement)
            last = threading.Thread(target=suppressed, args=(one, first[-1]))
            executed(one, first[:-1])
            executed(two, second[:-1])
            last.start()
            try:
                two.execute(second[-1])
            finally:
                last.join()

    def suppressed(connection: psycopg.Connection[Any], statement: str) -> None:
        try:
            connection.execute(statement)
        except psycopg.Error as error:
            lost.append(error)
        finally:
            connection.close()

    lost: list[psycopg.Error] = []

    def either() -> None:
        both()
        if lost:
            raise lost[0]

    return either


def test_a_deadlock_is_one_line_that_says_to_try_again(database: Database) -> None:
    """The server ends either of the two."""
    change = interleaved(
        database,
        ["BEGIN", "UPDATE a SET x = 2", "UPDATE b SET x = 2"],
        ["BEGIN", "SET deadlock_timeout = '100ms'", "UPDATE b SET x = 3", "UPDATE a SET x = 3"],
    )
    with explained("40P01") as said:
        change()

    assert "deadlock detected" in said[0]
    assert said[0].endswith("Run the same command again.")


def test_a_row_that_another_changed_meanwhile_is_one_line(database: Database) -> None:
    """Under a stricter isolation level than usual."""
    with explained("40001") as said, database.connect() as one, database.connect() as two:
        one.execute("CREATE TABLE a AS SELECT 1 AS x")
        two.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        two.execute("TABLE a")
        one.execute("UPDATE a SET x = 2")
        two.execute("UPDATE a SET x = 3")

    assert "could not serialize access due to concurrent update" in said[0]
    assert said[0].endswith("Run the same command again.")


def test_an_unavailable_lock_is_one_line(database: Database) -> None:
    """Another session holds it."""
    with explained("55P03") as said, database.connect() as one, database.connect() as two:
        one.execute("CREATE TABLE a AS SELECT 1 AS x")
        one.execute("BEGIN")
        one.execute("LOCK TABLE a")
        two.execute("SET lock_timeout = 50")
        two.execute("TABLE a")

    assert "canceling statement due to lock timeout" in said[0]
    assert "Wait until the other session has ended" in said[0]


@pytest.mark.parametrize(
    "setting", ["idle_in_transaction_session_timeout", "idle_session_timeout", "statement_timeout"]
)
def test_time_limits_of_a_role_or_database_do_not_end_the_work(database: Database, setting: str) -> None:
    """They are meant for forgotten sessions, not for a long copy or an open snapshot."""
    with database.connect() as owner:
        name = owner.info.dbname
        owner.execute(sql.SQL("ALTER DATABASE {} SET {} = '50ms'").format(sql.Identifier(name), sql.SQL(setting)))
    with database.connect() as connection, closing(database.connect_arrow()) as arrow:
        for shown in (
            connection.execute("SELECT current_setting(%s)", (setting,)).fetchone(),
            (arrow.value(sql.SQL("SELECT current_setting({})").format(setting)),),
        ):
            assert shown == ("0",)


def test_a_time_limit_in_the_url_applies(database: Database) -> None:
    """It is meant for this software."""
    url = make_conninfo(database.url, options="-c statement_timeout=7s")

    with Database(url).connect() as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("7s",)


def test_a_statement_that_the_client_cannot_send_is_a_bug_of_ours(database: Database) -> None:
    """The server was not involved, so the traceback is what helps."""
    with pytest.raises(psycopg.ProgrammingError), failures.plain(), database.connect() as connection:
        connection.execute("SELECT %s", (1, 2))
