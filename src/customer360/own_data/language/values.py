"""The values of an expression for a batch of rows, column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from customer360.own_data.language.types import NULL, Type

Compute = Callable[..., Any]


class Rows:
    """A batch of rows, whose columns become lists of Python strings when an expression needs them."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch, self._columns = batch, dict[str, list[Any]]()

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    def column(self, name: str) -> list[Any]:
        if name not in self._columns:
            self._columns[name] = self._batch[name].to_pylist()
        return self._columns[name]


@dataclass(frozen=True)
class Values:
    """A part of an expression with its type: a function from rows to a list of values, or one *constant*."""

    type: Type
    of: Callable[[Rows], list[Any]]
    is_constant: bool = False
    constant: Any = None


def constant(type_: Type, value: Any) -> Values:
    return Values(type_, lambda rows: [value] * len(rows), True, value)


NOTHING: Final = constant(NULL, None)


def column(type_: Type, name: str) -> Values:
    return Values(type_, lambda rows: rows.column(name))


def each(type_: Type, compute: Compute, *parts: Values) -> Values:
    """The results of *compute* for the values of *parts*, row by row; null if one of them is null or it fails."""
    if all(part.is_constant for part in parts):
        return constant(type_, _row(compute, [part.constant for part in parts]))
    return Values(type_, lambda rows: _strict(compute, [part.of(rows) for part in parts]))


def every(type_: Type, compute: Compute, *parts: Values) -> Values:
    """The results of *compute*, which also receives nulls, for the values of *parts*."""
    if all(part.is_constant for part in parts):
        return constant(type_, compute(*(part.constant for part in parts)))
    return Values(type_, lambda rows: list(map(compute, *(part.of(rows) for part in parts))))


def _strict(compute: Compute, lists: Sequence[list[Any]]) -> list[Any]:
    try:
        if len(lists) == 1:
            return [None if one is None else compute(one) for one in lists[0]]
        if len(lists) == 2:
            return [
                None if one is None or other is None else compute(one, other)
                for one, other in zip(*lists, strict=True)
            ]
    except (ArithmeticError, ValueError):
        pass
    return [_row(compute, row) for row in zip(*lists, strict=True)]


def _row(compute: Compute, row: Sequence[Any]) -> Any:
    if any(one is None for one in row):
        return None
    try:
        return compute(*row)
    except (ArithmeticError, ValueError):
        return None
