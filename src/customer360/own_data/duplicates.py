"""Several rows with the same customer_id: which one is kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from customer360.own_data.checks import DUPLICATE
from customer360.own_data.examine import ORIGINAL_ROW, REASONS, originals
from customer360.own_data.parts import OF_REJECTED, ROW, Part, duckdb_in
from customer360.own_data.sources import Source, write_parquet
from customer360.own_data.threads import in_threads

_LOSING: Final = """
    WITH every AS (
        SELECT *, false AS is_rejected FROM read_parquet($good)
        UNION ALL BY NAME
        SELECT *, true AS is_rejected FROM read_parquet($rejected)
    ), repeated AS (
        SELECT customer_id FROM every GROUP BY customer_id HAVING count(customer_id) > 1
    ), twin AS (
        SELECT row, row_number() OVER (
                   PARTITION BY customer_id
                   ORDER BY is_rejected, newest_moment DESC NULLS LAST, newest_number DESC NULLS LAST,
                            source_file DESC, source_line DESC
               ) AS place
        FROM every SEMI JOIN repeated USING (customer_id)
    )
    SELECT row FROM twin WHERE place > 1 OR NOT $keeps_newest"""


def reject_duplicates(parts: Sequence[Part], source: Source, folder: Path, *, keeps_newest: bool) -> None:
    """
    Moves every row that gives way to another with the same id to the rejected rows of its part.

    The newest of those that can be loaded stays, and of equally new ones the last; unless *keeps_newest*, none
    does, for nobody can tell which is right.
    """
    good, rejected = [str(part.good) for part in parts], [str(part.rejected) for part in parts]
    given = {"good": good, "rejected": rejected, "keeps_newest": keeps_newest}
    with duckdb_in(folder) as duck:
        losing = pa.array(duck.execute(_LOSING, given).fetchnumpy()[ROW])
    if len(losing):
        list(in_threads(partial(_give_way, losing, source), parts))


def _give_way(losing: pa.Array, source: Source, part: Part) -> None:
    good, rejected = (pq.ParquetFile(file).read() for file in (part.good, part.rejected))
    loses, loses_too = pc.is_in(good[ROW], losing), pc.is_in(rejected[ROW], losing)
    lost = good.filter(loses)
    rows = source.read(part.file).take(pc.subtract(lost[ROW], part.first).combine_chunks())
    lost = _with_reasons(lost, pa.repeat(pa.scalar(DUPLICATE), len(lost)))
    lost = lost.append_column(ORIGINAL_ROW, originals(rows))
    twice = pc.binary_join_element_wise(rejected[REASONS], DUPLICATE, ", ")
    rejected = _with_reasons(rejected, pc.if_else(loses_too, twice, rejected[REASONS]))
    write_parquet(part.good, good.filter(pc.invert(loses)))
    write_parquet(part.rejected, pa.concat_tables([rejected.select(OF_REJECTED), lost.select(OF_REJECTED)]))


def _with_reasons(rows: pa.Table, reasons: pa.Array) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(REASONS), REASONS, reasons)
