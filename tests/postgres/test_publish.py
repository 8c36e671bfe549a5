"""A refresh is visible completely or not at all, keeps dependent objects, and cleans up after killed ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import count

import psycopg
import pyarrow as pa
import pytest

from customer360.errors import Customer360Error
from customer360.postgres import ddl
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.publish import CHANNEL, Publication, publication
from customer360.tables import Column, Table

pytestmark = pytest.mark.slow

LETTERS = Table(
    "results", "letters", "one row per letter", "Letters.", (Column("letter", "text", "The letter.", required=True),),
    key=("letter",),
)  # fmt: skip
PAIRS = Table(
    "results", "pairs", "one row per pair", "Pairs; either half may be unknown.",
    (Column("first", "text", "First half."), Column("second", "text", "Second half.")), key=("first", "second"),
)  # fmt: skip
RUNS = Table(
    "results", "runs", "one row per run", "Runs.", (Column("run", "bigint", "Its number.", required=True),),
    key=("run",), keeps_history=True,
)  # fmt: skip


def fill(database: Database, change: Publication, table: Table, **columns: Sequence[str | None]) -> None:
    staged = change.stage(table)
    with writer(database) as copier:
        copier.copy_once(
            staged, 0, [pa.record_batch({name: pa.array(v, pa.string()) for name, v in columns.items()})]
        )


def publish_letters(database: Database, *letters: str, run: int | None = None, lock_seconds: float = 10) -> None:
    with publication(database, "test") as change:
        fill(database, change, LETTERS, letter=list(letters))
        if run is not None:
            change.append(RUNS, [[run]])
        change.publish(lock_seconds=lock_seconds)


def letters(database: Database) -> list[str]:
    with database.connect() as connection:
        return [letter for (letter,) in connection.execute("SELECT letter FROM results.letters ORDER BY 1")]


def internal_tables(database: Database) -> list[str]:
    with database.connect() as connection:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'customer360_internal' AND tablename <> 'copied_parts'"
        return [name for (name,) in connection.execute(query)]


def test_a_refresh_replaces_the_rows_and_keeps_grants_views_and_comments(database: Database) -> None:
    """Objects that depend on a table must survive a nightly refresh."""
    publish_letters(database, "a", "b")
    with database.connect() as connection:
        connection.execute("CREATE VIEW results.loud AS SELECT upper(letter) AS letter FROM results.letters")
        connection.execute("GRANT SELECT ON results.letters TO PUBLIC")

    publish_letters(database, "c")

    with database.connect() as connection:
        assert connection.execute("SELECT letter FROM results.loud").fetchall() == [("C",)]
        assert connection.execute(
            "SELECT grantee FROM information_schema.role_table_grants WHERE table_name = 'letters' AND grantee = 'PUBLIC'"
        ).fetchall() == [("PUBLIC",)]
        assert connection.execute("SELECT obj_description('results.letters'::regclass)").fetchone() == (
            "Letters. Grain: one row per letter.",
        )
        assert connection.execute("SELECT col_description('results.letters'::regclass, 1)").fetchone() == (
            "The letter.",
        )
    assert len(internal_tables(database)) == 1


def test_the_key_is_a_primary_key(database: Database) -> None:
    """A consumer can rely on it, and join by its index."""
    publish_letters(database, "a", "b")

    with database.connect() as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("INSERT INTO results.letters VALUES ('a')")


@pytest.mark.parametrize("table", [LETTERS, PAIRS], ids=["a primary key", "a key that may be null"])
def test_a_key_that_occurs_twice_publishes_nothing(database: Database, table: Table) -> None:
    """The audit comes before the swap; the old rows stay."""
    publish_letters(database, "old")

    with (
        pytest.raises(
            Customer360Error,
            match=r"results\.\w+: the key \(.*\) is not unique in 2 rows, such as \(.*x\); nothing",
        ),
        publication(database, "test") as change,
    ):
        fill(database, change, table, **{column: ["x", "x"] for column in table.column_names})
        change.publish()

    assert letters(database) == ["old"]
    assert len(internal_tables(database)) == 1


def test_history_is_appended_to_and_not_replaced(database: Database) -> None:
    """Each refresh appends its row in the same transaction as its tables."""
    publish_letters(database, "a", run=1)
    publish_letters(database, "b", run=2)

    with database.connect() as connection:
        assert connection.execute("SELECT run FROM results.runs ORDER BY run").fetchall() == [(1,), (2,)]


def test_history_of_an_older_shape_gains_the_columns_that_it_lacks(database: Database) -> None:
    """The data of earlier refreshes stays; what they did not record is null; the column order does not matter."""
    older = Table(
        "results", "runs", "one row per run", "Runs.", (Column("note", "text", "A note."),), (), keeps_history=True
    )
    with publication(database, "test") as change:
        change.append(older, [["the first"]])
        change.publish()
    newer = Table(
        "results", "runs", "one row per run", "Runs.", (*RUNS.columns, *older.columns), (), keeps_history=True
    )

    with publication(database, "test") as change:
        change.prepare([newer])
        change.append(newer, [[2, "the second"]])
        change.publish()

    with database.connect() as connection:
        found = connection.execute("SELECT note, run FROM results.runs ORDER BY note").fetchall()
    assert found == [("the first", None), ("the second", 2)]


def test_history_that_cannot_store_a_row_is_reported_before_the_work(database: Database) -> None:
    """The problem would be the same hours later."""
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA results")
        connection.execute("CREATE TABLE results.runs (run text)")

    told = "results.runs cannot store rows .*: its column run is text, not bigint; rename it and run again"
    with pytest.raises(Customer360Error, match=told), publication(database, "test") as change:
        change.prepare([RUNS])


def test_a_failed_run_leaves_the_old_data_and_nothing_else(database: Database) -> None:
    """An exception between staging and publishing is the usual way for a run to fail."""
    publish_letters(database, "old")

    with pytest.raises(RuntimeError), publication(database, "test") as change:
        fill(database, change, LETTERS, letter=["new"])
        raise RuntimeError("something broke")

    assert letters(database) == ["old"]
    assert len(internal_tables(database)) == 1


@pytest.mark.slow
def test_a_run_stopped_after_any_statement_leaves_the_old_data_or_the_new(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C can come between any two steps, even after a commit whose response has not arrived."""
    publish_letters(database, "0", run=0)
    kept = []
    for nth in range(1, 1_000):
        before = letters(database)
        with monkeypatch.context() as patching, suppress(KeyboardInterrupt):
            stop_after_statement(nth, patching)
            publish_letters(database, str(nth), run=nth)
            break
        kept.append(letters(database) == before)
        assert letters(database) in (before, [str(nth)])
        assert letters(database) == last_run(database)
        assert len(internal_tables(database)) == len({*ledger(database)}) == 1  # immediately, not by the next run

    assert letters(database) == last_run(database) == [str(nth)]
    assert 0 < kept.count(False) < 5 < kept.count(True)  # the commit was among them, and everything before it


