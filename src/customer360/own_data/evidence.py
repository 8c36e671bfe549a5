"""How each column of a source is written, by all of its values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data import dates, numbers
from customer360.own_data.formats import Evidence, formats
from customer360.own_data.mapped import sides, texts
from customer360.own_data.mapping import COLUMN_OF, NEWEST_BY, WHERE, CustomerMapping
from customer360.own_data.sources import Source
from customer360.own_data.threads import in_threads

_KEPT: Final = {NEWEST_BY: "timestamp", WHERE: "boolean"}


def with_formats(mapping: CustomerMapping, source: Source) -> CustomerMapping:
    """*mapping* with the formats that it does not give itself, and with none for columns that are typed."""
    read = sides(mapping)
    typed = {target for target, side in read.items() if side in source.typed}
    mapping = replace(
        mapping, formats={name: style for name, style in mapping.formats.items() if name not in typed}
    )
    asked = [
        target for target in read
        if target not in mapping.formats and target not in typed and _kind(target) not in {"boolean", "text"}
    ]  # fmt: skip
    evidence = _evidence(mapping, source, asked) if asked else {}
    return mapping.with_formats(formats(evidence, {name for name in asked if _kind(name) == "bigint"}))


def _evidence(mapping: CustomerMapping, source: Source, asked: list[str]) -> dict[str, Evidence]:
    columns = [sides(mapping)[target] for target in asked]

    def look(file: Path) -> dict[str, Evidence]:
        found = texts(source.read(file, columns), mapping, asked)
        return {target: _said(target, text) for target, text in found.items()}

    total: dict[str, Evidence] = {}
    for said in in_threads(look, source.files):
        total = {target: total[target] + said[target] for target in asked} if total else said  # type: ignore[operator]
    return total


def _said(target: str, text: pa.Array) -> Evidence:
    text = pc.utf8_trim_whitespace(text)
    is_date = _kind(target) in {"date", "timestamp"}
    return dates.date_evidence(text) if is_date else numbers.number_evidence(text)


def _kind(target: str) -> str:
    return _KEPT.get(target) or COLUMN_OF[target].type
