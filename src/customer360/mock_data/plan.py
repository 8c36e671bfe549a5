"""
The mock story as data, and the plan that asks for a number of customers.

This module draws no rows: `generate` does, from these figures alone.
"""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from itertools import pairwise
from typing import Final

from customer360.errors import Invalid
from customer360.mock_data.event_story import EVENT_STORY, EventStory

EPOCH: Final = date(1970, 1, 1)
BLOCK_ROWS: Final = 50_000
"""Rows drawn at a time: few enough that a column fits in the CPU cache."""

MOST_CUSTOMERS: Final = 1_000_000_000
MOST_DIRT: Final = 0.5
MOST_EVENTS: Final = 200
MOST_SEED: Final = 2**63 - 1
FIRST_AS_OF: Final = date(2000, 1, 1)
LAST_AS_OF: Final = date(2100, 12, 31)

Percentiles = tuple[tuple[float, float], ...]
"""A distribution as points (share of the customers, value they are below), linear in between."""


@dataclass(frozen=True)
class Tier:
    """
    A loyalty status, held by everyone with at least *points_from* points and fewer than the next tier requires.

    *expected_share* is the lowest and highest believable share of the customers, 0-1.
    """

    name: str
    points_from: int
    expected_share: tuple[float, float]


@dataclass(frozen=True)
class Gender:
    """A gender as stated by customers, with the kind of first name and the share of customers."""

    name: str
    named_like: str
    share: float


@dataclass(frozen=True)
class Story:
    """
    Who joins, when, how long they stay and what they accumulate.

    Everything follows from a latent *value* of each customer, lognormal with median 1. An `_sd` is the standard
    deviation of a logarithm; for an effect of value, a higher one means a stronger effect.
    """

    years: int = 8
    yearly_growth: float = 0.13
    month_weights: tuple[float, ...] = (0.95, 0.74, 0.86, 0.94, 1.0, 0.97, 0.84, 0.8, 1.02, 1.1, 1.62, 1.4)
    """How many customers join on a day of the month, starting with January."""
    weekday_weights: tuple[float, ...] = (1.04, 1.0, 0.98, 1.02, 1.1, 1.06, 0.8)
    """Monday first."""

    genders: tuple[Gender, ...] = (
        Gender("Female", "female", 0.512),
        Gender("Male", "male", 0.47),
        Gender("Other", "female", 0.009),
        Gender("Other", "male", 0.009),
    )
    joining_age_years: Percentiles = (
        *((0, 18), (0.05, 20.5), (0.25, 29), (0.5, 39.5)),
        *((0.75, 52.5), (0.95, 69), (0.99, 78), (1, 90)),
    )
    name_rank_offset: int = 8
    """The n-th most common name weighs 1 / (n + offset)."""
    email_without_surname_share: float = 0.02

    never_purchase_share: float = 0.13
    """Customers who will never purchase; those who have not yet purchased are additional."""
    purchase_gap_days: Percentiles = ((0, 0), (0.2, 1), (0.4, 6), (0.6, 24), (0.8, 75), (0.95, 210), (1, 600))
    monthly_hazard: tuple[tuple[float, float], ...] = ((0, 0.1), (6, 0.035), (12, 0.014), (24, 0.01), (48, 0.006))
    """(from this month of membership on, rate of leaving per month) at value 1."""
    lifetime_sd: float = 1.2
    browsing_lifetime: float = 0.3
    """How long customers who never purchase stay, relative to those who do."""

    login_gap_days: float = 36.0
    """Mean days from the last login of someone who has not left to the as-of date, at value 1."""
    login_gap_sd: float = 0.6
    login_hour_weights: tuple[float, ...] = (
        *(1.2, 0.6, 0.35, 0.25, 0.3, 0.7, 1.9, 3.6, 4.8, 5.2, 5.3, 5.4),
        *(6.0, 5.6, 5.0, 4.9, 5.1, 5.8, 6.9, 8.0, 8.6, 7.6, 5.2, 2.7),
    )
    """From midnight, in the customer's local time."""
    never_logged_in_share: float = 0.2
    """Share of customers without a first purchase."""
    active_days: int = 180
    """The stored is_active means a login within this many days, except for the two shares of wrong flags below."""
    wrongly_inactive_share: float = 0.02
    wrongly_active_share: float = 0.05

    welcome_points: int = 100
    """For everyone who has logged in."""
    monthly_points: float = 98.0
    """Earned per month from first purchase to last login, at value 1."""
    bonus_days: int = 60
    """The first purchase earns as much as this many days."""
    points_valid_days: int = 1_200
    """Points earned longer than this before the last login have been spent or have expired."""
    points_sd: float = 0.9
    points_noise_sd: float = 0.3
    tiers: tuple[Tier, ...] = (
        Tier("Bronze", 0, (0.45, 0.60)),
        Tier("Silver", 1_000, (0.25, 0.35)),
        Tier("Gold", 5_000, (0.10, 0.20)),
    )
    """Lowest first."""

    full_balance: float = 2_400.0
    """What customers of value 1 own after many years."""
    balance_sd: float = 0.8
    balance_noise_sd: float = 0.5
    opening_share: float = 0.25
    """Share of the full balance held on the day of joining."""
    build_up_days: int = 360
    """Days of membership in which half of the remainder is built up."""
    ebb_days: int = 800
    """Days without a login in which half of the balance is lost."""
    browsing_balance: float = 0.3
    """The balance of customers who have not purchased, relative to those who have."""
    empty_share: float = 0.05
    overdrawn_share: float = 0.04
    overdraft: Percentiles = ((0, 1), (0.5, 150), (0.9, 450), (1, 900))
    """At value 1."""

    events: EventStory = EVENT_STORY

    def __post_init__(self) -> None:
        starts = [tier.points_from for tier in self.tiers]
        if starts[:1] != [0] or any(low >= high for low, high in pairwise(starts)):
            raise Invalid(f"the story's tiers begin at {starts} points, but must rise from 0")


