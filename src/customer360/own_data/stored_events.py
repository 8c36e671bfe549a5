"""Compares events to append with stored ones: identical events are dropped, and stored events never change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import duckdb
import pyarrow as pa

from customer360.own_data.checks import DIFFERS_FROM_STORED
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.parts import ROW, Part, drop, duckdb_in, reject
from customer360.own_data.raw_tables import RawTable
from customer360.tables import EVENTS

Stored: TypeAlias = Callable[[pa.Array], Path]
"""Finds the stored events with these ids: returns a Parquet file that contains them, and perhaps others."""

_FOUND: Final = """
    CREATE TABLE found AS
    SELECT event.event_id, {same} AS is_same
    FROM {events} event JOIN read_parquet($stored) stored USING (event_id)"""
_OTHERWISE: Final = """
    UPDATE event SET reasons = concat_ws(', ', nullif(reasons, ''), $reason)
    WHERE event_id IN (SELECT event_id FROM found WHERE NOT is_same)"""
_DERIVED: Final = "(SELECT *, NULL::DATE AS expires_on, NULL::VARCHAR AS loyalty_status FROM event)"
"""Order lines do not provide expires_on and loyalty_status."""
_ROWS: Final = "SELECT row FROM {events} JOIN found USING (event_id) WHERE is_same = $is_same"


def compare_derived(duck: duckdb.DuckDBPyConnection, stored: Stored) -> None:
    """Creates the table `found` of the rows of `event` that are stored, and adds a reason to those that differ."""
    ids = pa.array(duck.execute("SELECT event_id FROM event").fetchnumpy()["event_id"])
    duck.execute(_FOUND.format(same=_same(), events=_DERIVED), {"stored": str(stored(ids))})
    duck.execute(_OTHERWISE, {"reason": DIFFERS_FROM_STORED})


def drop_stored(parts: Sequence[Part], mapping: ColumnMapping, raw: RawTable, folder: Path, stored: Stored) -> int:
    """Drops the good rows that are already stored, returns their count, and rejects those that differ."""
    files = {"good": [str(part.good) for part in parts]}
    with duckdb_in(folder) as duck:
        ids = pa.array(duck.execute("SELECT event_id FROM read_parquet($good)", files).fetchnumpy()["event_id"])
        events = "read_parquet($good)"
        duck.execute(_FOUND.format(same=_same(), events=events), {**files, "stored": str(stored(ids))})
        same, otherwise = (
            pa.array(duck.execute(_ROWS.format(events=events), {**files, "is_same": one}).fetchnumpy()[ROW])
            for one in (True, False)
        )
    if len(otherwise):
        reject(otherwise, DIFFERS_FROM_STORED, parts, raw, mapping.kind)
    if len(same):
        drop(same, parts)
    return len(same)


def _same() -> str:
    columns = (name for name in EVENTS.column_names if name != "event_id")
    return " AND ".join(f"event.{name} IS NOT DISTINCT FROM stored.{name}" for name in columns)
