"""Rejected rows from an older version are moved once, completely, and only if they are ours."""

from __future__ import annotations

from contextlib import suppress

import pytest

from customer360.commands.doctor import Finding
from customer360.commands.doctor_database import _tables
from customer360.errors import Refused
from customer360.pipeline.rejected import has_loaded, keep_loaded, keep_others
from customer360.postgres.connection import Database
from customer360.postgres.internal_schema import prepare_internal_schema
from customer360.postgres.older import sources_of_older_refreshes
from customer360.postgres.publish import publication
from customer360.postgres.reader import READER
from customer360.postgres.status import status
from customer360.tables import CUSTOMERS, REFRESH_SOURCES, REJECTED_ROWS
from tests.postgres.test_publish import internal_tables, stop_after_statement
from tests.statements import execute, fetch

pytestmark = pytest.mark.slow

LOADED = ("public.customers", "load", "7", "null_byte", '{"source_line": 3, "source_file": "members.csv"}')
FOUND = ("crm.members", "run", None, "customer_id_missing", '{"customer_id":null,"source_line":1}')
AS_OLDER_VERSIONS_MADE_IT = f"""
    CREATE SCHEMA analytics;
    CREATE TABLE analytics.rejected_customers
      (customer_id bigint, reasons text NOT NULL, original_row text NOT NULL) PARTITION BY LIST (customer_id);
    COMMENT ON TABLE analytics.rejected_customers IS 'The rows left out of every result.';
    CREATE TABLE customer360_internal.rejected_customers_0123abcd
      (customer_id bigint, reasons text NOT NULL, original_row text NOT NULL) WITH (autovacuum_enabled = false);
    INSERT INTO customer360_internal.rejected_customers_0123abcd
      VALUES (7, 'null_byte', '{LOADED[-1]}'), (NULL, 'customer_id_missing', '{FOUND[-1]}');
    ALTER TABLE analytics.rejected_customers
      ATTACH PARTITION customer360_internal.rejected_customers_0123abcd DEFAULT;
    INSERT INTO customer360_internal.copied_parts VALUES ('rejected_customers_0123abcd', 0, 2);
    CREATE TABLE analytics.refreshes (refresh_id bigint PRIMARY KEY, source_table text);
    INSERT INTO analytics.refreshes VALUES (1, 'public.customers'), (2, 'crm.members');
"""


@pytest.fixture
def older(database: Database) -> Database:
    with database.connect() as connection:
        prepare_internal_schema(connection)
    execute(database, AS_OLDER_VERSIONS_MADE_IT)
    return database


def rows(database: Database) -> list[tuple[object, ...]]:
    return fetch(database, "SELECT source, found_by, key, reasons, original_row FROM analytics.rejected_rows")


def move(database: Database, *, is_run: bool = False) -> None:
    """What `run`, or else `load` and `mock`, do with existing rejected rows."""
    with publication(database, "test") as change:
        change.prepare([REJECTED_ROWS])
        change.stage(REJECTED_ROWS)
        if is_run:
            keep_loaded(change, [CUSTOMERS])
        else:
            keep_others(change, CUSTOMERS)
        change.publish()


@pytest.mark.parametrize(("is_run", "kept"), [(True, LOADED), (False, FOUND)], ids=["run", "load"])
def test_rows_of_an_older_version_stay_as_if_they_had_been_in_the_table(
    older: Database, is_run: bool, kept: tuple[object, ...]
) -> None:
    """Rows that the publication itself replaces go; the old table is dropped in the same transaction."""
    move(older, is_run=is_run)

    assert rows(older) == [kept]
    assert fetch(older, "SELECT to_regclass('analytics.rejected_customers')") == [(None,)]
    (partition,) = internal_tables(older)
    assert partition.startswith("rejected_rows_")
    assert fetch(older, "SELECT DISTINCT staging FROM customer360_internal.copied_parts") == [(partition,)]

    move(older, is_run=is_run)
    assert rows(older) == [kept]


def test_mock_data_finds_rejected_rows_of_an_older_version(older: Database) -> None:
    """They belong to the loaded customers."""
    with older.connect() as connection:
        assert has_loaded(connection, CUSTOMERS)
    move(older)
    with older.connect() as connection:
        assert not has_loaded(connection, CUSTOMERS)


def test_another_table_with_the_new_name_is_not_checked(database: Database) -> None:
    """Mock data has nothing to do with it, and is filled as usual."""
    execute(database, "CREATE SCHEMA analytics", "CREATE TABLE analytics.rejected_rows (mine text)")

    with database.connect() as connection:
        assert not has_loaded(connection, CUSTOMERS)


def test_roles_keep_their_right_to_read_the_rows_except_the_reader(older: Database) -> None:
    """Grants are the owner's decision; that readers of results see no addresses is ours."""
    try:
        execute(
            older,
            "CREATE ROLE steward",
            f"GRANT SELECT ON analytics.rejected_customers TO steward, {READER}",
            f"GRANT USAGE ON SCHEMA analytics TO {READER}",
        )
        move(older)
        query = "SELECT has_table_privilege('{}', 'analytics.rejected_rows', 'SELECT')"
        assert fetch(older, query.format("steward")) == [(True,)]
        assert fetch(older, query.format(READER)) == [(False,)]
    finally:
        execute(older, "DROP OWNED BY steward", "DROP ROLE steward")


