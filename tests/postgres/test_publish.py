"""A refresh is seen whole or not at all, keeps what hangs on the tables, and cleans up after killed ones."""

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
from psycopg.sql import SQL, Identifier

from customer360.errors import Customer360Error
from customer360.postgres import ddl, publish
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.publish import CHANNEL, Publication, create_staging, leftovers, publication
from customer360.tables import Column, Table

pytestmark = pytest.mark.slow

LETTERS = Table(
    "results", "letters", "one row per letter", "Letters.", (Column("letter", "text", "The letter.", required=True),),
    key=("letter",),
)  # fmt: skip
PAIRS = Table(
    "results", "pairs", "one row per pair", "Pairs, of which either half may be unknown.",
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
    """Whatever people hang on a table must survive a nightly refresh."""
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


def test_history_is_added_to_and_not_replaced(database: Database) -> None:
    """Each refresh adds its row to those before it, in the same transaction as its tables."""
    publish_letters(database, "a", run=1)
    publish_letters(database, "b", run=2)

    with database.connect() as connection:
        assert connection.execute("SELECT run FROM results.runs ORDER BY run").fetchall() == [(1,), (2,)]


def test_history_of_an_older_shape_gains_the_columns_that_it_lacks(database: Database) -> None:
    """What is known of earlier refreshes stays; what they did not note is null; the order does not matter."""
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


def test_history_that_cannot_take_a_row_is_told_before_the_work(database: Database) -> None:
    """Hours later it would be as true."""
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA results")
        connection.execute("CREATE TABLE results.runs (run text)")

    told = "results.runs cannot store rows .*: its column run is text, not bigint; rename it and run again"
    with pytest.raises(Customer360Error, match=told), publication(database, "test") as change:
        change.prepare([RUNS])


def test_a_failed_run_leaves_the_old_data_and_no_litter(database: Database) -> None:
    """An exception between staging and publishing is the ordinary way for a run to fail."""
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
    """Ctrl-C strikes between any two steps, also when a commit is done and nobody has heard of it yet."""
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
        assert len(internal_tables(database)) == len({*ledger(database)}) == 1  # at once, not by the next run

    assert letters(database) == last_run(database) == [str(nth)]
    assert 0 < kept.count(False) < 5 < kept.count(True)  # the commit was among them, and all that goes before it


def stop_after_statement(nth: int, patching: pytest.MonkeyPatch) -> None:
    """Ctrl-C when the server has done the *nth* statement or commit from now."""
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


def test_a_run_stopped_inside_the_end_of_a_transaction_leaves_no_litter(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its session cannot be used any more: psycopg takes it to be in that transaction for ever."""

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), publication(database, "test") as change:
        fill(database, change, LETTERS, letter=["new"])
        with monkeypatch.context() as patching:
            patching.setattr(psycopg.Transaction, "__exit__", stopped)
            change.stage(PAIRS)

    assert (internal_tables(database), ledger(database)) == ([], [])


def test_a_stopped_run_ends_the_tasks_that_copy_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing interrupts a Python task, and one may copy for minutes what nobody will publish."""
    monkeypatch.setattr(publish, "_COPYING_ON", "100ms")
    with database.connect("customer360 copy") as task, database.connect("psql") as person:
        with pytest.raises(KeyboardInterrupt), publication(database, "test") as change:
            hold(task, change.stage(LETTERS))
            hold(person, kept := change.stage(PAIRS))
            raise KeyboardInterrupt

        with pytest.raises(psycopg.errors.AdminShutdown):
            task.execute("SELECT 1")
        person.execute("SELECT 1")
        assert internal_tables(database) == [kept]


def hold(session: psycopg.Connection[object], staging: str) -> None:
    session.execute("BEGIN")
    session.execute(SQL("SELECT FROM {}").format(Identifier("customer360_internal", staging)))


def last_run(database: Database) -> list[str]:
    with database.connect() as connection:
        return [str(run) for (run,) in connection.execute("SELECT max(run) FROM results.runs")]


def test_the_next_run_drops_what_a_killed_one_left(database: Database) -> None:
    """A kill leaves staging tables behind; they hold nothing anyone reads."""
    publish_letters(database, "old")
    with database.connect() as connection:
        for name in ("letters_dead", "write_1000000000_dead", f"write_{int(time.time())}_alive"):
            create_staging(connection, name, SQL("(letter text)"))
        connection.execute("INSERT INTO customer360_internal.copied_parts VALUES ('letters_dead', 0, 5)")

    publish_letters(database, "new")

    left = internal_tables(database)
    assert not [name for name in left if "dead" in name]
    assert len([name for name in left if "alive" in name]) == 1
    with database.connect() as connection:
        signed = connection.execute("SELECT DISTINCT staging FROM customer360_internal.copied_parts").fetchall()
    assert signed == [(name,) for name in left if "alive" not in name]


def test_only_what_was_made_for_staging_is_dropped(database: Database) -> None:
    """A table that somebody keeps there, or a partition detached to keep its rows, is theirs."""
    publish_letters(database, "kept")
    (kept,) = internal_tables(database)
    with database.connect() as connection:
        connection.execute("CREATE TABLE customer360_internal.my_backup AS SELECT * FROM results.letters")
        connection.execute("CREATE TABLE customer360_internal.letters_0badcafe (letter text)")
        connection.execute(f"ALTER TABLE results.letters DETACH PARTITION customer360_internal.{kept}")
        create_staging(connection, "letters_11111111", SQL("(letter text)"))
        connection.execute("COMMENT ON TABLE customer360_internal.letters_11111111 IS 'mine now'")

    for letter in "ab":
        publish_letters(database, letter)

    others = {kept, "my_backup", "letters_0badcafe", "letters_11111111"}
    assert others < {*internal_tables(database)}
    with database.connect() as connection:
        assert leftovers(connection) == (set(), others)
        assert connection.execute(f"SELECT letter FROM customer360_internal.{kept}").fetchall() == [("kept",)]


@pytest.mark.parametrize(
    "make",
    [
        "CREATE TABLE public.mine PARTITION OF results.letters FOR VALUES IN ('x')",
        "CREATE TABLE customer360_internal.letters_0badcafe PARTITION OF results.letters FOR VALUES IN ('x')",
    ],
)
def test_a_partition_that_somebody_attached_is_never_dropped(database: Database, make: str) -> None:
    """It is told before the work, and again by the swap to whoever attached it meanwhile."""
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


def test_a_second_run_waits_or_says_who_is_at_work(database: Database) -> None:
    """Two runs at once would swap under each other."""
    with publication(database, "first"):  # noqa: SIM117  the second is refused inside the first
        with pytest.raises(
            Customer360Error, match=r"another run is using the database: customer360 first \(pid \d+"
        ):
            publication(database, "second", wait_seconds=0.3).__enter__()

    with publication(database, "third", wait_seconds=0.3):
        pass


def test_a_reader_in_a_long_transaction_is_waited_for_and_named(database: Database) -> None:
    """It is neither cut off nor shown half of the new; when it stays too long, the run gives up and says why."""
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


def test_whoever_holds_only_the_partition_is_named_too(database: Database) -> None:
    """A vacuum, for one, locks the partition that holds the rows and not the table that people know."""
    publish_letters(database, "old")
    (partition,) = internal_tables(database)
    with database.connect("a vacuum") as other, other.transaction():
        other.execute(f"LOCK TABLE customer360_internal.{partition} IN SHARE UPDATE EXCLUSIVE MODE")

        with pytest.raises(Customer360Error, match="the tables are in use by session .*a vacuum"):
            publish_letters(database, "new", lock_seconds=0.3)


def test_autovacuum_never_holds_up_a_swap(database: Database) -> None:
    """A swap waits 100 ms at a time, and autovacuum gives way only to those who wait a second."""
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
    """Every distinct pair of (letters, runs) that readers saw in one statement, gathered in the background."""
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
    """Never an empty table, never one table of the old refresh beside one of the new."""
    for run in range(1, 8):
        publish_letters(database, str(run), run=run)
    time.sleep(0.2)

    assert all(found == run for found, run in watched), watched
    assert watched[0] == ("0", "0")
    assert watched[-1] == ("7", "7")


def test_a_table_of_somebody_else_is_never_dropped(database: Database) -> None:
    """The name may be taken by a table that has nothing to do with us."""
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA results")
        connection.execute("CREATE TABLE results.letters AS SELECT 'precious' AS letter")

    with pytest.raises(Customer360Error, match="results.letters was not made by this version of customer360"):
        publish_letters(database, "new")

    assert letters(database) == ["precious"]


def test_an_older_shape_of_ours_is_remade_with_its_grants(database: Database) -> None:
    """An upgrade may add a column; the reader's rights must not get lost over it."""
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
    """People build on the tables, and an upgrade must not make them drop what they built."""
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
    """Dropping the view of somebody is not ours to decide."""
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


def test_everyone_who_listens_hears_of_a_publication(database: Database) -> None:
    """An open dashboard reloads by it."""
    with database.connect() as listening:
        listening.execute(f"LISTEN {CHANNEL}")

        publish_letters(database, "a", run=1)

        heard = next(listening.notifies(timeout=5))
    assert heard.payload == "letters,runs"


def test_rows_that_did_not_arrive_stop_the_publication(database: Database) -> None:
    """What the tasks say they copied and what is there must agree."""
    with (
        pytest.raises(Customer360Error, match="2 rows were copied, 1 arrived; nothing was published"),
        publication(database, "test") as change,
    ):
        fill(database, change, LETTERS, letter=["a", "b"])
        (staged,) = internal_tables(database)
        change.connection.execute(f"DELETE FROM customer360_internal.{staged} WHERE letter = 'a'")
        change.publish()


def test_the_reader_role_reads_results_and_nothing_else(server: Database) -> None:
    """Power BI and the browser connect as this role; names and e-mail addresses are not theirs to see."""
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
    """The first thing to know of any table."""
    assert LETTERS.comment == "Letters. Grain: one row per letter."
    assert len(list(ddl.comments(LETTERS))) == 2


def test_facts_live_and_die_with_the_rows(database: Database) -> None:
    """They say who made the rows, so they must not outlive them."""
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


def test_a_server_that_fails_in_the_middle_is_said_in_one_line(database: Database) -> None:
    """Restarted, killed, cut off: the old data stays, and the next run cleans up."""
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


def test_a_failed_run_takes_its_rows_out_of_the_ledger(database: Database) -> None:
    """They would stay for ever: nobody knows the staging table any more."""
    with pytest.raises(RuntimeError), publication(database, "test") as change:
        fill(database, change, LETTERS, letter=["new"])
        raise RuntimeError("something broke")

    assert ledger(database) == []


def ledger(database: Database) -> list[tuple[str]]:
    with database.connect() as connection:
        return connection.execute("SELECT staging FROM customer360_internal.copied_parts").fetchall()
