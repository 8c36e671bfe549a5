"""Readers' choices: random slicer settings, and walks in which each step is one click."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Pairs = tuple[tuple[str, str], ...]
"""A query: names and values as in a URL."""

MONTHS = "join_month"
FROM, TO = "from", "to"
_MOST_MEMBERS = 3


@dataclass(frozen=True)
class Change:
    """One click: a member switched on or off, or an end of the months moved; *query* is the resulting query."""

    slicer: str
    value: str
    query: Pairs

    @property
    def token(self) -> str:
        return token(self.query)


def token(query: Iterable[tuple[str, str]]) -> str:
    """The same text for the same choice, regardless of the order of the clicks."""
    return "chosen: " + " ".join(sorted(f"{name}={value}" for name, value in query))


@dataclass(frozen=True)
class Choices:
    """What the slicers offer: *members* by slicer, and *months* as YYYY-MM."""

    members: Mapping[str, list[str]]
    months: list[str]

    @staticmethod
    def of(report: Mapping[str, Any]) -> Choices:
        """From the response of /api/report."""
        slicers = {slicer["dimension"]: slicer for slicer in report["slicers"]}
        months = slicers.pop(MONTHS)
        members = {name: [str(one["key"]) for one in slicer["members"]] for name, slicer in slicers.items()}
        return Choices(members, _months(months["first"], months["last"]))

    def slicers(self, chance: random.Random) -> Pairs:
        """One to three slicers, set at random."""
        names = chance.sample([*self.members, MONTHS], chance.randint(1, 3))
        return tuple(pair for name in sorted(names) for pair in self._setting(name, chance))

    def walk(self, steps: int, seed: int) -> list[Change]:
        """Successive clicks that never lead to the same choice twice, so that no answer is cached."""
        chance, walk = random.Random(seed), _Walk(self)
        changes: dict[str, Change] = {token(()): Change("", "", ())}
        while len(changes) <= steps:
            change = walk.next(chance)
            if change.token not in changes:
                changes[change.token] = change
                walk.take(change)
        return list(changes.values())[1:]

    def _setting(self, name: str, chance: random.Random) -> Pairs:
        if name == MONTHS:
            first, last = sorted(chance.sample(self.months, 2))
            return ((MONTHS, f"{first}..{last}"),)
        members = self.members[name]
        chosen = chance.sample(members, min(chance.randint(1, _MOST_MEMBERS), len(members)))
        return tuple((name, member) for member in sorted(chosen))


class _Walk:
    """The current position of a walk."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._chosen: dict[str, set[str]] = {name: set() for name in choices.members}
        self._ends = {FROM: "", TO: ""}

    def next(self, chance: random.Random) -> Change:
        """A possible step."""
        slicer = chance.choice([*self._chosen, *self._ends])
        if slicer in self._ends:
            return self._moved(slicer, chance)
        members, chosen = self._choices.members[slicer], self._chosen[slicer]
        value = chance.choice(sorted(chosen) if len(chosen) == _MOST_MEMBERS else members)
        return Change(slicer, value, self._query({**self._chosen, slicer: chosen ^ {value}}, self._ends))

    def take(self, change: Change) -> None:
        if change.slicer in self._ends:
            self._ends[change.slicer] = change.value
        else:
            self._chosen[change.slicer] ^= {change.value}

    def _moved(self, end: str, chance: random.Random) -> Change:
        half = len(self._choices.months) // 2
        month = chance.choice(self._choices.months[:half] if end == FROM else self._choices.months[half:])
        return Change(end, month, self._query(self._chosen, {**self._ends, end: month}))

    def _query(self, chosen: Mapping[str, set[str]], ends: Mapping[str, str]) -> Pairs:
        members = [(name, value) for name, values in chosen.items() for value in sorted(values)]
        months = [(MONTHS, f"{ends[FROM]}..{ends[TO]}")] if any(ends.values()) else []
        return tuple(members + months)


def _months(first: str, last: str) -> list[str]:
    """The months between two days as YYYY-MM-DD, inclusive."""
    start, end = (int(day[:4]) * 12 + int(day[5:7]) - 1 for day in (first, last))
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(start, end + 1)]
