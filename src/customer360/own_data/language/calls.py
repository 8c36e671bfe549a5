"""The signature of a function as data: what it takes, what it returns, and what computes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from customer360.own_data.language.types import Type


@dataclass(frozen=True)
class Function:
    """
    *takes* has one word per argument, the type that it is cast to, with `?` after it if it is optional.

    `regex`, `replacement`, `format`, `unit` and `path` are texts that are the same in every row. If an argument is
    null, the result is null.
    """

    takes: str
    gives: Type
    compute: Callable[..., Any]
