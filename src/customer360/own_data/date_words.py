"""Turns dates in words (names of days, months and time zones) into the digits that `dates` reads."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_MONTHS: Final = {
    "Jan": "january januar jänner jan janv janvier enero ene gennaio gen janeiro januari",
    "Feb": "february februar feber feb févr fév février fevrier febrero febbraio fevereiro fev februari",
    "Mar": "march märz maerz mrz mar mars marzo março marco maart mrt",
    "Apr": "april apr avril avr abril abr aprile",
    "May": "may mai mayo maggio mag maio mei maj",
    "Jun": "june juni jun juin junio giugno giu junho",
    "Jul": "july juli jul juillet juil julio luglio lug julho",
    "Aug": "august aug août aout agosto ago augustus augusti",
    "Sep": "september sept sep septembre septiembre setiembre settembre set setembro",
    "Oct": "october oktober okt oct octobre octubre ottobre ott outubro out",
    "Nov": "november nov novembre noviembre novembro",
    "Dec": "december dezember dez dec déc décembre decembre diciembre dic dicembre dezembro desember des",
}
"""English, German, French, Spanish, Italian, Portuguese and Dutch, and what Nordic languages share with them."""
_WEEKDAYS: Final = (
    "mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
    "|mo(?:ntag)?|di(?:enstag)?|mi(?:ttwoch)?|do(?:nnerstag)?|fr(?:eitag)?|sa(?:mstag)?|sonnabend|so(?:nntag)?"
    "|lun(?:di)?|mardi|mer(?:credi)?|jeu(?:di)?|ven(?:dredi)?|sam(?:edi)?|dim(?:anche)?"
    "|lunes|martes|mi[eé](?:rcoles)?|jue(?:ves)?|vie(?:rnes)?|s[aá]b(?:ado)?|dom(?:ingo)?"
    "|luned[iì]|marted[iì]|mercoled[iì]|gio(?:ved[iì])?|venerd[iì]|sabato|domenica"
    "|seg(?:unda)?(?:-feira)?|ter(?:ça)?(?:-feira)?|qua(?:rta)?(?:-feira)?|qui(?:nta)?(?:-feira)?|sex(?:ta)?(?:-feira)?"
    "|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|ma|wo|vr|za|zo"
)
_ZONES: Final = {
    "+00:00": "UTC GMT UT WET", "+01:00": "CET WEST BST MEZ", "+02:00": "CEST EET MESZ SAST", "+03:00": "EEST MSK",
    "-03:30": "NST", "-02:30": "NDT", "-04:00": "AST EDT", "-03:00": "ADT BRT ART", "-05:00": "EST CDT",
    "-06:00": "CST MDT", "-07:00": "MST PDT", "-08:00": "PST AKDT", "-09:00": "AKST", "-10:00": "HST",
    "+09:00": "JST KST", "+08:00": "SGT HKT AWST", "+07:00": "WIB ICT", "+10:00": "AEST", "+11:00": "AEDT",
    "+09:30": "ACST", "+10:30": "ACDT", "+12:00": "NZST", "+13:00": "NZDT", "+05:00": "PKT", "+04:00": "GST",
}  # fmt: skip
"""IST is omitted, as India, Ireland and Israel each have one. CST is the North American one."""
_TIME: Final = r"(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)"
_STEPS: Final = (
    (r"[\s\x{00a0}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}\x{200e}\x{200f}]+", " "),
    (r"^ | $", ""),
    (rf"(?i)^(?:(?:{_WEEKDAYS})\.?,?|mar\.?,) +(?:(?:the|den|le|el|il|de) )?", ""),
    (r"(?i)^mar\.? (\d{1,2}\.? [a-z])", r"\1"),
    (r"^(\d{8})[T ](\d{2})(\d{2})(\d{2})?", r"\1 \2:\3:\4"),
    (r" ?\([A-Z][^()]*\)$", ""),
    (r"([+-]\d{2}:?\d{2}|Z)(?: UTC| [A-Z]{3,4}|\[[\w/+-]+\])$", r"\1"),
    (r" ?(?:GMT|UTC)([+-]\d{1,2}(?::?\d{2})?)$", r" \1"),
    (r" ([+-])(\d)(:\d{2})?$", r" \10\2\3"),
    (r"^(\d{4})[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일]?", r"\1-\2-\3"),
    (r"^(\d{4})\. (\d{1,2})\. (\d{1,2})\.?", r"\1-\2-\3"),
    (r"^(\d{1,2})([A-Za-z]{3})(\d{4}|\d{2}):?(?: ?(\d{1,2}:))?", r"\1 \2 \3 \4"),
    (r"(?i)^(\d{1,2})(?:er|º|°|ª|\.º|e)? (?:de |di |d')?", r"\1 "),
    (r"(?i)([a-zçéû]{3,}\.?) del? (\d)", r"\1 \2"),
    (r"(?i)(\d),?(?: -)? (?:um|at|à|às|a las|alle|om|kl\.?) (\d)", r"\1 \2"),
    (r"(?i)(\d{1,2})(?: ?h ?)(\d{2})(?: ?(?:m|min))?$", r"\1:\2"),
    (r"(?i) ?(?:uhr|o'clock|hrs?\.?|horas?)$", ""),
    (r" (\d{1,2})\.(\d{2})(?:\.(\d{2})(\.\d+)?)?($| [AaPp])", r" \1:\2:\3\4\5"),
    (r":(\.\d+)?($| [AaPp]|Z)", r"\1\2"),
    (r"(?i) ?\b([ap])\. ?m\.?", r" \1M"),
    (r"^([A-Za-z]{3,4}\.? \d{1,2}) " + _TIME + r"( [A-Z]{3,4}| [+-]\d{4})? (\d{4})$", r"\1 \4 \2\3"),
)
_OF_MONTHS: Final = tuple(
    (rf"(?i)(^|[^a-zà-ÿ])(?:{names.replace(' ', '|')})\.?($|[^a-zà-ÿ])", rf"\1{month}\2")
    for month, names in _MONTHS.items()
)
_OF_ZONES: Final = tuple(
    (rf" ?\b(?:{names.replace(' ', '|')})$", f" {offset}") for offset, names in _ZONES.items()
)


def in_digits(texts: pa.Array) -> pa.Array:
    """*texts* as `dates` reads them: single blanks, English months, offsets for zones, no weekdays."""
    texts = _rewritten(texts, _STEPS)
    for steps, there in ((_OF_MONTHS, "(?i)[a-zà-ÿ]{3}"), (_OF_ZONES, "[A-Z]{2,5}$")):
        if pc.any(pc.match_substring_regex(texts, there)).as_py():
            texts = _rewritten(texts, steps)
    return pc.utf8_trim_whitespace(texts)


def _rewritten(texts: pa.Array, steps: tuple[tuple[str, str], ...]) -> pa.Array:
    for pattern, written in steps:
        texts = pc.replace_substring_regex(texts, pattern, written)
    return texts
