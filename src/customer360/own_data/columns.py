"""The names of columns as they come, and those that travel with every row of a source."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import numpy as np
import pyarrow as pa

SOURCE_LINE: Final = "source_line"
SOURCE_FILE: Final = "source_file"
SOURCE_PROBLEM: Final = "source_problem"
"""Why a row could not be split into columns, else null."""
SOURCE_TEXT: Final = "source_text"
"""The text of a row that could not be split into columns, else null."""
PROVENANCE: Final = (SOURCE_LINE, SOURCE_FILE, SOURCE_PROBLEM, SOURCE_TEXT)


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The *names* without blanks at their ends; an empty one is called by its place, a repeated one numbered."""
    taken = set(PROVENANCE)
    found = []
    for place, raw in enumerate(names, start=1):
        name = _free(raw.replace("\0", "").strip() or f"column_{place}", taken)
        taken.add(name.lower())
        found.append(name)
    return tuple(found)


def _free(name: str, taken: set[str]) -> str:
    """Spark does not tell upper from lower case, so neither does this."""
    number, candidate = 1, name
    while candidate.lower() in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def may_hold(texts: pa.Array, character: bytes) -> bool:
    """Whether *character* occurs in the bytes of *texts*: quickly said, and mostly it does not."""
    content = texts.buffers()[2]
    return content is not None and re.search(re.escape(character), content) is not None


def may_hold_words(texts: pa.Array) -> bool:
    """Whether *texts* hold more than digits and signs: quickly said, and in columns of numbers they do not."""
    content = texts.buffers()[2]
    return content is not None and content.size > 0 and int(np.frombuffer(content, np.uint8).max()) > ord("9")
