"""Reading in ranges returns the rows of one SELECT, for any relation and despite concurrent rewrites."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360.errors import Customer360Error
from customer360.postgres import catalog, pages, read, types
from customer360.postgres.catalog import value
from customer360.postgres.connection import Database
from customer360.postgres.ddl import named
from customer360.postgres.pages import PageRange
from customer360.postgres.read import read_batches, read_table, read_together
from customer360.tables import COUNTRIES
from tests.statements import execute

ROWS = 3000


def ranges_of(database: Database, table: str, snapshot: str, wanted: int = 4) -> list[PageRange]:
    with database.within(snapshot) as connection:
        return pages.page_ranges(connection, table, wanted)


def rows_of(database: Database, ranges: Sequence[PageRange], snapshot: str, column: str = "n") -> list[Any]:
    """The values of *column* in all *ranges*, each read as by a separate task."""
    fields = (types.Field(column, "integer"),)
    batches = (
        batch
        for pages in ranges
        for batch in read_batches(database, pages.relation, fields, where=pages.condition, snapshot=snapshot)
    )
    return [row for batch in batches for row in batch.column(0).to_pylist()]


def read_whole(database: Database, table: str) -> list[Any]:
    with database.snapshot(named(table)) as snapshot:
        return sorted(rows_of(database, ranges_of(database, table, snapshot), snapshot))


@pytest.fixture
def numbers(database: Database) -> str:
    execute(
        database,
        f"CREATE TABLE numbers AS SELECT n, repeat('x', 500) AS padding FROM generate_series(1, {ROWS}) n",
        "CREATE TABLE spare AS SELECT * FROM numbers",
        "CREATE INDEX by_n ON numbers (n)",
    )
    return "public.numbers"


@pytest.fixture
def partitioned(database: Database) -> str:
    execute(
        database,
        "CREATE TABLE split (n int, padding text) PARTITION BY LIST ((n % 3))",
        *(f"CREATE TABLE split_{m} PARTITION OF split FOR VALUES IN ({m})" for m in range(3)),
        f"INSERT INTO split SELECT n, repeat('x', 500) FROM generate_series(1, {ROWS}) n",
    )
    return "public.split"


REWRITES = {
    "reloaded": ("TRUNCATE numbers", "INSERT INTO numbers SELECT * FROM spare"),
    "vacuumed": ("VACUUM FULL numbers",),
    "changed": ("ALTER TABLE numbers ALTER n TYPE bigint", "ALTER TABLE numbers ALTER n TYPE int"),
    "clustered": ("CLUSTER numbers USING by_n",),
    "made again": ("DROP TABLE numbers", "CREATE TABLE numbers AS SELECT * FROM spare"),
}


def rewrite(database: Database, statements: Sequence[str], **options: str) -> None:
    """Runs the statements in one transaction, if they can be."""
    options = {"options": "".join(f"-c {name}={value}" for name, value in options.items())}
    with database.connect(**options) as connection, ExitStack() as together:
        if len(statements) > 1:
            together.enter_context(connection.transaction())
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("statements", REWRITES.values(), ids=REWRITES.keys())
def test_a_session_that_yields_rewrites_a_table_after_the_read(
    database: Database, numbers: str, statements: Sequence[str]
) -> None:
    """To an old snapshot a rewritten table is empty. So the table is locked as long as the snapshot is held."""
    with database.snapshot(named(numbers)) as snapshot:
        first, *rest = ranges_of(database, numbers, snapshot)
        found = rows_of(database, [first], snapshot)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            rewrite(database, statements, lock_timeout="50ms")
        found += rows_of(database, rest, snapshot)

    assert sorted(found) == list(range(1, ROWS + 1))
    rewrite(database, statements, lock_timeout="2s")
    assert read_whole(database, numbers) == list(range(1, ROWS + 1))


def test_a_session_that_does_not_yield_ends_the_read(
    database: Database, numbers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL queues a new reader behind a waiting TRUNCATE: without a timeout both would wait forever."""
    monkeypatch.setattr(read, "_LOCK_TIMEOUT", "100ms")
    reload = threading.Thread(target=rewrite, args=(database, REWRITES["reloaded"]))
    with database.snapshot(named(numbers)) as snapshot, database.connect() as looking:
        ranges = ranges_of(database, numbers, snapshot)
        reload.start()
        while not value(looking, "SELECT count(*) FROM pg_locks WHERE NOT granted"):
            time.sleep(0.01)

        with pytest.raises(
            Customer360Error, match='another session is waiting to change "public"."numbers"; read'
        ):
            rows_of(database, ranges, snapshot)
    reload.join(10)
    assert not reload.is_alive()
    assert read_whole(database, numbers) == list(range(1, ROWS + 1))


