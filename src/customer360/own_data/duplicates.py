"""Rows with the same key: which one is kept, and whether a hashed id belongs to one customer only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa

from customer360.own_data.checks import COLLISION, DUPLICATE, EVENT_DUPLICATE
from customer360.own_data.examine import NEWEST_MOMENT, NEWEST_NUMBER
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.parts import ROW, Part, drop, duckdb_in, reject
from customer360.own_data.raw_tables import RawTable

_LOSING: Final = """
    WITH every AS (
        SELECT {key} AS id, row, newest_moment, newest_number, source_file, source_line, false AS is_rejected
        FROM read_parquet($good)
        UNION ALL
        SELECT try_cast(key AS BIGINT), row, newest_moment, newest_number, source_file, source_line, true
        FROM read_parquet($rejected) WHERE NOT contains(reasons, $collision)
    ), repeated AS (
        SELECT id FROM every GROUP BY id HAVING count(id) > 1
    ), twin AS (
        SELECT row, row_number() OVER (
                   PARTITION BY id
                   ORDER BY is_rejected, newest_moment DESC NULLS LAST, newest_number DESC NULLS LAST,
                            source_file DESC, source_line DESC
               ) AS place
        FROM every SEMI JOIN repeated USING (id)
    )
    SELECT row FROM twin WHERE place > 1 OR NOT $keeps_newest"""


_COLLIDING: Final = """
    WITH collision AS (
        SELECT customer_id FROM read_parquet($good)
        GROUP BY customer_id HAVING min(hashed_text) <> max(hashed_text)
    )
    SELECT row FROM read_parquet($good) SEMI JOIN collision USING (customer_id)"""


_IDENTICAL: Final = """
    WITH repeated AS (
        SELECT {key} FROM read_parquet($good) GROUP BY {key} HAVING count(*) > 1
    ), twin AS (
        SELECT row, row_number() OVER (PARTITION BY {columns} ORDER BY row) AS place
        FROM read_parquet($good) SEMI JOIN repeated USING ({key})
    )
    SELECT row FROM twin WHERE place > 1"""


def drop_identical(parts: Sequence[Part], mapping: ColumnMapping, folder: Path) -> int:
    """Keeps the first of several rows that are equal in every column of *mapping*; returns how many it dropped."""
    columns = (*(column.name for column in mapping.kind.columns), NEWEST_MOMENT, NEWEST_NUMBER)
    with duckdb_in(folder) as duck:
        query = _IDENTICAL.format(columns=", ".join(columns), key=mapping.kind.key)
        found = pa.array(duck.execute(query, {"good": [str(part.good) for part in parts]}).fetchnumpy()[ROW])
    if len(found):
        drop(found, parts)
    return len(found)


def reject_collisions(parts: Sequence[Part], mapping: ColumnMapping, raw: RawTable, folder: Path) -> None:
    """Rejects every row whose id has the same hash as another id, so that no two customers are merged."""
    with duckdb_in(folder) as duck:
        found = pa.array(duck.execute(_COLLIDING, {"good": [str(part.good) for part in parts]}).fetchnumpy()[ROW])
    if len(found):
        reject(found, COLLISION, parts, raw, mapping.kind)


def reject_duplicates(parts: Sequence[Part], mapping: ColumnMapping, raw: RawTable, folder: Path) -> None:
    """
    Rejects the rows that have the same id as another row.

    If *mapping* has `newest_by`, the newest of the rows that can be loaded is kept, and the last one of equally
    new rows. Otherwise none is kept, as it is unknown which one is right.
    """
    good, rejected = [str(part.good) for part in parts], [str(part.rejected) for part in parts]
    keeps_newest = mapping.newest_by is not None
    given = {"good": good, "rejected": rejected, "keeps_newest": keeps_newest, "collision": COLLISION}
    with duckdb_in(folder) as duck:
        losing = pa.array(duck.execute(_LOSING.format(key=mapping.kind.key), given).fetchnumpy()[ROW])
    if len(losing):
        reason = DUPLICATE if mapping.kind.is_per_customer else EVENT_DUPLICATE
        reject(losing, reason, parts, raw, mapping.kind)
