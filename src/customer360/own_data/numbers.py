"""Numbers as people write them, read exactly: decimal points and commas, thousands, currencies, brackets."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data.columns import may_contain
from customer360.own_data.styles import Evidence

POINT: Final = "decimal point"
COMMA: Final = "decimal comma"
STYLES: Final = (POINT, COMMA)
BELOW_1000: Final = "below 1000"
FROM_1000: Final = "from 1000"

NUMBER: Final = pa.decimal128(38, 10)
_PLAIN: Final = r"^-?\d{1,25}(?:\.\d{1,10})?$"
_DIGITS: Final = r"^-?\d{1,25}$"
_CURRENCY: Final = (
    r"(?i:(?:US|CA|C|AU|A|NZ|HK|SG|S|MX|MEX|R|NT|AR|CL|COL|TT|J|BZ|FJ)\$|E\x{a3}|\p{Sc}"
    r"|EUR|USD|GBP|CHF|JPY|CNY|RMB|CAD|AUD|NZD|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|RSD|TRY|RUB|UAH|ILS|AED|SAR|QAR|KWD"
    r"|EGP|MAD|TND|ZAR|NGN|KES|GHS|INR|PKR|LKR|BDT|NPR|THB|VND|IDR|MYR|SGD|PHP|HKD|TWD|KRW|BRL|MXN|ARS|CLP|COP|PEN"
    r"|UYU|KZT|GEL|AZN"
    r"|(?:SFr|KSh|kr|Rs|Rp|RM|Fr|Ft|lei|TL|dh|din|z\x{142}|K\x{10d}|\x{43b}\x{432}|\x{440}\x{443}\x{431})\.?|S/\.?)"
)
_ZERO: Final = (
    rf"^\s*(?:{_CURRENCY}\s*[-\x{{2013}}\x{{2014}}]{{1,2}}|[-\x{{2013}}\x{{2014}}]{{1,2}}\s*{_CURRENCY})\s*$"
)
"""Accounting formats write zero as a dash with a currency."""
_SPACES: Final = r"[\s\x{00a0}\x{2009}\x{202f}'\x{2019}_]+"
_WRITTEN: Final = (
    r"^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?"
    r"|[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}(?:\.\d*)?|[1-9]\d{0,2}(?:_\d{2,3})*_\d{3}(?:\.\d*)?)$"
)
"""Thousands have the same mark throughout, and none in a number with an exponent."""
_POINT_ONLY: Final = (
    r"^[^.,]*\.(?:\d{0,2}|\d{4,})$|^[+-]?(?:0\d*|\d{4,})?\.\d+$|\.\d+[eE]|^[^.,]*_\d+\.\d+$"
    r"|,\d{2,3}\.\d|,\d{3},\d{3}$|\d,\d{2},\d{3}"
)
_COMMA_ONLY: Final = (
    r"^[^.,]*,(?:\d{0,2}|\d{4,})$|^[+-]?(?:0\d*|\d{4,})?,\d+$|,\d+[eE]|^[^.,]*_\d+,\d+$"
    r"|\.\d{2,3},\d|\.\d{3}\.\d{3}$"
)
_LIKE_A_NUMBER: Final = r"^[+-]?[\d.,_]*\d[\d.,_]*(?:[eE][+-]?\d+)?$"
_EITHER: Final = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"


def number_evidence(texts: pa.Array, lines: pa.Array | None = None) -> Evidence:
    """The styles that the values of *texts*, which are in *lines*, allow: 1.234 may be 1.234 or 1234."""
    said = pc.fill_null(pc.match_substring_regex(texts, r"^-?\d+(?:\.\d\d?)?$"), True)
    pointed = pc.fill_null(pc.and_(said, pc.match_substring(texts, ".")), False)
    rest = _bare(texts.filter(pc.invert(said)))
    rest = pc.if_else(pc.match_substring_regex(rest, _LIKE_A_NUMBER), rest, pa.scalar(None, pa.string()))
    is_either = pc.match_substring_regex(rest, _EITHER)
    counts = {
        frozenset({POINT}): _count(pointed) + _count(pc.match_substring_regex(rest, _POINT_ONLY)),
        frozenset({COMMA}): _count(pc.match_substring_regex(rest, _COMMA_ONLY)),
        frozenset(STYLES): _count(is_either),
    }
    counts = {styles: count for styles, count in counts.items() if count}
    hints = _hints(texts.filter(pc.and_not(said, pointed)), rest.filter(is_either))
    if frozenset(STYLES) not in counts:
        return Evidence(STYLES, counts, hints=hints)
    place = pc.index(is_either, True).as_py()
    line = None if lines is None else lines.filter(pc.invert(said))[place].as_py()
    return Evidence(STYLES, counts, rest[place].as_py(), line, hints)


def _hints(bare: pa.Array, either: pa.Array) -> dict[str, int]:
    """Counts of numbers without a mark, below 1000 and from 1000, and of numbers with each mark."""
    is_small = pc.less_equal(pc.binary_length(bare), 3)
    commas = _count(pc.match_substring(either, ","))
    return {
        BELOW_1000: _count(is_small), FROM_1000: _count(pc.invert(is_small)),
        COMMA: len(either) - commas, POINT: commas,
    }  # fmt: skip


def parting(hints: Mapping[str, int]) -> str | None:
    """
    The style in which the marks of whole numbers separate thousands, if they evidently do.

    They do if every number from 1000 has a mark and none below 1000 has one, as in 250 and 1.234.
    """
    if not hints.get(BELOW_1000) or hints.get(FROM_1000):
        return None
    marks = [style for style in STYLES if hints.get(style)]
    return marks[0] if len(marks) == 1 else None


def _count(found: pa.Array) -> int:
    return pc.sum(found).as_py() or 0


def numbers(texts: pa.Array, style: str = POINT, *, is_money: bool = True) -> pa.Array:
    """
    Decimals with 10 places; null where *texts* are invalid. Only money may have a currency.

    A number too long for the type becomes 25 nines, which is out of any range.
    """
    plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN if style == POINT else _DIGITS), True)
    if not pc.all(plain).as_py():
        rest = texts.filter(pc.invert(plain))
        rest = _canonical(_bare(rest) if is_money else _trimmed(rest), style)
        texts = pc.replace_with_mask(texts, pc.invert(plain), rest)
    return texts.cast(NUMBER)


def _bare(texts: pa.Array) -> pa.Array:
    if _may_have_dashes(texts):
        texts = pc.replace_substring_regex(texts, _ZERO, "0")
    return _trimmed(pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _CURRENCY, "")))


def _trimmed(texts: pa.Array) -> pa.Array:
    """Replaces brackets and trailing signs by a leading minus, and spaces and apostrophes by one mark."""
    if may_contain(texts, b"("):
        texts = pc.replace_substring_regex(texts, r"^\((.+)\)$", r"-\1")
    if _may_have_dashes(texts):
        texts = _signed(texts)
    texts = pc.replace_substring_regex(texts, r"^\+\s+", "+")
    return pc.replace_substring_regex(texts, _SPACES, "_")


def _signed(texts: pa.Array) -> pa.Array:
    """
    Moves the minus to the front.

    A dash right after the decimal mark stands for cents, not for a sign: 120.- and 45,-- are 120.00 and 45,00.
    """
    texts = pc.replace_substring_regex(texts, r"[\x{2212}\x{2013}\x{2014}]", "-")
    texts = pc.replace_substring_regex(texts, r"(\d[.,])-{1,2}$", r"\100")
    texts = pc.replace_substring_regex(texts, r"(\d):-$", r"\1")
    texts = pc.replace_substring_regex(texts, r"^([^-]+)-$", r"-\1")
    return pc.replace_substring_regex(texts, r"^-\s+", "-")


def _may_have_dashes(texts: pa.Array) -> bool:
    return may_contain(texts, b"-") or may_contain(texts, b"\xe2")


def _canonical(texts: pa.Array, style: str) -> pa.Array:
    """Digits with at most one point, as Arrow reads them; null for an invalid number."""
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
    """Writes out the exponents of spreadsheets and floats."""
    texts = pc.replace_substring_regex(texts, "[,_]", "")
    return pa.array(
        [text if text is None else f"{Decimal(text):f}".replace("+", "") for text in texts.to_pylist()],
        pa.string(),
    )


def currency_marks(texts: pa.Array) -> pa.Array:
    """The currency in each text, as written; null for none."""
    return pc.struct_field(pc.extract_regex(texts, f"(?P<mark>{_CURRENCY})"), 0)
