"""Java's regular expressions, limited to what Python can match in the same way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_DOT: Final = "[^\n\r\u0085\u2028\u2029]"
_END: Final = "(?=(?:\r\n|[\n\r\u0085\u2028\u2029])?\\Z)(?!(?<=\r)\n)"
_CLASSES: Final = {
    "d": "0-9",
    "w": "a-zA-Z0-9_",
    "s": " \t\n\x0b\f\r",
    "h": " \t\u00a0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000",
}
_POSIX: Final = {
    "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9", "Upper": "A-Z", "Lower": "a-z",
    "Space": _CLASSES["s"],
    "Punct": "!-/:-@\\[-`{-~", "XDigit": "0-9a-fA-F", "Blank": " \t", "ASCII": "\x00-\x7f",
}  # fmt: skip
_TOKEN: Final = re.compile(
    r"""(?P<negated>\\[DWSH])
    | (?P<class>\\[dwsh]) | \\p\{(?P<posix>\w+)\} | (?P<known>\\(?:[tnrfb\\A]|[1-9](?!\d)|[^a-zA-Z0-9]))
    | (?P<code>\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}) | (?P<last>\\z)
    | (?P<group>\((?!\?)|\(\?(?:i\)|:|=|!|<=|<!|<[a-zA-Z][a-zA-Z0-9]*>))
    | (?P<times>(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??(?![*+?{])) | (?P<dot>\.) | (?P<end>\$)
    | (?P<start>\^) | (?P<or>[|)])
    | (?P<open>\[\^?) | (?P<letter>[^\\()\[{}*+?.$^|])""",
    re.VERBOSE | re.DOTALL,
)
_IN_CLASS: Final = re.compile(
    r"""(?P<class>\\[dwsh]) | \\p\{(?P<posix>\w+)\} | (?P<known>\\(?:[tnrf\\]|[^a-zA-Z0-9]))
    | (?P<code>\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}) | (?P<close>\]) | (?P<letter>&(?!&)|[^\\\[\]&])""",
    re.VERBOSE | re.DOTALL,
)


@lru_cache(256)
def regex(text: str) -> re.Pattern[str] | None:
    """The pattern *text*; None if it is invalid, or if Python and Java may read it differently."""
    found, place = "", 0
    while place < len(text):
        if (token := _TOKEN.match(text, place)) is None:
            return None
        place = token.end()
        if token["open"]:
            part = _class(text, place)
            if part is None:
                return None
            found, place = found + token["open"] + part[0], part[1]
        elif (more := _written(token)) is None:
            return None
        else:
            found += more
    try:
        return re.compile(found, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return None


def _written(token: re.Match[str]) -> str | None:
    """A part of a pattern as Python writes it."""
    kind = token.lastgroup or ""
    text = token[0]
    if kind == "class":
        return f"[{_CLASSES[text[1]]}]"
    if kind == "negated":
        return f"[^{_CLASSES[text[1].lower()]}]"
    if kind == "posix":
        inner = _POSIX.get(token["posix"])
        return inner and f"[{inner}]"
    if kind == "group" and text == "(?i)":
        return text if not token.start() else None
    if kind == "group" and re.match(r"\(\?<[a-zA-Z]", text):
        return f"(?P{text[2:]}"
    return {"dot": _DOT, "end": _END, "last": r"\Z"}.get(kind, re.escape(text) if kind == "letter" else text)


def _class(text: str, place: int) -> tuple[str, int] | None:
    """A character class and where it ends; Java's nested classes are not supported."""
    found, start, is_class = "", place, False
    while (token := _IN_CLASS.match(text, place)) is not None:
        place = token.end()
        if token["close"]:
            return (found + "]", place) if place - 1 > start else None
        if token["class"]:
            found += _CLASSES[token["class"][1]]
        elif token["posix"]:
            if token["posix"] not in _POSIX:
                return None
            found += _POSIX[token["posix"]]
        else:
            letter = token[0]
            is_range = letter == "-" and not (is_class or re.match(r"\\[dwshp]", text[place:]))
            found += letter if letter[0] == "\\" or is_range else re.escape(letter)
        is_class = bool(token["class"] or token["posix"])
    return None


@dataclass(frozen=True)
class Replacement:
    """The replacement of a match: texts and the numbers of groups."""

    parts: tuple[str | int, ...]

    @property
    def highest(self) -> int:
        return max((part for part in self.parts if isinstance(part, int)), default=0)

    @property
    def length(self) -> int:
        return sum(1 if isinstance(part, int) else len(part) for part in self.parts)

    def of(self, found: re.Match[str]) -> str:
        return "".join((found[part] or "") if isinstance(part, int) else part for part in self.parts)


def replacement(text: str) -> Replacement | None:
    """The replacement *text*, with $1 for a group and a backslash as escape; None if it is invalid."""
    parts: list[str | int] = []
    for token in re.finditer(r"\\(.)|\$([0-9])(?![0-9])|([^\\$]+)|(.)", text, re.DOTALL):
        if token[4]:
            return None
        parts.append(token[1] or token[3] or int(token[2]))
    return Replacement(tuple(parts))
