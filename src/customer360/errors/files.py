"""Failures of the content of a file or column: Arrow's conversions, undecodable text, damaged archives."""

from __future__ import annotations

import csv
import lzma
import zipfile
import zlib
from typing import Final

_OUR_FAULTS: Final = frozenset({"ArrowKeyError", "ArrowTypeError", "ArrowIndexError"})
_DAMAGED: Final = (zlib.error, lzma.LZMAError, zipfile.BadZipFile)


def line(error: BaseException) -> str | None:
    """The message for data that does not fit its type or format; None when *error* is something else."""
    words = next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
    if is_of_arrow(error):
        return f"a value does not fit the type of its column: {words}. Correct the value, or that type."
    if isinstance(error, UnicodeError):
        return f"some text cannot be read or written: {words}. Check the file names and the encoding."
    if isinstance(error, csv.Error):
        return f"the text cannot be read as a table: {words}. Check that it is one."
    if isinstance(error, _DAMAGED):
        return f"a compressed file is damaged: {words}. Copy it again."
    return None


def is_of_arrow(error: BaseException) -> bool:
    """Arrow also raises errors for wrong calls, which are bugs of ours."""
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__.partition(".")[0] == "pyarrow"]
    return bool(kinds) and _OUR_FAULTS.isdisjoint(kinds)
