"""The syntax tree of an expression: values, operators and calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Node:
    """
    A part of an expression: `column` and `literal` have a *value*, all other nodes are identified by their *name*.

    The parts of `case` are its conditions and values in turn, followed by the ELSE value.
    """

    name: str
    parts: tuple[Node, ...] = ()
    value: Any = None

    def columns(self) -> Iterator[str]:
        """The columns in the expression, as often as they occur."""
        if self.name == "column":
            yield self.value
        for part in self.parts:
            yield from part.columns()
