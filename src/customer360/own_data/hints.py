"""Notes on how columns are read: columns with unreadable values, and numbers that are read as dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data import dates, numbers
from customer360.own_data.cells import cells, filled
from customer360.own_data.columns import SOURCE_LINE
from customer360.own_data.guess import Sample, column_called
from customer360.own_data.mapped import column_of, sides
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.notes import used_columns
from customer360.own_data.raw_tables import RawTable
from customer360.own_data.row_kinds import RowKind
from customer360.tables import Column

_LONGEST: Final = 40
_WAYS: Final = {
    "large": "out of range for {type}; map {target} to an expression such as `{column}` / 1000",
    "date": "not a date; use YYYY-MM-DD, or map {target} to an expression such as to_date(`{column}`, 'dd/MM/yy')",
    "number": "not a number; use 1234.50, or map {target} to an expression such as replace(`{column}`, 'pts', '')",
}


@dataclass(frozen=True)
class Unread:
    """The *target* that *column* would fill if its values were readable, and the first *value* that is not."""

    target: str
    column: str
    value: str
    line: int
    is_too_large: bool = False

    def note(self, kind: RowKind) -> str:
        """The problem and how to fix it, for rows of this *kind*."""
        target = kind[self.target]
        problem = "large" if self.is_too_large else "date" if target.is_dated else "number"
        way = _WAYS[problem].format(column=self.column, type=target.type, target=self.target)
        return f"{self}, which is {way}"

    def __str__(self) -> str:
        return f"{self.column} contains {self.value!r} in line {self.line:,}"


def unread(mapping: ColumnMapping, raw: RawTable) -> list[Unread]:
    """The targets that *mapping* omits because the column of *raw* with their name has unreadable values."""
    used = {*used_columns(mapping, raw.columns)}
    free = [name for name in raw.columns if name not in used]
    found = []
    for target in mapping.missing:
        column = column_called([target.replace("_", ""), *mapping.kind.synonyms.get(target, ())], free)
        if column and mapping.kind[target].type not in {"text", "boolean"}:
            found += list(_first(raw, mapping.kind[target], column))
    return found


def _first(raw: RawTable, target: Column, column: str) -> Iterator[Unread]:
    """The first value of *column* that is invalid for *target* in every style."""
    for file in raw.files:
        batch = raw.read(file, [column, SOURCE_LINE])
        texts = filled(batch[column])
        bad = pc.and_(pc.is_valid(texts), pc.invert(_readable(texts, target)))
        if pc.any(bad).as_py():
            place = pc.index(bad, True).as_py()
            is_large = not target.is_dated and any(
                cells(texts[place : place + 1], target, style).too_large[0] for style in numbers.STYLES
            )
            value, line = texts[place].as_py()[:_LONGEST], batch[SOURCE_LINE][place].as_py()
            yield Unread(target.name, column, value, line, is_large)
            return


def counted(mapping: ColumnMapping, columns: Sequence[str], sample: Sample, latest: date) -> Iterator[str]:
    """A line for each date that *mapping* fills from numbers, such as a spreadsheet's 45292."""
    for target, side in sides(mapping).items():
        column = column_of(side, columns)
        if column is None or target not in mapping.kind.targets or not mapping.kind[target].is_dated:
            continue
        texts = filled(pa.array(sample[column], pa.string())).drop_null()
        if len(texts) and (style := dates.counted(texts, latest)):
            day = dates.moments(texts[:1], style)[0].as_py().date()
            yield (
                f"{column} contains numbers such as {texts[0]}, which are read as {style}: {day}; if they are not "
                f'dates, set in [columns] of the mapping: {target} = ""'
            )


def _readable(texts: pa.Array, target: Column) -> pa.Array:
    styles = dates.STYLES if target.is_dated else numbers.STYLES
    read = [pc.is_valid(cells(texts, target, style).values) for style in styles]
    either = read[0]
    for other in read[1:]:
        either = pc.or_(either, other)
    return either
