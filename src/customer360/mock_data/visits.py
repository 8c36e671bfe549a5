"""The days on which customers visit, in order, from joining to the last login."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property, lru_cache
from typing import Final

import numpy as np

from customer360.mock_data.by_customer import ByCustomer
from customer360.mock_data.columns import Flags
from customer360.mock_data.draws import Bits, Choice, Draws, Floats, Integers, Quantiles, below, lognormal, share
from customer360.mock_data.plan import EPOCH, Story

SECONDS_PER_DAY: Final = 86_400
_SECONDS_PER_HOUR: Final = 3_600
_GAP_UNIT: Final = 4_096
"""Gaps are multiples of this fraction of a mean gap, because sums of whole numbers are exact."""


@dataclass(frozen=True)
class Members:
    """The rows of some customers, one entry per customer; days count from 1970-01-01."""

    customer_id: Integers
    value: Bits
    utc_offset: Integers
    join_day: Integers
    first_purchase_day: Integers
    has_purchased: Flags
    last_login_day: Integers
    last_login_second: Integers
    has_logged_in: Flags
    points: Integers

    def __getitem__(self, rows: slice) -> Members:
        return Members(*(getattr(self, one.name)[rows] for one in fields(self)))


@dataclass(frozen=True)
class Pace:
    """
    How much customers do: the number of random visits a day at value 1, and the share of *quiet* customers, who
    have only the events that their row implies.
    """

    frequency: float
    quiet: float = 0.0


@dataclass(frozen=True)
class Visits:
    """One entry per customer and day with a visit, in order; *member* is the customer's index in `Members`."""

    member: Integers
    day: Integers
    second: Integers
    is_last: Flags
    """Whether it is on the day of the last login."""
    is_lively: Flags
    """Whether the customer is not quiet: more may happen than the row implies."""

    @cached_property
    def by_customer(self) -> ByCustomer:
        return ByCustomer(self.member)


@dataclass(frozen=True)
class _Tables:
    of_value: Quantiles
    of_others: Quantiles
    gap: Quantiles
    hour: Choice


def visits(story: Story, as_of: date, members: Members, draws: Draws, pace: Pace) -> Visits:
    """The visits of *members*: on joining, at the first purchase, at the last login, and randomly in between."""
    spans = _Stretches.of(story, as_of, members, draws)
    member, day = _days(story, members, spans, draws, _chance_visits(story, members, spans, draws, pace.frequency))
    is_new_day = np.append(True, (np.diff(member) != 0) | (np.diff(day) != 0))[: len(day)]
    member, day = member[is_new_day], day[is_new_day]
    is_last = day == members.last_login_day[member]
    second = _seconds(story, members.utc_offset[member], Draws(draws.seed, draws.block, len(day)))
    return Visits(
        member=member,
        day=day,
        second=np.where(is_last, members.last_login_second[member], second),
        is_last=is_last,
        is_lively=~below(draws("event_quiet"), pace.quiet)[member],
    )


@dataclass(frozen=True)
class _Stretches:
    """
    The days from joining to the first purchase, and from there to the last login, for each customer.

    *late* are the days at the end of the second stretch, when visits are `late_factor` times as frequent.
    """

    middle: Integers
    before: Integers
    after: Integers
    late: Integers

    @classmethod
    def of(cls, story: Story, as_of: date, members: Members, draws: Draws) -> _Stretches:
        middle = np.where(members.has_purchased, members.first_purchase_day, members.join_day)
        after = members.last_login_day - middle
        is_there = members.last_login_day > (as_of - EPOCH).days - story.active_days
        late = (share(draws("event_late")) * story.events.late_days).astype(np.int64) * is_there
        return cls(middle, middle - members.join_day, after, np.minimum(late, after))


def _chance_visits(
    story: Story, members: Members, spans: _Stretches, draws: Draws, frequency: float
) -> tuple[Integers, Integers]:
    """For each customer, how many there are before and after the first purchase."""
    tables = _tables(story)
    rate = tables.of_value(members.value) * tables.of_others(draws("event_frequency")) * frequency
    weighed = (spans.before, spans.after + (story.events.late_factor - 1) * spans.late)
    wanted = [
        (rate * days + share(draws(f"event_visits_{place}"))).astype(np.int64)
        for place, days in enumerate(weighed)
    ]
    before, after = (np.maximum(days - 1, 0) for days in (spans.before, spans.after))
    return np.minimum(wanted[0], before), np.minimum(wanted[1], after)


def _days(
    story: Story, members: Members, spans: _Stretches, draws: Draws, counts: tuple[Integers, Integers]
) -> tuple[Integers, Integers]:
    """Customer and day of each visit, some twice; a customer has three stretches, each starting with a visit."""
    come, none = members.has_logged_in, 0 * spans.before
    slots = (np.column_stack((1 + counts[0], 1 + counts[1], 1 + none)) * come[:, None]).ravel()
    stretch = np.repeat(np.arange(len(slots)), slots)
    begin = np.column_stack((members.join_day, spans.middle, members.last_login_day)).ravel()[stretch]
    length = np.column_stack((spans.before, spans.after, none)).ravel()[stretch]
    late = np.column_stack((none, spans.late, none)).ravel()[stretch]
    factor, early = story.events.late_factor, length - late
    weighed = _through_stretch(story, slots, stretch, draws) * (early + factor * late)
    days = np.where(weighed < early, weighed, early + (weighed - early) / factor)
    return stretch // 3, begin + days.astype(np.int64)


def _through_stretch(story: Story, slots: Integers, stretch: Integers, draws: Draws) -> Floats:
    """How far through its stretch each visit is, 0 <= share < 1, with random gaps; the first is at 0."""
    gaps = _tables(story).gap(Draws(draws.seed, draws.block, len(stretch))("event_gap"))
    gap = (gaps * _GAP_UNIT).astype(np.int64) + 1
    passed = np.cumsum(gap)
    first = (np.cumsum(slots) - slots)[stretch]
    last = (np.cumsum(slots) - 1)[stretch]
    since_first = passed - passed[first]
    # the gap of the first visit is used after the last one
    through: Floats = since_first / (passed[last] - passed[first] + gap[first])
    return through


def _seconds(story: Story, utc_offset: Integers, draws: Draws) -> Integers:
    hour = (_tables(story).hour(draws("event_hour")) - utc_offset) % 24
    second = share(draws("event_second")) * _SECONDS_PER_HOUR
    return hour.astype(np.int64) * _SECONDS_PER_HOUR + second.astype(np.int64)


@lru_cache(maxsize=4)
def _tables(story: Story) -> _Tables:
    return _Tables(
        of_value=lognormal(story.events.visits_of_value_sd),
        of_others=lognormal(story.events.visits_sd),
        gap=lognormal(story.events.gap_sd),
        hour=Choice(story.login_hour_weights),
    )