def stop_after_statement(nth: int, patching: pytest.MonkeyPatch) -> None:
    """Ctrl-C after the server has executed the *nth* statement or commit from now."""
    statements = count(1)

    def stopping(act: Callable[..., object]) -> Callable[..., object]:
        def stopped(*arguments: object, **options: object) -> object:
            answer = act(*arguments, **options)
            if next(statements) == nth:
                raise KeyboardInterrupt
            return answer

        return stopped

    patching.setattr(psycopg.Connection, "execute", stopping(psycopg.Connection.execute))
    patching.setattr(psycopg.Transaction, "__exit__", stopping(psycopg.Transaction.__exit__))


def test_a_run_stopped_while_a_transaction_ends_leaves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its session is unusable: psycopg considers it to be in that transaction forever."""

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), publication(database, "test") as change:
        fill(database, change, LETTERS, letter=["new"])
        with monkeypatch.context() as patching:
            patching.setattr(psycopg.Transaction, "__exit__", stopped)
            change.stage(PAIRS)

    assert (internal_tables(database), ledger(database)) == ([], [])


def last_run(database: Database) -> list[str]:
    with database.connect() as connection:
        return [str(run) for (run,) in connection.execute("SELECT max(run) FROM results.runs")]


@pytest.mark.parametrize(
    "make",
    [
        "CREATE TABLE public.mine PARTITION OF results.letters FOR VALUES IN ('x')",
        "CREATE TABLE customer360_internal.letters_0badcafe PARTITION OF results.letters FOR VALUES IN ('x')",
    ],
)
def test_a_partition_that_someone_attached_is_never_dropped(database: Database, make: str) -> None:
    """It is reported before the work, and again by the swap if it was attached meanwhile."""
    publish_letters(database, "old")
    with database.connect() as connection:
        connection.execute(make)
        connection.execute("INSERT INTO results.letters VALUES ('x')")

    told = r"results.letters has the partition \w+\.\w+, which customer360 did not make .* DETACH PARTITION"
    with pytest.raises(Customer360Error, match=told), publication(database, "test") as change:
        change.prepare([LETTERS], foreign=[LETTERS])
    with pytest.raises(Customer360Error, match=told):
        publish_letters(database, "new")
    assert letters(database) == ["old", "x"]


def test_a_second_run_waits_or_names_the_first(database: Database) -> None:
    """Two simultaneous runs would swap each other's tables."""
    with publication(database, "first"):  # noqa: SIM117  the second is refused inside the first
        with pytest.raises(
            Customer360Error, match=r"another run is using the database: customer360 first \(pid \d+"
        ):
            publication(database, "second", wait_seconds=0.3).__enter__()

    with publication(database, "third", wait_seconds=0.3):
        pass


