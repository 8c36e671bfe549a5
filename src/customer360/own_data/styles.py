"""The evidence that a column's values give for its style, where the same characters have several readings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_CERTAIN: Final = 20
"""A style is ruled out if this many times more values contradict it than contradict another style."""


@dataclass(frozen=True)
class Evidence:
    """
    For each set of *styles*, the number of values that only these styles can read, with different results.

    *example* is a value with several readings, and *line* its line. *hints* count values that suggest a style
    without proving it.
    """

    styles: tuple[str, ...]
    counts: Mapping[frozenset[str], int] = field(default_factory=dict)
    example: str | None = None
    line: int | None = None
    hints: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Evidence) -> Evidence:
        example, line = (self.example, self.line) if self.example else (other.example, other.line)
        counts, hints = Counter(self.counts) + Counter(other.counts), Counter(self.hints) + Counter(other.hints)
        return Evidence(self.styles, counts, example, line, hints)

    @property
    def possible(self) -> tuple[str, ...]:
        """The styles that the values do not rule out; all of them if there is no evidence."""
        reading = frozenset().union(*self.counts) or self.styles
        contradicted = {style: self.contradicting(style) for style in self.styles if style in reading}
        fewest = min(contradicted.values())
        return tuple(s for s, n in contradicted.items() if n == fewest or n < _CERTAIN * fewest)

    def contradicting(self, style: str) -> int:
        """The number of values that *style* cannot read."""
        return sum(count for readable, count in self.counts.items() if style not in readable)

    def proving(self, style: str) -> int:
        """The number of values that only *style* can read."""
        return self.counts.get(frozenset({style}), 0)
