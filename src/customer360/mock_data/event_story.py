"""What customers do between joining and their last login, as data; the second chapter of the story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class EventStory:
    """
    How often customers come, and what they do then.

    The probabilities are those of one visit. How often they come follows from the number of events that a plan
    asks for; an `_sd` is the standard deviation of a logarithm.
    """

    visits_of_value_sd: float = 0.4
    """Customers of a higher value come more often."""
    visits_sd: float = 0.4
    """So do some others."""
    gap_sd: float = 0.75
    """Of the days between visits, besides those that chance alone gives."""

    late_days: int = 900
    late_factor: float = 1.7
    """
    Customers who have not left come so many times as often lately, since at most so many days.

    Their last login was not long ago, as that of people who come more often than 20 events per customer allow.
    """

    purchase_share: float = 0.3
    purchase_sd: float = 1.3
    """How customers differ in it."""
    last_purchase_factor: float = 0.65
    """
    A purchase at the last login is so many times as likely as at another visit.

    Else the last month, in which most of those who are still there logged in last, would sell the most by far.
    """
    month_weights: tuple[float, ...] = (0.92, 0.88, 0.97, 0.98, 1.0, 0.98, 0.93, 0.94, 0.99, 1.03, 1.22, 1.3)
    """January first: how likely a visit is to end in a purchase."""
    in_shop_share: float = 0.3
    """Of the purchases, those without a login on that day."""
    order_sd: float = 0.8
    """Of the amounts of one customer's orders."""
    cents_per_point: int = 10
    """An order earns one point for so much of its amount."""

    refund_share: float = 0.05
    """Of the purchases, those that are given back in part or, half of them, in full."""
    refund_days: int = 30
    """Within so many days."""
    wrong_credit_share: float = 0.1
    """Of the refunds, those that only take back points which were given by mistake."""

    bonus_share: float = 0.06
    bonus_size: float = 0.6
    """Against the points of an order."""
    correction_share: float = 0.08
    """Of the bonuses, those that correct a mistake."""

    redeem_share: float = 0.2
    redeem_from: int = 100
    """Nobody redeems before they have earned so many points."""
    redeem_step: int = 10
    redeem_up_to: float = 0.75
    """The highest share of all points earned so far that has been redeemed after a redemption."""
    least_recent_share: float = 0.25
    """Of all points of an order, those earned lately enough to be held at the last login."""


EVENT_STORY: Final = EventStory()