def test_a_reader_in_a_long_transaction_is_waited_for_and_named(database: Database) -> None:
    """It is neither ended nor shown partly new data; if it takes too long, the run gives up and says why."""
    publish_letters(database, "old")
    with database.connect("a long report") as reader, reader.transaction():
        reader.execute("SELECT * FROM results.letters").fetchall()

        with pytest.raises(
            Customer360Error,
            match=r"not be swapped in within 0.5 s: the tables are in use by session .*a long report",
        ):
            publish_letters(database, "new", lock_seconds=0.5)

        assert reader.execute("SELECT letter FROM results.letters").fetchall() == [("old",)]
    assert letters(database) == ["old"]
    assert len(internal_tables(database)) == 1


def test_a_session_that_locks_only_the_partition_is_named_too(database: Database) -> None:
    """A vacuum, for example, locks the partition with the rows, not the table."""
    publish_letters(database, "old")
    (partition,) = internal_tables(database)
    with database.connect("a vacuum") as other, other.transaction():
        other.execute(f"LOCK TABLE customer360_internal.{partition} IN SHARE UPDATE EXCLUSIVE MODE")

        with pytest.raises(Customer360Error, match="the tables are in use by session .*a vacuum"):
            publish_letters(database, "new", lock_seconds=0.3)


def test_autovacuum_never_blocks_a_swap(database: Database) -> None:
    """A swap waits 100 ms at a time, and autovacuum yields only to sessions that wait a second."""
    publish_letters(database, "old")

    with database.connect() as connection:
        found = connection.execute(
            "SELECT reloptions FROM pg_class WHERE relnamespace = 'customer360_internal'::regnamespace AND relispartition"
            " AND relkind = 'r'"
        ).fetchall()
    assert found == [(["autovacuum_enabled=false"],)]


