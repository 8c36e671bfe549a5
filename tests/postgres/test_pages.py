"""The number of ranges of a table; test_datasource checks that every row is in one of them."""

from __future__ import annotations

import pytest

from customer360.postgres import pages
from customer360.postgres.catalog import value
from customer360.postgres.connection import Database


@pytest.mark.parametrize(
    ("tasks", "pages_each"),
    [
        pytest.param(None, 4, id="small ones where nobody knows how many tasks run"),
        pytest.param(1, 16, id="large ones"),
        pytest.param(8, 8, id="two for each task"),
        pytest.param(50, 4, id="no smaller ones than without tasks"),
    ],
)
def test_ranges_are_large_if_there_are_enough_for_all_tasks(
    database: Database, monkeypatch: pytest.MonkeyPatch, tasks: int | None, pages_each: int
) -> None:
    """A range costs a task and a connection; too few of them leave CPUs idle."""
    monkeypatch.setattr(pages, "_RANGE_PAGES", 4)
    monkeypatch.setattr(pages, "_LARGE_RANGE_PAGES", 16)
    with database.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT n FROM generate_series(1, 28000) n")
        size = value(connection, "SELECT pg_relation_size('t') / 8192")

        found = pages.page_ranges(connection, "t", None, tasks_at_once=tasks)

    assert size == 128
    assert len(found) == size / pages_each


def test_an_empty_table_is_one_range(database: Database) -> None:
    """It has no pages."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE nothing (n int)")

        assert len(pages.page_ranges(connection, "nothing", None, tasks_at_once=2)) == 1
