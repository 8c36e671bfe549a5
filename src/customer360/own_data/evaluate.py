"""The expressions of a mapping evaluated without Spark, when all of them are simple."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa

from customer360.own_data.mapped import MAPPED, expressions, harmless, with_made
from customer360.own_data.mapping import CustomerMapping
from customer360.own_data.simple import TYPED, Simple, evaluated, parsed
from customer360.own_data.sources import Source, write_parquet
from customer360.own_data.threads import in_threads


def evaluated_simply(
    source: Source, mapping: CustomerMapping, *, as_of: date | None = None
) -> tuple[Source, CustomerMapping] | None:
    """
    What `expressions.evaluated` gives, when every expression of *mapping* is simple; else None.

    Raises: Customer360Error for an expression that may not be evaluated.
    """
    wanted = harmless(mapping, source.columns, as_of=as_of)
    sides = expressions(mapping, source.columns)
    if not sides:
        return source, mapping
    found = {target: parsed(side, source.columns) for target, side in sides.items()}
    simple = {target: node for target, node in found.items() if node is not None}
    if len(simple) < len(sides):
        return None
    folder = Path(tempfile.mkdtemp(dir=source.folder.parent))
    list(in_threads(partial(_write, source, simple, folder), source.files))
    typed = {MAPPED + target for target, node in simple.items() if node.value in TYPED}
    return with_made(source, mapping, wanted, folder, typed)


def _write(source: Source, simple: Mapping[str, Simple], folder: Path, file: Path) -> None:
    batch = source.read(file)
    rows = pa.Table.from_batches([batch])
    for target, node in simple.items():
        rows = rows.append_column(MAPPED + target, evaluated(node, batch).cast(pa.string()))
    write_parquet(folder / file.name, rows)
