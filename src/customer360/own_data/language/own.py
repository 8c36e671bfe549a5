"""The functions that only `load` has."""

from __future__ import annotations

from typing import Final

from customer360.own_data.cells import NO_TEXT, NOTHING
from customer360.own_data.language.calls import Function
from customer360.own_data.language.hashes import hashed_text
from customer360.own_data.language.types import BIGINT, STRING

_NOTHING: Final = frozenset(NOTHING)
_NO_TEXT: Final = frozenset(NO_TEXT)


def _filled(text: str) -> str | None:
    text = text.strip(" ")
    return None if text.lower() in _NOTHING else text


def _filled_text(text: str) -> str | None:
    text = text.strip(" ")
    return None if text in _NO_TEXT else text


def _hashed_id(text: str) -> int | None:
    filled = _filled(text)
    return None if filled is None else hashed_text(filled)


OWN_VALUES: Final = {
    "filled": Function("text", STRING, _filled), "filled_text": Function("text", STRING, _filled_text),
    "hashed_id": Function("text", BIGINT, _hashed_id),
}  # fmt: skip
