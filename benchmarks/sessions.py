"""A running PySpark session of each engine, in a process of its own, that does what a benchmark asks for."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.commands import REPOSITORY
from benchmarks.engines import Engine
from benchmarks.interleaved import Sample
from customer360.errors import Customer360Error
from customer360.postgres.connection import Database
from customer360.settings import DATABASE_URL


class Session:
    """One of *engine* on *database*; it starts with the first task, so that a candidate left out costs nothing."""

    def __init__(self, engine: Engine, database: Database, jar: Path | None) -> None:
        self._command = engine.module("in_session", *([str(jar)] if jar else []))
        self._environment = {**os.environ, DATABASE_URL: database.url}
        self._name = engine.name
        self._process: subprocess.Popen[str] | None = None

    def timed(self, task: str, *arguments: object) -> Sample:
        """The seconds that the session itself took for a task of `in_session`."""
        process = self._started()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps([task, *arguments]) + "\n")
        process.stdin.flush()
        if not (line := process.stdout.readline()):
            raise Customer360Error(f"the session of {self._name} ended in {task}; see above why")
        return Sample(float(line))

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, cwd=REPOSITORY, env=self._environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        return self._process

    def end(self) -> None:
        if self._process:
            self._process.communicate()


@contextmanager
def session(engine: Engine, database: Database, jar: Path | None = None) -> Iterator[Session]:
    """A session of *engine*, with PostgreSQL's JDBC driver *jar* where its peers need it; ended at the end."""
    made = Session(engine, database, jar)
    try:
        yield made
    finally:
        made.end()
