"""What happens at each visit: an order, a bonus, perhaps a later refund; each has a weight, its points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from customer360.mock_data.columns import Flags
from customer360.mock_data.draws import Draws, Floats, Integers, Quantiles, below, lognormal, share
from customer360.mock_data.plan import EPOCH, Story
from customer360.mock_data.visits import Members, Visits

_UNIT: Final = 1_024
"""The weight of an order of the median amount; sums of whole numbers are the same on any machine."""
_NEVER: Final = 1 << 30


@dataclass(frozen=True)
class Orders:
    """
    One entry per visit: weights that distribute a customer's points over their visits.

    *kept* is what an order earns for good, *returned* the additional points that a refund takes back, *bonus* the
    bonus points. Each is 0 where there is none.
    """

    has_order: Flags
    kept: Integers
    returned: Integers
    bonus: Integers
    refund_day: Integers
    is_wrong_credit: Flags
    """A refund of points only."""

    @property
    def earned(self) -> Integers:
        """The points earned for good."""
        return self.kept + self.bonus


@dataclass(frozen=True)
class _Tables:
    first_day: int
    season: Floats
    """Indexed by days since the first one."""
    tempted: Quantiles
    amount: Quantiles


def orders(story: Story, members: Members, visits: Visits, draws: Draws, as_of: date) -> Orders:
    """
    The orders and bonuses at the *visits*; *draws* are those of the members.

    Customers who still log in long after the first purchase have ordered recently, because they have points then.
    """
    tables, rows = _tables(story, as_of), Draws(draws.seed, draws.block, len(visits.day))
    first_purchase = np.where(members.has_purchased, members.first_purchase_day, _NEVER)[visits.member]
    since = visits.day - first_purchase
    chance = (since > 0) & visits.is_lively
    has_order = (since == 0) | (chance & _is_tempted(story, tables, visits, draws, rows))
    weight = _weights(tables, rows("event_amount"))
    made = _with_refunds(story, np.where(has_order, weight, 0), since == 0, visits, rows, as_of)
    bonus = below(rows("event_bonus"), story.events.bonus_share) & (since >= 0) & visits.is_lively
    bonus_weight = (_weights(tables, rows("event_bonus_size")) * story.events.bonus_size).astype(np.int64) + 1
    made = replace(made, bonus=np.where(bonus, bonus_weight, 0))
    return _with_recent_orders(story, made, weight, members, visits)


def _is_tempted(story: Story, tables: _Tables, visits: Visits, draws: Draws, rows: Draws) -> Flags:
    chance = (tables.tempted(draws("event_purchases")) * story.events.purchase_share)[visits.member]
    chance *= tables.season[visits.day - tables.first_day]
    chance[visits.is_last] *= story.events.last_purchase_factor
    return share(rows("event_purchase")) < chance


def _weights(tables: _Tables, bits: np.ndarray) -> Integers:
    return (tables.amount(bits) * _UNIT).astype(np.int64) + 1


def _with_refunds(
    story: Story, weight: Integers, is_first: Flags, visits: Visits, rows: Draws, as_of: date
) -> Orders:
    """Half of the refunds are in full, except for the first order, which is refunded only in part."""
    chances = story.events
    day = visits.day + 1 + (share(rows("event_refund_day")) * chances.refund_days).astype(np.int64)
    has_refund = below(rows("event_refund"), chances.refund_share) & visits.is_lively
    has_refund &= day <= (as_of - EPOCH).days
    part = share(rows("event_refund_part")) * 1.5
    part = np.where(is_first | visits.is_last, np.minimum(part, 0.75), np.minimum(part, 1.0))
    returned = np.where(has_refund, (weight * part).astype(np.int64), 0)
    is_wrong_credit = below(rows("event_wrong_credit"), chances.wrong_credit_share) & (returned > 0)
    kept = np.where(is_wrong_credit, weight, weight - returned)
    return Orders(weight > 0, kept, returned, 0 * weight, day, is_wrong_credit)


def _with_recent_orders(story: Story, made: Orders, weight: Integers, members: Members, visits: Visits) -> Orders:
    """
    Ensures that a share of the points earned for good is recent enough not to have lapsed at the last login.

    Customers without recent points get an order at the first recent visit; those with too few earn more each time.
    """
    count = len(members.points)
    lapses_until = members.last_login_day - story.points_valid_days
    is_recent = visits.day > lapses_until[visits.member]
    recent = visits.by_customer.totals(np.where(is_recent, made.earned, 0), count)
    late = members.has_purchased & (members.first_purchase_day <= lapses_until) & (recent == 0)
    is_added = is_recent & late[visits.member]
    is_added &= ~visits.by_customer.before(is_added)
    made = replace(
        made,
        has_order=made.has_order | is_added,
        kept=np.where(is_added, weight, made.kept),
        returned=np.where(is_added, 0, made.returned),
        is_wrong_credit=made.is_wrong_credit & ~is_added,
    )
    recent = visits.by_customer.totals(np.where(is_recent, made.earned, 0), count)
    before = visits.by_customer.totals(made.earned, count) - recent
    odds = story.events.least_recent_share / (1 - story.events.least_recent_share)
    times = np.maximum(np.ceil(before * odds / np.maximum(recent, 1)), 1).astype(np.int64)
    factor = np.where(is_recent, times[visits.member], 1)
    return replace(made, kept=made.kept * factor, returned=made.returned * factor, bonus=made.bonus * factor)


@lru_cache(maxsize=4)
def _tables(story: Story, as_of: date) -> _Tables:
    days = round(story.years * 365.25) + 1
    first_day = as_of - timedelta(days=days - 1)
    months = [(first_day + timedelta(days=n)).month for n in range(days)]
    return _Tables(
        first_day=(first_day - EPOCH).days,
        season=np.array([story.events.month_weights[month - 1] for month in months]),
        tempted=lognormal(story.events.purchase_sd),
        amount=lognormal(story.events.order_sd),
    )
