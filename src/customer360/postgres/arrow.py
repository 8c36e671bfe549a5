"""
Arrow out of PostgreSQL (ADBC, binary COPY).

ADBC's own DB-API layer imports pyarrow.dataset and with it pandas, which takes more than a second in every process
that reads, and Spark starts many. This module makes the few lower-level calls that are needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any, Final

import adbc_driver_manager as adbc
import adbc_driver_postgresql
import pyarrow as pa
from adbc_driver_manager._reader import AdbcRecordBatchReader  # Arrow's own loses the SQLSTATE of an error
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from customer360.errors import failures
from customer360.errors.postgresql import LOST_SNAPSHOT, lost_snapshot, refusal

_BATCH_BYTES: Final = 8 << 20
_LOCK_NOT_AVAILABLE: Final = "55P03"
_KNOWS_TYPES: Final = tuple(map(int, adbc_driver_postgresql.__version__.split(".")[:2])) >= (1, 13)
_OPTIONS: Final = {"adbc.postgresql.type_resolver_mode": "builtin"} if _KNOWS_TYPES else {}
"""Only built-in types are read (see `types`); asking the server for all types takes longer than connecting."""


class ArrowConnection:
    """
    A connection without autocommit: closing it rolls back what was not committed.

    Every call raises Customer360Error when the server at *where* refuses it, fails or cannot be reached.
    """

    def __init__(self, url: str, where: str, *, prepare: sql.Composable) -> None:
        self._where = where
        try:
            self._database, self._connection = _connected(url)
        except adbc.Error as error:
            refused = refusal(where, str(error), str(conninfo_to_dict(url).get("password", "")))
        else:
            self.execute(prepare)  # outside the transaction, which cannot import a snapshot after a query
            self._connection.set_autocommit(False)
            return
        raise refused  # out here, because libpq's message in a traceback may quote the password

    def batches(self, query: sql.Composable) -> Iterator[pa.RecordBatch]:
        """What *query* returns, about 8 MB at a time."""
        with failures.plain(self._where), closing(adbc.AdbcStatement(self._connection)) as statement:
            statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)})
            statement.set_sql_query(query.as_string(None))
            stream, _ = statement.execute_query()
            yield from AdbcRecordBatchReader._import_from_c(stream.address)

    def value(self, query: sql.Composable) -> Any:
        """The one value of the one row, or None without a row."""
        found = [batch.column(0)[0].as_py() for batch in self.batches(query) if batch.num_rows]
        return found[0] if found else None

    def execute(self, statement_text: sql.Composable) -> None:
        """Runs a statement and ignores its rows, if any."""
        with failures.plain(self._where):
            self._execute(statement_text)

    def _execute(self, statement_text: sql.Composable) -> None:
        with closing(adbc.AdbcStatement(self._connection)) as statement:
            statement.set_sql_query(statement_text.as_string(None))
            statement.execute_update()

    def share_snapshot(self, snapshot: str) -> None:
        """From here on, reads what *snapshot* saw, read-only."""
        self.execute(sql.SQL("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        with failures.plain(self._where):
            try:
                self._execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot))
            except adbc.Error as error:
                if error.sqlstate not in LOST_SNAPSHOT:
                    raise
                raise lost_snapshot(self._where) from None

    def locked(self, statement_text: sql.Composable, timeout: str) -> bool:
        """Whether *statement_text* got its locks within *timeout*, which applies to later statements too."""
        self.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(timeout))
        with failures.plain(self._where):
            try:
                self._execute(statement_text)
            except adbc.Error as error:
                if error.sqlstate == _LOCK_NOT_AVAILABLE:
                    return False
                raise
        return True

    def see_each_commit(self) -> None:
        """Reads what is committed at each statement, read-only, regardless of the server's default."""
        self.execute(sql.SQL("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY"))

    def close(self) -> None:
        self._connection.close()
        self._database.close()


def _connected(url: str) -> tuple[adbc.AdbcDatabase, adbc.AdbcConnection]:
    with ExitStack() as unless_connected:
        database = adbc_driver_postgresql.connect(url, _OPTIONS)
        unless_connected.callback(database.close)
        connection = adbc.AdbcConnection(database)
        unless_connected.pop_all()
    return database, connection
