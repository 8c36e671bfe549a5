"""Splits expressions into words, signs and literals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from customer360.own_data.language.tree import Node
from customer360.own_data.language.types import BIGINT, DOUBLE, INT, MOST_DIGITS, STRING, Type, decimal

# \' is refused, as it ends the text in some engines but not in others; a quote inside a text is written ''.
_TOKEN: Final = re.compile(
    r"""\s*(?: (?P<text> [rR]'(?:[^'\\]|\\[^'])*' | '(?:[^'\\]|\\[^'"]|'')*' | "(?:[^"\\]|\\[^'"])*" )
    | (?P<name> `(?:[^`]|``)+` ) | (?P<number> (?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w) )
    | (?P<word> [^\W\d]\w* ) | (?P<sign> <=>|<>|!=|<=|>=|==|\|\||::|-(?!-)|/(?!\*)|[+*%=<>()\[\],.] ) )\s*""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    place: int

    @property
    def word(self) -> str:
        """The text of a word or sign, in lower case; '' for other tokens."""
        return self.text.lower() if self.kind in {"word", "sign"} else ""


def tokens_of(text: str) -> tuple[list[Token], int]:
    """The tokens of *text* with an end token, and where they end: before len(*text*) if there is an error."""
    tokens, place = [], 0
    while (found := _TOKEN.match(text, place)) is not None and found.lastgroup is not None:
        tokens.append(Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
        place = found.end()
    return [*tokens, Token("end", "", len(text))], place


_ESCAPES: Final = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}
_ESCAPED: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([01][0-7]{2})|(.))", re.DOTALL)


def text_literal(text: str) -> Node:
    """A text literal without its quotes; backslash escapes are replaced, unless it is a raw text."""
    if text[0] in "rR":
        return Node("literal", value=(STRING, text[2:-1]))
    inner = text[1:-1].replace("''", "'") if text[0] == "'" else text[1:-1]
    return Node("literal", value=(STRING, _ESCAPED.sub(_unescaped, inner)))


def _unescaped(found: re.Match[str]) -> str:
    if found[4]:
        return _ESCAPES.get(found[4], found[4])
    code = int(found[3], 8) if found[3] else int(found[1] or found[2], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def number_literal(text: str) -> Node | None:
    """A number literal with its sign; None if it has too many digits."""
    if "e" in text.lower():
        return Node("literal", value=(DOUBLE, float(text)))
    digits, _, behind = text.lstrip("-").partition(".")
    whole = max(len(digits.lstrip("0")), 1 if not behind else 0)
    if whole + len(behind) > MOST_DIGITS:
        return None
    if "." not in text and -(1 << 63) <= int(text) < 1 << 63:
        return Node("literal", value=(INT if -(1 << 31) <= int(text) < 1 << 31 else BIGINT, int(text)))
    return Node("literal", value=(decimal(max(whole + len(behind), 1), len(behind)), Decimal(text)))


_TYPE_NAMES: Final = {
    "dec": "decimal",
    "numeric": "decimal",
    "integer": "int",
    "long": "bigint",
    "short": "smallint",
    "real": "float",
    "char": "string",
    "varchar": "string",
}


def named_type(name: str, sizes: Sequence[str]) -> Type | None:
    kind = _TYPE_NAMES.get(name, name)
    numbers = [int(size) for size in sizes if size.isdecimal() and len(size) < 10]
    if len(numbers) != len(sizes) or len(sizes) > {"decimal": 2}.get(kind, int(name in {"char", "varchar"})):
        return None
    if kind != "decimal":
        return Type(kind)
    precision, scale = [*numbers, *(10, 0)[len(numbers) :]]
    return decimal(precision, scale) if 1 <= precision <= MOST_DIGITS and scale <= precision else None
