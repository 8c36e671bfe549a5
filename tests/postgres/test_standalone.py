"""A guarded write atomically replaces a table made by such a write, and nothing else."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql.types import StructType

from customer360.errors import Customer360Error
from customer360.postgres import standalone, types
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.tables import TABLES
from tests.statements import execute, fetch

pytestmark = pytest.mark.slow

TABLE = 'crm."Mine.2026"'


@pytest.fixture(autouse=True)
def _schema(database: Database) -> None:
    execute(database, "CREATE SCHEMA crm")


def staged(database: Database, table: str, kind: str, rows: list[Any], column: str = "v") -> str:
    """Stages the rows as the tasks of a write do; returns the name of the staging table."""
    field = {"name": column, "type": kind, "nullable": True, "metadata": {}}
    name, columns = standalone.stage(database, table, StructType.fromJson({"fields": [field]}), only_own=True)
    with writer(database) as copier:
        copier.copy_once(name, 0, [pa.record_batch({column: rows}, schema=types.arrow_schema(columns))])
    return name


def write(database: Database, table: str, kind: str, rows: list[Any], column: str = "v") -> None:
    name = staged(database, table, kind, rows, column)
    standalone.move(database, name, table, len(rows), overwrite=True, only_own=True)


def test_the_first_write_creates_the_table_and_the_next_one_replaces_it(database: Database) -> None:
    """Its comment says so to anyone who inspects the table, and to the next write."""
    write(database, TABLE, "long", [1, 2, 3])
    write(database, TABLE, "long", [4])

    assert fetch(database, f"SELECT v FROM {TABLE}") == [(4,)]
    assert fetch(database, f"SELECT obj_description('{TABLE}'::regclass)") == [(standalone.WRITTEN,)]


def test_dependents_of_a_table_stay_while_its_columns_do(database: Database) -> None:
    """A nightly write must not require dropping a view or an index."""
    write(database, TABLE, "long", [1])
    execute(database, f"CREATE VIEW crm.doubled AS SELECT 2 * v AS v FROM {TABLE}", f"CREATE INDEX ON {TABLE} (v)")

    write(database, TABLE, "long", [21])

    assert fetch(database, "SELECT v FROM crm.doubled") == [(42,)]
    assert fetch(database, "SELECT count(*) FROM pg_indexes WHERE schemaname = 'crm'") == [(1,)]


@pytest.mark.parametrize(("kind", "rows", "column"), [("string", ["a"], "v"), ("long", [1], "w")])
def test_a_table_with_other_columns_is_replaced_whole(
    database: Database, kind: str, rows: list[Any], column: str
) -> None:
    """While you develop a DataFrame its columns change; grants on the table stay."""
    write(database, TABLE, "long", [1])
    execute(database, f"GRANT SELECT ON {TABLE} TO PUBLIC")

    write(database, TABLE, kind, rows, column)

    assert fetch(database, f"SELECT {column} FROM {TABLE}") == [(rows[0],)]
    assert fetch(database, f"SELECT has_table_privilege('pg_monitor', '{TABLE}', 'SELECT')") == [(True,)]
    write(database, TABLE, kind, rows, column)


def test_other_columns_do_not_break_a_view(database: Database) -> None:
    """Nothing changes then, and the error names the view in the way."""
    write(database, TABLE, "long", [1])
    execute(database, f"CREATE VIEW crm.doubled AS SELECT 2 * v AS v FROM {TABLE}")

    with pytest.raises(Customer360Error, match="view crm.doubled depends on table .* nothing was changed"):
        write(database, TABLE, "string", ["a"])

    assert fetch(database, f"SELECT v FROM {TABLE}") == [(1,)]
    assert fetch(database, "SELECT count(*) FROM pg_class WHERE relname LIKE 'write\\_%'") == [(0,)]


@pytest.mark.parametrize("foreign", ["TABLE", "VIEW", "MATERIALIZED VIEW"])
@pytest.mark.parametrize("is_late", [False, True])
def test_another_programs_table_is_left_alone(database: Database, foreign: str, is_late: bool) -> None:
    """Before a row is copied, and again under the lock: someone may create it meanwhile."""
    make = f"CREATE {foreign} {TABLE} AS SELECT 7::bigint AS v"
    if is_late:
        name = staged(database, TABLE, "long", [1])
        execute(database, make)
        with pytest.raises(Customer360Error, match="was not made by customer360, so nothing was changed"):
            standalone.move(database, name, TABLE, 1, overwrite=True, only_own=True)
    else:
        execute(database, make)
        with pytest.raises(Customer360Error, match="replace its rows with replace=True"):
            staged(database, TABLE, "long", [1])

    assert fetch(database, f"SELECT v FROM {TABLE}") == [(7,)]
    assert fetch(database, "SELECT count(*) FROM pg_class WHERE relname LIKE 'write\\_%'") == [(0,)]


def test_a_table_with_another_comment_belongs_to_someone_else(database: Database) -> None:
    """If you describe a table in a comment, it has become part of something."""
    write(database, TABLE, "long", [1])
    execute(database, f"COMMENT ON TABLE {TABLE} IS 'the list for the campaign'")

    with pytest.raises(Customer360Error, match="was not made by customer360"):
        write(database, TABLE, "long", [2])


@pytest.mark.parametrize(
    "name", [*(table.full_name for table in TABLES), "customers", "customer360_internal.mine"]
)
def test_the_tables_of_this_software_are_never_written(database: Database, name: str) -> None:
    """Even if they do not exist yet, and by a name that refers to them through the search path."""
    with pytest.raises(Customer360Error, match="is one of customer360's own tables"):
        staged(database, name, "long", [1])
    with (
        database.connect() as connection,
        pytest.raises(Customer360Error, match="write to a table with another name"),
    ):
        standalone.require_own(connection, name, may_be_foreign=True)


def test_a_write_stopped_when_its_staging_table_is_created_leaves_none(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else refers to the table, and it would stay for a day."""
    make = standalone._stage

    def stop_when_made(*arguments: Any) -> None:
        make(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(standalone, "_stage", stop_when_made)
    with pytest.raises(KeyboardInterrupt):
        staged(database, TABLE, "long", [1])

    tables = "SELECT relname FROM pg_class WHERE relname LIKE 'write\\_%'"
    assert fetch(database, tables) == []
