"""Column names of a raw table, and the provenance columns that accompany every row."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SOURCE_LINE: Final = "source_line"
SOURCE_FILE: Final = "source_file"
SOURCE_PROBLEM: Final = "source_problem"
"""Why a row could not be split into columns, else null."""
SOURCE_TEXT: Final = "source_text"
"""The text of a row that could not be split into columns, else null."""
SOURCE_TYPED: Final = "source_typed"
"""The columns in which the row has a typed fractional number, not text; else null. See `typed_columns`."""
PROVENANCE: Final = (SOURCE_LINE, SOURCE_FILE, SOURCE_PROBLEM, SOURCE_TEXT, SOURCE_TYPED)


class Typed(str):
    """The text of a typed fractional number: its point is a decimal point."""

    __slots__ = ()


def typed_columns(names: Iterable[str]) -> str | None:
    """The *names* as `SOURCE_TYPED` stores them: lower case, each between null bytes, which no name contains."""
    found = "".join(f"\0{name.lower()}\0" for name in names)
    return sys.intern(found) if found else None


def is_typed(batch: pa.RecordBatch, column: str) -> pa.Array:
    """The rows of *batch* in which the cell of *column* is a typed number, not text."""
    return pc.fill_null(pc.match_substring(batch[SOURCE_TYPED], f"\0{column.lower()}\0"), False)


def by_file(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The consecutive rows of *batch* that are from the same file, with the file's name."""
    start = 0
    for end in pc.run_end_encode(batch[SOURCE_FILE]).run_ends.to_pylist():
        yield batch[SOURCE_FILE][start].as_py(), batch.slice(start, end - start)
        start = end


def text_columns(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> dict[str, pa.Array]:
    """The cells of *rows* as columns called *names*, with `SOURCE_TYPED`."""
    columns = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(names)}
    typed = [
        typed_columns(name for name, cell in zip(names, row, strict=True) if isinstance(cell, Typed))
        for row in rows
    ]
    return {**columns, SOURCE_TYPED: pa.array(typed, pa.string())}


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The *names*, trimmed; an empty name becomes its position, and a repeated name gets a number."""
    taken = Counter(PROVENANCE)
    return tuple(
        _free(raw.replace("\0", "").strip() or f"column_{place}", taken)
        for place, raw in enumerate(names, start=1)
    )


def _free(name: str, taken: Counter[str]) -> str:
    """Names are compared without letter case, as in Spark."""
    candidate = name
    while candidate.lower() in taken:
        taken[name.lower()] += 1
        candidate = f"{name}_{taken[name.lower()]}"
    taken[candidate.lower()] = 1
    return candidate


def may_contain(texts: pa.Array, character: bytes) -> bool:
    """Whether *character* occurs in the bytes of *texts*: a fast test that is usually false."""
    content = texts.buffers()[2]
    return content is not None and re.search(re.escape(character), content) is not None


def may_contain_words(texts: pa.Array) -> bool:
    """Whether *texts* contain more than digits and signs: a fast test that is false for columns of numbers."""
    content = texts.buffers()[2]
    return content is not None and content.size > 0 and int(np.frombuffer(content, np.uint8).max()) > ord("9")
