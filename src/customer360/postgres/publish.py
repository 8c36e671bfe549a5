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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from customer360.errors import Customer360Error, Refused, failures
from customer360.postgres import (
    catalog,
    contract,
    ddl,
    forgotten,
    indexes,
    locks,
    older,
    people,
    preflight,
    reader,
)
from customer360.postgres.catalog import value
from customer360.postgres.connection import Database
from customer360.postgres.copy import INTERNAL_SCHEMA, KEPT_PART, LEDGER, PUBLISHED_PART
from customer360.postgres.origin import SIGNED
from customer360.tables import REFRESH_SOURCES, REFRESHES, RESULT_SCHEMA, Table

CHANNEL: Final = "customer360_published"
"""NOTIFY on this channel follows every publication."""

STANDALONE: Final = "write_"
"""Prefix of the staging tables of plain DataFrame writes, which run outside any publication."""

STAGING: Final = "staging table of customer360; dropped by the next run when no publication or write ends it"
"""The comment that a staging table is made with, and loses when it is published. Only such tables are dropped."""

_STANDALONE_HOURS: Final = 24
_COPYING_ON: Final = "2s"
"""How long tasks of a run that has ended may go on copying."""
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
        self._records: dict[Table, str] = {}
        self._appended: list[tuple[Table, Sequence[Sequence[Any]]]] = []
        self._foreign: set[Table] = set()
        self._checks: list[Callable[[], None]] = []

    def prepare(self, tables: Collection[Table], *, foreign: Collection[Table] = ()) -> None:
        """
        Refuses the work when *tables* cannot be replaced, before it is done.

        Of *foreign*, one that this software did not make is let pass, for others to judge.
        Raises: Customer360Error naming what is in the way.
        """
        preflight.require_replaceable(self.connection, tables, foreign=foreign)

    def replace_foreign(self, table: Table) -> None:
        """Lets the swap drop a table of that name that this software did not make."""
        self._foreign.add(table)

    def require(self, check: Callable[[], None]) -> None:
        """Calls *check* now, and again in the transaction of the swap, when nobody else can write any more."""
        check()
        self._checks.append(check)

    def stage(self, table: Table) -> str:
        """
        An empty staging table for *table*; returns its name in the internal schema.

        Autovacuum stays away: the rows are written once and analysed here, and a vacuum of a large table would
        hold up the next swap, which waits too shortly each time to make it give way.
        """
        name = f"{table.name}_{secrets.token_hex(4)}"
        options = sql.SQL("WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false)")
        self._staged[table] = name  # before it is made: a stop may come as soon as it is
        create_staging(self.connection, name, sql.SQL("{} {}").format(ddl.columns(table), options))
        return name

    def rows(self, table: Table) -> int:
        """Rows copied so far into the staging table of *table*."""
        query = sql.SQL("SELECT coalesce(sum(rows), 0)::bigint FROM {} WHERE staging = %s").format(LEDGER)
        return int(value(self.connection, query, self._staged[table]))

    def describe(self, table: Table, record: Mapping[str, Any]) -> None:
        """Keeps *record* (who made the rows of *table*, from what) with them as long as they live."""
        self._records[table] = json.dumps({"made_by": "customer360", SIGNED: True, **record}, default=str)

    def append(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Adds *rows* to a table that keeps history, in the same transaction as the swap."""
        self._appended.append((table, rows))

    def keep(self, table: Table, condition: sql.Composable) -> None:
        """
        Adds the published rows of *table* that meet *condition* to the staged ones, so that the swap leaves them.

        Rows of an older version's table come along, and the swap drops that table; see `older`.
        """
        names, rows = sql.SQL(", ").join(map(sql.Identifier, table.column_names)), 0
        staged = self._staged[table]
        with self.connection.transaction():
            for relation in older.relations(self.connection, table):
                insert = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} WHERE {}")
                query = insert.format(_internal(staged), names, names, relation, condition)
                rows += self.connection.execute(query).rowcount
            sign = sql.SQL("INSERT INTO {} VALUES (%s, %s, %s)").format(LEDGER)
            self.connection.execute(sign, (staged, KEPT_PART, rows))

    def value(self, table: Table, expression: str) -> Any:
        """An aggregate of the staged rows of *table*, for audits: `value(t, "sum(customers)")`."""
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(expression), _internal(self._staged[table]))
        return value(self.connection, query)

    def audit(self) -> None:
        """
        Holds every staged table against its contract, and builds the primary keys and the other indexes.

        Raises: Customer360Error; nothing is published then.
        """
        self.connection.execute(sql.SQL("SET default_statistics_target = {}").format(_STATISTICS_TARGET))
        for table, name in self._staged.items():
            relation = _internal(name)
            contract.verify(self.connection, table, relation, copied=self.rows(table))
            indexes.build(self.connection, table.indexes, relation)
            self.connection.execute(sql.SQL("ANALYZE {}").format(relation))

    def publish(self, *, lock_seconds: float = locks.SWAP_SECONDS) -> float:
        """
        Audits, then swaps every staged table into place and appends the history, in one transaction.

        Returns the seconds that readers could have noticed. It waits at most *lock_seconds* for readers with an
        open transaction, without making other readers wait behind it.
        Raises: Customer360Error naming who is in the way, or when a check does not hold any more (see `require`);
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
        people.renew_lost_grants(self.connection)  # before tables are made, which come with theirs
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
        """The published table, made when it is missing; one of an older shape is brought up to date."""
        found = catalog.shape(self.connection, table)
        if found == catalog.wanted_shape(table):
            return
        if found:
            preflight.require_shape(self.connection, table, found, is_foreign_allowed=table in self._foreign)
        grants = catalog.grants(self.connection, table.schema, table.name)
        if found and (table.keeps_history or _lacks_only_columns(table, found)):
            self._drop_partitions(table)  # so that a column which is never null can be added
            statements = [*ddl.add(table, {name for name, *_ in found[1:]})]
        else:
            if found:
                self._drop(table)
            if not found and table == REFRESH_SOURCES:  # who reads the refreshes reads what is told with them
                home = (REFRESHES.schema, REFRESHES.name)
                grants = catalog.grants(self.connection, *home, onto=ddl.identifier(table))
            statements = [*ddl.create(table), *grants, *reader.grants(self.connection, table)]
            statements += people.grants(self.connection, table)
        for statement in statements:
            self.connection.execute(statement)

    def _ensure_indexes(self, table: Table) -> None:
        if missing := indexes.lacking(self.connection, table):
            self._drop_partitions(table)  # to index the old rows would only keep readers out
            indexes.build(self.connection, missing, ddl.identifier(table))

    def _drop_predecessor(self, table: Table) -> None:
        """What others may do with its rows they may go on doing; what a reader could do was not meant."""
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
        self.connection.execute(attach.format(ddl.identifier(table), _internal(staged)))
        sign = sql.SQL("INSERT INTO {} VALUES (%s, %s, 0)").format(LEDGER)
        self.connection.execute(sign, (staged, PUBLISHED_PART))
        comment_on(self.connection, _internal(staged), self._records.get(table))

    def _drop_partitions(self, table: Table) -> None:
        """Drops the rows that are published; of a table that keeps history there are no partitions."""
        preflight.require_own_partitions(self.connection, table)
        for _, old, _ in catalog.partitions(self.connection, table):
            detach = sql.SQL("ALTER TABLE {} DETACH PARTITION {}")
            self.connection.execute(detach.format(ddl.identifier(table), _internal(old)))
            _drop_table(self.connection, old)

    def _insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, table.column_names))  # an older table has another order
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(table.columns))
        insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(ddl.identifier(table), names, marks)
        with self.connection.cursor() as cursor:
            cursor.executemany(insert, rows)

    def discard(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        """
        Drops what was staged and not published; what a lost server prevents, the next run does.

        It does so in a session of its own: a stop may leave the other one in the middle of anything.
        """
        self.connection.close()
        with suppress(psycopg.Error, Customer360Error), connect() as connection:
            # Not all that was staged: stopped between the commit of a swap and hearing of it, it is published.
            for name in leftovers(connection)[0] & {*self._staged.values()}:
                _drop_leftover(connection, name)


def _lacks_only_columns(table: Table, found: Sequence[tuple[str, ...]]) -> bool:
    """Whether what is *found* is *table* but for some columns outside its key, so that views of it can stay."""
    wanted, names = catalog.wanted_shape(table), {name for name, *_ in found[1:]}
    return found[0] == wanted[0] and set(found[1:]) <= set(wanted[1:]) and names >= {*table.key}


@contextmanager
def publication(
    database: Database, purpose: str, *, wait_seconds: float = locks.RUN_SECONDS
) -> Iterator[Publication]:
    """
    A publication, alone on this database: *purpose* is what another run is told while it waits.

    Raises: Customer360Error when another run holds the lock for longer than *wait_seconds*, and when the server
    fails in the middle of the work.
    """
    connect = partial(database.connect, f"customer360 {purpose}")
    with failures.plain(database.where), connect() as connection:
        locks.take_run_lock(connection, wait_seconds)
        prepare_internal_schema(connection)
        _drop_leftovers(connection)
        change = Publication(connection)
        try:
            yield change
        except BaseException:
            change.discard(connect)
            raise


@contextmanager
def _plain_refusals() -> Iterator[None]:
    """What somebody hung on a table while the work went on; what hung there before, `prepare` has refused."""
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


def prepare_internal_schema(connection: psycopg.Connection[Any]) -> None:
    """The internal schema and the ledger, when missing."""
    with connection.transaction():
        # Two processes that create at once would fail over each other.
        locks.serialise_creation(connection)
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(INTERNAL_SCHEMA)))
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} (staging text, part bigint, rows bigint NOT NULL, "
                "transaction xid8 DEFAULT pg_current_xact_id(), PRIMARY KEY (staging, part))"
            ).format(LEDGER)
        )
        if not _has_transactions(connection):
            add = sql.SQL("ALTER TABLE {} ADD transaction xid8 DEFAULT pg_current_xact_id()")
            connection.execute(add.format(LEDGER))


