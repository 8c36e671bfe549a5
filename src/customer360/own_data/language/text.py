"""The text functions. Positions count characters from 1."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Collection
from typing import Final

from customer360.own_data.language.calls import Function
from customer360.own_data.language.patterns import Replacement
from customer360.own_data.language.types import BIGINT, BOOLEAN, INT, STRING

_LONGEST: Final = 1 << 20
"""The maximum length of texts that functions can lengthen: nested calls could otherwise exhaust memory."""


def substring(text: str, place: int, length: int = 1 << 31) -> str:
    start = place - 1 if place > 0 else len(text) + place if place < 0 else 0
    return text[max(start, 0) : max(start + length, 0)]


def _left(text: str, length: int) -> str:
    return text[: max(length, 0)]


def _right(text: str, length: int) -> str:
    return text[max(len(text) - length, 0) :] if length > 0 else ""


def joined(mark: str, texts: Collection[str]) -> str | None:
    """*texts* joined by *mark*; None if the result is too long."""
    return mark.join(texts) if len(mark) * len(texts) <= _LONGEST else None


def _padding(text: str, length: int, pad: str) -> str | None:
    missing = length - len(text)
    if length > _LONGEST:
        return None
    return "" if missing <= 0 or not pad else (pad * (missing // len(pad) + 1))[:missing]


def _lpad(text: str, length: int, pad: str = " ") -> str | None:
    padding = _padding(text, length, pad)
    return None if padding is None else padding + text[: max(length, 0)]


def _rpad(text: str, length: int, pad: str = " ") -> str | None:
    padding = _padding(text, length, pad)
    return None if padding is None else text[: max(length, 0)] + padding


def _trim(method: Callable[[str, str], str]) -> Callable[..., str]:
    """For functions whose optional first argument is the characters to remove."""
    return lambda *given: method(given[-1], given[0] if len(given) > 1 else " ")


def _btrim(text: str, taken: str = " ") -> str:
    return text.strip(taken)


def locate(part: str, text: str, start: int = 1) -> int:
    if not part:
        return int(start > 0)
    return text.find(part, start - 1) + 1 if start > 0 else 0


def _translate(text: str, these: str, those: str) -> str:
    table: dict[int, str | None] = {}
    for place, letter in enumerate(these):
        table.setdefault(ord(letter), those[place] if place < len(those) else None)
    return text.translate(table)


def _initcap(text: str) -> str:
    return " ".join(word[:1].title() + word[1:].lower() for word in text.split(" "))


def _find_in_set(text: str, texts: str) -> int:
    found = texts.split(",")
    return found.index(text) + 1 if "," not in text and text in found else 0


def _overlay(text: str, new: str, place: int, length: int = -1) -> str:
    length = len(new) if length < 0 else length
    return substring(text, 1, place - 1) + new + substring(text, place + length)


def _split_part(text: str, mark: str, place: int) -> str | None:
    found = text.split(mark) if mark else [text]
    if not place:
        return None
    return found[place - 1 if place > 0 else place] if abs(place) <= len(found) else ""


def _substring_index(text: str, mark: str, count: int) -> str:
    if not mark or not count:
        return ""
    if count > 0:
        return mark.join(text.split(mark, count)[:count])
    return mark.join(text.rsplit(mark, -count)[count:])


def _levenshtein(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row[0] = row[0], place
        for across, another in enumerate(other, 1):
            before, row[across] = (
                row[across],
                min(row[across] + 1, row[across - 1] + 1, before + (letter != another)),
            )
    return row[-1]


_SOUNDS: Final = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "01230127022455012623017202", strict=True))


def _soundex(text: str) -> str:
    first = text[:1].upper() if text[:1].isascii() else text[:1]
    if first not in _SOUNDS:
        return text
    found, last = first, _SOUNDS[first]
    for letter in text[1:]:
        sound = _SOUNDS.get(letter.upper() if letter.isascii() else "", "0")
        if sound in "123456" and sound != last:
            found += sound
        if sound != "7":
            last = sound
        if len(found) == 4:
            break
    return found.ljust(4, "0")


def _chr(code: int) -> str:
    return "" if code < 0 else chr(code & 0xFF)


def _replace(text: str, old: str, new: str = "") -> str | None:
    if not old:
        return text
    return text.replace(old, new) if text.count(old) * len(new) <= _LONGEST else None


def _sha2(text: str, bits: int) -> str | None:
    name = {224: "sha224", 256: "sha256", 0: "sha256", 384: "sha384", 512: "sha512"}.get(bits)
    return hashlib.new(name, text.encode()).hexdigest() if name else None


def _extract(text: str, pattern: re.Pattern[str], group: int = 1) -> str | None:
    if not 0 <= group <= pattern.groups:
        return None
    found = pattern.search(text)
    return found[group] or "" if found else ""


def _regexp_replace(text: str, pattern: re.Pattern[str], new: Replacement, place: int = 1) -> str | None:
    if place < 1 or new.highest > pattern.groups or len(text) * new.length > _LONGEST:
        return None
    return text[: place - 1] + pattern.sub(new.of, text[place - 1 :]) if place <= len(text) else text


def _regexp_instr(text: str, pattern: re.Pattern[str]) -> int:
    found = pattern.search(text)
    return found.start() + 1 if found else 0


def _regexp_substr(text: str, pattern: re.Pattern[str]) -> str | None:
    found = pattern.search(text)
    return found[0] or None if found else None


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


_LENGTH = Function("text", INT, len)
_LOWER, _UPPER = Function("text", STRING, str.lower), Function("text", STRING, str.upper)
_SUBSTRING = Function("text int int?", STRING, substring)
_LOCATE = Function("text text int?", INT, locate)
_RLIKE = Function("text regex", BOOLEAN, lambda text, pattern: pattern.search(text) is not None)
_SHA1 = Function("text", STRING, _sha1)
TEXT: Final[dict[str, Function]] = {
    "ascii": Function("text", INT, lambda text: ord(text[0]) if text else 0),
    "btrim": Function("text text?", STRING, _btrim),
    "char_length": _LENGTH, "character_length": _LENGTH, "length": _LENGTH,
    "chr": Function("bigint", STRING, _chr),
    "contains": Function("text text", BOOLEAN, str.__contains__),
    "endswith": Function("text text", BOOLEAN, str.endswith),
    "find_in_set": Function("text text", INT, _find_in_set),
    "initcap": Function("text", STRING, _initcap),
    "instr": Function("text text", INT, lambda text, part: text.find(part) + 1),
    "lcase": _LOWER, "lower": _LOWER, "ucase": _UPPER, "upper": _UPPER,
    "left": Function("text int", STRING, _left), "right": Function("text int", STRING, _right),
    "levenshtein": Function("text text", INT, _levenshtein),
    "locate": _LOCATE, "position": _LOCATE,
    "lpad": Function("text int text?", STRING, _lpad), "rpad": Function("text int text?", STRING, _rpad),
    "ltrim": Function("text text?", STRING, _trim(str.lstrip)),
    "rtrim": Function("text text?", STRING, _trim(str.rstrip)),
    "trim": Function("text text?", STRING, _trim(str.strip)),
    "overlay": Function("text text int int?", STRING, _overlay),
    "regexp_count": Function("text regex", INT, lambda text, pattern: sum(1 for _ in pattern.finditer(text))),
    "regexp_extract": Function("text regex int?", STRING, _extract),
    "regexp_instr": Function("text regex", INT, _regexp_instr),
    "regexp_like": _RLIKE, "rlike": _RLIKE,
    "regexp_replace": Function("text regex replacement int?", STRING, _regexp_replace),
    "regexp_substr": Function("text regex", STRING, _regexp_substr),
    "replace": Function("text text text?", STRING, _replace),
    "reverse": Function("text", STRING, lambda text: text[::-1]),
    "soundex": Function("text", STRING, _soundex),
    "split_part": Function("text text int", STRING, _split_part),
    "startswith": Function("text text", BOOLEAN, str.startswith),
    "substr": _SUBSTRING, "substring": _SUBSTRING,
    "substring_index": Function("text text int", STRING, _substring_index),
    "translate": Function("text text text", STRING, _translate),
    "crc32": Function("text", BIGINT, lambda text: zlib.crc32(text.encode())),
    "md5": Function("text", STRING, lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()),
    "sha": _SHA1, "sha1": _SHA1, "sha2": Function("text int", STRING, _sha2),
}  # fmt: skip


def like(pattern: str, escape: str, *, ignores_case: bool) -> re.Pattern[str] | None:
    """The regular expression for a LIKE pattern; None if it ends in its escape or escapes a letter."""
    if ignores_case:
        pattern = pattern.lower()
    found, place = "", 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == escape:
            place += 1
            if place == len(pattern) or pattern[place] not in {"%", "_", escape}:
                return None
            found += re.escape(pattern[place])
        else:
            found += {"%": ".*", "_": "."}.get(letter) or re.escape(letter)
        place += 1
    return re.compile(found, re.DOTALL)
