"""
Runs the same customers through every operation, on the engine of the current environment.

`python -m tests.both_engines FOLDER NAME URL` computes the cases in FOLDER in one session and writes the results to
its subfolder NAME, then fills the empty database at URL and runs the operations there. Two environments with different
engines give two folders and two databases to compare.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from benchmarks.engines import SPARK
from customer360.operations.run import results
from customer360.pipeline.as_of import last_day_of_rows
from customer360.postgres.connection import Database
from customer360.tables import CUSTOMERS, TABLES, Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REPOSITORY = Path(__file__).parents[1]
NEEDS_SPARK = pytest.mark.skipif(
    not SPARK.is_installed, reason=f"no Apache Spark at {SPARK.python}: make .venv-spark/.complete"
)
"""For tests that compare with Apache Spark, which has a separate environment."""

MOCK_CUSTOMERS = 10_000
MOCK_AS_OF = date(2026, 6, 30)
_CASE, _REFUSED, _SAID = b"customer360 case", "refused", "said"
_TIMES = (
    "refresh_id",
    "started_at",
    "finished_at",
    "version",
)  # environments may be installed at different commits
_JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"


@dataclass(frozen=True)
class Case:
    """Customers with columns of any types, and the arguments of the operations."""

    name: str
    customers: pa.Table
    as_of: date
    parts: int = 1
    status_order: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        asked = json.dumps([self.as_of.isoformat(), self.parts, self.status_order])
        pq.write_table(self.customers.replace_schema_metadata({_CASE: asked}), folder / f"{self.name}.parquet")


def on_spark(folder: Path, name: str, url: str) -> subprocess.Popen[str]:
    """Starts Apache Spark in a subprocess; the caller waits for it."""
    command = [str(SPARK.python), "-m", "tests.both_engines", str(folder), name, url]
    environment = {**os.environ, "JDK_JAVA_OPTIONS": _JAVA}
    return subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def compute(spark: SparkSession, folder: Path, name: str) -> None:
    """Writes every result table of every case in *folder* as Arrow files to its subfolder *name*."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(_compute_or_refuse, spark, folder / name), sorted(folder.glob("*.parquet"))))


def _compute_or_refuse(spark: SparkSession, into: Path, case: Path) -> None:
    from pyspark.errors import PySparkException

    target = into / case.stem
    target.mkdir(parents=True)
    try:
        _compute(spark, target, case)
    except PySparkException as error:  # with the engine's message
        (target / _REFUSED).write_text(str(error))


def _compute(spark: SparkSession, target: Path, case: Path) -> None:
    as_of, parts, status_order = json.loads(pq.read_schema(case).metadata[_CASE])
    rows = spark.read.parquet(case.as_uri()).repartition(parts)
    day = date.fromisoformat(as_of)
    with results(rows, as_of=day, status_order=status_order) as found:
        for name, table in found.tables.items():
            _write(table.toArrow(), target / name)
        quality = [
            (count.check.name, count.rows_checked, count.rows_failed) for count in found.data_quality.checks
        ]
        said = [found.survey, found.data_quality.rows_out, quality, last_day_of_rows(CUSTOMERS, rows)(day)]
        (target / _SAID).write_text("\n".join(map(repr, said)))


def _write(table: pa.Table, file: Path) -> None:
    with pa.ipc.new_file(str(file), table.schema) as writer:
        writer.write_table(table)


def fill_and_run(spark: SparkSession, database: Database) -> None:
    """Fills *database* with mock customers, including dirty ones, and runs the operations on them."""
    from customer360.mock_data.plan import Plan
    from customer360.pipeline.fill import fill_mock_data
    from customer360.pipeline.run import run_operations

    fill_mock_data(database, spark, Plan(MOCK_CUSTOMERS, as_of=MOCK_AS_OF, dirt=0.05))
    run_operations(database, spark)


def differences(folder: Path, one: str, other: str) -> Iterator[str]:
    """The differences between the engines' results in two folders: a line for each case and table."""
    for case in sorted(folder.glob("*.parquet")):
        ours, theirs = folder / one / case.stem, folder / other / case.stem
        for name in sorted({file.name for file in [*ours.iterdir(), *theirs.iterdir()]} - {_REFUSED}):
            if (ones := _lines(ours / name)) != (others := _lines(theirs / name)):
                yield f"{case.stem}: {name}: {_only(ones, others)} against {_only(others, ones)}"


def refused(folder: Path, name: str) -> dict[str, str]:
    """The cases that an engine rejected, with its messages."""
    return {file.parent.name: file.read_text() for file in sorted((folder / name).glob(f"*/{_REFUSED}"))}


def _lines(file: Path) -> list[str]:
    """The types, then every value of every row, sorted; a single line if the file is missing."""
    if not file.exists():
        return ["nothing"]
    if file.name == _SAID:
        return file.read_text().splitlines()
    with pa.ipc.open_file(str(file)) as reader:
        table = reader.read_all()
    types = ", ".join(f"{field.name} {field.type}" for field in table.schema)
    return [types, *sorted(map(repr, zip(*[column.to_pylist() for column in table.columns], strict=True)))]


def _only(ones: list[str], others: Iterable[str]) -> list[str]:
    return sorted({*ones} - {*others})[:3] or [f"{len(ones)} lines"]


def bytes_of(database: Database, table: Table) -> bytes:
    """The rows of *table* as PostgreSQL writes them, sorted, without columns about the run itself."""
    columns = ", ".join(name for name in table.column_names if name not in _TIMES)
    query = f'COPY (SELECT {columns} FROM {table.full_name} AS row ORDER BY row::text COLLATE "C") TO STDOUT'
    with database.connect() as connection, connection.cursor().copy(query) as copy:
        return b"".join(bytes(block) for block in copy)


def tables_that_differ(one: Database, other: Database) -> list[str]:
    return [table.name for table in TABLES if bytes_of(one, table) != bytes_of(other, table)]


if __name__ == "__main__":
    from customer360 import spark

    session = spark.session(app_name="customer360 tests")
    compute(session, Path(sys.argv[1]), sys.argv[2])
    fill_and_run(session, Database(sys.argv[3]))
    spark.stop(session)