def _has_transactions(connection: psycopg.Connection[Any]) -> bool:
    """Whether the ledger is one of this version, which says by which transaction a part was copied."""
    query = "SELECT true FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'transaction'"
    return bool(value(connection, query, ".".join(LEDGER._obj)))


def create_staging(connection: psycopg.Connection[Any], name: str, definition: sql.Composable) -> None:
    """The staging table *name*, and in the same transaction the comment that says that it may be dropped."""
    with connection.transaction():
        connection.execute(sql.SQL("CREATE TABLE {} {}").format(_internal(name), definition))
        comment_on(connection, _internal(name), STAGING)


def comment_on(connection: psycopg.Connection[Any], relation: sql.Identifier, comment: str | None) -> None:
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(relation, sql.Literal(comment)))


def _drop_leftovers(connection: psycopg.Connection[Any]) -> None:
    """Staging tables of runs that were killed, and their rows in the ledger; safe, as this run holds the lock."""
    for name in leftovers(connection)[0]:
        if not _still_written(name):
            _drop_leftover(connection, name)
    connection.execute(
        sql.SQL("DELETE FROM {} WHERE to_regclass({} || quote_ident(staging)) IS NULL").format(
            LEDGER, sql.Literal(f"{INTERNAL_SCHEMA}.")
        )
    )


