"""
The points of each visit, such that the final balance is the one in the customer's row.

For each customer, three curves rise over the visits: points earned for good, points due to expire, and points
used, that is redeemed or expired. A redemption raises the used points to a share of those earned; an expiry raises
them to those due. So nobody redeems more than they have, the points that are due first are used first, and only
unspent points expire. In the end earned = used + held, which determines the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from customer360.mock_data.draws import Draws, Floats, Integers, below, share
from customer360.mock_data.orders import Orders
from customer360.mock_data.plan import Story
from customer360.mock_data.visits import Members, Visits

_LONGEST: Final = 1 << 24
"""More days than any two visits are apart."""


@dataclass(frozen=True)
class Points:
    """One entry per visit, all 0 or more; *returned* is the part of an order's points taken back later."""

    order: Integers
    returned: Integers
    bonus: Integers
    redeemed: Integers
    expired: Integers


def points(story: Story, members: Members, visits: Visits, made: Orders, draws: Draws) -> Points:
    """The points of the *visits* with the orders *made*; *draws* are those of the members."""
    held = (members.points - story.welcome_points * members.has_logged_in)[visits.member]
    all_earned = np.maximum(visits.by_customer.totals(made.earned, len(members.points)), 1)[visits.member]
    weights = visits.by_customer.running(made.earned)
    after, with_order = weights / all_earned, (weights - made.bonus) / all_earned
    redeem_up_to = _redeem_up_to(story, visits, held, visits.by_customer.before(after), draws)
    lapses = _Lapses.of(story, members, visits)
    expire_up_to = lapses.levels(visits, weights, made.returned) / all_earned
    scale = held / (1 - visits.by_customer.highest(np.maximum(redeem_up_to, expire_up_to)))

    returned, earned = _whole(scale * made.returned / all_earned), _whole(scale * after)
    step = story.events.redeem_step
    redeem, expire = _whole(scale * redeem_up_to / step) * step, lapses.levels(visits, earned, returned)
    used = visits.by_customer.rising(np.maximum(redeem, expire))
    used_before = visits.by_customer.before(used)
    total = held + visits.by_customer.highest(used)
    earned = np.where(after == 1, total, np.minimum(earned, total))
    with_order = np.where(with_order == 1, total, np.minimum(_whole(scale * with_order), total))
    return Points(
        order=with_order - visits.by_customer.before(earned) + returned,
        returned=returned,
        bonus=earned - with_order,
        redeemed=used - np.maximum(used_before, expire),
        expired=np.maximum(expire - used_before, 0),
    )


def _redeem_up_to(story: Story, visits: Visits, held: Integers, earned: Floats, draws: Draws) -> Floats:
    """For each visit with a redemption, the share of all points used after it, else 0."""
    chances, rows = story.events, Draws(draws.seed, draws.block, len(visits.day))
    part = share(rows("event_redeem_part")) * chances.redeem_up_to * earned
    redeems = below(rows("event_redeem"), chances.redeem_share) & visits.is_lively
    redeems &= part * held >= chances.redeem_from
    return np.where(redeems, part, 0.0)


@dataclass(frozen=True)
class _Lapses:
    """The visits *at* which points are due to expire, and for each the visit *up_to* which they were earned."""

    at: Integers
    up_to: Integers

    @classmethod
    def of(cls, story: Story, members: Members, visits: Visits) -> _Lapses:
        since = visits.day - members.first_purchase_day[visits.member]
        at = np.flatnonzero((since >= story.points_valid_days) & members.has_purchased[visits.member])
        place = visits.member * _LONGEST + visits.day
        return cls(at, np.searchsorted(place, place[at] - story.points_valid_days, side="right") - 1)

    def levels(self, visits: Visits, earned: Integers, returned: Integers) -> Integers:
        """
        The points that have fallen due by each visit, 0 where none are due.

        Points taken back count as used, even if the order's points are not due yet.
        """
        levels, taken = np.zeros_like(earned), visits.by_customer.running(returned)
        due = earned[self.up_to] + taken[self.up_to] - taken[self.at]
        levels[self.at] = np.maximum(due, 0)
        return levels


def _whole(values: Floats) -> Integers:
    return values.astype(np.int64)