def test_nobody_queues_behind_a_waiting_swap(database: Database) -> None:
    """A plain exclusive lock would make every dashboard wait for the slowest reader."""
    publish_letters(database, "old")
    swapped = threading.Thread(target=publish_letters, args=(database, "new"), kwargs={"lock_seconds": 30})
    with database.connect() as slow, slow.transaction():
        slow.execute("SELECT * FROM results.letters").fetchall()
        swapped.start()
        waits = []
        with database.connect() as quick:
            quick.execute("SET statement_timeout = '2s'")
            for _ in range(15):
                started = time.monotonic()
                assert quick.execute("SELECT letter FROM results.letters").fetchall() == [("old",)]
                waits.append(time.monotonic() - started)
                time.sleep(0.05)
        assert swapped.is_alive()
    swapped.join()

    assert letters(database) == ["new"]
    assert sorted(waits)[len(waits) // 2] < 0.5


@pytest.fixture
def watched(database: Database) -> Iterator[list[tuple[str, ...]]]:
    """Every distinct pair of (letters, runs) seen by readers in one statement, collected in the background."""
    seen: list[tuple[str, ...]] = []
    over = threading.Event()
    query = """
        SELECT (SELECT string_agg(letter, '' ORDER BY letter) FROM results.letters),
               (SELECT max(run)::text FROM results.runs)
    """

    def progress() -> None:
        with database.connect() as connection:
            while not over.is_set():
                pair = connection.execute(query).fetchone()
                if pair is not None and pair not in seen:
                    seen.append(pair)

    publish_letters(database, "0", run=0)
    readers = [threading.Thread(target=progress) for _ in range(2)]
    for reader in readers:
        reader.start()
    yield seen
    over.set()
    for reader in readers:
        reader.join()


def test_readers_see_all_tables_of_one_refresh_together(
    database: Database, watched: list[tuple[str, ...]]
) -> None:
    """Never an empty table, and never one table of the old refresh next to one of the new."""
    for run in range(1, 8):
        publish_letters(database, str(run), run=run)
    time.sleep(0.2)

    assert all(found == run for found, run in watched), watched
    assert watched[0] == ("0", "0")
    assert watched[-1] == ("7", "7")


def test_another_programs_table_is_never_dropped(database: Database) -> None:
    """The name may belong to an unrelated table."""
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA results")
        connection.execute("CREATE TABLE results.letters AS SELECT 'precious' AS letter")

    with pytest.raises(Customer360Error, match="results.letters was not made by this version of customer360"):
        publish_letters(database, "new")

    assert letters(database) == ["precious"]


def test_an_older_shape_of_our_table_is_recreated_with_its_grants(database: Database) -> None:
    """An upgrade may add a column; the reader must keep its rights."""
    older = Table("results", "letters", "one row per letter", "Letters.", (Column("sign", "text", "The letter."),))
    with publication(database, "test") as change:
        fill(database, change, older, sign=["old"])
        change.publish()
    with database.connect() as connection:
        connection.execute("GRANT SELECT ON results.letters TO PUBLIC")

    publish_letters(database, "new")

    assert letters(database) == ["new"]
    with database.connect() as connection:
        assert connection.execute(
            "SELECT count(*) FROM information_schema.role_table_grants WHERE table_name = 'letters' AND grantee = 'PUBLIC'"
        ).fetchone() == (1,)


def test_a_table_that_gains_columns_keeps_its_views(database: Database) -> None:
    """Users build views on the tables, and an upgrade must not require dropping them."""
    publish_letters(database, "old")
    with database.connect() as connection:
        connection.execute("CREATE VIEW results.loud AS SELECT upper(letter) AS letter FROM results.letters")
    more = (
        Column("sound", "text", "How it is said.", required=True),
        *LETTERS.columns,
        Column("note", "text", "A note."),
    )
    newer = Table("results", "letters", "one row per letter", "Letters.", more, key=("letter",))

    for letter in ("a", "b"):
        with publication(database, "test") as change:
            change.prepare([newer])
            fill(database, change, newer, sound=["oh"], letter=[letter], note=[None])
            change.publish()

    with database.connect() as connection:
        assert connection.execute("SELECT * FROM results.loud").fetchall() == [("B",)]
        assert connection.execute("SELECT letter, sound, note FROM results.letters").fetchall() == [
            ("b", "oh", None)
        ]
        described = (
            "SELECT col_description('results.letters'::regclass, attnum) FROM pg_attribute WHERE attname = 'sound'"
        )
        assert ("How it is said.",) in connection.execute(described).fetchall()


def test_a_view_on_an_older_shape_stops_the_run_in_one_line(database: Database) -> None:
    """Whether to drop someone's view is not ours to decide."""
    older = Table("results", "letters", "one row per letter", "Letters.", (Column("sign", "text", "The letter."),))
    with publication(database, "test") as change:
        fill(database, change, older, sign=["old"])
        change.publish()
    with database.connect() as connection:
        connection.execute("CREATE VIEW results.loud AS SELECT upper(sign) AS sign FROM results.letters")

    with pytest.raises(
        Customer360Error, match="must be recreated, but view results.loud depends on .*; drop that first"
    ):
        publish_letters(database, "new")


def test_every_listener_is_notified_of_a_publication(database: Database) -> None:
    """An open dashboard reloads because of it."""
    with database.connect() as listening:
        listening.execute(f"LISTEN {CHANNEL}")

        publish_letters(database, "a", run=1)

        heard = next(listening.notifies(timeout=5))
    assert heard.payload == "letters,runs"


def test_rows_that_did_not_arrive_stop_the_publication(database: Database) -> None:
    """The number of rows reported by the tasks and the number that arrived must agree."""
    with (
        pytest.raises(Customer360Error, match="2 rows were copied, 1 arrived; nothing was published"),
        publication(database, "test") as change,
    ):
        fill(database, change, LETTERS, letter=["a", "b"])
        (staged,) = internal_tables(database)
        change.connection.execute(f"DELETE FROM customer360_internal.{staged} WHERE letter = 'a'")
        change.publish()


def test_the_reader_role_reads_results_and_nothing_else(server: Database) -> None:
    """Power BI and the browser connect as this role; they must not see names and e-mail addresses."""
    from customer360.tables import CALENDAR_MONTHS

    with publication(server, "test") as change:
        change.stage(CALENDAR_MONTHS)
        change.publish()
    with server.connect() as connection:
        connection.execute("DROP TABLE IF EXISTS public.private")
        connection.execute("CREATE TABLE public.private (n int)")
        connection.execute("SET ROLE customer360_reader")
        assert connection.execute("SELECT count(*) FROM analytics.calendar_months").fetchone() == (0,)
        for forbidden in ("SELECT * FROM public.private", "DELETE FROM analytics.calendar_months"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)


def test_comments_of_a_table_end_with_its_grain() -> None:
    """The grain is the first thing to know about a table."""
    assert LETTERS.comment == "Letters. Grain: one row per letter."
    assert len(list(ddl.comments(LETTERS))) == 2


def test_a_record_is_dropped_with_its_rows(database: Database) -> None:
    """They record who made the rows, so they must not outlive them."""
    from customer360.postgres.origin import origin

    with publication(database, "test") as change:
        fill(database, change, LETTERS, letter=["a"])
        change.describe(LETTERS, {"kind": "mock", "at": datetime(2026, 6, 30)})
        change.publish()
    with database.connect() as connection:
        assert origin(connection, "results.letters").kind == "mock"
    publish_letters(database, "b")
    with database.connect() as connection:
        assert origin(connection, "results.letters").kind == "unknown"
        assert origin(connection, "results.nothing").kind == "absent"


def test_a_server_that_fails_in_the_middle_is_one_line(database: Database) -> None:
    """Restarted, killed or disconnected: the old data stays, and the next run cleans up."""
    publish_letters(database, "old")

    with (
        pytest.raises(
            Customer360Error,
            match=r"terminating connection.*; published data is intact. The server or an administrator ended",
        ),
        publication(database, "test") as change,
    ):
        fill(database, change, LETTERS, letter=["new"])
        with database.connect() as other:
            other.execute("SELECT pg_terminate_backend(%s)", (change.connection.info.backend_pid,))
        change.publish()

    assert letters(database) == ["old"]
    publish_letters(database, "newer")
    (published,) = internal_tables(database)
    assert {*ledger(database)} == {(published,)}


def ledger(database: Database) -> list[tuple[str]]:
    with database.connect() as connection:
        return connection.execute("SELECT staging FROM customer360_internal.copied_parts").fetchall()
