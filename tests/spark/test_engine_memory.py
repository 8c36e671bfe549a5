"""The memory of the embedded engine is bounded: beyond that it uses the disk, or says so in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from customer360.errors import Customer360Error, failures
from customer360.spark.embedded import Engine
from tests.spark.conftest import new_engine, new_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytest.importorskip("pysail")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

_POOL = 128 << 20
_ROWS = 3_000_000
_FOR_EVERYTHING_ELSE = 500 << 20


@pytest.fixture(scope="module")
def small() -> Iterator[tuple[Engine, SparkSession]]:
    """An engine with little memory for its operators, and its session."""
    with ExitStack() as ended, pytest.MonkeyPatch.context() as patched:
        patched.setenv("SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE", str(_POOL))
        engine = new_engine(ended)
        yield engine, new_session(engine, ended)


def texts(session: SparkSession) -> DataFrame:
    """More than fits into the pool."""
    return session.sql(
        f"SELECT id, xxhash64(id) AS v, concat('some text ', xxhash64(id)) AS t FROM range({_ROWS})"
    )


def sorted_rows(rows: DataFrame) -> Any:
    rows.createOrReplaceTempView("sorted")
    return rows.sparkSession.sql(
        "SELECT sum(n) FROM (SELECT id - lag(id) OVER (PARTITION BY v % 100 ORDER BY t) AS n FROM sorted)"
    )


def grouped(rows: DataFrame) -> Any:
    return rows.groupBy("t").agg({"id": "max"}).agg({"max(id)": "sum"})


def joined(rows: DataFrame) -> Any:
    return rows.join(rows.selectExpr("t", "v AS w"), "t").agg({"id": "sum"})


@contextmanager
def peak_memory(engine: Engine) -> Iterator[list[int]]:
    """The peak memory of the engine's process, once the `with` has ended."""
    process, over, found = psutil.Process(engine.pid), Event(), [0]

    def progress() -> None:
        while not over.wait(0.02):
            found[0] = max(found[0], process.memory_info().rss)

    watching = Thread(target=progress)
    watching.start()
    try:
        yield found
    finally:
        over.set()
        watching.join()


@pytest.mark.parametrize("step", [sorted_rows, grouped, joined])
def test_a_step_larger_than_the_memory_uses_the_disk(
    step: Callable[[DataFrame], Any], small: tuple[Engine, SparkSession]
) -> None:
    engine, session = small
    before = written(engine)

    with peak_memory(engine) as peak:
        ((total,),) = step(texts(session)).collect()

    assert total is not None
    assert peak[0] < _POOL + _FOR_EVERYTHING_ELSE
    assert written(engine) > before + _POOL / 2


def written(engine: Engine) -> int:
    """Bytes written to the disk; those sent to sockets are not counted."""
    counters = Path(f"/proc/{engine.pid}/io").read_text()
    return int(counters.partition("wchar: ")[2].split()[0])


def test_a_step_that_cannot_use_the_disk_ends_in_one_line(small: tuple[Engine, SparkSession]) -> None:
    """The engine continues."""
    _, session = small
    with (
        pytest.raises(Customer360Error, match="too little memory for a step.*published data is intact") as told,
        failures.plain(),
    ):
        texts(session).orderBy("t").limit(_ROWS - 1).agg({"id": "max"}).collect()

    assert "\n" not in str(told.value)
    assert session.range(3).count() == 3


def test_the_engine_is_killed_before_the_command_where_memory_is_short(small: tuple[Engine, SparkSession]) -> None:
    engine, _ = small
    assert int(Path(f"/proc/{engine.pid}/oom_score_adj").read_text()) > int(
        Path("/proc/self/oom_score_adj").read_text()
    )
