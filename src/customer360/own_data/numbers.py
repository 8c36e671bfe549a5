"""Numbers as people write them, exactly: decimal points and commas, thousands, currencies, accounting brackets."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

POINT: Final = "decimal point"
COMMA: Final = "decimal comma"
STYLES: Final = (POINT, COMMA)

NUMBER: Final = pa.decimal128(38, 10)
_PLAIN: Final = r"^-?\d{1,25}(?:\.\d{1,10})?$"
_DIGITS: Final = r"^-?\d{1,25}$"
_CURRENCY: Final = (
    r"(?i:\p{Sc}|R\$|\b(?:EUR|USD|GBP|CHF|JPY|CNY|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|INR|BRL|MXN|ZAR|TRY|SGD"
    r"|HKD|KRW)\b|\b(?:kr|Rs|Fr|Ft|lei)\b\.?|z\x{142}|K\x{10d})"
)
_SPACES: Final = r"[\s\x{00a0}\x{2009}\x{202f}'\x{2019}_]+"
_WRITTEN: Final = r"^[+-]?(?:\d+(?:\.\d*)?|\d{1,3}(?:[,_]\d{2,3})*[,_]\d{3}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?$"
_POINT_ONLY: Final = r"^[^.,]*\.(?:\d{0,2}|\d{4,})$|^[+-]?0?\.\d+$|,\d{2,3}\.\d|,\d{3},\d{3}$|\d,\d{2},\d{3}"
_COMMA_ONLY: Final = r"^[^.,]*,(?:\d{0,2}|\d{4,})$|^[+-]?0?,\d+$|\.\d{2,3},\d|\.\d{3}\.\d{3}$"
_EITHER: Final = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"


@dataclass(frozen=True)
class NumberEvidence:
    """How many values can only have a decimal point, only a decimal comma, or either; and one of these last."""

    point: int = 0
    comma: int = 0
    either: int = 0
    example: str | None = None

    def __add__(self, other: NumberEvidence) -> NumberEvidence:
        return NumberEvidence(
            self.point + other.point,
            self.comma + other.comma,
            self.either + other.either,
            self.example or other.example,
        )


def number_evidence(texts: pa.Array) -> NumberEvidence:
    """What the values of *texts* allow: 1.234 may be one and a bit or a thousand and some."""
    texts = texts.drop_null()
    said = pc.match_substring_regex(texts, r"^-?\d+(?:\.\d\d?)?$")
    pointed = pc.and_(said, pc.match_substring(texts, "."))
    texts = _bare(texts.filter(pc.invert(said)))
    either = texts.filter(pc.match_substring_regex(texts, _EITHER))
    return NumberEvidence(
        (pc.sum(pointed).as_py() or 0) + _count(texts, _POINT_ONLY),
        _count(texts, _COMMA_ONLY),
        len(either),
        either[0].as_py() if len(either) else None,
    )


def _count(texts: pa.Array, pattern: str) -> int:
    return pc.sum(pc.match_substring_regex(texts, pattern)).as_py() or 0


def numbers(texts: pa.Array, style: str = POINT, *, is_money: bool = True) -> pa.Array:
    """
    Decimals with 10 places; null where *texts* are no number. Only money may have a currency.

    A number too long for the type comes as one of 25 nines: far out of any range.
    """
    plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN if style == POINT else _DIGITS), True)
    if not pc.all(plain).as_py():
        rest = texts.filter(pc.invert(plain))
        rest = _canonical(_bare(rest) if is_money else _trimmed(rest), style)
        texts = pc.replace_with_mask(texts, pc.invert(plain), rest)
    return texts.cast(NUMBER)


def _bare(texts: pa.Array) -> pa.Array:
    return _trimmed(pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _CURRENCY, "")))


def _trimmed(texts: pa.Array) -> pa.Array:
    """Brackets and trailing signs as a minus in front, spaces and apostrophes between digits as one mark."""
    texts = pc.replace_substring(texts, "\u2212", "-")
    texts = pc.replace_substring_regex(texts, r"^\((.+)\)$", r"-\1")
    texts = pc.replace_substring_regex(texts, r"^([^-]+)-$", r"-\1")
    texts = pc.replace_substring_regex(texts, r"^([+-])\s+", r"\1")
    return pc.replace_substring_regex(texts, _SPACES, "_")


def _canonical(texts: pa.Array, style: str) -> pa.Array:
    """Digits with at most one point, which Arrow reads; null for what is no number."""
    if style == COMMA:
        texts = _swapped(texts)
    texts = pc.if_else(pc.match_substring_regex(texts, _WRITTEN), texts, pa.scalar(None, pa.string()))
    texts = pc.replace_substring_regex(texts, "[,_+]", "") if not _has_exponents(texts) else _expanded(texts)
    texts = pc.replace_substring_regex(texts, r"(\.\d{10})\d+", r"\1")
    texts = pc.replace_substring_regex(texts, r"^(-?)0+(\d)", r"\1\2")
    texts = pc.replace_substring_regex(texts, r"^(-?)\d{26,}(?:\..*)?$", r"\1" + "9" * 25)
    texts = pc.replace_substring_regex(texts, r"^(-?)\.", r"\10.")
    return pc.replace_substring_regex(texts, r"\.$", "")


def _swapped(texts: pa.Array) -> pa.Array:
    texts = pc.replace_substring(texts, ",", "\0")
    texts = pc.replace_substring(texts, ".", ",")
    return pc.replace_substring(texts, "\0", ".")


def _has_exponents(texts: pa.Array) -> bool:
    return bool(pc.any(pc.match_substring_regex(texts, "[eE]")).as_py())


def _expanded(texts: pa.Array) -> pa.Array:
    """Exponents written out, as spreadsheets and floats bring them."""
    texts = pc.replace_substring_regex(texts, "[,_]", "")
    return pa.array(
        [text if text is None else f"{Decimal(text):f}".replace("+", "") for text in texts.to_pylist()],
        pa.string(),
    )


def currency_marks(texts: pa.Array) -> pa.Array:
    """The currency that each text names, as it is written; null for none."""
    return pc.struct_field(pc.extract_regex(texts, f"(?P<mark>{_CURRENCY})"), 0)
