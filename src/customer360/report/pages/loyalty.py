"""Loyalty Programme: points and their liability, active members, and moves between tiers."""

from __future__ import annotations

from typing import Final

from customer360.report.visuals import Page, Place, Visual
from customer360.tables import ACTIVITY_SEGMENTS, TIER_MOVES

_CARDS: Final = (
    Visual(
        "outstanding_points",
        "card",
        "Outstanding Points",
        ACTIVITY_SEGMENTS,
        Place(0, 0, 3, 3),
        ("outstanding_points", "points_earned", "points_redeemed", "points_expired"),
        subtitle="earned, not yet redeemed or expired",
        is_optional=True,
    ),
    Visual(
        "points_liability",
        "card",
        "Points Liability",
        ACTIVITY_SEGMENTS,
        Place(3, 0, 3, 3),
        ("points_liability", "outstanding_points"),
        subtitle="outstanding points at your price",
        is_optional=True,
    ),
    Visual(
        "point_price",
        "parameter",
        "Price of a Point",
        ACTIVITY_SEGMENTS,
        Place(6, 0, 2, 3),
        ("points_liability",),
        subtitle="in your currency",
        is_optional=True,
    ),
    Visual(
        "redemption_rate",
        "card",
        "Redemption Rate",
        ACTIVITY_SEGMENTS,
        Place(8, 0, 2, 3),
        ("redemption_rate",),
        subtitle="redeemed ÷ earned, to date",
        is_optional=True,
    ),
    Visual(
        "breakage",
        "card",
        "Breakage",
        ACTIVITY_SEGMENTS,
        Place(10, 0, 2, 3),
        ("breakage",),
        subtitle="expired ÷ earned, to date",
        is_optional=True,
    ),
)
_FLOWS: Final = (
    Visual(
        "points_flow",
        "flow",
        "Points Earned, Redeemed and Expired",
        ACTIVITY_SEGMENTS,
        Place(0, 3, 7, 6),
        ("points_change",),
        ("activity_month",),
        subtitle="earned above zero, redeemed and expired below; their sum is the change in points held",
        above=("points_earned",),
        below=("points_redeemed", "points_expired"),
        is_optional=True,
    ),
    Visual(
        "tier_moves",
        "heat_map",
        "Moves between Tiers",
        TIER_MOVES,
        Place(7, 3, 5, 6),
        ("tier_moves",),
        ("from_status", "to_status"),
        subtitle="tier before in rows, tier after in columns; first tiers are excluded",
        is_optional=True,
    ),
    Visual(
        "member_flow",
        "flow",
        "Active Members by Month",
        ACTIVITY_SEGMENTS,
        Place(0, 9, 12, 6),
        ("monthly_active_customers",),
        ("activity_month",),
        subtitle="new + retained + resurrected = active; below zero: active the month before, but not this month",
        above=(
            "monthly_retained_customers",
            "monthly_new_customers",
            "monthly_resurrected_customers",
        ),
        below=("monthly_churned_customers",),
        is_optional=True,
    ),
)

LOYALTY: Final = Page("loyalty", "Loyalty Programme", (*_CARDS, *_FLOWS))
