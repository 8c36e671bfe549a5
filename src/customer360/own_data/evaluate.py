"""Evaluates the expressions of a mapping for every row of a raw table."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa

from customer360.errors import Invalid
from customer360.own_data.language.bind import bound
from customer360.own_data.language.casts import cast
from customer360.own_data.language.types import NULL, STRING
from customer360.own_data.language.values import Rows, Values, constant, each
from customer360.own_data.mapped import MAPPED, trees, with_made
from customer360.own_data.mapping import WHERE, ColumnMapping
from customer360.own_data.raw_tables import RawTable, write_parquet
from customer360.own_data.threads import in_threads

_CONDITION: Final = frozenset({"boolean", "null"})


def evaluated(
    raw: RawTable, mapping: ColumnMapping, *, as_of: date | None = None
) -> tuple[RawTable, ColumnMapping]:
    """
    *raw* with one more column for each expression of *mapping*, and *mapping* with the names of these columns.

    *as_of* is the value of as_of_date(). Raises: Customer360Error for an invalid expression, before any is
    evaluated.
    """
    wanted = trees(mapping, raw.columns, as_of=as_of)
    if not wanted:
        return raw, mapping
    made = {target: _value(target, bound(target, node)) for target, node in wanted.items()}
    folder = Path(tempfile.mkdtemp(dir=raw.folder.parent))
    texts = {MAPPED + target: _text(values) for target, values in made.items()}
    list(in_threads(partial(_write, raw, texts, folder), raw.files))
    typed = {MAPPED + target for target, values in made.items() if values.type != STRING}
    return with_made(raw, mapping, wanted, folder, typed)


def _value(target: str, values: Values) -> Values:
    """*values* if they fit into cells. Raises: Customer360Error."""
    if target == WHERE and values.type.name not in _CONDITION:
        raise Invalid(f"the expression for where returns {values.type}; write a condition, such as x <> 'y'")
    if values.type != NULL and cast(values.type, STRING) is None:
        raise Invalid(f"the expression for {target} returns {values.type}; return one value, such as text")
    return values


def _text(values: Values) -> Values:
    if values.type in {STRING, NULL}:
        return values
    made = cast(values.type, STRING)
    return each(STRING, made, values) if made else constant(STRING, None)


def _write(raw: RawTable, texts: Mapping[str, Values], folder: Path, file: Path) -> None:
    batch = raw.read(file)
    rows, table = Rows(batch), pa.Table.from_batches([batch])
    for name, values in texts.items():
        table = table.append_column(name, pa.array(values.of(rows), pa.string()))
    write_parquet(folder / file.name, table)
