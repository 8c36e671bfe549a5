"""An embedded engine for a single test; that of the test session keeps running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from customer360.spark import embedded
from customer360.spark.client import import_client, quieten
from customer360.spark.embedded import Engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture
def engine() -> Iterator[Engine]:
    """One engine, for one test."""
    with ExitStack() as ended:
        yield new_engine(ended)


@pytest.fixture
def session(engine: Engine) -> Iterator[SparkSession]:
    """A session of `engine`, separate from all other tests."""
    with ExitStack() as ended:
        yield new_session(engine, ended)


def new_engine(ended: ExitStack) -> Engine:
    pytest.importorskip("pysail")
    engine = embedded.launch()
    ended.callback(engine.stop)
    return engine


def new_session(engine: Engine, ended: ExitStack) -> SparkSession:
    import_client()
    quieten()
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    channel: Any = engine.channel_builder()  # PySpark's type names its own class alone
    session: Any = ConnectSession(connection=channel)
    engine.follow(session)
    ended.callback(session.stop)
    return session


Task = Callable[[], object]


def run_task(session: SparkSession, task: Task) -> list[Any]:
    """Runs *task* once in a Python task of the engine and returns the rows with the text of its result."""

    def rows(batches: Any) -> Iterator[Any]:
        import pyarrow as pa

        for _ in batches:
            yield pa.RecordBatch.from_pydict({"found": [str(task())]})

    return session.range(1).mapInArrow(rows, "found string").collect()
