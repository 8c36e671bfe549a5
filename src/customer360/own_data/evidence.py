"""How each column of a source is written, by all of its values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data import dates, numbers
from customer360.own_data.cells import is_text
from customer360.own_data.examine import in_arrow
from customer360.own_data.formats import formats
from customer360.own_data.guess import quoted
from customer360.own_data.mapped import Mapped
from customer360.own_data.mapping import COLUMN_OF, NEWEST_BY, CustomerMapping
from customer360.own_data.sources import Source
from customer360.tables import Column

_NEWEST: Final = Column(NEWEST_BY, "timestamp", "What tells the newest row of a customer.")
_Said = tuple[str, list[int], str | None]


def with_formats(mapping: CustomerMapping, source: Source, rows: Mapped) -> CustomerMapping:
    """*mapping* with the formats that it does not give itself."""
    asked = {
        target: place for target, place in rows.places.items()
        if target not in mapping.formats and target not in mapping.constants and target not in rows.typed
        and (column := _column(target)).type != "boolean" and not is_text(column)
    }  # fmt: skip
    evidence: dict[str, Any] = {}
    for target, sides, example in _said(asked, source, rows):
        one = _evidence_kind(target)(*sides, example)
        evidence[target] = one + evidence[target] if target in evidence else one
    return mapping.with_formats(formats(evidence, {name for name in evidence if _column(name).type == "bigint"}))


def _said(asked: Mapping[str, str], source: Source, rows: Mapped) -> Iterator[_Said]:
    """What the batches say: of columns used as they stand, read here; of others, where Spark makes them."""
    here = {target: place for target, place in asked.items() if place in source.columns}
    for batch in source.batches(here.values()):
        yield from _of_batch(batch, here)
    made = {target: place for target, place in asked.items() if target not in here}
    if made:
        frame = rows.frame.select([quoted(place) for place in made.values()])
        schema = "target string, sides array<long>, example string"
        yield from in_arrow(frame, lambda batch: _as_batch(_of_batch(batch, made)), schema).collect()


def _of_batch(batch: pa.RecordBatch, asked: Mapping[str, str]) -> Iterator[_Said]:
    for target, place in asked.items():
        yield (target, *_evidence(target, pc.utf8_trim_whitespace(batch[place])))


def _as_batch(said: Iterable[_Said]) -> pa.RecordBatch:
    targets, sides, examples = zip(*said, strict=True)
    return pa.record_batch(
        {
            "target": pa.array(targets, pa.string()),
            "sides": pa.array(sides, pa.list_(pa.int64())),
            "example": pa.array(examples, pa.string()),
        }
    )


def _evidence(target: str, texts: pa.Array) -> tuple[list[int], str | None]:
    if _evidence_kind(target) is dates.DateEvidence:
        days = dates.date_evidence(texts)
        return [days.day_first, days.month_first, days.either], days.example
    found = numbers.number_evidence(texts)
    return [found.point, found.comma, found.either], found.example


def _column(target: str) -> Column:
    return _NEWEST if target == NEWEST_BY else COLUMN_OF[target]


def _evidence_kind(target: str) -> Any:
    is_date = _column(target).type in {"date", "timestamp"}
    return dates.DateEvidence if is_date else numbers.NumberEvidence
