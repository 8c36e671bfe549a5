"""
What each customer has done and owns, as plain numbers: joined, purchased, logged in, points, balance.

Every step starts from the previous one, so dates are in order by construction and no row is drawn twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from customer360.mock_data.columns import Flags
from customer360.mock_data.draws import (
    Bits,
    Choice,
    Draws,
    Floats,
    Indices,
    Integers,
    Quantiles,
    below,
    exponential,
    lifetimes,
    lognormal,
    percentiles,
    positions,
    share,
)
from customer360.mock_data.plan import EPOCH, Plan, Story

_DAYS_PER_YEAR = 365.25
_DAYS_PER_MONTH = _DAYS_PER_YEAR / 12
_SECONDS_PER_HOUR = 3_600


@dataclass(frozen=True)
class Membership:
    """When each customer joined and last logged in; a day is meaningless where its flag is false."""

    join_day: Integers
    first_purchase_day: Integers
    has_purchased: Flags
    last_login_day: Integers
    has_logged_in: Flags


@dataclass(frozen=True)
class History:
    """One entry per customer; days count from 1970-01-01, *tier* from the story's lowest."""

    birth_day: Integers
    membership: Membership
    last_login_second: Integers
    is_active: Flags
    points: Integers
    tier: Indices
    balance_cents: Integers


@dataclass(frozen=True)
class _Tables:
    """The story's distributions, built once per story and as-of date."""

    first_day: int
    as_of_day: int
    join_day: Quantiles
    age: Quantiles
    purchase_gap: Quantiles
    lifetime: Quantiles
    lifetime_of_value: Quantiles
    login_gap: Quantiles
    login_gap_of_value: Quantiles
    login_hour: Choice
    points_of_value: Quantiles
    points_noise: Quantiles
    balance_of_value: Quantiles
    balance_noise: Quantiles
    overdraft: Quantiles
    tiers_from: Integers


def histories(plan: Plan, draws: Draws, spending: Floats, utc_offset: Integers) -> History:
    """
    The histories of one block's customers.

    *spending* scales each customer's spending by country; *utc_offset* is the country's offset from UTC in hours.
    """
    tables = _tables(plan.story, plan.as_of)
    drawing = _Drawing(plan.story, tables, draws, draws("value"))
    member = drawing.membership()
    points = drawing.points(member, spending)
    return History(
        birth_day=member.join_day - drawing.days_of_age(),
        membership=member,
        last_login_second=drawing.second_of_day(utc_offset),
        is_active=drawing.is_active(member),
        points=points,
        tier=(np.searchsorted(tables.tiers_from, points, side="right") - 1).astype(np.int16),
        balance_cents=drawing.balance_cents(member, spending),
    )


