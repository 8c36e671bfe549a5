"""Rows that are read once and used several times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from customer360 import temporary
from customer360.spark import embedded_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@contextmanager
def kept(rows: DataFrame) -> Iterator[DataFrame]:
    """
    *rows*, computed once, until the `with` ends: the engine keeps them in memory, and on disk if memory is short.

    The embedded engine cannot keep rows, so they are written to Parquet files in a temporary folder. Serverless
    platforms refuse to keep rows; each use then computes them again, more slowly, with the same result as long as
    the source does not change.
    """
    if embedded_session.serves(rows.sparkSession):
        with temporary.folder("rows") as folder:
            path = (folder / "rows").as_uri()
            rows.write.option("compression", "none").parquet(path)
            yield rows.sparkSession.read.schema(rows.schema).parquet(path)
        return
    with _persisted(rows) as held:
        yield held


@contextmanager
def _persisted(rows: DataFrame) -> Iterator[DataFrame]:
    from pyspark.errors import PySparkException

    try:
        held = rows.persist()
    except PySparkException as error:
        if "NOT_SUPPORTED" not in str(error):
            raise
        yield rows
        return
    try:
        yield held
    finally:
        held.unpersist()
