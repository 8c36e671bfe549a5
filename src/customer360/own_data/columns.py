"""The names of columns as they come, and those that travel with every row of a raw table."""

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
"""The columns in which the row holds a number with a fraction that was no text, else null; see `typed_columns`."""
PROVENANCE: Final = (SOURCE_LINE, SOURCE_FILE, SOURCE_PROBLEM, SOURCE_TEXT, SOURCE_TYPED)


class Typed(str):
    """The text of a number with a fraction that was no text: its point is decimal."""

    __slots__ = ()


def typed_columns(names: Iterable[str]) -> str | None:
    """The *names* as `SOURCE_TYPED` holds them: without case, each between null bytes, which no name has."""
    found = "".join(f"\0{name.lower()}\0" for name in names)
    return sys.intern(found) if found else None


def is_typed(batch: pa.RecordBatch, column: str) -> pa.Array:
    """In which rows of *batch* the cell of *column* is a number that was no text."""
    return pc.fill_null(pc.match_substring(batch[SOURCE_TYPED], f"\0{column.lower()}\0"), False)


def by_file(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The rows of *batch*, those that follow each other in a file at once, with the file's name."""
    start = 0
    for end in pc.run_end_encode(batch[SOURCE_FILE]).run_ends.to_pylist():
        yield batch[SOURCE_FILE][start].as_py(), batch.slice(start, end - start)
        start = end


def text_columns(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> dict[str, pa.Array]:
    """The cells of *rows* as columns called *names*, and which of them were typed."""
    columns = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(names)}
    typed = [
        typed_columns(name for name, cell in zip(names, row, strict=True) if isinstance(cell, Typed))
        for row in rows
    ]
    return {**columns, SOURCE_TYPED: pa.array(typed, pa.string())}


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The *names* without blanks at their ends; an empty one is called by its place, a repeated one numbered."""
    taken = Counter(PROVENANCE)
    return tuple(
        _free(raw.replace("\0", "").strip() or f"column_{place}", taken)
        for place, raw in enumerate(names, start=1)
    )


def _free(name: str, taken: Counter[str]) -> str:
    """Spark does not tell upper from lower case, so neither does this."""
    candidate = name
    while candidate.lower() in taken:
        taken[name.lower()] += 1
        candidate = f"{name}_{taken[name.lower()]}"
    taken[candidate.lower()] = 1
    return candidate


def may_hold(texts: pa.Array, character: bytes) -> bool:
    """Whether *character* occurs in the bytes of *texts*: quickly said, and mostly it does not."""
    content = texts.buffers()[2]
    return content is not None and re.search(re.escape(character), content) is not None


def may_hold_words(texts: pa.Array) -> bool:
    """Whether *texts* hold more than digits and signs: quickly said, and in columns of numbers they do not."""
    content = texts.buffers()[2]
    return content is not None and content.size > 0 and int(np.frombuffer(content, np.uint8).max()) > ord("9")