STORY: Final = Story()


@dataclass(frozen=True)
class Plan:
    """
    How many mock customers, the as-of date, the seed, how dirty, and how many events.

    Two plans that differ only in *customers* share the rows of the smaller one. *as_of* is the last day that has
    happened; *dirt* is the share of rows, 0-0.5, that get one real-world defect each. *events_per_customer* is the
    target mean, 0 for no events; customers have at least the events that their row implies, about five. It does
    not change the customers. Raises: Customer360Error when a value is out of range.
    """

    customers: int
    _: KW_ONLY
    seed: int = 7
    as_of: date
    dirt: float = 0.0
    events_per_customer: int = 20
    story: Story = STORY

    def __post_init__(self) -> None:
        _check_whole("customers", self.customers, 1, MOST_CUSTOMERS)
        _check_whole("seed", self.seed, 0, MOST_SEED)
        _check_day("as_of", self.as_of)
        _check_share("dirt", self.dirt, MOST_DIRT)
        _check_whole("events_per_customer", self.events_per_customer, 0, MOST_EVENTS)

    @property
    def blocks(self) -> int:
        """Number of blocks; all have `BLOCK_ROWS` rows, except the last, which has the remainder."""
        return -(-self.customers // BLOCK_ROWS)

    def block_rows(self, block: int) -> int:
        """Number of rows in *block*, counted from 0."""
        if not 0 <= block < self.blocks:
            raise Invalid(f"block {block} is not in the plan, which has blocks 0 to {self.blocks - 1}")
        return min(BLOCK_ROWS, self.customers - block * BLOCK_ROWS)


def plan_of(customers: int | str, seed: int, as_of: date | None, dirt: float, events_per_customer: int) -> Plan:
    """The plan from user input: *customers* as a number or as 100k; *as_of* is today by default."""
    size = parse_size(customers) if isinstance(customers, str) else customers
    day = as_of or datetime.now(timezone.utc).date()
    return Plan(size, seed=seed, as_of=day, dirt=dirt, events_per_customer=events_per_customer)


def parse_size(text: str) -> int:
    """The number of rows written as 5000, 1_000, 100k, 2.5M or 1B."""
    match = re.fullmatch(r"([0-9](?:_?[0-9])*(?:\.[0-9]+)?)([kmb]?)", text.strip().lower())
    size = Decimal(match[1]).scaleb({"": 0, "k": 3, "m": 6, "b": 9}[match[2]]) if match else Decimal("NaN")
    if not size.is_finite() or size != size.to_integral_value():
        raise Invalid(f"invalid size '{text}'; write it like 5000, 1_000, 100k or 2.5M")
    return int(size)


def _check_whole(name: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise Invalid(f"invalid value {value!r} for {name}; use a whole number from {low} to {high:,}")


def _check_share(name: str, value: float, high: float) -> None:
    if type(value) not in (int, float) or not 0 <= value <= high:
        raise Invalid(f"invalid value {value!r} for {name}; use a share from 0 to {high}, such as 0.05")


def _check_day(name: str, value: date) -> None:
    if not isinstance(value, date) or isinstance(value, datetime) or not FIRST_AS_OF <= value <= LAST_AS_OF:
        raise Invalid(f"invalid value {value!s} for {name}; use a date from {FIRST_AS_OF} to {LAST_AS_OF}")
