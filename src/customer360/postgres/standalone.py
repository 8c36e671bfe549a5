"""
Writes a DataFrame to one table of the user's choice: tasks stage the rows, the driver moves them.

A guarded write (*only_own*) marks the table that it creates with a comment, and the next one may replace it.

The staging table has the DataFrame's own types. PostgreSQL then converts each value as its INSERT does, and text
like a constant. So a uuid, jsonb or array can be written, and a value that a column cannot store is rejected.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import sql

from customer360.errors import Customer360Error, Invalid, Refused, Unavailable, failures, nearest, postgresql
from customer360.postgres import catalog, conversion, locks, types
from customer360.postgres.connection import Database
from customer360.postgres.copy import INTERNAL_SCHEMA, LEDGER
from customer360.postgres.ddl import named, split_names
from customer360.postgres.internal_schema import STANDALONE, comment_on, create_staging, prepare_internal_schema
from customer360.postgres.spark_types import postgres_type
from customer360.tables import TABLES

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

_REFUSALS: Final = ("54", "55")
"""Too many columns, or a view that accepts no rows: psycopg counts them as failures of the server."""


WRITTEN: Final = "written by customer360 from a DataFrame; the next write replaces it"
"""The comment on a table of a guarded write; a table with another comment belongs to someone else."""


def stage(
    database: Database, table: str, schema: StructType, *, only_own: bool = False
) -> tuple[str, tuple[types.Field, ...]]:
    """
    Creates a staging table for rows of *schema* meant for *table*; returns its name and columns.

    *only_own* is as for `move`. Raises: Customer360Error, before any row is copied, when *table* cannot accept
    rows of this schema at all.
    """
    name = f"{STANDALONE}{int(time.time())}_{secrets.token_hex(4)}"
    columns = tuple(types.Field(field.name, postgres_type(field.name, field.dataType)) for field in schema.fields)
    try:
        _stage(database, table, name, columns, only_own)
    except KeyboardInterrupt:  # it may exist by now
        with suppress(Customer360Error, psycopg.Error):
            drop(database, name)
        raise
    return name, columns


def _stage(database: Database, table: str, name: str, columns: tuple[types.Field, ...], only_own: bool) -> None:
    with _plain_refusals(database, table), database.connect("customer360 write") as connection:
        prepare_internal_schema(connection)
        with connection.transaction():
            definition = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.postgres_type))
                for column in columns
            )
            create_staging(connection, name, sql.SQL("({})").format(definition))
            if only_own:
                require_own(connection, table)
            if not (only_own and catalog.exists(connection, table)):
                _require_place(connection, table, sql.Identifier(INTERNAL_SCHEMA, name), columns)


def _require_place(
    connection: psycopg.Connection[Any], table: str, staging: sql.Identifier, columns: tuple[types.Field, ...]
) -> None:
    """Raises: Customer360Error unless *table* accepts these *columns*, or can be created in its schema."""
    names = [column.name for column in columns]
    if catalog.exists(connection, table):
        _require_all(connection, table, names)
        connection.execute(sql.SQL("EXPLAIN {}").format(conversion.insert(connection, staging, table)))
        return
    schema = _home(connection, table)[0]
    if not catalog.value(connection, "SELECT count(*) FROM pg_namespace WHERE nspname = %s", schema):
        raise Unavailable(f"there is no schema {schema} for {table}; create it with CREATE SCHEMA")
    if not catalog.value(connection, "SELECT has_schema_privilege(%s, 'CREATE')", schema):
        raise Unavailable(f"this role may not create {table}; grant it CREATE on the schema {schema}")


def _require_all(connection: psycopg.Connection[Any], table: str, names: list[str]) -> None:
    """Raises: Invalid when *names* lack a required column of *table* that has no default."""
    query = """
        SELECT attname FROM pg_attribute
        WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef
          AND attidentity = ''
    """
    for (name,) in connection.execute(query, (catalog.quoted(table),)).fetchall():
        if name not in names:
            raise Invalid(f"{table} requires the column '{name}', which the rows lack.{nearest(name, names)}")


def move(
    database: Database, staging: str, table: str, rows: int, *, overwrite: bool, only_own: bool = False
) -> None:
    """
    Moves *rows* staged rows into *table* in one transaction; with *overwrite*, replaces its rows.

    A missing table is created. With *only_own* a table is replaced only if a guarded write created it, even when
    its columns differ now. Readers see the old table until the transaction ends. Other writers wait, so that two
    writes are serialised. The staged rows are dropped in any case.
    Raises: Customer360Error; nothing is changed then.
    """
    staged = sql.Identifier(INTERNAL_SCHEMA, staging)
    try:
        with (
            _plain_refusals(database, table),
            database.connect("customer360 write") as connection,
            connection.transaction(),
        ):
            locks.serialise_writes(connection, catalog.quoted(table))
            _check_count(connection, staged, rows)
            if not catalog.exists(connection, table):
                _rename(connection, staged, _home(connection, table), WRITTEN if only_own else None)
            elif only_own and overwrite:
                _replace_own(connection, staged, table)
            else:
                _refill(connection, staged, table, overwrite)
            connection.execute(sql.SQL("DELETE FROM {} WHERE staging = %s").format(LEDGER), (staging,))
    except BaseException:
        with suppress(Customer360Error, psycopg.Error):
            drop(database, staging)
        raise


def _check_count(connection: psycopg.Connection[Any], staged: sql.Identifier, rows: int) -> None:
    arrived = catalog.value(connection, sql.SQL("SELECT count(*) FROM {}").format(staged))
    if arrived != rows:
        raise Refused(f"{rows:,} rows were copied, {arrived:,} arrived; nothing was changed")


def _home(connection: psycopg.Connection[Any], table: str) -> tuple[str, str]:
    """Schema and name of *table*, which may not exist yet."""
    query = """
        SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = to_regclass(%s)
    """
    if found := connection.execute(query, (catalog.quoted(table),)).fetchone():
        return found[0], found[1]
    *schema, name = split_names(table, ".")
    return schema[0] if schema else catalog.value(connection, "SELECT current_schema()") or "public", name


def require_own(connection: psycopg.Connection[Any], table: str, *, may_be_foreign: bool = False) -> None:
    """
    Raises: Customer360Error when *table* is a customer360 table, or was not created by a guarded write.

    The latter is allowed when it *may_be_foreign*.
    """
    schema, name = _home(connection, table)
    if schema == INTERNAL_SCHEMA or f"{schema}.{name}" in [one.full_name for one in TABLES]:
        raise Refused(f"{table} is one of customer360's own tables; write to a table with another name")
    comment = catalog.value(
        connection, "SELECT obj_description(to_regclass(%s), 'pg_class')", catalog.quoted(table)
    )
    if catalog.exists(connection, table) and comment != WRITTEN and not may_be_foreign:
        raise Refused(
            f"{table} was not made by customer360, so nothing was changed; write to a table with another name, or "
            "replace its rows with replace=True"
        )


def _replace_own(connection: psycopg.Connection[Any], staged: sql.Identifier, table: str) -> None:
    """Replaces only the rows if the columns are the same, so that indexes and views stay; else the whole table."""
    require_own(connection, table)  # first: another relation of this name may not be lockable
    if types.fields(connection, staged) != types.fields(connection, named(table)):
        exchange, check = (partial(act, connection) for act in (_exchange, require_own))
        locks.exclusively(
            connection, [table], locks.SWAP_SECONDS, partial(exchange, staged, table), partial(check, table)
        )
        return
    connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(named(table)))
    require_own(connection, table)
    _refill(connection, staged, table, overwrite=True)


def _exchange(connection: psycopg.Connection[Any], staged: sql.Identifier, table: str) -> None:
    home = _home(connection, table)
    grants = catalog.grants(connection, *home)
    connection.execute(sql.SQL("DROP TABLE {}").format(named(table)))
    _rename(connection, staged, home, WRITTEN)
    for grant in grants:
        connection.execute(grant)


def _rename(
    connection: psycopg.Connection[Any], staged: sql.Identifier, home: tuple[str, str], comment: str | None
) -> None:
    schema, name = home
    comment_on(connection, staged, comment)
    connection.execute(sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(staged, sql.Identifier(schema)))
    moved = sql.Identifier(schema, staged._obj[-1])
    connection.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(moved, sql.Identifier(name)))


def _refill(connection: psycopg.Connection[Any], staged: sql.Identifier, table: str, overwrite: bool) -> None:
    if overwrite:
        kind = "SELECT relkind::text FROM pg_class WHERE oid = to_regclass(%s)"
        if catalog.value(connection, kind, catalog.quoted(table)) in ("r", "p"):
            # Blocks other writers: a DELETE does not see what they commit while it waits for them.
            connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(named(table)))
        connection.execute(sql.SQL("DELETE FROM {}").format(named(table)))
    conversion.convert(connection, staged, table)
    connection.execute(sql.SQL("DROP TABLE {}").format(staged))


@contextmanager
def _plain_refusals(database: Database, table: str) -> Iterator[None]:
    with failures.plain(database.where):
        try:
            yield
        except psycopg.Error as error:
            if isinstance(error, psycopg.OperationalError) and (error.sqlstate or "")[:2] not in _REFUSALS:
                raise
            words = postgresql.said(error).words
            raise Invalid(f"{table} does not accept the rows: {words}; nothing was changed") from None


def drop(database: Database, staging: str) -> None:
    """Drops what was staged."""
    with database.connect("customer360 write") as connection, connection.transaction():
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(INTERNAL_SCHEMA, staging)))
        connection.execute(sql.SQL("DELETE FROM {} WHERE staging = %s").format(LEDGER), (staging,))