@pytest.mark.parametrize("statements", REWRITES.values(), ids=REWRITES.keys())
def test_a_table_rewritten_since_the_snapshot_is_refused(
    database: Database, numbers: str, statements: Sequence[str]
) -> None:
    """Without a lock, the reader compares the snapshot with the current state."""
    with database.snapshot() as snapshot:
        ranges = ranges_of(database, numbers, snapshot)
        rewrite(database, statements)

        with pytest.raises(Customer360Error, match="was replaced, emptied or rewritten while it was read"):
            rows_of(database, ranges, snapshot)


@pytest.mark.parametrize(
    "statement",
    ["TRUNCATE split_1", "ALTER TABLE split DETACH PARTITION split_1", "DROP TABLE split_1", "TRUNCATE split"],
)
def test_a_partition_removed_since_the_snapshot_is_noticed(
    database: Database, partitioned: str, statement: str
) -> None:
    """Even if the parent is read in one range: a query on it no longer includes the partition."""
    with database.snapshot() as snapshot:
        execute(database, statement)

        with pytest.raises(Customer360Error, match="was replaced, emptied or rewritten while it was read"):
            rows_of(database, [PageRange("public", "split")], snapshot)


def test_changes_without_row_changes_do_not_disturb_a_read(
    database: Database, numbers: str, partitioned: str
) -> None:
    """Indexes, rows and VACUUM come and go: the snapshot stays the same."""
    with database.snapshot() as snapshot:
        plain, split = (ranges_of(database, table, snapshot) for table in (numbers, partitioned))
        execute(
            database,
            *(f"CREATE INDEX ON {table} (n)" for table in (numbers, partitioned)),
            f"REINDEX TABLE {numbers}",
            *(f"DELETE FROM {table} WHERE n > 10" for table in (numbers, partitioned)),
            "INSERT INTO numbers VALUES (0, 'new')",
            "VACUUM numbers, split",
            "ANALYZE numbers, split",
            "CREATE VIEW few AS SELECT * FROM split WHERE n % 3 = 1",
        )

        assert sorted(rows_of(database, plain, snapshot)) == list(range(1, ROWS + 1))
        assert sorted(rows_of(database, split, snapshot)) == list(range(1, ROWS + 1))
        assert len(rows_of(database, [PageRange("public", "split")], snapshot)) == ROWS


def test_a_read_that_waits_for_a_reload_has_all_of_its_rows(database: Database, numbers: str) -> None:
    """COPY takes its snapshot before it waits for the table: the rows that it waited for would be too new."""
    found: list[int] = []
    with database.connect() as loading, database.connect() as looking:
        with loading.transaction():
            loading.execute("TRUNCATE numbers")
            reading = threading.Thread(target=lambda: found.append(read_table(database, numbers, ["n"]).num_rows))
            reading.start()
            while not value(looking, "SELECT count(*) FROM pg_locks WHERE NOT granted"):
                time.sleep(0.01)
            loading.execute("INSERT INTO numbers SELECT * FROM spare")
        reading.join()

    assert found == [ROWS]


def test_a_snapshot_begins_when_the_reload_has_ended(database: Database, numbers: str) -> None:
    """The lock comes first, and the snapshot is taken under it."""
    found: list[int] = []
    with database.connect() as loading, database.connect() as looking:
        with loading.transaction():
            loading.execute("TRUNCATE numbers")
            reading = threading.Thread(target=lambda: found.append(len(read_whole(database, numbers))))
            reading.start()
            while not value(looking, "SELECT count(*) FROM pg_locks WHERE NOT granted"):
                time.sleep(0.01)
            loading.execute("INSERT INTO numbers SELECT * FROM spare")
        reading.join()

    assert found == [ROWS]


