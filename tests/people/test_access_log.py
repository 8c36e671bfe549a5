"""The access log: nothing is shown before its row is on disk."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from psycopg.conninfo import make_conninfo

from customer360.errors import Unavailable
from customer360.people.access_log import log_access
from customer360.postgres.connection import Database
from customer360.postgres.people import people_only
from customer360.postgres.publish import publication
from customer360.postgres.reader import read_only
from customer360.tables import PEOPLE_ACCESS, REFRESHES
from tests.statements import execute, fetch


@pytest.fixture
def published(database: Database) -> Database:
    with publication(database, "test") as change:
        change.append(REFRESHES, [])
        change.append(PEOPLE_ACCESS, [])
        change.publish()
    return database


def test_an_access_is_a_row_that_others_see_immediately(published: Database) -> None:
    """It is committed, although connections of the role are read-only by default."""
    log_access(people_only(published), "ada", "export", "Loyalty Status: Gold", 4_812)

    [(at, *row)] = fetch(published, "TABLE analytics.people_access")
    assert row == ["ada", "export", "Loyalty Status: Gold", 4_812]
    assert abs(datetime.now(timezone.utc).replace(tzinfo=None) - at) < timedelta(minutes=1)


def test_the_log_is_on_disk_even_with_asynchronous_commits(published: Database) -> None:
    """A server can be configured not to wait for its disk; an access must not be missing after a power cut."""
    execute(published, "CREATE TABLE seen (setting text)")
    execute(
        published,
        "GRANT INSERT ON seen TO customer360_people",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO public.seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$",
        "CREATE TRIGGER note BEFORE INSERT ON analytics.people_access FOR EACH ROW EXECUTE FUNCTION note()",
    )
    lazy = Database(make_conninfo(published.url, options="-c synchronous_commit=off"))

    log_access(people_only(lazy), "ada", "list", "all", 1)

    assert fetch(published, "TABLE seen") == [("on",)]


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (
            "DROP TABLE analytics.people_access",
            "analytics.people_access is missing; create it with: customer360 run",
        ),
        (
            "REVOKE INSERT ON analytics.people_access FROM customer360_people",
            "permission denied for table people_acc",
        ),
        ("ALTER TABLE analytics.people_access ADD CHECK (customers < 0)", "violates check constraint"),
    ],
)
def test_an_access_that_cannot_be_logged_is_an_error_of_one_line(
    published: Database, breaks: str, said: str
) -> None:
    """Nothing is shown then."""
    execute(published, breaks)

    with pytest.raises(
        Unavailable, match=f"^no customers are shown, because the access cannot be logged: .*{said}"
    ) as told:
        log_access(people_only(published), "ada", "list", "all", 1)

    assert "\n" not in str(told.value)


def test_the_reader_role_cannot_log_and_so_shows_nothing(published: Database) -> None:
    """If you start a dashboard for people with the wrong role, the first list says so."""
    with pytest.raises(Unavailable, match="permission denied"):
        log_access(read_only(published), "ada", "list", "all", 1)


def test_an_unreachable_server_shows_nothing() -> None:
    """Its log cannot be written."""
    with pytest.raises(
        Unavailable, match="^no customers are shown, because the access cannot be logged: cannot connect"
    ):
        log_access(Database("postgresql://ada@127.0.0.1:1/crm"), "ada", "list", "all", 1)
