"""Matches the customer ids of a file of events to those of known customers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from customer360.own_data.checks import UNKNOWN_CUSTOMER
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.parts import ROW, Part, duckdb_in, reject
from customer360.own_data.raw_tables import RawTable

_FOUND: Final = """
    CREATE TABLE found AS
    WITH customer AS (
        SELECT DISTINCT customer_id, source_id, lower(trim(email)) AS address FROM read_parquet($known)
    ), by_source AS (
        SELECT source_id, min(customer_id) AS by_source FROM customer
        WHERE source_id IS NOT NULL GROUP BY source_id HAVING count(*) = 1
    ), by_address AS (
        SELECT address, min(customer_id) AS by_address FROM customer
        WHERE contains(address, '@') GROUP BY address HAVING count(*) = 1
    ), named AS (
        SELECT DISTINCT customer_id, source_id, lower(trim(source_id)) AS address FROM read_parquet($good)
    )
    SELECT named.customer_id, named.source_id, coalesce(by_source, by_id, by_address) AS known
    FROM named
    LEFT JOIN by_source USING (source_id)
    LEFT JOIN (SELECT DISTINCT customer_id, customer_id AS by_id FROM customer) USING (customer_id)
    LEFT JOIN by_address USING (address)"""
"""
The source_id takes precedence over the customer_id, which may be its hash. An e-mail address identifies a
customer if it is the id in the event and only one customer has it.
"""
_UNKNOWN: Final = """
    SELECT row FROM read_parquet($good) event JOIN found ON event.customer_id = found.customer_id
    AND event.source_id IS NOT DISTINCT FROM found.source_id WHERE known IS NULL"""
_RENAMED: Final = "SELECT count(*) FROM found WHERE known <> customer_id"
_RENAME: Final = """
    COPY (
        SELECT event.* REPLACE (coalesce(found.known, event.customer_id) AS customer_id)
        FROM read_parquet('{good}') event LEFT JOIN found ON event.customer_id = found.customer_id
        AND event.source_id IS NOT DISTINCT FROM found.source_id ORDER BY row
    ) TO '{renamed}' (FORMAT parquet)"""


def join_customers(
    parts: Sequence[Part], mapping: ColumnMapping, raw: RawTable, folder: Path, known: Sequence[Path]
) -> None:
    """
    Gives the good rows the customer_id of the customers in the files *known*, and rejects rows without a match.

    Rows are matched by source_id, else by customer_id, else by e-mail address.
    """
    with duckdb_in(folder) as duck:
        good = [str(part.good) for part in parts]
        duck.execute(_FOUND, {"known": [str(file) for file in known], "good": good})
        losing = pa.array(duck.execute(_UNKNOWN, {"good": good}).fetchnumpy()[ROW])
        if duck.execute(_RENAMED).fetchall()[0][0]:
            for part in parts:
                _rename(duck, part)
    if len(losing):
        reject(losing, UNKNOWN_CUSTOMER, parts, raw, mapping.kind)


def _rename(duck: duckdb.DuckDBPyConnection, part: Part) -> None:
    renamed = part.good.with_suffix(".renamed")
    duck.execute(_RENAME.format(good=part.good, renamed=renamed))
    renamed.replace(part.good)
