"""Only mock data is deleted: any row that someone has written since is detected, however it was written."""

from __future__ import annotations

import json
import subprocess
import threading
import time

import pyarrow as pa
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import Identifier

from customer360.errors import Customer360Error
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.internal_schema import comment_on
from customer360.postgres.origin import guard_own_data, origin
from customer360.postgres.programs import installed_programs
from customer360.postgres.publish import Publication, publication
from customer360.tables import CUSTOMERS
from tests.conftest import new_database

PARTS = (300, 300, 191)
ONE_BLOCK = (791,)


def fill(
    database: Database,
    *,
    guarded: bool = True,
    lock_seconds: float = 10,
    kind: str = "mock",
    parts: tuple[int, ...] = PARTS,
) -> None:
    """Fills like `mock`, each of the *parts* in a transaction."""
    with publication(database, "test") as change:
        change.prepare([CUSTOMERS], foreign=[CUSTOMERS])
        if guarded:
            change.require(lambda: guard_own_data(change.connection, CUSTOMERS))
        stage(database, change, kind, parts)
        change.publish(lock_seconds=lock_seconds)


def stage(database: Database, change: Publication, kind: str = "mock", parts: tuple[int, ...] = PARTS) -> None:
    staged = change.stage(CUSTOMERS)
    with writer(database) as copier:
        for part, rows in enumerate(parts):
            first = sum(parts[:part]) + 1
            ids = pa.array(range(first, first + rows), pa.int64())
            copier.copy_once(staged, part, [pa.record_batch({"customer_id": ids, "name": ids.cast(pa.string())})])
    change.describe(CUSTOMERS, {"kind": kind, "rows": sum(PARTS), "seed": 7})


def execute(database: Database, *statements: str) -> None:
    with database.connect() as connection:
        (leaf,) = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'public.customers'::regclass"
        ).fetchone() or ("",)
        for statement in statements:
            connection.execute(statement.replace("LEAF", leaf))


def guard(database: Database) -> None:
    with database.connect() as connection:
        guard_own_data(connection, CUSTOMERS)


def count(database: Database, where: str = "true") -> int:
    with database.connect() as connection:
        ((rows,),) = connection.execute(f"SELECT count(*) FROM public.customers WHERE {where}").fetchall()
        return int(rows)