@pytest.mark.parametrize(
    "theirs",
    [
        "CREATE TABLE analytics.rejected_customers AS SELECT 1::bigint AS customer_id, '' AS reasons, '' AS original_row",
        "CREATE VIEW analytics.rejected_customers AS SELECT 1::bigint AS customer_id, '' AS reasons, '' AS original_row",
        "CREATE TABLE analytics.rejected_customers (customer_id bigint) PARTITION BY LIST (customer_id)",
        """CREATE TABLE analytics.rejected_customers (customer_id bigint, reasons text, original_row text)
             PARTITION BY LIST (customer_id);
           CREATE TABLE analytics.mine PARTITION OF analytics.rejected_customers DEFAULT""",
    ],
    ids=["a table", "a view", "one without partitions", "one with a partition of theirs"],
)
def test_another_table_with_the_old_name_is_left_alone(database: Database, theirs: str) -> None:
    """Only tables made by a publication are dropped."""
    execute(database, "CREATE SCHEMA analytics", theirs)

    move(database)

    assert rows(database) == []
    assert fetch(database, "SELECT to_regclass('analytics.rejected_customers') IS NOT NULL") == [(True,)]


VIEW = "CREATE VIEW public.odd AS SELECT reasons FROM analytics.rejected_customers"


def test_a_view_on_the_old_table_is_reported_before_the_work_and_by_the_doctor(older: Database) -> None:
    """Otherwise it would stop the swap at the end of a long run."""
    execute(older, VIEW)
    line = (
        "the view odd reads analytics.rejected_customers, whose rows move to analytics.rejected_rows; "
        "drop the view, and recreate it on that table"
    )

    with pytest.raises(Refused) as refused:
        move(older)
    with older.connect() as connection:
        found = next(_tables(connection))

    assert str(refused.value) == line
    assert found == Finding("tables", "failed", *line.split("; "))
    assert fetch(older, "SELECT count(*) FROM public.odd") == [(2,)]


def test_a_view_created_during_the_work_stops_the_swap(older: Database) -> None:
    """Nothing is published or dropped then."""
    stopped = r"view odd depends on table analytics\.rejected_customers.*nothing was changed"
    with pytest.raises(Refused, match=stopped), publication(older, "test") as change:
        change.prepare([REJECTED_ROWS])
        change.stage(REJECTED_ROWS)
        keep_others(change, CUSTOMERS)
        execute(older, VIEW)
        change.publish()

    assert fetch(older, "SELECT count(*) FROM analytics.rejected_customers") == [(2,)]
    assert internal_tables(older) == ["rejected_customers_0123abcd"]


@pytest.mark.slow
def test_a_move_stopped_after_any_statement_loses_no_row(older: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are in either the old table or the new one, never in both or neither."""
    has_moved = []
    for nth in range(1, 1_000):
        with monkeypatch.context() as patching, suppress(KeyboardInterrupt):
            stop_after_statement(nth, patching)
            move(older)
            break
        old, new = fetch(older, THERE)[0]
        assert old != new
        has_moved.append(new)
        move(older)
        assert rows(older) == [FOUND]
        assert len(internal_tables(older)) == 1
        execute(older, "DROP SCHEMA analytics CASCADE", AS_OLDER_VERSIONS_MADE_IT)

    assert rows(older) == [FOUND]
    assert 0 < has_moved.count(True) < 5 < has_moved.count(False)


THERE = """
    SELECT to_regclass('analytics.rejected_customers') IS NOT NULL, to_regclass('analytics.rejected_rows') IS NOT NULL
"""


def test_status_and_doctor_work_on_a_database_of_an_older_version(older: Database) -> None:
    """Before the first `mock`, `load` or `run` of this version."""
    execute(older, "DROP TABLE analytics.refreshes")

    assert "analytics.rejected_rows" not in status(older).rows
    with older.connect() as connection:
        assert next(_tables(connection)).state == "ok"


OLDER_REFRESHES = """
    CREATE TABLE analytics.refreshes (refresh_id bigint PRIMARY KEY, as_of_date date, source_table text,
      source_kind text, rows_in bigint, rows_out bigint, rows_rejected bigint, rows_not_yet_joined bigint,
      missing_columns text);
    INSERT INTO analytics.refreshes VALUES
      (1, '2026-06-01', 'crm.members', 'unknown', 9, 6, 2, 1, NULL),
      (2, '2026-06-02', 'public.customers', 'own', 9, 9, 0, 0, ''),
      (3, '2026-06-03', 'public.customers', 'own', 9, 9, 0, 0, 'country, loyalty_points');
"""
NOTED = [
    (1, "crm.members", "unknown", 9, 6, 2, 1, ""),
    (2, "public.customers", "own", 9, 9, 0, 0, ""),
    (3, "public.customers", "own", 9, 9, 0, 0, "public.customers.country, public.customers.loyalty_points"),
]


def test_sources_of_refreshes_of_an_older_version_are_recorded_once(database: Database) -> None:
    """Also if the oldest version did not record missing columns; readers of refreshes can read the sources too."""
    execute(database, "CREATE SCHEMA analytics", OLDER_REFRESHES, "GRANT SELECT ON analytics.refreshes TO PUBLIC")
    with publication(database, "test") as change:
        change.prepare([REFRESH_SOURCES])
        found = sources_of_older_refreshes(change.connection)
        change.append(REFRESH_SOURCES, found)
        change.publish()
        assert found == NOTED
        assert sources_of_older_refreshes(change.connection) == []

    assert fetch(database, "SELECT * FROM analytics.refresh_sources ORDER BY 1") == NOTED
    granted = "SELECT has_table_privilege('public', 'analytics.refresh_sources', 'SELECT')"
    assert fetch(database, granted) == [(True,)]
    execute(
        database, "DROP TABLE analytics.refresh_sources", "ALTER TABLE analytics.refreshes DROP missing_columns"
    )
    with database.connect() as connection:
        assert {row[-1] for row in sources_of_older_refreshes(connection)} == {""}
