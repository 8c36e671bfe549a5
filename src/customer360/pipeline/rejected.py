"""The rejected rows that stay when others are replaced: those of a load, as long as the rows that it loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from customer360.postgres import older
from customer360.postgres.catalog import value
from customer360.postgres.publish import Publication
from customer360.tables import REJECTED_ROWS, Source


def keep_others(change: Publication, source: Source) -> None:
    """Keeps all rejected rows but those of the load that filled *source*."""
    change.keep(REJECTED_ROWS, sql.SQL("NOT ({})").format(_of_loads([source])))


def keep_loaded(change: Publication, sources: Iterable[Source]) -> None:
    """Keeps the rejected rows of the loads that filled *sources*, and no others."""
    change.keep(REJECTED_ROWS, _of_loads(sources))


def has_loaded(connection: psycopg.Connection[Any], source: Source) -> bool:
    """Whether there are rejected rows of the load that filled *source*."""
    query = sql.SQL("SELECT true FROM {} WHERE {} LIMIT 1")
    found = [query.format(one, _of_loads([source])) for one in older.relations(connection, REJECTED_ROWS)]
    return any(value(connection, one) for one in found)


def _of_loads(sources: Iterable[Source]) -> sql.Composed:
    names = sql.Literal([source.full_name for source in sources])
    return sql.SQL("found_by = 'load' AND source = ANY({}::text[])").format(names)


def rejected_at_loading(source: Source, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rejected rows of a load, from the columns that `own_data` gives them."""
    values: dict[str, Any] = {
        "source": pa.repeat(pa.scalar(source.full_name), len(batch)),
        "found_by": pa.repeat(pa.scalar("load"), len(batch)),
        "key": pc.cast(batch[source.key[0]], pa.string()),
    }
    columns = [values[name] if name in values else batch[name] for name in REJECTED_ROWS.column_names]
    return pa.record_batch(columns, schema=REJECTED_ROWS.arrow_schema)