INSERT = "INSERT INTO public.customers (customer_id, name) VALUES (999999, 'mine')"
ALL_AGAIN = "INSERT INTO public.customers SELECT * FROM kept"


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([INSERT], id="a row more"),
        pytest.param(["DELETE FROM public.customers WHERE customer_id = 5"], id="a row less"),
        pytest.param([INSERT, "DELETE FROM public.customers WHERE customer_id = 5"], id="as many"),
        pytest.param(["UPDATE public.customers SET city = 'Rome' WHERE customer_id < 200"], id="changed"),
        pytest.param(["UPDATE public.customers SET name = name WHERE customer_id = 1"], id="written again"),
        pytest.param(["UPDATE LEAF SET city = 'Rome' WHERE customer_id = 1"], id="in the partition itself"),
        pytest.param(
            ["SET session_replication_role = replica", "UPDATE public.customers SET city = 'Rome'"],
            id="where no trigger fires",
        ),
        pytest.param(["TRUNCATE public.customers"], id="none left"),
        pytest.param(
            ["CREATE TABLE kept AS TABLE public.customers", "TRUNCATE public.customers", ALL_AGAIN],
            id="restored",
        ),
        pytest.param(
            ["CREATE TABLE kept AS TABLE public.customers", "DELETE FROM public.customers", ALL_AGAIN,
             "VACUUM (FULL, FREEZE) public.customers"],
            id="restored and frozen",
        ),
        pytest.param(
            ["BEGIN", "CREATE TABLE kept AS TABLE public.customers", "TRUNCATE LEAF", ALL_AGAIN, "COMMIT"],
            id="restored in one transaction",
        ),
        pytest.param(["ALTER TABLE public.customers ADD mine text DEFAULT clock_timestamp()::text"], id="widened"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_older", [False, True], ids=["this version's", "an older version's"])
def test_changed_mock_data_is_kept(module_database: Database, statements: list[str], is_older: bool) -> None:
    """The same number of rows proves nothing: they may be someone's own."""
    database = module_database
    fill(database, guarded=False)
    execute(database, "DROP TABLE IF EXISTS kept")
    fill(database, parts=ONE_BLOCK if is_older else PARTS)
    if is_older:
        as_older_version(database)
    execute(database, *statements)
    rows = count(database)

    with pytest.raises(Customer360Error, match=r"public.customers .*; nothing was deleted. .*: --replace$"):
        fill(database)
    assert count(database) == rows

    fill(database, guarded=False)
    guard(database)


def as_older_version(database: Database) -> None:
    """Its fillings were identified only by their number of rows."""
    with database.connect() as connection:
        connection.execute("TRUNCATE customer360_internal.copied_parts")
        connection.execute("ALTER TABLE customer360_internal.copied_parts DROP COLUMN transaction")
        found = origin(connection, CUSTOMERS.full_name)
        facts = json.dumps({name: fact for name, fact in found.comment.items() if name != "signed"})
        comment_on(connection, Identifier("customer360_internal", found.fill or ""), facts)


@pytest.mark.parametrize("is_older", [False, True], ids=["this version's", "an older version's"])
def test_unchanged_mock_data_is_replaced(database: Database, is_older: bool) -> None:
    """Reading, locking, an index, and PostgreSQL's maintenance write no rows."""
    fill(database, parts=ONE_BLOCK if is_older else PARTS)
    if is_older:
        as_older_version(database)
    execute(database, "BEGIN", INSERT, "ROLLBACK", "BEGIN", "SELECT * FROM public.customers FOR UPDATE", "COMMIT")
    execute(
        database,
        "CREATE INDEX by_name ON public.customers (name)",
        "VACUUM (FREEZE, ANALYZE) public.customers",
        "VACUUM FULL public.customers",
        "DO $$ BEGIN EXECUTE format('CLUSTER LEAF USING %I', (SELECT relname FROM pg_index JOIN pg_class ON oid ="
        " indexrelid WHERE indisprimary AND indrelid = 'LEAF'::regclass)); END $$",
        "VACUUM FULL customer360_internal.copied_parts",
    )

    fill(database)
    fill(database)

    assert count(database) == sum(PARTS)


def test_a_row_written_during_the_filling_stops_the_swap(database: Database) -> None:
    """That may be hours after the first check."""
    fill(database)

    with pytest.raises(Customer360Error, match="has 792: someone changed it; nothing was deleted"):  # noqa: SIM117
        with publication(database, "test") as change:
            change.require(lambda: guard_own_data(change.connection, CUSTOMERS))
            stage(database, change)
            execute(database, INSERT)
            change.publish()

    assert count(database, "name = 'mine'") == 1


def test_a_table_created_during_the_filling_stops_the_swap(database: Database) -> None:
    """It did not exist at the first check."""
    with pytest.raises(Customer360Error, match="was not made by customer360; nothing was deleted"):  # noqa: SIM117
        with publication(database, "test") as change:
            change.require(lambda: guard_own_data(change.connection, CUSTOMERS))
            stage(database, change)
            with database.connect() as connection:
                connection.execute("CREATE TABLE public.customers (customer_id bigint)")
            change.publish()

    assert count(database) == 0


@pytest.mark.parametrize("table", ["public.customers", "LEAF"])
def test_a_row_written_while_the_swap_waits_for_a_reader_is_kept(database: Database, table: str) -> None:
    """Only rows that existed at the last check of the swap are deleted, no matter how long it has waited."""
    fill(database)
    refused: list[Customer360Error] = []

    def swap() -> None:
        try:
            fill(database, lock_seconds=30)
        except Customer360Error as error:
            refused.append(error)

    swapping = threading.Thread(target=swap)
    with database.connect() as reader, reader.transaction():
        reader.execute("SELECT * FROM public.customers").fetchall()
        swapping.start()
        time.sleep(1)
        execute(database, INSERT.replace("public.customers", table))
    swapping.join()

    assert "someone changed it" in str(refused[0])
    assert count(database, "name = 'mine'") == 1


def test_others_can_read_while_the_rows_are_checked_again(database: Database) -> None:
    """Checking ten million rows takes a second."""
    fill(database)
    with publication(database, "test") as change:
        stage(database, change)
        looks = 0

        def look() -> None:
            nonlocal looks
            looks += 1
            execute(database, "SET statement_timeout = '5s'", "SELECT * FROM public.customers")

        change.require(look)
        change.publish()
    assert looks == 2


@pytest.mark.parametrize(("kind", "options"), [("mock", []), ("mock", ["--inserts"]), ("own", [])])
def test_rows_restored_from_a_backup_do_not_count_as_mock_data(
    server: Database, database: Database, kind: str, options: list[str]
) -> None:
    """It may have been changed before the backup. Own data is still recognised."""
    fill(database, kind=kind)
    dump = program("pg_dump", *options, database.url)

    with new_database(server) as other:
        program("psql", "-q", "-v", "ON_ERROR_STOP=1", *([] if options else ["-1"]), other.url, given=dump)

        assert count(other) == sum(PARTS)
        with database.connect() as before, other.connect() as after:
            assert origin(after, CUSTOMERS.full_name) == origin(before, CUSTOMERS.full_name)
        told = (
            "has rows that someone changed, added or restored" if kind == "mock" else "loaded from your own data"
        )
        with pytest.raises(Customer360Error, match=f"{told}.*; nothing was deleted"):
            fill(other)
        fill(other, guarded=False)
        guard(other)


def test_a_ledger_that_one_transaction_wrote_signs_nothing(database: Database) -> None:
    """For example, after a restore in a transaction that happens to have the id of the one that copied the rows."""
    fill(database)
    execute(
        database,
        "CREATE TABLE kept AS TABLE public.customers",
        "CREATE TABLE kept_parts AS SELECT * FROM customer360_internal.copied_parts",
        "BEGIN",
        "TRUNCATE public.customers, customer360_internal.copied_parts",
        ALL_AGAIN,
        "INSERT INTO customer360_internal.copied_parts SELECT staging, part, rows FROM kept_parts WHERE part < 0",
        "INSERT INTO customer360_internal.copied_parts SELECT staging, 0, 791 FROM kept_parts WHERE part = 0",
        "COMMIT",
    )

    with pytest.raises(Customer360Error, match="has rows that someone changed, added or restored"):
        guard(database)


def program(name: str, *arguments: str, given: str | None = None) -> str:
    path = installed_programs() / "bin" / name
    return subprocess.run([path, *arguments], input=given, check=True, text=True, capture_output=True).stdout


@pytest.mark.parametrize("path", ["customer360_internal, public", "public"])
def test_own_data_is_recognised_regardless_of_the_search_path(database: Database, path: str) -> None:
    """PostgreSQL prints a name without its schema if the search path finds it."""
    fill(database, kind="own")
    other = Database(make_conninfo(database.url, options=f"-c search_path={path.replace(' ', '')}"))

    with other.connect() as connection:
        assert origin(connection, CUSTOMERS.full_name).kind == "own"


def test_the_ledger_of_an_older_version_learns_to_sign(database: Database) -> None:
    """Its rows stay, and later fillings are tracked row by row."""
    fill(database, parts=ONE_BLOCK)
    as_older_version(database)

    fill(database)

    execute(database, "UPDATE public.customers SET city = 'Rome' WHERE customer_id = 1")
    with pytest.raises(Customer360Error, match="has rows that someone changed"):
        guard(database)


def test_customers_put_aside_are_never_dropped(database: Database) -> None:
    """A detached partition is a backup of all customers, wherever it is, and so is a table next to it."""
    fill(database, kind="own")
    with database.connect() as connection:
        kept = origin(connection, "public.customers").fill
    detached = f"customer360_internal.{kept}"
    execute(
        database,
        f"ALTER TABLE public.customers DETACH PARTITION {detached}",
        "CREATE TABLE customer360_internal.my_backup AS TABLE " + detached,
    )

    for _ in range(2):
        fill(database, guarded=False)

    with database.connect() as connection:
        for table in (detached, "customer360_internal.my_backup"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (791,)
