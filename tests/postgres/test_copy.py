"""Rows are copied exactly once, despite kills, retries and duplicates, and never by too many writers."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest
from psycopg import sql

from customer360.postgres import ddl
from customer360.postgres.backlog import Backlog
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.internal_schema import prepare_internal_schema
from customer360.tables import CUSTOMERS

COPY_AND_READ = """
import sys
from datetime import date
from customer360.mock_data.generate import generate_block
from customer360.mock_data.plan import Plan
from customer360.postgres import types
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.ddl import named
from customer360.postgres.read import read_batches
from customer360.tables import CUSTOMERS
database = Database(sys.argv[1])
with writer(database) as copier:
    copier.copy_once("staged", 0, [generate_block(Plan(500, as_of=date(2026, 1, 1)), 0)])
read = read_batches(database, named("customer360_internal.staged"), types.fields_of(CUSTOMERS))
print(sum(map(len, read)), "pandas" in sys.modules)
"""
NUMBERS = pa.record_batch({"n": pa.array([1, 2, 3], pa.int64())})


@pytest.fixture
def staging(database: Database) -> str:
    with database.connect() as connection:
        prepare_internal_schema(connection)
        connection.execute("CREATE TABLE customer360_internal.staged (n bigint)")
    return "staged"


def rows(database: Database) -> int:
    with database.connect() as connection:
        found = connection.execute("SELECT count(*) FROM customer360_internal.staged").fetchone()
    assert found is not None
    return int(found[0])


def test_a_part_copied_twice_is_there_once(database: Database, staging: str) -> None:
    """Spark runs a task again when its success message is lost."""
    for _ in range(2):
        with writer(database) as copier:
            assert copier.copy_once(staging, 0, [NUMBERS]) == 3

    assert rows(database) == 3


def test_parallel_attempts_leave_one_copy(database: Database, staging: str) -> None:
    """Speculation runs the same task twice in parallel; both report the number of rows."""
    said: list[int] = []
    together = threading.Barrier(4)

    def batches() -> Iterator[pa.RecordBatch]:
        together.wait()  # every twin has begun to copy before any can end
        yield NUMBERS

    def twin() -> None:
        with writer(database) as copier:
            said.append(copier.copy_once(staging, 0, batches()))

    twins = [threading.Thread(target=twin) for _ in range(4)]
    for thread in twins:
        thread.start()
    for thread in twins:
        thread.join()

    assert said == [3, 3, 3, 3]
    assert rows(database) == 3


def test_a_task_that_fails_half_way_leaves_nothing(database: Database, staging: str) -> None:
    """Its retry must not find half of the rows."""

    def breaks() -> Iterator[pa.RecordBatch]:
        yield NUMBERS
        raise RuntimeError("the worker is lost")

    with pytest.raises(Exception, match="the worker is lost"), writer(database) as copier:
        copier.copy_once(staging, 0, breaks())
    assert rows(database) == 0

    with writer(database) as copier:
        assert copier.copy_once(staging, 0, [NUMBERS]) == 3
    assert rows(database) == 3


def test_an_empty_part_is_signed_too(database: Database, staging: str) -> None:
    """A task may have no rows at all."""
    with writer(database) as copier:
        assert copier.copy_once(staging, 0, []) == 0
        assert copier.copy_once(staging, 1, [NUMBERS.slice(0, 0)]) == 0

    assert rows(database) == 0


def test_rows_taken_early_are_copied_once_and_in_order(database: Database, staging: str) -> None:
    """In an engine that blocks all tasks when one takes no rows, a waiting task must keep taking rows."""
    taken = list[int]()

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(5):
            taken.append(number)
            yield pa.record_batch({"n": pa.array([number], pa.int64())})

    backlog = Backlog(batches())
    backlog.take()
    before_its_turn = len(taken)

    with writer(database) as copier:
        assert copier.copy_once(staging, 0, backlog) == 5

    assert before_its_turn == 5
    with database.connect() as connection:
        found = connection.execute("SELECT n FROM customer360_internal.staged ORDER BY ctid").fetchall()
    assert found == [(0,), (1,), (2,), (3,), (4,)]


def test_no_more_writers_than_allowed_are_connected(database: Database, staging: str) -> None:
    """A job with a thousand tasks must not open a thousand connections."""
    busy, most = 0, 0
    guard = threading.Lock()

    def task(part: int) -> None:
        nonlocal busy, most
        with writer(database, writers=2) as copier:
            with guard:
                busy += 1
                most = max(most, busy)
            copier.copy_once(staging, part, [NUMBERS])
            with guard:
                busy -= 1

    tasks = [threading.Thread(target=task, args=(part,)) for part in range(12)]
    for thread in tasks:
        thread.start()
    for thread in tasks:
        thread.join()

    assert most <= 2
    assert rows(database) == 36


def test_rows_go_in_and_out_without_pandas(database: Database) -> None:
    """Arrow imports pandas to turn a Python value into an array: a second in every Spark worker."""
    with database.connect() as connection:
        prepare_internal_schema(connection)
        connection.execute(sql.SQL("CREATE TABLE customer360_internal.staged {}").format(ddl.columns(CUSTOMERS)))

    process = subprocess.run(
        [sys.executable, "-c", COPY_AND_READ, database.url], capture_output=True, text=True, check=True
    )

    assert process.stdout.split() == ["500", "False"]
