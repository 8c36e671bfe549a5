"""Applies a mapping: the column of the raw table for each target, and the texts that it provides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data.cells import Mask, cells, mask
from customer360.own_data.columns import SOURCE_PROBLEM
from customer360.own_data.guess import plain
from customer360.own_data.language.grammar import read
from customer360.own_data.language.tree import Node
from customer360.own_data.mapping import NEWEST_BY, WHERE, ColumnMapping
from customer360.own_data.raw_tables import RawTable
from customer360.tables import Column

MAPPED: Final = "mapped:"
"""Prefix of the columns built from expressions, which are added to those of the raw table."""
_CONDITION: Final = Column(WHERE, "boolean", "Whether a row is loaded.")


def sides(mapping: ColumnMapping) -> dict[str, str]:
    """The right-hand side of each target that is read, of `newest_by` and of `where`."""
    read = {target: side for target, side in mapping.columns.items() if target not in mapping.constants}
    kept = {NEWEST_BY: mapping.newest_by, WHERE: mapping.where}
    return {**read, **{name: side for name, side in kept.items() if side}}


def with_sides(mapping: ColumnMapping, sides: Mapping[str, str]) -> ColumnMapping:
    """*mapping* with other right-hand sides."""
    columns = {target: sides.get(target, side) for target, side in mapping.columns.items()}
    newest_by, where = sides.get(NEWEST_BY, mapping.newest_by), sides.get(WHERE, mapping.where)
    return replace(mapping, columns=columns, newest_by=newest_by, where=where)


def with_source_id(mapping: ColumnMapping, columns: Sequence[str]) -> ColumnMapping:
    """
    *mapping* with the column of customer_id as source_id, so that the source's own id is kept.

    A column called source_id takes precedence. The mapping is unchanged if it already maps source_id, or if
    customer_id is built from several columns.
    """
    side = mapping.columns.get("customer_id")
    if side is None or "source_id" in mapping.present:
        return mapping
    column = column_of("source_id", columns) or column_of(side, columns)
    named = (column,) if column else dict.fromkeys(read("customer_id", side, columns).columns())
    if len(named) != 1:
        return mapping
    return replace(mapping, columns={**mapping.columns, "source_id": next(iter(named))})


def column_of(side: str, columns: Iterable[str]) -> str | None:
    """The column that a right-hand side names: exactly, in backticks, or in another letter case."""
    names = set(columns)
    bare = side[1:-1].replace("``", "`") if len(side) > 2 and side[0] == side[-1] == "`" else side
    found = next((name for name in (side, bare) if name in names), None)
    return found or {name.lower(): name for name in names}.get(bare.strip().lower())


def trees(mapping: ColumnMapping, columns: Sequence[str], *, as_of: date | None = None) -> dict[str, Node]:
    """
    The parsed expressions of *mapping*, by target; right-hand sides that name a column are not included.

    Raises: Customer360Error for an invalid expression, or one that could use more than its row.
    """
    wanted = {target: side for target, side in sides(mapping).items() if column_of(side, columns) is None}
    return {target: read(target, text, columns, as_of=as_of) for target, text in wanted.items()}


def with_made(
    raw: RawTable, mapping: ColumnMapping, wanted: Mapping[str, Node], folder: Path, typed: Collection[str]
) -> tuple[RawTable, ColumnMapping]:
    """
    *raw* as stored in *folder*, with one more column for each expression in *wanted*, and *mapping* with their
    names.

    *typed* are the new columns that are not text.
    """
    made = (*raw.columns, *(MAPPED + target for target in wanted))
    more = replace(raw, folder=folder, columns=made, typed=raw.typed | {*typed})
    id_ = wanted.get("customer_id")
    labels = tuple(dict.fromkeys(id_.columns())) if id_ else ()
    mapping = replace(mapping, labels=labels, is_hashed=id_ is not None and _is_hash_of_one(id_))
    return more, with_sides(mapping, {target: MAPPED + target for target in wanted})


def _is_hash_of_one(node: Node) -> bool:
    """Whether it hashes one column: then ids that differ in more than letter case and blanks must not collide."""
    if node.name != "hashed_id":
        return False
    while node.name in {"hashed_id", "lower", "trim"} and len(node.parts) == 1:
        node = node.parts[0]
    return node.name == "column"


def texts(batch: pa.RecordBatch, mapping: ColumnMapping, targets: Iterable[str] = ()) -> dict[str, pa.Array]:
    """The texts for each target, or for *targets* only, from *batch*, which has a column for each."""
    found = {target: batch[side] for target, side in sides(mapping).items() if not targets or target in targets}
    if not targets:
        found |= {target: pa.repeat(pa.scalar(text), len(batch)) for target, text in mapping.constants.items()}
    return {target: _replaced(text, mapping, target) for target, text in found.items()}


def meets(batch: pa.RecordBatch, mapping: ColumnMapping) -> Mask:
    """The rows of *batch* that meet the mapping's condition, and those that could not be split."""
    found = cells(texts(batch, mapping, [WHERE])[WHERE], _CONDITION)
    return mask(found.values) | mask(pc.is_valid(batch[SOURCE_PROBLEM]))


def _values(mapping: ColumnMapping, target: str) -> Mapping[str, str]:
    """The value map of *target*, in lower case; the order of the statuses also defines their spelling."""
    spelt = {status: status for status in mapping.status_order} if target == "loyalty_status" else {}
    return {text.strip().lower(): stands for text, stands in {**spelt, **mapping.values.get(target, {})}.items()}


def _replaced(texts: pa.Array, mapping: ColumnMapping, target: str) -> pa.Array:
    """Replaces mapped words by their values, ignoring letter case; some words need no mapping."""
    if values := _values(mapping, target):
        place = pc.index_in(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), pa.array(list(values), pa.string()))
        texts = pc.coalesce(pa.array(list(values.values()), pa.string()).take(place), texts)
    if not (words := mapping.kind.words.get(target)):
        return texts
    spelt = texts.dictionary_encode()
    known = [text and words.get(plain(text), text) for text in spelt.dictionary.to_pylist()]
    return pa.array(known, pa.string()).take(spelt.indices)