def leftovers(connection: psycopg.Connection[Any]) -> tuple[set[str], set[str]]:
    """
    The tables of the internal schema that are published nowhere: those made for staging, and all others.

    Of the others nobody knows whose they are: a partition that someone detached to keep it, a table of someone's
    own, or what a killed run of an older version left. They stay.
    """
    found = connection.execute(
        """
        SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), '') = %s
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL(%s)
        """,
        (STAGING, INTERNAL_SCHEMA, [LEDGER._obj[-1], forgotten.NAME]),
    ).fetchall()
    staging = {name for name, is_staging in found if is_staging}
    return staging, {name for name, _ in found} - staging


def _still_written(name: str) -> bool:
    """A plain DataFrame write holds no lock between its tasks: only its age tells that it is dead."""
    if not name.startswith(STANDALONE):
        return False
    return time.time() - int(name.split("_")[1]) < _STANDALONE_HOURS * 3600


def _drop_leftover(connection: psycopg.Connection[Any], name: str) -> None:
    """Tasks that still copy into it, of a run that has ended, have a moment to end, and are then ended."""
    if not _is_dropped(connection, name):
        locks.end_own_sessions(connection, _internal(name))
        _is_dropped(connection, name)  # if somebody else holds it, the next run drops it


def _is_dropped(connection: psycopg.Connection[Any], name: str) -> bool:
    try:
        with connection.transaction():
            connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(_COPYING_ON))
            _drop_table(connection, name)
    except errors.LockNotAvailable:
        return False
    return True


def _drop_table(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_internal(name)))
    connection.execute(sql.SQL("DELETE FROM {} WHERE staging = %s").format(LEDGER), (name,))


def _internal(name: str) -> sql.Identifier:
    return sql.Identifier(INTERNAL_SCHEMA, name)
