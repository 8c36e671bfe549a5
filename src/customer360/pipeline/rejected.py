"""The rejected rows that are kept when others are replaced: those of a load, as long as its loaded rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import psycopg
import pyarrow as pa
from psycopg import sql

from customer360.postgres import older
from customer360.postgres.catalog import value
from customer360.postgres.copy import INTERNAL_SCHEMA
from customer360.postgres.publish import Publication
from customer360.tables import REJECTED_ROWS, Source

_NOT_AMONG: Final = sql.SQL(
    "NOT EXISTS (SELECT FROM (SELECT source, found_by, reasons, original_row FROM {}) AS added (s, f, r, o) "
    "WHERE s = source AND f = found_by AND r = reasons AND o = original_row)"
)


def keep_others(change: Publication, *sources: Source) -> None:
    """Keeps all rejected rows except those of the loads that filled *sources*."""
    change.keep(REJECTED_ROWS, sql.SQL("NOT ({})").format(_of_loads(sources)))


def keep_and_add(change: Publication, staged: str) -> None:
    """Keeps all rejected rows next to those in the staging table *staged*, without duplicates."""
    change.keep(REJECTED_ROWS, _NOT_AMONG.format(sql.Identifier(INTERNAL_SCHEMA, staged)))


def keep_loaded(change: Publication, sources: Iterable[Source]) -> None:
    """Keeps the rejected rows of the loads that filled *sources*, and no others."""
    change.keep(REJECTED_ROWS, _of_loads(sources))


def has_loaded(connection: psycopg.Connection[Any], *sources: Source) -> bool:
    """Whether there are rejected rows of the loads that filled *sources*."""
    query = sql.SQL("SELECT true FROM {} WHERE {} LIMIT 1")
    found = [query.format(one, _of_loads(sources)) for one in older.relations(connection, REJECTED_ROWS)]
    return any(value(connection, one) for one in found)


def _of_loads(sources: Iterable[Source]) -> sql.Composed:
    names = sql.Literal([source.full_name for source in sources])
    return sql.SQL("found_by = 'load' AND source = ANY({}::text[])").format(names)


def rejected_at_loading(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rejected rows of a load, from the columns that `own_data` produces."""
    found_by = pa.repeat(pa.scalar("load"), len(batch))
    columns = [found_by if name == "found_by" else batch[name] for name in REJECTED_ROWS.column_names]
    return pa.record_batch(columns, schema=REJECTED_ROWS.arrow_schema)
