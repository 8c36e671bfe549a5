"""
Every engine that evaluates measures, in one table: the tests of agreement ask all of them the same questions.

A new engine is one entry of `ENGINES`. New measures are included in the questions automatically.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pandas as pd
import pytest

from customer360.report.dimensions import ACTIVITY_MONTH, FACTS, Between, Dimension, Filters, dimensions_of
from customer360.report.expressions import Measure, facts_of, must_be_cut_by
from customer360.report.measures import MEASURES, measure
from customer360.report.parameters import PARAMETERS
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    COHORT_RETENTION,
    CUSTOMER_SEGMENTS,
    DEMOGRAPHIC_SEGMENTS,
    ENGAGEMENT_SEGMENTS,
    RFM_SEGMENT_NAMES,
    SPENDING_SEGMENTS,
    SPENDING_TENTHS,
    TIER_MOVES,
    TOP_CUSTOMERS,
    TOP_SPENDERS,
    VALUE_HOLDOUT,
    VALUE_SEGMENTS,
    Table,
)
from tests import miniature, row_level

SEGMENTS: Final = (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS)
OF_SINGLE_CUSTOMERS: Final = (
    *SEGMENTS,
    DEMOGRAPHIC_SEGMENTS,
    VALUE_SEGMENTS,
    VALUE_HOLDOUT,
    SPENDING_SEGMENTS,
    SPENDING_TENTHS,
    TOP_CUSTOMERS,
    TOP_SPENDERS,
)
"""The facts whose measures can be computed from individual customers."""
SLICERS: Final[dict[str, Sequence[str]]] = {
    "loyalty_status": miniature.STATUSES,
    "activity": miniature.ACTIVITIES,
    "country": miniature.COUNTRIES,
}
MONTHS: Final = [date(2024 + month // 12, month % 12 + 1, 1) for month in range(2, 30)]
MEMBERS: Final[dict[str, Collection[object]]] = {
    **SLICERS,
    "balance_band": range(-1, 10),
    "points_band": range(7),
    "account_age_band": range(1, 21),
    "last_login_month": [date(2026, month, 1) for month in range(1, 7)],
    "funnel_stage": [1, 2, 3, 4],
    "months_since": range(24),
    "join_year": range(2021, 2027),
    "activity_month": MONTHS,
    "age_band": range(1, 9),
    "gender": miniature.GENDERS,
    "month": [date(year, 4, 1) for year in range(2022, 2026)],
    "from_status": miniature.STATUSES[:4],
    "to_status": miniature.STATUSES[:4],
    "spent_band": range(-1, 8),
    "orders_band": range(7),
    "rfm_segment": RFM_SEGMENT_NAMES,
    "spending_tenth": range(1, 11),
}


@dataclass(frozen=True)
class Customers:
    """The same customers in three forms: as profiles, as a source table, and as results."""

    source: pd.DataFrame
    results: dict[str, pd.DataFrame]
    published: Any = None
    """A connection to a PostgreSQL that already contains these results."""
    profiles: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "profiles", miniature.profiles(self.source))

    def snapped(self, parameters: row_level.Parameters) -> row_level.Parameters:
        """*parameters* with each threshold moved to the edge of a band, where the answer is exact."""
        edges = {one.name: self._edges(one.of.banded_column) for one in PARAMETERS if one.of}
        return {name: row_level.snap(x, edges[name]) if name in edges else x for name, x in parameters.items()}

    def _edges(self, column: str) -> list[Decimal]:
        lows = self.results["bands"].query("banded_column == @column")["low"]
        return [low for low in lows if low is not None and not pd.isna(low)]


@dataclass(frozen=True)
class Question:
    """The values of *measures* of *fact* under *filters*, for each member of *by*."""

    fact: Table
    measures: tuple[Measure, ...]
    filters: Filters = field(default_factory=dict)
    by: Dimension | None = None
    parameters: row_level.Parameters = field(default_factory=lambda: row_level.DEFAULTS)


Answer = dict[object, tuple[object, ...]]
"""Each member that occurs (None without a cut) -> a value for each measure."""

Ask = Callable[[Sequence[Question]], list[Answer]]


@dataclass(frozen=True)
class Engine:
    """
    How to load customers into an engine and query its measures.

    *can* says whether it computes a measure of a question; never, for a question that it cannot filter or cut.
    """

    open: Callable[[Customers, pytest.FixtureRequest], AbstractContextManager[Ask]]
    can: Callable[[Question, Measure], bool] = lambda question, one: True
    marks: tuple[pytest.MarkDecorator, ...] = ()


def asked(engine: Engine, questions: Sequence[Question]) -> list[Question]:
    """The part of *questions* that *engine* can answer."""
    found = [
        Question(one.fact, able, one.filters, one.by, one.parameters)
        for one in questions
        if (able := tuple(each for each in one.measures if engine.can(one, each)))
    ]
    assert found, "the engine cannot answer any of the questions"
    return found


def differences(found: Sequence[Answer], expected: Sequence[Answer], questions: Sequence[Question]) -> list[Any]:
    """The differences between the answers to *questions*, beyond the rounding of a division."""
    differ: list[Any] = []
    for question, one, other in zip(questions, map(_occurring, found), map(_occurring, expected), strict=True):
        if one.keys() != other.keys():
            differ.append((question.fact.name, question.filters, question.by, one.keys() ^ other.keys()))
            continue
        for member in other:
            pairs = zip(question.measures, one[member], other[member], strict=True)
            differ += [
                (question.fact.name, question.filters, member, each.name, a, b)
                for each, a, b in pairs
                if not (a == b or (not isinstance(b, (str, date)) and row_level.same(a, b)))
            ]
    return differ


def _occurring(answer: Answer) -> Answer:
    """The members with a value: for the others, some engines have no row and some a row without values."""
    return {member: values for member, values in answer.items() if member is None or any(values)}


# --- the questions ----------------------------------------------------------------------------------------------


def of_segments(
    seeds: int,
    slicers: Mapping[str, Sequence[str]] = SLICERS,
    others: Mapping[str, Collection[object]] | None = None,
    facts: Collection[Table] = OF_SINGLE_CUSTOMERS,
) -> Iterator[Question]:
    """
    Questions about individual customers: about all of them, under every slicer value, and under random filters.

    *others* has the members from which filters are drawn, in addition to slicers; by default, those of every
    dimension.
    """
    drawn = {**(OF_CUSTOMERS if others is None else others), **slicers}
    for fact in facts:
        measures = tuple(measure(name) for name in row_level.MEANINGS if fact in facts_of(measure(name)))
        yield Question(fact, measures)
        for name, members in slicers.items():
            yield from (Question(fact, measures, {name: [member]}) for member in members)
        for seed in range(seeds if fact in SEGMENTS else seeds // 3):
            yield Question(fact, measures, some_filters(seed, fact, drawn), parameters=some_parameters(seed))


def of_every_table(seeds: int = 12) -> Iterator[Question]:
    """Every additive measure of every table, under random combinations of slicers, clicks and thresholds."""
    for fact in FACTS:
        measures = tuple(one for one in MEASURES if fact in facts_of(one) and not must_be_cut_by(one))
        if not measures:
            continue
        yield Question(fact, measures)
        for seed in range(seeds):
            filters = some_filters(f"{fact.name}{seed}", fact, MEMBERS)
            yield Question(fact, measures, filters, parameters=some_parameters(seed))


def of_events(seeds: int = 8) -> Iterator[Question]:
    """All measures by month and in one month, and additive ones over several months, under random filters."""
    measures = tuple(one for one in MEASURES if ACTIVITY_SEGMENTS in facts_of(one))
    summed = tuple(one for one in measures if not must_be_cut_by(one))
    newest = {"activity_month": Between(date(2025, 12, 1), date(2026, 12, 1))}
    yield Question(ACTIVITY_SEGMENTS, measures, newest, ACTIVITY_MONTH)
    yield Question(ACTIVITY_SEGMENTS, summed)
    for seed in range(seeds):
        filters = some_filters(f"events{seed}", ACTIVITY_SEGMENTS, OF_MONTHS)
        month = random.Random(seed).choice(MONTHS)
        months = random.Random(seed).sample(MONTHS, 3)
        yield Question(ACTIVITY_SEGMENTS, measures, {**filters, "activity_month": months}, ACTIVITY_MONTH)
        yield Question(ACTIVITY_SEGMENTS, summed, filters, parameters=some_parameters(seed))
        yield Question(ACTIVITY_SEGMENTS, summed, {**filters, "activity_month": Between(month, date(2026, 4, 1))})
        yield Question(ACTIVITY_SEGMENTS, measures, {**filters, "activity_month": [month]})


def of_parts(cut: Dimension) -> Question:
    """Measures cut by an axis, with slicers set: each member and its share of the visual."""
    fact = next(fact for fact in FACTS if cut in dimensions_of(fact))
    shown = {
        CUSTOMER_SEGMENTS: "total_customers share_of_customers average_balance share_above_threshold",
        ENGAGEMENT_SEGMENTS: "total_customers share_of_customers share_of_first_stage share_of_previous_stage",
        COHORT_RETENTION: "retained_share classic_retained_share",
        ACTIVITY_SEGMENTS: "monthly_active_customers monthly_churned_customers spent points_liability breakage",
        DEMOGRAPHIC_SEGMENTS: "total_customers active_share",
        TIER_MOVES: "tier_moves",
        VALUE_SEGMENTS: "total_customers share_of_recent_amount average_order_recency expected_amount",
        SPENDING_SEGMENTS: "total_customers share_of_spent spent_per_customer share_above_spending",
        SPENDING_TENTHS: "share_of_tenth tenth_spent top_tenth_share",
    }[fact]
    filters: Filters = {"country": ["Kenya", "Chile"], "activity": ["Active", "Inactive"]}
    measures = tuple(map(measure, shown.split()))
    return Question(fact, measures, {} if fact in (COHORT_RETENTION, TIER_MOVES) else filters, cut)


OF_CUSTOMERS: Final = {name: MEMBERS[name] for name in MEMBERS if name not in ("months_since", "join_year")}
OF_MONTHS: Final = {**SLICERS, "activity_month": MEMBERS["activity_month"]}


def some_parameters(seed: int) -> row_level.Parameters:
    """A value for each parameter: 0 for the lowest seeds, above all edges for the highest; some are edges."""
    balance, spent = seed * 300 + seed % 2, seed * 25 + seed % 3
    return {"balance_threshold": balance, "spending_threshold": spent, "point_price": Decimal(seed) / 1000}


def some_filters(seed: object, fact: Table, members: Mapping[str, Collection[object]]) -> Filters:
    """Random *members* of random dimensions of the fact; sometimes no filter."""
    rng = random.Random(str(seed))
    cuts = [cut.name for cut in dimensions_of(fact) if cut.name in members]
    filters: dict[str, Sequence[object] | Between] = {
        name: rng.sample(list(members[name]), rng.randrange(1, len(members[name])))
        for name in rng.sample(cuts, min(len(cuts), rng.randrange(4)))
    }
    if "join_month" in fact.column_names and rng.random() < 0.4:
        filters["join_month"] = Between(
            date(rng.randrange(2022, 2025), 3, 1), date(rng.randrange(2025, 2027), 2, 1)
        )
    return filters
