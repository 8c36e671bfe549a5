"""
Total rows, as at the end of reports and spreadsheets.

A row is a total if it is labelled as one, in its id or in the first column, and either has no other id and
describes no customer, or has the sum of all other amounts. A customer whose id happens to be Total is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data.cells import Mask, filled, mask
from customer360.own_data.columns import may_contain_words
from customer360.own_data.mapping import NEWEST_BY, ColumnMapping

_WORDS: Final = (
    r"(?i)^\W*(?:(?:grand|overall|sub|report|column)[\s-]*)?(?:totals?|sum|summe|gesamt|gesamtsumme|gesamtergebnis"
    r"|insgesamt|zwischensumme|somme|totaux|totale|totales|suma|soma|totaal|totalt|итого|всего|合计|总计|合計)"
    r"(?:\s+(?:general|général|generale|geral|amount|customers|rows))?\s*(?:\(\d+\))?\W*$"
)
LABELLED: Final = "is_labelled"
"""The column of the examined rows that marks those labelled as a total."""


def labelled(batch: pa.RecordBatch, ids: Sequence[str]) -> Mask:
    """The rows that are labelled as a total, in the first column of the raw table or in one of *ids*."""
    found = np.zeros(len(batch), dtype=bool)
    columns = dict.fromkeys((batch.schema.names[0], *ids))
    for text in (batch[name] for name in columns if may_contain_words(batch[name])):
        found |= mask(pc.match_substring_regex(text, _WORDS))
    return found


def empty(
    batch: pa.RecordBatch, texts: Mapping[str, pa.Array], mapping: ColumnMapping, labels: Mask
) -> Mask | None:
    """The rows of *labels* that have no id and describe no customer; None if no mapped column could."""
    unsaid = {"source_id", "currency", NEWEST_BY, *mapping.constants}
    unsaid |= {column.name for column in mapping.kind.columns if column.is_whole or column.digits}
    said = [text for target, text in texts.items() if target not in unsaid]
    if not said or not labels.any():
        return None
    found: Mask = labels.copy()
    for text in (*said, *(batch[name] for name in mapping.labels)):
        cell = filled(text)
        found &= mask(pc.or_kleene(pc.is_null(cell), pc.match_substring_regex(cell, _WORDS)))
    return found
