"""All events of some customers, as plain numbers, ordered by customer and time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np

from customer360.mock_data.by_customer import ByCustomer
from customer360.mock_data.columns import Flags
from customer360.mock_data.draws import Draws, Indices, Integers, below, share
from customer360.mock_data.orders import Orders, orders
from customer360.mock_data.plan import Story
from customer360.mock_data.points import Points, points
from customer360.mock_data.visits import SECONDS_PER_DAY, Members, Pace, Visits, visits
from customer360.tables import EVENT_KINDS

KINDS: Final = {kind: np.int16(place) for place, kind in enumerate(EVENT_KINDS)}
NOTHING: Final = -(1 << 62)
"""Marks a value that an event does not have."""

_STAY_FROM: Final = 120
"""Fewest seconds from the login to the order."""
_STAY_SHIFT: Final = np.uint32(21)
"""Leaves 11 bits: about half an hour of seconds."""
_APART: Final = 1 << 40
"""More than the seconds between any two events, so that several customers fit on one time line."""


@dataclass(frozen=True)
class Ledger:
    """
    One entry per event; `NOTHING` where an event has no value. Times are in seconds since 1970-01-01.

    *member* is the customer's index in `Members`; *order* numbers the customer's orders from 1, *tier* the story's
    tiers from the lowest.
    """

    member: Integers
    moment: Integers
    kind: Indices
    points: Integers
    cents: Integers
    order: Integers
    expires_day: Integers
    tier: Integers

    def __getitem__(self, places: Any) -> Ledger:
        return Ledger(*(getattr(self, one.name)[places] for one in fields(self)))

    @cached_property
    def by_customer(self) -> ByCustomer:
        return ByCustomer(self.member)

    @property
    def held(self) -> Integers:
        """The customer's points after each event."""
        return self.by_customer.running(np.where(self.points == NOTHING, 0, self.points))


def ledger(story: Story, as_of: date, members: Members, draws: Draws, pace: Pace) -> Ledger:
    """
    The events of *members*, as many as *pace* gives.

    They lead to the values in the members' rows: points, first purchase, last login, tier.
    """
    came = visits(story, as_of, members, draws, pace)
    made = orders(story, members, came, draws, as_of)
    given = points(story, members, came, made, draws)
    at_visits = _AtVisits(story, came, made, given, Draws(draws.seed, draws.block, len(came.day)))
    happened = _joined([_joining(members, came, draws), *at_visits.runs()])
    return _with_tiers(story, happened[np.argsort(happened.member * _APART + happened.moment, kind="stable")])


def _run(kind: str, member: Integers, moment: Integers, **columns: Integers) -> Ledger:
    """Events of one *kind*."""
    nothing = np.full(len(member), NOTHING)
    wanted = [columns.get(one.name, nothing) for one in fields(Ledger)[3:]]
    return Ledger(member, moment, np.full(len(member), KINDS[kind]), *wanted)


def _joined(runs: list[Ledger]) -> Ledger:
    return Ledger(*(np.concatenate([getattr(run, one.name) for run in runs]) for one in fields(Ledger)))


def _joining(members: Members, came: Visits, draws: Draws) -> Ledger:
    """The first tier, at the time of the first visit; without visits, at a random time of the day."""
    second = (share(draws("event_joining")) * SECONDS_PER_DAY).astype(np.int64)
    second[came.member[came.by_customer.is_first]] = came.second[came.by_customer.is_first]
    nobody = np.zeros(len(second), dtype=np.int64)
    return _run("tier_change", np.arange(len(second)), members.join_day * SECONDS_PER_DAY + second, tier=nobody)


