"""The place to measure in: a separate embedded database in a temporary folder, never the user's."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from customer360.mock_data.plan import Plan
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.spark import session, stop

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMA = "benchmark"
"""The schema of the tables that the limits and the peers write."""

AS_OF = date(2026, 6, 30)


def plan(rows: int, events_per_customer: int = 0) -> Plan:
    """The same rows in every run and on every machine."""
    return Plan(rows, seed=7, as_of=AS_OF, events_per_customer=events_per_customer)


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder for an embedded database; at the end, its server is stopped and the folder is removed."""
    home = Path(tempfile.mkdtemp(prefix="customer360-benchmark-"))
    home.chmod(0o755)  # root's server runs as another user, who must be able to enter
    try:
        yield home
    finally:
        EmbeddedPostgres(home).stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def temporary_database() -> Iterator[tuple[Database, Path]]:
    """The database of a new running server, and a folder where that server can write files."""
    with temporary_home() as home:
        database = EmbeddedPostgres(home).start()
        folder = home / "files"
        folder.mkdir()
        folder.chmod(0o777)
        yield database, folder


@contextmanager
def spark_session(jdbc_jar: Path | None) -> Iterator[SparkSession]:
    """A session as the commands use it, with PostgreSQL's JDBC driver for the peers, if installed."""
    if jdbc_jar:
        os.environ["PYSPARK_SUBMIT_ARGS"] = f"--driver-class-path {jdbc_jar} pyspark-shell"
    spark = session(app_name="customer360 benchmark")
    try:
        yield spark
    finally:
        stop(spark)


def clear(database: Database) -> None:
    """Drops the tables of limits and peers and runs CHECKPOINT, so that no run pays for the previous one."""
    with database.connect("benchmark") as connection:
        connection.execute(f"SET client_min_messages = warning; DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        connection.execute("CHECKPOINT")


def like(database: Database, original: str, table: str) -> None:
    """Creates an empty *table* with the columns of *original*, without its key."""
    with database.connect("benchmark") as connection:
        connection.execute(f"CREATE TABLE {table} (LIKE {original})")
