"""Copying exactly once, whoever is killed, retried or doubled, and never with too many writers."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest

from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.publish import prepare_internal_schema

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


def test_twins_that_copy_at_the_same_time_leave_one_copy(database: Database, staging: str) -> None:
    """Speculation runs the same task twice at once; both say how many rows there are."""
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
    """Its retry must not find the first half of its rows."""

    def breaks() -> Iterator[pa.RecordBatch]:
        yield NUMBERS
        raise RuntimeError("the worker is lost")

    with pytest.raises(Exception, match="the worker is lost"), writer(database) as copier:
        copier.copy_once(staging, 0, breaks())
    assert rows(database) == 0

    with writer(database) as copier:
        assert copier.copy_once(staging, 0, [NUMBERS]) == 3
    assert rows(database) == 3


def test_an_empty_part_is_done_too(database: Database, staging: str) -> None:
    """A task may have no rows at all."""
    with writer(database) as copier:
        assert copier.copy_once(staging, 0, []) == 0
        assert copier.copy_once(staging, 1, [NUMBERS.slice(0, 0)]) == 0

    assert rows(database) == 0


def test_no_more_writers_than_allowed_are_connected(database: Database, staging: str) -> None:
    """A job of a thousand tasks must not open a thousand connections."""
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
