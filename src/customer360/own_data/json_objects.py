"""Reads objects from JSON of any layout, one at a time: an array, an array under a key, or a sequence."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from json import JSONDecoder
from pathlib import Path
from typing import Any, Final

from customer360.errors import Invalid
from customer360.own_data.columns import Typed
from customer360.own_data.packed import open_bytes

_CHUNK: Final = 1 << 18
_LARGEST: Final = 1 << 26
"""Characters of one value: a longer one is not a row."""
_BLANK: Final = re.compile(r"[\s\ufeff]*")
_SHOWN: Final = 40
_Found = tuple[int, Any, str]


class Objects:
    """
    The values of the arrays in a JSON file, with the lines on which they begin and their texts.

    The rows of an object around one array of objects, as in API responses, are those of the array. Memory does not
    grow with the file. Raises: Customer360Error for invalid JSON and for several arrays.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self._path, self._encoding = path, encoding
        self._decoder = JSONDecoder(parse_int=str, parse_float=Typed)
        self._text, self._place, self._line, self._is_at_end = "", 0, 1, False
        self._arrays: list[str] = []
        self.description = "JSON"
        self._values = self._all()

    def __iter__(self) -> Iterator[_Found]:
        return self._values

    def _all(self) -> Iterator[_Found]:
        with io.TextIOWrapper(open_bytes(self._path), encoding=self._encoding) as self._file:
            while sign := self._peek():
                if sign == "[":
                    self.description = "JSON, an array of objects"
                    yield from self._array()
                else:
                    yield from self._object()

    def _object(self) -> Iterator[_Found]:
        """The rows of the array in an object, or the object itself if it has none."""
        if self._arrays:
            raise self._error("several objects contain arrays; write one object per line, for example with: jq -c")
        line, row = self._line, {}
        self._take("{")
        while self._peek() != "}":
            key = str(self._value()[1])
            self._take(":")
            if self._peek() == "[" and self._peek(after="[") == "{":
                self._arrays.append(key)
                self.description = f"JSON, the objects in {key!r}"
                yield from self._array()
            else:
                row[key] = self._value()[1]
            if self._peek() != "}":
                self._take(",")
        self._take("}")
        if len(self._arrays) > 1:
            shown = ", ".join(self._arrays)
            raise self._error(f"the object has several arrays of objects ({shown}); write each to its own file")
        if not self._arrays:
            yield line, row, str(row)

    def _array(self) -> Iterator[_Found]:
        self._take("[")
        while self._peek() != "]":
            yield self._value()
            if self._peek() != "]":
                self._take(",")
        self._take("]")

    def _value(self) -> _Found:
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._place)
            except (ValueError, RecursionError):
                end = None
            # A number at the end of the text may continue in the next chunk.
            if end is not None and (end < len(self._text) or self._is_at_end):
                line, text = self._line, self._text[self._place : end]
                self._move(end)
                return line, value, text
            if self._is_at_end or len(self._text) - self._place > _LARGEST:
                raise self._error(
                    f"invalid JSON {self._text[self._place : self._place + _SHOWN]!r}; export it again"
                )
            self._more()

    def _peek(self, after: str = "") -> str:
        """The next sign that is not blank, or the one *after* it; '' at the end of the file."""
        while True:
            place = _BLANK.match(self._text, self._place).end()  # type: ignore[union-attr]
            if not after:
                self._move(place)
            else:
                place = _BLANK.match(self._text, place + 1).end()  # type: ignore[union-attr]
            if place < len(self._text) or self._is_at_end:
                return self._text[place : place + 1]
            self._more()

    def _take(self, sign: str) -> None:
        if self._peek() != sign:
            raise self._error(
                f"missing {sign!r} before {self._text[self._place : self._place + _SHOWN]!r}; export it again"
            )
        self._move(self._place + 1)

    def _move(self, place: int) -> None:
        self._line += self._text.count("\n", self._place, place)
        self._place = place

    def _more(self) -> None:
        """Reads more of the text and doubles it each time, so that a long value is not parsed too often."""
        rest = self._text[self._place :]
        chunk = self._file.read(max(_CHUNK, len(rest)))
        self._text, self._place, self._is_at_end = rest + chunk, 0, not chunk

    def _error(self, found: str) -> Invalid:
        return Invalid(f"{self._path.name}, line {self._line:,}: {found}")