@pytest.fixture
def tenant(server: Database, database: Database) -> Iterator[Database]:
    """The database as a role that owns nothing in it."""
    role = f"tenant_{database.parts['dbname']}"
    execute(server, f"CREATE ROLE {role} LOGIN PASSWORD 'for this test'")
    yield Database(make_conninfo(database.url, user=role, password="for this test"))
    execute(database, f"DROP OWNED BY {role}")
    execute(server, f"DROP ROLE {role}")


@pytest.mark.parametrize(
    "secured",
    [
        ("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", "ALTER TABLE split ENABLE ROW LEVEL SECURITY"),
        ("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", "ALTER TABLE split_1 ENABLE ROW LEVEL SECURITY"),
        ("GRANT SELECT ON split TO {role}",),
        ("GRANT SELECT (n) ON split TO {role}",),
        ("GRANT SELECT ON split TO {role}", "GRANT SELECT (padding) ON split_0, split_1, split_2 TO {role}"),
    ],
    ids=[
        "policy on the parent",
        "policy on a partition",
        "right to the parent",
        "to a column",
        "columns of partitions",
    ],
)
def test_partitions_are_read_as_the_table_itself_would_show_them(
    database: Database, tenant: Database, partitioned: str, secured: Sequence[str]
) -> None:
    """Policies and rights of the table named in a query apply."""
    policy = "CREATE POLICY few ON {} FOR SELECT USING (n % 3 = 1)"
    execute(database, policy.format("split"), policy.format("split_1"))
    execute(database, *(statement.format(role=tenant.parts["user"]) for statement in secured))
    with tenant.connect() as connection:
        shown = [n for (n,) in connection.execute("SELECT n FROM split ORDER BY n")]

    assert read_whole(tenant, partitioned) == shown
    with tenant.connect() as connection:
        assert len(pages.page_ranges(connection, partitioned, 4)) == 1
    with database.connect() as connection:
        assert len(pages.page_ranges(connection, partitioned, 6)) == 6


def test_materialized_views_and_parents_are_read_in_ranges(database: Database, numbers: str) -> None:
    """Each row of a parent and its inheriting tables once, at every level."""
    execute(
        database,
        "CREATE MATERIALIZED VIEW kept AS SELECT * FROM numbers",
        "CREATE TABLE heir () INHERITS (numbers)",
        "CREATE TABLE grandchild (extra text) INHERITS (heir)",
        f"INSERT INTO heir SELECT n + {ROWS}, padding FROM ONLY numbers",
        f"INSERT INTO grandchild SELECT n + {2 * ROWS}, padding FROM ONLY numbers",
    )

    assert read_whole(database, "public.kept") == list(range(1, ROWS + 1))
    assert read_whole(database, numbers) == list(range(1, 3 * ROWS + 1))
    assert read_whole(database, "public.heir") == list(range(ROWS + 1, 3 * ROWS + 1))


def test_a_materialized_view_is_not_refreshed_while_it_is_read(database: Database, numbers: str) -> None:
    """A refresh writes a new file, like TRUNCATE; also for one behind a view."""
    execute(
        database,
        "CREATE MATERIALIZED VIEW kept AS SELECT * FROM numbers",
        "CREATE VIEW shown AS SELECT n FROM kept",
    )
    for relation in ("kept", "shown"):
        with database.snapshot(named(relation)) as snapshot:
            with pytest.raises(psycopg.errors.LockNotAvailable):
                rewrite(database, ["REFRESH MATERIALIZED VIEW kept"], lock_timeout="50ms")
            assert len(rows_of(database, ranges_of(database, relation, snapshot), snapshot)) == ROWS
        with database.snapshot() as snapshot:
            rewrite(database, ["REFRESH MATERIALIZED VIEW kept"])
            with pytest.raises(Customer360Error, match="was replaced, emptied or rewritten"):
                rows_of(database, [PageRange("public", relation)], snapshot)


