"""Finds forgotten customers that are in a source again, before its rows are used."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import psycopg
import pyarrow as pa

from customer360.operations.conform import source_rows
from customer360.pipeline.reading import Reading
from customer360.pipeline.refresh import Read
from customer360.postgres.forgotten import forgotten
from customer360.tables import CUSTOMERS, EVENTS, Source
from customer360.tables.forgotten import IDS, Forgotten

_FOUND: Final = pa.schema([("customer_id", pa.int64())])


def forgotten_again(connection: psycopg.Connection[Any], read: Read) -> list[int]:
    """
    The customer_id of every forgotten customer in the rows *read*, by customer_id or source_id.

    No row is examined while nobody is forgotten, nor for mock data, whose ids belong to nobody.
    """
    known = forgotten(connection)
    readings = [(CUSTOMERS, read.customers), (EVENTS, read.events)] if known else []
    kept = [(source, one) for source, one in readings if one and one.origin.kind != "mock"]
    return sorted({found for source, one in kept for found in _found(source, one, known)})


def _found(source: Source, reading: Reading, known: Forgotten) -> list[int]:
    rows = source_rows(reading.rows, source)
    ids = rows.select(*[name for name in IDS if name in rows.columns]).where("customer_id IS NOT NULL").distinct()
    found = ids.mapInArrow(partial(_theirs, known), "customer_id bigint").distinct().collect()
    return [row["customer_id"] for row in found]


def _theirs(known: Forgotten, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        found = [
            row["customer_id"]
            for row in batch.to_pylist()
            if any(known.has(name, value) for name, value in row.items())
        ]
        yield pa.RecordBatch.from_pydict({"customer_id": found}, _FOUND)
