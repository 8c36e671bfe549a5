"""The measures of the loyalty programme: points earned, redeemed, expired and held, and moves between tiers."""

from __future__ import annotations

from typing import Final

from customer360.report.expressions import (
    NOT_COMPARED,
    Cumulative,
    LastClosedMonth,
    Less,
    Measure,
    Ratio,
    Sum,
    Times,
)
from customer360.report.parameters import POINT_PRICE
from customer360.tables import ACTIVITY_SEGMENTS

_TO_DATE: Final = "from the first event to the end of the month"

POINTS_EARNED: Final = Measure(
    "points_earned",
    "Points Earned",
    Sum("earned", ACTIVITY_SEGMENTS),
    "points from purchases, refunds, bonuses and corrections",
    "points",
    folder="Loyalty points",
    good="up",
)
POINTS_REDEEMED: Final = Measure(
    "points_redeemed",
    "Points Redeemed",
    Sum("redeemed", ACTIVITY_SEGMENTS),
    "points that customers spent",
    "points",
    folder="Loyalty points",
    good="up",
)
POINTS_EXPIRED: Final = Measure(
    "points_expired",
    "Points Expired",
    Sum("expired", ACTIVITY_SEGMENTS),
    "points that lapsed unspent",
    "points",
    folder="Loyalty points",
    good="down",
)
POINTS_CHANGE: Final = Measure(
    "points_change",
    "Change of Points Held",
    Less(POINTS_EARNED, (POINTS_REDEEMED, POINTS_EXPIRED)),
    "points earned less points redeemed and expired",
    "points",
    folder="Loyalty points",
)
OUTSTANDING_POINTS: Final = Measure(
    "outstanding_points",
    "Outstanding Points",
    Cumulative(POINTS_CHANGE),
    f"points earned less points redeemed and expired, {_TO_DATE}",
    "points",
    folder="Loyalty points",
    note="what customers hold at that time, without points from before the first event",
)
POINTS_LIABILITY: Final = Measure(
    "points_liability",
    "Points Liability",
    Times(OUTSTANDING_POINTS, POINT_PRICE),
    "outstanding points × the price of a point that you set",
    "currency",
    "amount",
    "Loyalty points",
    note="the cost if every point held were redeemed at that price",
)
LAST_POINTS_EARNED: Final = Measure(
    "last_points_earned",
    "Points Earned, Last Full Month",
    LastClosedMonth(POINTS_EARNED),
    "points from purchases, refunds, bonuses and corrections in the last full month",
    "points",
    folder="Loyalty points",
    good="up",
)
POINTS_EARNED_YEAR_BEFORE: Final = Measure(
    "points_earned_year_before",
    "Points Earned, a Year Earlier",
    LastClosedMonth(POINTS_EARNED, before=12),
    "points earned in the same month a year earlier",
    "points",
    folder="Loyalty points",
    note=NOT_COMPARED,
)
EARNED_TO_DATE: Final = Measure(
    "points_earned_to_date",
    "Points Earned to Date",
    Cumulative(POINTS_EARNED),
    f"points earned {_TO_DATE}",
    "points",
    folder="Loyalty points",
    hidden=True,
)
REDEEMED_TO_DATE: Final = Measure(
    "points_redeemed_to_date",
    "Points Redeemed to Date",
    Cumulative(POINTS_REDEEMED),
    f"points redeemed {_TO_DATE}",
    "points",
    folder="Loyalty points",
    hidden=True,
)
EXPIRED_TO_DATE: Final = Measure(
    "points_expired_to_date",
    "Points Expired to Date",
    Cumulative(POINTS_EXPIRED),
    f"points expired {_TO_DATE}",
    "points",
    folder="Loyalty points",
    hidden=True,
)
REDEMPTION_RATE: Final = Measure(
    "redemption_rate",
    "% Redeemed",
    Ratio(REDEEMED_TO_DATE, EARNED_TO_DATE),
    f"points redeemed ÷ points earned, {_TO_DATE}",
    "share",
    "percent",
    "Loyalty points",
    good="up",
    source="redemption rate of loyalty programmes",
)
BREAKAGE: Final = Measure(
    "breakage",
    "% Breakage",
    Ratio(EXPIRED_TO_DATE, EARNED_TO_DATE),
    f"points expired ÷ points earned, {_TO_DATE}",
    "share",
    "percent",
    "Loyalty points",
    note="observed so far, not a forecast",
    source="breakage of IFRS 15, observed",
)
TIER_MOVES: Final = Measure(
    "tier_moves",
    "Tier Moves",
    Sum("moves"),
    "tier changes, including a customer's first tier",
    "moves",
    folder="Tiers",
)
