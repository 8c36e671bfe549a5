"""What all lanes together have seen, and the progress line."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.interleaved import say
from tests.torture.lane import Lane, Strike


@dataclass
class Tally:
    """Lanes continue until *deadline*, a monotonic time."""

    deadline: float
    strikes: list[Strike] = field(default_factory=list)
    looks: int = 0
    broken: int = 0
    skipped: list[str] = field(default_factory=list)
    litter: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self.deadline

    def add(self, strike: Strike) -> None:
        with self._lock:
            self.strikes.append(strike)
            hits = Counter(one.fault for one in self.strikes if one.has_hit)
            say(
                f"  {len(self.strikes):>4}  {strike.fault}: {strike.command}, {strike.moment}, exit {strike.outcome.code}, "
                f"{'new' if strike.is_new else 'old'} data, {strike.seconds:.1f} s; {hits[strike.fault]} of it so far"
            )
            for problem in strike.problems:
                say(f"        PROBLEM {problem}")

    def skip(self, reason: str) -> None:
        with self._lock:
            say(f"  SKIPPED {reason}")
            self.skipped.append(reason)

    def break_off(self, reason: str) -> None:
        with self._lock:
            say(f"  PROBLEM {reason}")
            self.litter.append(reason)

    def close(self, lane: Lane) -> None:
        """Adds what the reader of *lane* saw, and the leftovers."""
        litter = lane.litter()
        with self._lock:
            self.litter += litter
            self.looks += lane.reader.looks
            self.broken += len(lane.reader.broken)

    def in_order(self) -> list[Strike]:
        """By fault in order of first occurrence, then by command in the order of the data flow."""
        first = list(dict.fromkeys(strike.fault for strike in self.strikes))
        commands = ["mock", "load", "run"]
        return sorted(self.strikes, key=lambda strike: (first.index(strike.fault), commands.index(strike.command)))

    def problems(self) -> list[str]:
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        for strike in self.strikes:
            yield from (f"{strike.fault}, {strike.command}: {problem}" for problem in strike.problems)
        yield from self.litter
        if self.broken:
            yield f"{self.broken} broken looks"
