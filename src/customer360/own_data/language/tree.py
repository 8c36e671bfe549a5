"""An expression as it was read: a tree of values, operators and calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Node:
    """
    A part of an expression: `column` and `literal` have a *value*, all others are called by their *name*.

    The parts of `case` are its conditions and values in turns, and what else there is.
    """

    name: str
    parts: tuple[Node, ...] = ()
    value: Any = None

    def columns(self) -> Iterator[str]:
        """The columns that it is made of, as often as they occur in it."""
        if self.name == "column":
            yield self.value
        for part in self.parts:
            yield from part.columns()
