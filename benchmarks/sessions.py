"""A running PySpark session of each engine, in a separate process, that performs a benchmark's tasks."""

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
    """A session of *engine* on *database*; it starts with the first task, so that an unused one is free."""

    def __init__(self, engine: Engine, database: Database, jar: Path | None) -> None:
        self._command = engine.module("in_session", *([str(jar)] if jar else []))
        self._environment = {**os.environ, DATABASE_URL: database.url}
        self._name = engine.name
        self._process: subprocess.Popen[str] | None = None

    def timed(self, task: str, *arguments: object) -> Sample:
        """The seconds that a task of `in_session` took, measured by the session."""
        process = self._started()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps([task, *arguments]) + "\n")
        process.stdin.flush()
        if not (line := process.stdout.readline()):
            raise Customer360Error(f"the session of {self._name} ended during {task}; see the error above")
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
    """A session of *engine*, with PostgreSQL's JDBC driver *jar* if its peers need it; ends with the context."""
    made = Session(engine, database, jar)
    try:
        yield made
    finally:
        made.end()
