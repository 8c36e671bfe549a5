"""The limits: the same rows moved by PostgreSQL itself, without a client."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.workplace import SCHEMA, like
from customer360.postgres.connection import Database
from customer360.tables import Table

WRITERS = 2


class ServerCopy:
    """
    The rows of *original* in one binary file per writer, copied back by the server into a table without a key.

    The files are written once, before anything is timed; the server reads and writes them itself. With *has_key*
    the key is built too.
    """

    def __init__(self, database: Database, folder: Path, table: Table, *, has_key: bool = False) -> None:
        self._database, self._original = database, table.full_name
        self._target = f"{SCHEMA}.copied_{table.name}"
        self._key = f"ALTER TABLE {self._target} ADD PRIMARY KEY ({', '.join(table.key)})" if has_key else ""
        original = self._original
        self._files = [folder / f"{original}-{part}.bin" for part in range(WRITERS)]
        for part, file in enumerate(self._files):
            rows = f"SELECT * FROM {original} WHERE customer_id % {WRITERS} = {part}"
            _execute(database, f"COPY ({rows}) TO '{file}' WITH (FORMAT binary)")

    def prepare(self) -> None:
        """An empty table to copy into."""
        like(self._database, self._original, self._target)

    def run(self) -> None:
        """`COPY ... FROM` of all files in parallel, including commits."""
        copies = [f"COPY {self._target} FROM '{file}' WITH (FORMAT binary)" for file in self._files]
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda copy: _execute(self._database, copy), copies))
        if self._key:
            _execute(self._database, self._key)


def copy_to_null(database: Database, table: str, columns: Sequence[str] = ("*",)) -> None:
    """`COPY ... TO` the null device: the server's own cost of reading."""
    _execute(database, f"COPY (SELECT {', '.join(columns)} FROM {table}) TO '/dev/null' WITH (FORMAT binary)")


def _execute(database: Database, statement: str) -> None:
    with database.connect("benchmark") as connection:
        connection.execute(statement)
