"""The reader's rights: granted with the results, granted again if all were lost, and one line if missing."""

from __future__ import annotations

import pytest
from psycopg.conninfo import make_conninfo

from customer360.errors import Customer360Error
from customer360.postgres.connection import Database
from customer360.postgres.publish import publication
from customer360.postgres.reader import READER, require_readable, unreadable
from customer360.postgres.status import last_refresh
from customer360.tables import ACTIVITIES, BANDS, REFRESHES, REJECTED_ROWS


def publish(database: Database) -> None:
    with publication(database, "test") as change:
        for table in (ACTIVITIES, BANDS, REJECTED_ROWS):
            change.stage(table)
        change.append(REFRESHES, [])
        change.publish()


def closed(database: Database, *statements: str) -> list[str]:
    """The results that the reader may not read, after *statements*."""
    with database.connect() as connection:
        for statement in statements:
            connection.execute(statement)
        return [table.name for table in unreadable(connection, READER)]


def test_rights_lost_in_a_restore_are_granted_again(database: Database) -> None:
    """A dump without owners, or one restored on a server without that role, has none of them."""
    publish(database)
    lost = closed(
        database,
        f"REVOKE ALL ON ALL TABLES IN SCHEMA analytics FROM {READER}",
        f"REVOKE ALL ON SCHEMA analytics FROM {READER}",
    )
    assert lost == ["activities", "bands", "refreshes"]

    publish(database)

    assert closed(database) == []
    with database.connect() as connection:
        query = "SELECT has_table_privilege(%s, 'analytics.rejected_rows', 'SELECT')"
        assert connection.execute(query, (READER,)).fetchone() == (False,)


def test_a_right_revoked_on_purpose_stays_revoked(database: Database) -> None:
    """If you hide a table from the reader, the next run does not show it again."""
    publish(database)
    assert closed(database, f"REVOKE SELECT ON analytics.bands FROM {READER}") == ["bands"]

    publish(database)

    assert closed(database) == ["bands"]


def test_a_user_who_may_not_read_gets_the_grant(database: Database) -> None:
    """When the owner runs it as printed, the results can be read."""
    publish(database)
    with database.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS grace_reader")
        connection.execute("CREATE ROLE grace_reader LOGIN PASSWORD 'grace'")
        try:
            with Database(make_conninfo(database.url, user="grace_reader", password="grace")).connect() as grace:
                with pytest.raises(
                    Customer360Error, match="^grace_reader may not read the results; .*run: "
                ) as told:
                    require_readable(grace)
                connection.execute(str(told.value).partition("run: ")[2])
                require_readable(grace)
                assert grace.execute("SELECT count(*) FROM analytics.bands").fetchone() == (0,)
        finally:
            connection.execute("DROP OWNED BY grace_reader")
            connection.execute("DROP ROLE grace_reader")


def test_between_a_load_and_the_first_run_there_are_no_results_yet(database: Database) -> None:
    """A load leaves only rejected rows, which the reader must not see: a dashboard says to run, not what to grant."""
    with publication(database, "test") as change:
        change.stage(REJECTED_ROWS)
        change.publish()

    with database.connect() as connection:
        connection.execute(f"SET ROLE {READER}")
        require_readable(connection)
        assert last_refresh(connection) is None
