"""
Small tables of the results for the page itself, so that a click needs no request to the server.

A page reads a few rollups before any click. Those of moderate size are sent to the browser, which filters and sums
them by the same expressions that are rendered to SQL here. Everything else is requested from the server.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from customer360.report.dimensions import Dimension, dimension, dimensions_of
from customer360.report.visuals import Page, Visual
from customer360.tables import Table
from customer360.web.rollups import SEGMENTS, read_by
from customer360.web.store import Results

MOST_ROWS: Final = 150_000
"""With more rows, the server filters faster than the page."""

_MOST_MEMBERS: Final = 255
_ALIGNED: Final = 8
_INTEGERS: Final = 2**31


def cubes_of(page: Page, results: Results) -> dict[str, Table]:
    """
    The tables that *page* reads, by name: those of its visuals, and one for marks clicked in any visual.

    Empty for a page that shows individual customers, who stay on the server.
    """
    if any(visual.kind == "table" for visual in page.visuals):
        return {}
    clicked = {dimension(name).column for visual in page.visuals for name in visual.by}
    there = [visual for visual in page.visuals if visual.fact in results.tables]
    tables = [_table(visual, results, more) for visual in there for more in (frozenset[str](), clicked)]
    return {table.name: table for table in tables if results.sizes[table] <= MOST_ROWS}


def encoded(table: Table, results: Results) -> bytes:
    """
    *table* in the page's format: the length of a JSON header, the header, and the columns one after the other.

    A dimension is a column of codes: indexes of its members, with the last code for no member. A sum is a whole
    number; amounts are in cents, so that adding them is exact. A missing value is NaN.
    """
    cuts, sums = [cut for cut in dimensions_of(table) if not cut.level_of], _sums(table)
    whole = [f"CAST({name} * {scale} AS bigint) AS {name}" for name, scale in sums.items()]
    selected = ", ".join([*(cut.name for cut in cuts), *whole])
    found = results.columns(f"SELECT {selected} FROM {table.full_name}")  # noqa: S608  our own names
    columns = [_codes(found[cut.name], cut, results) for cut in cuts] + [_whole(found[name]) for name in sums]
    described = [
        {"name": name, "type": column.dtype.name, "scale": sums.get(name, 1)}
        for name, column in zip(found, columns, strict=True)
    ]
    header = {"rows": len(columns[0]), "columns": described}
    return b"".join(_parts(header, columns))


def _table(visual: Visual, results: Results, more: Collection[str]) -> Table:
    """The rollup with what *visual* needs, all slicers and *more*; the fact itself if it cannot be summed."""
    if visual.fact not in SEGMENTS:
        return results.smallest(visual.fact, ())
    return results.smallest(visual.fact, read_by(visual).union(more).intersection(visual.fact.column_names))


def _sums(table: Table) -> dict[str, int]:
    """The additive columns with their scale: 100 for an amount with two decimals, which is sent in cents."""
    return {one.name: 10 ** one.digits[1] if one.digits else 1 for one in table.columns if one.is_additive}


def _codes(values: pa.Array, cut: Dimension, results: Results) -> NDArray[Any]:
    places = {key: place for place, key in enumerate(results.members[cut])}
    kind = np.uint8 if len(places) < _MOST_MEMBERS else np.uint16
    none = np.iinfo(kind).max
    encoded = values.dictionary_encode()
    lookup = np.array([*(places.get(key, none) for key in encoded.dictionary.to_pylist()), none], kind)
    codes: NDArray[Any] = lookup[np.where(_known(values), _numbers(encoded.indices, np.int32), -1)]
    return codes


def _whole(values: pa.Array) -> NDArray[Any]:
    """The values in the smallest type that fits; if some are null, as doubles with NaN for null."""
    numbers = _numbers(values, np.int64)
    if values.null_count:
        return np.where(_known(values), numbers.astype(np.float64), np.nan)
    small = not len(numbers) or int(np.abs(numbers).max()) < _INTEGERS
    return numbers.astype(np.int32 if small else np.float64)


def _known(values: pa.Array) -> NDArray[Any]:
    """Which *values* are not null, without fill_null() and to_numpy(), which import pandas."""
    if not values.null_count:
        return np.ones(len(values), bool)
    bits = np.unpackbits(np.frombuffer(values.buffers()[0], np.uint8), bitorder="little")
    return bits[values.offset : values.offset + len(values)].astype(bool)


def _numbers(values: pa.Array, kind: type[np.generic]) -> NDArray[Any]:
    """The values of an array; the value of a null is undefined."""
    return np.frombuffer(values.buffers()[1], kind)[values.offset : values.offset + len(values)]


def _parts(header: dict[str, Any], columns: list[NDArray[Any]]) -> Iterator[bytes]:
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 4) % _ALIGNED)  # a typed array starts at a multiple of its width
    yield len(text).to_bytes(4, "little")
    yield text
    for column in columns:
        content = column.astype(column.dtype.newbyteorder("<")).tobytes()
        yield content + b"\0" * (-len(content) % _ALIGNED)
