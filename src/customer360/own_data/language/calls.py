"""How a function is called, as data: what it takes, what it gives, and what computes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from customer360.own_data.language.types import Type


@dataclass(frozen=True)
class Function:
    """
    *takes* has a word for each argument: the type that it is read as; `?` after it when it may be left out.

    `regex`, `format`, `unit` and `words` are texts that are the same in every row. A null gives null.
    """

    takes: str
    gives: Type
    compute: Callable[..., Any]
