"""
Atomic publication: stage, audit, swap.

Rows are copied into staging tables that nobody reads. When all are complete and audited, one short transaction
swaps them into place, so that a reader sees every table as it was or every table as it is now. A kill at any
moment leaves the old data; the next publication drops what the killed one left.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from customer360.errors import Customer360Error
from customer360.postgres import catalog, contract, ddl, locks, origin
from customer360.postgres.catalog import value
from customer360.postgres.connection import Database
from customer360.postgres.copy import INTERNAL_SCHEMA, LEDGER
from customer360.postgres.failures import failure
from customer360.postgres.reader import READER
from customer360.tables import REJECTED_CUSTOMERS, RESULT_SCHEMA, Table

CHANNEL: Final = "customer360_published"
"""NOTIFY on this channel follows every publication."""

STANDALONE: Final = "write_"
"""Prefix of the staging tables of plain DataFrame writes, which run outside any publication."""

_STANDALONE_HOURS: Final = 24
_STATISTICS_TARGET: Final = 30
"""ANALYZE looks at 300 times as many rows. PostgreSQL's own 100 takes four times as long, for the same plans."""


class Publication:
    """
    One change of any number of tables, seen by readers all at once or not at all.

    Made by `publication`, which holds the advisory lock that lets only one run at a time.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._staged: dict[Table, str] = {}
        self._facts: dict[Table, str] = {}
        self._appended: list[tuple[Table, Sequence[Sequence[Any]]]] = []
        self._replaceable: set[Table] = set()

    def stage(self, table: Table) -> str:
        """
        An empty staging table for *table*; returns its name in the internal schema.

        Autovacuum stays away: the rows are written once and analysed here, and a vacuum of a large table would
        hold up the next swap, which waits too shortly each time to make it give way.
        """
        name = f"{table.name}_{secrets.token_hex(4)}"
        create = sql.SQL("CREATE TABLE {} {} WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false)")
        self.connection.execute(create.format(_internal(name), ddl.columns(table)))
        self._staged[table] = name
        return name

    def replace_foreign(self, table: Table) -> None:
        """Lets the swap drop a table of that name that this software did not make."""
        self._replaceable.add(table)

    def rows(self, table: Table) -> int:
        """Rows copied so far into the staging table of *table*."""
        query = sql.SQL("SELECT coalesce(sum(rows), 0)::bigint FROM {} WHERE staging = %s").format(LEDGER)
        return int(value(self.connection, query, self._staged[table]))

    def describe(self, table: Table, facts: Mapping[str, Any]) -> None:
        """Facts about the rows of *table* (who made them, from what), kept with them as long as they live."""
        self._facts[table] = json.dumps({"made_by": "customer360", **facts}, default=str)

    def append(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Adds *rows* to a table that keeps history, in the same transaction as the swap."""
        self._appended.append((table, rows))

    def value(self, table: Table, expression: str) -> Any:
        """An aggregate of the staged rows of *table*, for audits: `value(t, "sum(customers)")`."""
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(expression), _internal(self._staged[table]))
        return value(self.connection, query)

    def audit(self) -> None:
        """
        Holds every staged table against its contract, and builds the primary keys.

        Raises: Customer360Error; nothing is published then.
        """
        self.connection.execute(sql.SQL("SET default_statistics_target = {}").format(_STATISTICS_TARGET))
        for table, name in self._staged.items():
            relation = _internal(name)
            contract.verify(self.connection, table, relation, copied=self.rows(table))
            self.connection.execute(sql.SQL("ANALYZE {}").format(relation))

    def publish(self, *, lock_seconds: float = locks.SWAP_SECONDS) -> float:
        """
        Audits, then swaps every staged table into place and appends the history, in one transaction.

        Returns the seconds that readers could have noticed: those of the transaction that did it. It waits at
        most *lock_seconds* for readers with an open transaction, without making other readers wait behind it.
        Raises: Customer360Error naming who is in the way; nothing is published then.
        """
        self.audit()
        self._prepare_schemas()
        swapped = sorted(table.full_name for table in self._staged)
        seconds = locks.exclusively(self.connection, swapped, lock_seconds, self._change)
        self._staged.clear()
        return seconds

    @property
    def _tables(self) -> list[Table]:
        tables = {*self._staged, *(table for table, _ in self._appended)}
        return sorted(tables, key=lambda table: table.full_name)

    def _change(self) -> None:
        for table in self._tables:
            self._ensure(table)
        for table, name in self._staged.items():
            self._swap(table, name)
        for table, rows in self._appended:
            self._insert(table, rows)
        names = ",".join(table.name for table in self._tables)
        self.connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, names))

    def _prepare_schemas(self) -> None:
        for schema in {table.schema for table in self._tables}:
            self.connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))

    def _ensure(self, table: Table) -> None:
        """The published table, made or remade when it is missing or has another shape."""
        found = catalog.shape(self.connection, table)
        if found == catalog.wanted_shape(table):
            return
        grants = catalog.grants(self.connection, table)
        if found:
            self._drop(table)
        for statement in [*ddl.create(table), *grants, *self._reader_grants(table)]:
            self.connection.execute(statement)

    def _drop(self, table: Table) -> None:
        if not origin.may_be_remade(self.connection, table) and table not in self._replaceable:
            raise Customer360Error(
                f"{table.full_name} is not a table that this version of customer360 made; rename it and run again"
            )
        try:
            self.connection.execute(sql.SQL("DROP TABLE {}").format(ddl.identifier(table)))
        except errors.DependentObjectsStillExist as error:
            dependents = (error.diag.message_detail or "something depends on it").splitlines()
            raise Customer360Error(
                f"{table.full_name} has to be remade, but {dependents[0]}; drop that first"
            ) from None

    def _reader_grants(self, table: Table) -> Iterator[sql.Composed]:
        """The reader role, where there is one, may read results, but no rows as they came, with e-mail and all."""
        has_reader = value(self.connection, "SELECT count(*) FROM pg_roles WHERE rolname = %s", READER)
        if table.schema != RESULT_SCHEMA or table == REJECTED_CUSTOMERS or not has_reader:
            return
        reader = sql.Identifier(READER)
        yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(table.schema), reader)
        yield sql.SQL("GRANT SELECT ON {} TO {}").format(ddl.identifier(table), reader)

    def _swap(self, table: Table, staged: str) -> None:
        parent = ddl.identifier(table)
        for old in catalog.partitions(self.connection, table):
            relation = sql.Identifier(*old)
            self.connection.execute(sql.SQL("ALTER TABLE {} DETACH PARTITION {}").format(parent, relation))
            self.connection.execute(sql.SQL("DROP TABLE {}").format(relation))
        attach = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} DEFAULT")
        self.connection.execute(attach.format(parent, _internal(staged)))
        self.connection.execute(sql.SQL("DELETE FROM {} WHERE staging = %s").format(LEDGER), (staged,))
        comment = sql.SQL("COMMENT ON TABLE {} IS {}")
        self.connection.execute(comment.format(_internal(staged), sql.Literal(self._facts.get(table))))

    def _insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(table.columns))
        with self.connection.cursor() as cursor:
            cursor.executemany(sql.SQL("INSERT INTO {} VALUES ({})").format(ddl.identifier(table), marks), rows)

    def discard(self) -> None:
        """Drops what was staged and not published; what a lost connection prevents, the next run does."""
        with suppress(psycopg.Error):
            self.connection.rollback()
            # Not all that was staged: stopped between the commit of a swap and hearing of it, it is published.
            for name in _leftovers(self.connection) & {*self._staged.values()}:
                _drop_leftover(self.connection, name)


