"""
Atomic publication: stage, audit, swap.

Rows are copied into staging tables that nobody reads. When all are complete and audited, one short transaction
swaps them into place, so that a reader sees either all old tables or all new ones. A kill at any moment leaves
the old data; the next publication drops what the killed one left.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from customer360.errors import Customer360Error, Refused, failures
from customer360.postgres import catalog, contract, ddl, indexes, locks, older, people, preflight, reader
from customer360.postgres.catalog import value
from customer360.postgres.connection import Database
from customer360.postgres.copy import KEPT_PART, LEDGER, PUBLISHED_PART
from customer360.postgres.internal_schema import (
    comment_on,
    create_staging,
    drop_leftover,
    drop_leftovers,
    drop_table,
    internal,
    leftovers,
    prepare_internal_schema,
)
from customer360.postgres.origin import SIGNED
from customer360.tables import REFRESH_SOURCES, REFRESHES, RESULT_SCHEMA, Table

CHANNEL: Final = "customer360_published"
"""Every publication sends a NOTIFY on this channel."""
_STATISTICS_TARGET: Final = 30
"""ANALYZE samples 300 times as many rows. The default of 100 takes four times as long, for the same plans."""


class Publication:
    """
    One atomic change of any number of tables: readers see all of it or nothing.

    Created by `publication`, which holds the advisory lock that allows one run at a time.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._staged: dict[Table, str] = {}
        self._records: dict[Table, str] = {}
        self._appended: list[tuple[Table, Sequence[Sequence[Any]]]] = []
        self._foreign: set[Table] = set()
        self._checks: list[Callable[[], None]] = []

    def prepare(self, tables: Collection[Table], *, foreign: Collection[Table] = ()) -> None:
        """
        Raises: Customer360Error, before any work is done, when *tables* cannot be replaced.

        *foreign* tables pass even if this software did not create them; their callers decide.
        """
        preflight.require_replaceable(self.connection, tables, foreign=foreign)

    def replace_foreign(self, table: Table) -> None:
        """Allows the swap to drop a table of that name that this software did not create."""
        self._foreign.add(table)

    def require(self, check: Callable[[], None]) -> None:
        """Calls *check* now, and again in the transaction of the swap, when nobody else can write."""
        check()
        self._checks.append(check)

    def stage(self, table: Table) -> str:
        """
        Creates an empty staging table for *table*; returns its name in the internal schema.

        Autovacuum is off: the rows are written once and analysed here, and a vacuum of a large table would block
        the next swap, whose short waits never make it yield.
        """
        name = f"{table.name}_{secrets.token_hex(4)}"
        options = sql.SQL("WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false)")
        self._staged[table] = name  # before it exists: a stop may come immediately after
        create_staging(self.connection, name, sql.SQL("{} {}").format(ddl.columns(table), options))
        return name

    def rows(self, table: Table) -> int:
        """Rows copied so far into the staging table of *table*."""
        query = sql.SQL("SELECT coalesce(sum(rows), 0)::bigint FROM {} WHERE staging = %s").format(LEDGER)
        return int(value(self.connection, query, self._staged[table]))

    def describe(self, table: Table, record: Mapping[str, Any]) -> None:
        """Stores *record* (who made the rows of *table*, from what) with the rows, as long as they exist."""
        self._records[table] = json.dumps({"made_by": "customer360", SIGNED: True, **record}, default=str)

    def append(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Adds *rows* to a table that keeps history, in the same transaction as the swap."""
        self._appended.append((table, rows))

    def keep(self, table: Table, condition: sql.Composable) -> None:
        """
        Adds the published rows of *table* that meet *condition* to the staged ones, so that the swap keeps them.

        This includes rows of an older version's table, which the swap drops; see `older`.
        """
        names, rows = sql.SQL(", ").join(map(sql.Identifier, table.column_names)), 0
        staged = self._staged[table]
        with self.connection.transaction():
            for relation in older.relations(self.connection, table):
                insert = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} WHERE {}")
                query = insert.format(internal(staged), names, names, relation, condition)
                rows += self.connection.execute(query).rowcount
            sign = sql.SQL("INSERT INTO {} VALUES (%s, %s, %s)").format(LEDGER)
            self.connection.execute(sign, (staged, KEPT_PART, rows))

    def value(self, table: Table, expression: str) -> Any:
        """An aggregate of the staged rows of *table*, for audits: `value(t, "sum(customers)")`."""
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(expression), internal(self._staged[table]))
        return value(self.connection, query)

    def audit(self) -> None:
        """
        Checks every staged table against its contract, and builds the primary keys and the other indexes.

        Raises: Customer360Error when a contract is broken; nothing is published then.
        """
        self.connection.execute(sql.SQL("SET default_statistics_target = {}").format(_STATISTICS_TARGET))
        for table, name in self._staged.items():
            relation = internal(name)
            contract.verify(self.connection, table, relation, copied=self.rows(table))
            indexes.build(self.connection, table.indexes, relation)
            self.connection.execute(sql.SQL("ANALYZE {}").format(relation))

    def publish(self, *, lock_seconds: float = locks.SWAP_SECONDS) -> float:
        """
        Audits, then swaps every staged table into place and appends the history, in one transaction.

        Returns the seconds for which readers were blocked. It waits at most *lock_seconds* for readers with an
        open transaction, without blocking other readers meanwhile.
        Raises: Customer360Error with the sessions in the way, or when a check no longer holds (see `require`);
        nothing is published then.
        """
        self.audit()
        self._prepare_schemas()
        replaced = filter(None, (older.predecessor(self.connection, table) for table in self._staged))
        swapped = sorted(table.full_name for table in (*self._staged, *(one.table for one in replaced)))
        with _plain_refusals():
            seconds = locks.exclusively(self.connection, swapped, lock_seconds, self._change, self._check_again)
        self._staged.clear()
        return seconds

    @property
    def _tables(self) -> list[Table]:
        tables = {*self._staged, *(table for table, _ in self._appended)}
        return sorted(tables, key=lambda table: table.full_name)

    def _check_again(self) -> None:
        for check in self._checks:
            check()

    def _change(self) -> None:
        people.renew_lost_grants(self.connection)  # before tables are created, which come with their own
        for table in self._tables:
            self._ensure(table)
            self._ensure_indexes(table)
        for table, name in self._staged.items():
            self._swap(table, name)
            self._drop_predecessor(table)
        for table, rows in self._appended:
            self._insert(table, rows)
        if any(table.schema == RESULT_SCHEMA for table in self._tables):
            reader.renew_lost_grants(self.connection)
        names = ",".join(table.name for table in self._tables)
        self.connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, names))

    def _prepare_schemas(self) -> None:
        for schema in {table.schema for table in self._tables}:
            self.connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))

    def _ensure(self, table: Table) -> None:
        """Creates the published table when it is missing, and upgrades one of an older shape."""
        found = catalog.shape(self.connection, table)
        if found == catalog.wanted_shape(table):
            return
        if found:
            preflight.require_shape(self.connection, table, found, is_foreign_allowed=table in self._foreign)
        grants = catalog.grants(self.connection, table.schema, table.name)
        if found and (table.keeps_history or _lacks_only_columns(table, found)):
            self._drop_partitions(table)  # so that a NOT NULL column can be added
            statements = [*ddl.add(table, {name for name, *_ in found[1:]})]
        else:
            if found:
                self._drop(table)
            if not found and table == REFRESH_SOURCES:  # readers of refreshes can read their sources
                home = (REFRESHES.schema, REFRESHES.name)
                grants = catalog.grants(self.connection, *home, onto=ddl.identifier(table))
            statements = [*ddl.create(table), *grants, *reader.grants(self.connection, table)]
            statements += people.grants(self.connection, table)
        for statement in statements:
            self.connection.execute(statement)

    def _ensure_indexes(self, table: Table) -> None:
        if missing := indexes.lacking(self.connection, table):
            self._drop_partitions(table)  # indexing the old rows would only block readers
            indexes.build(self.connection, missing, ddl.identifier(table))

    def _drop_predecessor(self, table: Table) -> None:
        """Moves the grants of its rows to *table*, except the reader's, which was a mistake."""
        if found := older.predecessor(self.connection, table):
            home, onto = (found.table.schema, found.table.name), ddl.identifier(table)
            for grant in catalog.grants(self.connection, *home, onto=onto, but=reader.READER):
                self.connection.execute(grant)
            self._drop_partitions(found.table)
            self.connection.execute(sql.SQL("DROP TABLE {}").format(ddl.identifier(found.table)))

    def _drop(self, table: Table) -> None:
        preflight.require_own_partitions(self.connection, table)
        try:
            self.connection.execute(sql.SQL("DROP TABLE {}").format(ddl.identifier(table)))
        except errors.DependentObjectsStillExist as error:
            raise Refused(
                f"{table.full_name} must be recreated, but {_dependent(error)}; drop that first"
            ) from None

    def _swap(self, table: Table, staged: str) -> None:
        self._drop_partitions(table)
        attach = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} DEFAULT")
        self.connection.execute(attach.format(ddl.identifier(table), internal(staged)))
        sign = sql.SQL("INSERT INTO {} VALUES (%s, %s, 0)").format(LEDGER)
        self.connection.execute(sign, (staged, PUBLISHED_PART))
        comment_on(self.connection, internal(staged), self._records.get(table))

    def _drop_partitions(self, table: Table) -> None:
        """Drops the published rows; a table that keeps history has no partitions."""
        preflight.require_own_partitions(self.connection, table)
        for _, old, _ in catalog.partitions(self.connection, table):
            detach = sql.SQL("ALTER TABLE {} DETACH PARTITION {}")
            self.connection.execute(detach.format(ddl.identifier(table), internal(old)))
            drop_table(self.connection, old)

    def _insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, table.column_names))  # an older table has another order
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(table.columns))
        insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(ddl.identifier(table), names, marks)
        with self.connection.cursor() as cursor:
            cursor.executemany(insert, rows)

    def discard(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        """
        Drops what was staged and not published; if the server is lost, the next run does it.

        Uses its own session: a stop may leave the other one in any state.
        """
        self.connection.close()
        with suppress(psycopg.Error, Customer360Error), connect() as connection:
            # Not everything staged: after a stop between a swap's commit and its response, it is published.
            for name in leftovers(connection)[0] & {*self._staged.values()}:
                drop_leftover(connection, name)


def _lacks_only_columns(table: Table, found: Sequence[tuple[str, ...]]) -> bool:
    """Whether *found* lacks only columns outside the key of *table*, so that its views can stay."""
    wanted, names = catalog.wanted_shape(table), {name for name, *_ in found[1:]}
    return found[0] == wanted[0] and set(found[1:]) <= set(wanted[1:]) and names >= {*table.key}


@contextmanager
def publication(
    database: Database, purpose: str, *, wait_seconds: float = locks.RUN_SECONDS
) -> Iterator[Publication]:
    """
    The only publication on this database at a time; another run that waits for it is shown *purpose*.

    Raises: Customer360Error when another run holds the lock for longer than *wait_seconds*, or when the server
    fails during the work.
    """
    connect = partial(database.connect, f"customer360 {purpose}")
    with failures.plain(database.where), connect() as connection:
        locks.take_run_lock(connection, wait_seconds)
        prepare_internal_schema(connection)
        drop_leftovers(connection)
        change = Publication(connection)
        try:
            yield change
        except BaseException:
            change.discard(connect)
            raise


@contextmanager
def _plain_refusals() -> Iterator[None]:
    """Reports dependents that were added during the work; `prepare` has refused earlier ones."""
    try:
        yield
    except errors.DependentObjectsStillExist as error:
        raise Refused(
            f"the old rows cannot be dropped, because {_dependent(error)}; drop that and run again; "
            "nothing was changed"
        ) from None
    except errors.ForeignKeyViolation as error:
        raise Refused(
            f"the old rows cannot be dropped: {error.diag.message_primary}; drop that constraint and run again; "
            "nothing was changed"
        ) from None


def _dependent(error: psycopg.Error) -> str:
    return (error.diag.message_detail or "something depends on it").splitlines()[0]
