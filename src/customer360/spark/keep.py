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
    *rows*, computed once, until the `with` ends: the engine keeps them in memory, and on disk where that is short.

    The embedded engine keeps nothing: there they are Parquet files in a temporary folder. Serverless platforms
    refuse to keep rows; what is made of them then computes them again, slower and the same as long as the source
    stands still.
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