@contextmanager
def publication(
    database: Database, purpose: str, *, wait_seconds: float = locks.RUN_SECONDS
) -> Iterator[Publication]:
    """
    A publication, alone on this database: *purpose* is what another run is told while it waits.

    Raises: Customer360Error when another run holds the lock for longer than *wait_seconds*, and when the server
    fails in the middle of the work.
    """
    with _plain_failures(database), database.connect(f"customer360 {purpose}") as connection:
        locks.take_run_lock(connection, wait_seconds)
        prepare_internal_schema(connection)
        _drop_leftovers(connection)
        change = Publication(connection)
        try:
            yield change
        except BaseException:
            change.discard()
            raise


@contextmanager
def _plain_failures(database: Database) -> Iterator[None]:
    try:
        yield
    except psycopg.OperationalError as error:
        raise failure(database.where, error) from None


def prepare_internal_schema(connection: psycopg.Connection[Any]) -> None:
    """The internal schema and the ledger, when missing."""
    with connection.transaction():
        # Two processes that create at once would fail over each other.
        locks.serialise_creation(connection)
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(INTERNAL_SCHEMA)))
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} (staging text, part bigint, rows bigint NOT NULL, "
                "PRIMARY KEY (staging, part))"
            ).format(LEDGER)
        )


def _drop_leftovers(connection: psycopg.Connection[Any]) -> None:
    """Staging tables of runs that were killed, and their rows in the ledger; safe, as this run holds the lock."""
    for name in _leftovers(connection):
        if not _still_written(name):
            _drop_leftover(connection, name)
    connection.execute(
        sql.SQL("DELETE FROM {} WHERE to_regclass({} || quote_ident(staging)) IS NULL").format(
            LEDGER, sql.Literal(f"{INTERNAL_SCHEMA}.")
        )
    )


def _leftovers(connection: psycopg.Connection[Any]) -> set[str]:
    """The staging tables that are there and not published."""
    found = connection.execute(
        """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relkind = 'r' AND NOT c.relispartition AND c.relname <> %s
        """,
        (INTERNAL_SCHEMA, LEDGER._obj[-1]),
    )
    return {name for (name,) in found}


def _still_written(name: str) -> bool:
    """A plain DataFrame write holds no lock between its tasks: only its age tells that it is dead."""
    if not name.startswith(STANDALONE):
        return False
    return time.time() - int(name.split("_")[1]) < _STANDALONE_HOURS * 3600


def _drop_leftover(connection: psycopg.Connection[Any], name: str) -> None:
    try:
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '2s'")
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_internal(name)))
            connection.execute(sql.SQL("DELETE FROM {} WHERE staging = %s").format(LEDGER), (name,))
    except errors.LockNotAvailable:
        return  # a task of the killed run is still copying; the next run drops it


def _internal(name: str) -> sql.Identifier:
    return sql.Identifier(INTERNAL_SCHEMA, name)