def test_foreign_tables_are_read_alone_and_as_partitions(database: Database, numbers: str) -> None:
    """They have no pages, and LOCK TABLE does not support them."""
    parts = database.parts
    execute(
        database,
        "CREATE EXTENSION postgres_fdw",
        "CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS "
        f"(host '{parts['host']}', port '{parts['port']}', dbname '{parts['dbname']}')",
        "CREATE USER MAPPING FOR CURRENT_USER SERVER here OPTIONS "
        f"(user '{parts['user']}', password '{parts['password']}')",
        "CREATE FOREIGN TABLE away (n int, padding text) SERVER here OPTIONS (table_name 'spare')",
        "CREATE TABLE both_sides (n int, padding text) PARTITION BY RANGE (n)",
        f"CREATE TABLE near PARTITION OF both_sides FOR VALUES FROM (1) TO ({ROWS + 1})",
        "INSERT INTO near SELECT * FROM numbers",
        f"UPDATE spare SET n = n + {ROWS}",
        f"CREATE FOREIGN TABLE far PARTITION OF both_sides FOR VALUES FROM ({ROWS + 1}) TO ({3 * ROWS}) "
        "SERVER here OPTIONS (table_name 'spare')",
    )

    assert read_whole(database, "public.away") == list(range(ROWS + 1, 2 * ROWS + 1))
    assert read_whole(database, "public.both_sides") == list(range(1, 2 * ROWS + 1))


@pytest.mark.parametrize(
    "name", ["Members", "my members", "My.Table", 'a"b', "o'clock", "select", "ünï", "%s {0}"]
)
def test_a_table_is_looked_up_as_quoted(database: Database, name: str) -> None:
    """Case is preserved: the table that an unquoted name would refer to also exists."""
    other = sql.Identifier("crm", name.lower())
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA crm")
        create = sql.SQL("CREATE TABLE {} AS SELECT {}::int AS n FROM generate_series(1, 2000)")
        if name.lower() != name:
            connection.execute(create.format(other, 2))
        connection.execute(create.format(sql.Identifier("crm", name), 1))
        connection.execute(sql.SQL("CREATE UNIQUE INDEX ON {} (n) WHERE false").format(other))
    quoted = 'crm."{}"'.format(name.replace('"', '""'))

    assert set(read_whole(database, quoted)) == {1}
    if "." not in name:
        assert set(read_whole(database, f"crm.{name}")) == {1}
    with database.connect() as connection:
        assert catalog.exists(connection, quoted)
        assert not catalog.exists(connection, f'{quoted[:-1]}x"')


@pytest.mark.parametrize("name", ["", "a.b.c", ".members", "crm.", 'crm."My.Table', 'crm.""', "a\0b"])
def test_an_invalid_table_name_is_refused(name: str) -> None:
    """In the way that says how to write one."""
    with pytest.raises(
        Customer360Error, match="invalid table name .*; write it as schema.table, with double quotes around"
    ):
        named(name)


def test_numbers_that_do_not_fit_a_decimal_are_rounded_or_refused(database: Database) -> None:
    """A numeric without precision has up to 131,072 digits; Arrow would wrap around beyond 38."""
    execute(
        database,
        "CREATE TABLE ratios (n numeric)",
        "INSERT INTO ratios VALUES (1/3.0), (-2/3.0), (1.9e19), (-99999999999999999999.999999999999999999), (5e-19), "
        "('NaN'), ('Infinity'), ('-Infinity'), (null), (1e-300)",
    )

    assert read_table(database, "ratios", ["n"])["n"].to_pylist() == [
        Decimal("0.333333333333333333"), Decimal("-0.666666666666666667"), Decimal("1.9e19"),
        Decimal("-99999999999999999999.999999999999999999"), Decimal("1e-18"), None, None, None, None, Decimal(0),
    ]  # fmt: skip
    for number in ("1e30", "-7e20", "1e20", "99999999999999999999.9999999999999999999", "1e1000"):
        with database.connect() as connection, connection.transaction(force_rollback=True):
            connection.execute(f"UPDATE ratios SET n = {number} WHERE n = 1.9e19")
        execute(database, f"CREATE TABLE large AS SELECT {number}::numeric AS n")
        with pytest.raises(
            Customer360Error, match=r"column 'n' contains -?\d{20,60}.*, but a decimal\(38, 18\) has 20"
        ):
            read_table(database, "large", ["n"])
        execute(database, "DROP TABLE large")


