"""
The expressions that a guess proposes, evaluated without Spark: with the same values, byte for byte.

These are columns, texts and whole numbers in the functions below. All others are left to Spark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh64_intdigest

from customer360.own_data.cells import NO_TEXT, NOTHING

_LITERALS: Final[dict[str, Callable[[str], tuple[str, str]]]] = {
    "text": lambda text: ("literal", text[1:-1]), "number": lambda text: ("number", text),
}  # fmt: skip
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'[^'\\]*')(?!')|`(?P<name>(?:[^`]|``)+)`|(?P<number>\d{1,4})(?![\w.])"
    r"|(?P<call>[a-zA-Z_]+)\s*\(|(?P<word>[^\W\d]\w*)|(?P<sign>[,)]))\s*"
)
_SEED: Final = 42
_HALF: Final = 1 << 63
_WHOLE: Final = r"^[\x00-\x20]*(?P<whole>[+-]?\d{1,9})(?:\.\d*)?[\x00-\x20]*$"
TYPED: Final = frozenset({"hashed_id", "make_date"})
"""Functions whose values are not texts: nothing can be made of them."""


@dataclass(frozen=True)
class Simple:
    """An expression: a column, a literal text, a number, or a call of the function called *value* with *parts*."""

    kind: str
    value: str
    parts: tuple[Simple, ...] = ()


def is_hash_of_one(side: str, columns: Iterable[str]) -> bool:
    """Whether *side* hashes one column: then ids that differ in more than letter case and blanks are customers."""
    node = parsed(side, columns)
    if node is None or node.value != "hashed_id":
        return False
    while node.kind == "call" and node.value in {"hashed_id", "lower", "trim"}:
        node = node.parts[0]
    return node.kind == "column"


def same_id(texts: pa.Array) -> pa.Array:
    """*texts* without blanks at their ends and in lower case: what is equal here is the same id."""
    return _lower(pc.utf8_trim_whitespace(texts))


def parsed(text: str, columns: Iterable[str]) -> Simple | None:
    """The expression *text*; None when it is not a simple one."""
    tokens, place = [], 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            return None
        tokens.append((found.lastgroup, found[found.lastgroup]))
        place = found.end()
    names = {name.lower(): name for name in columns}
    node = _node(tokens, names)
    return node if node is not None and not tokens and node.kind == "call" else None


def _node(tokens: list[tuple[str, str]], names: Mapping[str, str]) -> Simple | None:
    """The first expression of *tokens*, which are taken away."""
    kind, text = tokens.pop(0) if tokens else ("end", "")
    if kind == "call":
        return _call(text.lower(), tokens, names)
    if kind in {"name", "word"}:
        column = names.get(text.replace("``", "`").lower())
        return None if column is None else Simple("column", column)
    return Simple(*_LITERALS[kind](text)) if kind in _LITERALS else None


def _call(name: str, tokens: list[tuple[str, str]], names: Mapping[str, str]) -> Simple | None:
    parts: list[Simple] = []
    while (part := _node(tokens, names)) is not None and tokens:
        parts.append(part)
        if tokens.pop(0) == ("sign", ")"):
            kinds = "".join("t" if _is_text(some) else some.kind[0] for some in parts)
            fits = name in _FUNCTIONS and re.fullmatch(_FUNCTIONS[name][0], kinds)
            return Simple("call", name, tuple(parts)) if fits else None
    return None


def _is_text(node: Simple) -> bool:
    return node.kind == "column" or (node.kind == "call" and node.value not in TYPED)


def evaluated(node: Simple, batch: pa.RecordBatch) -> Any:
    """The values of *node* for the rows of *batch*; a scalar for a literal."""
    if node.kind == "column":
        return batch[node.value]
    if node.kind != "call":
        return pa.scalar(node.value)
    return _FUNCTIONS[node.value][1](*(evaluated(part, batch) for part in node.parts))


def _trim(texts: pa.Array) -> pa.Array:
    """Blanks, and no other white space, as SQL's trim does."""
    return pc.utf8_trim(texts, " ")


def _lower(texts: pa.Array) -> pa.Array:
    """With the letters whose lower case is several, which Arrow does not know."""
    if pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return pc.ascii_lower(texts)
    return pa.array([text if text is None else text.lower() for text in texts.to_pylist()], pa.string())


def _but(texts: pa.Array, same: pa.Array, nothing: Sequence[str]) -> pa.Array:
    return pc.if_else(pc.is_in(same, pa.array(nothing)), pa.scalar(None, pa.string()), texts)


def _filled(texts: pa.Array) -> pa.Array:
    return _but(_trim(texts), _lower(_trim(texts)), NOTHING)


def _filled_text(texts: pa.Array) -> pa.Array:
    return _but(_trim(texts), _trim(texts), NO_TEXT)


def _hashed_id(texts: pa.Array) -> pa.Array:
    hashes = (
        None if text is None else xxh64_intdigest(text, _SEED)
        for text in _filled(texts).cast(pa.binary()).to_pylist()
    )
    return pa.array(
        [hashed if hashed is None or hashed < _HALF else hashed - 2 * _HALF for hashed in hashes], pa.int64()
    )


def _concat_ws(mark: pa.Scalar, *texts: pa.Array) -> pa.Array:
    # Not Arrow's own join: it loses the rows in which every text is null.
    length = max(len(text) for text in texts if isinstance(text, pa.Array))
    columns = [text.to_pylist() if isinstance(text, pa.Array) else [text.as_py()] * length for text in texts]
    join = mark.as_py().join
    rows = zip(*columns, strict=True)
    return pa.array([join(text for text in row if text is not None) for row in rows], pa.string())


def _make_date(*parts: Any) -> pa.Array:
    length = max(len(part) for part in parts if isinstance(part, pa.Array))
    numbers = [
        pa.repeat(pa.scalar(int(part.as_py())), length) if isinstance(part, pa.Scalar) else _whole(part)
        for part in parts
    ]
    return pa.array(
        [_day(*three) for three in zip(*(some.to_pylist() for some in numbers), strict=True)], pa.date32()
    )


def _whole(texts: pa.Array) -> pa.Array:
    found = pc.struct_field(pc.extract_regex(texts, _WHOLE), 0)
    return pc.replace_substring_regex(found, r"^\+", "").cast(pa.int64())


def _day(year: int | None, month: int | None, day: int | None) -> date | None:
    try:
        return None if year is None or month is None or day is None else date(year, month, day)
    except (ValueError, OverflowError):
        return None


_FUNCTIONS: Final[dict[str, tuple[str, Callable[..., pa.Array]]]] = {
    "concat_ws": ("(?=.*t)l[lt]{1,20}", _concat_ws), "filled": ("t", _filled), "filled_text": ("t", _filled_text),
    "hashed_id": ("t", _hashed_id), "lower": ("t", _lower), "make_date": ("(?=.*t)[tn]{3}", _make_date),
    "trim": ("t", _trim),
}  # fmt: skip
"""What each takes, t for a text, l for a literal one and n for a number, and what it does."""
