"""The currencies of the amounts in a raw table; amounts in several currencies are never summed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.errors import Invalid
from customer360.own_data import numbers
from customer360.own_data.cells import Mask, filled, mask
from customer360.own_data.columns import SOURCE_PROBLEM, may_contain, may_contain_words
from customer360.own_data.guess import column_called
from customer360.own_data.mapped import meets, sides, texts
from customer360.own_data.mapping import CURRENCY, WHERE, ColumnMapping
from customer360.own_data.raw_tables import RawTable
from customer360.own_data.threads import in_threads

_CODES: Final = {
    "€": "EUR", "£": "GBP", "$": "USD", "US$": "USD", "R$": "BRL", "CA$": "CAD", "C$": "CAD", "A$": "AUD",
    "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "MX$": "MXN", "₹": "INR", "RS": "INR", "RS.": "INR",
    "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF", "FT.": "HUF", "LEI": "RON", "LEI.": "RON", "FR": "CHF", "FR.": "CHF",
    "SFR": "CHF", "SFR.": "CHF", "NT$": "TWD", "SG$": "SGD", "MEX$": "MXN", "AR$": "ARS", "CL$": "CLP",
    "COL$": "COP", "RP": "IDR", "RP.": "IDR", "RM": "MYR", "TL": "TRY", "TL.": "TRY", "ЛВ": "BGN", "ЛВ.": "BGN",
    "РУБ": "RUB", "РУБ.": "RUB", "KSH": "KES", "KSH.": "KES", "RMB": "CNY", "S/": "PEN", "S/.": "PEN",
    "฿": "THB", "₫": "VND", "₦": "NGN", "₱": "PHP", "E£": "EGP", "DH": "AED", "DIN": "RSD", "₺": "TRY",
    "₩": "KRW", "₽": "RUB", "₴": "UAH", "₪": "ILS", "KR.": "KR",
}  # fmt: skip
"""Other names of currencies, in upper case. $ is the US dollar unless a letter before it says otherwise."""


def require_one_currency(raw: RawTable, mapping: ColumnMapping) -> None:
    """Raises: Customer360Error when amounts are in several currencies and *mapping* does not choose one."""
    if mapping.currency or CURRENCY in mapping.constants or not set(mapping.kind.money) & set(mapping.columns):
        return
    column = mapping.columns.get(CURRENCY) or column_called(
        [CURRENCY, *mapping.kind.synonyms[CURRENCY]], raw.columns
    )

    read = sides(mapping)
    named = [read[target] for target in (*mapping.kind.money, CURRENCY, WHERE) if target in read]

    def look(file: Path) -> Counter[str]:
        return _counted(raw.read(file, [*named, *filter(None, [column]), SOURCE_PROBLEM]), mapping, column)

    found: Counter[str] = sum(in_threads(look, raw.files), Counter())
    if len(found) > 1:
        by_rows = sorted(found.items(), key=lambda counted: (-counted[1], counted[0]))
        shown = ", ".join(f"{code} {rows:,}" for code, rows in by_rows[:8])
        raise Invalid(
            f"cannot sum amounts in {len(found)} currencies (rows: {shown}); choose one in the mapping with "
            f'[keep] currency = "{by_rows[0][0]}", or declare that all amounts are in the same one with '
            '[constants] currency = "EUR"'
        )


def is_of_currency(found: Mapping[str, pa.Array], mapping: ColumnMapping) -> Mask | None:
    """Whether every currency that a row names is the one that *mapping* chooses; None when it chooses none."""
    if not mapping.currency:
        return None
    kept, named = _code(mapping.currency), []
    for marks in _marks(found, mapping.kind.money):
        codes = _codes(marks)
        named.append((mask(pc.equal(codes, kept)), mask(pc.is_null(codes))))
    is_kept: Mask = np.logical_or.reduce([same for same, _ in named])
    agrees: Mask = np.logical_and.reduce([same | silent for same, silent in named])
    agrees &= is_kept
    return agrees


def _counted(batch: pa.RecordBatch, mapping: ColumnMapping, column: str | None) -> Counter[str]:
    """How many rows name each currency."""
    if mapping.where:
        batch = batch.filter(pa.array(meets(batch, mapping)))
    found = texts(batch, mapping, (*mapping.kind.money, CURRENCY))
    if column:
        found.setdefault(CURRENCY, batch[column])
    rows: Counter[str] = Counter()
    for marks in _marks(found, mapping.kind.money):
        codes = _codes(marks).drop_null()
        counts = {pair["values"]: pair["counts"] for pair in pc.value_counts(codes).to_pylist()}
        # A row that names its currency both in a cell and in a column counts once.
        rows = Counter({code: max(rows[code], counts.get(code, 0)) for code in {*rows, *counts}})
    return rows


def _marks(found: Mapping[str, pa.Array], money: Sequence[str]) -> Iterator[pa.Array]:
    """The currencies of the rows, from their own column and from next to the amounts; null for none."""
    if CURRENCY in found:
        yield filled(found[CURRENCY])
    for target in money:
        if target in found:
            text = found[target]
            speaks = may_contain_words(text) or may_contain(text, b"$")
            yield numbers.currency_marks(text) if speaks else pa.nulls(len(text), pa.string())


def _codes(marks: pa.Array) -> pa.Array:
    """The marks as codes: € and EUR are the same currency."""
    spelt = marks.dictionary_encode()
    codes = pa.array([_code(mark) for mark in spelt.dictionary.to_pylist()], pa.string())
    return codes.take(spelt.indices)


def _code(mark: str) -> str:
    mark = "".join(mark.split()).upper()
    return _CODES.get(mark, mark)
