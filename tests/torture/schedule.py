"""Which faults hit which commands, how often, and in which lane."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.torture import crash, faults
from tests.torture.lane import Fault, Lane, Underway
from tests.torture.states import Operation
from tests.torture.tally import Tally

Start = Callable[[Operation], Underway]


def _fresh(lane: Lane) -> Start:
    """A separate command, which starts the engine."""
    return lane.fresh


def _warm(lane: Lane) -> Start:
    """The same operation in the lane's session."""
    return lane.warm


def _through(lane: Lane) -> Start:
    """Also in the session, through a connection that can be cut."""
    return lane.through


_SHARES: Final = (
    (crash.DRIVER, _fresh, {"mock": 0.2, "load": 0.6, "run": 0.2}),
    (crash.ENGINE, _fresh, {"mock": 0.7, "run": 0.7}),
    (crash.ENGINE, _warm, {"mock": 0.5, "run": 0.5}),
    (crash.BACKEND, _warm, {"mock": 0.4, "load": 0.4, "run": 0.2}),
    (crash.EVERYTHING, _fresh, {"mock": 0.08, "load": 0.04, "run": 0.08}),
    (crash.TERMINATED, _warm, {"mock": 0.06, "load": 0.06, "run": 0.08}),
    (faults.SIGINT, _fresh, {"mock": 0.06, "load": 0.4, "run": 0.06}),
    (faults.SIGTERM, _fresh, {"mock": 0.06, "load": 0.4, "run": 0.06}),
    (faults.RESTART, _warm, {"mock": 0.1, "load": 0.1, "run": 0.1}),
    (faults.CUT, _through, {"mock": 0.1, "load": 0.1, "run": 0.1}),
    (faults.DISK_FULL, _warm, {"mock": 0.1, "load": 0.1, "run": 0.1}),
)
"""Shares of the number of kills; `load` has no engine."""

_VICTIMS: Final = (crash.DRIVER, crash.ENGINE, crash.BACKEND)
SMALL_DISK_MEGABYTES: Final = 400


@dataclass(frozen=True)
class Planned:
    fault: Fault
    command: str
    how: Callable[[Lane], Start]


def planned(kills: int) -> Iterator[Planned]:
    for fault, how, shares in _SHARES:
        for command, share in shares.items():
            yield from [Planned(fault, command, how)] * max(1, round(share * kills))


def quick() -> Sequence[Planned]:
    """Every fault once, where it takes the least time."""
    return [
        Planned(crash.DRIVER, "load", _fresh),
        Planned(crash.ENGINE, "mock", _fresh),
        Planned(crash.ENGINE, "run", _warm),
        Planned(crash.BACKEND, "mock", _warm),
        Planned(crash.TERMINATED, "load", _warm),
        Planned(faults.SIGINT, "load", _fresh),
        Planned(faults.SIGTERM, "mock", _fresh),
        Planned(faults.RESTART, "mock", _warm),
        Planned(faults.CUT, "load", _through),
        Planned(faults.DISK_FULL, "mock", _warm),
    ]


def on_small_disk(plan: Planned) -> bool:
    return plan.fault is faults.DISK_FULL


def dealt(kills: int, seed: int, lanes: int) -> list[tuple[int, Sequence[Planned]]]:
    """The plans of each lane: kills first, in random order; only the last lane gets the full disk."""
    plans = list(planned(kills))
    random.Random(seed).shuffle(plans)
    plans.sort(key=lambda plan: plan.fault not in _VICTIMS)
    small = [plan for plan in plans if on_small_disk(plan)]
    rest = [plan for plan in plans if not on_small_disk(plan)]
    hands = [rest[number::lanes] for number in range(lanes)]
    hands[-1] = hands[-1][: len(hands[-1]) // 2] + small + hands[-1][len(hands[-1]) // 2 :]
    return list(enumerate(hands))


def strike_all(lane: Lane, plans: Sequence[Planned], tally: Tally) -> None:
    """Runs one after the other until the deadline; then the temporary folder must be empty."""
    for number, plan in enumerate(plans):
        if tally.is_late:
            tally.skip(f"{len(plans) - number} faults, for there was no time left")
            break
        if on_small_disk(plan) and lane.place.no_disk:
            tally.skip(f"{plan.fault.name}, {plan.command}: {lane.place.no_disk}")
        else:
            tally.add(lane.strike(plan.command, plan.fault, plan.how(lane)))
    tally.close(lane)
