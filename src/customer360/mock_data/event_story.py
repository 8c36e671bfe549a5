"""What customers do between joining and their last login, as data: the second part of the story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class EventStory:
    """
    How often customers visit, and what they do.

    Probabilities are per visit. The frequency of visits follows from the number of events in the plan; an `_sd` is
    the standard deviation of a logarithm.
    """

    visits_of_value_sd: float = 0.4
    """Customers of higher value visit more often."""
    visits_sd: float = 0.4
    """Customers also differ regardless of value."""
    gap_sd: float = 0.75
    """Of the days between visits, in addition to pure chance."""

    late_days: int = 900
    late_factor: float = 1.7
    """
    During the last *late_days* at most, customers who have not left visit *late_factor* times as often.

    Their last login is recent, like that of people who visit more often than 20 events per customer allow.
    """

    purchase_share: float = 0.3
    purchase_sd: float = 1.3
    """How much customers differ in it."""
    last_purchase_factor: float = 0.65
    """
    How many times as likely a purchase is at the last login as at another visit.

    Otherwise the last month, which has the last login of most remaining customers, would have by far the most
    sales.
    """
    month_weights: tuple[float, ...] = (0.92, 0.88, 0.97, 0.98, 1.0, 0.98, 0.93, 0.94, 0.99, 1.03, 1.22, 1.3)
    """How likely a visit is to end in a purchase, starting with January."""
    in_shop_share: float = 0.3
    """Share of purchases without a login on that day."""
    order_sd: float = 0.8
    """Of the amounts of one customer's orders."""
    cents_per_point: int = 10
    """Amount of an order that earns one point."""

    refund_share: float = 0.05
    """Share of purchases that are refunded, half of them in full."""
    refund_days: int = 30
    """Most days until a refund."""
    wrong_credit_share: float = 0.1
    """Share of refunds that only take back points given by mistake."""

    bonus_share: float = 0.06
    bonus_size: float = 0.6
    """Relative to the points of an order."""
    correction_share: float = 0.08
    """Share of bonuses that correct a mistake."""

    redeem_share: float = 0.2
    redeem_from: int = 100
    """Points that a customer must have earned before redeeming any."""
    redeem_step: int = 10
    redeem_up_to: float = 0.75
    """The highest share of all points earned so far that is redeemed after a redemption."""
    least_recent_share: float = 0.25
    """Lowest share of points earned recently enough to be held at the last login."""


EVENT_STORY: Final = EventStory()
