"""The role customer360_people: reads contact data, events and results, appends to the access log, nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from customer360.errors import Unavailable
from customer360.postgres import catalog, people
from customer360.postgres.connection import Database
from customer360.postgres.people import PEOPLE, missing_grants, people_only, prepare_access_log, require_people
from customer360.postgres.publish import publication
from customer360.postgres.reader import read_only
from customer360.tables import (
    BANDS,
    CUSTOMER_CONTACTS,
    CUSTOMERS,
    EVENTS,
    PEOPLE_ACCESS,
    REFRESHES,
    REJECTED_ROWS,
)
from tests.statements import execute, fetch

LOG = "INSERT INTO analytics.people_access VALUES (now(), 'ada', 'list', 'Loyalty Status: Gold', 7)"


def publish(database: Database) -> None:
    """Results and sources as left by a run and a filling, without rows."""
    with publication(database, "test") as change:
        for table in (CUSTOMERS, EVENTS, CUSTOMER_CONTACTS, BANDS, REJECTED_ROWS):
            change.stage(table)
        for source in (CUSTOMERS, EVENTS):
            change.describe(source, {"kind": "mock", "rows": 0})
        change.append(REFRESHES, [])
        change.append(PEOPLE_ACCESS, [])
        change.publish()


@pytest.fixture
def published(database: Database) -> Database:
    publish(database)
    return database


def refused(database: Database, statement: str) -> bool:
    """Whether *statement* lacks a right, even after the session has requested read-write mode."""
    with database.connect() as connection:
        connection.execute("SET default_transaction_read_only = off")
        try:
            connection.execute(statement)
        except errors.InsufficientPrivilege:
            return True
    return False


def lacks(database: Database) -> list[str]:
    with database.connect() as connection:
        return [table.name for table in people.lacking(connection, PEOPLE)]


@pytest.mark.parametrize(
    ("statement", "of_people", "of_reader"),
    [
        ("TABLE analytics.bands", True, True),
        ("TABLE analytics.customer_contacts", True, False),
        ("TABLE public.events", True, False),
        (LOG, True, False),
        ("TABLE analytics.people_access", False, False),
        ("SELECT count(*) FROM analytics.people_access", False, False),
        ("DELETE FROM analytics.people_access", False, False),
        ("UPDATE analytics.people_access SET who = 'eve'", False, False),
        ("TRUNCATE analytics.people_access", False, False),
        (f"{LOG} RETURNING who", False, False),
        ("TABLE public.customers", False, False),
        ("TABLE analytics.rejected_rows", False, False),
        ("INSERT INTO analytics.customer_contacts (customer_id) VALUES (1)", False, False),
        ("DELETE FROM public.events", False, False),
        ("CREATE TABLE analytics.mine (a int)", False, False),
        ("CREATE TABLE public.mine (a int)", False, False),
        ("ALTER ROLE customer360_people SUPERUSER", False, False),
    ],
)
def test_each_role_has_exactly_its_rights(
    published: Database, statement: str, of_people: bool, of_reader: bool
) -> None:
    """Neither can see the source or the log; a reader cannot see contact data."""
    assert refused(people_only(published), statement) is not of_people
    assert refused(read_only(published), statement) is not of_reader


def test_connections_for_people_are_read_only_and_limited_in_time(published: Database) -> None:
    """Regardless of the URL's user; only a transaction that requests it can write."""
    with people_only(published).connect() as connection:
        assert catalog.value(connection, "SELECT current_user") == PEOPLE
        assert catalog.value(connection, "SHOW statement_timeout") == "2min"
        with pytest.raises(errors.ReadOnlySqlTransaction):
            connection.execute(LOG)
        with connection.transaction():
            connection.execute("SET TRANSACTION READ WRITE")
            connection.execute(LOG)


def test_a_run_keeps_the_access_log(published: Database) -> None:
    """Every row of it, and the rights on it."""
    execute(published, LOG)

    publish(published)

    assert fetch(published, "SELECT who, customers FROM analytics.people_access") == [("ada", 7)]
    assert lacks(published) == []