def test_numerics_of_odd_scales_are_exact(database: Database) -> None:
    """PostgreSQL's scale may be negative, or larger than the precision; Spark's may not."""
    with database.connect() as connection:
        if connection.info.server_version < 150_000:
            pytest.skip("before 15 they are not there")
    execute(
        database,
        "CREATE TABLE odd AS SELECT 99900::numeric(3,-2) AS hundreds, 0.00999::numeric(3,5) AS thousandths, "
        "(-1e30)::numeric(5,-27) AS huge",
    )

    found = read_table(database, "odd", ["hundreds", "thousandths", "huge"])

    assert found.to_pylist() == [
        {"hundreds": Decimal(99900), "thousandths": Decimal("0.00999"), "huge": Decimal("-1e30")}
    ]


def test_infinity_is_after_every_day_and_minus_infinity_is_null(database: Database) -> None:
    """Arrow counts days and microseconds from 1970: infinity would wrap around to a day in the distant past."""
    execute(
        database,
        "CREATE TABLE ends (place int, day date, moment timestamp, instant timestamptz)",
        "INSERT INTO ends VALUES (1, 'infinity', 'infinity', 'infinity'), (2, '-infinity', '-infinity', '-infinity'), "
        "(3, '9999-12-31', '294276-12-31', '294276-12-31 00:00+00'), (4, '0001-01-01', '0001-01-01', '0001-01-01 00:00+00')",
    )
    last = datetime(9999, 12, 31, 23, 59, 59, 999999)
    first = datetime(1, 1, 1)

    found = read_table(database, "ends", ["place", "day", "moment", "instant"]).to_pylist()

    assert sorted(tuple(row.values()) for row in found) == [
        (1, date(9999, 12, 31), last, last.replace(tzinfo=timezone.utc)),
        (2, None, None, None),
        (3, date(9999, 12, 31), last, last.replace(tzinfo=timezone.utc)),
        (4, date(1, 1, 1), first, first.replace(tzinfo=timezone.utc)),
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT 1 AS a, 2 AS a", "returns two columns called 'a'; give each its own name with AS"),
        ("SELECT 1, 2", "returns two columns without a name; give each its own name with AS"),
    ],
)
def test_columns_with_the_same_name_are_refused(database: Database, query: str, said: str) -> None:
    """It would be ambiguous which of them is meant."""
    with database.connect() as connection, pytest.raises(Customer360Error, match=said):
        types.fields(connection, sql.SQL("({}) AS query").format(sql.SQL(query)))


def test_an_error_in_the_query_is_one_line_and_not_a_server_failure(database: Database) -> None:
    """Whenever it occurs, even after rows have been sent."""
    execute(database, "CREATE TABLE t AS SELECT n FROM generate_series(1, 100000) n")
    for query in ("SELECT 1 / (n - 90000) AS n FROM t", "SELECT nothing AS n FROM t"):
        relation = sql.SQL("({}) AS query").format(sql.SQL(query))
        with pytest.raises(
            Customer360Error,
            match=r": (division by zero|column .* does not exist); published data is intact. Correct the",
        ):
            list(read_batches(database, relation, [types.Field("n", "integer")]))


def test_results_of_another_version_are_reported_with_how_to_rebuild_them(database: Database) -> None:
    """A dashboard started after an upgrade but before the first run must not end in a traceback."""
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA analytics")
        connection.execute("CREATE TABLE analytics.countries (country text)")

    with pytest.raises(
        Customer360Error, match=r"^analytics\.countries was made by another version .*: customer360 run$"
    ):
        read_together(database, [COUNTRIES])
