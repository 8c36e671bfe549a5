"""A DataFrame written to one table of a person's choice: staged by the tasks, moved by the driver."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors, sql

from customer360.errors import Customer360Error, nearest
from customer360.postgres import types
from customer360.postgres.catalog import exists
from customer360.postgres.connection import Database
from customer360.postgres.copy import INTERNAL_SCHEMA, LEDGER
from customer360.postgres.ddl import named
from customer360.postgres.publish import STANDALONE, comment_on, create_staging, prepare_internal_schema
from customer360.postgres.spark_types import postgres_type

if TYPE_CHECKING:
    from pyspark.sql.types import StructType


def stage(database: Database, table: str, schema: StructType) -> tuple[str, tuple[types.Field, ...]]:
    """A staging table for rows of *schema* on their way to *table*; its name and its columns."""
    name = f"{STANDALONE}{int(time.time())}_{secrets.token_hex(4)}"
    with database.connect("customer360 write") as connection:
        prepare_internal_schema(connection)
        if exists(connection, table):
            columns = types.chosen(types.fields(connection, named(table)), schema.fieldNames(), table)
            _require_all(connection, table, schema)
        else:
            columns = tuple(
                types.Field(field.name, postgres_type(field.name, field.dataType)) for field in schema.fields
            )
        definition = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.postgres_type))
            for column in columns
        )
        create_staging(connection, name, sql.SQL("({})").format(definition))
    return name, columns


def _require_all(connection: psycopg.Connection[Any], table: str, schema: StructType) -> None:
    """Every column that *table* cannot fill by itself has to be written."""
    query = """
        SELECT attname FROM pg_attribute
        WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef
          AND attidentity = ''
    """
    for (name,) in connection.execute(query, (table,)).fetchall():
        if name not in schema.fieldNames():
            raise Customer360Error(
                f"{table} needs the column '{name}', which is not written.{nearest(name, schema.fieldNames())}"
            )


def move(database: Database, staging: str, table: str, rows: int, *, overwrite: bool) -> None:
    """
    Moves *rows* staged rows into *table* in one transaction; with *overwrite*, in place of what it held.

    A missing table is made. Readers see the table as it was until the transaction ends.
    """
    staged, target = sql.Identifier(INTERNAL_SCHEMA, staging), named(table)
    with database.connect("customer360 write") as connection, connection.transaction():
        _check_count(connection, staged, rows)
        if not exists(connection, table):
            _rename(connection, staged, table)
        else:
            _refill(connection, staged, target, overwrite)
        connection.execute(sql.SQL("DELETE FROM {} WHERE staging = %s").format(LEDGER), (staging,))


def _check_count(connection: psycopg.Connection[Any], staged: sql.Identifier, rows: int) -> None:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(staged)).fetchone()
    if row is None or row[0] != rows:
        raise Customer360Error(f"{rows:,} rows were copied, {row and row[0]:,} arrived; nothing was changed")


def _rename(connection: psycopg.Connection[Any], staged: sql.Identifier, table: str) -> None:
    schema, _, name = table.rpartition(".")
    schema = schema or "public"
    comment_on(connection, staged, None)
    connection.execute(sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(staged, sql.Identifier(schema)))
    moved = sql.Identifier(schema, staged._obj[-1])
    connection.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(moved, sql.Identifier(name)))


def _refill(
    connection: psycopg.Connection[Any], staged: sql.Identifier, target: sql.Identifier, overwrite: bool
) -> None:
    columns = sql.SQL(", ").join(sql.Identifier(field.name) for field in types.fields(connection, staged))
    if overwrite:
        connection.execute(sql.SQL("DELETE FROM {}").format(target))
    insert = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(target, columns, columns, staged)
    try:
        connection.execute(insert)
    except errors.IntegrityError as error:
        raise Customer360Error(
            f"{target.as_string(connection)} does not take the rows: {error.diag.message_primary} "
            f"({error.diag.message_detail}); nothing was changed"
        ) from None
    connection.execute(sql.SQL("DROP TABLE {}").format(staged))


def drop(database: Database, staging: str) -> None:
    """Forgets what was staged."""
    with database.connect("customer360 write") as connection, connection.transaction():
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(INTERNAL_SCHEMA, staging)))
        connection.execute(sql.SQL("DELETE FROM {} WHERE staging = %s").format(LEDGER), (staging,))
