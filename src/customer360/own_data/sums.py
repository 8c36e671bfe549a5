"""Rows that are labelled as a total and have the sum of all other amounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from customer360.own_data.checks import TOTALS
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.parts import ROW, Part, duckdb_in, reject
from customer360.own_data.raw_tables import RawTable

_SUMMING: Final = """
    WITH every AS (
        SELECT row, is_labelled, {amount} AS amount FROM read_parquet($files)
    ), others AS (
        SELECT sum(amount) AS amount, count(*) AS rows FROM every WHERE NOT is_labelled
    )
    SELECT every.row FROM every, others
    WHERE is_labelled AND others.rows > 1 AND abs(every.amount - others.amount) <= 0.01"""
"""A total is rounded to cents. At least two other rows are required for a sum."""


def reject_sums(parts: Sequence[Part], raw: RawTable, mapping: ColumnMapping) -> None:
    """Rejects the rows of *parts* that are labelled as a total and whose amount is the sum of the others."""
    query = _SUMMING.format(amount=mapping.kind.total)
    with duckdb_in(parts[0].folder) as duck:
        files = [str(part.good) for part in parts]
        losing = pa.array(duck.execute(query, {"files": files}).fetchnumpy()[ROW])
    if len(losing):
        reject(losing, TOTALS, parts, raw, mapping.kind)