def test_rights_lost_in_a_restore_are_granted_again(published: Database) -> None:
    """Like those of the reader."""
    revoked = [f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {PEOPLE}" for schema in ("analytics", "public")]
    execute(published, *revoked)
    assert lacks(published) == ["customer_contacts", "events", "people_access"]

    publish(published)

    assert lacks(published) == []


def test_a_right_revoked_on_purpose_stays_revoked(published: Database) -> None:
    """If you hide the events, the next run does not show them again."""
    execute(published, f"REVOKE SELECT ON public.events FROM {PEOPLE}")

    publish(published)

    assert lacks(published) == ["events"]


def test_the_missing_grants_give_the_rights(published: Database) -> None:
    """When the owner runs them as printed."""
    execute(published, f"REVOKE ALL ON public.events, analytics.people_access FROM {PEOPLE}")
    with published.connect() as connection:
        missing = missing_grants(connection, PEOPLE)
        assert missing == (
            "GRANT USAGE ON SCHEMA analytics, public TO customer360_people; "
            "GRANT SELECT ON public.events TO customer360_people; "
            "GRANT INSERT ON analytics.people_access TO customer360_people;"
        )
        connection.execute(missing)
        assert missing_grants(connection, PEOPLE) == ""


def test_a_user_who_may_not_see_people_gets_the_grants(published: Database) -> None:
    """Before anything is served; the printed statements are enough."""
    execute(published, "DROP ROLE IF EXISTS grace_people", "CREATE ROLE grace_people LOGIN PASSWORD 'grace'")
    try:
        with Database(make_conninfo(published.url, user="grace_people", password="grace")).connect() as grace:
            with pytest.raises(
                Unavailable, match="^grace_people may not see individual customers; .*run: "
            ) as told:
                require_people(grace)
            execute(published, str(told.value).partition("run: ")[2])
            require_people(grace)
            assert grace.execute("SELECT count(*) FROM analytics.customer_contacts").fetchone() == (0,)
    finally:
        execute(published, "DROP OWNED BY grace_people", "DROP ROLE grace_people")


def test_a_member_of_the_role_sees_people(published: Database) -> None:
    """On your own server you make a person's login a member."""
    execute(published, "DROP ROLE IF EXISTS grace_people", "CREATE ROLE grace_people LOGIN PASSWORD 'grace'")
    try:
        execute(published, f"GRANT {PEOPLE} TO grace_people")
        grace = people_only(Database(make_conninfo(published.url, user="grace_people", password="grace")))
        with grace.connect() as connection:
            require_people(connection)
            assert catalog.value(connection, "SELECT current_user") == PEOPLE
    finally:
        execute(published, "DROP OWNED BY grace_people", "DROP ROLE grace_people")


def test_another_table_of_events_is_not_opened(database: Database) -> None:
    """Only tables made by this software are its to open."""
    execute(database, "CREATE TABLE public.events (event_id bigint)")
    with publication(database, "test") as change:
        change.stage(CUSTOMER_CONTACTS)
        change.publish()

    assert refused(people_only(database), "TABLE public.events")
    assert not refused(people_only(database), "TABLE analytics.customer_contacts")


@contextmanager
def no_role(database: Database) -> Iterator[None]:
    """The server like one of an older version: the role is temporarily renamed."""
    rename = sql.SQL("ALTER ROLE {} RENAME TO {}")
    names = [sql.Identifier(PEOPLE), sql.Identifier(f"people_{secrets.token_hex(4)}")]
    with database.connect() as connection:
        connection.execute(rename.format(*names))
        try:
            yield
        finally:
            connection.execute(rename.format(*reversed(names)))


def test_results_of_an_older_version_get_the_log_and_the_rights(database: Database) -> None:
    """It has events, but no contacts and no log; existing tables are unchanged."""
    with no_role(database), publication(database, "test") as change:
        change.stage(EVENTS)
        change.describe(EVENTS, {"kind": "mock", "rows": 0})
        change.append(REFRESHES, [])
        change.publish()
    assert lacks(database) == ["events"]

    prepare_access_log(database)
    execute(database, LOG)
    prepare_access_log(database)

    assert lacks(database) == []
    assert fetch(database, "SELECT who FROM analytics.people_access") == [("ada",)]
    assert not refused(people_only(database), LOG)


def test_a_role_created_after_the_tables_gets_its_rights_with_the_next_run(database: Database) -> None:
    """On your own server, where you create the role."""
    with no_role(database):
        publish(database)
    assert len(lacks(database)) == 3

    publish(database)

    assert lacks(database) == []


def test_without_results_no_log_is_created(database: Database) -> None:
    """There is nobody to see, and nothing is added to a database that is not ours."""
    prepare_access_log(database)

    assert fetch(database, "SELECT to_regclass('analytics.people_access')") == [(None,)]


def test_a_user_without_rights_changes_nothing(published: Database) -> None:
    """A user with only read rights gets the error from the log itself."""
    execute(published, "DROP TABLE analytics.people_access")

    prepare_access_log(people_only(published))

    assert fetch(published, "SELECT to_regclass('analytics.people_access')") == [(None,)]