@dataclass(frozen=True)
class _Drawing:
    """Draws one block's histories step by step."""

    story: Story
    tables: _Tables
    draws: Draws
    value: Bits

    def membership(self) -> Membership:
        joined = self.tables.first_day + self.tables.join_day(self.draws("join_date")).astype(np.int64)
        first_purchase, has_purchased = self.first_purchase(joined)
        member_from = np.where(has_purchased, first_purchase, joined)
        last_login = member_from + self.days_until_last_login(self.tables.as_of_day - member_from, has_purchased)
        never = below(self.draws("never_logs_in"), self.story.never_logged_in_share)
        return Membership(joined, first_purchase, has_purchased, last_login, has_purchased | ~never)

    def first_purchase(self, joined: Integers) -> tuple[Integers, Flags]:
        """The day, and whether it has come; it never comes for some, more likely for those of lower value."""
        day = joined + self.tables.purchase_gap(self.draws("first_purchase")).astype(np.int64)
        never = 2 * self.story.never_purchase_share * (1 - share(self.value))
        return day, (share(self.draws("never_purchases")) >= never) & (day <= self.tables.as_of_day)

    def days_until_last_login(self, days_so_far: Integers, has_purchased: Flags) -> Integers:
        """Until leaving; for customers who have not left, until shortly before the as-of date."""
        lifetime = self.tables.lifetime(self.draws("lifetime")) * self.tables.lifetime_of_value(self.value)
        lifetime *= np.where(has_purchased, 1.0, self.story.browsing_lifetime)
        gap = self.tables.login_gap(self.draws("login_gap")) * self.tables.login_gap_of_value(self.value)
        days = np.where(lifetime < days_so_far, lifetime, days_so_far - np.floor(gap))
        return np.maximum(days, 0).astype(np.int64)

    def days_of_age(self) -> Integers:
        """At joining; one day more than the drawn age, so that nobody is younger."""
        return (self.tables.age(self.draws("birth_date")) * _DAYS_PER_YEAR).astype(np.int64) + 1

    def second_of_day(self, utc_offset: Integers) -> Integers:
        hour = (self.tables.login_hour(self.draws("login_hour")) - utc_offset) % 24
        second = share(self.draws("login_second")) * _SECONDS_PER_HOUR
        return hour.astype(np.int64) * _SECONDS_PER_HOUR + second.astype(np.int64)

    def is_active(self, member: Membership) -> Flags:
        days_away = self.tables.as_of_day - member.last_login_day
        seen_lately = member.has_logged_in & (days_away <= self.story.active_days)
        chance = np.where(seen_lately, 1 - self.story.wrongly_inactive_share, self.story.wrongly_active_share)
        return share(self.draws("is_active")) < chance

    def points(self, member: Membership, spending: Floats) -> Integers:
        """Purchasers earn points while they are active; everyone who has logged in has the welcome points."""
        days = np.minimum(member.last_login_day - member.first_purchase_day, self.story.points_valid_days)
        earned = (days + self.story.bonus_days) * (self.story.monthly_points / _DAYS_PER_MONTH)
        earned *= spending * member.has_purchased
        earned *= self.tables.points_of_value(self.value)
        earned *= self.tables.points_noise(self.draws("loyalty_points"))
        points: Integers = earned.astype(np.int64) + self.story.welcome_points * member.has_logged_in
        return points

    def balance_cents(self, member: Membership, spending: Floats) -> Integers:
        """Builds up with value and membership; some accounts are empty, a few overdrawn."""
        means = spending * np.where(member.has_purchased, 1.0, self.story.browsing_balance)
        means *= self.tables.balance_of_value(self.value)
        kind, overdrawn = share(self.draws("balance_kind")), self.story.overdrawn_share
        balance = means * self.balance_factor(member) * (kind >= overdrawn + self.story.empty_share)
        overdraft = means * self.tables.overdraft(self.draws("overdraft"))
        cents: Integers = np.rint(100 * np.where(kind < overdrawn, -overdraft, balance)).astype(np.int64)
        return cents

    def balance_factor(self, member: Membership) -> Floats:
        """Builds up while the customer is active and declines afterwards."""
        here = member.last_login_day - member.join_day
        away = self.tables.as_of_day - member.last_login_day
        factor = self.tables.balance_noise(self.draws("account_balance")) * self.story.full_balance
        factor *= (here + self.story.opening_share * self.story.build_up_days) / (here + self.story.build_up_days)
        factor /= 1 + away / self.story.ebb_days
        return factor


@lru_cache(maxsize=4)
def _tables(story: Story, as_of: date) -> _Tables:
    first_day = as_of - timedelta(days=round(story.years * _DAYS_PER_YEAR) - 1)
    return _Tables(
        first_day=(first_day - EPOCH).days,
        as_of_day=(as_of - EPOCH).days,
        join_day=positions(_join_weights(story, first_day, as_of)),
        age=percentiles(story.joining_age_years),
        purchase_gap=percentiles(story.purchase_gap_days),
        lifetime=lifetimes([(m * _DAYS_PER_MONTH, rate / _DAYS_PER_MONTH) for m, rate in story.monthly_hazard]),
        lifetime_of_value=lognormal(story.lifetime_sd),
        login_gap=exponential(story.login_gap_days),
        login_gap_of_value=lognormal(-story.login_gap_sd),
        login_hour=Choice(story.login_hour_weights),
        points_of_value=lognormal(story.points_sd),
        points_noise=lognormal(story.points_noise_sd),
        balance_of_value=lognormal(story.balance_sd),
        balance_noise=lognormal(story.balance_noise_sd),
        overdraft=percentiles(story.overdraft),
        tiers_from=np.array([tier.points_from for tier in story.tiers]),
    )


def _join_weights(story: Story, first_day: date, as_of: date) -> list[float]:
    """How likely each day is as a joining day: growth x season x day of the week."""
    days = [first_day + timedelta(days=n) for n in range((as_of - first_day).days + 1)]
    return [
        (1 + story.yearly_growth) ** (n / _DAYS_PER_YEAR)
        * story.month_weights[day.month - 1]
        * story.weekday_weights[day.weekday()]
        for n, day in enumerate(days)
    ]
