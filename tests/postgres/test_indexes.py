"""A table's declared indexes exist after every publication, and are built before readers are blocked."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from psycopg.sql import SQL, Literal

from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.publish import publication
from customer360.tables import EVENTS, TABLES, Column, Index, Table

pytestmark = pytest.mark.slow

VISITS = Table(
    "results", "visits", "one row per visit", "Visits.",
    (
        Column("visit_id", "bigint", "The visit.", required=True),
        Column("shop", "bigint", "The shop."),
        Column("visited_on", "bigint", "The day, counted."),
    ),
    key=("visit_id",), indexes=(Index(("shop",)), Index(("visited_on",), "brin")),
)  # fmt: skip
OLDER = replace(VISITS, indexes=())


def publish(database: Database, table: Table, rows: int = 3) -> None:
    numbers = pa.array(range(rows), pa.int64())
    with publication(database, "test") as change:
        change.prepare([table])
        staged = change.stage(table)
        with writer(database) as copier:
            copier.copy_once(
                staged, 0, [pa.record_batch(dict.fromkeys(("visit_id", "shop", "visited_on"), numbers))]
            )
        change.publish()


def indexes(database: Database, table: str = "results.visits") -> list[tuple[str, bool, int]]:
    """Each index of the published table except the key's: method, columns, validity and number of partitions."""
    query = SQL(
        """
        SELECT regexp_replace(pg_get_indexdef(i.indexrelid), '.* USING ', ''), i.indisvalid,
          (SELECT count(*) FROM pg_inherits WHERE inhparent = i.indexrelid)
        FROM pg_index i WHERE i.indrelid = {}::regclass AND NOT i.indisprimary ORDER BY 1
        """
    )
    with database.connect() as connection:
        return connection.execute(query.format(Literal(table))).fetchall()


DECLARED = [("brin (visited_on)", True, 1), ("btree (shop)", True, 1)]


def test_every_publication_leaves_the_indexes_once(database: Database) -> None:
    """The index of the new rows replaces that of the old ones; none is left over or built twice."""
    for rows in (3, 5):
        publish(database, VISITS, rows)

        assert indexes(database) == DECLARED
        with database.connect() as connection:
            of_rows = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'customer360_internal' AND tablename LIKE 'visits%'"
            assert connection.execute(of_rows).fetchone() == (3,)


def test_a_table_of_an_older_version_gains_the_indexes(database: Database) -> None:
    """Its views and grants stay, because no column changes."""
    publish(database, OLDER)
    with database.connect() as connection:
        connection.execute("CREATE VIEW results.shops AS SELECT DISTINCT shop FROM results.visits")
        connection.execute("GRANT SELECT ON results.visits TO PUBLIC")

    publish(database, VISITS, 5)

    assert indexes(database) == DECLARED
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM results.shops").fetchone() == (5,)
        assert connection.execute("SELECT has_table_privilege('public', 'results.visits', 'SELECT')").fetchone()


def test_indexes_are_built_before_readers_are_blocked(database: Database) -> None:
    """An index built under the lock of the swap would block readers for as long as it takes."""
    publish(database, VISITS)
    with publication(database, "test") as change:
        change.stage(VISITS)
        change.audit()
        staged = change.connection.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE 'visits%idx' AND relkind = 'i'"
        )
        before = {name for (name,) in staged}

    publish(database, VISITS)

    assert len(before) == 4  # the published ones, and those of the staged rows


@pytest.mark.parametrize("name", ["visits_shop_idx", "visits_visited_on_idx"])
def test_an_index_name_already_in_use_is_no_obstacle(database: Database, name: str) -> None:
    """Index names share a schema with other objects."""
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA results")
        connection.execute(SQL("CREATE TABLE results.{} (n int)").format(SQL(name)))

    publish(database, VISITS)

    assert indexes(database) == DECLARED


def test_an_index_that_someone_created_stays_and_is_not_duplicated(database: Database) -> None:
    """Someone needed it before this version did."""
    publish(database, OLDER)
    with database.connect() as connection:
        connection.execute("CREATE INDEX mine ON results.visits (shop)")
        connection.execute("CREATE INDEX theirs ON results.visits (shop, visited_on)")

    publish(database, VISITS)

    assert indexes(database) == [DECLARED[0], DECLARED[1], ("btree (shop, visited_on)", True, 1)]


def test_every_declared_index_names_columns_of_its_table() -> None:
    """A wrong name would show only when the first rows are published."""
    for table in TABLES:
        for index in table.indexes:
            assert {*index.columns} <= {*table.column_names}, table.full_name
    assert EVENTS.indexes
