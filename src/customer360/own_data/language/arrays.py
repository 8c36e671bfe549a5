"""The functions for parts of a cell: arrays, maps and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, Final

from customer360.own_data.language.calls import Function
from customer360.own_data.language.casts import java_text
from customer360.own_data.language.hashes import hashes
from customer360.own_data.language.text import joined
from customer360.own_data.language.types import (
    BIGINT,
    BOOLEAN,
    INT,
    NULL,
    STRING,
    Type,
    array_of,
    tightest,
    widest,
)
from customer360.own_data.language.values import Values, each, every

Convert = Callable[[Values, Type], Values]
Made = Callable[[Sequence[Values], Convert], Values | None]


def _array(parts: Sequence[Values], convert: Convert) -> Values | None:
    common = widest(part.type for part in parts)
    if common is None:
        return None
    return every(array_of(common), lambda *row: list(row), *(convert(part, common) for part in parts))


def _map(parts: Sequence[Values], convert: Convert) -> Values | None:
    key, value = widest(part.type for part in parts[::2]), widest(part.type for part in parts[1::2])
    if not key or not value or len(parts) % 2:
        return None
    made = [convert(part, value if place % 2 else key) for place, part in enumerate(parts)]
    return every(Type("map", of=value, key=key), _pairs, *made)


def _pairs(*row: Any) -> dict[Any, Any] | None:
    """The map of keys and values in *row*; None if a key is null or occurs twice."""
    found = dict(zip(row[::2], row[1::2], strict=True))
    return found if len(found) * 2 == len(row) and None not in found else None


def at_index(parts: Sequence[Values], convert: Convert) -> Values | None:
    """An element by its index, `[0]`, or the value of a key."""
    return _part_at(parts, convert, lambda found, place: found[place] if 0 <= place < len(found) else None)


def _element_at(parts: Sequence[Values], convert: Convert) -> Values | None:
    """An element by its position from 1, or from the end if it is negative; or the value of a key."""
    return _part_at(parts, convert, _from_one)


def _from_one(found: list[Any], place: int) -> Any:
    return found[place - (place > 0)] if 0 < abs(place) <= len(found) else None


def _part_at(parts: Sequence[Values], convert: Convert, at: Callable[[list[Any], int], Any]) -> Values | None:
    if len(parts) != 2 or parts[0].type.of is None:
        return None
    of, (found, place) = parts[0].type.of, parts
    if found.type.key:
        return each(of, lambda pairs, key: pairs.get(key), found, convert(place, found.type.key))
    return each(of, at, found, convert(place, INT)) if place.type.is_whole else None


def _with_value(compute: Callable[[list[Any], Any], Any], gives: Type) -> Made:
    def made(parts: Sequence[Values], convert: Convert) -> Values | None:
        if len(parts) != 2 or parts[0].type.name != "array" or not parts[0].type.of:
            return None
        common = tightest(parts[0].type.of, parts[1].type)
        if common is None or common == NULL:
            return None
        return each(gives, compute, convert(parts[0], array_of(common)), convert(parts[1], common))

    return made


def _contains(found: list[Any], value: Any) -> bool | None:
    return True if value in found else None if None in found else False


def _position(found: list[Any], value: Any) -> int:
    return found.index(value) + 1 if value in found else 0


def _of_elements(compute: Callable[..., Any], gives: Callable[[Type], Type], takes: str = "") -> Made:
    """A function of an array and of arguments of the types *takes*."""
    kinds = [Type(word) for word in takes.split()]

    def made(parts: Sequence[Values], convert: Convert) -> Values | None:
        if not parts or parts[0].type.of is None or parts[0].type.key or len(parts) > len(kinds) + 1:
            return None
        others = [convert(part, kind) for part, kind in zip(parts[1:], kinds, strict=False)]
        return each(gives(parts[0].type.of), compute, parts[0], *others)

    return made


def _sortable(value: Any) -> Any:
    return (value != value, value) if isinstance(value, float) else value


def _largest(found: list[Any]) -> Any:
    return max((value for value in found if value is not None), key=_sortable, default=None)


def _smallest(found: list[Any]) -> Any:
    return min((value for value in found if value is not None), key=_sortable, default=None)


def _sorted(found: list[Any], is_upward: bool = True) -> list[Any]:
    values = sorted((value for value in found if value is not None), key=_sortable, reverse=not is_upward)
    nulls = [None] * (len(found) - len(values))
    return nulls + values if is_upward else values + nulls


def _slice(found: list[Any], start: int, length: int) -> list[Any] | None:
    if not start or length < 0:
        return None
    first = start - 1 if start > 0 else len(found) + start
    return found[first : first + length] if first >= 0 else []


def _join(parts: Sequence[Values], convert: Convert) -> Values | None:
    if not 2 <= len(parts) <= 3 or parts[0].type.name != "array":
        return None
    texts = [convert(parts[0], array_of(STRING)), *(convert(part, STRING) for part in parts[1:])]
    return each(STRING, _joined, *texts)


def _joined(found: list[str | None], mark: str, null: str | None = None) -> str | None:
    texts = (null if text is None else text for text in found)
    return joined(mark, [text for text in texts if text is not None])


def _size(parts: Sequence[Values], _: Convert) -> Values | None:
    is_one = len(parts) == 1 and parts[0].type.of
    return every(INT, lambda found: -1 if found is None else len(found), parts[0]) if is_one else None


def split(text: str, pattern: re.Pattern[str], limit: int = -1) -> list[str]:
    """The parts of *text* between matches, at most *limit* of them if it is positive."""
    if text and not pattern.pattern:
        letters = [*text]
        return (
            letters
            if limit <= 0 or limit >= len(letters)
            else [*letters[: limit - 1], "".join(letters[limit - 1 :])]
        )
    found: list[str] = []
    place = 0
    for match in pattern.finditer(text):
        if 0 < limit <= len(found) + 1:
            break
        if not match.end():
            continue
        found.append(text[place : match.start()])
        place = match.end()
    return [*found, text[place:]]


_PATH: Final = re.compile(r"\$(?:\.[^.\[\]'*]+|\[[0-9]+\]|\['[^']*'\])*")
_STEP: Final = re.compile(r"\.([^.\[\]'*]+)|\[([0-9]+)\]|\['([^']*)'\]")


@lru_cache(256)
def json_path(path: str) -> Callable[[str], str | None] | None:
    """A function that finds the value at a path such as $.a.b[0]; None for an unsupported path."""
    if _PATH.fullmatch(path) is None:
        return None
    steps = [int(step[2]) if step[2] else step[1] or step[3] for step in _STEP.finditer(path)]
    return partial(_at_path, steps)


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


_JSON: Final = json.JSONDecoder(object_pairs_hook=_first_of_each)
"""Text after the first value is ignored."""


def _at_path(steps: Sequence[str | int], text: str) -> str | None:
    try:
        found, _ = _JSON.raw_decode(text.lstrip(" \t\r\n"))
    except (ValueError, RecursionError):
        return None
    for step in steps:
        if isinstance(step, int):
            found = found[step] if isinstance(found, list) and step < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return _shown(found)


def _shown(found: Any) -> str | None:
    text = found if isinstance(found, str) or found is None else _json(found)
    return text and text.encode("utf-8", "replace").decode()  # an unpaired surrogate is not a letter


def _json(found: Any) -> str:
    """JSON without blanks, with numbers as Java writes them."""
    if isinstance(found, dict):
        return "{" + ",".join(f"{_json(key)}:{_json(value)}" for key, value in found.items()) + "}"
    if isinstance(found, list):
        return "[" + ",".join(map(_json, found)) + "]"
    if isinstance(found, float):
        return java_text(found)
    return json.dumps(found, ensure_ascii=False)


PARTS_OF_A_CELL: Final[dict[str, Made]] = {
    "array": _array, "map": _map, "[]": at_index, "element_at": _element_at, "try_element_at": _element_at,
    "array_contains": _with_value(_contains, BOOLEAN), "array_position": _with_value(_position, BIGINT),
    "array_join": _join, "array_max": _of_elements(_largest, lambda of: of),
    "array_min": _of_elements(_smallest, lambda of: of), "sort_array": _of_elements(_sorted, array_of, "boolean"),
    "slice": _of_elements(_slice, array_of, "int int"), "size": _size, "cardinality": _size,
    "xxhash64": lambda parts, _: hashes(parts),
}  # fmt: skip
TEXTS_OF_PARTS: Final = {
    "split": Function("text regex int?", array_of(STRING), split),
    "get_json_object": Function("text path", STRING, lambda text, find: find(text)),
}  # fmt: skip