@dataclass(frozen=True)
class _AtVisits:
    """The events at the visits, one run for each kind."""

    story: Story
    came: Visits
    made: Orders
    given: Points
    draws: Draws

    def runs(self) -> list[Ledger]:
        """The runs of events, in the order in which simultaneous events happen."""
        first, buys = self.came.by_customer.is_first, self.moment_of_buying
        return [
            self.run("login", self.came.is_last | ((first | ~self.is_in_shop) & self.came.is_lively), self.moment),
            *self.welcomes(),
            self.run("expire", self.given.expired > 0, self.moment, points=-self.given.expired),
            self.run("redeem", self.given.redeemed > 0, buys, points=-self.given.redeemed),
            self.run(
                "purchase", self.made.has_order, buys, points=self.given.order, cents=self.cents, **self.order
            ),
            *self.bonuses(),
            *self.taken_back(),
        ]

    def run(self, kind: str, where: Flags, moment: Integers, **columns: Integers) -> Ledger:
        """An event of that *kind* at each visit *where* there is one."""
        some = {name: values[where] for name, values in columns.items()}
        return _run(kind, self.came.member[where], moment[where], **some)

    @cached_property
    def moment(self) -> Integers:
        return self.came.day * SECONDS_PER_DAY + self.came.second

    @cached_property
    def moment_of_buying(self) -> Integers:
        """Some minutes after the visit begins, on the same day."""
        seconds = _STAY_FROM + (self.draws("event_stay") >> _STAY_SHIFT).astype(np.int64)
        second = np.minimum(self.came.second + seconds, SECONDS_PER_DAY - 1)
        moment: Integers = self.came.day * SECONDS_PER_DAY + second
        return moment

    @property
    def is_in_shop(self) -> Flags:
        return below(self.draws("event_in_shop"), self.story.events.in_shop_share) & self.made.has_order

    @cached_property
    def cents(self) -> Integers:
        """The amount of the order: the price of the points it rightly earns, plus a remainder that earns none."""
        price = self.story.events.cents_per_point
        rightly = self.given.order - np.where(self.made.is_wrong_credit, self.given.returned, 0)
        cents: Integers = rightly * price + self.draws("event_rest") % np.uint32(price)
        return cents

    @cached_property
    def number(self) -> Integers:
        """The number of the order among its customer's orders."""
        return self.came.by_customer.running(self.made.has_order.astype(np.int64))

    @property
    def order(self) -> dict[str, Integers]:
        return {"order": self.number, "expires_day": self.came.day + self.story.points_valid_days}

    def welcomes(self) -> list[Ledger]:
        points = np.full(len(self.moment), self.story.welcome_points)
        return [self.run("earn", self.came.by_customer.is_first & (points > 0), self.moment, points=points)]

    def bonuses(self) -> list[Ledger]:
        """Some bonuses correct a mistake."""
        corrects = below(self.draws("event_correction"), self.story.events.correction_share)
        has_any, lapses = self.given.bonus > 0, self.came.day + self.story.points_valid_days
        columns = {"points": self.given.bonus, "expires_day": lapses}
        return [
            self.run("earn", has_any & ~corrects, self.moment_of_buying, **columns),
            self.run("adjust", has_any & corrects, self.moment_of_buying, **columns),
        ]

    def taken_back(self) -> list[Ledger]:
        """Refunds, and points given by mistake."""
        second = (share(self.draws("event_refund_second")) * SECONDS_PER_DAY).astype(np.int64)
        moment, has_any = self.made.refund_day * SECONDS_PER_DAY + second, self.given.returned > 0
        part = self.given.returned * self.story.events.cents_per_point
        cents = -np.where(self.made.kept == 0, self.cents, part)
        is_wrong, points = self.made.is_wrong_credit, -self.given.returned
        return [
            self.run("refund", has_any & ~is_wrong, moment, points=points, cents=cents, order=self.number),
            self.run("adjust", has_any & is_wrong, moment, points=points),
        ]


def _with_tiers(story: Story, happened: Ledger) -> Ledger:
    """Adds a change of tier after each event that brings the points to another tier."""
    tier = np.searchsorted(np.array([tier.points_from for tier in story.tiers]), happened.held, side="right") - 1
    tier = np.maximum(tier, 0)
    moves = (np.diff(tier, prepend=0) != 0) & ~happened.by_customer.is_first
    after = np.flatnonzero(moves)
    changes = _run("tier_change", happened.member[after], happened.moment[after], tier=tier[after])
    places = np.argsort(np.concatenate([np.arange(len(moves)), after]), kind="stable")
    return _joined([happened, changes])[places]
