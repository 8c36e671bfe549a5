"""
The countries of mock customers, with the names and cities of the people there.

The lists in countries.json were written for this project, most common name first. City weights are millions of
inhabitants, rounded; `spending` is a customer's spending relative to the average.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# letters that Unicode does not decompose into a base letter and a mark
_UNDIVIDED = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i"})


@dataclass(frozen=True)
class Country:
    """A country with its names, most common first; *female_surnames* differ where surnames follow gender."""

    name: str
    weight: float
    utc_offset: int
    spending: float
    cities: dict[str, float]
    female: list[str]
    male: list[str]
    surnames: list[str]
    female_surnames: list[str]


@cache
def countries() -> tuple[Country, ...]:
    """All countries, most customers first."""
    text = (files(__package__) / "countries.json").read_text(encoding="utf-8")
    return tuple(Country(**{"female_surnames": entry["surnames"], **entry}) for entry in json.loads(text))


def ascii_fold(name: str) -> str:
    """The name as written in an e-mail address: 'Łukasz de Groß' -> 'lukaszdegross'."""
    divided = unicodedata.normalize("NFKD", name.lower().translate(_UNDIVIDED))
    return "".join(letter for letter in divided if "a" <= letter <= "z")
